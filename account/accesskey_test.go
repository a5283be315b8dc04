package account_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ebsim/ebsim/account"
	"github.com/ebsim/ebsim/account/arn"
	"github.com/ebsim/ebsim/account/audit"
	"github.com/ebsim/ebsim/account/policy"
	"github.com/ebsim/ebsim/internal/rootkey"
	"github.com/ebsim/ebsim/internal/state"
)

func (w *world) key(a arn.AccountID, user string) (k *account.AccessKey, secret string) {
	w.t.Helper()
	w.ok(func(tx *state.Tx) (err error) { k, secret, err = w.CreateAccessKey(tx, a, user); return err })
	return k, secret
}

func (w *world) authenticate(keyID, secret string) (c audit.Caller, err error) {
	err = w.do(func(tx *state.Tx) (err error) { c, err = w.Authenticate(tx, keyID, secret); return err })
	return c, err
}

func TestAccessKeys(t *testing.T) {
	w := newWorld(t, true)
	w.user(alice, "dev", "/")
	w.user(alice, "ops", "/")
	a, secret := w.key(alice, "dev")
	require.Regexp(t, "^AKIA[A-Z0-9]{16}$", a.ID)
	require.Len(t, secret, 40)
	require.True(t, a.Active)
	b, other := w.key(alice, "dev")
	require.NotEqual(t, secret, other)
	w.fails(account.ErrLimitExceeded, "Cannot exceed quota for AccessKeysPerUser: 2", func(tx *state.Tx) error {
		_, _, err := w.CreateAccessKey(tx, alice, "dev")
		return err
	})
	w.key(alice, "ops")
	w.ok(func(tx *state.Tx) error {
		all, err := w.AccessKeys(tx, alice, "dev")
		require.ElementsMatch(t, []account.AccessKey{*a, *b}, all)
		return err
	})
	for _, who := range []struct {
		account  arn.AccountID
		user, id string
	}{{alice, "ops", a.ID}, {bob, "dev", a.ID}, {alice, "dev", "AKIAAAAAAAAAAAAAAAAA"}} {
		w.fails(account.ErrNoSuchEntity, "The Access Key with id "+who.id+" cannot be found.", func(tx *state.Tx) error {
			return w.DeleteAccessKey(tx, who.account, who.user, who.id)
		})
	}
	w.ok(func(tx *state.Tx) error { return w.DeleteAccessKey(tx, alice, "dev", a.ID) })
	w.ok(func(tx *state.Tx) error {
		all, err := w.AccessKeys(tx, alice, "dev")
		require.Equal(t, []account.AccessKey{*b}, all)
		return err
	})
	w.key(alice, "dev")
}

func TestAuthenticate(t *testing.T) {
	for _, sandbox := range []bool{true, false} {
		w := newWorld(t, sandbox)
		u := w.user(alice, "dev", "/team/")
		w.user(alice, "ops", "/")
		k, secret := w.key(alice, "dev")
		other, otherSecret := w.key(alice, "ops")
		c, err := w.authenticate(k.ID, secret)
		require.NoError(t, err)
		require.Equal(t, audit.Caller{Principal: u.Principal(), AccessKeyID: k.ID}, c)

		const signature = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
		for _, bad := range []string{"", "test", secret + "x", secret[:39], otherSecret} {
			c, err = w.authenticate(k.ID, bad)
			require.ErrorIs(t, err, account.ErrBadSecret)
			require.EqualError(t, err, signature)
			require.Zero(t, c)
		}
		for _, bad := range []string{"", "AKIAAAAAAAAAAAAAAAAA", k.ID[:19], k.ID + "A", "11112222333", "1111222233334"} {
			c, err = w.authenticate(bad, secret)
			require.ErrorIs(t, err, account.ErrUnknownKey)
			require.EqualError(t, err, "The security token included in the request is invalid.")
			require.Zero(t, c)
		}
		w.ok(func(tx *state.Tx) error { return w.DeleteAccessKey(tx, alice, "ops", other.ID) })
		_, err = w.authenticate(other.ID, otherSecret)
		require.ErrorIs(t, err, account.ErrUnknownKey)
	}
}

// TestSandbox holds that an account's root user signs with the id and "test"
// while sandbox credentials are on, and not otherwise.
func TestSandbox(t *testing.T) {
	on, off := newWorld(t, true), newWorld(t, false)
	c, err := on.authenticate("777788889999", "test")
	require.NoError(t, err)
	require.Equal(t, audit.Caller{AccessKeyID: "777788889999", Principal: policy.Principal{Kind: policy.Root, Account: "777788889999",
		ARN: "arn:aws:iam::777788889999:root", ID: "777788889999", Name: "root"}}, c)
	for _, bad := range []string{"", "Test", "tes", "test "} {
		_, err = on.authenticate("777788889999", bad)
		require.ErrorIs(t, err, account.ErrBadSecret)
	}
	_, err = off.authenticate("777788889999", "test")
	require.ErrorIs(t, err, account.ErrUnknownKey)
}

// TestSecretsAreSealed looks for a secret in the bytes of the store's file,
// and opens it neither under another root key nor in another record.
func TestSecretsAreSealed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state")
	store, err := state.OpenFile(file)
	require.NoError(t, err)
	root := rootkey.Generate()
	w := openWorld(t, store, root, false)
	w.user(alice, "dev", "/")
	k, secret := w.key(alice, "dev")
	_, err = w.authenticate(k.ID, secret)
	require.NoError(t, err)
	shown, err := json.Marshal(k)
	require.NoError(t, err)
	require.NoError(t, store.Close())
	kept, err := os.ReadFile(file)
	require.NoError(t, err)
	require.True(t, bytes.Contains(kept, []byte(k.ID)))
	raw, err := base64.StdEncoding.DecodeString(secret)
	require.NoError(t, err)
	for _, in := range [][]byte{kept, shown} {
		for _, part := range []string{secret, secret[:20], secret[20:], string(raw), base64.StdEncoding.EncodeToString([]byte(secret))} {
			require.False(t, bytes.Contains(in, []byte(part)), "the secret is kept")
		}
	}

	store, err = state.OpenFile(file)
	require.NoError(t, err)
	stranger := openWorld(t, store, rootkey.Generate(), false)
	c, err := stranger.authenticate(k.ID, secret)
	require.ErrorIs(t, err, rootkey.ErrUnseal)
	require.Zero(t, c)
	again := openWorld(t, store, root, false)
	_, err = again.authenticate(k.ID, secret)
	require.NoError(t, err)

	again.user(alice, "ops", "/")
	other, _ := again.key(alice, "ops")
	other.Secret = k.Secret
	again.ok(func(tx *state.Tx) error {
		return state.Save(tx, "account.key", state.Key(other.ID), 1, other)
	})
	_, err = again.authenticate(other.ID, secret)
	require.ErrorIs(t, err, rootkey.ErrUnseal, "a secret belongs to its record")
	k.Active = false
	again.ok(func(tx *state.Tx) error { return state.Save(tx, "account.key", state.Key(k.ID), 1, k) })
	_, err = again.authenticate(k.ID, secret)
	require.ErrorIs(t, err, account.ErrUnknownKey)
}
