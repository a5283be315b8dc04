package content

import (
	"context"
	"fmt"
)

// Collect removes the objects that only trees of dead reach, and returns
// their length in bytes. live returns the trees that stay: all of completed
// records, bases and sources of work under way, and what copies into s that
// have not completed are to become, which need not be there whole. It is
// called once no copy into s is under way, and none starts before Collect
// ends: so read it from the records then, not before. A tree both dead and
// live is live.
//
// Shared pages are skipped unread and each other page is read once. What is
// gone already is passed over, so a Collect that failed or was killed can be
// made again. Without a page of a live tree, other than a missing one, nothing
// that it might reach is removed: that is an error.
func (s *Store) Collect(ctx context.Context, dead []Root, live func(context.Context) ([]Root, error)) (freed int64, err error) {
	done, err := s.gate.collecting(ctx)
	if err != nil {
		return 0, err
	}
	defer done()
	stay, err := live(ctx)
	if err != nil {
		return 0, err
	}
	remove := func(id ObjectID) error {
		n, err := s.remove(ctx, id.String())
		freed += n
		return err
	}
	w := &walk{target: dead, known: stay, readTarget: s, readKnown: s, skipTarget: missing, skipKnown: missing}
	w.block = func(e *Entry) error { return remove(e.Object) }
	// Pages go after what is below them, so that a second try finds that.
	w.leave = func(r ref, _ int64) error { return remove(r.id) }
	err = w.run(ctx)
	return freed, err
}

// remove removes an object and returns its length, 0 if it is gone already.
func (s *Store) remove(ctx context.Context, name string) (int64, error) {
	n, err := s.objects.Stat(ctx, name)
	if missing(err) {
		return 0, nil
	}
	if err == nil {
		err = s.objects.Delete(ctx, name)
	}
	if err != nil {
		return 0, fmt.Errorf("content: %w", err)
	}
	return n, nil
}

// Exclusive returns how many blocks root reaches and others do not, their
// plain length and their stored length in bytes: what Collect of root would
// free, pages aside.
func (s *Store) Exclusive(ctx context.Context, root Root, others []Root) (blocks, plain, stored int64, err error) {
	w := &walk{target: []Root{root}, known: others, readTarget: s, readKnown: s}
	w.block = func(e *Entry) error {
		blocks++
		plain += int64(e.Plain)
		stored += int64(e.Stored)
		return nil
	}
	err = w.run(ctx)
	return blocks, plain, stored, err
}
