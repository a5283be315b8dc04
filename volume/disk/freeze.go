package disk

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// Freeze makes a view of each disk, all of one instant; names[i] is that of
// disks[i]. Writes that have returned are in the views, later ones are not.
// Disks that are not open, not fully hydrated (ErrNotHydrated), given twice,
// or have a view of that name (fs.ErrExist) are refused, and nothing is left
// behind.
func Freeze(names []string, disks ...*Disk) (views []*View, err error) {
	if len(names) != len(disks) {
		return nil, fmt.Errorf("disk: freeze: %d names for %d disks", len(names), len(disks))
	}
	order := slices.Clone(disks)
	slices.SortFunc(order, func(a, b *Disk) int { return cmp.Compare(a.order, b.order) })
	if len(slices.Compact(slices.Clone(order))) != len(order) {
		return nil, errors.New("disk: freeze: a disk is given twice")
	}
	for _, d := range order {
		if err := d.enter(); err != nil {
			return nil, fmt.Errorf("disk: freeze: %w", err)
		}
		defer d.life.RUnlock()
	}
	defer func() {
		if err != nil {
			for i, v := range views {
				err = errors.Join(err, v.file.Close(), disks[i].files.Remove(viewPrefix+names[i]))
			}
			views = nil
		}
	}()
	for i, d := range disks {
		if err := d.checkHydrated(); err != nil {
			return views, err
		}
		v, err := d.newView(names[i])
		if err != nil {
			return views, err
		}
		views = append(views, v)
	}
	for _, d := range order {
		d.fence.Lock()
		defer d.fence.Unlock()
	}
	for i, v := range views {
		if full := disks[i].Untrusted(); full != v.full {
			if err := v.writeHeader(full); err != nil {
				return views, err
			}
		}
	}
	for i, v := range views {
		v.held = disks[i].hold()
		disks[i].views[v.name] = v
	}
	return views, nil
}

// checkHydrated notes it in the header when it finds every block hydrated.
func (d *Disk) checkHydrated() error {
	if d.hydrated.Load() {
		return nil
	}
	if index, ok := d.Unhydrated(0); ok {
		return fmt.Errorf("disk: freeze: %w: block %d", ErrNotHydrated, index)
	}
	return d.setHydrated()
}

// copyAside gives every view that needs a locked block its copy.
func (d *Disk) copyAside(index int64) error {
	var buf *[recordSize + BlockSize]byte
	var n int64
	for _, v := range d.views {
		if v.touched.get(index) {
			continue
		}
		if v.done.get(index) {
			if err := v.append(recordGone, index, make([]byte, recordSize)); err != nil {
				return err
			}
			continue
		}
		if buf == nil {
			buf = d.pool.Get().(*[recordSize + BlockSize]byte)
			defer d.pool.Put(buf)
			n = d.blockEnd(index) - index*BlockSize
			if err := d.data.read(buf[recordSize:recordSize+n], index*BlockSize); err != nil {
				return err
			}
			if allZero(buf[recordSize : recordSize+n]) {
				n = 0
			}
		}
		kind := byte(recordSaved)
		if n == 0 {
			kind = recordHole
		}
		if err := v.append(kind, index, buf[:recordSize+n]); err != nil {
			return err
		}
	}
	return nil
}

func allZero(sectors []byte) bool {
	for ; len(sectors) > 0; sectors = sectors[SectorSize:] {
		if !isZero(sectors[:SectorSize]) {
			return false
		}
	}
	return true
}

// View hands out a view that was suspended, or taken up when the disk was
// opened; the disk must be open. It wraps ErrViewLost with the reason if there
// is none.
func (d *Disk) View(name string) (*View, error) {
	if err := d.enter(); err != nil {
		return nil, err
	}
	defer d.life.RUnlock()
	d.fence.RLock()
	v, lost := d.views[name], d.lost[name]
	d.fence.RUnlock()
	switch {
	case lost != nil:
		return nil, fmt.Errorf("%w: %s: %w", ErrViewLost, name, lost)
	case v == nil:
		return nil, fmt.Errorf("%w: %s: there is no such view", ErrViewLost, name)
	}
	v.life.Lock()
	defer v.life.Unlock()
	if v.held {
		return nil, fmt.Errorf("disk: view %s is held already", name)
	}
	v.held = d.hold()
	return v, nil
}

// OpenView opens a disk for nothing but a view of it that outlived a kill;
// View.Disk gives the disk, closed, for Reopen.
func OpenView(files Files, opt Options, name string) (*View, error) {
	d, err := Open(files, opt)
	if err != nil {
		return nil, err
	}
	v, err := d.View(name)
	if err := errors.Join(err, d.Close()); err != nil {
		if v != nil {
			err = errors.Join(err, v.Suspend())
		}
		return nil, err
	}
	return v, nil
}

// ClearDirty clears the marks of those of the blocks that were not written
// since v was frozen, after the record of its snapshot was committed. Other
// views keep theirs. The view must be held; the disk may be closed.
func (d *Disk) ClearDirty(v *View, indices ...int64) error {
	if v.d != d {
		return fmt.Errorf("disk: clear marks: view %s is of another disk", v.name)
	}
	if err := v.enter(); err != nil {
		return err
	}
	defer v.life.RUnlock()
	for _, index := range indices {
		if index < 0 || index >= d.blocks {
			return fmt.Errorf("%w: clear the mark of block %d of %d", ErrRange, index, d.blocks)
		}
		if err := d.clearDirty(v, index); err != nil {
			return err
		}
	}
	return nil
}

func (d *Disk) clearDirty(v *View, index int64) error {
	defer d.lockBlock(index)()
	mark, err := d.marks.get(index)
	if err != nil || mark&markDirty == 0 || v.touched.get(index) {
		return err
	}
	for _, other := range d.views {
		if other == v || other.dirty.get(index) {
			continue
		}
		if err := other.append(recordDirty, index, make([]byte, recordSize)); err != nil {
			return err
		}
	}
	return d.marks.change(index, index+1, 0, markDirty)
}
