//go:build !linux

package disk

import "io/fs"

func (f *folderFile) Punch(off, n int64) error { return f.writeZeros(off, n) }

func (f *folderFile) Extent(off int64) (from, to int64, err error) { return f.wholeExtent(off) }

func allocated(info fs.FileInfo) int64 { return info.Size() }

// syncDir does nothing: directories cannot be synced portably.
func syncDir(string) error { return nil }
