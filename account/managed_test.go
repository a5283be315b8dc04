package account_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ebsim/ebsim/account"
	"github.com/ebsim/ebsim/account/arn"
	"github.com/ebsim/ebsim/internal/state"
)

func (w *world) policy(a arn.AccountID, name, path, text string) *account.Policy {
	w.t.Helper()
	var p *account.Policy
	w.ok(func(tx *state.Tx) (err error) { p, err = w.CreatePolicy(tx, a, name, path, text); return err })
	return p
}

func TestManagedPolicies(t *testing.T) {
	w := newWorld(t, true)
	p := w.policy(alice, "use", "", anyone)
	require.Equal(t, "arn:aws:iam::111122223333:policy/use", p.ARN())
	require.Regexp(t, "^ANPA[A-Z0-9]{17}$", p.ID)
	require.Equal(t, "arn:aws:iam::111122223333:policy/team/use2", w.policy(alice, "use2", "/team/", anyone).ARN())
	w.policy(bob, "use", "", anyone)
	w.ok(func(tx *state.Tx) error {
		got, err := w.Policy(tx, p.ARN())
		require.NoError(t, err)
		require.Equal(t, p, got)
		aws, err := w.Policy(tx, admin)
		require.NoError(t, err)
		require.Equal(t, admin, aws.ARN())
		require.Empty(t, aws.Account)
		return nil
	})
	create := func(name, path, text string) func(*state.Tx) error {
		return func(tx *state.Tx) error { _, err := w.CreatePolicy(tx, alice, name, path, text); return err }
	}
	w.fails(account.ErrAlreadyExists, "A policy called use already exists. Duplicate names are not allowed.", create("use", "/", anyone))
	for _, bad := range [][2]string{{"", "/"}, {"a b", "/"}, {"a/b", "/"}, {strings.Repeat("n", 129), "/"}, {"x", "team"}, {"x", "/team"}} {
		w.fails(account.ErrValidation, "", create(bad[0], bad[1], anyone))
	}
	w.fails(account.ErrMalformedPolicy, "", create("x", "/", "{}"))
	fixed := len(document(0))
	w.policy(alice, strings.Repeat("n", 128), "", strings.Repeat(" ", 5000)+document(6144-fixed))
	w.fails(account.ErrLimitExceeded, "Cannot exceed quota for PolicySize: 6144", create("x", "/", document(6145-fixed)))
}

func TestAttachedPolicies(t *testing.T) {
	w := newWorld(t, true)
	w.user(alice, "dev", "/")
	p, theirs := w.policy(alice, "use", "", anyone), w.policy(bob, "use", "", anyone)
	attach := func(policy string) func(*state.Tx) error {
		return func(tx *state.Tx) error { return w.AttachUserPolicy(tx, alice, "dev", policy) }
	}
	attached := func() []string {
		var all []string
		w.ok(func(tx *state.Tx) error {
			u, err := w.User(tx, alice, "dev")
			all = u.Attached
			return err
		})
		return all
	}
	for range 2 {
		w.ok(attach(p.ARN()))
	}
	require.Equal(t, []string{p.ARN()}, attached(), "attaching it twice is one")
	for _, bad := range []string{theirs.ARN(), p.ARN() + "x", "x", "", "arn:aws:iam::aws:policy/None"} {
		w.fails(account.ErrNoSuchEntity, "Policy "+bad+" does not exist or is not attachable.", attach(bad))
	}
	w.fails(account.ErrDeleteConflict, "Cannot delete a policy attached to entities.", func(tx *state.Tx) error {
		return w.DeletePolicy(tx, alice, p.ARN())
	})
	for _, bad := range []string{theirs.ARN(), admin, p.ARN() + "x"} {
		w.fails(account.ErrNoSuchEntity, "Policy "+bad+" was not found.", func(tx *state.Tx) error {
			return w.DeletePolicy(tx, alice, bad)
		})
		w.fails(account.ErrNoSuchEntity, "Policy "+bad+" was not found.", func(tx *state.Tx) error {
			return w.DetachUserPolicy(tx, alice, "dev", bad)
		})
	}
	w.ok(attach(admin))
	for i := range 8 {
		w.ok(attach(w.policy(alice, fmt.Sprint("p", i), "", anyone).ARN()))
	}
	require.Len(t, attached(), 10)
	w.fails(account.ErrLimitExceeded, "Cannot exceed quota for PoliciesPerUser: 10", attach(w.policy(alice, "p8", "", anyone).ARN()))
	w.ok(attach(p.ARN()))

	w.ok(func(tx *state.Tx) error { return w.DetachUserPolicy(tx, alice, "dev", p.ARN()) })
	require.NotContains(t, attached(), p.ARN())
	w.ok(func(tx *state.Tx) error { return w.DeletePolicy(tx, alice, p.ARN()) })
	w.fails(account.ErrNoSuchEntity, "", func(tx *state.Tx) error { _, err := w.Policy(tx, p.ARN()); return err })
	w.ok(func(tx *state.Tx) error { _, err := w.Policy(tx, theirs.ARN()); return err })
}

func TestAWSsPoliciesAreAttachable(t *testing.T) {
	w := newWorld(t, true)
	for _, a := range []arn.AccountID{alice, bob} {
		w.user(a, "dev", "/")
		w.ok(func(tx *state.Tx) error { return w.AttachUserPolicy(tx, a, "dev", admin) })
	}
}
