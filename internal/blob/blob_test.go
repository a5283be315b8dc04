package blob_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ebsim/ebsim/internal/blob"
	"github.com/stretchr/testify/require"
)

func TestMemory(t *testing.T) { conform(t, blob.Memory) }

func TestFolder(t *testing.T) {
	dir, n := t.TempDir(), 0
	conform(t, func() blob.Store {
		n++
		return blob.Folder(filepath.Join(dir, fmt.Sprint(n), "objects"))
	})
}

func TestWithin(t *testing.T) {
	t.Run("memory", func(t *testing.T) {
		conform(t, func() blob.Store { return blob.Within(blob.Memory(), "some/where") })
	})
	t.Run("apart", func(t *testing.T) {
		ctx, all := t.Context(), blob.Memory()
		a, b := blob.Within(all, "a"), blob.Within(all, "ab")
		require.NoError(t, a.Put(ctx, "x", []byte("1")))
		require.NoError(t, b.Put(ctx, "x", []byte("2")))
		require.NoError(t, a.List(ctx, "", func(name string, _ int64) error {
			require.Equal(t, "x", name)
			return nil
		}))
		got, err := all.Get(ctx, "ab/x")
		require.NoError(t, err)
		require.Equal(t, "2", string(got))
	})
	t.Run("prefix", func(t *testing.T) {
		for _, prefix := range []string{"", "..", "a/", "/a"} {
			require.Panics(t, func() { blob.Within(blob.Memory(), prefix) }, prefix)
		}
	})
}

func TestFolderModes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "objects")
	s := blob.Folder(dir)
	require.NoError(t, s.Put(t.Context(), "a/b/c", []byte("x")))
	modes := map[string]fs.FileMode{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		require.NoError(t, err)
		info, err := d.Info()
		modes[strings.TrimPrefix(path, dir)] = info.Mode()
		return err
	}))
	require.Equal(t, map[string]fs.FileMode{"": fs.ModeDir | 0o700, "/a": fs.ModeDir | 0o700,
		"/a/b": fs.ModeDir | 0o700, "/a/b/c": 0o600}, modes)
}

// TestFolderLeftovers has a killed writer's file removed once it is old, and
// never listed.
func TestFolderLeftovers(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	s := blob.Folder(dir)
	require.NoError(t, s.Put(ctx, "a/b", nil))
	old, fresh := filepath.Join(dir, "a", ".tmp-1"), filepath.Join(dir, "a", ".tmp-2")
	for _, path := range []string{old, fresh} {
		require.NoError(t, os.WriteFile(path, []byte("half"), 0o600))
	}
	past := time.Now().Add(-2 * time.Hour)
	require.NoError(t, os.Chtimes(old, past, past))
	require.NoError(t, s.List(ctx, "", func(name string, _ int64) error {
		require.Equal(t, "a/b", name)
		return nil
	}))
	require.NoFileExists(t, old)
	require.FileExists(t, fresh)
}

// TestFolderEmpty has folders go with their last object.
func TestFolderEmpty(t *testing.T) {
	ctx, dir := t.Context(), filepath.Join(t.TempDir(), "objects")
	s := blob.Folder(dir)
	require.NoError(t, s.Put(ctx, "a/b/c", nil))
	require.NoError(t, s.Put(ctx, "a/d", nil))
	require.NoError(t, s.Delete(ctx, "a/b/c"))
	require.NoDirExists(t, filepath.Join(dir, "a", "b"))
	require.NoError(t, s.Delete(ctx, "a/d"))
	require.NoDirExists(t, filepath.Join(dir, "a"))
	require.DirExists(t, dir)
}

func TestFolderFailures(t *testing.T) {
	ctx, file := t.Context(), filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	s := blob.Folder(file) // not a folder
	err := s.Put(ctx, "a/b", nil)
	require.ErrorContains(t, err, "a/b")
	require.NotErrorIs(t, err, blob.ErrNotExist)
}

// FuzzName has no name reach outside the folder, or mean two objects.
func FuzzName(f *testing.F) {
	for _, name := range []string{"a/b", "../x", "a/../../x", "/etc/x", "a//b", "", ".", "a\x00", "..\\x", "C:x", "é"} {
		f.Add(name)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, name string) {
		inside := filepath.Join(dir, "in")
		s := blob.Folder(inside)
		if err := s.Put(t.Context(), name, []byte(name)); err != nil {
			return
		}
		got, err := s.Get(t.Context(), name)
		require.NoError(t, err)
		require.Equal(t, name, string(got))
		require.NoError(t, s.Delete(t.Context(), name))
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Len(t, entries, 1, "only the folder itself")
	})
}
