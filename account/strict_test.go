package account_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ebsim/ebsim/account"
	"github.com/ebsim/ebsim/internal/state"
)

func TestPolicyNameIsUnique(t *testing.T) {
	w := newWorld(t, true)
	w.policy(alice, "use", "/", anyone)
	for _, n := range [][2]string{{"use", "/team/"}, {"USE", "/"}} {
		if err := w.do(func(tx *state.Tx) error { _, err := w.CreatePolicy(tx, alice, n[0], n[1], anyone); return err }); err == nil {
			t.Error(n)
		}
	}
	if err := w.do(func(tx *state.Tx) error {
		_, err := w.CreatePolicy(tx, alice, "x", "/"+strings.Repeat("p", 600)+"/", anyone)
		return err
	}); err == nil {
		t.Error("long path")
	}
}

func TestConflictIsOneText(t *testing.T) {
	w := newWorld(t, true)
	w.user(alice, "dev", "/")
	w.ok(func(tx *state.Tx) error {
		w.CreateAccessKey(tx, alice, "dev")
		w.AttachUserPolicy(tx, alice, "dev", admin)
		return w.PutUserPolicy(tx, alice, "dev", "p", anyone)
	})
	seen := map[string]bool{}
	for range 100 {
		err := w.do(func(tx *state.Tx) error { return w.DeleteUser(tx, alice, "dev") })
		require.ErrorIs(t, err, account.ErrDeleteConflict)
		seen[err.Error()] = true
	}
	require.Len(t, seen, 1)
}
