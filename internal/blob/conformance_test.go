package blob_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ebsim/ebsim/internal/blob"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// conform is what every Store passes. open returns an empty one.
func conform(t *testing.T, open func() blob.Store) {
	ctx := t.Context()
	list := func(t require.TestingT, s blob.Store, prefix string) []string {
		names := []string{}
		require.NoError(t, s.List(ctx, prefix, func(name string, size int64) error {
			names = append(names, fmt.Sprintf("%s %d", name, size))
			return nil
		}))
		return names
	}

	t.Run("put and get", func(t *testing.T) {
		s := open()
		data := []byte("hello")
		require.NoError(t, s.Put(ctx, "a/b/c", data))
		data[0] = 'j'
		got, err := s.Get(ctx, "a/b/c")
		require.NoError(t, err)
		require.Equal(t, "hello", string(got))
		got[0] = 'j'
		got, err = s.Get(ctx, "a/b/c")
		require.NoError(t, err)
		require.Equal(t, "hello", string(got), "what Get returns is the caller's")
		size, err := s.Stat(ctx, "a/b/c")
		require.NoError(t, err)
		require.EqualValues(t, 5, size)
	})

	t.Run("put leaves alone what is there", func(t *testing.T) {
		s := open()
		require.NoError(t, s.Put(ctx, "a", []byte("first")))
		require.NoError(t, s.Put(ctx, "a", []byte("second, longer")))
		got, err := s.Get(ctx, "a")
		require.NoError(t, err)
		require.Equal(t, "first", string(got))
	})

	t.Run("an empty object", func(t *testing.T) {
		s := open()
		require.NoError(t, s.Put(ctx, "e", nil))
		got, err := s.Get(ctx, "e")
		require.NoError(t, err)
		require.Empty(t, got)
		require.Equal(t, []string{"e 0"}, list(t, s, ""))
	})

	t.Run("absent", func(t *testing.T) {
		s := open()
		require.NoError(t, s.Put(ctx, "a/b", []byte("x")))
		for _, name := range []string{"n", "a", "a/n", "a/b/c", "n/a"} {
			_, err := s.Get(ctx, name)
			require.ErrorIs(t, err, blob.ErrNotExist, name)
			require.ErrorContains(t, err, name)
			_, err = s.Stat(ctx, name)
			require.ErrorIs(t, err, blob.ErrNotExist, name)
			require.NoError(t, s.Delete(ctx, name), name)
			require.ErrorIs(t, s.Sync(ctx, "a/b", name), blob.ErrNotExist, name)
		}
		require.Equal(t, []string{"a/b 1"}, list(t, s, ""))
	})

	t.Run("delete and put again", func(t *testing.T) {
		s := open()
		require.NoError(t, s.Put(ctx, "a/b", []byte("1")))
		require.NoError(t, s.Delete(ctx, "a/b"))
		_, err := s.Get(ctx, "a/b")
		require.ErrorIs(t, err, blob.ErrNotExist)
		require.NoError(t, s.Put(ctx, "a/b", []byte("22")))
		require.NoError(t, s.Sync(ctx, "a/b", "a/b"))
		require.Equal(t, []string{"a/b 2"}, list(t, s, "a"))
	})

	t.Run("list is sorted as strings are", func(t *testing.T) {
		s := open()
		for _, name := range []string{"b", "a/x", "a-b", "a.b", "a/-", "a0", "ab/c/d", "ab/c-/d"} {
			require.NoError(t, s.Put(ctx, name, nil))
		}
		require.Equal(t, []string{"a-b 0", "a.b 0", "a/- 0", "a/x 0", "a0 0", "ab/c-/d 0", "ab/c/d 0", "b 0"}, list(t, s, ""))
		require.Equal(t, []string{"a/- 0", "a/x 0"}, list(t, s, "a/"))
		require.Equal(t, []string{"ab/c-/d 0", "ab/c/d 0"}, list(t, s, "ab/c"))
		require.Equal(t, []string{"ab/c/d 0"}, list(t, s, "ab/c/d"))
		require.Empty(t, list(t, s, "z/../a"))
		require.Empty(t, list(t, s, "../"))
	})

	t.Run("list stops at an error, and may change the store", func(t *testing.T) {
		s := open()
		for i := range 20 {
			require.NoError(t, s.Put(ctx, fmt.Sprintf("%02d/x", i), nil))
		}
		stop, n := errors.New("stop"), 0
		err := s.List(ctx, "", func(name string, _ int64) error {
			require.NoError(t, s.Delete(ctx, name))
			if n++; n == 10 {
				return stop
			}
			return nil
		})
		require.ErrorIs(t, err, stop)
		require.Len(t, list(t, s, ""), 10)
	})

	t.Run("names", func(t *testing.T) {
		s := open()
		for _, name := range []string{"", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/./b", "a\x00b", "a\\b",
			"c:x", ".tmp-1", "a/.tmp-1", strings.Repeat("x", 256), strings.Repeat("x/", 600) + "x"} {
			require.ErrorIs(t, s.Put(ctx, name, nil), blob.ErrName, name)
			_, err := s.Get(ctx, name)
			require.ErrorIs(t, err, blob.ErrName, name)
			_, err = s.Stat(ctx, name)
			require.ErrorIs(t, err, blob.ErrName, name)
			require.ErrorIs(t, s.Delete(ctx, name), blob.ErrName, name)
			require.ErrorIs(t, s.Sync(ctx, name), blob.ErrName, name)
		}
		require.Empty(t, list(t, s, ""))
	})

	t.Run("an ended context", func(t *testing.T) {
		s := open()
		require.NoError(t, s.Put(ctx, "a", nil))
		ended, cancel := context.WithCancel(ctx)
		cancel()
		require.ErrorIs(t, s.Put(ended, "b", nil), context.Canceled)
		_, err := s.Get(ended, "a")
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, s.Delete(ended, "a"), context.Canceled)
		require.ErrorIs(t, s.Sync(ended, "a"), context.Canceled)
		require.ErrorIs(t, s.List(ended, "", func(string, int64) error { return nil }), context.Canceled)
		require.Equal(t, []string{"a 0"}, list(t, s, ""))
	})

	t.Run("many at once", func(t *testing.T) {
		s := open()
		var wg sync.WaitGroup
		for g := range 8 {
			wg.Go(func() {
				for i := range 20 {
					// The folders come and go all the time.
					own := fmt.Sprintf("d%d/own%d", i%2, g)
					if err := errors.Join(
						s.Put(ctx, "shared", []byte("always the same")),
						s.Put(ctx, own, []byte{byte(g)}),
						s.Sync(ctx, own, "shared"),
						s.Delete(ctx, own),
					); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		require.Equal(t, []string{"shared 15"}, list(t, s, ""))
	})

	t.Run("as a map", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			s, model := open(), map[string]string{}
			name := rapid.StringMatching(`[ab-]{1,2}/[ab-]{1,2}/[a-c]`)
			t.Repeat(map[string]func(*rapid.T){
				"put": func(t *rapid.T) {
					n, data := name.Draw(t, "name"), rapid.String().Draw(t, "data")
					require.NoError(t, s.Put(ctx, n, []byte(data)))
					if _, ok := model[n]; !ok {
						model[n] = data
					}
				},
				"delete": func(t *rapid.T) {
					n := name.Draw(t, "name")
					require.NoError(t, s.Delete(ctx, n))
					delete(model, n)
				},
				"get": func(t *rapid.T) {
					n := name.Draw(t, "name")
					data, err := s.Get(ctx, n)
					if want, ok := model[n]; ok {
						require.NoError(t, err)
						require.Equal(t, want, string(data))
					} else {
						require.ErrorIs(t, err, blob.ErrNotExist)
					}
				},
				"list": func(t *rapid.T) {
					prefix := rapid.StringMatching(`([ab-]{0,2}|[ab-]{1,2}/[ab-]{0,2})`).Draw(t, "prefix")
					want := []string{}
					for n, data := range model {
						if strings.HasPrefix(n, prefix) {
							want = append(want, fmt.Sprintf("%s %d", n, len(data)))
						}
					}
					slices.SortFunc(want, func(a, b string) int {
						return strings.Compare(a[:strings.IndexByte(a, ' ')], b[:strings.IndexByte(b, ' ')])
					})
					require.Equal(t, want, list(t, s, prefix))
				},
			})
		})
	})
}
