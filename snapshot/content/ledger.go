package content

import (
	"context"
	"crypto/sha256"
	"fmt"
	"sync"

	"github.com/ebsim/ebsim/internal/blob"
)

// ledger stores objects and keeps account of what is to be synced and what to
// be removed again. It is safe for concurrent use.
type ledger struct {
	objects blob.Store
	limit   int // of unsynced

	settling sync.Mutex // held while objects are synced or removed

	mu       sync.Mutex
	unsynced map[ObjectID]bool
	garbage  map[ObjectID]bool
}

func newLedger(s *Store) *ledger {
	return &ledger{objects: s.objects, limit: s.limits.unsynced, unsynced: map[ObjectID]bool{}, garbage: map[ObjectID]bool{}}
}

// put stores an object of a fresh name.
func (l *ledger) put(ctx context.Context, id ObjectID, data []byte) error {
	if err := l.objects.Put(ctx, id.String(), data); err != nil {
		return fmt.Errorf("content: %w", err)
	}
	return l.added(ctx, id)
}

// putPage stores an object whose name may be taken: a page that became again
// what it was, or one that a writer of the same id left when it was killed.
func (l *ledger) putPage(ctx context.Context, id ObjectID, data []byte) error {
	l.settling.Lock()
	l.mu.Lock()
	delete(l.garbage, id)
	l.mu.Unlock()
	_, err := ensure(ctx, l.objects, id, func() ([]byte, error) { return data, nil })
	l.settling.Unlock()
	if err != nil {
		return err
	}
	return l.added(ctx, id)
}

func (l *ledger) added(ctx context.Context, id ObjectID) error {
	l.mu.Lock()
	l.unsynced[id] = true
	full := len(l.unsynced) >= l.limit
	l.mu.Unlock()
	if full {
		return l.settle(ctx, false)
	}
	return nil
}

// drop marks an object for removal.
func (l *ledger) drop(id ObjectID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.unsynced, id)
	l.garbage[id] = true
}

// settle syncs what is unsynced and removes what was dropped: all of it, or
// nothing unless there is much.
func (l *ledger) settle(ctx context.Context, all bool) error {
	l.settling.Lock()
	defer l.settling.Unlock()
	for {
		l.mu.Lock()
		if n := len(l.unsynced); n == 0 || !all && n < l.limit {
			l.mu.Unlock()
			break
		}
		names := make([]string, 0, l.limit)
		for id := range l.unsynced {
			if len(names) == l.limit {
				break
			}
			names = append(names, id.String())
			delete(l.unsynced, id)
		}
		l.mu.Unlock()
		if err := l.objects.Sync(ctx, names...); err != nil {
			return fmt.Errorf("content: %w", err)
		}
	}
	l.mu.Lock()
	garbage := l.garbage
	l.garbage = map[ObjectID]bool{}
	l.mu.Unlock()
	for id := range garbage {
		if err := l.objects.Delete(ctx, id.String()); err != nil {
			return fmt.Errorf("content: %w", err)
		}
	}
	return nil
}

// ensure stores the bytes that fetch returns under id unless they are there,
// and reports whether they were. What is there is read: after a power cut, an
// object that was never synced may be anything.
func ensure(ctx context.Context, objects blob.Store, id ObjectID, fetch func() ([]byte, error)) (there bool, err error) {
	name := id.String()
	switch _, err := objects.Stat(ctx, name); {
	case err == nil:
		old, err := objects.Get(ctx, name)
		if err == nil && sha256.Sum256(old) == id.Digest {
			return true, nil
		} else if err != nil && !missing(err) {
			return false, fmt.Errorf("content: %w", err)
		}
		if err := objects.Delete(ctx, name); err != nil {
			return false, fmt.Errorf("content: %w", err)
		}
	case !missing(err):
		return false, fmt.Errorf("content: %w", err)
	}
	data, err := fetch()
	if err != nil {
		return false, err
	}
	if err := objects.Put(ctx, name, data); err != nil {
		return false, fmt.Errorf("content: %w", err)
	}
	return false, nil
}
