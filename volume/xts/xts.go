package xts

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"unsafe"
)

// KeySize is the length of a key in bytes: two AES-256 keys, the one for data
// first, the one for tweaks second.
const KeySize = 64

// maxUnit is the largest data unit that SP 800-38E allows: 2^20 AES blocks.
const maxUnit = 16 << 20

var (
	// ErrKeySize: the key is not KeySize bytes.
	ErrKeySize = errors.New("xts: key is not 64 bytes")
	// ErrEqualHalves: both halves of the key are the same, which FIPS 140-3
	// IG C.I (formerly FIPS 140-2 IG A.9) forbids.
	ErrEqualHalves = errors.New("xts: the two halves of the key are equal")
	// ErrUnitSize: the data unit is not a positive multiple of 16 bytes, or
	// has more than 2^20 AES blocks.
	ErrUnitSize = errors.New("xts: bad data unit size")
)

// A Cipher encrypts and decrypts data units under one key. It is safe for
// concurrent use, Close aside.
type Cipher struct {
	unit int
	impl units
}

// units is one way to do the work. The slices are checked: equal in length,
// whole units, at least one, equal or disjoint in memory.
type units interface {
	encrypt(dst, src []byte, first uint64)
	decrypt(dst, src []byte, first uint64)
}

// implementation makes units of a checked key and unit size. Tests run every
// implementation that the machine can run.
type implementation struct {
	name string
	new  func(key []byte, unitSize int) (units, error)
}

// implementations lists what this machine can run, the fastest first.
func implementations() []implementation {
	return []implementation{generic}
}

// NewCipher returns a cipher for data units of unitSize bytes under a 64-byte
// key. The key is not kept. Errors: ErrKeySize, ErrEqualHalves, ErrUnitSize.
func NewCipher(key []byte, unitSize int) (*Cipher, error) {
	return newCipher(implementations()[0], key, unitSize)
}

func newCipher(impl implementation, key []byte, unitSize int) (*Cipher, error) {
	if len(key) != KeySize {
		return nil, fmt.Errorf("%w but %d", ErrKeySize, len(key))
	}
	if subtle.ConstantTimeCompare(key[:KeySize/2], key[KeySize/2:]) == 1 {
		return nil, ErrEqualHalves
	}
	if unitSize <= 0 || unitSize%16 != 0 || unitSize > maxUnit {
		return nil, fmt.Errorf("%w: %d bytes", ErrUnitSize, unitSize)
	}
	u, err := impl.new(key, unitSize)
	if err != nil {
		return nil, fmt.Errorf("xts: %s: %w", impl.name, err)
	}
	return &Cipher{unit: unitSize, impl: u}, nil
}

// UnitSize is the length of a data unit in bytes.
func (c *Cipher) UnitSize() int { return c.unit }

// EncryptSectors encrypts the data units in src, numbered from first, to dst.
// dst may be longer than src; the two start at the same byte or do not
// overlap. It panics on anything else, on a part of a unit, and after Close.
func (c *Cipher) EncryptSectors(dst, src []byte, first uint64) {
	if dst, ok := c.check(dst, src); ok {
		c.impl.encrypt(dst, src, first)
	}
}

// DecryptSectors reverses EncryptSectors, under the same rules.
func (c *Cipher) DecryptSectors(dst, src []byte, first uint64) {
	if dst, ok := c.check(dst, src); ok {
		c.impl.decrypt(dst, src, first)
	}
}

// Close forgets the keys: later use panics. The copies inside the standard
// library's cipher go with the next garbage collection and cannot be wiped.
// It must not run beside other methods.
func (c *Cipher) Close() { c.impl = nil }

// check returns dst cut to src and whether there is anything to do.
func (c *Cipher) check(dst, src []byte) ([]byte, bool) {
	switch {
	case c.impl == nil:
		panic("xts: use after Close")
	case len(src)%c.unit != 0:
		panic("xts: input is not whole data units")
	case len(dst) < len(src):
		panic("xts: output is smaller than input")
	case len(src) == 0:
		return nil, false
	case overlaps(dst[:len(src)], src):
		panic("xts: invalid buffer overlap")
	}
	return dst[:len(src)], true
}

// overlaps tells whether two slices of equal, positive length share memory at
// different indices.
func overlaps(x, y []byte) bool {
	a, b := uintptr(unsafe.Pointer(&x[0])), uintptr(unsafe.Pointer(&y[0]))
	n := uintptr(len(x))
	return a != b && a < b+n && b < a+n
}
