package disk

import (
	"bytes"
	"fmt"
)

var zeroSector [SectorSize]byte

// isZero tells whether a stored sector was never written. Ciphertext nearly
// always fails at the first word.
func isZero(sector []byte) bool {
	return sector[0] == 0 && bytes.Equal(sector, zeroSector[:len(sector)])
}

func (d *Disk) checkRange(what string, off, n int64) error {
	if off < 0 || n < 0 || off > d.size || n > d.size-off {
		return fmt.Errorf("%w: %s of %d bytes at %d on a disk of %d", ErrRange, what, n, off, d.size)
	}
	return nil
}

// decrypt turns stored sectors into what they hold, in place; first is the
// number of the first. It tells whether all were holes.
func (d *Disk) decrypt(sectors []byte, first int64) (zero bool) {
	zero = true
	for at := 0; at < len(sectors); {
		if isZero(sectors[at : at+SectorSize]) {
			at += SectorSize
			continue
		}
		zero = false
		end := at + SectorSize
		for end < len(sectors) && !isZero(sectors[end:end+SectorSize]) {
			end += SectorSize
		}
		if d.cipher != nil {
			d.cipher.DecryptSectors(sectors[at:end], sectors[at:end], uint64(first)+uint64(at/SectorSize))
		}
		at = end
	}
	return zero
}

// ready tells whether a block may be read or written.
func (d *Disk) ready(index int64) error {
	if d.hydrated.Load() {
		return nil
	}
	b, err := d.marks.get(index)
	if err == nil && b&markHydrated == 0 {
		err = fmt.Errorf("%w: block %d", ErrNotHydrated, index)
	}
	return err
}

// ReadAt reads len(p) bytes at off, which must lie inside the disk wholly
// (ErrRange). n is what is good in p when an error comes.
func (d *Disk) ReadAt(p []byte, off int64) (n int, err error) {
	if err := d.enter(); err != nil {
		return 0, err
	}
	defer d.life.RUnlock()
	if err := d.checkRange("read", off, int64(len(p))); err != nil {
		return 0, err
	}
	for n < len(p) {
		at := off + int64(n)
		piece := p[n:min(len(p), n+int(BlockSize-at%BlockSize))]
		if err := d.readPiece(piece, at); err != nil {
			return n, err
		}
		n += len(piece)
	}
	return n, nil
}

// readPiece reads within one block. Whole sectors are read and decrypted in
// the caller's buffer, the others beside it.
func (d *Disk) readPiece(p []byte, off int64) error {
	head := int(min((SectorSize-off%SectorSize)%SectorSize, int64(len(p))))
	tail := (len(p) - head) % SectorSize
	body := p[head : len(p)-tail]
	var edges [2][]byte
	buf := d.pool.Get().(*[recordSize + BlockSize]byte)
	defer d.pool.Put(buf)
	edges[0], edges[1] = buf[:SectorSize], buf[SectorSize:2*SectorSize]
	first, last := off/SectorSize, (off+int64(len(p))-1)/SectorSize

	index := off / BlockSize
	lock := &d.stripes[index%int64(len(d.stripes))]
	lock.RLock()
	err := d.ready(index)
	if err == nil {
		err = d.data.read(body, off+int64(head))
	}
	if err == nil && head > 0 {
		err = d.data.read(edges[0], first*SectorSize)
	}
	if err == nil && tail > 0 {
		err = d.data.read(edges[1], last*SectorSize)
	}
	lock.RUnlock()
	if err != nil {
		return err
	}
	d.decrypt(body, (off+int64(head))/SectorSize)
	if head > 0 {
		d.decrypt(edges[0], first)
		copy(p[:head], edges[0][off%SectorSize:])
	}
	if tail > 0 {
		d.decrypt(edges[1], last)
		copy(p[len(p)-tail:], edges[1])
	}
	return nil
}

// WriteAt writes p at off, which must lie inside the disk wholly (ErrRange).
// Blocks are written one after the other: n says how far it came. Parts of a
// sector are merged atomically towards other writers of the sector.
func (d *Disk) WriteAt(p []byte, off int64) (n int, err error) {
	if err := d.enter(); err != nil {
		return 0, err
	}
	defer d.life.RUnlock()
	if err := d.checkRange("write", off, int64(len(p))); err != nil {
		return 0, err
	}
	if err := d.begin(); err != nil {
		return 0, err
	}
	for n < len(p) {
		at := off + int64(n)
		piece := p[n:min(len(p), n+int(BlockSize-at%BlockSize))]
		if err := d.writePiece(piece, at); err != nil {
			return n, err
		}
		n += len(piece)
	}
	return n, nil
}

// writePiece writes within one block. Whole sectors are encrypted before any
// lock is taken, so that Freeze waits for writes to files only.
func (d *Disk) writePiece(p []byte, off int64) error {
	end := off + int64(len(p))
	from, to := off/SectorSize*SectorSize, (end+SectorSize-1)/SectorSize*SectorSize
	whole, wholeEnd := (off+SectorSize-1)/SectorSize*SectorSize, end/SectorSize*SectorSize
	buf := d.pool.Get().(*[recordSize + BlockSize]byte)
	defer d.pool.Put(buf)
	sectors := buf[:to-from]
	switch {
	case whole >= wholeEnd:
	case d.cipher != nil:
		d.cipher.EncryptSectors(sectors[whole-from:], p[whole-off:wholeEnd-off], uint64(whole/SectorSize))
	case whole == from && wholeEnd == to:
		sectors = p
	default:
		copy(sectors[whole-from:], p[whole-off:wholeEnd-off])
	}

	index := off / BlockSize
	unlock := d.lockBlock(index)
	defer unlock()
	if err := d.ready(index); err != nil {
		return err
	}
	if off != from {
		n := min(from+SectorSize, end) - off
		if err := d.merge(sectors[:SectorSize], p[:n], off); err != nil {
			return err
		}
	}
	if end != to && (off == from || to-from > SectorSize) {
		last := to - SectorSize
		if err := d.merge(sectors[last-from:], p[last-off:], last); err != nil {
			return err
		}
	}
	if err := d.change(index); err != nil {
		return err
	}
	return d.data.write(sectors, from)
}

// merge sets sector to the stored sector at off with p laid over it, sealed.
// The block is locked.
func (d *Disk) merge(sector, p []byte, off int64) error {
	number := off / SectorSize
	if err := d.data.read(sector, number*SectorSize); err != nil {
		return err
	}
	d.decrypt(sector, number)
	copy(sector[off%SectorSize:], p)
	if d.cipher != nil {
		d.cipher.EncryptSectors(sector, sector, uint64(number))
	}
	return nil
}

// lockBlock keeps Freeze and other changes of the block out.
func (d *Disk) lockBlock(index int64) (unlock func()) {
	d.fence.RLock()
	lock := &d.stripes[index%int64(len(d.stripes))]
	lock.Lock()
	return func() {
		lock.Unlock()
		d.fence.RUnlock()
	}
}

// change prepares for a change of a locked block: views that need it get
// their copy, and it is marked.
func (d *Disk) change(index int64) error {
	if err := d.copyAside(index); err != nil {
		return err
	}
	return d.marks.change(index, index+1, markDirty, 0)
}
