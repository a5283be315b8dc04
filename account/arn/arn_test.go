package arn

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	a, err := Parse("arn:aws:iam::111111111111:user/team/alice")
	require.NoError(t, err)
	require.Equal(t, ARN{"aws", "iam", "", "111111111111", "user/team/alice"}, a)
	require.Equal(t, "user", a.Type())
	require.Equal(t, "team/alice", a.ID())
	a, err = Parse("arn:aws:logs:eu-west-1:111111111111:group:name:*")
	require.NoError(t, err)
	require.Equal(t, "group:name:*", a.Resource)
	require.Empty(t, a.Type())
	for _, bad := range []string{"", "arn", "arn:aws:kms:eu-west-1:1", "arn::kms:r:1:key/x", "arn:aws::r:1:key/x", "arn:aws:kms:r:1:", "urn:aws:kms:r:1:x"} {
		_, err := Parse(bad)
		require.ErrorContains(t, err, "is not an ARN", bad)
	}
}

func TestNames(t *testing.T) {
	for id, want := range map[AccountID]bool{"111111111111": true, "11111111111": false, "1111111111111": false, "11111111111a": false, "": false} {
		require.Equal(t, want, id.Valid(), id)
	}
	for _, r := range append(DefaultRegions(), "us-gov-west-1", "ap-southeast-10") {
		require.True(t, r.Valid(), r)
	}
	for _, r := range []Region{"", "eu", "eu-west", "EU-west-1", "eu-west-1a", "eu-west-123"} {
		require.False(t, r.Valid(), r)
	}
	require.Len(t, DefaultRegions(), 17)
	DefaultRegions()[0] = "changed"
	require.NotEqual(t, Region("changed"), DefaultRegions()[0])
	require.Equal(t, "arn:aws:iam::111111111111:root", AccountID("111111111111").Root())
}

func FuzzParse(f *testing.F) {
	f.Add("arn:aws:kms:eu-west-1:111111111111:key/x")
	f.Fuzz(func(t *testing.T, s string) {
		if a, err := Parse(s); err == nil && a.String() != s {
			t.Errorf("%q became %q", s, a)
		}
	})
}
