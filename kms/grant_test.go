package kms_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ebsim/ebsim/account/audit"
	"github.com/ebsim/ebsim/account/policy"
	"github.com/ebsim/ebsim/internal/state"
	"github.com/ebsim/ebsim/kms"
)

// grant makes a grant as a caller.
func (w *world) grant(c kms.Call, k *kms.Key, o kms.GrantOptions) (*kms.Grant, string) {
	w.t.Helper()
	g, token, err := w.CreateGrant(ctx, c, name(k), o)
	require.NoError(w.t, err)
	return g, token
}

func (w *world) grants(k *kms.Key) []kms.Grant {
	w.t.Helper()
	all, err := w.ListGrants(ctx, root(alice), name(k), "", "")
	require.NoError(w.t, err)
	return all
}

func TestCreateGrant(t *testing.T) {
	w := newWorld(t)
	k, dev := w.key(), w.user(alice, "dev")
	o := kms.GrantOptions{Name: "n", Grantee: dev.Caller.ARN, Retiring: alice.Root(), Operations: []string{"Decrypt", "DescribeKey"},
		Subset: map[string]string{"a": "1"}}
	g, token := w.grant(root(alice), k, o)
	require.Regexp(t, "^[0-9a-f]{64}$", g.ID)
	require.NotEmpty(t, token)
	require.LessOrEqual(t, len(token), 8192)
	require.Equal(t, &kms.Grant{ID: g.ID, Key: k.ARN(), Name: "n", Grantee: dev.Caller.ARN, Retiring: alice.Root(),
		Operations: o.Operations, Subset: o.Subset, Issuer: alice, Created: start}, g)
	e := w.last(alice)
	require.Equal(t, "CreateGrant", e.Name)
	require.False(t, e.ReadOnly)
	require.Equal(t, audit.Fields{"keyId": k.ARN(), "granteePrincipal": dev.Caller.ARN, "retiringPrincipal": alice.Root(), "name": "n",
		"operations":  []any{"Decrypt", "DescribeKey"},
		"constraints": map[string]any{"encryptionContextSubset": map[string]any{"a": "1"}}}, e.Request)
	require.Equal(t, audit.Fields{"grantId": g.ID, "keyId": k.ARN()}, e.Response)
	require.Equal(t, []kms.Grant{*g}, w.grants(k))
}

// TestGrantNames holds that the same name and parameters are the same grant,
// and that without a name each call makes one.
func TestGrantNames(t *testing.T) {
	w := newWorld(t)
	k, dev := w.key(), w.user(alice, "dev")
	base := kms.GrantOptions{Name: "n", Grantee: dev.Caller.ARN, Operations: []string{"Decrypt"}, Subset: map[string]string{"a": "1"}}
	g, _ := w.grant(root(alice), k, base)
	again, token := w.grant(root(alice), k, base)
	require.Equal(t, g, again)
	require.Equal(t, g.ID, w.last(alice).Response["grantId"])
	require.Len(t, w.grants(k), 1)
	require.NoError(t, w.RetireGrant(ctx, root(alice), kms.RetireGrantOptions{Token: token}), "each answer has a token that works")
	require.Empty(t, w.grants(k))
	g, _ = w.grant(root(alice), k, base)

	changes := map[string]func(*kms.GrantOptions){
		"name":       func(o *kms.GrantOptions) { o.Name = "m" },
		"no name":    func(o *kms.GrantOptions) { o.Name = "" },
		"grantee":    func(o *kms.GrantOptions) { o.Grantee = alice.Root() },
		"retiring":   func(o *kms.GrantOptions) { o.Retiring = alice.Root() },
		"operations": func(o *kms.GrantOptions) { o.Operations = []string{"Encrypt"} },
		"subset":     func(o *kms.GrantOptions) { o.Subset = map[string]string{"a": "2"} },
		"equals":     func(o *kms.GrantOptions) { o.Subset, o.Equals = nil, o.Subset },
		"no subset":  func(o *kms.GrantOptions) { o.Subset = nil },
	}
	seen := map[string]bool{g.ID: true}
	for title, change := range changes {
		o := base
		change(&o)
		g, _ := w.grant(root(alice), k, o)
		require.False(t, seen[g.ID], title)
		seen[g.ID] = true
	}
	require.Len(t, w.grants(k), 1+len(changes))
	base.Name = ""
	one, _ := w.grant(root(alice), k, base)
	two, _ := w.grant(root(alice), k, base)
	require.NotEqual(t, one.ID, two.ID)

	other := w.key()
	base.Name = "n"
	theirs, _ := w.grant(root(alice), other, base)
	require.NotEqual(t, g.ID, theirs.ID, "names are of one key")
}

func TestGrantInputs(t *testing.T) {
	w := newWorld(t)
	k := w.key()
	decrypt := []string{"Decrypt"}
	pair := map[string]string{"a": "1"}
	for _, test := range []struct {
		title string
		o     kms.GrantOptions
		kind  audit.Kind
	}{
		{"no operations", kms.GrantOptions{Grantee: alice.Root()}, kms.ErrValidation},
		{"unknown operation", kms.GrantOptions{Grantee: alice.Root(), Operations: []string{"Decrypt", "decrypt"}}, kms.ErrValidation},
		{"an operation for other keys", kms.GrantOptions{Grantee: alice.Root(), Operations: []string{"Sign"}}, kms.ErrValidation},
		{"not for a grant", kms.GrantOptions{Grantee: alice.Root(), Operations: []string{"DisableKey"}}, kms.ErrValidation},
		{"both constraints", kms.GrantOptions{Grantee: alice.Root(), Operations: decrypt, Equals: pair, Subset: pair}, kms.ErrValidation},
		{"no grantee", kms.GrantOptions{Retiring: alice.Root(), Operations: decrypt}, kms.ErrInvalidArn},
		{"everyone", kms.GrantOptions{Grantee: "*", Operations: decrypt}, kms.ErrInvalidArn},
		{"unknown user", kms.GrantOptions{Grantee: "arn:aws:iam::111122223333:user/x", Operations: decrypt}, kms.ErrInvalidArn},
		{"a group", kms.GrantOptions{Grantee: "arn:aws:iam::111122223333:group/x", Operations: decrypt}, kms.ErrInvalidArn},
		{"a service", kms.GrantOptions{Grantee: "ec2.eu-central-1.amazonaws.com", Operations: decrypt}, kms.ErrInvalidArn},
		{"unknown retiring principal", kms.GrantOptions{Grantee: alice.Root(), Retiring: "arn:aws:iam::111122223333:user/x", Operations: decrypt}, kms.ErrInvalidArn},
	} {
		t.Run(test.title, func(t *testing.T) {
			g, token, err := w.CreateGrant(ctx, root(alice), name(k), test.o)
			w.fails(alice, err, test.kind, "")
			require.Nil(t, g)
			require.Empty(t, token)
		})
	}
	require.Empty(t, w.grants(k))
	_, _, err := w.CreateGrant(ctx, root(alice), name(k), kms.GrantOptions{Grantee: alice.Root(), Operations: []string{"Encrypt", "x"}})
	require.ErrorContains(t, err, "1 validation error detected: Value 'x' at 'operations.2.member' failed to satisfy constraint: Member must satisfy enum value set: [")
	require.NoError(t, w.CreateAlias(ctx, root(alice), "alias/a", name(k)))
	_, _, err = w.CreateGrant(ctx, root(alice), "alias/a", kms.GrantOptions{Grantee: alice.Root(), Operations: decrypt})
	w.fails(alice, err, kms.ErrNotFound, "Invalid keyId 'alias/a'")
}

// TestGrantAllows holds what a grant by itself lets its grantee do, operation
// by operation.
func TestGrantAllows(t *testing.T) {
	w := newWorld(t)
	k, other := w.key(), w.key(permit("*", "", "kms:*"))
	blob, elsewhere := w.encrypt(root(alice), name(k), "p", nil), w.encrypt(root(alice), name(other), "p", nil)
	calls := map[string]func(kms.Call) error{
		"Decrypt": func(c kms.Call) error { _, _, err := w.Decrypt(ctx, c, "", blob, kms.CryptoOptions{}); return err },
		"Encrypt": func(c kms.Call) error {
			_, _, err := w.Encrypt(ctx, c, name(k), []byte("p"), kms.CryptoOptions{})
			return err
		},
		"GenerateDataKey": func(c kms.Call) error {
			_, err := w.GenerateDataKey(ctx, c, name(k), kms.DataKeyOptions{NumberOfBytes: 1})
			return err
		},
		"GenerateDataKeyWithoutPlaintext": func(c kms.Call) error {
			_, err := w.GenerateDataKeyWithoutPlaintext(ctx, c, name(k), kms.DataKeyOptions{NumberOfBytes: 1})
			return err
		},
		"ReEncryptFrom": func(c kms.Call) error {
			_, _, _, err := w.ReEncrypt(ctx, c, "", blob, kms.CryptoOptions{}, name(other), nil)
			return err
		},
		"ReEncryptTo": func(c kms.Call) error {
			_, _, _, err := w.ReEncrypt(ctx, c, "", elsewhere, kms.CryptoOptions{}, name(k), nil)
			return err
		},
		"DescribeKey": func(c kms.Call) error { _, err := w.DescribeKey(ctx, c, name(k)); return err },
		"CreateGrant": func(c kms.Call) error {
			_, _, err := w.CreateGrant(ctx, c, name(k), kms.GrantOptions{Grantee: alice.Root(), Operations: []string{"CreateGrant"}})
			return err
		},
	}
	for operation := range calls {
		t.Run(operation, func(t *testing.T) {
			c := w.user(alice, operation)
			g, _ := w.grant(root(alice), k, kms.GrantOptions{Grantee: c.Caller.ARN, Operations: []string{operation}})
			for tried, call := range calls {
				err := call(c)
				if tried == operation {
					require.NoError(t, err)
				} else {
					w.fails(alice, err, audit.Denied, silent(c, k, tried, "identity"))
				}
			}
			require.NoError(t, w.RevokeGrant(ctx, root(alice), name(k), g.ID, false))
			w.fails(alice, calls[operation](c), audit.Denied, "")
		})
	}
}

// TestGrantAcrossAccounts holds that a grant is the key's half, that one to a
// user needs no identity policy and one to an account does.
func TestGrantAcrossAccounts(t *testing.T) {
	w := newWorld(t)
	k := w.key()
	blob := w.encrypt(root(alice), name(k), "p", nil)
	direct, idle, can := w.user(bob, "direct"), w.user(bob, "idle"), w.user(bob, "can", allow("kms:Decrypt"))
	decrypt := func(c kms.Call) error {
		_, _, err := w.Decrypt(ctx, c, "", blob, kms.CryptoOptions{})
		return err
	}
	w.fails(bob, decrypt(can), audit.Denied, vagueCiphertext(can, "Decrypt"))
	w.grant(root(alice), k, kms.GrantOptions{Grantee: direct.Caller.ARN, Operations: []string{"Decrypt"}})
	require.NoError(t, decrypt(direct))
	w.shared(direct, k, "Decrypt")
	w.fails(bob, decrypt(can), audit.Denied, "")

	w.grant(root(alice), k, kms.GrantOptions{Grantee: bob.Root(), Operations: []string{"Decrypt"}})
	require.NoError(t, decrypt(can))
	require.NoError(t, decrypt(root(bob)))
	w.fails(bob, decrypt(idle), audit.Denied, vagueCiphertext(idle, "Decrypt"))
}

func TestGrantDoesNotBeatADeny(t *testing.T) {
	w := newWorld(t)
	k := w.key(permit(alice.Root(), "", "kms:*"), forbid("*", `{"StringEquals":{"kms:EncryptionContext:deny":"yes"}}`, "kms:Encrypt"))
	dev := w.user(alice, "dev")
	w.grant(root(alice), k, kms.GrantOptions{Grantee: dev.Caller.ARN, Operations: []string{"Encrypt"}})
	w.encrypt(dev, name(k), "p", nil)
	_, _, err := w.Encrypt(ctx, dev, name(k), []byte("p"), kms.CryptoOptions{Context: map[string]string{"deny": "yes"}})
	w.fails(alice, err, audit.Denied, "")
	require.Equal(t, policy.ExplicitlyDenied, w.last(alice).Decisions[0].Outcome)
}

func TestGrantConstraints(t *testing.T) {
	w := newWorld(t)
	one, two, more := map[string]string{"a": "1"}, map[string]string{"a": "2"}, map[string]string{"a": "1", "b": "2"}
	for _, test := range []struct {
		title          string
		equals, subset map[string]string
		context        map[string]string
		ok             bool
	}{
		{"none", nil, nil, one, true},
		{"equals, met", one, nil, one, true},
		{"equals, more", one, nil, more, false},
		{"equals, another", one, nil, two, false},
		{"equals, absent", one, nil, nil, false},
		{"equals, fewer", more, nil, one, false},
		{"subset, met", nil, one, one, true},
		{"subset, more", nil, one, more, true},
		{"subset, another", nil, one, two, false},
		{"subset, absent", nil, one, nil, false},
		{"subset, fewer", nil, more, one, false},
		{"case of a name", nil, one, map[string]string{"A": "1"}, false},
	} {
		t.Run(test.title, func(t *testing.T) {
			k := w.key()
			dev := w.user(alice, "u"+k.ID)
			w.grant(root(alice), k, kms.GrantOptions{Grantee: dev.Caller.ARN, Operations: []string{"Encrypt", "DescribeKey"}, Equals: test.equals, Subset: test.subset})
			_, _, err := w.Encrypt(ctx, dev, name(k), []byte("p"), kms.CryptoOptions{Context: test.context})
			if test.ok {
				require.NoError(t, err)
			} else {
				w.fails(alice, err, audit.Denied, silent(dev, k, "Encrypt", "identity"))
			}
			_, err = w.DescribeKey(ctx, dev, name(k))
			require.NoError(t, err, "no constraint is asked of DescribeKey")
		})
	}
}

// TestChildGrants holds that who may make grants by a grant alone makes none
// that allows more.
func TestChildGrants(t *testing.T) {
	w := newWorld(t)
	one, more := map[string]string{"a": "1"}, map[string]string{"a": "1", "b": "2"}
	type limits struct {
		operations     []string
		equals, subset map[string]string
	}
	decrypt, parent := []string{"Decrypt"}, []string{"Decrypt", "CreateGrant"}
	for _, test := range []struct {
		title         string
		parent, child limits
		ok            bool
	}{
		{"the same", limits{operations: parent}, limits{operations: parent}, true},
		{"fewer operations", limits{operations: parent}, limits{operations: decrypt}, true},
		{"more operations", limits{operations: parent}, limits{operations: []string{"Decrypt", "Encrypt"}}, false},
		{"other operations", limits{operations: parent}, limits{operations: []string{"Encrypt"}}, false},
		{"no CreateGrant in the parent", limits{operations: decrypt}, limits{operations: decrypt}, false},
		{"a constraint where there was none", limits{operations: parent}, limits{operations: decrypt, subset: one}, true},
		{"no constraint where there was a subset", limits{operations: parent, subset: one}, limits{operations: decrypt}, false},
		{"no constraint where there was equality", limits{operations: parent, equals: one}, limits{operations: decrypt}, false},
		{"the same subset", limits{operations: parent, subset: one}, limits{operations: decrypt, subset: one}, true},
		{"a stricter subset", limits{operations: parent, subset: one}, limits{operations: decrypt, subset: more}, true},
		{"a looser subset", limits{operations: parent, subset: more}, limits{operations: decrypt, subset: one}, false},
		{"another subset", limits{operations: parent, subset: one}, limits{operations: decrypt, subset: map[string]string{"a": "2"}}, false},
		{"equality within a subset", limits{operations: parent, subset: one}, limits{operations: decrypt, equals: more}, true},
		{"the same equality", limits{operations: parent, equals: one}, limits{operations: decrypt, equals: one}, true},
		{"a subset for equality", limits{operations: parent, equals: one}, limits{operations: decrypt, subset: one}, false},
		{"another equality", limits{operations: parent, equals: one}, limits{operations: decrypt, equals: more}, false},
	} {
		t.Run(test.title, func(t *testing.T) {
			k := w.key()
			dev := w.user(alice, "u"+k.ID)
			w.grant(root(alice), k, kms.GrantOptions{Grantee: dev.Caller.ARN, Operations: test.parent.operations, Equals: test.parent.equals, Subset: test.parent.subset})
			child := kms.GrantOptions{Grantee: bob.Root(), Operations: test.child.operations, Equals: test.child.equals, Subset: test.child.subset}
			_, _, err := w.CreateGrant(ctx, dev, name(k), child)
			if test.ok {
				require.NoError(t, err)
				require.Len(t, w.grants(k), 2)
			} else {
				w.fails(alice, err, audit.Denied, silent(dev, k, "CreateGrant", "identity"))
				require.Len(t, w.grants(k), 1)
			}
			_, _, err = w.CreateGrant(ctx, root(alice), name(k), child)
			require.NoError(t, err, "who may by the policies is not bound by grants")
		})
	}
}

// TestRetireGrant holds who may end a grant without a word of the key policy.
func TestRetireGrant(t *testing.T) {
	w := newWorld(t)
	k := w.key(permit(alice.Root(), "", "kms:*"), permit(bob.Root(), "", "kms:CreateGrant"), permit("*", "", "kms:RetireGrant"))
	retirer, grantee, other := w.user(alice, "retirer"), w.user(alice, "grantee"), w.user(alice, "other")
	identity := w.user(alice, "identity", allow("kms:RetireGrant"))
	denied := w.user(alice, "denied", allow("kms:*"), `{"Effect":"Deny","Action":"kms:RetireGrant","Resource":"*"}`)
	theirs := w.user(bob, "theirs", allow("kms:RetireGrant"))
	decrypt, withRetire := []string{"Decrypt"}, []string{"Decrypt", "RetireGrant"}
	for _, test := range []struct {
		title      string
		issuer     kms.Call
		operations []string
		c          kms.Call
		ok         bool
	}{
		{"retiring principal", root(alice), decrypt, retirer, true},
		{"grantee with the operation", root(alice), withRetire, grantee, true},
		{"grantee without", root(alice), decrypt, grantee, false},
		{"root of the issuing account", root(alice), decrypt, root(alice), true},
		{"root of the issuing account, not the key's", root(bob), decrypt, root(bob), true},
		{"identity policy", root(alice), decrypt, identity, true},
		{"identity policy that denies", root(alice), decrypt, denied, false},
		{"identity policy of another account than made it", root(alice), decrypt, theirs, false},
		{"identity policy of the account that made it", root(bob), decrypt, theirs, true},
		{"the key policy does not count", root(alice), decrypt, other, false},
		{"a service", root(alice), decrypt, kms.Call{Caller: audit.Service("ec2.eu-central-1.amazonaws.com"), Region: here}, true},
	} {
		t.Run(test.title, func(t *testing.T) {
			for _, byToken := range []bool{true, false} {
				g, token := w.grant(test.issuer, k, kms.GrantOptions{Grantee: grantee.Caller.ARN, Retiring: retirer.Caller.ARN, Operations: test.operations})
				o := kms.RetireGrantOptions{Key: name(k), GrantID: g.ID}
				if byToken {
					o = kms.RetireGrantOptions{Token: token}
				}
				before := len(w.grants(k))
				err := w.RetireGrant(ctx, test.c, o)
				if !test.ok {
					w.fails(test.c.Caller.Account, err, audit.Denied, "")
					require.Len(t, w.grants(k), before)
					continue
				}
				require.NoError(t, err)
				trail := test.c.Caller.Account
				if trail == "" {
					trail = alice
				}
				e := w.last(trail)
				require.Equal(t, "RetireGrant", e.Name)
				require.Nil(t, e.Request)
				require.Equal(t, audit.Fields{"grantId": g.ID}, e.Additional)
				require.Equal(t, audit.Fields{"keyId": k.ARN()}, e.Response)
				require.Len(t, w.grants(k), before-1)
				w.fails(alice, w.RetireGrant(ctx, root(alice), o), kms.ErrNotFound, "")
			}
		})
	}
}

func TestRetireGrantNamesAGrant(t *testing.T) {
	w := newWorld(t)
	k, other := w.key(), w.key()
	g, token := w.grant(root(alice), k, kms.GrantOptions{Grantee: alice.Root(), Operations: []string{"Decrypt"}})
	for title, o := range map[string]kms.RetireGrantOptions{"nothing": {}, "no key": {GrantID: g.ID}, "no grant": {Key: name(k)}} {
		t.Run(title, func(t *testing.T) {
			w.fails(alice, w.RetireGrant(ctx, root(alice), o), kms.ErrValidation, "")
		})
	}
	w.fails(alice, w.RetireGrant(ctx, root(alice), kms.RetireGrantOptions{Key: name(other), GrantID: g.ID}), kms.ErrNotFound, "")
	far := root(alice)
	far.Region = there
	w.fails(alice, w.RetireGrant(ctx, far, kms.RetireGrantOptions{Token: token}), kms.ErrNotFound, "Invalid arn eu-central-1")
	require.Len(t, w.grants(k), 1)
}

func TestRevokeGrant(t *testing.T) {
	w := newWorld(t)
	k := w.key(permit(alice.Root(), "", "kms:*"), permit(bob.Root(), "", "kms:RevokeGrant", "kms:ListGrants"))
	dev := w.user(alice, "dev")
	o := kms.GrantOptions{Grantee: dev.Caller.ARN, Retiring: dev.Caller.ARN, Operations: []string{"Decrypt"}}
	g, _ := w.grant(root(alice), k, o)
	w.fails(alice, w.RevokeGrant(ctx, dev, name(k), g.ID, false), audit.Denied, silent(dev, k, "RevokeGrant", "identity"))
	w.fails(alice, w.RevokeGrant(ctx, root(alice), name(k), "x", false), kms.ErrNotFound, "Grant ID x not found")
	require.NoError(t, w.RevokeGrant(ctx, root(alice), name(k), g.ID, false))
	e := w.last(alice)
	require.Equal(t, audit.Fields{"keyId": k.ARN(), "grantId": g.ID}, e.Request)
	require.Equal(t, audit.Fields{"keyId": k.ARN()}, e.Response)
	require.Empty(t, w.grants(k))

	g, _ = w.grant(root(alice), k, o)
	w.fails(carol, w.RevokeGrant(ctx, root(carol), name(k), g.ID, false), audit.Denied, vague(root(carol), "RevokeGrant"))
	require.NoError(t, w.RevokeGrant(ctx, root(bob), name(k), g.ID, false))
	w.shared(root(bob), k, "RevokeGrant")
}

func TestListGrants(t *testing.T) {
	w := newWorld(t)
	k, other := w.key(), w.key()
	dev := w.user(alice, "dev")
	a, _ := w.grant(root(alice), k, kms.GrantOptions{Grantee: dev.Caller.ARN, Operations: []string{"Decrypt"}, Retiring: alice.Root()})
	b, _ := w.grant(root(alice), k, kms.GrantOptions{Grantee: alice.Root(), Operations: []string{"Decrypt"}})
	c, _ := w.grant(root(alice), other, kms.GrantOptions{Grantee: dev.Caller.ARN, Operations: []string{"Decrypt"}, Retiring: alice.Root()})
	far := root(alice)
	far.Region = there
	distant, err := w.CreateKey(ctx, far, kms.CreateKeyOptions{})
	require.NoError(t, err)
	_, _, err = w.CreateGrant(ctx, far, name(distant), kms.GrantOptions{Grantee: alice.Root(), Operations: []string{"Decrypt"}, Retiring: alice.Root()})
	require.NoError(t, err)

	for _, test := range []struct {
		id, grantee string
		want        []kms.Grant
	}{
		{"", dev.Caller.ARN, []kms.Grant{*a}},
		{b.ID, "", []kms.Grant{*b}},
		{a.ID, dev.Caller.ARN, []kms.Grant{*a}},
		{b.ID, dev.Caller.ARN, nil},
		{"x", "", nil},
	} {
		got, err := w.ListGrants(ctx, root(alice), name(k), test.id, test.grantee)
		require.NoError(t, err)
		require.Equal(t, test.want, got)
	}
	require.ElementsMatch(t, []kms.Grant{*a, *b}, w.grants(k))
	require.Equal(t, audit.Fields{"keyId": k.ARN()}, w.last(alice).Request)
	_, err = w.ListGrants(ctx, dev, name(k), "", "")
	w.fails(alice, err, audit.Denied, silent(dev, k, "ListGrants", "identity"))

	got, err := w.ListRetirableGrants(ctx, root(alice), alice.Root())
	require.NoError(t, err)
	require.ElementsMatch(t, []kms.Grant{*a, *c}, got, "of any key in the region")
	for _, bad := range []string{bob.Root(), "x", ""} {
		_, err = w.ListRetirableGrants(ctx, root(alice), bad)
		w.fails(alice, err, kms.ErrInvalidArn, "")
	}
	_, err = w.ListRetirableGrants(ctx, dev, dev.Caller.ARN)
	w.fails(alice, err, audit.Denied, "")
}

// TestGrantsWithinATransaction holds that GrantIn and RetireIn stand or fall
// with the transaction around them.
func TestGrantsWithinATransaction(t *testing.T) {
	w := newWorld(t)
	k := w.key()
	c := via(root(alice), "ec2")
	o := kms.GrantOptions{Grantee: "arn:aws:sts::111122223333:assumed-role/aws:ec2-infrastructure/i-1", Operations: []string{"Decrypt"}}
	before := len(w.events(alice))
	var g *kms.Grant
	err := w.store.Update(ctx, func(tx *state.Tx) (err error) {
		if g, err = w.GrantIn(tx, c, name(k), o); err != nil {
			return err
		}
		return kms.ErrValidation.Errorf("something else failed")
	})
	require.Error(t, err)
	require.Len(t, w.events(alice), before)
	require.Empty(t, w.grants(k))

	w.update(func(tx *state.Tx) (err error) { g, err = w.GrantIn(tx, c, name(k), o); return err })
	require.Equal(t, "CreateGrant", w.last(alice).Name)
	require.Equal(t, []kms.Grant{*g}, w.grants(k))

	service := kms.Call{Caller: audit.Service("ec2.eu-central-1.amazonaws.com"), Region: here, Cause: "cause"}
	for range 2 {
		w.update(func(tx *state.Tx) error { return w.RetireIn(tx, service, name(k), g.ID) })
	}
	require.Empty(t, w.grants(k))
	retired := 0
	for _, e := range w.events(alice) {
		if e.Name == "RetireGrant" {
			retired++
		}
	}
	require.Equal(t, 1, retired, "what is gone is retired without a word")

	nobody := w.user(alice, "nobody")
	err = w.trail.Do(ctx, func(tx *state.Tx) error { _, err := w.GrantIn(tx, nobody, name(k), o); return err })
	w.fails(alice, err, audit.Denied, silent(nobody, k, "CreateGrant", "identity"))
}
