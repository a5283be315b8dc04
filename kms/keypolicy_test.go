package kms_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ebsim/ebsim/account/audit"
	"github.com/ebsim/ebsim/internal/state"
	"github.com/ebsim/ebsim/kms"
)

func TestKeyPolicy(t *testing.T) {
	w := newWorld(t)
	c, k := root(alice), w.key()
	got, err := w.GetKeyPolicy(ctx, c, name(k))
	require.NoError(t, err)
	require.Equal(t, kms.DefaultPolicy(alice), got)
	require.Equal(t, audit.Fields{"keyId": k.ARN(), "policyName": "default"}, w.last(alice).Request)

	put := " " + document(permit(alice.Root(), "", "kms:*")) + "\n"
	require.NoError(t, w.PutKeyPolicy(ctx, c, name(k), put, false))
	e := w.last(alice)
	require.Equal(t, put, e.Request["policy"])
	require.Nil(t, e.Response)
	got, err = w.GetKeyPolicy(ctx, c, name(k))
	require.NoError(t, err)
	require.Equal(t, put, got, "as it was put")
	_, err = w.GetKeyPolicy(ctx, w.user(alice, "nobody"), name(k))
	w.fails(alice, err, audit.Denied, "")
}

const lockout = "The new key policy will not allow you to update the key policy in the future."

// TestLockout holds the safety check: the caller of CreateKey and PutKeyPolicy
// must be able to call PutKeyPolicy afterwards.
func TestLockout(t *testing.T) {
	w := newWorld(t)
	admin := w.user(alice, "admin", allow("kms:*"))
	keys := w.user(alice, "keys", allow("kms:CreateKey"))
	for _, test := range []struct {
		title  string
		c      kms.Call
		policy string
		ok     bool
	}{
		{"the account, by root", root(alice), document(permit(alice.Root(), "", "kms:*")), true},
		{"the account, by id", root(alice), document(permit(string(alice), "", "kms:PutKeyPolicy")), true},
		{"the account, and an identity policy", admin, document(permit(alice.Root(), "", "kms:*")), true},
		{"the account, and no identity policy", keys, document(permit(alice.Root(), "", "kms:*")), false},
		{"the caller itself", keys, document(permit(keys.Caller.ARN, "", "kms:PutKeyPolicy")), true},
		{"everyone", keys, document(permit("*", "", "kms:Put*")), true},
		{"another user", admin, document(permit(keys.Caller.ARN, "", "kms:*")), false},
		{"root is not above it", root(alice), document(permit(admin.Caller.ARN, "", "kms:*")), false},
		{"another account", root(alice), document(permit(bob.Root(), "", "kms:*")), false},
		{"use alone", root(alice), document(permit(alice.Root(), "", "kms:Encrypt", "kms:Decrypt")), false},
		{"denied", root(alice), document(permit(alice.Root(), "", "kms:*"), forbid("*", "", "kms:PutKeyPolicy")), false},
		{"a condition that holds", root(alice), document(permit(alice.Root(), `{"StringEquals":{"kms:CallerAccount":"111122223333"}}`, "kms:*")), true},
		{"a condition that fails", root(alice), document(permit(alice.Root(), `{"StringEquals":{"kms:ViaService":"ec2.eu-central-1.amazonaws.com"}}`, "kms:*")), false},
	} {
		t.Run(test.title, func(t *testing.T) {
			k, err := w.CreateKey(ctx, test.c, kms.CreateKeyOptions{Policy: test.policy})
			if test.ok {
				require.NoError(t, err)
				require.Equal(t, test.policy, k.Policy)
			} else {
				w.fails(alice, err, kms.ErrMalformedPolicy, lockout)
			}
			k, err = w.CreateKey(ctx, test.c, kms.CreateKeyOptions{Policy: test.policy, BypassCheck: true})
			require.NoError(t, err)
			require.Equal(t, test.policy, k.Policy)

			open, err := w.CreateKey(ctx, root(alice), kms.CreateKeyOptions{})
			require.NoError(t, err)
			if test.c.Caller.Name == "keys" {
				w.fails(alice, w.PutKeyPolicy(ctx, test.c, name(open), test.policy, true), audit.Denied, "")
				return
			}
			err = w.PutKeyPolicy(ctx, test.c, name(open), test.policy, false)
			if test.ok {
				require.NoError(t, err)
				return
			}
			w.fails(alice, err, kms.ErrMalformedPolicy, lockout)
			got, err := w.GetKeyPolicy(ctx, root(alice), name(open))
			require.NoError(t, err)
			require.Equal(t, kms.DefaultPolicy(alice), got, "nothing was changed")
			require.NoError(t, w.PutKeyPolicy(ctx, test.c, name(open), test.policy, true))
		})
	}
}

// TestLockedOut holds that a key whose policy names nobody is lost to root too.
func TestLockedOut(t *testing.T) {
	w := newWorld(t)
	c := root(alice)
	k := w.key(permit(bob.Root(), "", "kms:*"))
	_, err := w.DescribeKey(ctx, c, name(k))
	w.fails(alice, err, audit.Denied, silent(c, k, "DescribeKey", "resource"))
	w.fails(alice, w.PutKeyPolicy(ctx, c, name(k), kms.DefaultPolicy(alice), true), audit.Denied, silent(c, k, "PutKeyPolicy", "resource"))
	w.fails(alice, w.DisableKey(ctx, c, name(k)), audit.Denied, silent(c, k, "DisableKey", "resource"))
}

func TestPolicyPrincipalsMustExist(t *testing.T) {
	w := newWorld(t)
	c, k := root(alice), w.key()
	dev := w.user(alice, "dev")
	w.update(func(tx *state.Tx) error {
		_, err := w.accounts.CreateUser(tx, bob, "ops", "/team/")
		return err
	})
	const invalid = "Policy contains a statement with one or more invalid principals."
	for _, test := range []struct {
		principal string
		ok        bool
	}{
		{dev.Caller.ARN, true},
		{"arn:aws:iam::444455556666:user/team/ops", true},
		{bob.Root(), true},
		{string(bob), true},
		{"*", true},
		{"arn:aws:sts::111122223333:assumed-role/aws:ec2-infrastructure/i-0123456789abcdef0", true},
		{"arn:aws:iam::444455556666:user/ops", false},
		{"arn:aws:iam::111122223333:user/Dev", false},
		{"arn:aws:iam::111122223333:user/nobody", false},
		{"arn:aws:iam::111122223333:role/nobody", false},
		{"AIDAAAAAAAAAAAAAAAAAA", false},
	} {
		t.Run(test.principal, func(t *testing.T) {
			text := document(permit(alice.Root(), "", "kms:*"), permit(test.principal, "", "kms:Decrypt"))
			for _, bypass := range []bool{false, true} {
				err := w.PutKeyPolicy(ctx, c, name(k), text, bypass)
				_, made := w.CreateKey(ctx, c, kms.CreateKeyOptions{Policy: text, BypassCheck: bypass})
				if test.ok {
					require.NoError(t, err)
					require.NoError(t, made)
					continue
				}
				require.EqualError(t, err, invalid)
				w.fails(alice, made, kms.ErrMalformedPolicy, invalid)
			}
		})
	}
}

func TestPolicyTexts(t *testing.T) {
	w := newWorld(t)
	c, k := root(alice), w.key()
	for title, bad := range map[string]string{
		"not JSON": "x", "an identity policy": document(allow("kms:*")), "a group": document(permit("arn:aws:iam::111122223333:group/g", "", "kms:*")),
		"a wildcard": document(permit("arn:aws:iam::111122223333:user/*", "", "kms:*")),
	} {
		t.Run(title, func(t *testing.T) {
			w.fails(alice, w.PutKeyPolicy(ctx, c, name(k), bad, true), kms.ErrMalformedPolicy, "")
		})
	}
	padded := func(n int) string {
		p := document(permit(alice.Root(), "", "kms:*"))
		return p + strings.Repeat(" ", n-len(p))
	}
	require.NoError(t, w.PutKeyPolicy(ctx, c, name(k), padded(32<<10), false))
	w.fails(alice, w.PutKeyPolicy(ctx, c, name(k), padded(32<<10+1), false), kms.ErrLimitExceeded, "")
	_, err := w.CreateKey(ctx, c, kms.CreateKeyOptions{Policy: padded(32<<10 + 1)})
	w.fails(alice, err, kms.ErrLimitExceeded, "")
}
