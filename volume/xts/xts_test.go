package xts

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	reference "golang.org/x/crypto/xts"

	"crypto/aes"
)

// each runs a test for every implementation that this machine can run.
func each(t *testing.T, test func(t *testing.T, impl implementation)) {
	for _, impl := range implementations() {
		t.Run(impl.name, func(t *testing.T) { test(t, impl) })
	}
}

func newKey(seed uint64) []byte {
	key := make([]byte, KeySize)
	fill(rand.New(rand.NewPCG(seed, 1)), key)
	return key
}

func fill(r *rand.Rand, p []byte) {
	for i := range p {
		p[i] = byte(r.Uint32())
	}
}

func TestIEEE1619Vectors(t *testing.T) {
	b, err := os.ReadFile("testdata/ieee1619.json")
	require.NoError(t, err)
	var file struct {
		Source  string
		Vectors []struct {
			Vector, Unit               int64
			Key, Plaintext, Ciphertext string
		}
	}
	require.NoError(t, json.Unmarshal(b, &file))
	require.Len(t, file.Vectors, 5)
	unhex := func(s string) []byte {
		b, err := hex.DecodeString(s)
		require.NoError(t, err)
		return b
	}
	each(t, func(t *testing.T, impl implementation) {
		for _, v := range file.Vectors {
			plain, want := unhex(v.Plaintext), unhex(v.Ciphertext)
			c, err := newCipher(impl, unhex(v.Key), len(plain))
			require.NoError(t, err)
			got := make([]byte, len(plain))
			c.EncryptSectors(got, plain, uint64(v.Unit))
			require.Equal(t, want, got, "vector %d", v.Vector)
			c.DecryptSectors(got, got, uint64(v.Unit))
			require.Equal(t, plain, got, "vector %d", v.Vector)
		}
	})
}

func TestAgainstReference(t *testing.T) {
	each(t, func(t *testing.T, impl implementation) {
		r := rand.New(rand.NewPCG(1619, 2))
		for round := range 200 {
			key := newKey(uint64(round))
			unit := []int{16, 32, 48, 512, 528, 4096, 65536}[r.IntN(7)]
			n := 1 + r.IntN(9)
			if unit == 65536 {
				n = 1
			}
			first := r.Uint64() >> r.IntN(64)
			c, err := newCipher(impl, key, unit)
			require.NoError(t, err)
			ref, err := reference.NewCipher(aes.NewCipher, key)
			require.NoError(t, err)
			plain, want, got := make([]byte, n*unit), make([]byte, n*unit), make([]byte, n*unit+8)
			fill(r, plain)
			for i := range n {
				ref.Encrypt(want[i*unit:], plain[i*unit:(i+1)*unit], first+uint64(i))
			}
			c.EncryptSectors(got, plain, first)
			require.Equal(t, want, got[:len(want)])
			require.Equal(t, make([]byte, 8), got[len(want):], "bytes after the input's length are not touched")
			c.DecryptSectors(got[:len(want)], got[:len(want)], first)
			require.Equal(t, plain, got[:len(plain)], "in place")
		}
	})
}

func TestSectorNumbersWrap(t *testing.T) {
	each(t, func(t *testing.T, impl implementation) {
		c, err := newCipher(impl, newKey(3), 512)
		require.NoError(t, err)
		plain, run, single := make([]byte, 4*512), make([]byte, 4*512), make([]byte, 4*512)
		c.EncryptSectors(run, plain, math.MaxUint64-1)
		for i, number := range []uint64{math.MaxUint64 - 1, math.MaxUint64, 0, 1} {
			c.EncryptSectors(single[i*512:], plain[:512], number)
		}
		require.Equal(t, single, run)
	})
}

func TestDouble(t *testing.T) {
	for _, c := range []struct{ lo, hi, wantLo, wantHi uint64 }{
		{1, 0, 2, 0},
		{1 << 63, 0, 0, 1},
		{0, 1 << 63, 0x87, 0},
		{math.MaxUint64, math.MaxUint64, math.MaxUint64 - 1 ^ 0x87, math.MaxUint64},
	} {
		lo, hi := double(c.lo, c.hi)
		require.Equal(t, [2]uint64{c.wantLo, c.wantHi}, [2]uint64{lo, hi})
	}
}

func TestNewCipherErrors(t *testing.T) {
	same := append(newKey(4)[:32:32], newKey(4)[:32]...)
	for name, c := range map[string]struct {
		key  []byte
		unit int
		want error
	}{
		"no key":        {nil, 4096, ErrKeySize},
		"AES-128 key":   {newKey(1)[:32], 4096, ErrKeySize},
		"equal halves":  {same, 4096, ErrEqualHalves},
		"zero key":      {make([]byte, 64), 4096, ErrEqualHalves},
		"unit 0":        {newKey(1), 0, ErrUnitSize},
		"negative unit": {newKey(1), -16, ErrUnitSize},
		"part of block": {newKey(1), 4097, ErrUnitSize},
		"unit too long": {newKey(1), 16<<20 + 16, ErrUnitSize},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := NewCipher(c.key, c.unit)
			require.ErrorIs(t, err, c.want)
		})
	}
	c, err := NewCipher(newKey(1), 16<<20)
	require.NoError(t, err)
	require.Equal(t, 16<<20, c.UnitSize())
}

func TestMisusePanics(t *testing.T) {
	each(t, func(t *testing.T, impl implementation) {
		c, err := newCipher(impl, newKey(5), 512)
		require.NoError(t, err)
		b := make([]byte, 4096)
		for name, call := range map[string]func(){
			"part of a unit": func() { c.EncryptSectors(b, b[:511], 0) },
			"short output":   func() { c.DecryptSectors(b[:512], b[:1024], 0) },
			"ahead":          func() { c.EncryptSectors(b[16:1040], b[:1024], 0) },
			"behind":         func() { c.DecryptSectors(b[:1024], b[512:1536], 0) },
		} {
			require.Panics(t, call, name)
		}
		require.NotPanics(t, func() {
			c.EncryptSectors(nil, nil, 0)
			c.EncryptSectors(b, b[:1024], 0)
			c.EncryptSectors(b[1024:], b[:1024], 0)
			c.EncryptSectors(b[:1024], b[1024:2048], 0)
		})
		c.Close()
		require.PanicsWithValue(t, "xts: use after Close", func() { c.EncryptSectors(b, b, 0) })
		require.PanicsWithValue(t, "xts: use after Close", func() { c.DecryptSectors(nil, nil, 0) })
	})
}

func TestNoAllocation(t *testing.T) {
	c, err := NewCipher(newKey(6), 4096)
	require.NoError(t, err)
	b := make([]byte, 16*4096)
	// The pool of tweak buffers may be emptied by a collection, and the race
	// detector drops from it at random: an average below one says enough.
	require.Less(t, testing.AllocsPerRun(200, func() { c.EncryptSectors(b, b, 7) }), 1.0)
}

func FuzzRoundTrip(f *testing.F) {
	f.Add(newKey(7), []byte("sixteen bytes, twice over, as it happens"), uint64(0), uint8(1))
	f.Add(newKey(8), bytes.Repeat([]byte{0}, 1024), uint64(math.MaxUint64), uint8(32))
	f.Fuzz(func(t *testing.T, key, plain []byte, first uint64, blocks uint8) {
		unit := 16 * int(blocks)
		c, err := NewCipher(key, unit)
		if err != nil {
			return
		}
		plain = plain[:len(plain)/unit*unit]
		got := make([]byte, len(plain))
		c.EncryptSectors(got, plain, first)
		if len(plain) > 0 && bytes.Equal(got, plain) {
			t.Fatal("ciphertext is the plaintext")
		}
		ref, err := reference.NewCipher(aes.NewCipher, key)
		require.NoError(t, err)
		for i := 0; i < len(plain); i += unit {
			want := make([]byte, unit)
			ref.Encrypt(want, plain[i:i+unit], first+uint64(i/unit))
			require.Equal(t, want, got[i:i+unit])
		}
		c.DecryptSectors(got, got, first)
		require.True(t, bytes.Equal(plain, got))
	})
}

func BenchmarkEncrypt(b *testing.B) {
	key := newKey(9)
	src, dst := make([]byte, 256<<10), make([]byte, 256<<10)
	for _, unit := range []int{512, 4096, 65536} {
		for _, impl := range implementations() {
			c, err := newCipher(impl, key, unit)
			require.NoError(b, err)
			b.Run(fmt.Sprintf("%s/%d", impl.name, unit), func(b *testing.B) {
				b.SetBytes(int64(len(src)))
				for b.Loop() {
					c.EncryptSectors(dst, src, 0)
				}
			})
			b.Run(fmt.Sprintf("%s-decrypt/%d", impl.name, unit), func(b *testing.B) {
				b.SetBytes(int64(len(src)))
				for b.Loop() {
					c.DecryptSectors(dst, src, 0)
				}
			})
		}
		ref, err := reference.NewCipher(aes.NewCipher, key)
		require.NoError(b, err)
		b.Run(fmt.Sprintf("x-crypto/%d", unit), func(b *testing.B) {
			b.SetBytes(int64(len(src)))
			for b.Loop() {
				for i := 0; i < len(src); i += unit {
					ref.Encrypt(dst[i:i+unit], src[i:i+unit], uint64(i/unit))
				}
			}
		})
	}
	block, err := aes.NewCipher(key[:32])
	require.NoError(b, err)
	b.Run("aes-only", func(b *testing.B) {
		b.SetBytes(int64(len(src)))
		for b.Loop() {
			for i := 0; i < len(src); i += 16 {
				block.Encrypt(dst[i:i+16], src[i:i+16])
			}
		}
	})
}
