package content

import (
	"context"
	"maps"
	"slices"
	"testing"

	"github.com/ebsim/ebsim/internal/blob"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// tree is a snapshot of the simulation: a Root, and what it should hold.
type tree struct {
	root   Root
	keys   Keys
	m      model
	key    map[int64]KeyID // under which key each block was sealed
	blocks int64
}

func (a *tree) clone() *tree {
	b := *a
	b.m, b.key = maps.Clone(a.m), maps.Clone(a.key)
	return &b
}

func roots(trees []*tree) []Root {
	var all []Root
	for _, s := range trees {
		all = append(all, s.root)
	}
	return all
}

// TestModel makes chains and forks of trees at random, removes some, copies
// and re-encrypts, and compares everything with maps.
func TestModel(t *testing.T) {
	plain := [][]byte{nil, pattern(1, BlockSize), pattern(2, BlockSize), pattern(3, BlockSize)}
	rapid.Check(t, func(t *rapid.T) {
		ctx := context.Background()
		here, there := blob.Memory(), blob.Memory()
		s, s2 := New(here), New(there)
		s.limits = limits{
			changes:  rapid.IntRange(1, 20).Draw(t, "changes"),
			unsynced: rapid.IntRange(1, 20).Draw(t, "unsynced"),
			swept:    rapid.Int64Range(1, 20).Draw(t, "swept"),
		}
		// Close together and far apart, across pages.
		index := rapid.Custom(func(t *rapid.T) int64 {
			return rapid.SampledFrom([]int64{0, 1022, 1024, 2048, 1 << 20}).Draw(t, "near") + rapid.Int64Range(0, 3).Draw(t, "offset")
		})
		trees := []*tree{{keys: NewKeys(NewKey()), blocks: 1, m: model{}, key: map[int64]KeyID{}}}
		var copied []*tree
		pick := func() *tree { return rapid.SampledFrom(trees).Draw(t, "tree") }

		actions := map[string]func(*rapid.T){
			"write": func(t *rapid.T) {
				next := pick().clone()
				if rapid.Bool().Draw(t, "rotate") {
					next.keys = NewKeys(next.keys.Current().Next(), next.keys.All()...)
				}
				next.blocks = max(next.blocks, rapid.SampledFrom([]int64{1, 1026, 1<<20 + 9}).Draw(t, "blocks"))
				w, err := s.Write(ctx, next.blocks, next.root, next.keys)
				require.NoError(t, err)
				for range rapid.IntRange(0, 5).Draw(t, "puts") {
					i, n := index.Draw(t, "index")%next.blocks, rapid.Uint64Range(0, 3).Draw(t, "n")
					if n == 0 {
						require.NoError(t, w.Remove(i))
						delete(next.m, i)
						delete(next.key, i)
						continue
					}
					base := baseOf(next, w, plain, i)
					require.NoError(t, w.Put(ctx, i, plain[n]))
					next.m[i], next.key[i] = n, next.keys.Current().ID
					if base.n == n {
						next.key[i] = base.key
					}
				}
				next.root, _, err = w.Commit(ctx)
				require.NoError(t, err)
				trees = append(trees, next)
			},
			"remove": func(t *rapid.T) {
				dead := pick()
				rest := slices.DeleteFunc(slices.Clone(trees), func(o *tree) bool { return o == dead })
				if len(rest) == 0 {
					return
				}
				want := stored(t, here)
				for name := range reachable(t, s, dead.root) {
					delete(want, name)
				}
				maps.Copy(want, reachable(t, s, roots(rest)...))
				blocks, _, bytes, err := s.Exclusive(ctx, dead.root, roots(rest))
				require.NoError(t, err)
				before := total(stored(t, here))
				freed, err := s.Collect(ctx, []Root{dead.root}, stay(roots(rest)...))
				require.NoError(t, err)
				require.Equal(t, want, stored(t, here))
				require.Equal(t, before-total(want), freed)
				require.LessOrEqual(t, bytes, freed)
				require.True(t, blocks > 0 || bytes == 0)
				trees = rest
			},
			"diff": func(t *rapid.T) {
				a, b := pick(), pick()
				got := map[int64]bool{}
				last := int64(-1)
				for c, err := range s.Diff(ctx, a.root, b.root) {
					require.NoError(t, err)
					require.Greater(t, c.Index, last)
					last = c.Index
					got[c.Index] = true
					require.Equal(t, a.m[c.Index] != 0, c.Before != nil)
					require.Equal(t, b.m[c.Index] != 0, c.After != nil)
				}
				want := map[int64]bool{}
				for _, side := range []model{a.m, b.m} {
					for i := range side {
						if a.m[i] != b.m[i] || a.key[i] != b.key[i] {
							want[i] = true
						}
					}
				}
				require.Equal(t, want, got)
			},
			"copy": func(t *rapid.T) {
				c := pick()
				stats, err := s2.CopyFrom(ctx, s, c.root, roots(copied), nil)
				require.NoError(t, err)
				require.EqualValues(t, len(c.m), stats.BlocksStored+stats.BlocksReused)
				copied = append(copied, c)
				require.Equal(t, reachable(t, s2, roots(copied)...), stored(t, there))
			},
			"remove a copy": func(t *rapid.T) {
				if len(copied) == 0 {
					return
				}
				dead := copied[0]
				copied = copied[1:]
				_, err := s2.Collect(ctx, []Root{dead.root}, stay(roots(copied)...))
				require.NoError(t, err)
				require.Equal(t, reachable(t, s2, roots(copied)...), stored(t, there))
			},
			"reencrypt": func(t *rapid.T) {
				old := pick()
				next := old.clone()
				next.keys = NewKeys(NewKey())
				var err error
				next.root, _, err = s.Reseal(ctx, s, old.root, old.keys, next.keys, nil)
				require.NoError(t, err)
				for i := range next.key {
					next.key[i] = next.keys.Current().ID
				}
				trees = append(trees, next)
			},
		}
		names := slices.Sorted(maps.Keys(actions))
		for range rapid.IntRange(1, 16).Draw(t, "steps") {
			actions[rapid.SampledFrom(append(names, "write", "write")).Draw(t, "action")](t)
			require.Equal(t, reachable(t, s, roots(trees)...), stored(t, here), "nothing else is stored")
		}
		for _, c := range trees {
			require.NoError(t, s.Verify(ctx, c.root, nil, nil))
			requireTree(t, s, c.root, c.keys, c.m)
		}
		for _, c := range copied {
			require.NoError(t, s2.Verify(ctx, c.root, &c.keys, nil))
			requireTree(t, s2, c.root, c.keys, c.m)
		}
		freed, err := s.Sweep(ctx, func(context.Context) (Live, error) { return Live{Roots: roots(trees)}, nil })
		require.NoError(t, err)
		require.Zero(t, freed)
	})
}

// basis is what a Writer's base has at an index.
type basis struct {
	n   uint64
	key KeyID
}

// baseOf tells which block Put would keep: it is compared with the base's,
// not with what was put since.
func baseOf(next *tree, w *Writer, plain [][]byte, index int64) basis {
	e, ok, err := w.base.Entry(context.Background(), index)
	if err != nil || !ok {
		return basis{}
	}
	for n := 1; n <= 3; n++ {
		if next.keys.sealer(e.Key).identify(index, plain[n]) == e.Identity {
			return basis{uint64(n), e.Key}
		}
	}
	return basis{}
}
