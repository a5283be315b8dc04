package id

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestForms(t *testing.T) {
	for _, s := range []*Source{Random(), Seeded(7)} {
		require.Regexp(t, `^vol-[0-9a-f]{17}$`, s.Resource("vol-"))
		require.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, s.UUID())
		require.Regexp(t, `^AIDA[A-Z2-7]{17}$`, s.Unique("AIDA", 21))
		require.Len(t, s.Hex(5), 5)
		require.Len(t, s.Bytes(9), 9)
	}
}

func TestSeed(t *testing.T) {
	a, b, c := Seeded(1), Seeded(1), Seeded(2)
	require.Equal(t, a.UUID(), b.UUID())
	require.NotEqual(t, a.UUID(), c.UUID())
	require.NotEqual(t, Random().UUID(), Random().UUID())
}
