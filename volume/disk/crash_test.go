package disk

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// history is, for each sector, what it may hold: the value that the last
// flush made durable, and every value written or being written since.
type history struct {
	sectors [][][]byte
}

func newHistory(size int64) *history {
	h := &history{sectors: make([][][]byte, size/SectorSize)}
	for i := range h.sectors {
		h.sectors[i] = [][]byte{make([]byte, SectorSize)}
	}
	return h
}

func (h *history) write(p []byte, off int64) {
	for len(p) > 0 {
		n := min(int64(len(p)), SectorSize-off%SectorSize)
		s := &h.sectors[off/SectorSize]
		next := slices.Clone((*s)[len(*s)-1])
		copy(next[off%SectorSize:], p[:n])
		*s = append(*s, next)
		p, off = p[n:], off+n
	}
}

// settle forgets all but the newest: it was flushed, or read back.
func (h *history) settle() {
	for i, s := range h.sectors {
		h.sectors[i] = s[len(s)-1:]
	}
}

func (h *history) last() []byte {
	var p []byte
	for _, s := range h.sectors {
		p = append(p, s[len(s)-1]...)
	}
	return p
}

// TestCrash runs random operations, stops at a random write, and looks.
func TestCrash(t *testing.T) {
	const size = 2*BlockSize + 3*SectorSize
	for seed := range uint64(50) {
		power := seed%2 == 1
		t.Run(fmt.Sprintf("%d,power=%t", seed, power), func(t *testing.T) {
			t.Parallel()
			files := newCrash(seed)
			r := files.r
			opt := options(size)
			if seed%5 == 0 {
				opt.Key = nil
			}
			d, err := Create(files, opt)
			require.NoError(t, err)
			h := newHistory(size)
			base := make([]byte, size) // what the newest cleared marks are relative to
			var frozen []byte
			var view *View
			done := map[int64]bool{}
			files.left = r.IntN(120)
			for !files.killed {
				off := r.Int64N(size)
				n := 1 + r.Int64N(min(size-off, []int64{100, 5000, 100_000, size}[r.IntN(4)]))
				switch k := r.IntN(10); {
				case k < 5:
					p := pattern(int(n), byte(r.IntN(256)))
					h.write(p, off)
					_, err = d.WriteAt(p, off)
				case k < 6:
					h.write(make([]byte, n), off)
					err = d.Trim(off, n)
				case k < 7:
					if err = d.Flush(); err == nil {
						h.settle()
					}
				case view == nil:
					var views []*View
					if views, err = Freeze([]string{"s"}, d); err == nil {
						view, frozen = views[0], h.last()
						clear(done)
					}
				case k < 8:
					i := r.Int64N(d.Blocks())
					view.Done(i)
					done[i] = true
				default:
					// The snapshot completes.
					var list []int64
					for i, e := range view.Changed(false) {
						require.NoError(t, e)
						list = append(list, i)
					}
					base = frozen
					if err = d.ClearDirty(view, list...); err == nil {
						v := view
						view = nil
						err = v.Close()
					}
				}
				if err != nil {
					require.ErrorIs(t, err, errKilled)
				}
			}
			files.restart(power)
			if power {
				opt.BootID = boot2
			}
			d, err = Open(files, opt)
			require.NoError(t, err)
			require.NoError(t, Check(files))
			got := read(t, d, 0, size)
			for i, values := range h.sectors {
				s := got[i*SectorSize : (i+1)*SectorSize]
				if !power {
					values = values[max(0, len(values)-2):] // a kill loses at most what was in flight
				}
				require.True(t, slices.ContainsFunc(values, func(v []byte) bool { return bytes.Equal(v, s) }),
					"sector %d holds none of the %d values it may", i, len(values))
			}
			if power {
				_, err := d.View("s")
				require.ErrorIs(t, err, ErrViewLost)
				if !d.Untrusted() {
					require.Equal(t, make([]byte, size), got, "trusted because nothing was written yet")
				}
				return
			}
			require.False(t, d.Untrusted())
			marked := dirty(t, d)
			for i := range d.Blocks() {
				from, to := i*BlockSize, d.blockEnd(i)
				if !bytes.Equal(base[from:to], got[from:to]) {
					require.Contains(t, marked, i, "changed and not marked")
				}
			}
			if view == nil {
				return
			}
			v, err := d.View("s")
			require.NoError(t, err)
			p := make([]byte, BlockSize)
			for i := range d.Blocks() {
				from, to := i*BlockSize, d.blockEnd(i)
				_, err := v.ReadBlock(i, p)
				if errors.Is(err, ErrBlockDone) {
					require.True(t, done[i])
					continue
				}
				require.NoError(t, err)
				require.True(t, bytes.Equal(frozen[from:to], p[:to-from]), "block %d of the view", i)
			}
		})
	}
}

func TestTrust(t *testing.T) {
	eachFiles(t, func(t *testing.T, files Files) {
		d := create(t, files, options(4*BlockSize))
		write(t, d, []byte{1}, 0)
		d = reopenAfterKill(t, d, boot2)
		require.True(t, d.Untrusted())
		write(t, d, []byte{1}, 2*BlockSize)
		require.NoError(t, d.ClearDirty(freeze(t, d, "0"), 0))
		v := freeze(t, d, "1")
		require.True(t, v.Full())
		require.Equal(t, []int64{0, 2}, changed(t, v, false), "all that is stored, whatever is asked")
		require.NoError(t, d.Close())
		require.NoError(t, d.Reopen(testKey(1)))
		require.True(t, d.Untrusted(), "a clean close makes nothing trusted")
		require.NoError(t, d.Trust())
		require.NoError(t, d.Trust())
		require.False(t, d.Untrusted())
		require.True(t, v.Full(), "as it was at the freeze")
		require.False(t, freeze(t, d, "2").Full())
		again := reopenAfterKill(t, d, boot2)
		require.False(t, again.Untrusted())
	})
	t.Run("no boot id", func(t *testing.T) {
		opt := options(BlockSize)
		opt.BootID = [16]byte{}
		files := Memory()
		d := create(t, files, opt)
		write(t, d, []byte{1}, 0)
		again := reopenAfterKill(t, d, [16]byte{})
		require.True(t, again.Untrusted(), "nobody shares it")
		require.NoError(t, again.Close())
	})
}

func TestFailedSync(t *testing.T) {
	files := newCrash(1)
	d := create(t, files, options(BlockSize))
	write(t, d, []byte{1}, 0)
	require.NoError(t, d.Flush())
	write(t, d, []byte{2}, 0)
	files.noSync = true
	require.ErrorIs(t, d.Flush(), errSync)
	files.noSync = false
	require.True(t, d.Untrusted())
	require.ErrorIs(t, d.Flush(), ErrSync, "what was lost does not come back")
	require.ErrorIs(t, d.Trust(), ErrSync)
	require.ErrorIs(t, d.Close(), ErrSync)
	again, err := Open(files, options(0))
	require.NoError(t, err)
	require.True(t, again.Untrusted() || again.head.boot == boot1)
	require.NoError(t, again.Close())
}

// TestOrder: what is durable before what.
func TestOrder(t *testing.T) {
	files := newCrash(1)
	opt := options(4 * BlockSize)
	opt.Hydrated = false
	d := create(t, files, opt)
	logged := func() []string {
		defer func() { files.log = nil }()
		return files.log
	}
	logged()
	require.NoError(t, d.Hydrate(0, pattern(BlockSize, 1)))
	require.NoError(t, d.SyncHydrated())
	require.Equal(t, []string{"write data.000", "sync data.000", "write map", "sync map"}, logged(), "hydrated is marked after the data is durable")
	require.NoError(t, d.HydrateZero(0, d.Blocks()))
	logged()

	write(t, d, []byte("x"), 0)
	require.Equal(t, []string{"write map", "sync map", "write map", "write data.000"}, logged(), "the boot id durably, the mark, the data")
	require.NoError(t, d.Flush())
	require.Equal(t, []string{"sync map", "sync data.000"}, logged(), "marks first")
	require.NoError(t, d.Flush())
	require.Empty(t, logged(), "nothing is left")
	write(t, d, []byte("y"), BlockSize)
	logged()

	d = reopenAfterKill(t, d, boot1)
	require.NoError(t, d.Flush())
	require.Equal(t, []string{"sync map", "sync data.000"}, logged(), "what the one before wrote, too")
	write(t, d, []byte("z"), 2*BlockSize)
	require.NoError(t, d.Close())
	require.Equal(t, []string{"write map", "write data.000", "sync map", "sync data.000", "write map", "sync map"}, logged(), "clean, after all else")
}
