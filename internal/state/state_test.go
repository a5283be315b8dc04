package state

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sort"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// stores gives a fresh store of each kind.
func stores(t *testing.T) map[string]*Store {
	f, err := OpenFile(filepath.Join(t.TempDir(), "state.db"))
	require.NoError(t, err)
	f.back.(*file).db.NoSync = true
	all := map[string]*Store{"memory": OpenMemory(), "file": f}
	t.Cleanup(func() {
		for _, s := range all {
			s.Close()
		}
	})
	return all
}

var ctx = context.Background()

func put(key, value string) func(*Tx) error {
	return func(tx *Tx) error { return tx.Put("t", []byte(key), []byte(value)) }
}

func keys(tx *Tx, from, to string, reverse bool) []string {
	var got []string
	fn := func(k, v []byte) (bool, error) { got = append(got, string(k)+"="+string(v)); return true, nil }
	if reverse {
		tx.ScanReverse("t", []byte(from), []byte(to), fn)
	} else {
		tx.Scan("t", []byte(from), []byte(to), fn)
	}
	return got
}

func TestFailedUpdateLeavesNothing(t *testing.T) {
	for name, s := range stores(t) {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, s.Update(ctx, put("a", "1")))
			boom := errors.New("boom")
			err := s.Update(ctx, func(tx *Tx) error {
				tx.Put("t", []byte("a"), []byte("2"))
				tx.Put("t", []byte("b"), []byte("2"))
				return boom
			})
			require.ErrorIs(t, err, boom)
			s.View(ctx, func(tx *Tx) error {
				require.Equal(t, []string{"a=1"}, keys(tx, "", "", false))
				require.ErrorIs(t, tx.Put("t", []byte("x"), nil), ErrReadOnly)
				return nil
			})
		})
	}
}

// A failing function in a group must not touch the others of the group.
func TestConcurrentUpdates(t *testing.T) {
	for name, s := range stores(t) {
		t.Run(name, func(t *testing.T) {
			var wg sync.WaitGroup
			for i := range 200 {
				wg.Go(func() {
					err := s.Update(ctx, func(tx *Tx) error {
						n := len(tx.Get("t", []byte("n")))
						if err := tx.Put("t", []byte("n"), make([]byte, n+1)); err != nil {
							return err
						}
						if i%3 == 0 {
							return errors.New("no")
						}
						return nil
					})
					if (err != nil) != (i%3 == 0) {
						t.Errorf("update %d: %v", i, err)
					}
				})
			}
			wg.Wait()
			s.View(ctx, func(tx *Tx) error {
				require.Len(t, tx.Get("t", []byte("n")), 133)
				return nil
			})
		})
	}
}

func TestCloseCommitsWhatIsQueued(t *testing.T) {
	name := filepath.Join(t.TempDir(), "state.db")
	s, err := OpenFile(name)
	require.NoError(t, err)
	for i := range 10 {
		s.Append(put(fmt.Sprint(i), "x"))
	}
	_, err = OpenFile(name)
	require.ErrorIs(t, err, ErrLocked)
	require.NoError(t, s.Close())
	require.ErrorIs(t, s.Update(ctx, put("a", "b")), ErrClosed)
	s, err = OpenFile(name)
	require.NoError(t, err)
	defer s.Close()
	s.View(ctx, func(tx *Tx) error {
		require.Len(t, keys(tx, "", "", false), 10)
		return nil
	})
}

func TestScanAgainstModel(t *testing.T) {
	for name, s := range stores(t) {
		t.Run(name, func(t *testing.T) {
			model := map[string]string{}
			rapid.Check(t, func(t *rapid.T) {
				key := rapid.StringMatching(`[abc]{1,3}`)
				err := s.Update(ctx, func(tx *Tx) error {
					for range rapid.IntRange(0, 6).Draw(t, "writes") {
						k := key.Draw(t, "key")
						if rapid.Bool().Draw(t, "delete") {
							delete(model, k)
							tx.Delete("t", []byte(k))
						} else {
							model[k] = k
							tx.Put("t", []byte(k), []byte(k))
						}
					}
					from, to := key.Draw(t, "from"), key.Draw(t, "to")
					if rapid.Bool().Draw(t, "open") {
						to = ""
					}
					var want []string
					for k, v := range model {
						if k >= from && (to == "" || k < to) {
							want = append(want, k+"="+v)
						}
					}
					sort.Strings(want)
					if got := keys(tx, from, to, false); fmt.Sprint(got) != fmt.Sprint(want) {
						t.Fatalf("scan %q %q: %v, want %v", from, to, got, want)
					}
					sort.Sort(sort.Reverse(sort.StringSlice(want)))
					if got := keys(tx, from, to, true); fmt.Sprint(got) != fmt.Sprint(want) {
						t.Fatalf("reverse scan %q %q: %v, want %v", from, to, got, want)
					}
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}

func TestKeys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 2, 'a', 0xff}), 0, 4), 1, 3)
		text := func(bs [][]byte) (s []string) {
			for _, b := range bs {
				s = append(s, string(b))
			}
			return s
		}
		a, b := text(parts.Draw(t, "a")), text(parts.Draw(t, "b"))
		if fmt.Sprintf("%q", Split(Key(a...))) != fmt.Sprintf("%q", a) {
			t.Fatalf("%q became %q", a, Split(Key(a...)))
		}
		less := func(a, b []string) bool {
			for i := range a {
				if i == len(b) || a[i] != b[i] {
					return i < len(b) && a[i] < b[i]
				}
			}
			return len(a) < len(b)
		}
		if less(a, b) != (string(Key(a...)) < string(Key(b...))) {
			t.Fatalf("%q and %q sort otherwise than their keys", a, b)
		}
	})
	require.Equal(t, []byte("b"), PrefixEnd([]byte("a\xff")))
	require.Nil(t, PrefixEnd([]byte("\xff")))
}

func TestRecordVersion(t *testing.T) {
	s := OpenMemory()
	defer s.Close()
	require.NoError(t, s.Update(ctx, func(tx *Tx) error { return Save(tx, "r", Key("one"), 2, map[string]int{"a": 1}) }))
	s.View(ctx, func(tx *Tx) error {
		_, _, err := Load[map[string]int](tx, "r", Key("one"), 1)
		require.ErrorContains(t, err, "has version 2")
		got, ok, err := Load[map[string]int](tx, "r", Key("one"), 2)
		require.True(t, ok)
		require.NoError(t, err)
		require.Equal(t, 1, got["a"])
		return nil
	})
}
