package content

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"github.com/ebsim/ebsim/internal/blob"
	"github.com/stretchr/testify/require"
)

// half compresses to about a half.
func half(n uint64) []byte {
	b := noise(n, BlockSize)
	for i := range b {
		if i/64%2 == 0 {
			b[i] = byte(n)
		}
	}
	return b
}

var kinds = []struct {
	name string
	make func(n uint64) []byte
}{
	{"noise", func(n uint64) []byte { return noise(n, BlockSize) }},
	{"half", half},
	{"pattern", func(n uint64) []byte { return pattern(n, BlockSize) }},
}

// sink takes objects and forgets them.
type sink struct{ blob.Store }

func (sink) Put(context.Context, string, []byte) error   { return nil }
func (sink) Sync(context.Context, ...string) error       { return nil }
func (sink) Stat(context.Context, string) (int64, error) { return 0, blob.ErrNotExist }

// BenchmarkPut is sealing without storing: identity, compression, sealing,
// digest.
func BenchmarkPut(b *testing.B) {
	for _, kind := range kinds {
		for _, parallel := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s/parallel=%v", kind.name, parallel), func(b *testing.B) {
				plain := kind.make(1)
				w, err := New(sink{blob.Memory()}).Write(b.Context(), MaxBlocks, Root{}, NewKeys(NewKey()))
				require.NoError(b, err)
				b.SetBytes(BlockSize)
				if !parallel {
					for b.Loop() {
						require.NoError(b, w.Put(b.Context(), 0, plain))
					}
					return
				}
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						if err := w.Put(b.Context(), 0, plain); err != nil {
							b.Error(err)
						}
					}
				})
			})
		}
	}
}

// BenchmarkBlock is reading from memory: digest, opening, decompression.
func BenchmarkBlock(b *testing.B) {
	for _, kind := range kinds {
		b.Run(kind.name, func(b *testing.B) {
			s, keys := New(blob.Memory()), NewKeys(NewKey())
			w, err := s.Write(b.Context(), 1, Root{}, keys)
			require.NoError(b, err)
			require.NoError(b, w.Put(b.Context(), 0, kind.make(1)))
			root, _, err := w.Commit(b.Context())
			require.NoError(b, err)
			r, dst := s.Read(root, keys), make([]byte, BlockSize)
			b.SetBytes(BlockSize)
			for b.Loop() {
				if _, err := r.Block(b.Context(), 0, dst); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkSnapshot is a full and an incremental tree of 512 MiB in a folder,
// durable, by one goroutine for each processor.
func BenchmarkSnapshot(b *testing.B) {
	const blocks = 1024
	for _, kind := range kinds[:2] {
		for _, changed := range []int64{blocks, blocks / 64} {
			b.Run(fmt.Sprintf("%s/changed=%d", kind.name, changed), func(b *testing.B) {
				s, keys := New(blob.Folder(b.TempDir())), NewKeys(NewKey())
				var base Root
				if changed < blocks {
					base, _ = commit(b, s, blocks, Root{}, keys, model{0: 1, 999: 2})
				}
				b.SetBytes(changed * BlockSize)
				for b.Loop() {
					w, err := s.Write(b.Context(), blocks, base, keys)
					require.NoError(b, err)
					err = each(b.Context(), runtime.GOMAXPROCS(0), func(ctx context.Context, submit func(func() error) error) error {
						plain := kind.make(3)
						for i := range changed {
							if err := submit(func() error { return w.Put(ctx, i*(blocks/changed), plain) }); err != nil {
								return err
							}
						}
						return nil
					})
					require.NoError(b, err)
					_, _, err = w.Commit(b.Context())
					require.NoError(b, err)
					b.StopTimer()
					_, err = s.Sweep(b.Context(), func(context.Context) (Live, error) { return Live{Roots: []Root{base}}, nil })
					require.NoError(b, err)
					b.StartTimer()
				}
			})
		}
	}
}

// BenchmarkPages is the tree alone: entries of a 1 TiB volume, without blocks.
func BenchmarkPages(b *testing.B) {
	const blocks = 1 << 21
	var before, after runtime.MemStats
	for b.Loop() {
		s := New(blob.Memory())
		w, err := s.Write(b.Context(), blocks, Root{}, NewKeys(NewKey()))
		require.NoError(b, err)
		runtime.ReadMemStats(&before)
		for i := range int64(blocks / 16) {
			e := Entry{Index: i, Stored: 100, Plain: BlockSize, Codec: CodecZstd, Object: ObjectID{WriterID{1}, [32]byte{byte(i), byte(i >> 8), byte(i >> 16)}}}
			if err := w.set(b.Context(), e, Stats{}); err != nil {
				b.Fatal(err)
			}
		}
		_, stats, err := w.Commit(b.Context())
		require.NoError(b, err)
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(stats.PageBytes), "pagebytes/op")
		b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/1e6, "MB-alloc/op")
	}
}
