package disk

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
)

// newView makes a view and its file, which nobody needs before Freeze has
// made it known.
func (d *Disk) newView(name string) (*View, error) {
	f, err := d.files.Open(viewPrefix+name, false)
	if err == nil {
		return nil, errors.Join(fmt.Errorf("disk: view %s: %w", name, fs.ErrExist), f.Close())
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if f, err = d.files.Open(viewPrefix+name, true); err != nil {
		return nil, err
	}
	v := &View{d: d, name: name, file: f, saved: map[int64]int64{}, end: viewHeaderSize}
	if err := v.writeHeader(d.Untrusted()); err != nil {
		return nil, errors.Join(err, f.Close(), d.files.Remove(viewPrefix+name))
	}
	return v, nil
}

func (v *View) writeHeader(full bool) error {
	v.full = full
	h := viewHeader{full: full, size: v.d.size, boot: v.d.boot}
	if err := v.file.WriteAt(h.encode(), 0); err != nil {
		return fmt.Errorf("disk: view %s: %w", v.name, err)
	}
	return nil
}

// append writes a record; buf has recordSize bytes and then the body. Nothing
// is taken in if it fails, and the next record overwrites it.
func (v *View) append(kind byte, index int64, buf []byte) error {
	v.appendMu.Lock()
	defer v.appendMu.Unlock()
	body := buf[recordSize:]
	r := record{kind: kind, index: index, n: uint32(len(body)), seq: v.seq}
	if len(body) > 0 {
		r.sum = crc32.Checksum(body, castagnoli)
	}
	r.put(buf)
	if err := v.file.WriteAt(buf, v.end); err != nil {
		return fmt.Errorf("disk: keep block %d for view %s: %w", index, v.name, err)
	}
	v.note(r, v.end)
	v.end += int64(len(buf))
	v.seq++
	return nil
}
