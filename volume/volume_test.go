package volume

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ebsim/ebsim/internal/state"
)

func TestTypes(t *testing.T) {
	n := func(v int64) *int64 { return &v }
	for _, c := range []struct {
		size             int64
		kind             string
		iops, throughput *int64
		want             error
		wantIOPS         int64
	}{
		{size: 1, wantIOPS: 100},
		{size: 1000, kind: "gp2", wantIOPS: 3000},
		{size: 16384, kind: "gp2", wantIOPS: 16000},
		{size: 16385, kind: "gp2", want: ErrInvalidParameter},
		{size: 1, kind: "gp2", iops: n(100), want: ErrCombination},
		{size: 1, kind: "gp3", wantIOPS: 3000},
		{size: 65536, kind: "gp3", iops: n(80000), throughput: n(2000), wantIOPS: 80000},
		{size: 1, kind: "gp3", iops: n(2999), want: ErrInvalidParameter},
		{size: 1, kind: "gp3", throughput: n(124), want: ErrInvalidParameter},
		{size: 4, kind: "io1", want: ErrMissingParameter},
		{size: 3, kind: "io2", iops: n(100), want: ErrInvalidParameter},
		{size: 4, kind: "io2", iops: n(256001), want: ErrInvalidParameter},
		{size: 4, kind: "io1", iops: n(100), throughput: n(125), want: ErrCombination},
		{size: 124, kind: "st1", want: ErrInvalidParameter},
		{size: 1025, kind: "standard", want: ErrInvalidParameter},
		{size: 1, kind: "gp4", want: ErrUnknownType},
	} {
		v := &Volume{Size: c.size}
		err := v.SetType(c.kind, c.iops, c.throughput)
		require.True(t, errors.Is(err, c.want), "%+v: %v", c, err)
		if c.want == nil {
			require.Equal(t, c.wantIOPS, v.IOPS, "%+v", c)
		}
	}
}

func TestFind(t *testing.T) {
	s := state.OpenMemory()
	defer s.Close()
	now := time.Unix(1000, 0)
	const id = "vol-0123456789abcdef0"
	v := &Volume{ID: id, Account: "111111111111", Region: "eu-west-1", State: Failed, Gone: now.Add(ErrorTime)}
	require.NoError(t, s.Update(context.Background(), func(tx *state.Tx) error {
		require.NoError(t, v.Save(tx))
		_, err := Find(tx, "eu-west-1", "111111111111", id, now)
		require.NoError(t, err)
		_, err = Find(tx, "eu-west-1", "111111111111", id, v.Gone)
		require.ErrorIs(t, err, ErrNotFound, "a failed volume vanishes")
		_, err = Find(tx, "eu-west-1", "222222222222", id, now)
		require.ErrorIs(t, err, ErrNotFound)
		_, err = Find(tx, "us-east-1", "111111111111", id, now)
		require.ErrorIs(t, err, ErrNotFound)
		for _, bad := range []string{"", "vol-", "vol-0123456789ABCDEF0", "snap-0123456789abcdef0", "vol-0123456789abcdef01"} {
			_, err = Find(tx, "eu-west-1", "111111111111", bad, now)
			require.ErrorIs(t, err, ErrMalformedID, bad)
		}
		return nil
	}))
}

func TestAttachable(t *testing.T) {
	s := state.OpenMemory()
	defer s.Close()
	i := &Instance{ID: "i-1", Account: "111111111111", Region: "eu-west-1", Zone: "eu-west-1a", State: Running}
	taken := &Volume{ID: "vol-2", Account: i.Account, Region: i.Region, Zone: i.Zone, State: InUse,
		Attachments: []Attachment{{Instance: i.ID, Device: "/dev/sdf", State: Attached}}}
	require.NoError(t, s.Update(context.Background(), func(tx *state.Tx) error {
		require.NoError(t, taken.Save(tx))
		for _, c := range []struct {
			name   string
			change func(*Volume, *Instance)
			device string
			want   error
		}{
			{"fine", func(*Volume, *Instance) {}, "/dev/sdg", nil},
			{"attached", func(v *Volume, _ *Instance) { v.State = InUse }, "/dev/sdg", ErrInUse},
			{"creating", func(v *Volume, _ *Instance) { v.State = Creating }, "/dev/sdg", ErrIncorrectState},
			{"terminated", func(_ *Volume, i *Instance) { i.State = Terminated }, "/dev/sdg", ErrIncorrectState},
			{"zone", func(v *Volume, _ *Instance) { v.Zone = "eu-west-1b" }, "/dev/sdg", ErrZoneMismatch},
			{"device", func(*Volume, *Instance) {}, "floppy", ErrInvalidParameter},
			{"taken", func(*Volume, *Instance) {}, "/dev/sdf", ErrInvalidParameter},
		} {
			v := &Volume{ID: "vol-1", Account: i.Account, Region: i.Region, Zone: i.Zone, State: Available}
			at := *i
			c.change(v, &at)
			require.True(t, errors.Is(v.Attachable(tx, &at, c.device), c.want), c.name)
		}
		return nil
	}))
}
