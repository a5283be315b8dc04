package kms_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ebsim/ebsim/account/audit"
	"github.com/ebsim/ebsim/internal/state"
	"github.com/ebsim/ebsim/kms"
)

// TestNoSecretIsKept makes every kind of call, well and badly, and looks for
// each plaintext, ciphertext, salt, token and sealed material in the trails'
// events, and for what is plain in the bytes of the store's file.
func TestNoSecretIsKept(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state")
	store, err := state.OpenFile(file)
	require.NoError(t, err)
	w := openWorld(t, store)
	c, k := root(alice), w.key(permit(alice.Root(), "", "kms:*"), permit(bob.Root(), "", "kms:*"))
	with := kms.CryptoOptions{Context: map[string]string{"aws:ebs:id": "vol-1"}}
	wrong := kms.CryptoOptions{}

	plain, sealed := map[string][]byte{}, map[string][]byte{"material": k.Material}
	plain["plaintext"] = []byte("a plaintext to be found nowhere!")
	sealed["ciphertext"], _, err = w.Encrypt(ctx, c, name(k), plain["plaintext"], with)
	require.NoError(t, err)
	theirs, _, err := w.Encrypt(ctx, root(bob), name(k), plain["plaintext"], with)
	require.NoError(t, err)
	sealed["ciphertext of another account"] = theirs
	d, err := w.GenerateDataKey(ctx, c, name(k), kms.DataKeyOptions{CryptoOptions: with, NumberOfBytes: 64})
	require.NoError(t, err)
	plain["data key"], sealed["data key's ciphertext"] = d.Plaintext, d.Ciphertext
	hidden, err := w.GenerateDataKeyWithoutPlaintext(ctx, c, name(k), kms.DataKeyOptions{CryptoOptions: with, NumberOfBytes: 64})
	require.NoError(t, err)
	sealed["hidden data key's ciphertext"] = hidden.Ciphertext
	plain["hidden data key"], _, err = w.Decrypt(ctx, c, "", hidden.Ciphertext, with)
	require.NoError(t, err)
	sealed["re-encrypted"], _, _, err = w.ReEncrypt(ctx, c, "", sealed["ciphertext"], with, name(k), nil)
	require.NoError(t, err)
	plain["random"], err = w.GenerateRandom(ctx, c, 64)
	require.NoError(t, err)
	_, token := w.grant(c, k, kms.GrantOptions{Grantee: alice.Root(), Operations: []string{"Decrypt"}})
	raw, err := base64.StdEncoding.DecodeString(token)
	require.NoError(t, err)
	sealed["grant token"] = raw[:32] // its proof; what follows is the grant's name

	broken := bytes.Clone(sealed["ciphertext"])
	broken[len(broken)-1] ^= 1
	for _, c := range []kms.Call{c, w.user(alice, "nobody"), root(bob), root(carol)} {
		_, _, err = w.Decrypt(ctx, c, "", broken, with)
		require.Error(t, err)
		_, _, err = w.Decrypt(ctx, c, "", sealed["ciphertext"], wrong)
		require.Error(t, err)
		_, _, _, err = w.ReEncrypt(ctx, c, "", sealed["ciphertext"], wrong, name(k), nil)
		require.Error(t, err)
	}
	_, _, err = w.Encrypt(ctx, c, name(k), bytes.Repeat(plain["plaintext"], 200), with)
	require.Error(t, err)
	_, _, err = w.Encrypt(ctx, c, name(k), plain["plaintext"], kms.CryptoOptions{Tokens: []string{token[:40]}})
	require.Error(t, err)
	require.NoError(t, w.RetireGrant(ctx, c, kms.RetireGrantOptions{Token: token}))
	require.NoError(t, w.DisableKey(ctx, c, name(k)))
	_, _, err = w.Encrypt(ctx, c, name(k), plain["plaintext"], with)
	require.Error(t, err)

	var trails [][]byte
	for _, e := range append(append(w.events(alice), w.events(bob)...), w.events(carol)...) {
		kept, err := json.Marshal(e)
		require.NoError(t, err)
		record, err := e.CloudTrail(func(string, audit.Kind) string { return "code" })
		require.NoError(t, err)
		trails = append(trails, kept, record)
	}
	require.Greater(t, len(trails), 40)
	all := bytes.Join(trails, []byte("\n"))
	for title, secret := range plain {
		absent(t, all, title, secret)
	}
	for title, secret := range sealed {
		tail := secret[len(secret)-24:]
		absent(t, all, title, tail)
		if len(secret) > 92 && title != "grant token" {
			absent(t, all, "salt of "+title, secret[60:92])
		}
	}

	require.NoError(t, store.Close())
	kept, err := os.ReadFile(file)
	require.NoError(t, err)
	require.True(t, bytes.Contains(kept, []byte(k.ID)))
	for title, secret := range plain {
		absent(t, kept, title, secret)
	}
}

// absent looks for a secret, and for its halves, in every spelling.
func absent(t *testing.T, in []byte, title string, secret []byte) {
	t.Helper()
	for _, part := range [][]byte{secret, secret[:len(secret)/2], secret[len(secret)/2:]} {
		list, err := json.Marshal(intsOf(part))
		require.NoError(t, err)
		for _, text := range []string{
			string(part), hex.EncodeToString(part), base64.RawStdEncoding.EncodeToString(part[:len(part)/3*3]),
			base64.RawURLEncoding.EncodeToString(part[:len(part)/3*3]), string(list),
		} {
			require.False(t, bytes.Contains(in, []byte(text)), "%s is kept", title)
		}
	}
}

func intsOf(b []byte) []int {
	all := make([]int, len(b))
	for i := range b {
		all[i] = int(b[i])
	}
	return all
}
