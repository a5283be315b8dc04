package kms_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ebsim/ebsim/account/audit"
	"github.com/ebsim/ebsim/kms"
)

const incorrectKey = "The key ID in the request does not identify a CMK that can perform this operation."

func TestEncryptAndDecrypt(t *testing.T) {
	w := newWorld(t)
	c, k := root(alice), w.key()
	require.NoError(t, w.CreateAlias(ctx, c, "alias/a", kms.KeyName(k.ID)))
	with := kms.CryptoOptions{Context: map[string]string{"aws:ebs:id": "vol-1", "b": ""}}
	plaintext := []byte("attack at dawn")
	for _, n := range []kms.KeyName{kms.KeyName(k.ID), name(k), "alias/a", "arn:aws:kms:eu-central-1:111122223333:alias/a"} {
		blob, used, err := w.Encrypt(ctx, c, n, plaintext, with)
		require.NoError(t, err)
		require.Equal(t, k.ARN(), used.ARN())
		require.True(t, bytes.HasPrefix(blob, []byte{1, 2, 2, 0, 0x78}), "as real ones begin")
		e := w.last(alice)
		require.Equal(t, "Encrypt", e.Name)
		require.True(t, e.ReadOnly)
		require.Equal(t, audit.Fields{"keyId": string(n), "encryptionAlgorithm": "SYMMETRIC_DEFAULT",
			"encryptionContext": map[string]any{"aws:ebs:id": "vol-1", "b": ""}}, e.Request)
		require.Nil(t, e.Response)
		require.Equal(t, audit.Fields{"keyMaterialId": k.MaterialID}, e.Additional)
		require.Equal(t, []audit.Resource{{AccountID: alice, Type: "AWS::KMS::Key", ARN: k.ARN()}}, e.Resources)

		for _, by := range []kms.KeyName{"", n} {
			got, used, err := w.Decrypt(ctx, c, by, blob, with)
			require.NoError(t, err)
			require.Equal(t, plaintext, got)
			require.Equal(t, k.ARN(), used.ARN())
			e := w.last(alice)
			require.Equal(t, "Decrypt", e.Name)
			require.Equal(t, by != "", e.Request["keyId"] != nil)
			require.Equal(t, audit.Fields{"keyMaterialId": k.MaterialID}, e.Additional)
		}
	}
	a, b := w.encrypt(c, name(k), "same", nil), w.encrypt(c, name(k), "same", nil)
	require.NotEqual(t, a, b)
}

func TestEncryptLengths(t *testing.T) {
	w := newWorld(t)
	c, k := root(alice), w.key()
	for _, n := range []int{1, 4096} {
		blob := w.encrypt(c, name(k), strings.Repeat("x", n), nil)
		got, _, err := w.Decrypt(ctx, c, "", blob, kms.CryptoOptions{})
		require.NoError(t, err)
		require.Len(t, got, n)
	}
	_, _, err := w.Encrypt(ctx, c, name(k), nil, kms.CryptoOptions{})
	w.fails(alice, err, kms.ErrValidation, "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: Member must have length greater than or equal to 1")
	_, _, err = w.Encrypt(ctx, c, name(k), make([]byte, 4097), kms.CryptoOptions{})
	w.fails(alice, err, kms.ErrValidation, "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: Member must have length less than or equal to 4096")
}

// TestContextIsExact holds that two encryption contexts open each other's
// ciphertexts only if they are the same set of pairs.
func TestContextIsExact(t *testing.T) {
	w := newWorld(t)
	c, k := root(alice), w.key()
	right := map[string]string{"a": "1", "b": "2"}
	blob := w.encrypt(c, name(k), "p", right)
	for title, wrong := range map[string]map[string]string{
		"none": nil, "empty": {}, "one fewer": {"a": "1"}, "one more": {"a": "1", "b": "2", "c": ""}, "another value": {"a": "1", "b": "3"},
		"name in another case": {"A": "1", "b": "2"}, "swapped": {"a": "2", "b": "1"}, "joined": {"a": "1b2"}, "moved": {"a1": "", "b": "2"},
	} {
		t.Run(title, func(t *testing.T) {
			for _, by := range []kms.KeyName{"", name(k)} {
				got, _, err := w.Decrypt(ctx, c, by, blob, kms.CryptoOptions{Context: wrong})
				w.fails(alice, err, kms.ErrInvalidCiphertext, "")
				require.Nil(t, got)
			}
			_, _, _, err := w.ReEncrypt(ctx, c, "", blob, kms.CryptoOptions{Context: wrong}, name(k), nil)
			w.fails(alice, err, kms.ErrInvalidCiphertext, "")
		})
	}
	pairs := rapid.MapOfN(rapid.StringN(0, 3, -1), rapid.StringN(0, 3, -1), 0, 4)
	rapid.Check(t, func(r *rapid.T) {
		one, two := pairs.Draw(r, "one"), pairs.Draw(r, "two")
		blob, _, err := w.Encrypt(ctx, c, name(k), []byte("p"), kms.CryptoOptions{Context: one})
		require.NoError(r, err)
		_, _, err = w.Decrypt(ctx, c, "", blob, kms.CryptoOptions{Context: one})
		require.NoError(r, err)
		if text(one) != text(two) {
			_, _, err = w.Decrypt(ctx, c, "", blob, kms.CryptoOptions{Context: two})
			require.ErrorIs(r, err, kms.ErrInvalidCiphertext)
		}
	})
}

// TestTamperedBlob changes every bit of a ciphertext and cuts and grows it.
func TestTamperedBlob(t *testing.T) {
	w := newWorld(t)
	c, k := root(alice), w.key()
	blob := w.encrypt(c, name(k), "secret", nil)
	refused := func(what int, b []byte) {
		t.Helper()
		got, _, err := w.Decrypt(ctx, c, "", b, kms.CryptoOptions{})
		require.Nil(t, got, "%d", what)
		require.Contains(t, []audit.Kind{kms.ErrInvalidCiphertext, audit.Denied}, audit.KindOf(err), "%d: %v", what, err)
	}
	for i := range blob {
		for bit := range 8 {
			changed := bytes.Clone(blob)
			changed[i] ^= 1 << bit
			refused(i, changed)
		}
		changed := bytes.Clone(blob)
		changed[i] ^= 1
		_, _, _, err := w.ReEncrypt(ctx, c, "", changed, kms.CryptoOptions{}, name(k), nil)
		require.Error(t, err, "%d", i)
	}
	for n := range len(blob) {
		refused(n, blob[:n])
	}
	refused(-1, append(bytes.Clone(blob), 0))
	refused(-2, nil)

	other := w.key()
	swapped := bytes.Clone(blob)
	copy(swapped[:60], w.encrypt(c, name(other), "secret", nil)[:60])
	_, _, err := w.Decrypt(ctx, c, "", swapped, kms.CryptoOptions{})
	w.fails(alice, err, kms.ErrInvalidCiphertext, "")
}

func TestDecryptByAnotherKey(t *testing.T) {
	w := newWorld(t)
	c, k, other := root(alice), w.key(), w.key()
	blob := w.encrypt(c, name(k), "p", nil)
	_, _, err := w.Decrypt(ctx, c, name(other), blob, kms.CryptoOptions{})
	w.fails(alice, err, kms.ErrIncorrectKey, incorrectKey)
	_, _, _, err = w.ReEncrypt(ctx, c, name(other), blob, kms.CryptoOptions{}, name(other), nil)
	w.fails(alice, err, kms.ErrIncorrectKey, incorrectKey)

	closed := w.key(permit(alice.Root(), "", "kms:Encrypt"))
	_, _, err = w.Decrypt(ctx, c, name(closed), blob, kms.CryptoOptions{})
	w.fails(alice, err, audit.Denied, silent(c, closed, "Decrypt", "resource"))

	require.NoError(t, w.CreateAlias(ctx, c, "alias/a", kms.KeyName(k.ID)))
	require.NoError(t, w.UpdateAlias(ctx, c, "alias/a", kms.KeyName(other.ID)))
	_, _, err = w.Decrypt(ctx, c, "alias/a", blob, kms.CryptoOptions{})
	w.fails(alice, err, kms.ErrIncorrectKey, incorrectKey)
	_, _, err = w.Decrypt(ctx, c, "", blob, kms.CryptoOptions{})
	require.NoError(t, err, "the ciphertext still names its key")
}

// TestOtherRegion holds that a ciphertext opens only in the region it was
// made in.
func TestOtherRegion(t *testing.T) {
	w := newWorld(t)
	c, k := root(alice), w.key()
	blob := w.encrypt(c, name(k), "p", nil)
	c.Region = there
	got, _, err := w.Decrypt(ctx, c, "", blob, kms.CryptoOptions{})
	require.Nil(t, got)
	require.Contains(t, []audit.Kind{kms.ErrInvalidCiphertext, audit.Denied}, audit.KindOf(err))
	require.Equal(t, there, w.last(alice).Region)
	_, _, err = w.Decrypt(ctx, c, name(k), blob, kms.CryptoOptions{})
	w.fails(alice, err, kms.ErrNotFound, "Invalid arn eu-central-1")
	_, _, err = w.Encrypt(ctx, c, kms.KeyName(k.ID), []byte("p"), kms.CryptoOptions{})
	w.fails(alice, err, kms.ErrNotFound, "Key 'arn:aws:kms:us-east-1:111122223333:key/"+k.ID+"' does not exist")
}

func TestReEncrypt(t *testing.T) {
	w := newWorld(t)
	c, a, b := root(alice), w.key(), w.key()
	one, two := map[string]string{"n": "1"}, map[string]string{"n": "2"}
	blob := w.encrypt(c, name(a), "p", one)
	out, src, dst, err := w.ReEncrypt(ctx, c, "", blob, kms.CryptoOptions{Context: one}, kms.KeyName(b.ID), two)
	require.NoError(t, err)
	require.Equal(t, a.ARN(), src.ARN())
	require.Equal(t, b.ARN(), dst.ARN())
	e := w.last(alice)
	require.Equal(t, "ReEncrypt", e.Name)
	require.True(t, e.ReadOnly)
	require.Equal(t, []audit.Resource{{AccountID: alice, Type: "AWS::KMS::Key", ARN: a.ARN()}, {AccountID: alice, Type: "AWS::KMS::Key", ARN: b.ARN()}},
		e.Resources, "source, then destination")
	require.Equal(t, audit.Fields{"destinationKeyId": b.ID, "sourceEncryptionAlgorithm": "SYMMETRIC_DEFAULT",
		"destinationEncryptionAlgorithm": "SYMMETRIC_DEFAULT", "sourceEncryptionContext": map[string]any{"n": "1"},
		"destinationEncryptionContext": map[string]any{"n": "2"}}, e.Request)
	require.Len(t, e.Decisions, 2)
	require.Equal(t, "kms:ReEncryptFrom", e.Decisions[0].Action)
	require.Equal(t, "kms:ReEncryptTo", e.Decisions[1].Action)

	got, _, err := w.Decrypt(ctx, c, name(b), out, kms.CryptoOptions{Context: two})
	require.NoError(t, err)
	require.Equal(t, "p", string(got))

	out, _, _, err = w.ReEncrypt(ctx, c, name(a), blob, kms.CryptoOptions{Context: one}, name(a), nil)
	require.NoError(t, err, "the same key with another context")
	_, _, err = w.Decrypt(ctx, c, "", out, kms.CryptoOptions{})
	require.NoError(t, err)
	require.Equal(t, a.ARN(), w.events(alice)[len(w.events(alice))-2].Request["sourceKeyId"])
}

// TestReEncryptNeedsBothRights takes away each half.
func TestReEncryptNeedsBothRights(t *testing.T) {
	w := newWorld(t)
	a, b := w.key(), w.key()
	blob := w.encrypt(root(alice), name(a), "p", nil)
	for _, test := range []struct {
		user    string
		actions []string
		refused string
		of      *kms.Key
	}{
		{"both", []string{"kms:ReEncryptFrom", "kms:ReEncryptTo"}, "", nil},
		{"from", []string{"kms:ReEncryptFrom"}, "ReEncryptTo", b},
		{"to", []string{"kms:ReEncryptTo"}, "ReEncryptFrom", a},
		{"decrypt", []string{"kms:Decrypt", "kms:Encrypt"}, "ReEncryptFrom", a},
	} {
		t.Run(test.user, func(t *testing.T) {
			c := w.user(alice, test.user, allow(test.actions...))
			_, _, _, err := w.ReEncrypt(ctx, c, "", blob, kms.CryptoOptions{}, name(b), nil)
			if test.refused == "" {
				require.NoError(t, err)
				return
			}
			w.fails(alice, err, audit.Denied, silent(c, test.of, test.refused, "identity"))
		})
	}
}

func TestDataKeys(t *testing.T) {
	w := newWorld(t)
	c, k := root(alice), w.key()
	with := kms.CryptoOptions{Context: map[string]string{"aws:ebs:id": "vol-1"}}
	for _, test := range []struct {
		title  string
		bytes  int64
		spec   string
		length int
		text   string
	}{
		{"AES_256", 0, "AES_256", 32, ""},
		{"AES_128", 0, "AES_128", 16, ""},
		{"one byte", 1, "", 1, ""},
		{"a volume's key", 64, "", 64, ""},
		{"the most", 1024, "", 1024, ""},
		{"too many", 1025, "", 0, "1 validation error detected: Value '1025' at 'numberOfBytes' failed to satisfy constraint: Member must have value less than or equal to 1024"},
		{"fewer than none", -1, "", 0, "1 validation error detected: Value '-1' at 'numberOfBytes' failed to satisfy constraint: Member must have value greater than or equal to 1"},
		{"neither", 0, "", 0, "Please specify either number of bytes or key spec."},
		{"both", 32, "AES_256", 0, "Please specify either number of bytes or key spec."},
		{"unknown", 0, "AES_512", 0, "1 validation error detected: Value 'AES_512' at 'keySpec' failed to satisfy constraint: Member must satisfy enum value set: [AES_256, AES_128]"},
	} {
		t.Run(test.title, func(t *testing.T) {
			o := kms.DataKeyOptions{CryptoOptions: with, NumberOfBytes: test.bytes, KeySpec: test.spec}
			d, err := w.GenerateDataKey(ctx, c, name(k), o)
			if test.text != "" {
				w.fails(alice, err, kms.ErrValidation, test.text)
				require.Nil(t, d)
				_, err = w.GenerateDataKeyWithoutPlaintext(ctx, c, name(k), o)
				w.fails(alice, err, kms.ErrValidation, test.text)
				require.Equal(t, "GenerateDataKeyWithoutPlaintext", w.last(alice).Name)
				return
			}
			require.NoError(t, err)
			require.Len(t, d.Plaintext, test.length)
			require.Equal(t, k.ARN(), d.Key.ARN())
			got, _, err := w.Decrypt(ctx, c, "", d.Ciphertext, with)
			require.NoError(t, err)
			require.Equal(t, d.Plaintext, got)

			hidden, err := w.GenerateDataKeyWithoutPlaintext(ctx, c, name(k), o)
			require.NoError(t, err)
			require.Nil(t, hidden.Plaintext)
			e := w.last(alice)
			require.Equal(t, "GenerateDataKeyWithoutPlaintext", e.Name)
			require.Equal(t, test.spec != "", e.Request["keySpec"] != nil)
			require.Equal(t, test.bytes != 0, e.Request["numberOfBytes"] != nil)
			got, _, err = w.Decrypt(ctx, c, "", hidden.Ciphertext, with)
			require.NoError(t, err)
			require.Len(t, got, test.length)
			require.False(t, test.length > 8 && bytes.Equal(got, d.Plaintext), "each data key is fresh")
		})
	}
}

// TestDataKeyRights holds that the two operations are two rights.
func TestDataKeyRights(t *testing.T) {
	w := newWorld(t)
	k := w.key()
	o := kms.DataKeyOptions{NumberOfBytes: 64}
	with, without := w.user(alice, "with", allow("kms:GenerateDataKey")), w.user(alice, "without", allow("kms:GenerateDataKeyWithoutPlaintext"))
	_, err := w.GenerateDataKey(ctx, with, name(k), o)
	require.NoError(t, err)
	_, err = w.GenerateDataKeyWithoutPlaintext(ctx, with, name(k), o)
	w.fails(alice, err, audit.Denied, silent(with, k, "GenerateDataKeyWithoutPlaintext", "identity"))
	_, err = w.GenerateDataKeyWithoutPlaintext(ctx, without, name(k), o)
	require.NoError(t, err)
	_, err = w.GenerateDataKey(ctx, without, name(k), o)
	w.fails(alice, err, audit.Denied, silent(without, k, "GenerateDataKey", "identity"))
}

func TestGenerateRandom(t *testing.T) {
	w := newWorld(t)
	c := root(alice)
	a, err := w.GenerateRandom(ctx, c, 1024)
	require.NoError(t, err)
	require.Len(t, a, 1024)
	b, err := w.GenerateRandom(ctx, c, 1024)
	require.NoError(t, err)
	require.NotEqual(t, a, b)
	require.Empty(t, w.last(alice).Resources)
	_, err = w.GenerateRandom(ctx, c, 0)
	w.fails(alice, err, kms.ErrValidation, "1 validation error detected: Value '0' at 'numberOfBytes' failed to satisfy constraint: Member must have value greater than or equal to 1")
	_, err = w.GenerateRandom(ctx, c, 1025)
	w.fails(alice, err, kms.ErrValidation, "1 validation error detected: Value '1025' at 'numberOfBytes' failed to satisfy constraint: Member must have value less than or equal to 1024")
	_, err = w.GenerateRandom(ctx, w.user(alice, "dev"), 1)
	w.fails(alice, err, audit.Denied, "User: arn:aws:iam::111122223333:user/dev is not authorized to perform: kms:GenerateRandom on resource: * because no identity-based policy allows the kms:GenerateRandom action")
}

// TestDryRun holds that a dry run does nothing, and that whatever would have
// refused the request still does.
func TestDryRun(t *testing.T) {
	w := newWorld(t)
	c, k := root(alice), w.key()
	const would = "The request would have succeeded, but the DryRun option is set."
	dry := kms.CryptoOptions{DryRun: true}
	blob := w.encrypt(c, name(k), "p", nil)
	g, token, err := w.CreateGrant(ctx, c, name(k), kms.GrantOptions{Grantee: alice.Root(), Operations: []string{"Decrypt"}})
	require.NoError(t, err)
	nobody := w.user(alice, "nobody")
	for operation, call := range map[string]func(kms.Call) error{
		"Encrypt": func(c kms.Call) error {
			out, _, err := w.Encrypt(ctx, c, name(k), []byte("p"), dry)
			require.Nil(t, out)
			return err
		},
		"Decrypt": func(c kms.Call) error {
			out, _, err := w.Decrypt(ctx, c, "", blob, dry)
			require.Nil(t, out)
			return err
		},
		"ReEncrypt": func(c kms.Call) error {
			out, _, _, err := w.ReEncrypt(ctx, c, "", blob, dry, name(k), nil)
			require.Nil(t, out)
			return err
		},
		"GenerateDataKey": func(c kms.Call) error {
			d, err := w.GenerateDataKey(ctx, c, name(k), kms.DataKeyOptions{CryptoOptions: dry, NumberOfBytes: 1})
			require.Nil(t, d)
			return err
		},
		"GenerateDataKeyWithoutPlaintext": func(c kms.Call) error {
			d, err := w.GenerateDataKeyWithoutPlaintext(ctx, c, name(k), kms.DataKeyOptions{CryptoOptions: dry, NumberOfBytes: 1})
			require.Nil(t, d)
			return err
		},
		"CreateGrant": func(c kms.Call) error {
			g, token, err := w.CreateGrant(ctx, c, name(k), kms.GrantOptions{Grantee: alice.Root(), Operations: []string{"Encrypt"}, DryRun: true})
			require.Nil(t, g)
			require.Empty(t, token)
			return err
		},
		"RetireGrant": func(c kms.Call) error {
			return w.RetireGrant(ctx, c, kms.RetireGrantOptions{Token: token, DryRun: true})
		},
		"RevokeGrant": func(c kms.Call) error { return w.RevokeGrant(ctx, c, name(k), g.ID, true) },
	} {
		t.Run(operation, func(t *testing.T) {
			w.fails(alice, call(c), kms.ErrDryRun, would)
			require.Equal(t, operation, w.last(alice).Name)
			w.fails(alice, call(nobody), audit.Denied, "")
		})
	}
	all, err := w.ListGrants(ctx, c, name(k), "", "")
	require.NoError(t, err)
	require.Len(t, all, 1)
	_, _, err = w.Encrypt(ctx, c, name(k), []byte("p"), dry)
	require.Error(t, err)
	require.Equal(t, true, w.last(alice).Request["dryRun"])
}

func TestGrantTokensAreChecked(t *testing.T) {
	w := newWorld(t)
	c, k := root(alice), w.key()
	_, token, err := w.CreateGrant(ctx, c, name(k), kms.GrantOptions{Grantee: alice.Root(), Operations: []string{"Decrypt"}})
	require.NoError(t, err)
	_, _, err = w.Encrypt(ctx, c, name(k), []byte("p"), kms.CryptoOptions{Tokens: []string{token}})
	require.NoError(t, err)
	for _, bad := range []string{"", "x", token[:len(token)-4], "AAAA" + token[4:]} {
		_, _, err = w.Encrypt(ctx, c, name(k), []byte("p"), kms.CryptoOptions{Tokens: []string{token, bad}})
		w.fails(alice, err, kms.ErrInvalidGrantToken, "")
		if bad != "" {
			w.fails(alice, w.RetireGrant(ctx, c, kms.RetireGrantOptions{Token: bad}), kms.ErrInvalidGrantToken, "")
		}
	}
}
