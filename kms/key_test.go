package kms_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ebsim/ebsim/account/arn"
	"github.com/ebsim/ebsim/account/audit"
	"github.com/ebsim/ebsim/internal/state"
	"github.com/ebsim/ebsim/kms"
)

func TestCreateKey(t *testing.T) {
	w := newWorld(t)
	k, err := w.CreateKey(ctx, root(alice), kms.CreateKeyOptions{Description: "mine"})
	require.NoError(t, err)
	require.Equal(t, "arn:aws:kms:eu-central-1:111122223333:key/"+k.ID, k.ARN())
	require.Equal(t, kms.Enabled, k.State)
	require.Equal(t, kms.Customer, k.Manager)
	require.Equal(t, kms.DefaultPolicy(alice), k.Policy)
	require.Equal(t, start, k.Created)

	e := w.last(alice)
	require.Equal(t, "CreateKey", e.Name)
	require.False(t, e.ReadOnly)
	require.Equal(t, []audit.Resource{{AccountID: alice, Type: "AWS::KMS::Key", ARN: k.ARN()}}, e.Resources)
	metadata := e.Response["keyMetadata"].(map[string]any)
	require.Equal(t, k.ID, metadata["keyId"])
	require.Equal(t, "Mar 1, 2026, 12:00:00 PM", metadata["creationDate"])
	require.Len(t, e.Decisions, 1)

	got, err := w.DescribeKey(ctx, root(alice), name(k))
	require.NoError(t, err)
	require.Equal(t, k, got)

	_, err = w.CreateKey(ctx, root(alice), kms.CreateKeyOptions{Description: strings.Repeat("ü", 8193)})
	w.fails(alice, err, kms.ErrValidation, "1 validation error detected: Value at 'description' failed to satisfy constraint: Member must have length less than or equal to 8192")
	_, err = w.CreateKey(ctx, root(alice), kms.CreateKeyOptions{Description: strings.Repeat("ü", 8192)})
	require.NoError(t, err)

	dev := w.user(alice, "dev")
	_, err = w.CreateKey(ctx, dev, kms.CreateKeyOptions{})
	w.fails(alice, err, audit.Denied, "User: arn:aws:iam::111122223333:user/dev is not authorized to perform: kms:CreateKey on resource: * because no identity-based policy allows the kms:CreateKey action")
}

func TestKeysAreListedByAccountAndRegion(t *testing.T) {
	w := newWorld(t)
	want := map[string]bool{w.key().ID: true, w.key().ID: true}
	_, err := w.CreateKey(ctx, root(bob), kms.CreateKeyOptions{})
	require.NoError(t, err)
	c := root(alice)
	c.Region = there
	_, err = w.CreateKey(ctx, c, kms.CreateKeyOptions{})
	require.NoError(t, err)

	all, err := w.ListKeys(ctx, root(alice))
	require.NoError(t, err)
	require.Len(t, all, 2)
	for _, k := range all {
		require.True(t, want[k.ID])
	}
	_, err = w.ListKeys(ctx, w.user(alice, "dev"))
	w.fails(alice, err, audit.Denied, "")
	require.NoError(t, w.store.View(ctx, func(tx *state.Tx) error {
		all, err := w.All(tx)
		require.Len(t, all, 4)
		return err
	}))
}

// TestStates holds the column "Disabled" of the table in "Key states of AWS
// KMS keys", and that enabling undoes it.
func TestStates(t *testing.T) {
	w := newWorld(t)
	c, k := root(alice), w.key()
	other := w.key()
	blob := w.encrypt(c, name(k), "p", nil)
	elsewhere := w.encrypt(c, name(other), "p", nil)
	g, _, err := w.CreateGrant(ctx, c, name(k), kms.GrantOptions{Grantee: alice.Root(), Operations: []string{"Decrypt"}})
	require.NoError(t, err)
	spare, _, err := w.CreateGrant(ctx, c, name(k), kms.GrantOptions{Grantee: alice.Root(), Operations: []string{"Encrypt"}})
	require.NoError(t, err)

	uses := map[string]func() error{
		"Encrypt": func() error { _, _, err := w.Encrypt(ctx, c, name(k), []byte("p"), kms.CryptoOptions{}); return err },
		"Encrypt, dry run": func() error {
			_, _, err := w.Encrypt(ctx, c, name(k), []byte("p"), kms.CryptoOptions{DryRun: true})
			if err != nil && audit.KindOf(err) == kms.ErrDryRun {
				return nil
			}
			return err
		},
		"Decrypt":        func() error { _, _, err := w.Decrypt(ctx, c, "", blob, kms.CryptoOptions{}); return err },
		"Decrypt, named": func() error { _, _, err := w.Decrypt(ctx, c, name(k), blob, kms.CryptoOptions{}); return err },
		"ReEncrypt from": func() error {
			_, _, _, err := w.ReEncrypt(ctx, c, "", blob, kms.CryptoOptions{}, name(other), nil)
			return err
		},
		"ReEncrypt to": func() error {
			_, _, _, err := w.ReEncrypt(ctx, c, "", elsewhere, kms.CryptoOptions{}, name(k), nil)
			return err
		},
		"GenerateDataKey": func() error {
			_, err := w.GenerateDataKey(ctx, c, name(k), kms.DataKeyOptions{KeySpec: "AES_256"})
			return err
		},
		"GenerateDataKeyWithoutPlaintext": func() error {
			_, err := w.GenerateDataKeyWithoutPlaintext(ctx, c, name(k), kms.DataKeyOptions{NumberOfBytes: 64})
			return err
		},
		"CreateGrant": func() error {
			_, _, err := w.CreateGrant(ctx, c, name(k), kms.GrantOptions{Grantee: alice.Root(), Operations: []string{"Decrypt"}})
			return err
		},
	}
	require.NoError(t, w.DisableKey(ctx, c, kms.KeyName(k.ID)))
	require.Equal(t, audit.Fields{"keyId": k.ARN()}, w.last(alice).Response)
	for operation, use := range uses {
		t.Run(operation+" is refused", func(t *testing.T) {
			w.fails(alice, use(), kms.ErrDisabled, k.ARN()+" is disabled.")
		})
	}
	other2 := w.key()
	for operation, look := range map[string]func() error{
		"DescribeKey":         func() error { _, err := w.DescribeKey(ctx, c, name(k)); return err },
		"GetKeyPolicy":        func() error { _, err := w.GetKeyPolicy(ctx, c, name(k)); return err },
		"PutKeyPolicy":        func() error { return w.PutKeyPolicy(ctx, c, name(k), kms.DefaultPolicy(alice), false) },
		"ListGrants":          func() error { _, err := w.ListGrants(ctx, c, name(k), "", ""); return err },
		"ListRetirableGrants": func() error { _, err := w.ListRetirableGrants(ctx, c, alice.Root()); return err },
		"RevokeGrant":         func() error { return w.RevokeGrant(ctx, c, name(k), g.ID, false) },
		"RetireGrant":         func() error { return w.RetireGrant(ctx, c, kms.RetireGrantOptions{Key: name(k), GrantID: spare.ID}) },
		"aliases": func() error {
			require.NoError(t, w.CreateAlias(ctx, c, "alias/d", kms.KeyName(k.ID)))
			require.NoError(t, w.UpdateAlias(ctx, c, "alias/d", kms.KeyName(other2.ID)))
			require.NoError(t, w.UpdateAlias(ctx, c, "alias/d", kms.KeyName(k.ID)))
			_, err := w.ListAliases(ctx, c, kms.KeyName(k.ID))
			require.NoError(t, err)
			return w.DeleteAlias(ctx, c, "alias/d")
		},
		"DisableKey": func() error { return w.DisableKey(ctx, c, name(k)) },
	} {
		t.Run(operation+" is not", func(t *testing.T) { require.NoError(t, look()) })
	}
	got, err := w.DescribeKey(ctx, c, name(k))
	require.NoError(t, err)
	require.Equal(t, kms.Disabled, got.State)

	require.NoError(t, w.EnableKey(ctx, c, name(k)))
	require.NoError(t, w.EnableKey(ctx, c, name(k)), "enabling what is enabled is allowed")
	for operation, use := range uses {
		t.Run(operation+" again", func(t *testing.T) { require.NoError(t, use()) })
	}
}

// TestResolve holds the forms in which a key is named, and the texts of AWS
// where there is none.
func TestResolve(t *testing.T) {
	w := newWorld(t)
	c, k := root(alice), w.key()
	require.NoError(t, w.CreateAlias(ctx, c, "alias/app/main", kms.KeyName(k.ID)))
	const unknown = "00000000-0000-4000-8000-000000000000"
	in := "arn:aws:kms:eu-central-1:111122223333:"
	for _, test := range []struct {
		title, name string
		kind        audit.Kind // "": it is found
		text        string
		managed     audit.Kind // of an operation that takes no alias
	}{
		{"id", k.ID, "", "", ""},
		{"ARN", k.ARN(), "", "", ""},
		{"alias", "alias/app/main", "", "", kms.ErrNotFound},
		{"alias ARN", in + "alias/app/main", "", "", kms.ErrNotFound},
		{"unknown id", unknown, kms.ErrNotFound, "Key '" + in + "key/" + unknown + "' does not exist", kms.ErrNotFound},
		{"unknown ARN", in + "key/" + unknown, kms.ErrNotFound, "Key '" + in + "key/" + unknown + "' does not exist", kms.ErrNotFound},
		{"malformed id", "fake-key-id", kms.ErrNotFound, "Invalid keyId 'fake-key-id'", kms.ErrNotFound},
		{"empty", "", kms.ErrNotFound, "Invalid keyId ''", kms.ErrNotFound},
		{"id without dashes", strings.ReplaceAll(k.ID, "-", ""), kms.ErrNotFound, "Invalid keyId '" + strings.ReplaceAll(k.ID, "-", "") + "'", kms.ErrNotFound},
		{"malformed multi-region id", "mrk-fake-key-id", kms.ErrNotFound, "Invalid keyId 'mrk-fake-key-id'", kms.ErrNotFound},
		{"id in capitals", strings.ToUpper(k.ID), kms.ErrNotFound, "Invalid keyId '" + strings.ToUpper(k.ID) + "'", kms.ErrNotFound},
		{"prefix alone", "key/" + k.ID, kms.ErrNotFound, "Invalid keyId 'key/" + k.ID + "'", kms.ErrNotFound},
		{"unknown alias", "alias/x", kms.ErrNotFound, "Alias " + in + "alias/x is not found.", kms.ErrNotFound},
		{"alias in another case", "alias/APP/main", kms.ErrNotFound, "Alias " + in + "alias/APP/main is not found.", kms.ErrNotFound},
		{"unknown alias ARN", in + "alias/x", kms.ErrNotFound, "Alias " + in + "alias/x is not found.", kms.ErrNotFound},
		{"another region", strings.Replace(k.ARN(), "eu-central-1", "us-east-1", 1), kms.ErrNotFound, "Invalid arn us-east-1", kms.ErrNotFound},
		{"short ARN", "arn:aws:kms", kms.ErrInvalidArn, "Invalid arn arn:aws:kms", kms.ErrInvalidArn},
		{"another service", "arn:aws:iam::111122223333:user/x", kms.ErrInvalidArn, "Invalid arn arn:aws:iam::111122223333:user/x", kms.ErrInvalidArn},
		{"another resource", in + "grant/x", kms.ErrInvalidArn, "Invalid arn " + in + "grant/x", kms.ErrInvalidArn},
		{"foreign unknown ARN", "arn:aws:kms:eu-central-1:444455556666:key/" + unknown, audit.Denied, vague(c, "DescribeKey"), audit.Denied},
		{"foreign unknown alias", "arn:aws:kms:eu-central-1:444455556666:alias/x", audit.Denied, vague(c, "DescribeKey"), kms.ErrNotFound},
	} {
		t.Run(test.title, func(t *testing.T) {
			got, err := w.DescribeKey(ctx, c, kms.KeyName(test.name))
			if test.kind == "" {
				require.NoError(t, err)
				require.Equal(t, k.ARN(), got.ARN())
				require.Equal(t, test.name, w.last(alice).Request["keyId"], "the event names the key as the caller did")
			} else {
				w.fails(alice, err, test.kind, test.text)
			}
			found := ""
			err = w.store.View(ctx, func(tx *state.Tx) (err error) {
				found, err = w.Resolve(tx, here, alice, kms.KeyName(test.name))
				return err
			})
			require.Equal(t, test.kind, audit.KindOf(err))
			if err == nil {
				require.Equal(t, k.ARN(), found)
			}

			err = w.EnableKey(ctx, c, kms.KeyName(test.name))
			require.Equal(t, test.managed, audit.KindOf(err))
			if test.title == "alias" || test.title == "alias ARN" {
				require.EqualError(t, err, "Invalid keyId 'alias/app/main'")
			}
		})
	}
}

func TestFindAsksNoPolicy(t *testing.T) {
	w := newWorld(t)
	k := w.key(permit(bob.Root(), "", "kms:*"))
	require.NoError(t, w.store.View(ctx, func(tx *state.Tx) error {
		got, ok, err := w.Find(tx, k.ARN())
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, k, got)
		require.NoError(t, w.CheckMaterial(got))
		for _, bad := range []string{"", "x", k.ID, strings.Replace(k.ARN(), "key/", "alias/", 1),
			strings.Replace(k.ARN(), string(alice), string(bob), 1), strings.Replace(k.ARN(), string(here), string(there), 1)} {
			_, ok, err := w.Find(tx, bad)
			require.NoError(t, err)
			require.False(t, ok, bad)
		}
		return nil
	}))
	moved := *k
	moved.Account = bob
	require.Error(t, w.CheckMaterial(&moved), "material is bound to the key it belongs to")
	moved = *k
	moved.MaterialID = strings.Repeat("0", 64)
	require.Error(t, w.CheckMaterial(&moved))
}

// TestOwnAccountOnly holds which operations another account may never call,
// whatever the key policy says.
func TestOwnAccountOnly(t *testing.T) {
	w := newWorld(t)
	k := w.key(permit("*", "", "kms:*"))
	c := root(bob)
	for operation, call := range map[string]func() error{
		"GetKeyPolicy": func() error { _, err := w.GetKeyPolicy(ctx, c, name(k)); return err },
		"PutKeyPolicy": func() error { return w.PutKeyPolicy(ctx, c, name(k), k.Policy, true) },
		"EnableKey":    func() error { return w.EnableKey(ctx, c, name(k)) },
		"DisableKey":   func() error { return w.DisableKey(ctx, c, name(k)) },
		"CreateAlias":  func() error { return w.CreateAlias(ctx, c, "alias/theirs", name(k)) },
		"ListAliases":  func() error { _, err := w.ListAliases(ctx, c, name(k)); return err },
	} {
		t.Run(operation, func(t *testing.T) {
			before := len(w.events(alice))
			w.fails(bob, call(), audit.Denied, vague(c, operation))
			require.Len(t, w.events(alice), before)
		})
	}
	got, err := w.DescribeKey(ctx, c, name(k))
	require.NoError(t, err)
	require.Equal(t, k.ARN(), got.ARN())
	require.Equal(t, arn.AccountID("111122223333"), got.Account)
}
