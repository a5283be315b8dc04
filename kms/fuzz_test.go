package kms

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ebsim/ebsim/account/arn"
	"github.com/ebsim/ebsim/internal/rootkey"
)

func testKey() (*Key, []byte) {
	k := &Key{ID: "01234567-89ab-4def-8123-456789abcdef", Account: "012345678901", Region: "eu-central-1",
		MaterialID: "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"}
	return k, bytes.Repeat([]byte{7}, 32)
}

// TestBlobLayout holds format 1 byte by byte.
func TestBlobLayout(t *testing.T) {
	k, material := testKey()
	b := k.encrypt(material, []byte("p"), map[string]string{"a": "1"})
	require.Len(t, b, overhead+1)
	require.Equal(t, []byte{1, 2, 2, 0, 0x78, 0}, b[:6])
	require.Equal(t, []byte{0x00, 0x02, 0xdf, 0xdc, 0x1c, 0x35}, b[6:12], "012345678901, big endian")
	require.Equal(t, []byte{0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0x4d, 0xef, 0x81, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef}, b[12:28])
	require.Equal(t, byte(0x11), b[29])
	got, err := parseBlob(b)
	require.NoError(t, err)
	require.Equal(t, blob{account: k.Account, keyID: k.ID, material: k.MaterialID, salt: b[60:92], sealed: b[92:]}, got)
	p, err := k.decrypt(material, got, map[string]string{"a": "1"})
	require.NoError(t, err)
	require.Equal(t, "p", string(p))
}

// FuzzBlob holds that any bytes are parsed to names in their usual form or
// refused, that what was parsed is what the header says, and that no bytes but
// those that a key made open under it.
func FuzzBlob(f *testing.F) {
	k, material := testKey()
	good := k.encrypt(material, []byte("p"), nil)
	f.Add(good)
	f.Add(good[:overhead])
	f.Add(good[:overhead-1])
	f.Add([]byte(blobMagic))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, in []byte) {
		b, err := parseBlob(in)
		if err != nil {
			require.True(t, errors.Is(err, ErrInvalidCiphertext))
			return
		}
		require.True(t, b.account.Valid())
		require.Regexp(t, keyIDForm, b.keyID)
		require.Len(t, b.material, 64)
		require.Len(t, b.salt, saltSize)
		require.Equal(t, len(in)-headerSize-saltSize, len(b.sealed))
		named := &Key{ID: b.keyID, Account: b.account, MaterialID: b.material}
		require.Equal(t, in[12:headerSize], named.header()[12:])
		p, err := k.decrypt(material, b, nil)
		if err == nil {
			require.Equal(t, "p", string(p))
		}
	})
}

// TestAccountsInBlobs holds that an account's number survives the header, with
// its leading zeros.
func TestAccountsInBlobs(t *testing.T) {
	for _, account := range []arn.AccountID{"000000000000", "000000000001", "012345678901", "999999999999"} {
		k, material := testKey()
		k.Account = account
		b, err := parseBlob(k.encrypt(material, []byte("p"), nil))
		require.NoError(t, err)
		require.Equal(t, account, b.account)
	}
}

// TestAssociatedData holds that no two contexts give the same bytes.
func TestAssociatedData(t *testing.T) {
	k, _ := testKey()
	seen := map[string]bool{}
	for _, context := range []map[string]string{
		nil, {"": ""}, {"a": ""}, {"": "a"}, {"a": "b"}, {"ab": ""}, {"a": "b", "c": "d"}, {"a": "bcd"}, {"a": "b", "c": "", "d": ""},
	} {
		b := string(k.aad(context))
		require.False(t, seen[b], "%v", context)
		seen[b] = true
	}
	other := *k
	other.Region = "us-east-1"
	require.NotEqual(t, k.aad(nil), other.aad(nil), "the region is bound")
}

// FuzzGrantToken holds that no text is a token but those that were given out.
func FuzzGrantToken(f *testing.F) {
	root, err := rootkey.Parse(strings.Repeat("5a", rootkey.Size)) // the same in every process
	require.NoError(f, err)
	s := &Service{root: root}
	k, _ := testKey()
	g := &Grant{Key: k.ARN(), ID: "00ff"}
	good := s.token(g)
	strange := s.root.MAC("grant token", []byte("[1]"))
	f.Add(good)
	f.Add(good[:len(good)-4])
	f.Add("")
	f.Add("====")
	f.Add(base64.StdEncoding.EncodeToString(append(strange, "[1]"...)))
	f.Add((&Service{root: rootkey.Generate()}).token(g))
	f.Fuzz(func(t *testing.T, token string) {
		key, grant, err := s.readToken(token)
		if err != nil {
			require.True(t, errors.Is(err, ErrInvalidGrantToken))
			require.Empty(t, key)
			require.Empty(t, grant)
			return
		}
		require.Equal(t, [2]string{g.Key, g.ID}, [2]string{key, grant})
	})
}

// TestGrantTokenBits changes every character of a token.
func TestGrantTokenBits(t *testing.T) {
	s := &Service{root: rootkey.Generate()}
	token := s.token(&Grant{Key: "k", ID: "g"})
	raw, err := base64.StdEncoding.DecodeString(token)
	require.NoError(t, err)
	for i := range raw {
		changed := bytes.Clone(raw)
		changed[i] ^= 1
		_, _, err := s.readToken(base64.StdEncoding.EncodeToString(changed))
		require.ErrorIs(t, err, ErrInvalidGrantToken)
	}
	_, _, err = (&Service{root: rootkey.Generate()}).readToken(token)
	require.ErrorIs(t, err, ErrInvalidGrantToken)
}
