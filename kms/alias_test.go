package kms_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ebsim/ebsim/account/audit"
	"github.com/ebsim/ebsim/kms"
)

func TestAliases(t *testing.T) {
	w := newWorld(t)
	c, k, other := root(alice), w.key(), w.key()
	require.NoError(t, w.CreateAlias(ctx, c, "alias/b", name(k)))
	e := w.last(alice)
	require.Equal(t, audit.Fields{"aliasName": "alias/b", "targetKeyId": k.ARN()}, e.Request)
	require.Contains(t, e.Resources, audit.Resource{AccountID: alice, Type: "AWS::KMS::Key", ARN: k.ARN()})
	require.Nil(t, e.Response)
	require.NoError(t, w.CreateAlias(ctx, c, "alias/a", kms.KeyName(other.ID)))
	require.NoError(t, w.CreateAlias(ctx, c, "alias/B", kms.KeyName(k.ID)), "names are case-sensitive")
	w.fails(alice, w.CreateAlias(ctx, c, "alias/b", name(other)), kms.ErrAlreadyExists,
		"An alias with the name arn:aws:kms:eu-central-1:111122223333:alias/b already exists")

	all, err := w.ListAliases(ctx, c, "")
	require.NoError(t, err)
	require.Equal(t, []string{"alias/B", "alias/a", "alias/b"}, names(all))
	require.Equal(t, "arn:aws:kms:eu-central-1:111122223333:alias/B", all[0].ARN())
	all, err = w.ListAliases(ctx, c, name(k))
	require.NoError(t, err)
	require.Equal(t, []string{"alias/B", "alias/b"}, names(all))

	w.clock.AdvanceTo(start.Add(time.Hour))
	require.NoError(t, w.UpdateAlias(ctx, c, "alias/b", name(other)))
	all, err = w.ListAliases(ctx, c, name(other))
	require.NoError(t, err)
	require.Equal(t, []string{"alias/a", "alias/b"}, names(all))
	require.Equal(t, start, all[1].Created)
	require.Equal(t, start.Add(time.Hour), all[1].Updated)

	require.NoError(t, w.DeleteAlias(ctx, c, "alias/b"))
	const gone = "Alias arn:aws:kms:eu-central-1:111122223333:alias/b is not found."
	w.fails(alice, w.DeleteAlias(ctx, c, "alias/b"), kms.ErrNotFound, gone)
	w.fails(alice, w.UpdateAlias(ctx, c, "alias/b", name(k)), kms.ErrNotFound, gone)
	_, err = w.DescribeKey(ctx, c, "alias/b")
	w.fails(alice, err, kms.ErrNotFound, gone)
	_, err = w.DescribeKey(ctx, c, name(other))
	require.NoError(t, err, "the key stays")
}

func names(all []kms.Alias) []string {
	var n []string
	for _, a := range all {
		n = append(n, a.Name)
	}
	return n
}

func TestAliasesBelongToAccountAndRegion(t *testing.T) {
	w := newWorld(t)
	k := w.key()
	require.NoError(t, w.CreateAlias(ctx, root(alice), "alias/a", name(k)))
	theirs, err := w.CreateKey(ctx, root(bob), kms.CreateKeyOptions{})
	require.NoError(t, err)
	require.NoError(t, w.CreateAlias(ctx, root(bob), "alias/a", name(theirs)))
	c := root(alice)
	c.Region = there
	far, err := w.CreateKey(ctx, c, kms.CreateKeyOptions{})
	require.NoError(t, err)
	w.fails(alice, w.CreateAlias(ctx, c, "alias/far", name(k)), kms.ErrNotFound, "Invalid arn eu-central-1")
	require.NoError(t, w.CreateAlias(ctx, c, "alias/a", name(far)))
	for call, want := range map[*kms.Call]*kms.Key{{Caller: root(alice).Caller, Region: here}: k, {Caller: root(bob).Caller, Region: here}: theirs, &c: far} {
		got, err := w.DescribeKey(ctx, *call, "alias/a")
		require.NoError(t, err)
		require.Equal(t, want.ARN(), got.ARN())
	}
	w.fails(bob, w.CreateAlias(ctx, root(bob), "alias/hers", name(k)), audit.Denied, vague(root(bob), "CreateAlias"))
	_, err = w.DescribeKey(ctx, root(bob), "arn:aws:kms:eu-central-1:111122223333:alias/a")
	w.fails(bob, err, audit.Denied, vague(root(bob), "DescribeKey"))
}

func TestAliasNames(t *testing.T) {
	w := newWorld(t)
	c, k := root(alice), w.key()
	for title, n := range map[string]string{"short": "alias/x", "long": "alias/" + strings.Repeat("x", 250), "signs": "alias/a/b_c-d:E9"} {
		t.Run(title, func(t *testing.T) { require.NoError(t, w.CreateAlias(ctx, c, n, name(k))) })
	}
	for _, test := range []struct {
		name string
		kind audit.Kind
		text string
	}{
		{"x", kms.ErrValidation, `Alias must start with the prefix "alias/". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html`},
		{"", kms.ErrValidation, ""},
		{"alias", kms.ErrValidation, ""},
		{"alias/", kms.ErrValidation, ""},
		{"Alias/x", kms.ErrValidation, ""},
		{"alias/a b", kms.ErrValidation, ""},
		{"alias/ü", kms.ErrValidation, ""},
		{"alias/x\n", kms.ErrValidation, ""},
		{"alias/" + strings.Repeat("x", 251), kms.ErrValidation, ""},
		{"alias/aws/ebs", kms.ErrNotAuthorized, ""},
		{"alias/aws/mine", kms.ErrNotAuthorized, ""},
	} {
		t.Run(fmt.Sprintf("%.20q", test.name), func(t *testing.T) {
			w.fails(alice, w.CreateAlias(ctx, c, test.name, name(k)), test.kind, test.text)
			w.fails(alice, w.UpdateAlias(ctx, c, test.name, name(k)), test.kind, test.text)
			w.fails(alice, w.DeleteAlias(ctx, c, test.name), test.kind, test.text)
		})
	}
}

func TestAliasesOfOneKeyAreLimited(t *testing.T) {
	w := newWorld(t)
	c, k := root(alice), w.key()
	for i := range 50 {
		require.NoError(t, w.CreateAlias(ctx, c, fmt.Sprint("alias/", i), name(k)))
	}
	w.fails(alice, w.CreateAlias(ctx, c, "alias/50", name(k)), kms.ErrLimitExceeded, "")
	require.NoError(t, w.DeleteAlias(ctx, c, "alias/7"))
	require.NoError(t, w.CreateAlias(ctx, c, "alias/50", name(k)))
}

// TestAliasRights holds that the right is needed on the alias, in an identity
// policy, and on the key; for UpdateAlias on both keys.
func TestAliasRights(t *testing.T) {
	w := newWorld(t)
	on := func(resource string) string {
		return `{"Effect":"Allow","Action":"kms:*Alias","Resource":"` + resource + `"}`
	}
	k, other, closed := w.key(), w.key(), w.key(permit(alice.Root(), "", "kms:DescribeKey", "kms:CreateAlias"))
	both := w.user(alice, "both", on("*"))
	alias := w.user(alice, "alias", on("arn:aws:kms:*:*:alias/*"))
	key := w.user(alice, "key", on("arn:aws:kms:*:*:key/*"))
	one := w.user(alice, "one", on("arn:aws:kms:*:*:alias/*"), on(k.ARN()))

	w.fails(alice, w.CreateAlias(ctx, alias, "alias/x", name(k)), audit.Denied, silent(alias, k, "CreateAlias", "identity"))
	err := w.CreateAlias(ctx, key, "alias/x", name(k))
	w.fails(alice, err, audit.Denied, "User: "+key.Caller.ARN+" is not authorized to perform: kms:CreateAlias on resource: "+
		"arn:aws:kms:eu-central-1:111122223333:alias/x because no identity-based policy allows the kms:CreateAlias action")
	require.NoError(t, w.CreateAlias(ctx, both, "alias/x", name(k)))
	require.Len(t, w.last(alice).Decisions, 2)

	w.fails(alice, w.UpdateAlias(ctx, one, "alias/x", name(other)), audit.Denied, silent(one, other, "UpdateAlias", "identity"))
	w.fails(alice, w.UpdateAlias(ctx, both, "alias/x", name(closed)), audit.Denied, silent(both, closed, "UpdateAlias", "resource"))
	require.NoError(t, w.UpdateAlias(ctx, both, "alias/x", name(other)))
	w.fails(alice, w.UpdateAlias(ctx, one, "alias/x", name(k)), audit.Denied, silent(one, other, "UpdateAlias", "identity"))
	w.fails(alice, w.DeleteAlias(ctx, one, "alias/x"), audit.Denied, silent(one, other, "DeleteAlias", "identity"))
	w.fails(alice, w.DeleteAlias(ctx, key, "alias/x"), audit.Denied, "")
	require.NoError(t, w.DeleteAlias(ctx, both, "alias/x"))

	require.NoError(t, w.CreateAlias(ctx, root(alice), "alias/closed", name(closed)))
	w.fails(alice, w.UpdateAlias(ctx, both, "alias/closed", name(k)), audit.Denied, silent(both, closed, "UpdateAlias", "resource"))
	_, err = w.ListAliases(ctx, w.user(alice, "nobody"), "")
	w.fails(alice, err, audit.Denied, "")
}
