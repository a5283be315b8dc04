package disk

import (
	"fmt"
	"maps"
	"slices"
)

// Hydrate writes a block's base data: the whole block (the last one may be
// short), nil for zeros. The block stays unready until SyncHydrated. One that
// is hydrated already, or was trimmed, keeps what it has. No block is marked
// dirty.
func (d *Disk) Hydrate(index int64, plain []byte) error {
	if err := d.enter(); err != nil {
		return err
	}
	defer d.life.RUnlock()
	if index < 0 || index >= d.blocks {
		return fmt.Errorf("%w: hydrate block %d of %d", ErrRange, index, d.blocks)
	}
	start := index * BlockSize
	n := d.blockEnd(index) - start
	if plain != nil && int64(len(plain)) != n {
		return fmt.Errorf("%w: hydrate block %d of %d bytes with %d", ErrSize, index, n, len(plain))
	}
	d.hydrate.RLock()
	defer d.hydrate.RUnlock()
	buf := d.pool.Get().(*[recordSize + BlockSize]byte)
	defer d.pool.Put(buf)
	sectors := buf[:n]
	if plain != nil && d.cipher != nil {
		d.cipher.EncryptSectors(sectors, plain, uint64(start/SectorSize))
	} else if plain != nil {
		sectors = plain
	}
	defer d.lockBlock(index)()
	if d.hydrated.Load() {
		return nil
	}
	mark, err := d.marks.get(index)
	if err != nil || mark&markHydrated != 0 {
		return err
	}
	if plain == nil || mark&markDirty != 0 {
		err = d.data.punch(start, n)
	} else {
		err = d.data.write(sectors, start)
	}
	if err != nil {
		return err
	}
	d.pendingMu.Lock()
	d.pending[index] = true
	d.pendingMu.Unlock()
	return nil
}

// SyncHydrated makes what Hydrate wrote durable, then marks those blocks, then
// makes the marks durable.
func (d *Disk) SyncHydrated() error {
	if err := d.enter(); err != nil {
		return err
	}
	defer d.life.RUnlock()
	d.hydrate.Lock()
	defer d.hydrate.Unlock()
	return d.syncPending()
}

func (d *Disk) syncPending() error {
	d.pendingMu.Lock()
	list := slices.Sorted(maps.Keys(d.pending))
	d.pendingMu.Unlock()
	if err := d.settle(list); err != nil {
		return err
	}
	d.pendingMu.Lock()
	clear(d.pending)
	d.pendingMu.Unlock()
	return nil
}

// settle makes all data durable and then marks blocks hydrated, durably.
func (d *Disk) settle(list []int64) error {
	if len(list) == 0 {
		return nil
	}
	if err := d.flush(); err != nil {
		return err
	}
	for i := 0; i < len(list); {
		from, to := list[i], list[i]
		for ; i < len(list) && list[i] == to; i++ {
			to++
		}
		if err := d.marks.change(from, to, markHydrated, 0); err != nil {
			return err
		}
	}
	return d.flush()
}

// HydrateZero hydrates the blocks of [from, to) that are not hydrated yet, as
// zeros, and durably; blocks that Hydrate wrote count as hydrated. The whole
// range, 0 to Blocks(), costs one write whatever the disk's size: it is how a
// restore ends.
func (d *Disk) HydrateZero(from, to int64) error {
	if err := d.enter(); err != nil {
		return err
	}
	defer d.life.RUnlock()
	if from < 0 || to < from || to > d.blocks {
		return fmt.Errorf("%w: hydrate blocks %d to %d of %d", ErrRange, from, to, d.blocks)
	}
	d.hydrate.Lock()
	defer d.hydrate.Unlock()
	if err := d.syncPending(); err != nil {
		return err
	}
	if d.hydrated.Load() || from == to {
		return nil
	}
	if err := d.punchUnhydrated(from, to); err != nil {
		return err
	}
	if err := d.flush(); err != nil {
		return err
	}
	if from == 0 && to == d.blocks {
		return d.setHydrated()
	}
	if err := d.marks.change(from, to, markHydrated, 0); err != nil {
		return err
	}
	return d.flush()
}

// punchUnhydrated removes what an unfinished Hydrate left behind.
func (d *Disk) punchUnhydrated(from, to int64) error {
	for off, end := from*BlockSize, min(to*BlockSize, d.size); off < end; {
		start, stop, err := d.data.extent(off, end)
		if err != nil || start == stop {
			return err
		}
		index := start / BlockSize
		off = (index + 1) * BlockSize
		if err := d.punchBase(index); err != nil {
			return err
		}
	}
	return nil
}

func (d *Disk) punchBase(index int64) error {
	defer d.lockBlock(index)()
	mark, err := d.marks.get(index)
	if err != nil || mark&markHydrated != 0 {
		return err
	}
	return d.data.punch(index*BlockSize, d.blockEnd(index)-index*BlockSize)
}

// setHydrated notes in the header that every block is hydrated.
func (d *Disk) setHydrated() error {
	d.headMu.Lock()
	defer d.headMu.Unlock()
	next := d.head
	next.flags |= flagHydrated
	if err := d.writeHeader(next); err != nil {
		return err
	}
	d.head = next
	d.hydrated.Store(true)
	return nil
}

// Unhydrated returns the first block at from or later that is not hydrated;
// what Hydrate wrote counts after SyncHydrated. A map that cannot be read
// counts as not hydrated: Hydrate then says what is wrong.
func (d *Disk) Unhydrated(from int64) (index int64, ok bool) {
	if d.hydrated.Load() || from >= d.blocks {
		return d.blocks, false
	}
	from = max(from, 0)
	index, err := d.marks.next(from, markHydrated, 0)
	if err != nil {
		return from, true
	}
	return index, index < d.blocks
}
