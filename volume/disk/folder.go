package disk

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
)

type folder struct{ dir string }

// Folder keeps a volume's files in a directory, which comes into being (mode
// 0700, files 0600) with its first file and goes with its last. Missing and
// empty directories are the same.
func Folder(dir string) Files { return folder{dir} }

func (f folder) Open(name string, create bool) (File, error) {
	if err := checkFileName(name); err != nil {
		return nil, err
	}
	path := filepath.Join(f.dir, name)
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err == nil {
		return &folderFile{f: file}, nil
	}
	if !create || !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return nil, err
	}
	if file, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return nil, err
	}
	made := &folderFile{f: file, dir: f.dir}
	made.fresh.Store(true)
	return made, nil
}

func (f folder) List() ([]FileInfo, error) {
	entries, err := os.ReadDir(f.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var list []FileInfo
	for _, e := range entries {
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if info.Mode().IsRegular() {
			list = append(list, FileInfo{Name: e.Name(), Length: info.Size(), Allocated: allocated(info)})
		}
	}
	return list, nil
}

func (f folder) Remove(name string) error {
	if err := checkFileName(name); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(f.dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	left, err := os.ReadDir(f.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err == nil && len(left) == 0 {
		if err := os.Remove(f.dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

type folderFile struct {
	f     *os.File
	dir   string
	fresh atomic.Bool // made by this handle; its name is not known to be durable
}

func (f *folderFile) ReadAt(p []byte, off int64) error {
	n, err := f.f.ReadAt(p, off)
	if err == io.EOF {
		clear(p[n:])
		return nil
	}
	return err
}

func (f *folderFile) WriteAt(p []byte, off int64) error {
	_, err := f.f.WriteAt(p, off)
	return err
}

func (f *folderFile) Sync() error {
	if err := f.f.Sync(); err != nil {
		return err
	}
	if !f.fresh.Load() {
		return nil
	}
	for _, dir := range []string{f.dir, filepath.Dir(f.dir)} {
		if err := syncDir(dir); err != nil {
			return err
		}
	}
	f.fresh.Store(false)
	return nil
}

func (f *folderFile) Close() error { return f.f.Close() }

// writeZeros is Punch where the file system has no holes: zeros up to the
// file's end.
func (f *folderFile) writeZeros(off, n int64) error {
	info, err := f.f.Stat()
	if err != nil {
		return err
	}
	end := min(off+n, info.Size())
	zeros := make([]byte, max(0, min(end-off, 1<<20)))
	for off < end {
		k := min(end-off, int64(len(zeros)))
		if err := f.WriteAt(zeros[:k], off); err != nil {
			return fmt.Errorf("zero %d bytes at %d: %w", k, off, err)
		}
		off += k
	}
	return nil
}

// wholeExtent is Extent where the file system cannot tell holes from data.
func (f *folderFile) wholeExtent(off int64) (from, to int64, err error) {
	info, err := f.f.Stat()
	if err != nil {
		return 0, 0, err
	}
	return off, max(off, info.Size()), nil
}
