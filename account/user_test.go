package account_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ebsim/ebsim/account"
	"github.com/ebsim/ebsim/account/arn"
	"github.com/ebsim/ebsim/account/audit"
	"github.com/ebsim/ebsim/internal/clock"
	"github.com/ebsim/ebsim/internal/id"
	"github.com/ebsim/ebsim/internal/rootkey"
	"github.com/ebsim/ebsim/internal/state"
)

const (
	alice = arn.AccountID("111122223333")
	bob   = arn.AccountID("444455556666")
	admin = "arn:aws:iam::aws:policy/AdministratorAccess"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

type world struct {
	*account.Service
	t     *testing.T
	store *state.Store
}

func newWorld(t *testing.T, sandbox bool) *world {
	t.Helper()
	return openWorld(t, state.OpenMemory(), rootkey.Generate(), sandbox)
}

func openWorld(t *testing.T, store *state.Store, root *rootkey.Key, sandbox bool) *world {
	t.Helper()
	t.Cleanup(func() { store.Close() })
	return &world{account.New(root, clock.Virtual(start), id.Random(), sandbox), t, store}
}

// do runs fn in a transaction of its own and gives its error.
func (w *world) do(fn func(*state.Tx) error) error { return w.store.Update(context.Background(), fn) }

func (w *world) ok(fn func(*state.Tx) error) {
	w.t.Helper()
	require.NoError(w.t, w.do(fn))
}

func (w *world) fails(kind audit.Kind, text string, fn func(*state.Tx) error) {
	w.t.Helper()
	err := w.do(fn)
	require.ErrorIs(w.t, err, kind)
	if text != "" {
		require.EqualError(w.t, err, text)
	}
}

func (w *world) user(a arn.AccountID, name, path string) *account.User {
	w.t.Helper()
	var u *account.User
	w.ok(func(tx *state.Tx) (err error) { u, err = w.CreateUser(tx, a, name, path); return err })
	return u
}

// document is a policy that is as long as one wants.
func document(n int) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:Encrypt","Resource":"arn:aws:kms:::%s"}]}`, strings.Repeat("x", n))
}

var anyone = strings.Replace(document(0), "arn:aws:kms:::", "*", 1)

func TestUsers(t *testing.T) {
	w := newWorld(t, true)
	u := w.user(alice, "dev", "")
	require.Equal(t, "arn:aws:iam::111122223333:user/dev", u.ARN())
	require.Regexp(t, "^AIDA[A-Z0-9]{17}$", u.ID)
	require.Equal(t, start, u.Created)
	p := u.Principal()
	require.Equal(t, u.ARN(), p.ARN)
	require.Equal(t, "dev", p.Name)
	require.Equal(t, "arn:aws:iam::111122223333:user/team/a/ops", w.user(alice, "ops", "/team/a/").ARN())
	w.user(bob, "dev", "/")
	w.ok(func(tx *state.Tx) error {
		got, err := w.User(tx, alice, "dev")
		require.NoError(t, err)
		require.Equal(t, u, got)
		all, err := w.Users(tx, alice)
		require.Len(t, all, 2)
		require.Equal(t, "dev", all[0].Name)
		return err
	})
	w.fails(account.ErrAlreadyExists, "User with name DEV already exists.", func(tx *state.Tx) error {
		_, err := w.CreateUser(tx, alice, "DEV", "/other/")
		return err
	})
	const missing = "The user with name nobody cannot be found."
	for _, call := range []func(tx *state.Tx) error{
		func(tx *state.Tx) error { _, err := w.User(tx, alice, "nobody"); return err },
		func(tx *state.Tx) error { return w.DeleteUser(tx, alice, "nobody") },
		func(tx *state.Tx) error { return w.PutUserPolicy(tx, alice, "nobody", "p", anyone) },
		func(tx *state.Tx) error { return w.DeleteUserPolicy(tx, alice, "nobody", "p") },
		func(tx *state.Tx) error { return w.AttachUserPolicy(tx, alice, "nobody", admin) },
		func(tx *state.Tx) error { return w.DetachUserPolicy(tx, alice, "nobody", admin) },
		func(tx *state.Tx) error { _, _, err := w.CreateAccessKey(tx, alice, "nobody"); return err },
	} {
		w.fails(account.ErrNoSuchEntity, missing, call)
	}
	w.ok(func(tx *state.Tx) error { return w.DeleteUser(tx, alice, "dev") })
	w.fails(account.ErrNoSuchEntity, "", func(tx *state.Tx) error { _, err := w.User(tx, alice, "dev"); return err })
	require.NotEqual(t, u.ID, w.user(alice, "dev", "/").ID, "a new user of the same name is another")
}

func TestUserNames(t *testing.T) {
	w := newWorld(t, true)
	for i, test := range []struct {
		name, path string
		ok         bool
	}{
		{"a", "/", true},
		{strings.Repeat("n", 64), "", true},
		{"A_b-c+d=e,f.g@h", "/", true},
		{"p1", "/" + strings.Repeat("p", 510) + "/", true},
		{"p2", "/a/b.c/", true},
		{"", "/", false},
		{strings.Repeat("n", 65), "/", false},
		{"a/b", "/", false},
		{"a b", "/", false},
		{"ü", "/", false},
		{"a\n", "/", false},
		{"a*", "/", false},
		{"x", "team", false},
		{"x", "/team", false},
		{"x", "team/", false},
		{"x", "/a b/", false},
		{"x", "/" + strings.Repeat("p", 511) + "/", false},
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			err := w.do(func(tx *state.Tx) error { _, err := w.CreateUser(tx, alice, test.name, test.path); return err })
			if test.ok {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, account.ErrValidation)
			}
		})
	}
}

// TestDeleteConflicts holds that a user with anything left is not deleted.
func TestDeleteConflicts(t *testing.T) {
	w := newWorld(t, true)
	w.user(alice, "dev", "/")
	keyID := ""
	for title, half := range map[string][2]func(*state.Tx) error{
		"inline policy": {
			func(tx *state.Tx) error { return w.PutUserPolicy(tx, alice, "dev", "p", anyone) },
			func(tx *state.Tx) error { return w.DeleteUserPolicy(tx, alice, "dev", "p") },
		},
		"attached policy": {
			func(tx *state.Tx) error { return w.AttachUserPolicy(tx, alice, "dev", admin) },
			func(tx *state.Tx) error { return w.DetachUserPolicy(tx, alice, "dev", admin) },
		},
		"access key": {
			func(tx *state.Tx) error {
				k, _, err := w.CreateAccessKey(tx, alice, "dev")
				keyID = k.ID
				return err
			},
			func(tx *state.Tx) error { return w.DeleteAccessKey(tx, alice, "dev", keyID) },
		},
	} {
		t.Run(title, func(t *testing.T) {
			w.ok(half[0])
			w.fails(account.ErrDeleteConflict, "", func(tx *state.Tx) error { return w.DeleteUser(tx, alice, "dev") })
			w.ok(half[1])
		})
	}
	w.ok(func(tx *state.Tx) error { return w.DeleteUser(tx, alice, "dev") })
}

func TestInlinePolicies(t *testing.T) {
	w := newWorld(t, true)
	w.user(alice, "dev", "/")
	put := func(name, text string) func(*state.Tx) error {
		return func(tx *state.Tx) error { return w.PutUserPolicy(tx, alice, "dev", name, text) }
	}
	for _, bad := range []string{"", "a b", "a/b", strings.Repeat("n", 129)} {
		w.fails(account.ErrValidation, "", put(bad, anyone))
	}
	for _, bad := range []string{"", "x", `{"Statement":[]}`, `{"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}`} {
		w.fails(account.ErrMalformedPolicy, "", put("p", bad))
	}
	fixed := len(document(0))
	w.ok(put(strings.Repeat("n", 128), document(1000-fixed)))
	w.ok(put("free", strings.Repeat(" \n\t\r", 1000)+document(1048-fixed))) // white space is free
	w.fails(account.ErrLimitExceeded, "Maximum policy size of 2048 bytes exceeded for user dev", put("one", anyone))
	w.fails(account.ErrLimitExceeded, "", put("free", document(1049-fixed)))
	w.ok(put("free", document(100)))
	w.ok(put("one", anyone))
	w.fails(account.ErrNoSuchEntity, "The user policy with name two cannot be found.", func(tx *state.Tx) error {
		return w.DeleteUserPolicy(tx, alice, "dev", "two")
	})
	w.ok(func(tx *state.Tx) error {
		u, err := w.User(tx, alice, "dev")
		require.Len(t, u.Inline, 3)
		require.Equal(t, document(100), u.Inline["free"], "the last one put")
		return err
	})
}
