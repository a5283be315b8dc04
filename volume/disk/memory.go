package disk

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
)

// extentSize is what Memory holds or does not hold as a whole.
const extentSize = 64 << 10

// groupExtents is how many extents one entry of a file's table covers.
const groupExtents = 512

type memory struct {
	mu    sync.Mutex
	files map[string]*memoryFile
}

// Memory keeps a volume's files in memory; only extents of 64 KiB that were
// written are held.
func Memory() Files { return &memory{files: map[string]*memoryFile{}} }

func (m *memory) Open(name string, create bool) (File, error) {
	if err := checkFileName(name); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	f := m.files[name]
	if f == nil {
		if !create {
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		}
		f = &memoryFile{groups: map[int64]*extentGroup{}}
		m.files[name] = f
	}
	return f, nil
}

func (m *memory) List() ([]FileInfo, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []FileInfo
	for name, f := range m.files {
		f.mu.RLock()
		list = append(list, FileInfo{Name: name, Length: f.length, Allocated: f.held * extentSize})
		f.mu.RUnlock()
	}
	slices.SortFunc(list, func(a, b FileInfo) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

func (m *memory) Remove(name string) error {
	if err := checkFileName(name); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.files, name)
	return nil
}

type extent struct {
	mu   sync.RWMutex
	data [extentSize]byte
}

type extentGroup struct {
	held    int
	extents [groupExtents]*extent
}

type memoryFile struct {
	mu     sync.RWMutex
	length int64
	held   int64
	groups map[int64]*extentGroup
}

// find returns extent i, nil if it is not held.
func (f *memoryFile) find(i int64) *extent {
	if g := f.groups[i/groupExtents]; g != nil {
		return g.extents[i%groupExtents]
	}
	return nil
}

func (f *memoryFile) ReadAt(p []byte, off int64) error {
	if off < 0 {
		return fmt.Errorf("disk: read at negative offset %d", off)
	}
	pieces(p, off, func(p []byte, i, at int64) {
		f.mu.RLock()
		e := f.find(i)
		f.mu.RUnlock()
		if e == nil {
			clear(p)
			return
		}
		e.mu.RLock()
		copy(p, e.data[at:])
		e.mu.RUnlock()
	})
	return nil
}

func (f *memoryFile) WriteAt(p []byte, off int64) error {
	if off < 0 {
		return fmt.Errorf("disk: write at negative offset %d", off)
	}
	pieces(p, off, func(p []byte, i, at int64) {
		f.mu.RLock()
		e := f.find(i)
		f.mu.RUnlock()
		if e == nil {
			e = f.make(i)
		}
		e.mu.Lock()
		copy(e.data[at:], p)
		e.mu.Unlock()
	})
	f.mu.RLock()
	grow := f.length < off+int64(len(p))
	f.mu.RUnlock()
	if grow {
		f.mu.Lock()
		f.length = max(f.length, off+int64(len(p)))
		f.mu.Unlock()
	}
	return nil
}

func (f *memoryFile) make(i int64) *extent {
	f.mu.Lock()
	defer f.mu.Unlock()
	g := f.groups[i/groupExtents]
	if g == nil {
		g = new(extentGroup)
		f.groups[i/groupExtents] = g
	}
	if g.extents[i%groupExtents] == nil {
		g.extents[i%groupExtents] = new(extent)
		g.held++
		f.held++
	}
	return g.extents[i%groupExtents]
}

func (f *memoryFile) Punch(off, n int64) error {
	if off < 0 {
		return fmt.Errorf("disk: punch at negative offset %d", off)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for end := min(off+n, f.length); off < end; {
		i, at := off/extentSize, off%extentSize
		g := f.groups[i/groupExtents]
		if g == nil {
			off = (i/groupExtents + 1) * groupExtents * extentSize
			continue
		}
		k := min(extentSize-at, end-off)
		e := g.extents[i%groupExtents]
		off += k
		switch {
		case e == nil:
		case k == extentSize || at == 0 && off == f.length:
			g.extents[i%groupExtents] = nil
			g.held--
			f.held--
			if g.held == 0 {
				delete(f.groups, i/groupExtents)
			}
		default:
			e.mu.Lock()
			clear(e.data[at : at+k])
			e.mu.Unlock()
		}
	}
	return nil
}

func (f *memoryFile) Extent(off int64) (from, to int64, err error) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	first := off / extentSize
	at := int64(-1)
	for number, g := range f.groups {
		base := number * groupExtents
		if base+groupExtents <= first || at >= 0 && base > at {
			continue
		}
		for i := max(0, first-base); i < groupExtents; i++ {
			if g.extents[i] != nil {
				if at < 0 || base+i < at {
					at = base + i
				}
				break
			}
		}
	}
	if at < 0 {
		return off, off, nil
	}
	g, next := f.groups[at/groupExtents], at
	for next++; next%groupExtents != 0 && g.extents[next%groupExtents] != nil; next++ {
	}
	from, to = max(off, at*extentSize), min(next*extentSize, f.length)
	return from, max(from, to), nil
}

func (f *memoryFile) Sync() error  { return nil }
func (f *memoryFile) Close() error { return nil }

// pieces cuts p, which lies at off, at the borders of extents.
func pieces(p []byte, off int64, do func(p []byte, extent, at int64)) {
	for len(p) > 0 {
		at := off % extentSize
		n := min(int64(len(p)), extentSize-at)
		do(p[:n], off/extentSize, at)
		p, off = p[n:], off+n
	}
}
