// Package content keeps what snapshots hold: sealed blocks, and over them an
// authenticated tree.
//
// A Store keeps objects of two kinds in a blob store. A block object is one
// block of 512 KiB, compressed where that pays and sealed under a content Key.
// A page has up to 1,024 slots: at level 0 each holds an Entry, which says
// where a block is and how to open it, above that another page. A Root names
// the top page. Objects are named by the SHA-256 of their bytes, so a Root
// fixes everything below it. Blocks that a tree does not have are zeros.
//
// To make a tree, Write over a base, Put what changed, Commit:
//
//	w, err := store.Write(ctx, blocks, base, keys)
//	defer w.Discard(ctx)
//	err = w.Put(ctx, index, plain)
//	root, stats, err := w.Commit(ctx)
//
// Only changed blocks and the pages over them are stored; the rest is shared
// with the base. Read opens a tree. Diff, CopyFrom, Verify, Collect, Sweep and
// the entries of a Reader need no key: pages are not sealed.
//
// The package knows nothing of snapshots' ids, owners or regions, nor of how
// keys are kept. It does not tell who may read; it makes sure that what is
// read is what was written: whatever was altered, exchanged, cut or lost is an
// *ObjectError that names object and block. A Root itself is trusted.
//
// A page tells anyone which blocks are present, how far they compress, and at
// which of them two trees under one key are equal.
package content
