package disk

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

const (
	mapName    = "map"
	mapMagic   = "ebsimmap"
	mapVersion = 1
	headerSize = 4096
)

const (
	flagUntrusted = 1 << iota
	flagHydrated
	flagEncrypted
	knownFlags = flagUntrusted | flagHydrated | flagEncrypted
)

// castagnoli finds torn writes; nothing here defends against who can write
// the files.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// ErrDamaged: a header or record of a volume's files does not hold together.
var ErrDamaged = errors.New("disk: damaged file")

// header is the first 4 KiB of the map, little-endian:
//
//	  0  "ebsimmap"
//	  8  version, 4 bytes: 1
//	 12  flags, 4 bytes: 1 untrusted, 2 every block is hydrated, 4 encrypted
//	 16  size in bytes, 8 bytes
//	 24  boot id of who writes, 16 bytes; zeros: closed cleanly
//	 40  key check, 16 bytes; zeros: not encrypted
//	 56  zeros
//	4092 CRC-32C of what is before
type header struct {
	flags    uint32
	size     int64
	boot     [16]byte
	keyCheck [16]byte
}

func (h header) encode() []byte {
	b := make([]byte, headerSize)
	copy(b, mapMagic)
	binary.LittleEndian.PutUint32(b[8:], mapVersion)
	binary.LittleEndian.PutUint32(b[12:], h.flags)
	binary.LittleEndian.PutUint64(b[16:], uint64(h.size))
	copy(b[24:], h.boot[:])
	copy(b[40:], h.keyCheck[:])
	binary.LittleEndian.PutUint32(b[headerSize-4:], crc32.Checksum(b[:headerSize-4], castagnoli))
	return b
}

func parseHeader(b []byte) (header, error) {
	if len(b) != headerSize || !bytes.Equal(b[:8], []byte(mapMagic)) {
		return header{}, fmt.Errorf("%w: map: not a map of a volume", ErrDamaged)
	}
	if v := binary.LittleEndian.Uint32(b[8:]); v != mapVersion {
		return header{}, fmt.Errorf("disk: map has version %d; this program reads version %d", v, mapVersion)
	}
	if crc32.Checksum(b[:headerSize-4], castagnoli) != binary.LittleEndian.Uint32(b[headerSize-4:]) {
		return header{}, fmt.Errorf("%w: map: header checksum", ErrDamaged)
	}
	h := header{
		flags: binary.LittleEndian.Uint32(b[12:]),
		size:  int64(binary.LittleEndian.Uint64(b[16:])),
	}
	copy(h.boot[:], b[24:])
	copy(h.keyCheck[:], b[40:])
	if h.flags&^knownFlags != 0 {
		return header{}, fmt.Errorf("%w: map: unknown flags %#x", ErrDamaged, h.flags)
	}
	if err := checkSize(h.size); err != nil {
		return header{}, fmt.Errorf("%w: map: %w", ErrDamaged, err)
	}
	return h, nil
}

func readHeader(f File) (header, error) {
	b := make([]byte, headerSize)
	if err := f.ReadAt(b, 0); err != nil {
		return header{}, fmt.Errorf("disk: read map: %w", err)
	}
	return parseHeader(b)
}
