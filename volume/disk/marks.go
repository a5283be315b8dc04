package disk

import (
	"bytes"
	"fmt"
	"sync"
	"sync/atomic"
)

// A mark is one byte of the map for each block.
const (
	markHydrated = 1 << iota
	markDirty
)

const (
	marksPage  = 4096     // marks in a page: 2 GiB of disk
	marksPages = 256      // pages held: the marks of 512 GiB in 1 MiB
	scanBuffer = 64 << 10 // bytes read at a time by a long search
)

// marks are the bytes after the map's header, paged. What is held is always
// what is in the file, so a page can be dropped at any time.
type marks struct {
	file   File
	blocks int64
	unsync atomic.Bool // written since the last sync

	mu    sync.RWMutex
	pages map[int64]*[marksPage]byte
}

func newMarks(file File, blocks int64) *marks {
	return &marks{file: file, blocks: blocks, pages: map[int64]*[marksPage]byte{}}
}

func (m *marks) get(index int64) (byte, error) {
	m.mu.RLock()
	p := m.pages[index/marksPage]
	if p != nil {
		b := p[index%marksPage]
		m.mu.RUnlock()
		return b, nil
	}
	m.mu.RUnlock()
	m.mu.Lock()
	defer m.mu.Unlock()
	p, err := m.load(index / marksPage)
	if err != nil {
		return 0, err
	}
	return p[index%marksPage], nil
}

// change sets and clears bits of the blocks [from, to), in the file first.
func (m *marks) change(from, to int64, set, unset byte) error {
	if to == from+1 {
		if b, err := m.get(from); err == nil && b&^unset|set == b {
			return nil
		}
	}
	for from < to {
		n := min(to, (from/marksPage+1)*marksPage)
		if err := m.changePage(from, n, set, unset); err != nil {
			return err
		}
		from = n
	}
	return nil
}

func (m *marks) changePage(from, to int64, set, unset byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	p, err := m.load(from / marksPage)
	if err != nil {
		return err
	}
	at := from % marksPage
	old := p[at : at+to-from]
	next := make([]byte, len(old))
	for i, b := range old {
		next[i] = b&^unset | set
	}
	if bytes.Equal(old, next) {
		return nil
	}
	err = m.file.WriteAt(next, headerSize+from)
	m.unsync.Store(true)
	if err != nil {
		// Some of the bytes may be in the file: read them again when needed.
		delete(m.pages, from/marksPage)
		return fmt.Errorf("disk: mark blocks %d to %d: %w", from, to, err)
	}
	copy(old, next)
	return nil
}

// load returns a page, under mu.
func (m *marks) load(number int64) (*[marksPage]byte, error) {
	if p := m.pages[number]; p != nil {
		return p, nil
	}
	p := new([marksPage]byte)
	if err := m.file.ReadAt(p[:], headerSize+number*marksPage); err != nil {
		return nil, fmt.Errorf("disk: read marks: %w", err)
	}
	for k := range m.pages {
		if len(m.pages) < marksPages {
			break
		}
		delete(m.pages, k)
	}
	m.pages[number] = p
	return p, nil
}

// next returns the first block at from or later whose mark, masked, is want.
// Without one it returns the number of blocks.
func (m *marks) next(from int64, mask, want byte) (int64, error) {
	buf := make([]byte, 256)
	for from < m.blocks {
		start, end, err := m.file.Extent(headerSize + from)
		if err != nil {
			return 0, fmt.Errorf("disk: scan marks: %w", err)
		}
		start -= headerSize
		end = min(end-headerSize, m.blocks)
		if start >= end {
			start, end = m.blocks, m.blocks
		}
		if start > from && want == 0 {
			return from, nil // a hole holds zeros
		}
		for from = start; from < end; {
			b := buf[:min(int64(len(buf)), end-from)]
			if err := m.file.ReadAt(b, headerSize+from); err != nil {
				return 0, fmt.Errorf("disk: scan marks: %w", err)
			}
			for i, v := range b {
				if v&mask == want {
					return from + int64(i), nil
				}
			}
			from += int64(len(b))
			if len(buf) < scanBuffer {
				buf = make([]byte, 4*len(buf))
			}
		}
	}
	return m.blocks, nil
}
