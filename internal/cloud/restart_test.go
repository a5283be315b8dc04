package cloud

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ebsim/ebsim/account/arn"
	"github.com/ebsim/ebsim/account/audit"
	"github.com/ebsim/ebsim/internal/job"
	"github.com/ebsim/ebsim/internal/state"
	"github.com/ebsim/ebsim/snapshot"
	"github.com/ebsim/ebsim/snapshot/content"
	"github.com/ebsim/ebsim/volume"
)

// pattern is n bytes that tell one fill from another.
func pattern(fill byte, n int) []byte {
	b := noise(n)
	for i := range b {
		b[i] ^= fill
	}
	return b
}

// load gives a volume's record as it is.
func (w *world) load(id string) (v *volume.Volume) {
	w.t.Helper()
	require.NoError(w.t, w.View(ctx, func(tx *state.Tx) error {
		all, err := volume.All(tx)
		for i := range all {
			if all[i].ID == id {
				v = &all[i]
			}
		}
		return err
	}))
	require.NotNil(w.t, v)
	return v
}

// holds checks the first bytes of a snapshot, by a restore.
func (w *world) holds(s *snapshot.Snapshot, want []byte) {
	w.t.Helper()
	require.Equal(w.t, snapshot.Completed, s.State, s.Message)
	r := w.volume(s.Owner, s.Region, CreateVolumeInput{Snapshot: s.ID})
	require.Equal(w.t, volume.Available, r.State, r.Message)
	require.True(w.t, bytes.Equal(want, w.read(s.Owner, s.Region, r.ID, 0, len(want))), "the bytes of %s", s.ID)
	require.NoError(w.t, w.DeleteVolume(ctx, w.as(s.Owner, s.Region), r.ID, false))
	require.NoError(w.t, w.Wait(ctx))
}

func (w *world) sound() {
	w.t.Helper()
	_, found, err := w.Verify(ctx, nil)
	require.NoError(w.t, err)
	require.Empty(w.t, found)
}

// A pending snapshot is of the instant of its freeze, whatever is written
// before and after a restart.
func TestRestartWithPendingSnapshot(t *testing.T) {
	for _, attached := range []bool{false, true} {
		t.Run(fmt.Sprintf("attached %t", attached), func(t *testing.T) {
			dir := t.TempDir()
			w := openDir(t, dir, 1)
			v := w.volume(alice, here, CreateVolumeInput{Size: 1, Encrypted: true, KMSKey: w.key(alice, here)})
			if attached {
				_, err := w.AttachVolume(ctx, w.as(alice, here), v.ID, w.instance(alice, here), "/dev/sdf", false)
				require.NoError(t, err)
			}
			const n = 3 * content.BlockSize
			take := func() *snapshot.Snapshot {
				s, err := w.CreateSnapshot(ctx, w.as(alice, here), v.ID, "", nil, false)
				require.NoError(t, err)
				return s
			}
			was := pattern(1, n)
			w.write(alice, here, v.ID, 0, was)
			first := take()
			now := bytes.Clone(was)
			change := func(off int, p []byte) {
				w.write(alice, here, v.ID, int64(off), p)
				copy(now[off:], p)
			}
			change(1000, pattern(2, 5000))
			second, then := take(), bytes.Clone(now)
			change(2000, pattern(3, content.BlockSize))
			require.NoError(t, w.Close())

			w = openDir(t, dir, 2)
			change(2*content.BlockSize, pattern(4, 70_000)) // before the jobs run
			w.holds(w.ended(alice, here, first, nil), was)
			w.holds(w.ended(alice, here, second, nil), then)
			w.holds(w.snapshot(alice, here, v.ID), now)
			require.Equal(t, now, w.read(alice, here, v.ID, 0, n))
			w.sound()
			views, err := filepath.Glob(filepath.Join(dir, volumesName, v.ID, "view-*"))
			require.NoError(t, err)
			require.Empty(t, views)
			w.grants()
			require.NoError(t, w.Close())
		})
	}
}

// ending is a context that ends when it was asked so many times.
type ending struct {
	context.Context
	left atomic.Int64
}

func (e *ending) Err() error {
	if e.left.Add(-1) < 0 {
		return context.Canceled
	}
	return nil
}

// stopped runs a world's first pending job with a context that ends after n
// questions, and reports whether the job came to its end.
func (w *world) stopped(n int64) bool {
	w.t.Helper()
	pending := func() (all []job.Record) {
		require.NoError(w.t, w.View(ctx, func(tx *state.Tx) (err error) {
			all, err = job.Pending(tx)
			return err
		}))
		return all
	}
	all := pending()
	require.Len(w.t, all, 1)
	run := map[string]job.Handler{jobCreateVolume: w.runCreateVolume, jobCreateSnapshot: w.runCreateSnapshot, jobCopySnapshot: w.runCopySnapshot}[all[0].Kind]
	e := &ending{Context: ctx}
	e.left.Store(n)
	if err := run(e, all[0]); err != nil {
		require.ErrorIs(w.t, err, context.Canceled, "%s after %d: %+v", all[0].Kind, n, err)
	}
	return len(pending()) == 0
}

// Wherever a job is stopped, it goes on to the exact end, and leaves no grant.
func TestRestartAtEveryStep(t *testing.T) {
	const n = 4 * content.BlockSize
	data := pattern(5, n)
	tests := map[string]struct {
		start func(w *world, v *volume.Volume, s *snapshot.Snapshot, a, b string) (end func() *snapshot.Snapshot)
	}{
		"snapshot": {func(w *world, v *volume.Volume, s *snapshot.Snapshot, _, _ string) func() *snapshot.Snapshot {
			p, err := w.CreateSnapshot(ctx, w.as(alice, here), v.ID, "", nil, false)
			require.NoError(w.t, err)
			return func() *snapshot.Snapshot { return w.ended(alice, here, p, nil) }
		}},
		"re-wrapped copy": {func(w *world, _ *volume.Volume, s *snapshot.Snapshot, _, b string) func() *snapshot.Snapshot {
			p, err := w.CopySnapshot(ctx, w.as(alice, there), CopySnapshotInput{Source: s.ID, SourceRegion: here, Encrypted: true, KMSKey: b}, nil)
			require.NoError(w.t, err)
			return func() *snapshot.Snapshot { return w.ended(alice, there, p, nil) }
		}},
		"re-encrypted copy": {func(w *world, _ *volume.Volume, s *snapshot.Snapshot, a, _ string) func() *snapshot.Snapshot {
			p, err := w.CopySnapshot(ctx, w.as(alice, here), CopySnapshotInput{Source: s.ID, SourceRegion: here, Encrypted: true, KMSKey: a, Mode: snapshot.Reencrypt}, nil)
			require.NoError(w.t, err)
			return func() *snapshot.Snapshot { return w.ended(alice, here, p, nil) }
		}},
		"restore": {func(w *world, _ *volume.Volume, s *snapshot.Snapshot, _, _ string) func() *snapshot.Snapshot {
			other := w.key(alice, here)
			r, err := w.CreateVolume(ctx, w.as(alice, here), CreateVolumeInput{Zone: string(here) + "a", Snapshot: s.ID, Encrypted: true, KMSKey: other}, nil)
			require.NoError(w.t, err)
			return func() *snapshot.Snapshot { return w.snapshot(alice, here, r.ID) }
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "")
			a, b := w.key(alice, here), w.key(alice, there)
			v := w.volume(alice, here, CreateVolumeInput{Size: 1, Encrypted: true, KMSKey: a})
			w.write(alice, here, v.ID, 0, pattern(6, n))
			s := w.snapshot(alice, here, v.ID)
			w.write(alice, here, v.ID, 0, data)
			if name != "snapshot" {
				s = w.snapshot(alice, here, v.ID)
			}
			end := test.start(w, v, s, a, b)
			steps := int64(0)
			for ; !w.stopped(steps); steps++ {
			}
			t.Logf("stopped at %d places", steps)
			require.Greater(t, steps, int64(4))
			w.holds(end(), data)
			require.Zero(t, w.grants())
			w.sound()
		})
	}
}

// An attached volume is unlocked at its first use after a restart, by the
// instance under its standing grant. Refused, it is impaired and stays
// attached.
func TestRestartWithAttachedVolume(t *testing.T) {
	dir := t.TempDir()
	w := openDir(t, dir, 1)
	a, i := w.key(alice, here), w.instance(alice, here)
	v := w.volume(alice, here, CreateVolumeInput{Size: 1, Encrypted: true, KMSKey: a})
	_, err := w.AttachVolume(ctx, w.as(alice, here), v.ID, i, "/dev/sdf", false)
	require.NoError(t, err)
	data := noise(100_000)
	w.write(alice, here, v.ID, 0, data)
	decrypts := func() (all []audit.Event) {
		require.NoError(t, w.Sync(ctx))
		require.NoError(t, w.View(ctx, func(tx *state.Tx) (err error) {
			all, err = w.Trail.Lookup(tx, audit.Filter{Account: alice, Region: here, Name: "Decrypt"})
			return err
		}))
		return all
	}
	require.Len(t, decrypts(), 1)
	require.NoError(t, w.Close())

	w = openDir(t, dir, 2)
	require.NoError(t, w.Wait(ctx))
	require.Len(t, decrypts(), 1, "opening the directory asks for nothing")
	require.Equal(t, data, w.read(alice, here, v.ID, 0, len(data)))
	w.write(alice, here, v.ID, 0, data[:10])
	w.holds(w.snapshot(alice, here, v.ID), data)
	all := decrypts()
	var instance []audit.Event
	for _, e := range all {
		if e.Identity.InScopeOf != nil && e.Identity.ARN == audit.Infrastructure(alice, i).ARN {
			instance = append(instance, e)
		}
	}
	require.Len(t, instance, 2, "once when it was attached and once after the restart")
	require.Equal(t, 1, w.grants())
	w.disable(a)
	require.NoError(t, w.Close())

	w = openDir(t, dir, 3)
	_, err = w.OpenVolume(ctx, w.as(alice, here), v.ID)
	require.ErrorIs(t, err, volume.ErrKeyRevoked)
	now := w.load(v.ID)
	require.Equal(t, volume.InUse, now.State)
	require.NotEmpty(t, now.At().Impaired)
	require.Equal(t, 1, w.grants())
	w.enable(a)
	require.Equal(t, data, w.read(alice, here, v.ID, 0, len(data)))
	_, err = w.DetachVolume(ctx, w.as(alice, here), v.ID, "", false)
	require.NoError(t, err)
	require.Zero(t, w.grants())
	require.Equal(t, volume.Available, w.load(v.ID).State)
	require.NoError(t, w.Close())
}

const snapshotTable state.Table = "snapshot.snapshot"

// A snapshot's record that was edited or exchanged is refused and named.
func TestChangedRecordIsRefused(t *testing.T) {
	w := newWorld(t, "")
	a := w.key(alice, here)
	v := w.volume(alice, here, CreateVolumeInput{Size: 1, Encrypted: true, KMSKey: a})
	w.write(alice, here, v.ID, 0, noise(1000))
	one, two := w.snapshot(alice, here, v.ID), w.snapshot(alice, here, v.ID)
	keyOf := func(s *snapshot.Snapshot) []byte { return state.Key(string(here), s.ID) }
	changes := map[string]func(tx *state.Tx, b []byte) []byte{
		"another owner": func(_ *state.Tx, b []byte) []byte { return bytes.Replace(b, []byte(alice), []byte(bob), 1) },
		"shared": func(_ *state.Tx, b []byte) []byte {
			return bytes.Replace(b, []byte(`"Progress":100`), []byte(`"Public":true`), 1)
		},
		"exchanged": func(tx *state.Tx, _ []byte) []byte { return bytes.Clone(tx.Get(snapshotTable, keyOf(two))) },
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			var was []byte
			require.NoError(t, w.Setup(ctx, func(tx *state.Tx) error {
				was = bytes.Clone(tx.Get(snapshotTable, keyOf(one)))
				now := change(tx, bytes.Clone(was))
				require.NotEqual(t, was, now)
				return tx.Put(snapshotTable, keyOf(one), now)
			}))
			err := w.View(ctx, func(tx *state.Tx) error {
				_, err := snapshot.FindOwn(tx, w.root, here, alice, one.ID)
				return err
			})
			require.ErrorIs(t, err, snapshot.ErrDamaged)
			require.ErrorContains(t, err, one.ID)
			_, err = w.CreateVolume(ctx, w.as(alice, here), CreateVolumeInput{Zone: string(here) + "a", Snapshot: one.ID}, nil)
			require.ErrorIs(t, err, snapshot.ErrDamaged)
			require.ErrorIs(t, w.ShareSnapshot(ctx, w.as(alice, here), one.ID, snapshot.Change{Add: []arn.AccountID{bob}}, nil, false), snapshot.ErrDamaged)
			_, found, err := w.Verify(ctx, nil)
			require.NoError(t, err)
			require.Len(t, found, 1)
			require.Contains(t, found[0].Problem, one.ID)
			require.NoError(t, w.Setup(ctx, func(tx *state.Tx) error { return tx.Put(snapshotTable, keyOf(one), was) }))
			w.sound()
		})
	}
}

// One byte changed in any object of a snapshot is found by Verify and by a
// restore, and both say where.
func TestFlippedByteIsFound(t *testing.T) {
	dir := t.TempDir()
	w := openDir(t, dir, 1)
	v := w.volume(alice, here, CreateVolumeInput{Size: 1, Encrypted: true, KMSKey: w.key(alice, here)})
	w.write(alice, here, v.ID, 0, noise(2*content.BlockSize))
	s := w.snapshot(alice, here, v.ID)
	require.NoError(t, w.Close())
	var objects []string
	require.NoError(t, filepath.WalkDir(filepath.Join(dir, snapshotsName, string(here)), func(name string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			objects = append(objects, name)
		}
		return err
	}))
	require.GreaterOrEqual(t, len(objects), 3)
	for i, name := range objects {
		was, err := os.ReadFile(name)
		require.NoError(t, err)
		now := bytes.Clone(was)
		now[len(now)/2] ^= 0x10
		require.NoError(t, os.WriteFile(name, now, 0o600))
		w := openDir(t, dir, uint64(i)+2)
		_, found, err := w.Verify(ctx, nil)
		require.NoError(t, err)
		require.NotEmpty(t, found, name)
		require.Equal(t, s.ID, found[0].What)
		t.Log(found[0].Problem)
		r, err := w.CreateVolume(ctx, w.as(alice, here), CreateVolumeInput{Zone: string(here) + "a", Snapshot: s.ID}, nil)
		require.NoError(t, err)
		require.NoError(t, w.Wait(ctx))
		now2 := w.load(r.ID)
		require.Equal(t, volume.Failed, now2.State)
		t.Log(now2.Message)
		require.Contains(t, now2.Message, filepath.Base(name))
		require.Contains(t, found[0].Problem, filepath.Base(name))
		c := w.copy(alice, there, CopySnapshotInput{Source: s.ID, SourceRegion: here, Encrypted: true, Mode: snapshot.Reencrypt})
		require.Equal(t, snapshot.Failed, c.State)
		require.Zero(t, w.grants())
		require.NoError(t, w.Close())
		require.NoError(t, os.WriteFile(name, was, 0o600))
	}
	w = openDir(t, dir, 100)
	w.sound()
	w.holds(s, noise(2*content.BlockSize))
	require.NoError(t, w.Close())
}
