package kms_test

import (
	"bytes"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ebsim/ebsim/account/audit"
	"github.com/ebsim/ebsim/internal/state"
	"github.com/ebsim/ebsim/kms"
)

// TestEBSKey holds that the key comes into being once for an account and
// region, also when many ask at once.
func TestEBSKey(t *testing.T) {
	w := newWorld(t)
	arns := make([]string, 8)
	var all sync.WaitGroup
	for i := range arns {
		all.Go(func() { arns[i], _ = w.EBSKey(ctx, here, alice, "cause") })
	}
	all.Wait()
	for _, a := range arns {
		require.Equal(t, arns[0], a)
	}
	require.NotEmpty(t, arns[0])
	events := w.events(alice)
	require.Len(t, events, 2)
	for i, n := range []string{"CreateKey", "CreateAlias"} {
		e := events[i]
		require.Equal(t, n, e.Name)
		require.Equal(t, audit.AwsServiceEvent, e.Type)
		require.Equal(t, "cause", e.Cause)
		require.Equal(t, arns[0], e.Resources[0].ARN)
	}
	k, err := w.DescribeKey(ctx, root(alice), kms.EBSAlias)
	require.NoError(t, err)
	require.Equal(t, arns[0], k.ARN())
	require.Equal(t, kms.AWS, k.Manager)
	require.NotEmpty(t, k.Description)

	theirs, err := w.EBSKey(ctx, here, bob, "")
	require.NoError(t, err)
	far, err := w.EBSKey(ctx, there, alice, "")
	require.NoError(t, err)
	require.NotEqual(t, arns[0], theirs)
	require.NotEqual(t, arns[0], far)
	require.Contains(t, far, "us-east-1")
}

// TestEBSKeyUse holds the key's policy: use through EC2 for everyone in the
// account, looking for whom identity policies allow it, and nothing else.
func TestEBSKeyUse(t *testing.T) {
	w := newWorld(t)
	a, err := w.EBSKey(ctx, here, alice, "")
	require.NoError(t, err)
	n := kms.KeyName(a)
	k, err := w.DescribeKey(ctx, root(alice), n)
	require.NoError(t, err)
	nobody, reader := w.user(alice, "nobody"), w.user(alice, "reader", allow("kms:*"))
	o := kms.DataKeyOptions{NumberOfBytes: 64}
	for title, test := range map[string]struct {
		c  kms.Call
		ok bool
	}{
		"through EC2":                      {via(nobody, "ec2"), true},
		"root through EC2":                 {via(root(alice), "ec2"), true},
		"direct":                           {nobody, false},
		"direct, with an identity policy":  {reader, false},
		"direct, root":                     {root(alice), false},
		"through another service":          {via(reader, "rds"), false},
		"another account, through EC2":     {via(root(bob), "ec2"), false},
		"EC2 in another region names none": {kms.Call{Caller: root(alice).Caller, Via: "ec2", Region: there}, false},
	} {
		t.Run(title, func(t *testing.T) {
			_, err := w.GenerateDataKeyWithoutPlaintext(ctx, test.c, n, o)
			switch {
			case test.ok:
				require.NoError(t, err)
			case test.c.Region == there:
				w.fails(alice, err, kms.ErrNotFound, "Invalid arn eu-central-1")
			case test.c.Caller.Account == bob:
				w.fails(bob, err, audit.Denied, vague(test.c, "GenerateDataKeyWithoutPlaintext"))
			default:
				w.fails(alice, err, audit.Denied, silent(test.c, k, "GenerateDataKeyWithoutPlaintext", "resource"))
			}
		})
	}
	_, err = w.GetKeyPolicy(ctx, reader, n)
	require.NoError(t, err)
	_, err = w.DescribeKey(ctx, nobody, n)
	w.fails(alice, err, audit.Denied, silent(nobody, k, "DescribeKey", "identity"))

	c := root(alice)
	for operation, err := range map[string]error{
		"PutKeyPolicy": w.PutKeyPolicy(ctx, c, n, kms.DefaultPolicy(alice), true),
		"DisableKey":   w.DisableKey(ctx, c, n),
		"CreateAlias":  w.CreateAlias(ctx, c, "alias/mine", n),
		"CreateGrant": func() error {
			_, _, err := w.CreateGrant(ctx, c, n, kms.GrantOptions{Grantee: alice.Root(), Operations: []string{"Decrypt"}})
			return err
		}(),
	} {
		require.Contains(t, []audit.Kind{audit.Denied, kms.ErrUnsupported}, audit.KindOf(err), operation)
	}
	got, err := w.DescribeKey(ctx, c, n)
	require.NoError(t, err)
	require.Equal(t, k, got)
}

// TestUnwrap holds that the root key alone opens a ciphertext, of a disabled
// key too, with no event, and that a changed or moved one does not open.
func TestUnwrap(t *testing.T) {
	w := newWorld(t)
	k := w.key(permit(alice.Root(), "", "kms:Encrypt", "kms:DisableKey"))
	vol := map[string]string{"aws:ebs:id": "vol-1"}
	blob := w.encrypt(root(alice), name(k), "p", vol)
	require.NoError(t, w.DisableKey(ctx, root(alice), name(k)))
	before := len(w.events(alice))
	require.NoError(t, w.store.View(ctx, func(tx *state.Tx) error {
		got, err := w.Unwrap(tx, here, blob, vol)
		require.Equal(t, "p", string(got))
		for i := range blob {
			changed := bytes.Clone(blob)
			changed[i] ^= 1
			_, err := w.Unwrap(tx, here, changed, vol)
			require.ErrorIs(t, err, kms.ErrInvalidCiphertext, "%d", i)
		}
		_, wrong := w.Unwrap(tx, here, blob, nil)
		require.ErrorIs(t, wrong, kms.ErrInvalidCiphertext)
		_, wrong = w.Unwrap(tx, there, blob, vol)
		require.ErrorIs(t, wrong, kms.ErrInvalidCiphertext)
		return err
	}))
	require.Len(t, w.events(alice), before)
}
