package disk

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
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
