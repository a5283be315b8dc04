package content

import (
	"context"
	"fmt"
	"iter"
	"sync"
)

// cachedPages is how many pages a Reader keeps: 148 KiB each at most.
const cachedPages = 32

// Reader reads one tree. It is safe for concurrent use, holds no resources
// and need not be closed.
type Reader struct {
	store *Store
	root  Root
	keys  Keys

	mu    sync.Mutex
	pages map[ObjectID]*cached
	clock int64
}

type cached struct {
	page *page
	used int64
}

// Read returns a Reader of root that opens blocks with keys. Entries need no
// keys.
func (s *Store) Read(root Root, keys Keys) *Reader {
	return &Reader{store: s, root: root, keys: keys, pages: map[ObjectID]*cached{}}
}

// Root returns the tree that r reads.
func (r *Reader) Root() Root { return r.root }

// Block fills dst with a block's plaintext, what is left with zeros, and
// reports whether the block is present: one that is not, or lies beyond the
// volume, is all zeros. dst must hold the block: BlockSize bytes, or as many as
// the volume's last block has. On an error what dst holds is undefined.
//
// Errors are *ObjectError, ErrNoKey, ErrRange, or those of the blob store.
func (r *Reader) Block(ctx context.Context, index int64, dst []byte) (present bool, err error) {
	e, ok, err := r.Entry(ctx, index)
	if err != nil {
		return false, err
	}
	if !ok {
		clear(dst)
		return false, nil
	}
	if len(dst) < int(e.Plain) {
		return false, fmt.Errorf("content: block %d has %d bytes, there is room for %d: %w", index, e.Plain, len(dst), ErrRange)
	}
	if err := r.store.acquire(ctx); err != nil {
		return false, err
	}
	defer r.store.release()
	if err := r.store.open(ctx, &e, r.keys, dst[:e.Plain]); err != nil {
		return false, err
	}
	clear(dst[e.Plain:])
	return true, nil
}

// Entry returns a block's entry, and whether the block is present.
func (r *Reader) Entry(ctx context.Context, index int64) (Entry, bool, error) {
	if index < 0 {
		return Entry{}, false, fmt.Errorf("content: block %d: %w", index, ErrRange)
	}
	if index >= r.root.size || r.root.Empty() {
		return Entry{}, false, nil
	}
	at, from := r.root.place(), r.root.top
	for {
		p, err := r.page(ctx, from, at)
		if err != nil {
			return Entry{}, false, err
		}
		slot := at.slot(index)
		if at.level == 0 {
			e, ok := p.entry(slot)
			return e, ok, nil
		}
		var ok bool
		if from, ok = p.ref(slot); !ok {
			return Entry{}, false, nil
		}
		at = at.child(slot)
	}
}

// page is Store.page through the cache.
func (r *Reader) page(ctx context.Context, from ref, at place) (*page, error) {
	r.mu.Lock()
	r.clock++
	if c := r.pages[from.id]; c != nil {
		c.used = r.clock
		r.mu.Unlock()
		return c.page, nil
	}
	r.mu.Unlock()
	p, err := r.store.page(ctx, from, at)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.pages) >= cachedPages {
		var oldest ObjectID
		used := r.clock + 1
		for id, c := range r.pages {
			if c.used < used {
				oldest, used = id, c.used
			}
		}
		delete(r.pages, oldest)
	}
	r.pages[from.id] = &cached{p, r.clock}
	return p, nil
}

// Entries goes through the blocks that are present, from an index on, in
// order. It needs no keys. It ends at the first error.
func (r *Reader) Entries(ctx context.Context, from int64) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		if r.root.Empty() {
			return
		}
		r.entries(ctx, r.root.top, r.root.place(), max(from, 0), yield)
	}
}

// entries goes through one subtree and returns whether to go on.
func (r *Reader) entries(ctx context.Context, top ref, at place, from int64, yield func(Entry, error) bool) bool {
	if from >= at.first+span(at.level) {
		return true
	}
	p, err := r.store.page(ctx, top, at)
	if err != nil {
		yield(Entry{}, err)
		return false
	}
	if at.level == 0 {
		for _, e := range p.entries() {
			if e.Index >= from && !yield(e, nil) {
				return false
			}
		}
		return true
	}
	for slot, child := range p.refs() {
		if !r.entries(ctx, child, at.child(slot), from, yield) {
			return false
		}
	}
	return true
}
