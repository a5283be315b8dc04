package content

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/ebsim/ebsim/internal/blob"
	"github.com/stretchr/testify/require"
)

// lossy is a blob store that knows what a power cut would leave.
type lossy struct {
	blob.Store
	mu     sync.Mutex
	synced map[string]bool
	fail   func(op, name string) error
}

func (l *lossy) Put(ctx context.Context, name string, data []byte) error {
	if err := l.failure("put", name); err != nil {
		return err
	}
	return l.Store.Put(ctx, name, data)
}

func (l *lossy) Get(ctx context.Context, name string) ([]byte, error) {
	if err := l.failure("get", name); err != nil {
		return nil, err
	}
	return l.Store.Get(ctx, name)
}

func (l *lossy) Sync(ctx context.Context, names ...string) error {
	if err := l.failure("sync", ""); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, name := range names {
		l.synced[name] = true
	}
	return l.Store.Sync(ctx, names...)
}

func (l *lossy) failure(op, name string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fail != nil {
		return l.fail(op, name)
	}
	return nil
}

// cut cuts the power: what was not synced is empty.
func (l *lossy) cut(t require.TestingT) {
	for name := range stored(t, l.Store) {
		if !l.synced[name] {
			replace(t, l.Store, name, nil)
		}
	}
}

// TestDurable has every object of a tree, of copies too, synced when the tree
// is returned.
func TestDurable(t *testing.T) {
	for _, limit := range []int{1, 3, 1000} {
		t.Run(fmt.Sprint(limit), func(t *testing.T) {
			ctx, keys := t.Context(), NewKeys(NewKey())
			from := &lossy{Store: blob.Memory(), synced: map[string]bool{}}
			to := &lossy{Store: blob.Memory(), synced: map[string]bool{}}
			s, s2 := New(from), New(to)
			s.limits.unsynced, s.limits.changes, s2.limits.unsynced = limit, 4, limit
			m := model{0: 1, 10: 2, 1024: 3, 2050: 5, 9000: 6, 9001: 7}
			root, _ := commit(t, s, 10000, Root{}, keys, m)
			from.cut(t)
			requireTree(t, s, root, keys, m)
			_, err := s2.CopyFrom(ctx, s, root, nil, nil)
			require.NoError(t, err)
			to.cut(t)
			requireTree(t, s2, root, keys, m)
		})
	}
}

// TestFailures has each blob operation fail once: no tree is returned, and
// Discard leaves nothing.
func TestFailures(t *testing.T) {
	ctx, keys := t.Context(), NewKeys(NewKey())
	objects := &lossy{Store: blob.Memory(), synced: map[string]bool{}}
	s := New(objects)
	s.limits.changes, s.limits.unsynced = 2, 3
	base, _ := commit(t, s, 5000, Root{}, keys, model{1: 1, 2000: 2})
	before := stored(t, objects)
	broken := errors.New("the disk is gone")
	for n := 1; ; n++ {
		count := 0
		objects.fail = func(string, string) error {
			if count++; count == n {
				return broken
			}
			return nil
		}
		w, err := s.Write(ctx, 5000, base, keys)
		require.NoError(t, err)
		for i := range int64(6) {
			err = errors.Join(err, w.Put(ctx, 1+i*400, pattern(uint64(50+i), BlockSize)))
		}
		_, _, err2 := w.Commit(ctx)
		objects.fail = nil
		if count < n {
			require.NoError(t, errors.Join(err, err2))
			break
		}
		require.ErrorIs(t, err2, broken, "also if it was a Put that failed")
		require.NoError(t, w.Discard(ctx))
		require.Equal(t, before, stored(t, objects))
	}
}
