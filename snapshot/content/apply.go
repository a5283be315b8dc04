package content

import (
	"context"
	"crypto/sha256"
	"maps"
	"slices"
)

// apply writes the changes gathered into pages. Pages that w wrote and that
// the new ones replace are removed.
//
// A failure is final: blocks that the old tree has may be dropped already.
func (w *Writer) apply(ctx context.Context) (err error) {
	if w.failed != nil {
		return w.failed
	}
	defer func() { w.failed = err }()
	if err := w.grow(ctx); err != nil {
		return err
	}
	if len(w.changes) == 0 {
		return nil
	}
	indexes := slices.Sorted(maps.Keys(w.changes))
	top, err := w.rebuild(ctx, w.tree.top, w.tree.place(), indexes)
	if err != nil {
		return err
	}
	w.tree.top = top
	clear(w.changes)
	return nil
}

// grow puts pages over the tree's top until it covers w's blocks.
func (w *Writer) grow(ctx context.Context) error {
	at := w.tree.place()
	goal := Root{size: w.size}.place()
	top := w.tree.top
	for at.level < goal.level && !w.tree.Empty() {
		at.level++
		b := newBuilder(at)
		b.refs[0] = top
		var err error
		if top, err = w.write(ctx, b); err != nil {
			return err
		}
	}
	w.tree = Root{w.size, top}
	return nil
}

// rebuild returns what the subtree old at a place becomes by the changes of
// the indexes, which are sorted and all below it: old itself, a new page, or,
// if no block is left, nothing.
func (w *Writer) rebuild(ctx context.Context, old ref, at place, indexes []int64) (ref, error) {
	b := newBuilder(at)
	size := 0
	if !old.id.IsZero() {
		p, err := w.store.page(ctx, old, at)
		if err != nil {
			return ref{}, err
		}
		b.load(p)
		size = len(p.data)
	}
	changed := false
	for len(indexes) > 0 {
		slot := at.slot(indexes[0])
		if at.level == 0 {
			e, was := w.changes[indexes[0]], &b.entries[slot]
			indexes = indexes[1:]
			if e.Plain == 0 {
				e = Entry{}
			}
			if e != *was {
				changed = true
				if e.Object != was.Object {
					w.drop(was)
				}
				*was = e
			}
			continue
		}
		n := 1
		for n < len(indexes) && at.slot(indexes[n]) == slot {
			n++
		}
		child, err := w.rebuild(ctx, b.refs[slot], at.child(slot), indexes[:n])
		if err != nil {
			return ref{}, err
		}
		indexes = indexes[n:]
		changed = changed || child != b.refs[slot]
		b.refs[slot] = child
	}
	if !changed {
		return old, nil
	}
	if !old.id.IsZero() && old.id.Writer == w.id {
		w.stored.drop(old.id)
		w.stats.Pages--
		w.stats.PageBytes -= int64(size)
	}
	return w.write(ctx, b)
}

// write stores a page; of no slots, nothing.
func (w *Writer) write(ctx context.Context, b *builder) (ref, error) {
	data, total := b.encode()
	if data == nil {
		return ref{}, nil
	}
	id := ObjectID{w.id, sha256.Sum256(data)}
	if err := w.stored.putPage(ctx, id, data); err != nil {
		return ref{}, err
	}
	w.stats.add(Stats{Pages: 1, PageBytes: int64(len(data))})
	return ref{id, total}, nil
}
