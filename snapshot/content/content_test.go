package content

import (
	"bytes"
	"context"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/ebsim/ebsim/internal/blob"
	"github.com/stretchr/testify/require"
)

// pattern is a block that compresses to a few bytes, different for each n.
func pattern(n uint64, size int) []byte {
	return bytes.Repeat(binary.BigEndian.AppendUint64([]byte("block#"), n|1<<63), size/14+1)[:size]
}

// noise is a block that does not compress.
func noise(n uint64, size int) []byte {
	var seed [32]byte
	binary.BigEndian.PutUint64(seed[:], n)
	b := make([]byte, size)
	rand.NewChaCha8(seed).Read(b)
	return b
}

// model is what a tree should hold: the pattern's number of each block.
type model map[int64]uint64

// sizeOf is the length of a block: the last of a volume is 1000 bytes.
func sizeOf(index, blocks int64) int {
	if index == blocks-1 {
		return 1000
	}
	return BlockSize
}

// commit writes a tree with the changes, of which 0 removes.
func commit(t require.TestingT, s *Store, blocks int64, base Root, keys Keys, changes model) (Root, Stats) {
	ctx := context.Background()
	w, err := s.Write(ctx, blocks, base, keys)
	require.NoError(t, err)
	for index, n := range changes {
		if n == 0 {
			require.NoError(t, w.Remove(index))
		} else {
			require.NoError(t, w.Put(ctx, index, pattern(n, sizeOf(index, blocks))))
		}
	}
	root, stats, err := w.Commit(ctx)
	require.NoError(t, err)
	require.NoError(t, w.Discard(ctx), "after Commit, nothing")
	return root, stats
}

// requireTree checks that a tree holds just what m says. Blocks that were a
// volume's last before it grew are short, and read with zeros behind.
func requireTree(t require.TestingT, s *Store, root Root, keys Keys, m model) {
	ctx := context.Background()
	r := s.Read(root, keys)
	require.EqualValues(t, len(m), root.Present())
	got := make([]byte, BlockSize)
	last := int64(-1)
	for e, err := range r.Entries(ctx, 0) {
		require.NoError(t, err)
		require.Greater(t, e.Index, last, "in order")
		last = e.Index
		require.Contains(t, m, e.Index)
		present, err := r.Block(ctx, e.Index, got)
		require.NoError(t, err)
		require.True(t, present)
		require.True(t, bytes.Equal(pattern(m[e.Index], int(e.Plain)), got[:e.Plain]), "block %d", e.Index)
		require.True(t, bytes.Equal(zeros[e.Plain:], got[e.Plain:]), "block %d", e.Index)
	}
	for index := range m {
		_, ok, err := r.Entry(ctx, index)
		require.NoError(t, err)
		require.True(t, ok, "block %d", index)
	}
}

// reachable is every object that roots reach, and its length: an oracle apart
// from walk.
func reachable(t require.TestingT, s *Store, roots ...Root) map[string]int64 {
	found := map[string]int64{}
	var visit func(r ref, at place)
	visit = func(r ref, at place) {
		p, err := s.page(context.Background(), r, at)
		require.NoError(t, err)
		found[r.id.String()] = int64(len(p.data))
		for slot := range slots {
			if at.level == 0 {
				if e, ok := p.entry(slot); ok {
					found[e.Object.String()] = int64(e.Stored)
				}
			} else if child, ok := p.ref(slot); ok {
				visit(child, at.child(slot))
			}
		}
	}
	for _, root := range roots {
		if !root.Empty() {
			visit(root.top, root.place())
		}
	}
	return found
}

// stored is every object that a blob store has.
func stored(t require.TestingT, objects blob.Store) map[string]int64 {
	found := map[string]int64{}
	require.NoError(t, objects.List(context.Background(), "", func(name string, size int64) error {
		found[name] = size
		return nil
	}))
	return found
}

func total(objects map[string]int64) (n int64) {
	for _, size := range objects {
		n += size
	}
	return n
}

// stay is what Collect asks for.
func stay(roots ...Root) func(context.Context) ([]Root, error) {
	return func(context.Context) ([]Root, error) { return roots, nil }
}

// replace puts data in an object's place.
func replace(t require.TestingT, objects blob.Store, name string, data []byte) {
	ctx := context.Background()
	require.NoError(t, objects.Delete(ctx, name))
	require.NoError(t, objects.Put(ctx, name, data))
}

func TestRoundTrip(t *testing.T) {
	tiB64 := int64(64<<40) / BlockSize
	for _, c := range []struct {
		name   string
		blocks int64
		height int
		m      model
	}{
		{"nothing", 100, 0, model{}},
		{"no blocks", 0, 0, model{}},
		{"one short block", 1, 1, model{0: 1}},
		{"one page", 1024, 1, model{0: 1, 1: 1, 7: 2, 8: 3, 1023: 4}},
		{"two levels", 1025, 2, model{0: 1, 1023: 2, 1024: 3}},
		{"only the far end", 1 << 20, 2, model{1<<20 - 1: 5}},
		{"64 TiB", tiB64, 3, model{0: 1, 1 << 20: 2, 1<<20 + 1: 2, tiB64 - 1: 3}},
		{"the largest", MaxBlocks, 3, model{0: 1, MaxBlocks - 1: 2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, objects, keys := t.Context(), blob.Memory(), NewKeys(NewKey())
			s := New(objects)
			root, stats := commit(t, s, c.blocks, Root{}, keys, c.m)
			require.Equal(t, c.height, root.Height())
			require.Equal(t, c.blocks, root.Blocks())
			require.Equal(t, len(c.m) == 0, root.Empty())
			requireTree(t, s, root, keys, c.m)
			require.NoError(t, s.Verify(ctx, root, &keys, nil))
			require.Equal(t, reachable(t, s, root), stored(t, objects))

			var plain int64
			for index := range c.m {
				plain += int64(sizeOf(index, c.blocks))
			}
			require.EqualValues(t, len(c.m), stats.BlocksStored)
			require.Equal(t, plain, stats.PlainBytes)
			require.Equal(t, total(stored(t, objects)), stats.StoredBytes+stats.PageBytes)
			blocks, p, st, err := s.Usage(ctx, root)
			require.NoError(t, err)
			require.Equal(t, []int64{int64(len(c.m)), plain, stats.StoredBytes}, []int64{blocks, p, st})

			for _, index := range []int64{2, 500, c.blocks, c.blocks + 1, 1 << 62} {
				if _, ok := c.m[index]; !ok {
					dst := []byte{1, 2, 3}
					present, err := s.Read(root, keys).Block(ctx, index, dst)
					require.NoError(t, err)
					require.False(t, present)
					require.Equal(t, make([]byte, 3), dst)
				}
			}
		})
	}
}

func TestIncompressible(t *testing.T) {
	ctx, objects, keys := t.Context(), blob.Memory(), NewKeys(NewKey())
	s := New(objects)
	w, err := s.Write(ctx, 3, Root{}, keys)
	require.NoError(t, err)
	require.NoError(t, w.Put(ctx, 0, noise(1, BlockSize)))
	// Half noise, half zeros: compresses to just over half.
	half := append(noise(2, BlockSize/2), make([]byte, BlockSize/2)...)
	require.NoError(t, w.Put(ctx, 1, half))
	require.NoError(t, w.Put(ctx, 2, []byte{1}))
	root, stats, err := w.Commit(ctx)
	require.NoError(t, err)
	r, got := s.Read(root, keys), make([]byte, BlockSize)
	for index, want := range [][]byte{noise(1, BlockSize), half, {1}} {
		e, ok, err := r.Entry(ctx, int64(index))
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, []uint8{CodecNone, CodecZstd, CodecNone}[index], e.Codec)
		_, err = r.Block(ctx, int64(index), got)
		require.NoError(t, err)
		require.True(t, bytes.Equal(want, got[:len(want)]))
	}
	require.Less(t, stats.StoredBytes, int64(BlockSize+BlockSize/2+1000))
	_, err = r.Block(ctx, 0, got[:BlockSize-1])
	require.ErrorIs(t, err, ErrRange)
	_, err = r.Block(ctx, -1, got)
	require.ErrorIs(t, err, ErrRange)
}

// TestDiffSizes compares trees of all heights, empty ones too.
func TestDiffSizes(t *testing.T) {
	s, keys := New(blob.Memory()), NewKeys(NewKey())
	small, _ := commit(t, s, 10, Root{}, keys, model{0: 1, 5: 2})
	medium, _ := commit(t, s, 5000, small, keys, model{})
	large, _ := commit(t, s, 1<<21, medium, keys, model{1<<21 - 2: 9})
	emptied, _ := commit(t, s, 1<<21, large, keys, model{0: 0, 5: 0, 1<<21 - 2: 0})
	for _, c := range []struct {
		a, b Root
		want []int64
	}{
		{small, small, nil},
		{small, medium, nil},
		{medium, large, []int64{1<<21 - 2}},
		{large, small, []int64{1<<21 - 2}},
		{small, emptied, []int64{0, 5}},
		{emptied, medium, []int64{0, 5}},
		{Root{}, emptied, nil},
		{Root{}, large, []int64{0, 5, 1<<21 - 2}},
	} {
		var got []int64
		for change, err := range s.Diff(t.Context(), c.a, c.b) {
			require.NoError(t, err)
			got = append(got, change.Index)
		}
		require.Equal(t, c.want, got)
		for range s.Diff(t.Context(), c.a, c.b) {
			break
		}
	}
}

func TestEntriesFrom(t *testing.T) {
	s, keys := New(blob.Memory()), NewKeys(NewKey())
	root, _ := commit(t, s, 1<<21, Root{}, keys, model{3: 1, 1023: 1, 1024: 1, 5000: 1, 1 << 20: 1, 1<<20 + 9: 1})
	for from, want := range map[int64][]int64{
		-1:      {3, 1023, 1024, 5000, 1 << 20, 1<<20 + 9},
		4:       {1023, 1024, 5000, 1 << 20, 1<<20 + 9},
		1024:    {1024, 5000, 1 << 20, 1<<20 + 9},
		5001:    {1 << 20, 1<<20 + 9},
		1 << 21: nil,
		1 << 62: nil,
	} {
		var got []int64
		for e, err := range s.Read(root, Keys{}).Entries(t.Context(), from) {
			require.NoError(t, err)
			got = append(got, e.Index)
		}
		require.Equal(t, want, got, "from %d", from)
	}
	for e, err := range s.Read(root, Keys{}).Entries(t.Context(), 0) {
		require.NoError(t, err)
		require.EqualValues(t, 3, e.Index)
		break
	}
}
