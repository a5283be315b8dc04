package content

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
)

// Live says what a sweep leaves alone: trees as Collect describes them, and
// the writers whose work has not been recorded as complete or given up. Both
// are of one moment.
type Live struct {
	Roots   []Root
	Writers []string
}

// Sweep removes every object that no live tree reaches, whoever left it, and
// returns their length in bytes. live is called as Collect's is. Writers of s
// that have not ended, or begin meanwhile, are left alone too.
//
// All live trees must be whole, copies under way aside: a damaged page is an
// error, and a missing one counts as part of a copy.
func (s *Store) Sweep(ctx context.Context, live func(context.Context) (Live, error)) (freed int64, err error) {
	return s.sweep(ctx, "", live)
}

// RemoveWriter removes the objects of a writer that did not commit, those
// that a live tree reaches aside, and returns their length in bytes. live's
// Writers do not matter; if live is nil, that no tree has the writer's objects
// is certain.
func (s *Store) RemoveWriter(ctx context.Context, writer string, live func(context.Context) ([]Root, error)) (freed int64, err error) {
	id, err := ParseWriterID(writer)
	if err != nil {
		return 0, err
	}
	s.mu.Lock()
	open := s.writing[id] > 0
	s.mu.Unlock()
	if open {
		return 0, fmt.Errorf("content: writer %s has not ended", id)
	}
	return s.sweep(ctx, id.String()+"/", func(ctx context.Context) (Live, error) {
		if live == nil {
			return Live{}, nil
		}
		roots, err := live(ctx)
		return Live{Roots: roots}, err
	})
}

// sweep is Sweep of the objects whose names have a prefix.
func (s *Store) sweep(ctx context.Context, prefix string, live func(context.Context) (Live, error)) (freed int64, err error) {
	done, err := s.gate.collecting(ctx)
	if err != nil {
		return 0, err
	}
	defer done()
	s.mu.Lock()
	s.spared = map[WriterID]bool{}
	for id := range s.writing {
		s.spared[id] = true
	}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.spared = nil
		s.mu.Unlock()
	}()
	stay, err := live(ctx)
	if err != nil {
		return 0, err
	}
	keep := map[WriterID]bool{}
	for _, text := range stay.Writers {
		id, err := ParseWriterID(text)
		if err != nil {
			return 0, err
		}
		keep[id] = true
	}
	var objects int64
	seen := map[Root]bool{}
	for _, r := range stay.Roots {
		if !seen[r] {
			seen[r] = true
			objects += r.Present()
		}
	}
	passes := min(max(1, (objects+s.limits.swept-1)/s.limits.swept), 256)
	for pass := range passes {
		// Digests are evenly spread over their first bytes.
		in := func(id ObjectID) bool { return int64(id.Digest[0])*passes/256 == pass }
		n, err := s.sweepPass(ctx, prefix, stay.Roots, keep, in)
		freed += n
		if err != nil {
			return freed, err
		}
	}
	return freed, nil
}

// sweepPass sweeps the objects for which in holds.
func (s *Store) sweepPass(ctx context.Context, prefix string, live []Root, keep map[WriterID]bool, in func(ObjectID) bool) (freed int64, err error) {
	// Eight bytes of a digest stand for it: should two objects have them in
	// common, one that could go stays.
	var reached []uint64
	reach := func(id ObjectID) {
		if in(id) {
			reached = append(reached, binary.BigEndian.Uint64(id.Digest[8:]))
		}
		if int64(len(reached)) > 2*s.limits.swept && len(reached) == cap(reached) {
			slices.Sort(reached)
			reached = slices.Compact(reached)
		}
	}
	w := &walk{target: live, readTarget: s, readKnown: s, skipTarget: missing, repeat: true}
	w.enter = func(r ref, _ *page) error { reach(r.id); return nil }
	w.block = func(e *Entry) error { reach(e.Object); return nil }
	if err := w.run(ctx); err != nil {
		return 0, err
	}
	slices.Sort(reached)
	reached = slices.Compact(reached)
	err = s.objects.List(ctx, prefix, func(name string, size int64) error {
		id, err := parseObject(name)
		if err != nil {
			// Not ours: content shares its blob store with nothing, but nothing
			// that it does not know is for it to remove.
			return nil
		}
		if !in(id) || keep[id.Writer] || s.isSpared(id.Writer) {
			return nil
		}
		if _, found := slices.BinarySearch(reached, binary.BigEndian.Uint64(id.Digest[8:])); found {
			return nil
		}
		if err := s.objects.Delete(ctx, name); err != nil {
			return fmt.Errorf("content: %w", err)
		}
		freed += size
		return nil
	})
	return freed, err
}

func (s *Store) isSpared(id WriterID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.spared[id]
}
