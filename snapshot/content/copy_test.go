package content

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ebsim/ebsim/internal/blob"
	"github.com/stretchr/testify/require"
)

// TestCopyThenCollect has both sides go on without the other.
func TestCopyThenCollect(t *testing.T) {
	ctx, here, there, keys := t.Context(), blob.Memory(), blob.Memory(), NewKeys(NewKey())
	s, s2 := New(here), New(there)
	first, firstModel := model{0: 1, 1024: 2, 1030: 3}, model{0: 1, 1024: 9, 1030: 3, 2047: 4}
	a, _ := commit(t, s, 3000, Root{}, keys, first)
	b, _ := commit(t, s, 3000, a, keys, model{1024: 9, 2047: 4})

	var last [2]int64
	stats, err := s2.CopyFrom(ctx, s, a, nil, func(done, total int64) { last = [2]int64{done, total} })
	require.NoError(t, err)
	require.Equal(t, [2]int64{3, 3}, last)
	require.EqualValues(t, 3, stats.BlocksStored)
	require.Equal(t, stored(t, here)[a.top.id.String()], stored(t, there)[a.top.id.String()])

	stats, err = s2.CopyFrom(ctx, s, b, []Root{a}, func(done, total int64) { last = [2]int64{done, total} })
	require.NoError(t, err)
	require.Equal(t, [2]int64{4, 4}, last)
	require.EqualValues(t, 2, stats.BlocksStored)
	require.EqualValues(t, 2, stats.BlocksReused)
	require.EqualValues(t, 2, stats.BlocksRead, "what has shares is not looked at")
	require.Equal(t, reachable(t, s, a, b), stored(t, there))

	_, err = s.Collect(ctx, []Root{a, b}, stay())
	require.NoError(t, err)
	require.Empty(t, stored(t, here))
	requireTree(t, s2, a, keys, first)
	requireTree(t, s2, b, keys, firstModel)
	_, err = s.CopyFrom(ctx, s2, b, nil, nil)
	require.NoError(t, err)
	_, err = s2.Collect(ctx, []Root{a}, stay(b))
	require.NoError(t, err)
	requireTree(t, s2, b, keys, firstModel)
	requireTree(t, s, b, keys, firstModel)
}

// TestCopyAgain has copies interrupted at every operation: after each, Collect
// clears all away, and so does a second copy complete.
func TestCopyAgain(t *testing.T) {
	ctx, keys := t.Context(), NewKeys(NewKey())
	s := New(blob.Memory())
	m := model{0: 1, 1: 2, 1024: 3, 5000: 4}
	root, _ := commit(t, s, 6000, Root{}, keys, m)
	broken := errors.New("the line is cut")
	for n := 1; ; n++ {
		objects := &lossy{Store: blob.Memory(), synced: map[string]bool{}}
		s2 := New(objects)
		s2.limits.unsynced = 2
		count := 0
		objects.fail = func(string, string) error {
			if count++; count == n {
				return broken
			}
			return nil
		}
		_, err := s2.CopyFrom(ctx, s, root, nil, nil)
		objects.fail = nil
		if count < n {
			require.NoError(t, err)
			break
		}
		require.ErrorIs(t, err, broken)
		if n%2 == 0 {
			_, err = s2.Collect(ctx, []Root{root}, stay())
			require.NoError(t, err)
			require.Empty(t, stored(t, objects))
			continue
		}
		objects.cut(t)
		_, err = s2.CopyFrom(ctx, s, root, nil, nil)
		require.NoError(t, err)
		objects.cut(t)
		require.NoError(t, s2.Verify(ctx, root, &keys, nil))
		require.Equal(t, reachable(t, s, root), stored(t, objects))
	}
}

// TestCopyOfDamage has a damaged source fail the copy, and damage at the
// destination mended by it.
func TestCopyOfDamage(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	for name := range w.indexes {
		data, err := w.objects.Get(ctx, name)
		require.NoError(t, err)
		replace(t, w.objects, name, []byte("x"))
		_, err = New(blob.Memory()).CopyFrom(ctx, w.store, w.root, nil, nil)
		var damage *ObjectError
		require.ErrorAs(t, err, &damage)
		require.Equal(t, name, damage.Object)
		replace(t, w.objects, name, data)

		there := blob.Memory()
		s2 := New(there)
		require.NoError(t, there.Put(ctx, name, make([]byte, len(data))))
		_, err = s2.CopyFrom(ctx, w.store, w.root, nil, nil)
		require.NoError(t, err)
		require.NoError(t, s2.Verify(ctx, w.root, &w.keys, nil))
	}
}

// TestGate has a copy and a collection of one store wait for each other.
func TestGate(t *testing.T) {
	ctx, keys := t.Context(), NewKeys(NewKey())
	s, s2 := New(blob.Memory()), New(blob.Memory())
	root, _ := commit(t, s, 10, Root{}, keys, model{0: 1})
	inLive, goOn, copied := make(chan bool), make(chan bool), make(chan error, 1)
	collected := make(chan error, 1)
	go func() {
		_, err := s2.Collect(ctx, []Root{root}, func(context.Context) ([]Root, error) {
			inLive <- true
			<-goOn
			return nil, nil
		})
		collected <- err
	}()
	<-inLive
	impatient, cancel := context.WithCancelCause(ctx)
	enough := errors.New("enough")
	cancel(enough)
	_, err := s2.CopyFrom(impatient, s, root, nil, nil)
	require.ErrorIs(t, err, enough)
	go func() {
		_, err := s2.CopyFrom(ctx, s, root, nil, nil)
		copied <- err
	}()
	select {
	case <-copied:
		t.Fatal("the copy did not wait")
	case <-time.After(50 * time.Millisecond):
	}
	close(goOn)
	require.NoError(t, <-collected)
	require.NoError(t, <-copied)
	requireTree(t, s2, root, keys, model{0: 1})
}

func TestReseal(t *testing.T) {
	ctx, here, there := t.Context(), blob.Memory(), blob.Memory()
	s, s2 := New(here), New(there)
	old, fresh := NewKeys(NewKey()), NewKeys(NewKey())
	m := model{0: 1, 9: 2, 1024: 3}
	// Block 9 is short and no longer the last.
	root, _ := commit(t, s, 10, Root{}, old, model{0: 1, 9: 2})
	root, _ = commit(t, s, 1026, root, old, model{1024: 3})

	for _, to := range []*Store{s, s2} {
		for n := range uint64(10) {
			used := noise(n, bufferSize)
			to.buffers.Put(&used)
		}
		var calls int64
		sealed, stats, err := to.Reseal(ctx, s, root, old, fresh, func(done, total int64) {
			calls++
			require.Equal(t, [2]int64{calls, 3}, [2]int64{done, total})
		})
		require.NoError(t, err)
		require.EqualValues(t, 3, calls)
		require.EqualValues(t, 3, stats.BlocksStored)
		require.Zero(t, stats.BlocksReused)
		require.Equal(t, root.Blocks(), sealed.Blocks())
		require.NoError(t, to.Verify(ctx, sealed, &fresh, nil))
		dst := make([]byte, BlockSize)
		for index, n := range m {
			_, err := to.Read(sealed, old).Block(ctx, index, dst)
			require.ErrorIs(t, err, ErrNoKey, "the old key opens nothing")
			_, err = to.Read(sealed, fresh).Block(ctx, index, dst)
			require.NoError(t, err)
			want := pattern(n, BlockSize)
			if index == 9 {
				clear(want[sizeOf(9, 10):])
			}
			require.True(t, bytes.Equal(want, dst))
		}
		for name := range reachable(t, to, sealed) {
			require.NotContains(t, reachable(t, s, root), name)
		}
	}

	// A failure leaves nothing.
	before := stored(t, there)
	_, _, err := s2.Reseal(ctx, s, root, fresh, fresh, nil)
	require.ErrorIs(t, err, ErrNoKey)
	require.Equal(t, before, stored(t, there))

	// As a job: the writer's id is known before.
	id := NewWriterID()
	w, err := s2.WriteAs(ctx, id, root.Blocks(), Root{}, fresh)
	require.NoError(t, err)
	require.NoError(t, w.Reseal(ctx, s, root, old, nil))
	sealed, _, err := w.Commit(ctx)
	require.NoError(t, err)
	for name := range reachable(t, s2, sealed) {
		require.True(t, strings.HasPrefix(name, id+"/"))
	}
}
