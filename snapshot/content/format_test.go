package content

import (
	"crypto/sha256"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ebsim/ebsim/internal/blob"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the sample of the current format anew")

// sampleKey seals the samples. It is worth nothing.
func sampleKey() Key {
	k := Key{Secret: sha256.Sum256([]byte("ebsim sample content key"))}
	copy(k.ID[:], "sample key id 01")
	copy(k.Lineage[:], "sample lineage 1")
	return k
}

// TestFormat opens the sample of each version of the format. A new version
// gets a folder of its own, and the old ones stay.
func TestFormat(t *testing.T) {
	ctx, keys := t.Context(), NewKeys(sampleKey())
	want := model{0: 1, 3: 2, 1024: 3, 1<<20 + 5: 4}
	blocks := int64(1<<20 + 6)
	if *update {
		dir := filepath.Join("testdata", "tree1")
		require.NoError(t, os.RemoveAll(dir))
		s := New(blob.Folder(filepath.Join(dir, "objects")))
		w, err := s.Write(ctx, blocks, Root{}, keys)
		require.NoError(t, err)
		for index, n := range want {
			require.NoError(t, w.Put(ctx, index, pattern(n, sizeOf(index, blocks))))
		}
		root, _, err := w.Commit(ctx)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "root"), []byte(root.String()+"\n"), 0o644))
	}
	for _, version := range []string{"tree1"} {
		dir := filepath.Join("testdata", version)
		text, err := os.ReadFile(filepath.Join(dir, "root"))
		require.NoError(t, err)
		root, err := ParseRoot(strings.TrimSpace(string(text)))
		require.NoError(t, err)
		s := New(blob.Folder(filepath.Join(dir, "objects")))
		require.NoError(t, s.Verify(ctx, root, &keys, nil))
		requireTree(t, s, root, keys, want)
		require.Equal(t, blocks, root.Blocks())
	}
}
