package cloud

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ebsim/ebsim/account/arn"
	"github.com/ebsim/ebsim/internal/clock"
	"github.com/ebsim/ebsim/internal/id"
	"github.com/ebsim/ebsim/internal/state"
	"github.com/ebsim/ebsim/snapshot"
	"github.com/ebsim/ebsim/snapshot/content"
	"github.com/ebsim/ebsim/volume"
)

// modelSize is how much of a volume the tests of this file use.
const modelSize = 6 * content.BlockSize

// model is a volume and the bytes it should have.
type model struct {
	id    string
	bytes []byte
	rand  *rand.Rand
}

// change writes some bytes at some place, or trims it.
func (m *model) change(w *world) {
	off := m.rand.IntN(modelSize - 4096)
	n := 1 + m.rand.IntN(min(modelSize-off, 300_000))
	b, err := w.OpenVolume(ctx, w.as(alice, here), m.id)
	require.NoError(w.t, err)
	if m.rand.IntN(4) == 0 {
		clear(m.bytes[off : off+n])
		require.NoError(w.t, b.Trim(int64(off), int64(n)))
	} else {
		for i := range m.bytes[off : off+n] {
			m.bytes[off+i] = byte(m.rand.Uint32())
		}
		_, err = b.WriteAt(m.bytes[off:off+n], int64(off))
		require.NoError(w.t, err)
	}
	require.NoError(w.t, b.Close())
}

func (w *world) delete(s *snapshot.Snapshot) {
	w.t.Helper()
	require.NoError(w.t, w.DeleteSnapshot(ctx, w.as(s.Owner, s.Region), s.ID, false))
	require.NoError(w.t, w.Wait(ctx))
	err := w.View(ctx, func(tx *state.Tx) error {
		_, err := snapshot.FindOwn(tx, w.root, s.Region, s.Owner, s.ID)
		return err
	})
	require.ErrorIs(w.t, err, snapshot.ErrNotFound)
}

// objects counts the files of a region's snapshots and their bytes.
func (w *world) objects(r arn.Region) (files, size int64) {
	w.t.Helper()
	err := filepath.WalkDir(filepath.Join(w.dir, snapshotsName, string(r)), func(_ string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		info, err := e.Info()
		files, size = files+1, size+info.Size()
		return err
	})
	if !errors.Is(err, fs.ErrNotExist) {
		require.NoError(w.t, err)
	}
	return files, size
}

// Deleting the base of the next snapshot moves the base to the next older
// one, then to the one the volume came from, then to none; the next snapshot
// is exact each time.
func TestDeletingABaseMovesIt(t *testing.T) {
	w := newWorld(t, "")
	origin := w.volume(alice, here, CreateVolumeInput{Size: 1, Encrypted: true, KMSKey: w.key(alice, here)})
	m := &model{origin.ID, make([]byte, modelSize), rand.New(rand.NewPCG(1, 2))}
	m.change(w)
	source, of := w.snapshot(alice, here, m.id), bytes.Clone(m.bytes)
	m.id = w.volume(alice, here, CreateVolumeInput{Snapshot: source.ID}).ID
	base := func() string {
		if b := w.load(m.id).Base; b != nil {
			return b.Snapshot
		}
		return ""
	}
	require.Equal(t, source.ID, base())
	take := func() (*snapshot.Snapshot, []byte) {
		m.change(w)
		w.clock.AdvanceTo(w.clock.Now().Add(time.Second)) // "newest" is by time
		return w.snapshot(alice, here, m.id), bytes.Clone(m.bytes)
	}
	one, ofOne := take()
	two, ofTwo := take()
	three, _ := take()
	require.Equal(t, []string{source.ID, one.ID, two.ID, three.ID}, []string{one.Parent, two.Parent, three.Parent, base()})

	m.change(w) // after the base, before it goes
	w.delete(three)
	require.Equal(t, two.ID, base())
	four, ofFour := take()
	require.Equal(t, two.ID, four.Parent)
	w.holds(four, ofFour)
	w.delete(two) // not the base: it stays
	require.Equal(t, four.ID, base())
	w.delete(four)
	require.Equal(t, one.ID, base())
	five, ofFive := take()
	require.Equal(t, one.ID, five.Parent)
	w.delete(five)
	w.holds(one, ofOne)
	w.delete(one)
	require.Equal(t, source.ID, base())
	six, ofSix := take()
	require.Equal(t, source.ID, six.Parent)
	w.holds(six, ofSix)
	w.holds(source, of)
	w.delete(source)
	w.holds(six, ofSix)
	w.delete(six)
	require.Empty(t, base())
	seven, ofSeven := take()
	require.Empty(t, seven.Parent)
	require.Zero(t, seven.Reused)
	w.holds(seven, ofSeven)
	require.NotEqual(t, ofTwo, ofFive)
	w.sound()
}

// In whatever order snapshots are taken and deleted, those that are left are
// exact.
func TestDeletingInAnyOrder(t *testing.T) {
	for seed := range uint64(4) {
		w := newWorld(t, "")
		v := w.volume(alice, here, CreateVolumeInput{Size: 1, Encrypted: seed%2 == 0})
		m := &model{v.ID, make([]byte, modelSize), rand.New(rand.NewPCG(seed, 3))}
		type taken struct {
			s     *snapshot.Snapshot
			bytes []byte
		}
		var left []taken
		for range 25 {
			m.change(w)
			if len(left) < 2 || m.rand.IntN(2) == 0 {
				left = append(left, taken{w.snapshot(alice, here, v.ID), bytes.Clone(m.bytes)})
				continue
			}
			k := m.rand.IntN(len(left))
			if m.rand.IntN(3) == 0 {
				k = len(left) - 1 // the base
			}
			w.delete(left[k].s)
			left = append(left[:k:k], left[k+1:]...)
		}
		for _, l := range left {
			w.holds(l.s, l.bytes)
		}
		w.sound()
	}
}

// Objects go with the last snapshot that needs them, copies included.
func TestDeletingFreesObjects(t *testing.T) {
	w := newWorld(t, t.TempDir())
	a, b := w.key(alice, here), w.key(alice, there)
	v := w.volume(alice, here, CreateVolumeInput{Size: 1, Encrypted: true, KMSKey: a})
	was := noise(4 * content.BlockSize)
	w.write(alice, here, v.ID, 0, was)
	one := w.snapshot(alice, here, v.ID)
	files, size := w.objects(here)
	require.GreaterOrEqual(t, size, int64(len(was)))
	require.Less(t, size, int64(len(was)+100_000))

	now := bytes.Clone(was)
	copy(now[content.BlockSize:], pattern(9, content.BlockSize))
	w.write(alice, here, v.ID, 0, now)
	two := w.snapshot(alice, here, v.ID)
	require.EqualValues(t, 1, two.Stored)
	_, both := w.objects(here)
	require.Less(t, both, size+content.BlockSize+100_000)

	// A copy within the region shares every block.
	c := w.copy(alice, here, CopySnapshotInput{Source: one.ID, SourceRegion: here, Encrypted: true, KMSKey: a})
	_, after := w.objects(here)
	require.Equal(t, both, after)
	far := w.copy(alice, there, CopySnapshotInput{Source: two.ID, SourceRegion: here, Encrypted: true, KMSKey: b})

	w.delete(one)
	_, after = w.objects(here)
	require.Equal(t, both, after, "the copy needs all of it")
	w.holds(c, was)
	w.delete(c)
	left, after := w.objects(here)
	require.Equal(t, files, left)
	require.InDelta(t, both-content.BlockSize, after, 100_000)
	w.holds(two, now)
	w.delete(two)
	left, after = w.objects(here)
	require.Zero(t, left, "%d bytes are left", after)
	w.holds(far, now)
	w.delete(far)
	left, _ = w.objects(there)
	require.Zero(t, left)
	w.sound()
}

// A source of unfinished work cannot be deleted.
func TestDeletingWhatIsInUse(t *testing.T) {
	w := newWorld(t, "")
	v := w.volume(alice, here, CreateVolumeInput{Size: 1, Encrypted: true})
	w.write(alice, here, v.ID, 0, noise(1000))
	s, err := w.CreateSnapshot(ctx, w.as(alice, here), v.ID, "", nil, false)
	require.NoError(t, err)
	refused := func() {
		t.Helper()
		require.ErrorIs(t, w.DeleteSnapshot(ctx, w.as(alice, here), s.ID, false), snapshot.ErrState)
	}
	refused()
	s = w.ended(alice, here, s, nil)
	_, err = w.CopySnapshot(ctx, w.as(alice, there), CopySnapshotInput{Source: s.ID, SourceRegion: here}, nil)
	require.NoError(t, err)
	refused()
	require.NoError(t, w.Wait(ctx))
	_, err = w.CreateVolume(ctx, w.as(alice, here), CreateVolumeInput{Zone: string(here) + "a", Snapshot: s.ID}, nil)
	require.NoError(t, err)
	refused()
	require.NoError(t, w.Wait(ctx))
	w.delete(s)
}

// Snapshots, copies and deletions of several volumes at once: each snapshot
// that is left is exact.
func TestConcurrentWork(t *testing.T) {
	c, err := Open(Options{Clock: clock.Real(), IDs: id.Random(), Failed: func(err error) { t.Error("job:", err) }})
	require.NoError(t, err)
	w := &world{c, t}
	type taken struct {
		s     *snapshot.Snapshot
		bytes []byte
	}
	var mu sync.Mutex
	var all []taken
	var group sync.WaitGroup
	a, b := w.key(alice, here), w.key(alice, there)
	for n := range uint64(3) {
		v := w.volume(alice, here, CreateVolumeInput{Size: 1, Encrypted: true, KMSKey: a})
		m := &model{v.ID, make([]byte, modelSize), rand.New(rand.NewPCG(n, 5))}
		pick := func() (taken, int) {
			k := m.rand.IntN(len(all))
			return all[k], k
		}
		group.Go(func() {
			for round := range 12 {
				m.change(w)
				s, err := w.CreateSnapshot(ctx, w.as(alice, here), v.ID, "", nil, false)
				require.NoError(t, err)
				mu.Lock()
				all = append(all, taken{s, bytes.Clone(m.bytes)})
				from, k := pick()
				mu.Unlock()
				if round%2 == 0 {
					to, key := here, a
					if round%4 == 0 {
						to, key = there, b
					}
					in := CopySnapshotInput{Source: from.s.ID, SourceRegion: from.s.Region, Encrypted: true, KMSKey: key, Mode: snapshot.Rewrap}
					if round%3 == 0 {
						in.Mode = snapshot.Reencrypt
					}
					s, err := w.CopySnapshot(ctx, w.as(alice, to), in, nil)
					require.NoError(t, err)
					mu.Lock()
					all = append(all, taken{s, from.bytes})
					mu.Unlock()
					continue
				}
				mu.Lock()
				from, k = pick()
				err = w.DeleteSnapshot(ctx, w.as(alice, from.s.Region), from.s.ID, false)
				if err == nil {
					all = append(all[:k:k], all[k+1:]...)
				}
				mu.Unlock()
				if err != nil {
					require.ErrorIs(t, err, snapshot.ErrState)
				}
			}
		})
	}
	group.Wait()
	require.NoError(t, w.Wait(ctx))
	completed := 0
	for _, l := range all {
		s := w.ended(alice, l.s.Region, l.s, nil)
		if s.State == snapshot.Failed { // a copy of what was not complete, or was gone
			require.Equal(t, snapshot.CopyVolume, s.Volume, s.Message)
			require.Contains(t, []string{"Source snapshot is in state pending", "Source snapshot is in state error", snapshot.SourceNotFound}, s.Message)
			continue
		}
		completed++
		w.holds(s, l.bytes)
	}
	require.Greater(t, completed, 12)
	w.sound()
	require.Zero(t, w.grants())
	for _, l := range all {
		w.delete(l.s)
	}
	require.NoError(t, c.View(ctx, func(tx *state.Tx) error {
		vols, err := volume.All(tx)
		for _, v := range vols {
			require.Nil(t, v.Base)
		}
		return err
	}))
	require.NoError(t, c.Close())
}
