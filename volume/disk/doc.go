// Package disk is the encrypted block engine: a volume's sectors in sparse
// files, the marks that say which blocks changed, and frozen views of it.
//
// A Disk is opened over Files (a folder, or memory) with a 64-byte XTS key or
// none. Sector n (4 KiB) of a segment lies at offset 4096·n of "data.NNN", a
// segment is 1 TiB, and a sector of all zero bytes was never written or was
// trimmed and reads as zeros. A written sector whose ciphertext happens to be
// all zero bytes would read as zeros too; XTS is a permutation of 128-bit
// blocks, so that asks for 256 chosen coincidences in a row (2^-32768) and is
// not guarded against.
//
// The file "map" holds a header and one byte for each 512 KiB block: hydrated
// and dirty. A block is marked dirty before its data is written, and Flush
// syncs marks before data, so within one boot the marks are a superset of what
// changed. The header names the boot that wrote; an open under another boot
// finds the disk Untrusted until a full compare was completed (Trust).
//
// Freeze gives one View for each of its disks, all of one instant. A write or
// trim into a block that a view still needs first appends the block's
// ciphertext to the view's file, "view-…". Key and files stay until the last
// view is closed. After a kill within the same boot Open takes view files up
// again, and writers go on copying for them.
//
// One flow, an incremental snapshot:
//
//	views, err := disk.Freeze([]string{"snap-1"}, d)
//	for index, err := range views[0].Changed(false) { … views[0].ReadBlock(index, buf) … }
//	// the snapshot's record is committed
//	err = d.ClearDirty(views[0], indices...)
//	err = views[0].Close()
//
// Caveats. XTS gives no integrity: who can write the files can garble, replay
// or zero sectors. A write of more than one block that runs while Freeze does
// may be in a view in part. Two Disks must not be open over one volume's files
// at once; whoever owns the folder sees to that.
package disk
