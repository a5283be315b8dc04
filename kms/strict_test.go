package kms_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ebsim/ebsim/account/audit"
	"github.com/ebsim/ebsim/kms"
)

// TestTamperedBlobNamed is TestTamperedBlob with the key named.
func TestTamperedBlobNamed(t *testing.T) {
	w := newWorld(t)
	c, k := root(alice), w.key()
	blob := w.encrypt(c, name(k), "secret", nil)
	for i := range blob {
		for bit := range 8 {
			changed := bytes.Clone(blob)
			changed[i] ^= 1 << bit
			_, _, err := w.Decrypt(ctx, c, name(k), changed, kms.CryptoOptions{})
			if err == nil {
				t.Errorf("byte %d bit %d opens", i, bit)
			}
		}
	}
}

// TestAccountOverflow holds that the account of a header has twelve digits.
func TestAccountOverflow(t *testing.T) {
	w := newWorld(t)
	c, k := root(alice), w.key()
	blob := w.encrypt(c, name(k), "secret", nil)
	n := uint64(0)
	for _, b := range blob[6:12] {
		n = n<<8 | uint64(b)
	}
	n += 1_000_000_000_000
	for i := 11; i >= 6; i-- {
		blob[i] = byte(n)
		n >>= 8
	}
	for _, by := range []kms.KeyName{"", name(k)} {
		_, _, err := w.Decrypt(ctx, c, by, blob, kms.CryptoOptions{})
		require.Error(t, err)
	}
}

func TestRetireByStrangers(t *testing.T) {
	w := newWorld(t)
	k := w.key(permit(alice.Root(), "", "kms:*"), permit(bob.Root(), "", "kms:CreateGrant"))
	for title, pair := range map[string][2]kms.Call{"stranger": {root(alice), root(carol)}, "key's account": {root(bob), root(alice)}} {
		t.Run(title, func(t *testing.T) {
			g, token := w.grant(pair[0], k, kms.GrantOptions{Grantee: bob.Root(), Operations: []string{"Decrypt"}})
			w.fails(pair[1].Caller.Account, w.RetireGrant(ctx, pair[1], kms.RetireGrantOptions{Token: token}), audit.Denied, "")
			_ = g
		})
	}
}

func TestRetireDeny(t *testing.T) {
	w := newWorld(t)
	k := w.key(permit(alice.Root(), "", "kms:*"), forbid("*", "", "kms:RetireGrant"))
	dev, ret := w.user(alice, "dev", allow("kms:*")), w.user(alice, "ret")
	for _, c := range []kms.Call{dev, ret, root(alice)} {
		_, token := w.grant(root(alice), k, kms.GrantOptions{Grantee: bob.Root(), Retiring: ret.Caller.ARN, Operations: []string{"Decrypt"}})
		t.Run(c.Caller.Name, func(t *testing.T) {
			w.fails(alice, w.RetireGrant(ctx, c, kms.RetireGrantOptions{Token: token}), audit.Denied, "")
		})
	}
}

func TestRetireTellsNothing(t *testing.T) {
	w := newWorld(t)
	k := w.key()
	g, _ := w.grant(root(alice), k, kms.GrantOptions{Grantee: alice.Root(), Operations: []string{"Decrypt"}})
	c := w.user(carol, "x", allow("kms:*"))
	for _, o := range []kms.RetireGrantOptions{{Key: name(k), GrantID: g.ID}, {Key: name(k), GrantID: "00"}, {Key: name(&kms.Key{ID: "00000000-0000-4000-8000-000000000000", Account: alice, Region: here}), GrantID: "00"}} {
		err := w.RetireGrant(ctx, c, o)
		t.Log(err)
		if err == nil || err.Error() != vague(c, "RetireGrant") {
			t.Errorf("tells: %v", err)
		}
	}
}

func TestEmptyGrantee(t *testing.T) {
	w := newWorld(t)
	_, _, err := w.CreateGrant(ctx, root(alice), name(w.key()), kms.GrantOptions{Operations: []string{"Decrypt"}})
	require.Error(t, err)
}

func TestForeignPartitionGrantee(t *testing.T) {
	w := newWorld(t)
	k := w.key()
	for _, p := range []string{"arn:aws-cn:iam::111122223333:root", "arn:aws:iam:us-east-1:111122223333:root"} {
		_, _, err := w.CreateGrant(ctx, root(alice), name(k), kms.GrantOptions{Grantee: p, Operations: []string{"Decrypt"}})
		if err == nil {
			t.Error(p)
		}
	}
}

func TestKeyAliasARN(t *testing.T) {
	w := newWorld(t)
	k := w.key()
	require.NoError(t, w.CreateAlias(ctx, root(alice), "alias/a", name(k)))
	_, err := w.DescribeKey(ctx, root(alice), "arn:aws:kms:eu-central-1:111122223333:key/alias/a")
	require.Error(t, err)
}

func TestReEncryptTwoForeign(t *testing.T) {
	w := newWorld(t)
	a := w.key(permit(carol.Root(), "", "kms:*"), permit(alice.Root(), "", "kms:*"))
	b, err := w.CreateKey(ctx, root(bob), kms.CreateKeyOptions{BypassCheck: true, Policy: document(permit(carol.Root(), "", "kms:*"))})
	require.NoError(t, err)
	blob := w.encrypt(root(alice), name(a), "p", nil)
	_, _, _, err = w.ReEncrypt(ctx, root(carol), "", blob, kms.CryptoOptions{}, name(b), nil)
	require.NoError(t, err)
	require.Equal(t, "ReEncrypt", w.last(bob).Name)
	require.Equal(t, "ReEncrypt", w.last(alice).Name)
}

func TestReEncryptEvent(t *testing.T) {
	w := newWorld(t)
	a, b := w.key(), w.key()
	blob := w.encrypt(root(alice), name(a), "p", nil)
	_, _, _, err := w.ReEncrypt(ctx, root(alice), "", blob, kms.CryptoOptions{}, name(b), nil)
	require.NoError(t, err)
	add := w.last(alice).Additional
	if add["sourceKeyMaterialId"] == nil {
		t.Error("additional", add)
	}
	_, _, _, err = w.ReEncrypt(ctx, root(alice), "", blob, kms.CryptoOptions{DryRun: true}, name(b), nil)
	require.Error(t, err)
	if w.last(alice).Request["dryRun"] == nil {
		t.Error("dryRun missing")
	}
}

func TestRefusedGivesNothing(t *testing.T) {
	w := newWorld(t)
	k, c := w.key(), w.user(alice, "x")
	p, err := w.GetKeyPolicy(ctx, c, name(k))
	require.Error(t, err)
	if p != "" {
		t.Error("policy given with refusal")
	}
	got, err := w.DescribeKey(ctx, c, name(k))
	require.Error(t, err)
	if got != nil {
		t.Error("key given with refusal")
	}
	got, err = w.CreateKey(ctx, root(alice), kms.CreateKeyOptions{Policy: "x"})
	require.Error(t, err)
	if got != nil {
		t.Error("key given with refused creation")
	}
}

func TestUpdateAliasLimit(t *testing.T) {
	w := newWorld(t)
	a, b := w.key(), w.key()
	for i := range 50 {
		require.NoError(t, w.CreateAlias(ctx, root(alice), fmt.Sprint("alias/", i), name(a)))
	}
	require.NoError(t, w.CreateAlias(ctx, root(alice), "alias/b", name(b)))
	require.Error(t, w.UpdateAlias(ctx, root(alice), "alias/b", name(a)))
}

func TestCreateAliasEvent(t *testing.T) {
	w := newWorld(t)
	k := w.key()
	require.NoError(t, w.CreateAlias(ctx, root(alice), "alias/b", name(k)))
	require.Len(t, w.last(alice).Resources, 2)
}

func TestEmptyCiphertextMessage(t *testing.T) {
	w := newWorld(t)
	_, _, err := w.Decrypt(ctx, root(alice), "", []byte("x"), kms.CryptoOptions{})
	require.Error(t, err)
	require.Empty(t, w.last(alice).Failure.Message)
}

func TestServiceGrantee(t *testing.T) {
	w := newWorld(t)
	k := w.key()
	blob := w.encrypt(root(alice), name(k), "p", nil)
	g, _ := w.grant(root(alice), k, kms.GrantOptions{Grantee: bob.Root(), Operations: []string{"Decrypt"}})
	c := kms.Call{Caller: audit.Service("ebs.amazonaws.com"), Region: here, GrantID: g.ID}
	_, _, err := w.Decrypt(ctx, c, "", blob, kms.CryptoOptions{})
	require.Error(t, err, "a grant to someone else lets a service in")
}
