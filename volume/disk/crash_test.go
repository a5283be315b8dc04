package disk

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	errKilled = errors.New("killed")
	errFull   = errors.New("no space left")
	errSync   = errors.New("sync failed")
)

// crash is Files that can be killed at any write, and lose power. It keeps
// what is in the page cache and what is durable, in pages of 4 KiB.
type crash struct {
	mu     sync.Mutex
	r      *rand.Rand
	files  map[string]*crashFile
	left   int    // writes until the kill; negative: never
	full   string // writes to this file fail
	noSync bool   // syncs fail
	killed bool
}

type crashFile struct {
	c             *crash
	name          string
	cache, stored map[int64][]byte
	length        int64
}

func newCrash(seed uint64) *crash {
	return &crash{r: rand.New(rand.NewPCG(seed, 9)), files: map[string]*crashFile{}, left: -1}
}

func (c *crash) Open(name string, create bool) (File, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := checkFileName(name); err != nil {
		return nil, err
	}
	f := c.files[name]
	if f == nil && create {
		if c.killed {
			return nil, errKilled
		}
		f = &crashFile{c: c, name: name, cache: map[int64][]byte{}, stored: map[int64][]byte{}}
		c.files[name] = f
	}
	if f == nil {
		return nil, fs.ErrNotExist
	}
	return f, nil
}

func (c *crash) List() (list []FileInfo, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, f := range c.files {
		list = append(list, FileInfo{Name: name, Length: f.length, Allocated: int64(len(f.cache)) * 4096})
	}
	slices.SortFunc(list, func(a, b FileInfo) int { return bytes.Compare([]byte(a.Name), []byte(b.Name)) })
	return list, nil
}

func (c *crash) Remove(name string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.killed {
		return errKilled
	}
	delete(c.files, name)
	return nil
}

// restart begins anew after a kill, or after a power cut: then each page that
// was not synced is what it was or what it became.
func (c *crash) restart(power bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.killed, c.left = false, -1
	for _, f := range c.files {
		for n := range f.cache {
			if power && !bytes.Equal(f.cache[n], f.stored[n]) && c.r.IntN(2) == 0 {
				if f.stored[n] == nil {
					delete(f.cache, n)
				} else {
					f.cache[n] = slices.Clone(f.stored[n])
				}
			}
		}
		if power {
			for n, p := range f.stored {
				if f.cache[n] == nil && c.r.IntN(2) == 0 {
					f.cache[n] = slices.Clone(p)
				}
			}
			f.sync()
		}
	}
}

func (f *crashFile) ReadAt(p []byte, off int64) error {
	f.c.mu.Lock()
	defer f.c.mu.Unlock()
	for len(p) > 0 {
		n := min(len(p), int(4096-off%4096))
		if page := f.cache[off/4096]; page != nil {
			copy(p[:n], page[off%4096:])
		} else {
			clear(p[:n])
		}
		p, off = p[n:], off+int64(n)
	}
	return nil
}

// allow counts a change down; what is allowed of the one that is killed, or
// that finds the disk full, is a part in front, to the border of a page: 4 KiB
// are assumed atomic.
func (f *crashFile) allow(off, n int64) (int64, error) {
	part := max(0, (off+f.c.r.Int64N(n+1))/4096*4096-off)
	switch {
	case f.c.killed:
		return 0, errKilled
	case f.name == f.c.full:
		return part, errFull
	case f.c.left == 0:
		f.c.killed = true
		return part, errKilled
	case f.c.left > 0:
		f.c.left--
	}
	return n, nil
}

func (f *crashFile) WriteAt(p []byte, off int64) error {
	f.c.mu.Lock()
	defer f.c.mu.Unlock()
	n, err := f.allow(off, int64(len(p)))
	for p = p[:n]; len(p) > 0; {
		n := min(len(p), int(4096-off%4096))
		page := f.cache[off/4096]
		if page == nil {
			page = make([]byte, 4096)
			f.cache[off/4096] = page
		}
		copy(page[off%4096:], p[:n])
		p, off = p[n:], off+int64(n)
		f.length = max(f.length, off)
	}
	return err
}

func (f *crashFile) Punch(off, n int64) error {
	f.c.mu.Lock()
	defer f.c.mu.Unlock()
	n, err := f.allow(off, n)
	for end := off + n; off < end; {
		k := min(end-off, 4096-off%4096)
		if k == 4096 {
			delete(f.cache, off/4096)
		} else if page := f.cache[off/4096]; page != nil {
			clear(page[off%4096:][:k])
		}
		off += k
	}
	return err
}

func (f *crashFile) Extent(off int64) (from, to int64, err error) {
	f.c.mu.Lock()
	defer f.c.mu.Unlock()
	best := int64(-1)
	for n := range f.cache {
		if n >= off/4096 && (best < 0 || n < best) {
			best = n
		}
	}
	if best < 0 || best*4096 >= f.length {
		return off, off, nil
	}
	return max(off, best*4096), max(off, min(f.length, (best+1)*4096)), nil
}

func (f *crashFile) Sync() error {
	f.c.mu.Lock()
	defer f.c.mu.Unlock()
	switch {
	case f.c.killed:
		return errKilled
	case f.c.noSync:
		return errSync
	}
	f.sync()
	return nil
}

func (f *crashFile) sync() {
	clear(f.stored)
	for n, p := range f.cache {
		f.stored[n] = slices.Clone(p)
	}
}

func (f *crashFile) Close() error { return nil }

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
	const size = 4*BlockSize + 3*SectorSize
	for seed := range uint64(60) {
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
				n := 1 + r.Int64N(min(size-off, []int64{100, 5000, 300_000, size}[r.IntN(4)]))
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
