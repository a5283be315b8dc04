package content

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/ebsim/ebsim/internal/blob"
	"github.com/stretchr/testify/require"
)

func TestKeys(t *testing.T) {
	a := NewKey()
	b := a.Next()
	require.Equal(t, a.Lineage, b.Lineage)
	require.NotEqual(t, a.ID, b.ID)
	require.NotEqual(t, a.Secret, b.Secret)
	require.NotEqual(t, a.Lineage, NewKey().Lineage)

	keys := NewKeys(b, a, b)
	require.Equal(t, b, keys.Current())
	require.Equal(t, []Key{b, a}, keys.All())
	got, ok := keys.Get(a.ID)
	require.True(t, ok)
	require.Equal(t, a, got)
	_, ok = keys.Get(NewKey().ID)
	require.False(t, ok)

	require.Zero(t, Keys{}.Current())
	require.Empty(t, Keys{}.All())
	_, ok = Keys{}.Get(a.ID)
	require.False(t, ok)
}

// TestKeysDoNotPrint tries every way in which a key might get into a log.
func TestKeysDoNotPrint(t *testing.T) {
	key := NewKey()
	keys := NewKeys(key, key.Next())
	s := New(blob.Memory())
	w, err := s.Write(t.Context(), 1, Root{}, keys)
	require.NoError(t, err)
	type holder struct {
		Key  Key
		P    *Key
		Keys Keys
		keys Keys
	}
	var out strings.Builder
	log := slog.New(slog.NewTextHandler(&out, nil))
	for _, v := range []any{key, &key, []Key{key}, map[string]Key{"k": key}, keys, &keys,
		holder{key, &key, keys, keys}, &holder{keys: keys}, s.Read(Root{}, keys), w, fmt.Errorf("with %v", key)} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "%o"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		log.Info("x", "v", v)
		if b, err := json.Marshal(v); err == nil {
			out.Write(b)
		}
	}
	text := out.String()
	require.Contains(t, text, key.ID.String())
	for _, secret := range []string{
		hex.EncodeToString(key.Secret[:]), strings.ToUpper(hex.EncodeToString(key.Secret[:8])), string(key.Secret[:]),
		strings.Trim(fmt.Sprint(key.Secret[:8]), "[]"), strings.TrimSuffix(fmt.Sprintf("%#v", key.Secret[:8])[7:], "}"),
	} {
		require.False(t, strings.Contains(text, secret))
	}
	_, err = json.Marshal(key)
	require.ErrorContains(t, err, "does not marshal")
	_, err = json.Marshal(keys)
	require.ErrorContains(t, err, "does not marshal")
}

// TestDerivations pins what is derived from a key, so that what was sealed
// stays open.
func TestDerivations(t *testing.T) {
	var key Key
	copy(key.Secret[:], bytes.Repeat([]byte{7}, 32))
	copy(key.Lineage[:], "lineage-lineage-")
	s := newSealer(key)
	// HMAC-SHA256(HKDF-Expand(secret, "ebsim/v1/identity", 32), index ‖ plain)
	id := s.identify(3, []byte("plain"))
	require.Equal(t, identityOf(key, 3, []byte("plain")), id)
	require.NotEqual(t, id, s.identify(4, []byte("plain")))

	e := Entry{Index: 3, Plain: 5}
	buf := make([]byte, 5, 64)
	copy(buf, "plain")
	sealed := bytes.Clone(s.seal(&e, buf))
	require.Len(t, sealed, 5)
	require.Equal(t, "plain", string(openByHand(t, key, e, sealed)))
	other := Entry{Index: 3, Plain: 5}
	copy(buf, "plain")
	require.NotEqual(t, sealed, s.seal(&other, buf), "a salt of its own")
}
