package content

import (
	"context"
	"errors"
	"testing"

	"github.com/ebsim/ebsim/internal/blob"
	"github.com/stretchr/testify/require"
)

// TestCollectAgain has a collection interrupted at every removal, and made
// again.
func TestCollectAgain(t *testing.T) {
	keys := NewKeys(NewKey())
	for n := 1; ; n++ {
		ctx, cancel := context.WithCancel(t.Context())
		objects := &counting{Store: blob.Memory()}
		s := New(objects)
		a, _ := commit(t, s, 5000, Root{}, keys, model{0: 1, 1: 2, 1024: 3, 4000: 4})
		b, _ := commit(t, s, 5000, a, keys, model{1: 7, 1024: 0})
		before := total(stored(t, objects))
		deleted := 0
		objects.deleting = func() {
			if deleted++; deleted == n {
				cancel()
			}
		}
		freed, err := s.Collect(ctx, []Root{a}, stay(b))
		cancel()
		objects.deleting = nil
		if deleted < n {
			require.NoError(t, err)
			return
		}
		more, err := s.Collect(t.Context(), []Root{a}, stay(b))
		require.NoError(t, err)
		require.Equal(t, reachable(t, s, b), stored(t, objects))
		require.Equal(t, before-total(stored(t, objects)), freed+more)
		require.NoError(t, s.Verify(t.Context(), b, &keys, nil))
	}
}

type counting struct {
	blob.Store
	deleting func()
}

func (c *counting) Delete(ctx context.Context, name string) error {
	if c.deleting != nil {
		c.deleting()
	}
	return c.Store.Delete(context.WithoutCancel(ctx), name)
}

func TestCollectIsCareful(t *testing.T) {
	ctx, objects, keys := t.Context(), blob.Memory(), NewKeys(NewKey())
	s := New(objects)
	a, _ := commit(t, s, 5000, Root{}, keys, model{0: 1, 1: 2})
	b, _ := commit(t, s, 5000, a, keys, model{1: 3})
	before := stored(t, objects)

	freed, err := s.Collect(ctx, []Root{a, b, {}}, stay(b, a))
	require.NoError(t, err)
	require.Zero(t, freed, "both dead and live is live")

	broken := errors.New("no records")
	_, err = s.Collect(ctx, []Root{a}, func(context.Context) ([]Root, error) { return nil, broken })
	require.ErrorIs(t, err, broken)
	_, err = s.Sweep(ctx, func(context.Context) (Live, error) { return Live{}, broken })
	require.ErrorIs(t, err, broken)
	_, err = s.Sweep(ctx, func(context.Context) (Live, error) { return Live{Writers: []string{"x"}}, nil })
	require.ErrorContains(t, err, "not a writer's id")
	require.Equal(t, before, stored(t, objects))

	// A live page that cannot be read: nothing goes.
	top, err := objects.Get(ctx, b.top.id.String())
	require.NoError(t, err)
	replace(t, objects, b.top.id.String(), []byte("garbled"))
	before = stored(t, objects)
	_, err = s.Collect(ctx, []Root{a}, stay(b))
	require.ErrorIs(t, err, ErrDamaged)
	_, err = s.Sweep(ctx, func(context.Context) (Live, error) { return Live{Roots: []Root{b}}, nil })
	require.ErrorIs(t, err, ErrDamaged)
	require.Equal(t, before, stored(t, objects))
	replace(t, objects, b.top.id.String(), top)

	// A tree of which nothing came yet: a copy under way.
	arriving := Root{size: 5000, top: ref{ObjectID{Writer: WriterID{1}}, sums{1, 1, 1}}}
	_, err = s.Collect(ctx, []Root{a}, stay(b, arriving))
	require.NoError(t, err)
	require.Equal(t, reachable(t, s, b), stored(t, objects))
	require.NoError(t, s.Verify(ctx, b, &keys, nil))
}

func TestSweep(t *testing.T) {
	for _, swept := range []int64{1, 2, 1 << 20} {
		ctx, objects, keys := t.Context(), blob.Memory(), NewKeys(NewKey())
		s := New(objects)
		s.limits.swept = swept
		a, _ := commit(t, s, 5000, Root{}, keys, model{0: 1, 1: 2, 1024: 3, 4000: 4})
		b, _ := commit(t, s, 5000, a, keys, model{1: 7, 1024: 0})
		commit(t, s, 5000, a, keys, model{1: 8, 2: 8}) // nobody's

		// A job of another process, recorded; one killed and forgotten; one at
		// work, and one that starts meanwhile.
		job, forgotten := NewWriterID(), NewWriterID()
		other := New(objects)
		var open []*Writer
		for _, id := range []string{job, forgotten} {
			w, err := other.WriteAs(ctx, id, 5000, b, keys)
			require.NoError(t, err)
			require.NoError(t, w.Put(ctx, 3, pattern(3, BlockSize)))
		}
		begin := func() {
			w, err := s.Write(ctx, 5000, b, keys)
			require.NoError(t, err)
			require.NoError(t, w.Put(ctx, 4, pattern(4, BlockSize)))
			open = append(open, w)
		}
		begin()
		require.NoError(t, objects.Put(ctx, "notes/of/others", []byte("stay")))
		before := total(stored(t, objects))
		freed, err := s.Sweep(ctx, func(context.Context) (Live, error) {
			begin()
			return Live{Roots: []Root{b, b, {}}, Writers: []string{job}}, nil
		})
		require.NoError(t, err)
		left := stored(t, objects)
		want := reachable(t, s, b)
		want["notes/of/others"] = 4
		kept := 0
		for name, size := range left {
			if id, err := parseObject(name); err == nil && (id.Writer.String() == job || id.Writer == open[0].id || id.Writer == open[1].id) {
				want[name] = size
				kept++
			}
		}
		require.Equal(t, 3, kept)
		require.Equal(t, want, left)
		begun := left[nameOf(t, open[1], 4)]
		require.Equal(t, before+begun-total(left), freed)
		for _, w := range open {
			root, _, err := w.Commit(ctx)
			require.NoError(t, err)
			requireTree(t, s, root, keys, model{0: 1, 1: 7, 4: 4, 4000: 4})
		}
	}
}

// nameOf is the name of a block that a writer has put.
func nameOf(t *testing.T, w *Writer, index int64) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	e, ok := w.changes[index]
	require.True(t, ok)
	return e.Object.String()
}

// TestExclusive compares what Exclusive says with what Collect frees.
func TestExclusive(t *testing.T) {
	ctx, keys := t.Context(), NewKeys(NewKey())
	s := New(blob.Memory())
	a, _ := commit(t, s, 5000, Root{}, keys, model{0: 1, 1: 2, 1024: 3, 4000: 4})
	b, _ := commit(t, s, 5000, a, keys, model{1: 7, 1024: 0})
	c, _ := commit(t, s, 1<<21, b, keys, model{1 << 20: 5})
	for _, x := range []struct {
		root          Root
		others        []Root
		blocks, plain int64
	}{
		{a, nil, 4, 4 * BlockSize},
		{a, []Root{b}, 2, 2 * BlockSize},
		{b, []Root{a}, 1, BlockSize},
		{b, []Root{a, c}, 0, 0},
		{c, []Root{a}, 2, 2 * BlockSize},
		{c, []Root{b}, 1, BlockSize},
		{c, []Root{c, a}, 0, 0},
		{Root{}, []Root{a}, 0, 0},
	} {
		blocks, plain, _, err := s.Exclusive(ctx, x.root, x.others)
		require.NoError(t, err)
		require.Equal(t, x.blocks, blocks)
		require.Equal(t, x.plain, plain)
	}
}
