package disk

import (
	"bytes"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// eachFiles runs a test for every implementation of Files.
func eachFiles(t *testing.T, test func(t *testing.T, files Files)) {
	t.Run("folder", func(t *testing.T) { test(t, Folder(filepath.Join(t.TempDir(), "vol"))) })
	t.Run("memory", func(t *testing.T) { test(t, Memory()) })
}

func TestFilesConformance(t *testing.T) {
	eachFiles(t, func(t *testing.T, files Files) {
		list, err := files.List()
		require.NoError(t, err)
		require.Empty(t, list, "nothing there yet")
		_, err = files.Open("a", false)
		require.ErrorIs(t, err, fs.ErrNotExist)
		require.NoError(t, files.Remove("a"), "removing what is not there")

		a, err := files.Open("a", true)
		require.NoError(t, err)
		again, err := files.Open("a", false)
		require.NoError(t, err)
		_, err = files.Open("b", true)
		require.NoError(t, err)

		p := make([]byte, 10)
		p[0] = 7
		require.NoError(t, a.ReadAt(p, 1<<30), "past the end")
		require.Equal(t, make([]byte, 10), p)

		const far = 3<<30 + 100
		require.NoError(t, a.WriteAt([]byte("hello"), far))
		require.NoError(t, a.Sync())
		p = []byte("..........")
		require.NoError(t, again.ReadAt(p, far-2))
		require.Equal(t, "\x00\x00hello\x00\x00\x00", string(p))

		list, err = files.List()
		require.NoError(t, err)
		require.Len(t, list, 2)
		require.Equal(t, "a", list[0].Name)
		require.Equal(t, int64(far+5), list[0].Length)
		require.Positive(t, list[0].Allocated)
		require.Less(t, list[0].Allocated, int64(1<<20), "sparse")

		from, to, err := a.Extent(0)
		require.NoError(t, err)
		require.LessOrEqual(t, from, int64(far))
		require.Greater(t, from, int64(far-1<<20))
		require.Equal(t, int64(far+5), to)
		from, to, err = a.Extent(far + 2)
		require.NoError(t, err)
		require.Equal(t, [2]int64{far + 2, far + 5}, [2]int64{from, to})
		from, to, err = a.Extent(far + 5)
		require.NoError(t, err)
		require.Equal(t, from, to)
		from, to, err = a.Extent(far * 2)
		require.NoError(t, err)
		require.Equal(t, from, to)

		require.NoError(t, a.Punch(0, far*2), "beyond the end")
		require.NoError(t, a.Punch(5, 0))
		require.NoError(t, a.ReadAt(p, far-2))
		require.Equal(t, make([]byte, 10), p)
		list, err = files.List()
		require.NoError(t, err)
		require.Equal(t, int64(far+5), list[0].Length, "a hole does not make the file shorter")
		from, to, err = a.Extent(0)
		require.NoError(t, err)
		require.Equal(t, from, to, "nothing is stored")

		require.Error(t, a.WriteAt([]byte("x"), -1))
		require.Error(t, a.ReadAt(p, -1))
		require.Error(t, a.Punch(-1, 1))
		for _, bad := range []string{"", ".", "..", "x/y", `x\y`, "x\x00"} {
			_, err := files.Open(bad, true)
			require.ErrorContains(t, err, "bad file name")
			require.ErrorContains(t, files.Remove(bad), "bad file name")
		}

		require.NoError(t, files.Remove("a"))
		require.NoError(t, a.WriteAt([]byte("still"), 0), "an open file outlives its name")
		require.NoError(t, again.ReadAt(p[:5], 0))
		require.Equal(t, "still", string(p[:5]))
		_, err = files.Open("a", false)
		require.ErrorIs(t, err, fs.ErrNotExist)
		require.NoError(t, a.Close())
		require.NoError(t, Remove(files))
		require.NoError(t, Remove(files))
		list, err = files.List()
		require.NoError(t, err)
		require.Empty(t, list)
	})
}

// TestFilesModel compares a file with plain bytes.
func TestFilesModel(t *testing.T) {
	eachFiles(t, func(t *testing.T, files Files) {
		f, err := files.Open("f", true)
		require.NoError(t, err)
		r := rand.New(rand.NewPCG(1, 2))
		const size = 600_000
		model := make([]byte, size)
		for range 300 {
			off := r.IntN(size)
			n := 1 + r.IntN(min(size-off, 150_000))
			switch r.IntN(3) {
			case 0:
				p := bytes.Repeat([]byte{byte(1 + r.IntN(255))}, n)
				copy(model[off:], p)
				require.NoError(t, f.WriteAt(p, int64(off)))
			case 1:
				clear(model[off : off+n])
				require.NoError(t, f.Punch(int64(off), int64(n)))
			case 2:
				p := make([]byte, n)
				require.NoError(t, f.ReadAt(p, int64(off)))
				require.True(t, bytes.Equal(model[off:off+n], p))
			}
		}
		covered := make([]bool, size)
		for off := int64(0); ; {
			from, to, err := f.Extent(off)
			require.NoError(t, err)
			if from == to {
				break
			}
			require.GreaterOrEqual(t, from, off)
			for i := from; i < min(to, size); i++ {
				covered[i] = true
			}
			off = to
		}
		for i, b := range model {
			if b != 0 && !covered[i] {
				t.Fatalf("byte %d is written and in no extent", i)
			}
		}
	})
}

func TestFilesConcurrently(t *testing.T) {
	eachFiles(t, func(t *testing.T, files Files) {
		var wg sync.WaitGroup
		for w := range 8 {
			wg.Go(func() {
				f, err := files.Open("shared", true)
				if err != nil {
					t.Error(err)
					return
				}
				p, got := bytes.Repeat([]byte{byte(w + 1)}, 40_000), make([]byte, 40_000)
				for i := range 20 {
					off := int64(i*8+w) * 40_000
					if f.WriteAt(p, off) != nil || f.ReadAt(got, off) != nil || !bytes.Equal(p, got) {
						t.Errorf("worker %d round %d reads something else", w, i)
					}
					if _, _, err := f.Extent(off); err != nil {
						t.Error(err)
					}
					if _, err := files.List(); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
	})
}

func TestFolderModesAndFallbacks(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "volumes", "vol-1")
	files := Folder(dir)
	_, err := os.Stat(dir)
	require.ErrorIs(t, err, fs.ErrNotExist, "made at the first write only")
	f, err := files.Open("x", true)
	require.NoError(t, err)
	info, err := os.Stat(dir)
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o700), info.Mode().Perm())
	info, err = os.Stat(filepath.Join(dir, "x"))
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o600), info.Mode().Perm())

	require.NoError(t, f.WriteAt(bytes.Repeat([]byte{1}, 3<<20), 0))
	ff := f.(*folderFile)
	require.NoError(t, ff.writeZeros(10, 5<<20))
	b, err := os.ReadFile(filepath.Join(dir, "x"))
	require.NoError(t, err)
	require.Equal(t, bytes.Repeat([]byte{1}, 10), b[:10])
	require.True(t, bytes.Equal(make([]byte, 3<<20-10), b[10:]), "zeros up to the end and no further")
	from, to, err := ff.wholeExtent(7)
	require.NoError(t, err)
	require.Equal(t, [2]int64{7, 3 << 20}, [2]int64{from, to})
	require.NoError(t, f.Close())
	require.NoError(t, Remove(files))
	_, err = os.Stat(dir)
	require.ErrorIs(t, err, fs.ErrNotExist, "the folder goes with its last file")
}
