package content

import (
	"context"
	"iter"
)

// Change is a block that differs between two trees.
type Change struct {
	Index         int64
	Before, After *Entry // nil: absent, which reads as zeros
}

// Diff goes through the blocks in which b differs from a, in order of index,
// without keys: blocks under one content key differ if their identities do,
// blocks under two always count as different. Pages that a and b share are
// not read. It ends at the first error.
func (s *Store) Diff(ctx context.Context, a, b Root) iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) {
		d := &diff{ctx, s, a, b, yield}
		d.visit(place{level: max(a.place().level, b.place().level)}, ref{}, ref{})
	}
}

type diff struct {
	ctx   context.Context
	store *Store
	a, b  Root
	yield func(Change, error) bool
}

// visit goes through one place of both trees and returns whether to go on. A
// tree without a page there has a zero ref.
func (d *diff) visit(at place, a, b ref) bool {
	top := func(root Root, r *ref) (further bool) {
		if at.first != 0 || root.Empty() {
			return false
		}
		if root.place() == at {
			*r = root.top
		}
		return root.place().level < at.level
	}
	further := top(d.a, &a)
	further = top(d.b, &b) || further
	if a == b && !further {
		return true
	}
	pa, ok := d.read(a, at)
	if !ok {
		return false
	}
	pb, ok := d.read(b, at)
	if !ok {
		return false
	}
	for slot := range slots {
		if at.level == 0 {
			if !d.compare(pa, pb, slot) {
				return false
			}
			continue
		}
		var ra, rb ref
		if pa != nil {
			ra, _ = pa.ref(slot)
		}
		if pb != nil {
			rb, _ = pb.ref(slot)
		}
		if (ra != rb || further && slot == 0) && !d.visit(at.child(slot), ra, rb) {
			return false
		}
	}
	return true
}

func (d *diff) read(r ref, at place) (*page, bool) {
	if r.id.IsZero() {
		return nil, true
	}
	p, err := d.store.page(d.ctx, r, at)
	if err != nil {
		d.yield(Change{}, err)
		return nil, false
	}
	return p, true
}

func (d *diff) compare(a, b *page, slot int) bool {
	entry := func(p *page) *Entry {
		if p == nil {
			return nil
		}
		if e, ok := p.entry(slot); ok {
			return &e
		}
		return nil
	}
	before, after := entry(a), entry(b)
	switch {
	case before == nil && after == nil, before != nil && after != nil && before.same(after):
		return true
	case before != nil:
		return d.yield(Change{before.Index, before, after}, nil)
	}
	return d.yield(Change{after.Index, nil, after}, nil)
}
