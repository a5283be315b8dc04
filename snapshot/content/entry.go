package content

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// BlockSize is the length of a block in bytes, that of EBS direct APIs.
const BlockSize = 512 << 10

// Codecs of a block's bytes before sealing.
const (
	CodecNone uint8 = 0 // as they are
	CodecZstd uint8 = 1 // one Zstandard frame (RFC 8878)
)

// Entry is what the tree holds of one block that is present. It is no secret.
type Entry struct {
	Index    int64    // the block's number in the volume
	Object   ObjectID // where its ciphertext is
	Key      KeyID    // the content key that sealed it
	Stored   uint32   // bytes of ciphertext
	Plain    uint32   // bytes of plaintext: BlockSize, or fewer for a last block
	Codec    uint8    // CodecNone or CodecZstd
	Salt     [saltSize]byte
	Tag      [tagSize]byte
	Identity [identitySize]byte // equal under one Key means equal plaintext
}

// same says whether a and b hold the same plaintext, as far as that shows
// without opening them: under different keys they count as different.
func (a *Entry) same(b *Entry) bool {
	return a.Object == b.Object || a.Key == b.Key && a.Identity == b.Identity && a.Plain == b.Plain
}

// entrySize is an entry's length in a page, its index left out.
const entrySize = objectSize + 16 + 4 + 4 + 1 + saltSize + tagSize + identitySize

func (e *Entry) append(b []byte) []byte {
	b = e.Object.append(b)
	b = append(b, e.Key[:]...)
	b = binary.BigEndian.AppendUint32(b, e.Stored)
	b = binary.BigEndian.AppendUint32(b, e.Plain)
	b = append(b, e.Codec)
	b = append(b, e.Salt[:]...)
	b = append(b, e.Tag[:]...)
	return append(b, e.Identity[:]...)
}

// readEntry reads what append wrote; b has entrySize bytes.
func readEntry(b []byte, index int64) Entry {
	e := Entry{Index: index, Object: readObject(b)}
	b = b[objectSize:]
	copy(e.Key[:], b)
	e.Stored = binary.BigEndian.Uint32(b[16:])
	e.Plain = binary.BigEndian.Uint32(b[20:])
	e.Codec = b[24]
	copy(e.Salt[:], b[25:])
	copy(e.Tag[:], b[25+saltSize:])
	copy(e.Identity[:], b[25+saltSize+tagSize:])
	return e
}

func (e *Entry) check() error {
	switch {
	case e.Plain == 0 || e.Plain > BlockSize:
		return fmt.Errorf("block %d has a plain length of %d", e.Index, e.Plain)
	case e.Codec == CodecNone && e.Stored != e.Plain:
		return fmt.Errorf("block %d is uncompressed and has lengths %d and %d", e.Index, e.Stored, e.Plain)
	case e.Codec == CodecZstd && (e.Stored == 0 || !pays(int(e.Stored), int(e.Plain))):
		return fmt.Errorf("block %d is compressed and has lengths %d and %d", e.Index, e.Stored, e.Plain)
	case e.Codec > CodecZstd:
		return fmt.Errorf("block %d has codec %d", e.Index, e.Codec)
	case e.Object.IsZero():
		return errors.New("an entry without an object")
	}
	return nil
}
