package content

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/ebsim/ebsim/internal/blob"
	"github.com/stretchr/testify/require"
)

// TestIncremental has a change in a large tree cost the change and its path.
func TestIncremental(t *testing.T) {
	s, keys := New(blob.Memory()), NewKeys(NewKey())
	blocks := int64(64<<40) / BlockSize
	all := model{}
	for i := range int64(40) {
		all[i*(blocks/40)] = uint64(i + 1)
	}
	base, _ := commit(t, s, blocks, Root{}, keys, all)
	root, stats := commit(t, s, blocks, base, keys, model{blocks / 40 * 7: 1000})
	require.EqualValues(t, 1, stats.BlocksStored)
	require.EqualValues(t, 3, stats.Pages)
	all[blocks/40*7] = 1000
	requireTree(t, s, root, keys, all)

	same, stats := commit(t, s, blocks, root, keys, all)
	require.Equal(t, root, same, "what changes nothing is the same tree")
	require.Equal(t, Stats{BlocksRead: 40, BlocksReused: 40}, stats)

	none := model{}
	for i := range all {
		none[i] = 0
	}
	empty, stats := commit(t, s, blocks, root, keys, none)
	require.True(t, empty.Empty())
	require.Equal(t, Stats{BlocksZero: 40}, stats)
}

// TestReuse has blocks compared under the key that sealed them and written
// under the current one.
func TestReuse(t *testing.T) {
	ctx, s := t.Context(), New(blob.Memory())
	k1 := NewKey()
	k2 := k1.Next()
	base, _ := commit(t, s, 10, Root{}, NewKeys(k1), model{0: 1, 1: 2})
	for _, c := range []struct {
		name   string
		keys   Keys
		reused int64
	}{
		{"same key", NewKeys(k1), 1},
		{"key among others", NewKeys(k2, k1), 1},
		{"no common key", NewKeys(k2), 0},
	} {
		root, stats := commit(t, s, 10, base, c.keys, model{0: 1, 1: 3})
		require.Equal(t, c.reused, stats.BlocksReused, c.name)
		require.Equal(t, 2-c.reused, stats.BlocksStored, c.name)
		e, _, err := s.Read(root, Keys{}).Entry(ctx, 1)
		require.NoError(t, err)
		require.Equal(t, c.keys.Current().ID, e.Key, c.name)
		all := NewKeys(k1, k2)
		require.NoError(t, s.Verify(ctx, root, &all, nil), c.name)
	}
	// Equal plaintext at another index, or in another place, is not reused.
	_, stats := commit(t, s, 10, base, NewKeys(k1), model{0: 2, 5: 1})
	require.EqualValues(t, 2, stats.BlocksStored)
}

// TestRewrites puts blocks again and again, with pages written on the way: in
// the end only what the tree has is there.
func TestRewrites(t *testing.T) {
	ctx, objects, keys := t.Context(), blob.Memory(), NewKeys(NewKey())
	s := New(objects)
	s.limits = limits{changes: 3, unsynced: 2, swept: 1}
	blocks := int64(3000)
	base, _ := commit(t, s, blocks, Root{}, keys, model{0: 1, 1500: 2, 2998: 3})
	before := stored(t, objects)
	w, err := s.Write(ctx, blocks, base, keys)
	require.NoError(t, err)
	m := model{0: 1, 1500: 2, 2998: 3}
	for round := range uint64(4) {
		for _, index := range []int64{0, 5, 1024, 1500, 2047, 2048, 2998} {
			if n := (round + uint64(index)) % 4; n == 0 {
				require.NoError(t, w.Remove(index))
				delete(m, index)
			} else {
				require.NoError(t, w.Put(ctx, index, pattern(n, BlockSize)))
				m[index] = n
			}
		}
	}
	root, stats, err := w.Commit(ctx)
	require.NoError(t, err)
	requireTree(t, s, root, keys, m)
	require.Equal(t, reachable(t, s, base, root), stored(t, objects))
	require.Equal(t, total(stored(t, objects))-total(before), stats.StoredBytes+stats.PageBytes)

	// Back to what the base had, through pages of the way.
	w, err = s.Write(ctx, blocks, base, keys)
	require.NoError(t, err)
	for _, n := range []uint64{7, 8, 1} {
		for index := range int64(3) {
			require.NoError(t, w.Put(ctx, index, pattern(n, BlockSize)))
		}
	}
	require.NoError(t, w.Remove(1))
	require.NoError(t, w.Remove(2))
	again, stats, err := w.Commit(ctx)
	require.NoError(t, err)
	requireTree(t, s, again, keys, model{0: 1, 1500: 2, 2998: 3})
	require.Zero(t, stats.StoredBytes+stats.BlocksStored)
	require.Equal(t, reachable(t, s, base, root, again), stored(t, objects))
}

// TestPageAgain has a page come out as one that was just replaced, and not
// yet removed.
func TestPageAgain(t *testing.T) {
	ctx, objects, keys := t.Context(), blob.Memory(), NewKeys(NewKey())
	s := New(objects)
	s.limits.changes = 1
	w, err := s.Write(ctx, 10, Root{}, keys)
	require.NoError(t, err)
	require.NoError(t, w.Put(ctx, 0, pattern(1, BlockSize)))
	require.NoError(t, w.Put(ctx, 1, pattern(2, BlockSize)))
	require.NoError(t, w.Remove(1))
	root, stats, err := w.Commit(ctx)
	require.NoError(t, err)
	requireTree(t, s, root, keys, model{0: 1})
	require.Equal(t, reachable(t, s, root), stored(t, objects))
	require.EqualValues(t, 1, stats.Pages)
}

// TestGrow has the tree grow with its volume, and a last block that was short
// read with zeros behind it.
func TestGrow(t *testing.T) {
	s, keys := New(blob.Memory()), NewKeys(NewKey())
	m := model{0: 1, 9: 2}
	root, _ := commit(t, s, 10, Root{}, keys, m)
	for _, blocks := range []int64{1000, 1025, 1 << 21, 1 << 21} {
		grown, _ := commit(t, s, blocks, root, keys, model{})
		requireTree(t, s, grown, keys, m)
		m[blocks-2] = uint64(blocks)
		root, _ = commit(t, s, blocks, root, keys, model{blocks - 2: uint64(blocks)})
		requireTree(t, s, root, keys, m)
		require.NoError(t, s.Verify(t.Context(), root, &keys, nil))
	}
	_, err := s.Write(t.Context(), 5, root, keys)
	require.ErrorIs(t, err, ErrRange)
}

func TestWriterErrors(t *testing.T) {
	ctx, s, keys := t.Context(), New(blob.Memory()), NewKeys(NewKey())
	_, err := s.Write(ctx, -1, Root{}, keys)
	require.ErrorIs(t, err, ErrRange)
	_, err = s.Write(ctx, MaxBlocks+1, Root{}, keys)
	require.ErrorIs(t, err, ErrRange)
	_, err = s.Write(ctx, 1, Root{}, Keys{})
	require.ErrorIs(t, err, ErrNoKey)
	_, err = s.Write(ctx, 1, Root{}, NewKeys(Key{}))
	require.ErrorIs(t, err, ErrNoKey)
	for _, id := range []string{"", "00", "00112233445566XX", "00112233445566AA", "../../0011223344"} {
		_, err = s.WriteAs(ctx, id, 1, Root{}, keys)
		require.ErrorContains(t, err, "not a writer's id", id)
	}
	w, err := s.Write(ctx, 10, Root{}, keys)
	require.NoError(t, err)
	for _, c := range []struct {
		index int64
		n     int
	}{{-1, BlockSize}, {10, BlockSize}, {0, 0}, {0, BlockSize - 1}, {0, BlockSize + 1}, {9, 0}, {9, BlockSize + 1}} {
		require.ErrorIs(t, w.Put(ctx, c.index, make([]byte, c.n)), ErrRange, "%v", c)
	}
	require.ErrorIs(t, w.Remove(10), ErrRange)
	require.NoError(t, w.Put(ctx, 9, pattern(1, BlockSize)))
	root, _, err := w.Commit(ctx)
	require.NoError(t, err)
	require.ErrorIs(t, w.Put(ctx, 1, pattern(1, BlockSize)), ErrClosed)
	_, _, err = w.Commit(ctx)
	require.ErrorIs(t, err, ErrClosed)
	_, err = s.WriteAs(ctx, w.Writer(), 10, root, keys)
	require.ErrorContains(t, err, "wrote the base")
}

func TestDiscardAndRemoveWriter(t *testing.T) {
	ctx, objects, keys := t.Context(), blob.Memory(), NewKeys(NewKey())
	s := New(objects)
	base, _ := commit(t, s, 10, Root{}, keys, model{0: 1})
	before := stored(t, objects)
	w, err := s.Write(ctx, 10, base, keys)
	require.NoError(t, err)
	require.NoError(t, w.Put(ctx, 1, pattern(2, BlockSize)))
	require.NotEqual(t, before, stored(t, objects))
	require.NoError(t, w.Discard(ctx))
	require.NoError(t, w.Discard(ctx))
	require.Equal(t, before, stored(t, objects))

	// A killed writer: no Discard, a new Store over the same objects.
	id := NewWriterID()
	w, err = s.WriteAs(ctx, id, 10, base, keys)
	require.NoError(t, err)
	require.NoError(t, w.Put(ctx, 1, pattern(2, BlockSize)))
	for name := range stored(t, objects) {
		if _, ok := before[name]; !ok {
			require.True(t, strings.HasPrefix(name, id+"/"))
		}
	}
	_, err = s.RemoveWriter(ctx, id, nil)
	require.ErrorContains(t, err, "has not ended")
	s = New(objects)
	want := total(stored(t, objects)) - total(before)
	freed, err := s.RemoveWriter(ctx, id, nil)
	require.NoError(t, err)
	require.Equal(t, want, freed)
	require.Equal(t, before, stored(t, objects))

	// One that did commit, against the caller's belief.
	root, _ := commit(t, s, 10, base, keys, model{2: 5})
	freed, err = s.RemoveWriter(ctx, root.top.id.Writer.String(), stay(root))
	require.NoError(t, err)
	require.Zero(t, freed)
	requireTree(t, s, root, keys, model{0: 1, 2: 5})
}

// TestRetryOverGarbage has a job killed in a power cut begin again under its
// id: a page that comes out the same replaces what is left of the first.
func TestRetryOverGarbage(t *testing.T) {
	ctx, objects, keys := t.Context(), blob.Memory(), NewKeys(NewKey())
	s := New(objects)
	base, _ := commit(t, s, 10, Root{}, keys, model{0: 1, 1: 2})
	id := NewWriterID()
	for range 2 {
		w, err := New(objects).WriteAs(ctx, id, 10, base, keys)
		require.NoError(t, err)
		require.NoError(t, w.Remove(1))
		root, _, err := w.Commit(ctx)
		require.NoError(t, err)
		requireTree(t, s, root, keys, model{0: 1})
		replace(t, objects, root.top.id.String(), nil)
	}
}

func TestConcurrentPuts(t *testing.T) {
	ctx, objects, keys := t.Context(), blob.Memory(), NewKeys(NewKey())
	s := New(objects)
	s.limits = limits{changes: 16, unsynced: 8, swept: 1}
	m := model{}
	for i := range int64(60) {
		m[i*100] = uint64(i%50 + 1)
	}
	base, _ := commit(t, s, 10000, Root{}, keys, model{0: 1, 100: 7, 5900: 9})
	w, err := s.Write(ctx, 10000, base, keys)
	require.NoError(t, err)
	work := make(chan int64)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for index := range work {
				// Twice: the second replaces the first.
				if err := errors.Join(w.Put(ctx, index, pattern(99, BlockSize)), w.Put(ctx, index, pattern(m[index], BlockSize))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for index := range m {
		work <- index
	}
	close(work)
	wg.Wait()
	root, _, err := w.Commit(ctx)
	require.NoError(t, err)
	require.Equal(t, reachable(t, s, base, root), stored(t, objects))

	r := s.Read(root, keys)
	for g := range 4 {
		wg.Go(func() {
			dst := make([]byte, BlockSize)
			for index, n := range m {
				if _, err := r.Block(ctx, index, dst); err != nil || string(dst[:100]) != string(pattern(n, 100)) {
					t.Error(g, index, err)
				}
			}
		})
	}
	wg.Wait()
}
