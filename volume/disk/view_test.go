package disk

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func changed(t require.TestingT, v *View, full bool) []int64 {
	list := []int64{}
	for index, err := range v.Changed(full) {
		require.NoError(t, err)
		list = append(list, index)
	}
	return list
}

func block(t testing.TB, v *View, index int64) []byte {
	p := bytes.Repeat([]byte{0xee}, BlockSize)
	zero, err := v.ReadBlock(index, p)
	require.NoError(t, err)
	if zero {
		require.True(t, allZero(p))
	}
	return p
}

func freeze(t testing.TB, d *Disk, name string) *View {
	views, err := Freeze([]string{name}, d)
	require.NoError(t, err)
	t.Cleanup(func() { views[0].Close() })
	return views[0]
}

func TestViewKeepsWhatWas(t *testing.T) {
	eachFiles(t, func(t *testing.T, files Files) {
		d := create(t, files, options(5*BlockSize+2*SectorSize))
		one, two := pattern(BlockSize, 1), pattern(BlockSize, 2)
		write(t, d, one, 0)
		write(t, d, one, BlockSize)
		write(t, d, one[:SectorSize], 5*BlockSize)
		v := freeze(t, d, "snap-1")
		require.Equal(t, "snap-1", v.Name())
		write(t, d, two, BlockSize)
		write(t, d, two[:10], 3*BlockSize)
		require.NoError(t, d.Trim(5*BlockSize, 2*SectorSize))
		require.True(t, bytes.Equal(one, block(t, v, 0)))
		require.True(t, bytes.Equal(one, block(t, v, 1)))
		require.True(t, allZero(block(t, v, 3)), "a hole then")
		short := block(t, v, 5)
		require.Equal(t, one[:SectorSize], short[:SectorSize])
		require.True(t, allZero(short[SectorSize:]), "beyond the end too")

		w := freeze(t, d, "snap-2")
		require.NoError(t, d.Trim(0, 2*BlockSize))
		require.True(t, bytes.Equal(one, block(t, v, 1)))
		require.True(t, bytes.Equal(two, block(t, w, 1)))
		require.True(t, bytes.Equal(one, block(t, w, 0)))
		require.Equal(t, []int64{0, 1, 3, 5}, changed(t, w, false))

		_, err := v.ReadBlock(6, make([]byte, BlockSize))
		require.ErrorIs(t, err, ErrRange)
		_, err = v.ReadBlock(0, make([]byte, 5))
		require.ErrorIs(t, err, ErrSize)
		names, err := Views(files)
		require.NoError(t, err)
		require.Equal(t, []string{"snap-1", "snap-2"}, names)
		require.NoError(t, v.Close())
		require.NoError(t, v.Close())
		_, err = v.ReadBlock(0, make([]byte, BlockSize))
		require.ErrorIs(t, err, ErrClosed)
		require.ErrorIs(t, d.ClearDirty(v, 0), ErrClosed)
		names, err = Views(files)
		require.NoError(t, err)
		require.Equal(t, []string{"snap-2"}, names)
		require.True(t, bytes.Equal(two, block(t, w, 1)))
	})
}

func TestFreezeRefuses(t *testing.T) {
	a, b := create(t, Memory(), options(BlockSize)), create(t, Memory(), options(BlockSize))
	_, err := Freeze([]string{"x"}, a, b)
	require.ErrorContains(t, err, "1 names for 2 disks")
	_, err = Freeze([]string{"x", "y"}, a, a)
	require.ErrorContains(t, err, "given twice")
	_, err = Freeze([]string{"x", "y/z"}, a, b)
	require.ErrorContains(t, err, "bad file name")
	names, err := Views(a.files)
	require.NoError(t, err)
	require.Empty(t, names, "nothing is left behind")
	freeze(t, b, "y")
	_, err = Freeze([]string{"x", "y"}, a, b)
	require.ErrorIs(t, err, fs.ErrExist)
	freeze(t, a, "x")

	opt := options(2 * BlockSize)
	opt.Hydrated = false
	c := create(t, Memory(), opt)
	require.NoError(t, c.Hydrate(0, nil))
	require.NoError(t, c.SyncHydrated())
	_, err = Freeze([]string{"x"}, c)
	require.ErrorIs(t, err, ErrNotHydrated)
	require.NoError(t, c.Hydrate(1, nil))
	require.NoError(t, c.SyncHydrated())
	freeze(t, c, "x")
	require.True(t, c.hydrated.Load(), "noted once it is seen")
	require.NoError(t, b.Close())
	_, err = Freeze([]string{"z"}, b)
	require.ErrorIs(t, err, ErrClosed)
}

// TestFreezeIsOneInstant: a writer counts up on the first disk before the
// second; no freeze of both may see the second ahead, nor lose what returned.
func TestFreezeIsOneInstant(t *testing.T) {
	a, b := create(t, Memory(), options(BlockSize)), create(t, Memory(), options(BlockSize))
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for n := byte(1); n < 200; n++ {
			for _, d := range []*Disk{a, b} {
				if _, err := d.WriteAt([]byte{n}, 100); err != nil {
					t.Error(err)
				}
			}
		}
		close(stop)
	})
	for i := 0; ; i++ {
		disks := []*Disk{a, b}
		if i%2 == 1 {
			disks = []*Disk{b, a}
		}
		views, err := Freeze([]string{fmt.Sprint("x", i), fmt.Sprint("x", i)}, disks...)
		require.NoError(t, err)
		va, vb := views[i%2], views[1-i%2]
		x, y := block(t, va, 0)[100], block(t, vb, 0)[100]
		require.Contains(t, []byte{y, y + 1}, x)
		require.NoError(t, va.Close())
		require.NoError(t, vb.Close())
		select {
		case <-stop:
			wg.Wait()
			return
		default:
		}
	}
}

// TestViewsUnderWriters: views stay exact while writers and trims run.
func TestViewsUnderWriters(t *testing.T) {
	eachFiles(t, func(t *testing.T, files Files) {
		const blocks = 6
		d := create(t, files, options(blocks*BlockSize))
		stop := make(chan struct{})
		var wg sync.WaitGroup
		for w := range 3 {
			wg.Go(func() {
				r := rand.New(rand.NewPCG(uint64(w), 5))
				for {
					select {
					case <-stop:
						return
					default:
					}
					off := r.Int64N(blocks*BlockSize - 20000)
					p := bytes.Repeat([]byte{byte(r.IntN(255) + 1)}, 1+r.IntN(20000))
					var err error
					if r.IntN(4) == 0 {
						err = d.Trim(off, int64(len(p)))
					} else {
						_, err = d.WriteAt(p, off)
					}
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		for i := range 6 {
			views, err := Freeze([]string{fmt.Sprint(i)}, d)
			require.NoError(t, err)
			v := views[0]
			var first [blocks][]byte
			for b := range first {
				first[b] = block(t, v, int64(b))
			}
			for range 2 {
				for b := range first {
					require.True(t, bytes.Equal(first[b], block(t, v, int64(b))), "block %d", b)
				}
			}
			require.NoError(t, d.ClearDirty(v, 0, 1, 2, 3, 4, 5))
			require.NoError(t, v.Close())
		}
		close(stop)
		wg.Wait()
		require.NoError(t, d.Close())
		require.NoError(t, Check(files))
	})
}

func TestClearDirty(t *testing.T) {
	d := create(t, Memory(), options(8*BlockSize))
	for i := range int64(4) {
		write(t, d, []byte{1}, i*BlockSize)
	}
	first, second := freeze(t, d, "1"), freeze(t, d, "2")
	write(t, d, []byte{2}, BlockSize)
	write(t, d, []byte{2}, 5*BlockSize)
	require.NoError(t, d.ClearDirty(first, 0, 1, 2, 5, 7))
	require.Equal(t, []int64{1, 3, 5}, dirty(t, d), "written since the freeze, or not asked for")
	require.Equal(t, []int64{0, 1, 2, 3, 5}, changed(t, second, false), "the other view keeps its marks")
	require.ErrorIs(t, d.ClearDirty(first, 8), ErrRange)
	other := create(t, Memory(), options(BlockSize))
	require.ErrorContains(t, other.ClearDirty(first, 0), "another disk")

	// The marks that the second view keeps outlive a kill.
	again := reopenAfterKill(t, d, boot1)
	v, err := again.View("2")
	require.NoError(t, err)
	require.Equal(t, []int64{0, 1, 2, 3, 5}, changed(t, v, false))
	third := freeze(t, again, "3")
	require.Equal(t, []int64{1, 3, 5}, changed(t, third, false))
	require.NoError(t, v.Close())
}

// reopenAfterKill opens the files of a disk that nobody closes.
func reopenAfterKill(t testing.TB, d *Disk, boot [16]byte) *Disk {
	opt := Options{BootID: boot}
	if d.Encrypted() {
		opt.Key = testKey(1)
	}
	again, err := Open(d.files, opt)
	require.NoError(t, err)
	t.Cleanup(func() { again.Close() })
	return again
}

func TestViewAfterKill(t *testing.T) {
	eachFiles(t, func(t *testing.T, files Files) {
		opt := options(8 * BlockSize)
		d := create(t, files, opt)
		one, two := pattern(BlockSize, 1), pattern(BlockSize, 2)
		write(t, d, one, 0)
		write(t, d, one, BlockSize)
		write(t, d, one, 2*BlockSize)
		v := freeze(t, d, "s")
		write(t, d, two, 0)
		write(t, d, two, 4*BlockSize)
		v.Done(2)
		v.Done(99)
		write(t, d, two, 2*BlockSize)

		again := reopenAfterKill(t, d, boot1)
		require.False(t, again.Untrusted(), "the same boot")
		write(t, again, two, BlockSize)
		v, err := again.View("s")
		require.NoError(t, err)
		_, err = again.View("s")
		require.ErrorContains(t, err, "held already")
		require.True(t, bytes.Equal(one, block(t, v, 0)))
		require.True(t, bytes.Equal(one, block(t, v, 1)), "copied before it was handed out")
		require.True(t, allZero(block(t, v, 4)))
		_, err = v.ReadBlock(2, make([]byte, BlockSize))
		require.ErrorIs(t, err, ErrBlockDone)
		_, err = again.View("t")
		require.ErrorIs(t, err, ErrViewLost)

		third := reopenAfterKill(t, again, boot2)
		require.True(t, third.Untrusted())
		_, err = third.View("s")
		require.ErrorIs(t, err, ErrViewLost)
		require.ErrorContains(t, err, "another boot")
		require.NoError(t, third.Close())
		require.NoError(t, RemoveView(files, "s"))
		require.NoError(t, Check(files))
	})
}

// TestTornRecord cuts the view file's last record.
func TestTornRecord(t *testing.T) {
	for name, spoil := range map[string]func(f File, end int64) error{
		"body":     func(f File, end int64) error { return f.Punch(end-100, 100) },
		"header":   func(f File, end int64) error { return f.WriteAt([]byte{9}, end-BlockSize-5) },
		"followed": func(f File, end int64) error { return f.WriteAt(pattern(5000, 1), end) },
	} {
		t.Run(name, func(t *testing.T) {
			d := create(t, Memory(), options(4*BlockSize))
			one := pattern(2*BlockSize, 1)
			write(t, d, one, 0)
			v := freeze(t, d, "s")
			write(t, d, []byte("new"), 0)
			kept := v.end
			buf := make([]byte, recordSize+BlockSize)
			require.NoError(t, d.data.read(buf[recordSize:], BlockSize))
			require.NoError(t, v.append(recordSaved, 1, buf))
			require.NoError(t, spoil(v.file, v.end))
			again := reopenAfterKill(t, d, boot1)
			got, err := again.View("s")
			require.NoError(t, err)
			if name != "followed" {
				require.Equal(t, kept, got.end)
				require.False(t, got.touched.get(1), "its writer never came to change the block")
			}
			write(t, again, []byte("new"), BlockSize)
			require.True(t, bytes.Equal(one[:BlockSize], block(t, got, 0)))
			require.True(t, bytes.Equal(one[BlockSize:], block(t, got, 1)))
			last := reopenAfterKill(t, again, boot1)
			got, err = last.View("s")
			require.NoError(t, err)
			require.True(t, bytes.Equal(one[BlockSize:], block(t, got, 1)))
		})
	}
	t.Run("middle", func(t *testing.T) {
		d := create(t, Memory(), options(4*BlockSize))
		write(t, d, pattern(2*BlockSize, 1), 0)
		v := freeze(t, d, "s")
		write(t, d, []byte("new"), 0)
		write(t, d, []byte("new"), BlockSize)
		require.NoError(t, v.file.WriteAt([]byte("x"), viewHeaderSize+recordSize+9))
		_, err := v.ReadBlock(0, make([]byte, BlockSize))
		require.ErrorIs(t, err, ErrDamaged, "never something else")
	})
}

func TestViewOutlivesDisk(t *testing.T) {
	eachFiles(t, func(t *testing.T, files Files) {
		opt := options(2 * BlockSize)
		d := create(t, files, opt)
		one := pattern(BlockSize, 1)
		write(t, d, one, 0)
		v := freeze(t, d, "s")
		write(t, d, []byte{9}, 0)
		require.NoError(t, d.Close())
		require.True(t, bytes.Equal(one, block(t, v, 0)))
		require.NoError(t, d.ClearDirty(v, 0))
		select {
		case <-d.Released():
			t.Fatal("released while a view holds it")
		default:
		}
		require.ErrorIs(t, d.Reopen(testKey(2)), ErrKey)
		require.NoError(t, v.Disk().Reopen(opt.Key))
		require.ErrorContains(t, d.Reopen(opt.Key), "is open")
		write(t, d, []byte{9}, BlockSize)
		require.True(t, allZero(block(t, v, 1)))
		require.NoError(t, v.Suspend())
		require.NoError(t, v.Suspend())
		write(t, d, []byte{10}, 0)
		require.NoError(t, d.Close())
		<-d.Released()

		v, err := OpenView(files, opt, "s")
		require.NoError(t, err)
		require.True(t, bytes.Equal(one, block(t, v, 0)))
		require.NoError(t, v.Close())
		<-v.Disk().Released()
		require.ErrorIs(t, v.Disk().Reopen(opt.Key), ErrClosed)
		_, err = OpenView(files, opt, "s")
		require.ErrorIs(t, err, ErrViewLost)
		require.NoError(t, Remove(files))
	})
}

// TestCopyFails: a write whose copy cannot be kept fails, and changes nothing.
func TestCopyFails(t *testing.T) {
	files := newCrash(1)
	d := create(t, files, options(2*BlockSize))
	one := pattern(BlockSize, 1)
	write(t, d, one, 0)
	v := freeze(t, d, "s")
	files.full = viewPrefix + "s"
	_, err := d.WriteAt([]byte("new"), 5)
	require.ErrorContains(t, err, "keep block 0 for view s")
	require.ErrorIs(t, err, errFull)
	require.ErrorIs(t, d.Trim(0, BlockSize), errFull)
	require.Equal(t, one, read(t, d, 0, BlockSize))
	files.full = ""
	write(t, d, []byte("new"), 5)
	require.True(t, bytes.Equal(one, block(t, v, 0)))
}
