package content

import (
	"bytes"
	"context"
	"maps"
	"slices"
)

// walk goes through what some trees reach and others do not: each such page
// and each such block once. Subtrees that a known tree shares are skipped
// unread, so that the work is in proportion to the difference. One page is
// held at a time, and the entries or the children of one place.
//
// It counts on an object belonging to one place only, which holds because
// pages carry their place and are checked for it, and because a block's id has
// one writer, which sealed it for one index.
type walk struct {
	target, known         []Root
	readTarget, readKnown *Store

	// skipTarget and skipKnown say whether to go on without a page that could
	// not be read. They may be nil.
	skipTarget, skipKnown func(error) bool

	// enter is called for a page before what is below it, leave after. They
	// may be nil.
	enter func(r ref, p *page) error
	leave func(r ref, size int64) error

	block  func(e *Entry) error
	repeat bool // block may be called again for a block that several pages have
}

func (w *walk) run(ctx context.Context) error {
	top := 0
	for _, roots := range [][]Root{w.target, w.known} {
		for _, r := range roots {
			top = max(top, r.place().level)
		}
	}
	return w.visit(ctx, place{level: top}, nil, nil)
}

type refs map[ref]bool

func (s *refs) add(r ref) {
	if *s == nil {
		*s = refs{}
	}
	(*s)[r] = true
}

// sorted gives the pages in an order that is the same every time.
func (s refs) sorted() []ref {
	return slices.SortedFunc(maps.Keys(s), func(a, b ref) int {
		return bytes.Compare(a.id.append(nil), b.id.append(nil))
	})
}

// addTops adds the trees whose top page belongs at a place, and reports
// whether there are some whose top page belongs further down.
func (s *refs) addTops(roots []Root, at place) (further bool) {
	for _, r := range roots {
		if r.Empty() || at.first != 0 {
			continue
		}
		if r.place() == at {
			s.add(r.top)
		}
		further = further || r.place().level < at.level
	}
	return further
}

// visit walks what is below the target pages at a place, those aside that are
// known pages.
func (w *walk) visit(ctx context.Context, at place, target, known refs) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	further := target.addTops(w.target, at)
	known.addTops(w.known, at)
	for r := range known {
		delete(target, r)
	}
	if len(target) == 0 && !further {
		return nil
	}
	type visited struct {
		ref
		size int64
	}
	var left []visited
	read := func(fn func(p *page) error) error {
		return eachPage(ctx, w.readTarget, target, at, w.skipTarget, func(r ref, p *page) error {
			left = append(left, visited{r, int64(len(p.data))})
			if w.enter != nil {
				if err := w.enter(r, p); err != nil {
					return err
				}
			}
			return fn(p)
		})
	}
	var err error
	if at.level == 0 {
		err = w.blocks(ctx, at, known, read)
	} else {
		err = w.children(ctx, at, known, further, read)
	}
	if err != nil || w.leave == nil {
		return err
	}
	for _, v := range left {
		if err := w.leave(v.ref, v.size); err != nil {
			return err
		}
	}
	return nil
}

// eachPage reads pages of one place, one after the other.
func eachPage(ctx context.Context, s *Store, pages refs, at place, skip func(error) bool, fn func(ref, *page) error) error {
	for _, r := range pages.sorted() {
		p, err := s.page(ctx, r, at)
		if err == nil {
			err = fn(r, p)
		} else if skip != nil && skip(err) {
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) children(ctx context.Context, at place, known refs, further bool, read func(func(*page) error) error) error {
	var below, knownBelow [slots]refs
	wanted := func(slot int) bool { return below[slot] != nil || further && slot == 0 }
	err := read(func(p *page) error {
		for slot, r := range p.refs() {
			below[slot].add(r)
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = eachPage(ctx, w.readKnown, known, at, w.skipKnown, func(_ ref, p *page) error {
		for slot, r := range p.refs() {
			if wanted(slot) {
				knownBelow[slot].add(r)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for slot := range slots {
		if !wanted(slot) {
			continue
		}
		if err := w.visit(ctx, at.child(slot), below[slot], knownBelow[slot]); err != nil {
			return err
		}
		below[slot], knownBelow[slot] = nil, nil
	}
	return nil
}

func (w *walk) blocks(ctx context.Context, at place, known refs, read func(func(*page) error) error) error {
	var found [slots][]Entry
	of := func(o ObjectID) func(Entry) bool { return func(e Entry) bool { return e.Object == o } }
	err := read(func(p *page) error {
		for slot, e := range p.entries() {
			if w.repeat && len(known) == 0 {
				if err := w.block(&e); err != nil {
					return err
				}
			} else if !slices.ContainsFunc(found[slot], of(e.Object)) {
				found[slot] = append(found[slot], e)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = eachPage(ctx, w.readKnown, known, at, w.skipKnown, func(_ ref, p *page) error {
		for slot, e := range p.entries() {
			found[slot] = slices.DeleteFunc(found[slot], of(e.Object))
		}
		return nil
	})
	if err != nil {
		return err
	}
	for slot := range slots {
		for i := range found[slot] {
			if err := w.block(&found[slot][i]); err != nil {
				return err
			}
		}
	}
	return nil
}
