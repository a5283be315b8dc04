package content

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/ebsim/ebsim/internal/blob"
	"github.com/stretchr/testify/require"
)

// world is a small tree of every kind of object, and what each object is.
type world struct {
	objects blob.Store
	store   *Store
	root    Root
	keys    Keys
	indexes map[string]int64 // of each object; -1 for a page
}

func newWorld(t *testing.T) *world {
	w := &world{objects: blob.Memory(), keys: NewKeys(NewKey()), indexes: map[string]int64{}}
	w.store = New(w.objects)
	w.root, _ = commit(t, w.store, 2000, Root{}, w.keys, model{0: 1, 1: 1, 1500: 3, 1999: 4})
	for name := range stored(t, w.objects) {
		w.indexes[name] = -1
	}
	for e, err := range w.store.Read(w.root, Keys{}).Entries(t.Context(), 0) {
		require.NoError(t, err)
		w.indexes[e.Object.String()] = e.Index
	}
	return w
}

// requireDamage checks that structure alone shows the damage of one object,
// and that the error names it.
func (w *world) requireDamage(t *testing.T, name string) {
	t.Helper()
	var damage *ObjectError
	for _, keys := range []*Keys{nil, &w.keys} {
		err := w.store.Verify(t.Context(), w.root, keys, nil)
		require.ErrorIs(t, err, ErrDamaged)
		require.ErrorAs(t, err, &damage)
		require.Equal(t, name, damage.Object)
		require.Equal(t, w.indexes[name], damage.Index)
		require.ErrorContains(t, err, name)
	}
	if index := w.indexes[name]; index >= 0 {
		_, err := w.store.Read(w.root, w.keys).Block(t.Context(), index, make([]byte, BlockSize))
		require.ErrorAs(t, err, &damage)
		require.Equal(t, ObjectError{name, index, damage.Problem, damage.Err}, *damage)
	}
}

// TestTamper alters every object in every way: each byte, each length, gone,
// and each other object in its place.
func TestTamper(t *testing.T) {
	w := newWorld(t)
	require.Len(t, w.indexes, 4+3)
	originals := map[string][]byte{}
	for name := range w.indexes {
		data, err := w.objects.Get(t.Context(), name)
		require.NoError(t, err)
		originals[name] = data
	}
	for _, name := range slices.Sorted(maps.Keys(originals)) {
		data := originals[name]
		for i := range data {
			altered := bytes.Clone(data)
			altered[i] ^= 1 << (i % 8)
			replace(t, w.objects, name, altered)
			w.requireDamage(t, name)
		}
		for _, n := range []int{0, 1, len(data) / 2, len(data) - 1} {
			replace(t, w.objects, name, data[:n])
			w.requireDamage(t, name)
		}
		for _, more := range []int{1, BlockSize} {
			replace(t, w.objects, name, append(bytes.Clone(data), make([]byte, more)...))
			w.requireDamage(t, name)
		}
		for other, foreign := range originals {
			if other != name {
				replace(t, w.objects, name, foreign)
				w.requireDamage(t, name)
			}
		}
		require.NoError(t, w.objects.Delete(t.Context(), name))
		w.requireDamage(t, name)
		require.NoError(t, w.objects.Put(t.Context(), name, data))
	}
	require.NoError(t, w.store.Verify(t.Context(), w.root, &w.keys, nil))
}

// TestVerifyAll has Verify go on past damage.
func TestVerifyAll(t *testing.T) {
	w := newWorld(t)
	for name, index := range w.indexes {
		if index >= 0 {
			replace(t, w.objects, name, []byte("x"))
		}
	}
	err := w.store.Verify(t.Context(), w.root, nil, nil)
	var all interface{ Unwrap() []error }
	require.ErrorAs(t, err, &all)
	require.Len(t, all.Unwrap(), 4)
	// What was verified before is not looked at.
	require.NoError(t, w.store.VerifyBeyond(t.Context(), w.root, []Root{w.root}, nil, nil))
}

// TestSeal has a block open only as what it was sealed as, though all digests
// are right.
func TestSeal(t *testing.T) {
	w := newWorld(t)
	ctx, reader := t.Context(), w.store.Read(w.root, Keys{})
	good, _, err := reader.Entry(ctx, 0)
	require.NoError(t, err)
	twin, _, err := reader.Entry(ctx, 1)
	require.NoError(t, err)
	require.Equal(t, good.Plain, twin.Plain)
	dst := make([]byte, BlockSize)
	require.NoError(t, w.store.open(ctx, &good, w.keys, dst))

	key := w.keys.Current()
	secret, lineage := key, key
	secret.Secret[0] ^= 1
	lineage.Lineage = NewKey().Lineage
	for name, c := range map[string]struct {
		keys   Keys
		change func(e *Entry)
	}{
		"index":           {w.keys, func(e *Entry) { e.Index = 1 }},
		"plain length":    {w.keys, func(e *Entry) { e.Plain-- }},
		"codec":           {w.keys, func(e *Entry) { e.Codec = CodecNone }},
		"salt":            {w.keys, func(e *Entry) { e.Salt[31] ^= 1 }},
		"tag":             {w.keys, func(e *Entry) { e.Tag[15] ^= 1 }},
		"another's bytes": {w.keys, func(e *Entry) { e.Object, e.Stored = twin.Object, twin.Stored }},
		"another's seal":  {w.keys, func(e *Entry) { e.Salt, e.Tag = twin.Salt, twin.Tag }},
		"another whole":   {w.keys, func(e *Entry) { *e = twin; e.Index = 0 }},
		"another secret":  {NewKeys(secret), func(*Entry) {}},
		"another lineage": {NewKeys(lineage), func(*Entry) {}},
	} {
		e := good
		c.change(&e)
		var damage *ObjectError
		require.ErrorAs(t, w.store.open(ctx, &e, c.keys, dst[:e.Plain]), &damage, name)
		require.Contains(t, damage.Problem, "does not open", name)
	}
	e := good
	e.Key[0] ^= 1
	err = w.store.open(ctx, &e, w.keys, dst)
	require.ErrorIs(t, err, ErrNoKey)
	require.ErrorContains(t, err, e.Key.String())
	require.NotErrorIs(t, err, ErrDamaged)
	none := NewKeys(NewKey())
	require.ErrorIs(t, w.store.Verify(ctx, w.root, &none, nil), ErrNoKey)
}

// TestIdentity has Verify find a block whose entry has another's identity.
func TestIdentity(t *testing.T) {
	s, keys := New(blob.Memory()), NewKeys(NewKey())
	good, _ := commit(t, s, 10, Root{}, keys, model{0: 1})
	e, _, err := s.Read(good, keys).Entry(t.Context(), 0)
	require.NoError(t, err)
	e.Identity[0] ^= 1
	w, err := s.Write(t.Context(), 10, good, keys)
	require.NoError(t, err)
	require.NoError(t, w.set(t.Context(), e, Stats{}))
	root, _, err := w.Commit(t.Context())
	require.NoError(t, err)
	require.NoError(t, s.Verify(t.Context(), root, nil, nil))
	require.ErrorContains(t, s.Verify(t.Context(), root, &keys, nil), "not the block that its entry identifies")
}

// TestDecompressBound has a frame that is longer than its entry says fail.
func TestDecompressBound(t *testing.T) {
	c := newCodec()
	frame, codec := c.compress(make([]byte, 0, bufferSize), pattern(1, BlockSize))
	require.Equal(t, CodecZstd, codec)
	require.NoError(t, c.decompress(make([]byte, BlockSize), frame, codec))
	for _, n := range []int{0, 1, BlockSize - 1} {
		require.Error(t, c.decompress(make([]byte, n, BlockSize), frame, codec), "%d", n)
	}
	short, _ := c.compress(make([]byte, 0, bufferSize), pattern(1, 1000))
	require.Error(t, c.decompress(make([]byte, 1001), short, CodecZstd))
	require.Error(t, c.decompress(make([]byte, 1001), short, CodecNone))
	require.Error(t, c.decompress(make([]byte, 1), make([]byte, 2), CodecNone))
	require.Error(t, c.decompress(make([]byte, 1), make([]byte, 1), 2))
}

// TestBlockIsNoPage has a Root that names a block object, or a page of another
// level, rejected.
func TestBlockIsNoPage(t *testing.T) {
	w := newWorld(t)
	for name := range w.indexes {
		id, err := parseObject(name)
		require.NoError(t, err)
		if id == w.root.top.id {
			continue
		}
		root := w.root
		root.top.id = id
		err = w.store.Verify(t.Context(), root, nil, nil)
		require.ErrorIs(t, err, ErrDamaged, name)
		for _, err := range w.store.Read(root, Keys{}).Entries(t.Context(), 0) {
			require.ErrorIs(t, err, ErrDamaged)
		}
	}
	// A page of the right sums in another's place.
	_, err := w.store.page(t.Context(), w.root.top, place{level: 1, first: 1 << 20})
	require.ErrorIs(t, err, ErrDamaged)
	require.ErrorContains(t, err, "level 1 and block 0, not of level 1 and block 1048576")
	root := w.root
	root.top.plain--
	_, _, _, err = w.store.Usage(t.Context(), root)
	require.ErrorContains(t, err, "sums")
}

// TestNothingPlain looks for plaintext and keys in the files of a folder.
func TestNothingPlain(t *testing.T) {
	ctx, dir, key := t.Context(), t.TempDir(), NewKey()
	s := New(blob.Folder(dir))
	w, err := s.Write(ctx, 10, Root{}, NewKeys(key))
	require.NoError(t, err)
	plain := [][]byte{pattern(7, BlockSize), noise(8, BlockSize), bytes.Repeat([]byte("secret"), BlockSize)[:BlockSize]}
	for i, p := range plain {
		require.NoError(t, w.Put(ctx, int64(i), p))
	}
	root, _, err := w.Commit(ctx)
	require.NoError(t, err)
	secrets := [][]byte{key.Secret[:], derive(key.Secret[:], labelIdentity), []byte("secret"), plain[0][:14]}
	for i := 0; i < BlockSize; i += 4096 {
		secrets = append(secrets, plain[1][i:i+16])
	}
	files := 0
	require.NoError(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		data, err := os.ReadFile(path)
		for _, secret := range secrets {
			require.False(t, bytes.Contains(data, secret), "%s has %x", path, secret)
		}
		return err
	}))
	require.Equal(t, 4, files)

	// Nor are they in errors.
	e, _, err := s.Read(root, Keys{}).Entry(ctx, 0)
	require.NoError(t, err)
	require.NoError(t, os.Truncate(filepath.Join(dir, e.Object.String()), 3))
	err = errors.Join(s.Verify(ctx, root, nil, nil), s.Verify(ctx, root, &Keys{}, nil))
	for _, secret := range secrets {
		require.NotContains(t, err.Error(), string(secret))
	}
}
