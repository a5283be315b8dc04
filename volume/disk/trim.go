package disk

import "errors"

// Trim makes [off, off+n) read as zeros: whole sectors become holes, of other
// sectors the part is zeroed. A block that is not hydrated can be trimmed as a
// whole only, and is hydrated then, durably.
func (d *Disk) Trim(off, n int64) error {
	if err := d.enter(); err != nil {
		return err
	}
	defer d.life.RUnlock()
	if err := d.checkRange("trim", off, n); err != nil {
		return err
	}
	if err := d.begin(); err != nil {
		return err
	}
	var base []int64 // blocks trimmed before they were hydrated
	for end := off + n; off < end; {
		if d.hydrated.Load() {
			// What was never written is zeros already, and stays unmarked.
			from, to, err := d.data.extent(off, end)
			if err != nil || from == to {
				return err
			}
			off = max(off, from/BlockSize*BlockSize)
		}
		next := min(end, (off/BlockSize+1)*BlockSize)
		hadBase, err := d.trimPiece(off, next-off)
		if err != nil {
			return err
		}
		if hadBase {
			base = append(base, off/BlockSize)
		}
		off = next
	}
	return d.settle(base)
}

// trimPiece trims within one block, and tells whether the block was not
// hydrated: it then has the dirty mark only, which Hydrate respects.
func (d *Disk) trimPiece(off, n int64) (hadBase bool, err error) {
	index, end := off/BlockSize, off+n
	defer d.lockBlock(index)()
	if err := d.ready(index); err != nil {
		whole := off == index*BlockSize && end == d.blockEnd(index)
		if !whole || !errors.Is(err, ErrNotHydrated) {
			return false, err
		}
		hadBase = true
	}
	if err := d.change(index); err != nil {
		return false, err
	}
	whole, wholeEnd := (off+SectorSize-1)/SectorSize*SectorSize, end/SectorSize*SectorSize
	if whole > wholeEnd { // inside one sector
		return hadBase, d.zeroPart(off, n)
	}
	if err := d.zeroPart(off, whole-off); err != nil {
		return false, err
	}
	if err := d.data.punch(whole, wholeEnd-whole); err != nil {
		return false, err
	}
	return hadBase, d.zeroPart(wholeEnd, end-wholeEnd)
}

func (d *Disk) blockEnd(index int64) int64 { return min(d.size, (index+1)*BlockSize) }

// zeroPart zeroes a part of a sector; a hole stays one. The block is locked.
func (d *Disk) zeroPart(off, n int64) error {
	if n == 0 {
		return nil
	}
	buf := d.pool.Get().(*[recordSize + BlockSize]byte)
	defer d.pool.Put(buf)
	sector, number := buf[:SectorSize], off/SectorSize
	if err := d.data.read(sector, number*SectorSize); err != nil {
		return err
	}
	if d.decrypt(sector, number) {
		return nil
	}
	clear(sector[off%SectorSize:][:n])
	if d.cipher != nil {
		d.cipher.EncryptSectors(sector, sector, uint64(number))
	}
	return d.data.write(sector, number*SectorSize)
}
