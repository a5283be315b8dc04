package disk

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func BenchmarkDisk(b *testing.B) {
	for _, where := range []string{"folder", "memory"} {
		for _, encrypted := range []bool{true, false} {
			for _, n := range []int{SectorSize, 1 << 20} {
				files := Memory()
				if where == "folder" {
					files = Folder(filepath.Join(b.TempDir(), "vol"))
				}
				const size = 256 << 20
				opt := options(size)
				if !encrypted {
					opt.Key = nil
				}
				d := create(b, files, opt)
				p := pattern(n, 1)
				for off := int64(0); off < size; off += int64(n) {
					write(b, d, p, off)
				}
				name := fmt.Sprintf("%s/encrypted=%t/%d", where, encrypted, n)
				b.Run("write/"+name, func(b *testing.B) {
					b.SetBytes(int64(n))
					off := int64(0)
					for b.Loop() {
						write(b, d, p, off)
						off = (off + int64(n)) % size
					}
				})
				b.Run("read/"+name, func(b *testing.B) {
					b.SetBytes(int64(n))
					off := int64(0)
					for b.Loop() {
						if _, err := d.ReadAt(p, off); err != nil {
							b.Fatal(err)
						}
						off = (off + int64(n)) % size
					}
				})
				require.NoError(b, d.Close())
				require.NoError(b, Remove(files))
			}
		}
	}
}

// BenchmarkFreeze freezes under four writers; a view lives for 10 ms. Besides
// the whole call it times taking and leaving the fence, with a view that is
// being copied for: that is how long writers wait in a freeze.
func BenchmarkFreeze(b *testing.B) {
	for _, n := range []int{SectorSize, 1 << 20} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			const size = 128 << 20
			d := create(b, Folder(filepath.Join(b.TempDir(), "vol")), options(size))
			stop := make(chan struct{})
			var wg sync.WaitGroup
			for w := range 4 {
				wg.Go(func() {
					r := rand.New(rand.NewPCG(uint64(w), 1))
					p := pattern(n, byte(w))
					for {
						select {
						case <-stop:
							return
						default:
						}
						if _, err := d.WriteAt(p, r.Int64N(size-int64(n))/SectorSize*SectorSize); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			var took, pause []time.Duration
			for i := 0; b.Loop(); i++ {
				start := time.Now()
				views, err := Freeze([]string{fmt.Sprint(i)}, d)
				took = append(took, time.Since(start))
				require.NoError(b, err)
				for range 10 {
					time.Sleep(time.Millisecond)
					start := time.Now()
					d.fence.Lock()
					d.fence.Unlock()
					pause = append(pause, time.Since(start))
				}
				require.NoError(b, views[0].Close())
			}
			close(stop)
			wg.Wait()
			slices.Sort(took)
			slices.Sort(pause)
			for name, times := range map[string][]time.Duration{"call": took, "pause": pause} {
				b.ReportMetric(float64(times[len(times)/2].Microseconds()), name+"-p50-µs")
				b.ReportMetric(float64(times[len(times)*99/100].Microseconds()), name+"-p99-µs")
			}
		})
	}
}
