package disk

import (
	"bytes"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ebsim/ebsim/volume/xts"
)

var boot1, boot2 = [16]byte{1}, [16]byte{2}

func testKey(seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 77))
	return fillRandom(r, make([]byte, xts.KeySize))
}

func fillRandom(r *rand.Rand, p []byte) []byte {
	for i := range p {
		p[i] = byte(r.Uint32())
	}
	return p
}

// pattern is n bytes that say where they come from; none are zero.
func pattern(n int, seed byte) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(i%251)%254 + 1 ^ seed<<1&0x7e | 1
	}
	return p
}

func options(size int64) Options {
	return Options{Size: size, Key: testKey(1), BootID: boot1, Hydrated: true}
}

func create(t testing.TB, files Files, opt Options) *Disk {
	d, err := Create(files, opt)
	require.NoError(t, err)
	t.Cleanup(func() { d.Close() })
	return d
}

func write(t testing.TB, d *Disk, p []byte, off int64) {
	n, err := d.WriteAt(p, off)
	require.NoError(t, err)
	require.Equal(t, len(p), n)
}

func read(t testing.TB, d *Disk, off, n int64) []byte {
	p := bytes.Repeat([]byte{0xee}, int(n))
	got, err := d.ReadAt(p, off)
	require.NoError(t, err)
	require.Equal(t, len(p), got)
	return p
}

func dirty(t require.TestingT, d *Disk) []int64 {
	list := []int64{}
	for from := int64(0); ; {
		i, err := d.marks.next(from, markDirty, markDirty)
		require.NoError(t, err)
		if i == d.blocks {
			return list
		}
		list = append(list, i)
		from = i + 1
	}
}

func TestCreateOpen(t *testing.T) {
	eachFiles(t, func(t *testing.T, files Files) {
		opt := options(3*BlockSize + SectorSize)
		d, err := Create(files, opt)
		require.NoError(t, err)
		require.Equal(t, opt.Size, d.Size())
		require.Equal(t, int64(4), d.Blocks())
		require.True(t, d.Encrypted())
		require.False(t, d.Untrusted())
		_, err = Create(files, opt)
		require.ErrorIs(t, err, fs.ErrExist)
		write(t, d, []byte("kept"), opt.Size-4)
		require.NoError(t, d.Close())
		require.NoError(t, d.Close(), "twice")
		<-d.Released()
		require.NoError(t, Check(files))

		_, err = d.ReadAt(make([]byte, 1), 0)
		require.ErrorIs(t, err, ErrClosed)
		_, err = d.WriteAt(make([]byte, 1), 0)
		require.ErrorIs(t, err, ErrClosed)
		for _, err := range []error{d.Trim(0, 1), d.Flush(), d.Hydrate(0, nil), d.SyncHydrated(), d.HydrateZero(0, 1), d.Reopen(opt.Key)} {
			require.ErrorIs(t, err, ErrClosed)
		}

		for name, c := range map[string]struct {
			opt  Options
			want error
		}{
			"other key":  {Options{Key: testKey(2)}, ErrKey},
			"no key":     {Options{}, ErrKey},
			"short key":  {Options{Key: make([]byte, 32)}, ErrKey},
			"other size": {Options{Size: SectorSize, Key: opt.Key}, ErrSize},
		} {
			_, err := Open(files, c.opt)
			require.ErrorIs(t, err, c.want, name)
		}
		opt.Size = 0
		d, err = Open(files, opt)
		require.NoError(t, err)
		require.Equal(t, "kept", string(read(t, d, d.Size()-4, 4)))
		require.False(t, d.Untrusted(), "closed cleanly")
		require.NoError(t, d.Close())
		require.NoError(t, Remove(files))
		_, err = Open(files, opt)
		require.ErrorIs(t, err, fs.ErrNotExist)
	})
}

func TestCreateErrors(t *testing.T) {
	for name, c := range map[string]struct {
		opt  Options
		want error
	}{
		"no size":      {Options{}, ErrSize},
		"odd size":     {Options{Size: 4097}, ErrSize},
		"negative":     {Options{Size: -4096}, ErrSize},
		"too large":    {Options{Size: MaxSize + SectorSize}, ErrSize},
		"short key":    {Options{Size: 4096, Key: make([]byte, 63)}, xts.ErrKeySize},
		"equal halves": {Options{Size: 4096, Key: make([]byte, 64)}, xts.ErrEqualHalves},
	} {
		t.Run(name, func(t *testing.T) {
			files := Memory()
			_, err := Create(files, c.opt)
			require.ErrorIs(t, err, c.want)
			list, err := files.List()
			require.NoError(t, err)
			require.Empty(t, list, "nothing is left behind")
		})
	}
}

func TestRanges(t *testing.T) {
	d := create(t, Memory(), options(BlockSize))
	for name, c := range map[string]struct{ off, n int64 }{
		"negative":  {-1, 1},
		"past end":  {BlockSize, 1},
		"over end":  {BlockSize - 1, 2},
		"far":       {1 << 62, 1},
		"too large": {0, BlockSize + 1},
	} {
		_, err := d.ReadAt(make([]byte, c.n), c.off)
		require.ErrorIs(t, err, ErrRange, name)
		_, err = d.WriteAt(make([]byte, c.n), c.off)
		require.ErrorIs(t, err, ErrRange, name)
		require.ErrorIs(t, d.Trim(c.off, c.n), ErrRange, name)
		_, err = d.ReadRaw(make([]byte, c.n), c.off)
		require.ErrorIs(t, err, ErrRange, name)
	}
	require.ErrorIs(t, d.Trim(1<<62, 1<<62), ErrRange, "overflow")
	require.ErrorIs(t, d.Trim(0, -1), ErrRange)
	_, err := d.ReadAt(nil, BlockSize)
	require.NoError(t, err, "nothing, at the end")
	require.Empty(t, dirty(t, d))
}

func TestHugeDisk(t *testing.T) {
	eachFiles(t, func(t *testing.T, files Files) {
		const size = 64 << 40
		d := create(t, files, options(size))
		require.NoError(t, d.Trim(0, size), "discarding a fresh disk is instant, and no change")
		require.Empty(t, dirty(t, d))
		require.Equal(t, make([]byte, 8192), read(t, d, size-8192, 8192))
		p := pattern(8192, 1)
		for _, off := range []int64{0, 1<<40 - 4096, 33<<40 - 100, size - 8192} {
			write(t, d, p, off)
			require.Equal(t, p, read(t, d, off, 8192))
		}
		require.Equal(t, []int64{0, 2<<20 - 1, 2 << 20, 66<<20 - 1, 66 << 20, 128<<20 - 1}, dirty(t, d))
		names := []string{}
		list, err := files.List()
		require.NoError(t, err)
		for _, f := range list {
			names = append(names, f.Name)
			require.Less(t, f.Allocated, int64(1<<20), f.Name)
		}
		require.Equal(t, []string{"data.000", "data.001", "data.032", "data.033", "data.063", "map"}, names)
		usage, err := d.Usage()
		require.NoError(t, err)
		require.Less(t, usage, int64(1<<20))

		views, err := Freeze([]string{"v"}, d)
		require.NoError(t, err)
		require.Equal(t, dirty(t, d), changed(t, views[0], false))
		require.Equal(t, dirty(t, d), changed(t, views[0], true))
		require.NoError(t, d.Trim(0, size))
		require.Equal(t, dirty(t, d), changed(t, views[0], true), "as it was")
		require.NoError(t, views[0].Close())
		usage, err = d.Usage()
		require.NoError(t, err)
		require.Zero(t, usage)
		require.NoError(t, d.Close())
		require.NoError(t, Check(files))
	})
}

// TestMarksMemory touches more marks than the cache holds.
func TestMarksMemory(t *testing.T) {
	f, err := Memory().Open(mapName, true)
	require.NoError(t, err)
	m := newMarks(f, 128<<20)
	for page := int64(0); page < 1000; page++ {
		require.NoError(t, m.change(page*marksPage+7, page*marksPage+9, markDirty, 0))
	}
	require.LessOrEqual(t, len(m.pages), marksPages)
	for page := int64(0); page < 1000; page++ {
		for i, want := range map[int64]byte{6: 0, 7: markDirty, 8: markDirty, 9: 0} {
			got, err := m.get(page*marksPage + i)
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
	}
	require.NoError(t, m.change(4000, 5000, markHydrated, 0), "over a page's border")
	at, err := m.next(4000, markHydrated, 0)
	require.NoError(t, err)
	require.Equal(t, int64(5000), at)
	at, err = m.next(0, markHydrated, markHydrated)
	require.NoError(t, err)
	require.Equal(t, int64(4000), at)
}

// TestNothingPlain scans all files for what was written.
func TestNothingPlain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "vol")
	opt := options(8 * BlockSize)
	opt.Hydrated = false
	d := create(t, Folder(dir), opt)
	secret := bytes.Repeat([]byte("the secret that must not be seen"), BlockSize/32)
	require.NoError(t, d.Hydrate(0, secret))
	require.NoError(t, d.HydrateZero(0, d.Blocks()))
	write(t, d, secret, BlockSize)
	write(t, d, secret[:1000], 5*BlockSize+100)
	require.NoError(t, d.Trim(5*BlockSize+200, 300))
	views, err := Freeze([]string{"v"}, d)
	require.NoError(t, err)
	write(t, d, secret[:777], 0)
	write(t, d, secret[:777], BlockSize+50)
	require.NoError(t, d.Trim(5*BlockSize, BlockSize))
	got := make([]byte, BlockSize)
	_, err = views[0].ReadBlock(1, got)
	require.NoError(t, err)
	require.True(t, bytes.Equal(secret, got))
	require.NoError(t, d.Flush())

	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 3)
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		require.NoError(t, err)
		for _, bad := range [][]byte{[]byte("secret"), []byte("must not"), opt.Key[:16], opt.Key[32:48], opt.Key[48:]} {
			require.False(t, bytes.Contains(b, bad), e.Name())
		}
	}
	require.NoError(t, views[0].Close())
}

func TestRawLayout(t *testing.T) {
	opt := options(BlockSize)
	d := create(t, Memory(), opt)
	p := pattern(2*SectorSize, 3)
	write(t, d, p, 3*SectorSize)
	raw := make([]byte, BlockSize)
	_, err := d.ReadRaw(raw, 0)
	require.NoError(t, err)
	require.True(t, allZero(raw[:3*SectorSize]) && allZero(raw[5*SectorSize:]), "what was not written is a hole")
	c, err := xts.NewCipher(opt.Key, SectorSize)
	require.NoError(t, err)
	c.DecryptSectors(raw[3*SectorSize:5*SectorSize], raw[3*SectorSize:5*SectorSize], 3)
	require.Equal(t, p, raw[3*SectorSize:5*SectorSize])

	opt.Key = nil
	plain := create(t, Memory(), opt)
	write(t, plain, p, 100)
	_, err = plain.ReadRaw(raw, 0)
	require.NoError(t, err)
	require.Equal(t, p, raw[100:100+len(p)])
	require.False(t, plain.Encrypted())
}

func TestDeriveXTSKey(t *testing.T) {
	data := bytes.Repeat([]byte{1, 2}, 32)
	a, b := DeriveXTSKey(data, "vol-a"), DeriveXTSKey(data, "vol-b")
	require.Len(t, a, xts.KeySize)
	require.NotEqual(t, a, b)
	require.Equal(t, a, DeriveXTSKey(data, "vol-a"))
	require.Panics(t, func() { DeriveXTSKey(data[:32], "vol-a") })
}

// TestPartialSectorsTogether has writers of parts of the same sectors.
func TestPartialSectorsTogether(t *testing.T) {
	eachFiles(t, func(t *testing.T, files Files) {
		d := create(t, files, options(2*BlockSize))
		const parts, n = 16, 3 * SectorSize / 16
		base := int64(BlockSize - SectorSize)
		var wg sync.WaitGroup
		for w := range parts {
			wg.Go(func() {
				for round := range 10 {
					p := bytes.Repeat([]byte{byte(16*w + round + 1)}, n)
					if _, err := d.WriteAt(p, base+int64(w*n)); err != nil {
						t.Error(err)
					}
					got := make([]byte, n)
					if _, err := d.ReadAt(got, base+int64(w*n)); err != nil || !bytes.Equal(p, got) {
						t.Errorf("writer %d round %d reads something else (%v)", w, round, err)
					}
				}
			})
		}
		wg.Wait()
		for w := range parts {
			require.Equal(t, bytes.Repeat([]byte{byte(16*w + 10)}, n), read(t, d, base+int64(w*n), n))
		}
	})
}
