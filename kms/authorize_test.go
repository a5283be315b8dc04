package kms_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ebsim/ebsim/account/arn"
	"github.com/ebsim/ebsim/account/audit"
	"github.com/ebsim/ebsim/account/policy"
	"github.com/ebsim/ebsim/kms"
)

// via is a call that a service forwards.
func via(c kms.Call, service string) kms.Call {
	c.Caller, c.Via, c.Cause = c.Caller.Through(service+"-frontend-api.amazonaws.com"), service, "cause"
	return c
}

func TestKeyPolicyAndIdentityPolicies(t *testing.T) {
	w := newWorld(t)
	nobody, can := w.user(alice, "nobody"), w.user(alice, "can", allow("kms:*"))
	cannot := w.user(alice, "cannot", allow("kms:*"), `{"Effect":"Deny","Action":"kms:Encrypt","Resource":"*"}`)
	for _, test := range []struct {
		title  string
		policy string
		c      kms.Call
		side   string // that is named by the refusal; empty: it is allowed
	}{
		{"delegated, and allowed", permit(alice.Root(), "", "kms:*"), can, ""},
		{"delegated, and not allowed", permit(alice.Root(), "", "kms:*"), nobody, "identity"},
		{"delegated for something else", permit(alice.Root(), "", "kms:Decrypt"), can, "resource"},
		{"named", permit(nobody.Caller.ARN, "", "kms:*"), nobody, ""},
		{"another is named", permit(nobody.Caller.ARN, "", "kms:*"), can, "resource"},
		{"everyone is named", permit("*", "", "kms:*"), nobody, ""},
		{"nobody is named, and root asks", permit(bob.Root(), "", "kms:*"), root(alice), "resource"},
	} {
		t.Run(test.title, func(t *testing.T) {
			k := w.key(test.policy)
			_, _, err := w.Encrypt(ctx, test.c, name(k), []byte("p"), kms.CryptoOptions{})
			if test.side == "" {
				require.NoError(t, err)
				require.Equal(t, policy.Allowed, w.last(alice).Decisions[0].Outcome)
				return
			}
			w.fails(alice, err, audit.Denied, silent(test.c, k, "Encrypt", test.side))
			require.ErrorIs(t, err, policy.ErrDenied)
			require.Equal(t, policy.NotAllowed, w.last(alice).Decisions[0].Outcome)
		})
	}
	k := w.key(permit("*", "", "kms:*"))
	_, _, err := w.Encrypt(ctx, cannot, name(k), []byte("p"), kms.CryptoOptions{})
	w.fails(alice, err, audit.Denied, "User: "+cannot.Caller.ARN+" is not authorized to perform: kms:Encrypt on resource: "+k.ARN()+" with an explicit deny in an identity-based policy")
	k = w.key(permit("*", "", "kms:*"), forbid("*", "", "kms:Encrypt"))
	_, _, err = w.Encrypt(ctx, root(alice), name(k), []byte("p"), kms.CryptoOptions{})
	w.fails(alice, err, audit.Denied, "User: "+alice.Root()+" is not authorized to perform: kms:Encrypt on resource: "+k.ARN()+" with an explicit deny in a resource-based policy")
	require.Equal(t, policy.ExplicitlyDenied, w.last(alice).Decisions[0].Outcome)
}

// TestConditions holds the condition keys of KMS calls.
func TestConditions(t *testing.T) {
	w := newWorld(t)
	dev := w.user(alice, "dev")
	encrypt := func(context map[string]string) func(kms.Call, *kms.Key) error {
		return func(c kms.Call, k *kms.Key) error {
			_, _, err := w.Encrypt(ctx, c, name(k), []byte("p"), kms.CryptoOptions{Context: context})
			return err
		}
	}
	grant := func(o kms.GrantOptions) func(kms.Call, *kms.Key) error {
		o.Grantee = alice.Root()
		return func(c kms.Call, k *kms.Key) error { _, _, err := w.CreateGrant(ctx, c, name(k), o); return err }
	}
	vol := map[string]string{"aws:ebs:id": "vol-1"}
	decrypt := kms.GrantOptions{Operations: []string{"Decrypt"}}
	for _, test := range []struct {
		title, condition string
		c                kms.Call
		call             func(kms.Call, *kms.Key) error
		ok               bool
	}{
		{"ViaService, through it", `{"StringEquals":{"kms:ViaService":"ec2.eu-central-1.amazonaws.com"}}`, via(dev, "ec2"), encrypt(nil), true},
		{"ViaService, direct", `{"StringEquals":{"kms:ViaService":"ec2.eu-central-1.amazonaws.com"}}`, dev, encrypt(nil), false},
		{"ViaService, through another", `{"StringEquals":{"kms:ViaService":"ec2.eu-central-1.amazonaws.com"}}`, via(dev, "ebs"), encrypt(nil), false},
		{"ViaService, of another region", `{"StringEquals":{"kms:ViaService":"ec2.us-east-1.amazonaws.com"}}`, via(dev, "ec2"), encrypt(nil), false},
		{"ViaAWSService, through one", `{"Bool":{"aws:ViaAWSService":"true"}}`, via(dev, "ec2"), encrypt(nil), true},
		{"ViaAWSService, direct", `{"Bool":{"aws:ViaAWSService":"true"}}`, dev, encrypt(nil), false},
		{"not ViaAWSService, direct", `{"Bool":{"aws:ViaAWSService":"false"}}`, dev, encrypt(nil), true},
		{"CalledVia", `{"ForAnyValue:StringEquals":{"aws:CalledVia":"ec2.amazonaws.com"}}`, via(dev, "ec2"), encrypt(nil), true},
		{"CalledVia, direct", `{"ForAnyValue:StringEquals":{"aws:CalledVia":"ec2.amazonaws.com"}}`, dev, encrypt(nil), false},
		{"CallerAccount", `{"StringEquals":{"kms:CallerAccount":"111122223333"}}`, dev, encrypt(nil), true},
		{"another CallerAccount", `{"StringEquals":{"kms:CallerAccount":"444455556666"}}`, dev, encrypt(nil), false},
		{"region", `{"StringEquals":{"aws:RequestedRegion":"eu-central-1"}}`, dev, encrypt(nil), true},
		{"context", `{"StringEquals":{"kms:EncryptionContext:aws:ebs:id":"vol-1"}}`, dev, encrypt(vol), true},
		{"context, name in another case", `{"StringEquals":{"kms:EncryptionContext:AWS:EBS:ID":"vol-1"}}`, dev, encrypt(vol), true},
		{"context, value in another case", `{"StringEquals":{"kms:EncryptionContext:aws:ebs:id":"VOL-1"}}`, dev, encrypt(vol), false},
		{"context, absent", `{"StringEquals":{"kms:EncryptionContext:aws:ebs:id":"vol-1"}}`, dev, encrypt(nil), false},
		{"context keys", `{"ForAnyValue:StringEquals":{"kms:EncryptionContextKeys":"aws:ebs:id"}}`, dev, encrypt(vol), true},
		{"context keys, absent", `{"ForAnyValue:StringEquals":{"kms:EncryptionContextKeys":"aws:ebs:id"}}`, dev, encrypt(nil), false},
		{"algorithm", `{"StringEquals":{"kms:EncryptionAlgorithm":"SYMMETRIC_DEFAULT"}}`, dev, encrypt(nil), true},
		{"key", `{"StringEquals":{"kms:KeySpec":"SYMMETRIC_DEFAULT","kms:KeyUsage":"ENCRYPT_DECRYPT","kms:KeyOrigin":"AWS_KMS"},"Bool":{"kms:MultiRegion":"false"}}`, dev, encrypt(nil), true},
		{"grant for a service", `{"Bool":{"kms:GrantIsForAWSResource":"true"}}`, via(dev, "ec2"), grant(decrypt), true},
		{"grant, direct", `{"Bool":{"kms:GrantIsForAWSResource":"true"}}`, dev, grant(decrypt), false},
		{"grant's operations", `{"ForAllValues:StringEquals":{"kms:GrantOperations":["Decrypt","Encrypt"]}}`, dev, grant(decrypt), true},
		{"grant's operations, more", `{"ForAllValues:StringEquals":{"kms:GrantOperations":["Encrypt"]}}`, dev, grant(decrypt), false},
		{"grantee", `{"StringEquals":{"kms:GranteePrincipal":"arn:aws:iam::111122223333:root"}}`, dev, grant(decrypt), true},
		{"another grantee", `{"StringEquals":{"kms:GranteePrincipal":"arn:aws:iam::444455556666:root"}}`, dev, grant(decrypt), false},
		{"retiring principal", `{"StringEquals":{"kms:RetiringPrincipal":"arn:aws:iam::111122223333:root"}}`, dev,
			grant(kms.GrantOptions{Operations: []string{"Decrypt"}, Retiring: alice.Root()}), true},
		{"no retiring principal", `{"StringEquals":{"kms:RetiringPrincipal":"arn:aws:iam::111122223333:root"}}`, dev, grant(decrypt), false},
		{"constraint", `{"StringEquals":{"kms:GrantConstraintType":"EncryptionContextSubset"}}`, dev,
			grant(kms.GrantOptions{Operations: []string{"Decrypt"}, Subset: vol}), true},
		{"another constraint", `{"StringEquals":{"kms:GrantConstraintType":"EncryptionContextSubset"}}`, dev,
			grant(kms.GrantOptions{Operations: []string{"Decrypt"}, Equals: vol}), false},
		{"no constraint", `{"StringEquals":{"kms:GrantConstraintType":"EncryptionContextSubset"}}`, dev, grant(decrypt), false},
		{"constraint's context", `{"StringEquals":{"kms:EncryptionContext:aws:ebs:id":"vol-1"}}`, dev,
			grant(kms.GrantOptions{Operations: []string{"Decrypt"}, Equals: vol}), true},
	} {
		t.Run(test.title, func(t *testing.T) {
			k := w.key(permit(dev.Caller.ARN, test.condition, "kms:*"))
			err := test.call(test.c, k)
			if test.ok {
				require.NoError(t, err)
				return
			}
			w.fails(alice, err, audit.Denied, "")
			require.Contains(t, err.Error(), "because no resource-based policy allows")
		})
	}
}

// TestAliasConditions holds that kms:RequestAlias is how the key was named,
// and kms:ResourceAliases all its names.
func TestAliasConditions(t *testing.T) {
	w := newWorld(t)
	dev := w.user(alice, "dev")
	requested := w.key(permit(dev.Caller.ARN, `{"StringEquals":{"kms:RequestAlias":"alias/r"}}`, "kms:*"), permit(alice.Root(), "", "kms:*"))
	named := w.key(permit(dev.Caller.ARN, `{"ForAnyValue:StringEquals":{"kms:ResourceAliases":"alias/n"}}`, "kms:*"), permit(alice.Root(), "", "kms:*"))
	require.NoError(t, w.CreateAlias(ctx, root(alice), "alias/r", name(requested)))
	require.NoError(t, w.CreateAlias(ctx, root(alice), "alias/other", name(requested)))
	require.NoError(t, w.CreateAlias(ctx, root(alice), "alias/n", name(named)))
	for _, test := range []struct {
		name string
		ok   bool
	}{
		{"alias/r", true},
		{"arn:aws:kms:eu-central-1:111122223333:alias/r", true},
		{"alias/other", false},
		{requested.ARN(), false},
		{requested.ID, false},
		{"alias/n", true},
		{named.ARN(), true},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := w.Encrypt(ctx, dev, kms.KeyName(test.name), []byte("p"), kms.CryptoOptions{})
			if test.ok {
				require.NoError(t, err)
			} else {
				w.fails(alice, err, audit.Denied, "")
			}
		})
	}
	blob := w.encrypt(dev, "alias/r", "p", nil)
	_, _, err := w.Decrypt(ctx, dev, "", blob, kms.CryptoOptions{})
	w.fails(alice, err, audit.Denied, silent(dev, requested, "Decrypt", "identity"))
}

// TestAcrossAccounts holds that the key policy and an identity policy must
// both allow, that a refusal says nothing about the key, and that only a
// success is seen by the key's account.
func TestAcrossAccounts(t *testing.T) {
	w := newWorld(t)
	can, cannot := w.user(bob, "can", allow("kms:*")), w.user(bob, "cannot")
	narrow := w.user(bob, "narrow", `{"Effect":"Allow","Action":"kms:*","Resource":"arn:aws:kms:*:444455556666:key/*"}`)
	for _, test := range []struct {
		title  string
		policy string
		c      kms.Call
		ok     bool
	}{
		{"both halves", permit(bob.Root(), "", "kms:*"), can, true},
		{"both halves, by id", permit(string(bob), "", "kms:*"), can, true},
		{"both halves, the user is named", permit(can.Caller.ARN, "", "kms:*"), can, true},
		{"both halves, everyone", permit("*", "", "kms:*"), can, true},
		{"root needs no identity policy", permit(bob.Root(), "", "kms:*"), root(bob), true},
		{"key policy alone", permit(bob.Root(), "", "kms:*"), cannot, false},
		{"key policy alone, the user is named", permit(cannot.Caller.ARN, "", "kms:*"), cannot, false},
		{"key policy alone, everyone", permit("*", "", "kms:*"), cannot, false},
		{"identity policy for other keys", permit(bob.Root(), "", "kms:*"), narrow, false},
		{"identity policy alone", permit(alice.Root(), "", "kms:*"), can, false},
		{"root alone", permit(alice.Root(), "", "kms:*"), root(bob), false},
		{"explicit deny", permit("*", "", "kms:*") + "," + forbid(bob.Root(), "", "kms:*"), can, false},
		{"another account is named", permit(carol.Root(), "", "kms:*"), can, false},
	} {
		t.Run(test.title, func(t *testing.T) {
			k := w.key(test.policy, permit(alice.Root(), "", "kms:*Alias", "kms:Encrypt"))
			blob := w.encrypt(root(alice), name(k), "p", nil)
			for operation, call := range map[string]func() error{
				"Encrypt": func() error {
					_, _, err := w.Encrypt(ctx, test.c, name(k), []byte("p"), kms.CryptoOptions{})
					return err
				},
				"Decrypt": func() error { _, _, err := w.Decrypt(ctx, test.c, name(k), blob, kms.CryptoOptions{}); return err },
				"GenerateDataKey": func() error {
					_, err := w.GenerateDataKey(ctx, test.c, name(k), kms.DataKeyOptions{NumberOfBytes: 64})
					return err
				},
				"GenerateDataKeyWithoutPlaintext": func() error {
					_, err := w.GenerateDataKeyWithoutPlaintext(ctx, test.c, name(k), kms.DataKeyOptions{NumberOfBytes: 64})
					return err
				},
				"DescribeKey": func() error { _, err := w.DescribeKey(ctx, test.c, name(k)); return err },
				"ListGrants":  func() error { _, err := w.ListGrants(ctx, test.c, name(k), "", ""); return err },
				"CreateGrant": func() error {
					_, _, err := w.CreateGrant(ctx, test.c, name(k), kms.GrantOptions{Grantee: test.c.Caller.ARN, Operations: []string{"Decrypt"}, DryRun: !test.ok})
					return err
				},
			} {
				before := w.last(alice).ID
				err := call()
				if test.ok {
					require.NoError(t, err, operation)
					w.shared(test.c, k, operation)
					require.Equal(t, before, w.lookup(audit.Filter{Account: alice, Limit: 2})[1].ID, "one event of %s", operation)
				} else {
					w.fails(bob, err, audit.Denied, vague(test.c, operation))
					require.Equal(t, before, w.last(alice).ID, "the key's account sees no refusal")
				}
			}
			_, _, err := w.Decrypt(ctx, test.c, "", blob, kms.CryptoOptions{})
			if test.ok {
				require.NoError(t, err)
				w.shared(test.c, k, "Decrypt")
				return
			}
			w.fails(bob, err, audit.Denied, vagueCiphertext(test.c, "Decrypt"))
			require.ErrorIs(t, err, policy.ErrDenied)
			var foreign *kms.Foreign
			require.True(t, errors.As(err, &foreign))
			require.Len(t, w.last(bob).Decisions, 1, "the caller's trail keeps why")
		})
	}
}

// shared asks that the trails of caller and key hold one call, joined.
func (w *world) shared(c kms.Call, k *kms.Key, operation string) {
	w.t.Helper()
	mine, theirs := w.last(c.Caller.Account), w.last(k.Account)
	for _, e := range []audit.Event{mine, theirs} {
		require.Equal(w.t, operation, e.Name)
		require.Nil(w.t, e.Failure)
		require.Equal(w.t, c.Caller.ARN, e.Identity.ARN)
		require.Equal(w.t, c.Caller.Account, e.Identity.AccountID)
		require.Equal(w.t, []audit.Resource{{AccountID: k.Account, Type: "AWS::KMS::Key", ARN: k.ARN()}}, e.Resources)
	}
	require.Equal(w.t, c.Caller.Account, mine.Account)
	require.Equal(w.t, k.Account, theirs.Account)
	require.NotEmpty(w.t, mine.SharedID)
	require.Equal(w.t, mine.SharedID, theirs.SharedID)
	require.NotEqual(w.t, mine.ID, theirs.ID)
	require.Equal(w.t, mine.RequestID, theirs.RequestID)
	require.True(w.t, mine.Own())
	require.False(w.t, theirs.Own())
}

// TestForeignAliasTellsNothing holds that an alias ARN works across accounts
// and that an unknown key looks as a forbidden one does.
func TestForeignAliasTellsNothing(t *testing.T) {
	w := newWorld(t)
	k := w.key(permit(bob.Root(), "", "kms:*"), permit(alice.Root(), "", "kms:*"))
	require.NoError(t, w.CreateAlias(ctx, root(alice), "alias/shared", name(k)))
	const alias = kms.KeyName("arn:aws:kms:eu-central-1:111122223333:alias/shared")
	_, _, err := w.Encrypt(ctx, root(bob), alias, []byte("p"), kms.CryptoOptions{})
	require.NoError(t, err)
	for _, n := range []kms.KeyName{alias, name(k), alias + "x", name(&kms.Key{ID: "00000000-0000-4000-8000-000000000000", Account: alice, Region: here})} {
		_, _, err = w.Encrypt(ctx, root(carol), n, []byte("p"), kms.CryptoOptions{})
		w.fails(carol, err, audit.Denied, vague(root(carol), "Encrypt"))
	}
}

// TestReEncryptAcrossAccounts holds that each key may be another account's.
func TestReEncryptAcrossAccounts(t *testing.T) {
	w := newWorld(t)
	k := w.key(permit(bob.Root(), "", "kms:ReEncrypt*"), permit(alice.Root(), "", "kms:*"))
	own, err := w.CreateKey(ctx, root(bob), kms.CreateKeyOptions{})
	require.NoError(t, err)
	for title, keys := range map[string][2]*kms.Key{"out": {k, own}, "in": {own, k}} {
		t.Run(title, func(t *testing.T) {
			blob := w.encrypt(root(keys[0].Account), name(keys[0]), "p", nil)
			before := len(w.events(alice))
			_, _, _, err := w.ReEncrypt(ctx, root(bob), "", blob, kms.CryptoOptions{}, name(keys[1]), nil)
			require.NoError(t, err)
			require.Len(t, w.events(alice), before+1)
			mine, theirs := w.last(bob), w.last(alice)
			require.Equal(t, mine.SharedID, theirs.SharedID)
			require.NotEmpty(t, mine.SharedID)
			require.Equal(t, bob, theirs.Identity.AccountID)
			require.Len(t, mine.Resources, 2)

			_, _, _, err = w.ReEncrypt(ctx, root(carol), "", blob, kms.CryptoOptions{}, name(keys[1]), nil)
			w.fails(carol, err, audit.Denied, vagueCiphertext(root(carol), "ReEncryptFrom"))
			require.Len(t, w.events(alice), before+1)
		})
	}
}

// TestForwardedEvents holds what the trail says of a call that EC2 forwards.
func TestForwardedEvents(t *testing.T) {
	w := newWorld(t)
	k := w.key()
	c := via(root(alice), "ec2")
	c.RequestID = "the-request"
	w.encrypt(c, name(k), "p", nil)
	e := w.last(alice)
	require.Equal(t, "ec2-frontend-api.amazonaws.com", e.Identity.InvokedBy)
	require.Equal(t, "ec2-frontend-api.amazonaws.com", e.SourceIP)
	require.Equal(t, "ec2-frontend-api.amazonaws.com", e.UserAgent)
	require.Equal(t, alice.Root(), e.Identity.ARN)
	require.Equal(t, "cause", e.Cause)
	require.Equal(t, "the-request", e.RequestID)
	require.NotEqual(t, "the-request", e.ID)
	require.NotEmpty(t, e.SharedID, "even within one account")

	direct := root(alice)
	direct.RequestID = "direct"
	w.encrypt(direct, name(k), "p", nil)
	e = w.last(alice)
	require.Equal(t, "direct", e.ID, "a direct call is found under what its caller saw")
	require.Empty(t, e.SharedID)
}

// TestServiceActs holds that a service asks no policy, only the key's state
// and the grant that it names.
func TestServiceActs(t *testing.T) {
	w := newWorld(t)
	vol := map[string]string{"aws:ebs:id": "vol-1"}
	k := w.key(permit(alice.Root(), "", "kms:*"), forbid("*", `{"StringEquals":{"kms:CallerAccount":"444455556666"}}`, "kms:*"))
	blob := w.encrypt(root(alice), name(k), "p", vol)
	ec2 := "ec2.eu-central-1.amazonaws.com"
	g, _, err := w.CreateGrant(ctx, via(root(alice), "ec2"), name(k), kms.GrantOptions{Grantee: ec2, Retiring: ec2, Operations: []string{"Decrypt"}, Subset: vol})
	require.NoError(t, err)
	_, _, err = w.CreateGrant(ctx, root(alice), name(k), kms.GrantOptions{Grantee: ec2, Operations: []string{"Decrypt"}})
	w.fails(alice, err, kms.ErrInvalidArn, "")

	standing := kms.Call{Caller: audit.Service("ebs.amazonaws.com"), Region: here, Cause: "cause"}
	under := standing
	under.GrantID = g.ID
	for title, c := range map[string]kms.Call{"standing": standing, "grant": under} {
		t.Run(title, func(t *testing.T) {
			got, _, err := w.Decrypt(ctx, c, "", blob, kms.CryptoOptions{Context: vol})
			require.NoError(t, err)
			require.Equal(t, "p", string(got))
			e := w.last(alice)
			require.Equal(t, audit.Identity{Type: "AWSService", InvokedBy: "ebs.amazonaws.com"}, e.Identity)
			require.Equal(t, arn.AccountID("111122223333"), e.Account, "it lies in the trail of the key's account")
			require.Empty(t, e.Decisions)
			require.NotEmpty(t, e.Note)
		})
	}
	_, _, err = w.Decrypt(ctx, under, "", w.encrypt(root(alice), name(k), "p", nil), kms.CryptoOptions{})
	w.fails(alice, err, kms.ErrInvalidGrantID, "")
	_, err = w.GenerateDataKey(ctx, under, name(k), kms.DataKeyOptions{NumberOfBytes: 1, CryptoOptions: kms.CryptoOptions{Context: vol}})
	w.fails(alice, err, kms.ErrInvalidGrantID, "")
	require.NoError(t, w.DisableKey(ctx, root(alice), name(k)))
	for _, c := range []kms.Call{standing, under} {
		_, _, err = w.Decrypt(ctx, c, "", blob, kms.CryptoOptions{Context: vol})
		w.fails(alice, err, kms.ErrDisabled, k.ARN()+" is disabled.")
	}
	require.NoError(t, w.EnableKey(ctx, root(alice), name(k)))
	require.NoError(t, w.RetireGrant(ctx, standing, kms.RetireGrantOptions{Key: name(k), GrantID: g.ID}))
	_, _, err = w.Decrypt(ctx, under, "", blob, kms.CryptoOptions{Context: vol})
	w.fails(alice, err, kms.ErrInvalidGrantID, "")
}

// TestInstance holds that an infrastructure session is allowed by a grant and
// by nothing else, and that a deny still stops it.
func TestInstance(t *testing.T) {
	w := newWorld(t)
	vol := map[string]string{"aws:ebs:id": "vol-1"}
	c := kms.Call{Caller: audit.Infrastructure(alice, "i-0123456789abcdef0"), Region: here, Cause: "cause"}
	o := kms.GrantOptions{Grantee: c.Caller.ARN, Operations: []string{"Decrypt"}, Subset: vol}
	k := w.key(permit("*", "", "kms:*"))
	blob := w.encrypt(root(alice), name(k), "p", vol)
	_, _, err := w.Decrypt(ctx, c, "", blob, kms.CryptoOptions{Context: vol})
	w.fails(alice, err, audit.Denied, "")
	g, _, err := w.CreateGrant(ctx, via(root(alice), "ec2"), name(k), o)
	require.NoError(t, err)
	_, _, err = w.Decrypt(ctx, c, "", blob, kms.CryptoOptions{Context: vol})
	require.NoError(t, err)
	e := w.last(alice)
	require.Equal(t, "AssumedRole", e.Identity.Type)
	require.Equal(t, "arn:aws:ec2:eu-central-1:111122223333:instance/i-0123456789abcdef0", e.Identity.InScopeOf.CredentialsIssuedTo)
	other := c
	other.Caller = audit.Infrastructure(alice, "i-1")
	_, _, err = w.Decrypt(ctx, other, "", blob, kms.CryptoOptions{Context: vol})
	w.fails(alice, err, audit.Denied, "")

	require.NoError(t, w.PutKeyPolicy(ctx, root(alice), name(k), document(permit("*", "", "kms:*"),
		forbid("*", `{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/aws:ec2-infrastructure"}}`, "kms:Decrypt")), false))
	_, _, err = w.Decrypt(ctx, c, "", blob, kms.CryptoOptions{Context: vol})
	w.fails(alice, err, audit.Denied, "")
	require.Equal(t, policy.ExplicitlyDenied, w.last(alice).Decisions[0].Outcome)
	require.NoError(t, w.PutKeyPolicy(ctx, root(alice), name(k), document(permit("*", "", "kms:*")), false))
	require.NoError(t, w.RevokeGrant(ctx, root(alice), name(k), g.ID, false))
	_, _, err = w.Decrypt(ctx, c, "", blob, kms.CryptoOptions{Context: vol})
	w.fails(alice, err, audit.Denied, "")
}
