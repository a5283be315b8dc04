package cloud

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ebsim/ebsim/internal/job"
	"github.com/ebsim/ebsim/internal/state"
	"github.com/ebsim/ebsim/snapshot/content"
	"github.com/ebsim/ebsim/volume"
)

func TestProbeBaseOfUnencrypted(t *testing.T) {
	w := newWorld(t, "")
	a := w.key(alice, here)
	p := w.volume(alice, here, CreateVolumeInput{Size: 1})
	w.write(alice, here, p.ID, 0, noise(4*content.BlockSize))
	open := w.snapshot(alice, here, p.ID)
	v := w.volume(alice, here, CreateVolumeInput{Snapshot: open.ID, Encrypted: true, KMSKey: a})
	one := w.snapshot(alice, here, v.ID)
	require.EqualValues(t, 4, one.Stored)
	w.delete(one)
	t.Log(w.load(v.ID).Base, open.ID)
	two := w.snapshot(alice, here, v.ID)
	t.Log("stored", two.Stored, "reused", two.Reused, two.Parent)
	require.EqualValues(t, 4, two.Stored)
}

func TestProbeDeleteVolumePending(t *testing.T) {
	dir := t.TempDir()
	w := openDir(t, dir, 1)
	v := w.volume(alice, here, CreateVolumeInput{Size: 1, Encrypted: true, KMSKey: w.key(alice, here)})
	w.write(alice, here, v.ID, 0, noise(4*content.BlockSize))
	s, err := w.CreateSnapshot(ctx, w.as(alice, here), v.ID, "", nil, false)
	require.NoError(t, err)
	require.NoError(t, w.DeleteVolume(ctx, w.as(alice, here), v.ID, false))
	require.NoError(t, w.Close())
	w = openDir(t, dir, 2)
	var all []job.Record
	require.NoError(t, w.View(ctx, func(tx *state.Tx) (err error) { all, err = job.Pending(tx); return err }))
	t.Log(w.runRemoveFiles(ctx, all[1]))
	s = w.ended(alice, here, s, nil)
	t.Log(s.State, s.Message)
	require.NoError(t, w.Close())
	require.EqualValues(t, "completed", s.State)
}

func TestProbeAttachStopped(t *testing.T) {
	for n := int64(0); n < 40; n++ {
		w := newWorld(t, "")
		i := w.instance(alice, here)
		v := w.volume(alice, here, CreateVolumeInput{Size: 1, Encrypted: true, KMSKey: w.key(alice, here)})
		e := &ending{Context: ctx}
		e.left.Store(n)
		_, err := w.AttachVolume(e, w.as(alice, here), v.ID, i, "/dev/sdf", false)
		now := w.load(v.ID)
		w.mu.Lock()
		held := w.open[v.ID]
		w.mu.Unlock()
		if err == nil {
			t.Log("done at", n)
			break
		}
		if now.State != volume.Available || held != nil || w.grants() != 0 {
			t.Errorf("after %d: %v: state %s, held %v, at %+v", n, err, now.State, held != nil, now.At())
		}
	}
	for n := int64(0); n < 40; n++ {
		w := newWorld(t, "")
		i := w.instance(alice, here)
		v := w.volume(alice, here, CreateVolumeInput{Size: 1, Encrypted: true, KMSKey: w.key(alice, here)})
		_, err := w.AttachVolume(ctx, w.as(alice, here), v.ID, i, "/dev/sdf", false)
		require.NoError(t, err)
		e := &ending{Context: ctx}
		e.left.Store(n)
		_, err = w.CreateSnapshot(e, w.as(alice, here), v.ID, "", nil, false)
		w.mu.Lock()
		users, fr := w.open[v.ID].users, len(w.frozen)
		w.mu.Unlock()
		if err == nil {
			t.Log("snapshot done at", n)
			break
		}
		if users != 1 || fr != 0 {
			t.Errorf("snapshot after %d: users %d frozen %d", n, users, fr)
		}
	}
}
