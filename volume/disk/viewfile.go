package disk

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"strings"
)

const (
	viewPrefix     = "view-"
	viewMagic      = "ebsimvew"
	viewVersion    = 1
	viewHeaderSize = 64
	recordMagic    = "ebvr"
	recordSize     = 32
)

// Kinds of record in a view file. A block has at most one of the first three.
const (
	recordSaved = 1 + iota // the block's stored bytes follow
	recordHole             // the block was all holes
	recordGone             // the block changed after the reader was done with it
	recordDirty            // the block's dirty mark, which another view cleared
)

// viewHeader begins a view file, little-endian:
//
//	 0  "ebsimvew"
//	 8  version, 4 bytes: 1
//	12  flags, 4 bytes: 1 the disk was untrusted
//	16  size of the disk, 8 bytes
//	24  boot id, 16 bytes
//	40  zeros
//	60  CRC-32C of what is before
type viewHeader struct {
	full bool
	size int64
	boot [16]byte
}

func (h viewHeader) encode() []byte {
	b := make([]byte, viewHeaderSize)
	copy(b, viewMagic)
	binary.LittleEndian.PutUint32(b[8:], viewVersion)
	if h.full {
		binary.LittleEndian.PutUint32(b[12:], 1)
	}
	binary.LittleEndian.PutUint64(b[16:], uint64(h.size))
	copy(b[24:], h.boot[:])
	binary.LittleEndian.PutUint32(b[60:], crc32.Checksum(b[:60], castagnoli))
	return b
}

func parseViewHeader(b []byte) (viewHeader, error) {
	if len(b) != viewHeaderSize || !bytes.Equal(b[:8], []byte(viewMagic)) {
		return viewHeader{}, fmt.Errorf("%w: not a view file", ErrDamaged)
	}
	if v := binary.LittleEndian.Uint32(b[8:]); v != viewVersion {
		return viewHeader{}, fmt.Errorf("disk: view file has version %d; this program reads version %d", v, viewVersion)
	}
	flags := binary.LittleEndian.Uint32(b[12:])
	if crc32.Checksum(b[:60], castagnoli) != binary.LittleEndian.Uint32(b[60:]) || flags > 1 {
		return viewHeader{}, fmt.Errorf("%w: view header", ErrDamaged)
	}
	h := viewHeader{full: flags == 1, size: int64(binary.LittleEndian.Uint64(b[16:]))}
	copy(h.boot[:], b[24:])
	return h, nil
}

// record is what stands before a block in a view file, little-endian:
//
//	 0  "ebvr"
//	 4  kind, 1 byte, and 3 zeros
//	 8  block index, 8 bytes
//	16  length of the body, 4 bytes: BlockSize, shorter at the disk's end, or 0
//	20  CRC-32C of the body
//	24  number of the record in its file, 4 bytes, wrapping
//	28  CRC-32C of what is before
type record struct {
	kind  byte
	index int64
	n     uint32
	sum   uint32
	seq   uint32
}

func (r record) put(b []byte) {
	copy(b, recordMagic)
	clear(b[4:8])
	b[4] = r.kind
	binary.LittleEndian.PutUint64(b[8:], uint64(r.index))
	binary.LittleEndian.PutUint32(b[16:], r.n)
	binary.LittleEndian.PutUint32(b[20:], r.sum)
	binary.LittleEndian.PutUint32(b[24:], r.seq)
	binary.LittleEndian.PutUint32(b[28:], crc32.Checksum(b[:28], castagnoli))
}

func parseRecord(b []byte) (r record, ok bool) {
	if len(b) != recordSize || !bytes.Equal(b[:4], []byte(recordMagic)) ||
		crc32.Checksum(b[:28], castagnoli) != binary.LittleEndian.Uint32(b[28:]) {
		return record{}, false
	}
	r = record{
		kind:  b[4],
		index: int64(binary.LittleEndian.Uint64(b[8:])),
		n:     binary.LittleEndian.Uint32(b[16:]),
		sum:   binary.LittleEndian.Uint32(b[20:]),
		seq:   binary.LittleEndian.Uint32(b[24:]),
	}
	known := r.kind >= recordSaved && r.kind <= recordDirty
	body := r.n > 0 && r.n <= BlockSize && r.n%SectorSize == 0
	return r, known && r.index >= 0 && body == (r.kind == recordSaved) && (body || r.n == 0)
}

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
