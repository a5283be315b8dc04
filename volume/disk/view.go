package disk

import (
	"errors"
	"fmt"
	"hash/crc32"
	"iter"
	"sync"
)

var (
	// ErrViewLost: a view cannot be taken up again: its file is from another
	// boot, damaged, or not there.
	ErrViewLost = errors.New("disk: view is lost")
	// ErrBlockDone: the reader said Done, and the block was written since.
	ErrBlockDone = errors.New("disk: the view let this block go")
)

// Where a block that was changed since the freeze is; else an offset.
const (
	savedHole = -1
	savedGone = -2
)

// A View is a disk as it was when it was frozen. Methods are safe for
// concurrent use. Memory: two or three bits for each block that was written,
// done, or unmarked since, and an offset for each that was copied.
type View struct {
	d    *Disk
	name string
	file File
	full bool

	life sync.RWMutex // an operation reads; Close and Suspend write
	held bool         // handed out, and counted in d.refs

	touched bitmap // written since the freeze; set under the block's lock
	done    bitmap // the reader is done with it
	dirty   bitmap // marked at the freeze, and cleared for another view since

	mu    sync.RWMutex
	saved map[int64]int64

	appendMu sync.Mutex
	end      int64
	seq      uint32
}

// Name is the view's name, without the prefix of its file.
func (v *View) Name() string { return v.name }

// Disk is the disk that was frozen; it may be closed.
func (v *View) Disk() *Disk { return v.d }

// Full tells whether the disk was Untrusted at the freeze, so that marks do
// not say what changed.
func (v *View) Full() bool { return v.full }

func (v *View) enter() error {
	v.life.RLock()
	if !v.held {
		v.life.RUnlock()
		return fmt.Errorf("view %s: %w", v.name, ErrClosed)
	}
	return nil
}

// ReadBlock reads a block as of the freeze into dst, which has BlockSize
// bytes; beyond the disk's end are zeros. zero tells that all of it is a hole,
// which also reads as zeros. Errors: ErrRange, ErrBlockDone, ErrDamaged.
func (v *View) ReadBlock(index int64, dst []byte) (zero bool, err error) {
	if err := v.enter(); err != nil {
		return false, err
	}
	defer v.life.RUnlock()
	d := v.d
	if index < 0 || index >= d.blocks {
		return false, fmt.Errorf("%w: block %d of %d", ErrRange, index, d.blocks)
	}
	if len(dst) != BlockSize {
		return false, fmt.Errorf("%w: buffer of %d bytes for a block", ErrSize, len(dst))
	}
	start := index * BlockSize
	n := d.blockEnd(index) - start
	clear(dst[n:])
	lock := &d.stripes[index%int64(len(d.stripes))]
	lock.RLock()
	touched := v.touched.get(index)
	if !touched {
		err = d.data.read(dst[:n], start)
	}
	lock.RUnlock()
	if touched {
		err = v.readSaved(index, dst[:n])
	}
	if err != nil {
		return false, err
	}
	return d.decrypt(dst[:n], start/SectorSize), nil
}

func (v *View) readSaved(index int64, dst []byte) error {
	v.mu.RLock()
	off := v.saved[index]
	v.mu.RUnlock()
	switch off {
	case savedHole:
		clear(dst)
		return nil
	case savedGone:
		return fmt.Errorf("view %s: block %d: %w", v.name, index, ErrBlockDone)
	}
	var b [recordSize]byte
	if err := errors.Join(v.file.ReadAt(b[:], off), v.file.ReadAt(dst, off+recordSize)); err != nil {
		return fmt.Errorf("disk: view %s: block %d: %w", v.name, index, err)
	}
	r, ok := parseRecord(b[:])
	if !ok || r.index != index || int(r.n) != len(dst) || r.sum != crc32.Checksum(dst, castagnoli) {
		return fmt.Errorf("%w: view %s: block %d", ErrDamaged, v.name, index)
	}
	return nil
}

// Changed yields, in order, the blocks that were marked dirty at the freeze;
// with full, or if the view is Full, all that anything was stored for. It is
// a superset: blocks first written since the freeze may come too, and read as
// they were. What the caller's base has and this lacks, a full compare must
// add. The sequence ends after an error.
func (v *View) Changed(full bool) iter.Seq2[int64, error] {
	return func(yield func(int64, error) bool) {
		for from := int64(0); ; {
			index, err := v.next(from, full || v.full)
			if err == nil && index >= v.d.blocks {
				return
			}
			if !yield(index, err) || err != nil {
				return
			}
			from = index + 1
		}
	}
}

// next asks the disk first and the view's own notes second: what the disk no
// longer shows was noted before it went.
func (v *View) next(from int64, full bool) (int64, error) {
	if err := v.enter(); err != nil {
		return 0, err
	}
	defer v.life.RUnlock()
	d, own := v.d, &v.dirty
	var index int64
	var err error
	if full {
		own = &v.touched
		var start, stop int64
		start, stop, err = d.data.extent(min(from*BlockSize, d.size), d.size)
		if index = start / BlockSize; start == stop {
			index = d.blocks
		}
	} else {
		index, err = d.marks.next(from, markDirty, markDirty)
	}
	if err != nil {
		return 0, err
	}
	if noted, ok := own.next(from, index); ok {
		index = noted
	}
	return index, nil
}

// Done says that the reader needs a block no more, so that writers need not
// copy it. Reading it again may give ErrBlockDone, also after the view was
// taken up again: keep durably what was read before saying so.
func (v *View) Done(index int64) {
	if index >= 0 && index < v.d.blocks {
		v.done.set(index)
	}
}

// Close lets the view go and removes its file. Closing twice is no error.
func (v *View) Close() error {
	return v.release(func() error {
		v.d.fence.Lock()
		delete(v.d.views, v.name)
		v.d.fence.Unlock()
		return errors.Join(v.file.Close(), v.d.files.Remove(viewPrefix+v.name))
	})
}

// Suspend lets the view go and keeps its file: writers go on copying for it,
// and Disk.View, or OpenView in the same boot, takes it up again.
func (v *View) Suspend() error {
	return v.release(func() error { return nil })
}

func (v *View) release(do func() error) error {
	v.life.Lock()
	defer v.life.Unlock()
	if !v.held {
		return nil
	}
	v.held = false
	return errors.Join(do(), v.d.drop())
}
