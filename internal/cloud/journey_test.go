package cloud

import (
	"bytes"
	"context"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ebsim/ebsim/account"
	"github.com/ebsim/ebsim/account/arn"
	"github.com/ebsim/ebsim/account/audit"
	"github.com/ebsim/ebsim/internal/clock"
	"github.com/ebsim/ebsim/internal/id"
	"github.com/ebsim/ebsim/internal/state"
	"github.com/ebsim/ebsim/kms"
	"github.com/ebsim/ebsim/snapshot"
	"github.com/ebsim/ebsim/volume"
)

const (
	alice arn.AccountID = "111111111111"
	bob   arn.AccountID = "222222222222"
	here  arn.Region    = "eu-central-1"
	there arn.Region    = "us-east-1"
)

var ctx = context.Background()

// world is a Cloud with short ways to call it as some account's root user.
type world struct {
	*Cloud
	t *testing.T
}

func newWorld(t *testing.T, dir string) *world {
	c, err := Open(Options{Dir: dir, Clock: clock.Virtual(VirtualStart()), IDs: id.Seeded(1), Failed: func(err error) { t.Log("job:", err) }})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return &world{c, t}
}

func (w *world) as(a arn.AccountID, r arn.Region) Call {
	return Call{Caller: audit.Caller{Principal: account.Root(a)}, Region: r, RequestID: w.ids.UUID()}
}

func (w *world) kms(a arn.AccountID, r arn.Region) kms.Call {
	return kms.Call{Caller: audit.Caller{Principal: account.Root(a)}, Region: r}
}

func (w *world) key(a arn.AccountID, r arn.Region) string {
	w.t.Helper()
	k, err := w.KMS.CreateKey(ctx, w.kms(a, r), kms.CreateKeyOptions{})
	require.NoError(w.t, err)
	return k.ARN()
}

func (w *world) volume(a arn.AccountID, r arn.Region, in CreateVolumeInput) *volume.Volume {
	w.t.Helper()
	in.Zone = string(r) + "a"
	v, err := w.CreateVolume(ctx, w.as(a, r), in, nil)
	require.NoError(w.t, err)
	require.NoError(w.t, w.Wait(ctx))
	require.NoError(w.t, w.View(ctx, func(tx *state.Tx) error {
		v, err = volume.Find(tx, r, a, v.ID, w.clock.Now())
		return err
	}))
	return v
}

func (w *world) write(a arn.AccountID, r arn.Region, id string, off int64, p []byte) {
	w.t.Helper()
	b, err := w.OpenVolume(ctx, w.as(a, r), id)
	require.NoError(w.t, err)
	_, err = b.WriteAt(p, off)
	require.NoError(w.t, err)
	require.NoError(w.t, b.Close())
}

func (w *world) read(a arn.AccountID, r arn.Region, id string, off int64, n int) []byte {
	w.t.Helper()
	b, err := w.OpenVolume(ctx, w.as(a, r), id)
	require.NoError(w.t, err)
	p := make([]byte, n)
	_, err = b.ReadAt(p, off)
	require.NoError(w.t, err)
	require.NoError(w.t, b.Close())
	return p
}

func (w *world) ended(a arn.AccountID, r arn.Region, s *snapshot.Snapshot, err error) *snapshot.Snapshot {
	w.t.Helper()
	require.NoError(w.t, err)
	require.NoError(w.t, w.Wait(ctx))
	require.NoError(w.t, w.View(ctx, func(tx *state.Tx) error {
		s, err = snapshot.FindOwn(tx, w.root, r, a, s.ID)
		return err
	}))
	return s
}

func (w *world) snapshot(a arn.AccountID, r arn.Region, v string) *snapshot.Snapshot {
	w.t.Helper()
	s, err := w.CreateSnapshot(ctx, w.as(a, r), v, "", nil, false)
	return w.ended(a, r, s, err)
}

func (w *world) copy(a arn.AccountID, r arn.Region, in CopySnapshotInput) *snapshot.Snapshot {
	w.t.Helper()
	s, err := w.CopySnapshot(ctx, w.as(a, r), in, nil)
	return w.ended(a, r, s, err)
}

func noise(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{7}).Read(b)
	return b
}

// One journey through every package: create, write, snapshot, copy to another
// region and key, restore there, and the bytes are the same.
func TestJourneyAcrossRegions(t *testing.T) {
	for _, dir := range []string{"", t.TempDir()} {
		w := newWorld(t, dir)
		a, b := w.key(alice, here), w.key(alice, there)
		v := w.volume(alice, here, CreateVolumeInput{Size: 1, Encrypted: true, KMSKey: a})
		require.Equal(t, volume.Available, v.State, v.Message)
		data := noise(3<<20 + 12345)
		w.write(alice, here, v.ID, 777, data)
		s := w.snapshot(alice, here, v.ID)
		require.Equal(t, snapshot.Completed, s.State, s.Message)
		c := w.copy(alice, there, CopySnapshotInput{Source: s.ID, SourceRegion: here, Encrypted: true, KMSKey: b})
		require.Equal(t, snapshot.Completed, c.State, c.Message)
		r := w.volume(alice, there, CreateVolumeInput{Snapshot: c.ID})
		require.Equal(t, volume.Available, r.State, r.Message)
		require.Equal(t, b, r.KMSKey)
		require.True(t, bytes.Equal(data, w.read(alice, there, r.ID, 777, len(data))))

		// A small change, a second snapshot: only the change is stored.
		w.write(alice, here, v.ID, 5<<20, []byte("changed"))
		s2 := w.snapshot(alice, here, v.ID)
		require.EqualValues(t, 1, s2.Stored)
		require.Equal(t, s.ID, s2.Parent)
	}
}

// Sealing anew cuts off the old content key, and the bytes are the same.
func TestReencrypt(t *testing.T) {
	w := newWorld(t, t.TempDir())
	a, b := w.key(alice, here), w.key(alice, there)
	v := w.volume(alice, here, CreateVolumeInput{Size: 1, Encrypted: true, KMSKey: a})
	data := noise(1 << 20)
	w.write(alice, here, v.ID, 0, data)
	s := w.snapshot(alice, here, v.ID)
	c := w.copy(alice, there, CopySnapshotInput{Source: s.ID, SourceRegion: here, Encrypted: true, KMSKey: b, Mode: snapshot.Reencrypt})
	require.Equal(t, snapshot.Completed, c.State, c.Message)
	require.Equal(t, snapshot.Reencrypt, c.Report.Mode)
	require.EqualValues(t, 2, c.Report.Opened)
	require.NotContains(t, c.RingKeys, s.RingKeys[0])
	r := w.volume(alice, there, CreateVolumeInput{Snapshot: c.ID})
	require.True(t, bytes.Equal(data, w.read(alice, there, r.ID, 0, len(data))))

	// What was unencrypted is sealed anew whatever was asked.
	v = w.volume(alice, here, CreateVolumeInput{Size: 1})
	w.write(alice, here, v.ID, 0, data)
	s = w.snapshot(alice, here, v.ID)
	c = w.copy(alice, here, CopySnapshotInput{Source: s.ID, SourceRegion: here, Encrypted: true, KMSKey: a})
	require.Equal(t, snapshot.Completed, c.State, c.Message)
	require.Equal(t, snapshot.Reencrypt, c.Report.Mode)
	require.NotContains(t, c.RingKeys, s.RingKeys[0])
	r = w.volume(alice, here, CreateVolumeInput{Snapshot: c.ID})
	require.True(t, r.Encrypted)
	require.True(t, bytes.Equal(data, w.read(alice, here, r.ID, 0, len(data))))
}
