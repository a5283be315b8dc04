package rootkey

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSealedOpensOnlyWhereItBelongs(t *testing.T) {
	k, other := Generate(), Generate()
	sealed := k.Seal("a", []byte("secret"), []byte("record 1"))
	p, err := k.Open("a", sealed, []byte("record 1"))
	require.NoError(t, err)
	require.Equal(t, "secret", string(p))
	for name, try := range map[string]func() ([]byte, error){
		"purpose": func() ([]byte, error) { return k.Open("b", sealed, []byte("record 1")) },
		"record":  func() ([]byte, error) { return k.Open("a", sealed, []byte("record 2")) },
		"key":     func() ([]byte, error) { return other.Open("a", sealed, []byte("record 1")) },
		"short":   func() ([]byte, error) { return k.Open("a", sealed[:20], []byte("record 1")) },
	} {
		_, err := try()
		require.ErrorIs(t, err, ErrUnseal, name)
	}
	for i := range sealed {
		sealed[i] ^= 1
		_, err := k.Open("a", sealed, []byte("record 1"))
		require.ErrorIs(t, err, ErrUnseal, "byte %d", i)
		sealed[i] ^= 1
	}
	require.True(t, k.CheckMAC("m", []byte("x"), k.MAC("m", []byte("x"))))
	require.False(t, k.CheckMAC("n", []byte("x"), k.MAC("m", []byte("x"))))
}

func TestKeyIsRevealedOnlyByReveal(t *testing.T) {
	k := Generate()
	text := k.Reveal()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q"} {
		require.NotContains(t, fmt.Sprintf(verb, k), text[:8], verb)
	}
	again, err := Parse(" " + text + "\n")
	require.NoError(t, err)
	require.Equal(t, text, again.Reveal())
	for _, bad := range []string{"", text[:62], text + "00", "zz" + text[2:]} {
		_, err := Parse(bad)
		require.Error(t, err)
		if bad != "" {
			require.NotContains(t, err.Error(), bad)
		}
	}
}
