package account_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ebsim/ebsim/account"
	"github.com/ebsim/ebsim/account/arn"
	"github.com/ebsim/ebsim/account/audit"
	"github.com/ebsim/ebsim/account/policy"
	"github.com/ebsim/ebsim/internal/state"
)

func (w *world) policies(p policy.Principal) (names, texts []string) {
	w.t.Helper()
	w.ok(func(tx *state.Tx) error {
		all, err := w.Policies(tx, p)
		names, texts = nil, nil
		for _, s := range all {
			names, texts = append(names, s.Name), append(texts, s.Document.Text())
		}
		return err
	})
	return names, texts
}

// TestPolicies holds the order of a user's policies, and that nobody else has
// any.
func TestPolicies(t *testing.T) {
	w := newWorld(t, true)
	u := w.user(alice, "dev", "/team/")
	p := w.policy(alice, "a", "", document(1))
	names, _ := w.policies(u.Principal())
	require.Empty(t, names)
	w.ok(func(tx *state.Tx) error {
		require.NoError(t, w.AttachUserPolicy(tx, alice, "dev", p.ARN()))
		require.NoError(t, w.AttachUserPolicy(tx, alice, "dev", admin))
		require.NoError(t, w.PutUserPolicy(tx, alice, "dev", "z", document(2)))
		return w.PutUserPolicy(tx, alice, "dev", "b", document(3))
	})
	names, texts := w.policies(u.Principal())
	require.Equal(t, []string{"inline policy b of user dev", "inline policy z of user dev", p.ARN(), admin}, names)
	require.Equal(t, []string{document(3), document(2), document(1)}, texts[:3])

	w.user(bob, "dev", "/")
	for _, other := range []policy.Principal{
		account.Root(alice), audit.Infrastructure(alice, "dev").Principal, audit.Service("ec2.amazonaws.com").Principal,
		{Kind: policy.User, Account: bob, Name: "dev"}, {Kind: policy.User, Account: alice, Name: "deleted"},
	} {
		names, _ := w.policies(other)
		require.Empty(t, names, "%v", other)
	}
}

func TestExists(t *testing.T) {
	for _, sandbox := range []bool{true, false} {
		w := newWorld(t, sandbox)
		w.user(alice, "dev", "/")
		w.user(alice, "ops", "/team/a/")
		for principal, want := range map[string]bool{
			"*":                                  true,
			"111122223333":                       true,
			"arn:aws:iam::111122223333:root":     true,
			"arn:aws:iam::111122223333:user/dev": true,
			"arn:aws:iam::111122223333:user/team/a/ops":                         true,
			"arn:aws:sts::111122223333:assumed-role/aws:ec2-infrastructure/i-1": true,
			"444455556666":                   sandbox,
			"arn:aws:iam::444455556666:root": sandbox,
			"arn:aws:sts::444455556666:assumed-role/aws:ec2-infrastructure/i-1": sandbox,
			"":                                   false,
			"dev":                                false,
			"11112222333":                        false,
			"arn:aws:iam:":                       false,
			"arn:aws:iam::11112222333:root":      false,
			"arn:aws:iam::111122223333:user/ops": false,
			"arn:aws:iam::111122223333:user/team/ops":              false,
			"arn:aws:iam::111122223333:user/x/dev":                 false,
			"arn:aws:iam::111122223333:user/DEV":                   false,
			"arn:aws:iam::444455556666:user/dev":                   false,
			"arn:aws:iam::111122223333:user/":                      false,
			"arn:aws:iam::111122223333:role/dev":                   false,
			"arn:aws:iam::111122223333:group/dev":                  false,
			"arn:aws:sts::111122223333:assumed-role/other/session": false,
			"arn:aws:s3:::bucket":                                  false,
			"ec2.amazonaws.com":                                    false,
		} {
			w.ok(func(tx *state.Tx) error {
				got, err := w.Exists(tx, principal)
				require.Equal(t, want, got, "%s, sandbox %v", principal, sandbox)
				return err
			})
		}
		w.ok(func(tx *state.Tx) error {
			require.True(t, w.Known(tx, alice))
			require.Equal(t, sandbox, w.Known(tx, bob))
			for _, bad := range []arn.AccountID{"", "1", "aws", "11112222333x"} {
				require.False(t, w.Known(tx, bad))
			}
			return nil
		})
	}
}
