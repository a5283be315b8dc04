package disk

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"slices"
	"sync"
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
	log    []string // writes and syncs, in order; repeated ones once
}

func (c *crash) note(what, name string) {
	if line := what + " " + name; len(c.log) == 0 || c.log[len(c.log)-1] != line {
		c.log = append(c.log, line)
	}
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
	f.c.note("write", f.name)
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
	f.c.note("sync", f.name)
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
