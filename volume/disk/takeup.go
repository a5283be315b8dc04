package disk

import (
	"errors"
	"fmt"
	"hash/crc32"
	"strings"
)

// Views returns the names of the views that files hold, without their prefix,
// whether Open can take them up or not.
func Views(files Files) ([]string, error) {
	list, err := files.List()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, f := range list {
		if name, ok := strings.CutPrefix(f.Name, viewPrefix); ok {
			names = append(names, name)
		}
	}
	return names, nil
}

// RemoveView removes the file of a view that nobody asks for any more. The
// disk must not be open: its views are closed with View.Close.
func RemoveView(files Files, name string) error { return files.Remove(viewPrefix + name) }

// takeUpViews opens the view files of this boot, so that writers go on
// copying for them, and notes why others are lost.
func (d *Disk) takeUpViews() error {
	names, err := Views(d.files)
	if err != nil {
		return err
	}
	for _, name := range names {
		f, err := d.files.Open(viewPrefix+name, false)
		if err != nil {
			return fmt.Errorf("disk: view %s: %w", name, err)
		}
		v := &View{d: d, name: name, file: f, saved: map[int64]int64{}}
		if err := v.takeUp(); err != nil {
			d.lost[name] = err
			if err := f.Close(); err != nil {
				return err
			}
			continue
		}
		d.views[name] = v
	}
	return nil
}

// takeUp reads a view file of this boot. It ends at the first record that
// does not hold together: its writer was killed before it changed the block.
func (v *View) takeUp() error {
	b := make([]byte, viewHeaderSize)
	if err := v.file.ReadAt(b, 0); err != nil {
		return err
	}
	h, err := parseViewHeader(b)
	switch {
	case err != nil:
		return err
	case h.boot != v.d.boot:
		return errors.New("it is from another boot")
	case h.size != v.d.size:
		return fmt.Errorf("%w: view of a disk of %d bytes", ErrDamaged, h.size)
	}
	v.full, v.end = h.full, viewHeaderSize
	var last record
	var lastAt int64
	for {
		if err := v.file.ReadAt(b[:recordSize], v.end); err != nil {
			return err
		}
		r, ok := parseRecord(b[:recordSize])
		if !ok || r.seq != v.seq || r.index >= v.d.blocks {
			break
		}
		if last.kind == recordSaved {
			v.note(last, lastAt)
		}
		last, lastAt = r, v.end
		if r.kind != recordSaved {
			v.note(r, lastAt)
		}
		v.end += recordSize + int64(r.n)
		v.seq++
	}
	if last.kind != recordSaved {
		return nil
	}
	body := make([]byte, last.n)
	if err := v.file.ReadAt(body, lastAt+recordSize); err != nil {
		return err
	}
	if crc32.Checksum(body, castagnoli) != last.sum {
		v.end, v.seq = lastAt, v.seq-1
		return nil
	}
	v.note(last, lastAt)
	return nil
}

// note takes a record that lies at off into memory.
func (v *View) note(r record, off int64) {
	if r.kind == recordDirty {
		v.dirty.set(r.index)
		return
	}
	v.mu.Lock()
	switch r.kind {
	case recordHole:
		off = savedHole
	case recordGone:
		off = savedGone
	}
	v.saved[r.index] = off
	v.mu.Unlock()
	v.touched.set(r.index)
}
