package snapshot

import (
	"bytes"
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ebsim/ebsim/account/arn"
	"github.com/ebsim/ebsim/internal/rootkey"
	"github.com/ebsim/ebsim/internal/state"
)

const (
	owner arn.AccountID = "111111111111"
	guest arn.AccountID = "222222222222"
	one                 = "snap-0123456789abcdef0"
	two                 = "snap-0123456789abcdef1"
)

func TestSharingRules(t *testing.T) {
	for _, c := range []struct {
		name      string
		encrypted bool
		managed   bool
		change    Change
		want      error
	}{
		{"plain to all", false, false, Change{AddPublic: true}, nil},
		{"plain to one", false, false, Change{Add: []arn.AccountID{guest}}, nil},
		{"encrypted to one", true, false, Change{Add: []arn.AccountID{guest}}, nil},
		{"encrypted to all", true, false, Change{AddPublic: true}, ErrNotPermitted},
		{"under AWS's key", true, true, Change{Add: []arn.AccountID{guest}}, ErrNotPermitted},
		{"taken back under AWS's key", true, true, Change{Remove: []arn.AccountID{guest}}, nil},
		{"no account", false, false, Change{Add: []arn.AccountID{"bob"}}, ErrMalformedUID},
	} {
		s := &Snapshot{Owner: owner, Encrypted: c.encrypted}
		err := s.CheckChange(c.change, c.managed)
		if c.want == nil {
			require.NoError(t, err, c.name)
		} else {
			require.ErrorIs(t, err, c.want, c.name)
		}
	}
	s := &Snapshot{Owner: owner}
	s.Apply(Change{Add: []arn.AccountID{guest, guest, owner, "333333333333"}})
	require.Equal(t, []arn.AccountID{guest, "333333333333"}, s.SharedWith)
	require.True(t, s.VisibleTo(guest))
	s.Apply(Change{Remove: []arn.AccountID{guest}, AddPublic: true})
	require.True(t, s.VisibleTo(guest), "public")
	s.Apply(Change{RemovePublic: true})
	require.False(t, s.VisibleTo(guest))
	require.True(t, s.VisibleTo(owner))
}

// A record that was edited, moved, or signed under another root key is
// refused.
func TestRecordsAreSigned(t *testing.T) {
	store, root := state.OpenMemory(), rootkey.Generate()
	defer store.Close()
	key := func(id string) []byte { return state.Key("eu-west-1", id) }
	require.NoError(t, store.Update(context.Background(), func(tx *state.Tx) error {
		for _, id := range []string{one, two} {
			s := &Snapshot{ID: id, Owner: owner, Region: "eu-west-1", Description: "a <b> \xff", State: Completed}
			require.NoError(t, s.Save(tx, root))
		}
		s, err := Find(tx, root, "eu-west-1", owner, one)
		require.NoError(t, err)
		require.Equal(t, Completed, s.State)
		_, err = Find(tx, root, "eu-west-1", guest, one)
		require.ErrorIs(t, err, ErrNotFound)
		_, err = Find(tx, root, "eu-west-1", owner, "snap-x")
		require.ErrorIs(t, err, ErrMalformedID)
		_, err = Find(tx, rootkey.Generate(), "eu-west-1", owner, one)
		require.ErrorIs(t, err, ErrDamaged)

		value := bytes.Clone(tx.Get(snapshots, key(one)))
		require.NoError(t, tx.Put(snapshots, key(two), value))
		_, err = Find(tx, root, "eu-west-1", owner, two)
		require.ErrorIs(t, err, ErrDamaged, "moved")
		require.ErrorContains(t, err, two)

		edited := bytes.Replace(value, []byte(owner), []byte(guest), 1)
		require.NoError(t, tx.Put(snapshots, key(one), edited))
		_, err = Find(tx, root, "eu-west-1", guest, one)
		require.ErrorIs(t, err, ErrDamaged, "edited")
		_, err = All(tx, root, "eu-west-1")
		require.ErrorIs(t, err, ErrDamaged)
		return nil
	}))
}
