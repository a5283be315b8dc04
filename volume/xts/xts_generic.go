package xts

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"encoding/binary"
	"sync"
)

// generic is the portable implementation, over crypto/aes one block a call.
// Tweaks, XOR and AES each run over a batch of blocks before the next begins:
// AES on a block that was just stored by halves waits for the store.
var generic = implementation{name: "generic", new: newGeneric}

// batch is how many bytes are tweaked at a time; it stays in the first cache.
const batch = 2048

type genericUnits struct {
	data, tweak cipher.Block
	unit        int
	tweaks      sync.Pool // *[batch]byte: no allocation a call
}

func newGeneric(key []byte, unitSize int) (units, error) {
	data, err := aes.NewCipher(key[:KeySize/2])
	if err != nil {
		return nil, err
	}
	tweak, err := aes.NewCipher(key[KeySize/2:])
	if err != nil {
		return nil, err
	}
	g := &genericUnits{data: data, tweak: tweak, unit: unitSize}
	g.tweaks.New = func() any { return new([batch]byte) }
	return g, nil
}

func (g *genericUnits) encrypt(dst, src []byte, first uint64) { g.run(dst, src, first, false) }
func (g *genericUnits) decrypt(dst, src []byte, first uint64) { g.run(dst, src, first, true) }

func (g *genericUnits) run(dst, src []byte, first uint64, decrypt bool) {
	tweaks := g.tweaks.Get().(*[batch]byte)
	for i := 0; i < len(src); i += g.unit {
		lo, hi := g.start(tweaks[:16], first)
		first++
		for at, end := i, i+g.unit; at < end; at += batch {
			n := min(batch, end-at)
			lo, hi = spread(tweaks[:n], lo, hi)
			d := dst[at : at+n : at+n]
			subtle.XORBytes(d, src[at:at+n], tweaks[:n])
			if decrypt {
				for b := 0; b < n; b += 16 {
					g.data.Decrypt(d[b:b+16], d[b:b+16])
				}
			} else {
				for b := 0; b < n; b += 16 {
					g.data.Encrypt(d[b:b+16], d[b:b+16])
				}
			}
			subtle.XORBytes(d, d, tweaks[:n])
		}
	}
	g.tweaks.Put(tweaks)
}

// start returns the tweak of a unit's first block as two words.
func (g *genericUnits) start(t []byte, unit uint64) (lo, hi uint64) {
	binary.LittleEndian.PutUint64(t[:8], unit)
	binary.LittleEndian.PutUint64(t[8:], 0)
	g.tweak.Encrypt(t, t)
	return binary.LittleEndian.Uint64(t[:8]), binary.LittleEndian.Uint64(t[8:])
}

// spread fills t with the tweaks of consecutive blocks and returns the next.
func spread(t []byte, lo, hi uint64) (uint64, uint64) {
	for ; len(t) >= 16; t = t[16:] {
		binary.LittleEndian.PutUint64(t[:8], lo)
		binary.LittleEndian.PutUint64(t[8:16], hi)
		lo, hi = double(lo, hi)
	}
	return lo, hi
}

// double multiplies by x in GF(2^128) modulo x^128 + x^7 + x^2 + x + 1,
// without a branch on the tweak (IEEE 1619-2018, 5.2).
func double(lo, hi uint64) (uint64, uint64) {
	carry := uint64(int64(hi)>>63) & 0x87
	return lo<<1 ^ carry, hi<<1 | lo>>63
}
