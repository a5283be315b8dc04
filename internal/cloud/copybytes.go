package cloud

import (
	"context"
	"errors"

	"github.com/ebsim/ebsim/internal/job"
	"github.com/ebsim/ebsim/internal/state"
	"github.com/ebsim/ebsim/snapshot"
	"github.com/ebsim/ebsim/snapshot/content"
)

// copy copies the content, by re-wrap or by sealing anew, and completes the
// snapshot with the grants retired.
func (m *copier) copy(ctx context.Context) error {
	src, dst, report := m.src, m.dst, &m.args.Report
	var root content.Root
	if err := root.UnmarshalText([]byte(src.Root)); err != nil {
		return err
	}
	report.Blocks = root.Present()
	here, there := m.Cloud.region(dst.Region), m.Cloud.region(src.Region)
	here.jobs.RLock()
	defer here.jobs.RUnlock()
	progress := func(done, total int64) { m.setProgress(dst.ID, done, total) }
	var stats content.Stats
	var err error
	switch {
	case m.args.Mode == snapshot.Reencrypt:
		root, stats, err = m.reseal(ctx, here.content, there.content, root, progress)
		report.Opened, report.Read, report.Written = stats.BlocksStored, stats.StoredBytes, stats.StoredBytes
	case src.Region == dst.Region:
		report.Reused = root.StoredBytes()
	default:
		var has []content.Root
		if has, err = m.liveRoots(ctx, dst.Region); err != nil {
			return err
		}
		stats, err = here.content.CopyFrom(ctx, there.content, root, has, progress)
		report.Read, report.Written = stats.StoredBytes, stats.StoredBytes
		report.Reused = root.StoredBytes() - stats.StoredBytes
	}
	if errors.Is(err, content.ErrDamaged) {
		return m.failSnapshot(ctx, m.job, dst, "Source snapshot is damaged: "+err.Error(), func(tx *state.Tx, dst *snapshot.Snapshot) error {
			// What was copied of it already goes again.
			_, err := job.Enqueue(tx, jobCollect, "collect "+string(dst.Region), m.clock.Now(), collectJob{string(dst.Region), m.src.Root})
			return errors.Join(err, m.ended(tx, dst))
		})
	}
	if err != nil {
		return err
	}
	return m.complete(ctx, root, stats)
}

// reseal opens every block and seals it anew, under the writer that the job
// recorded before its first object.
func (m *copier) reseal(ctx context.Context, here, there *content.Store, root content.Root, progress func(done, total int64)) (content.Root, content.Stats, error) {
	w, err := here.WriteAs(ctx, m.args.Writer, root.Blocks(), content.Root{}, m.to.keys())
	if err != nil {
		return content.Root{}, content.Stats{}, err
	}
	defer w.Discard(context.WithoutCancel(ctx))
	if err := w.Reseal(ctx, there, root, m.from.keys(), progress); err != nil {
		return content.Root{}, content.Stats{}, err
	}
	return w.Commit(ctx)
}

func (m *copier) complete(ctx context.Context, root content.Root, stats content.Stats) error {
	report := &m.args.Report
	err := m.store.Update(ctx, func(tx *state.Tx) error {
		dst, ok, err := snapshot.Load(tx, m.root, m.dst.Region, m.dst.ID)
		if err != nil || !ok {
			return err
		}
		report.To = snapshot.Side{Snapshot: dst.ID, Owner: dst.Owner, Region: dst.Region, KMSKey: dst.KMSKey, DataKeyID: dst.DataKeyID, ContentKeys: dst.RingKeys}
		if report.AWS, report.Billed, err = m.awsWould(tx, root); err != nil {
			return err
		}
		if err := m.ended(tx, dst); err != nil {
			return err
		}
		dst.State, dst.Progress, dst.Completed = snapshot.Completed, 100, m.clock.Now()
		dst.Root, dst.Size, dst.Origin, dst.Source.Owner = root.String(), m.src.Size, m.src.Origin, m.src.Owner
		dst.Stored, dst.Reused, dst.StoredBytes = stats.BlocksStored, max(0, root.Present()-stats.BlocksStored), stats.StoredBytes
		dst.FullBytes = root.Present() * content.BlockSize
		return errors.Join(dst.Save(tx, m.root), job.Done(tx, m.job))
	})
	m.mu.Lock()
	delete(m.progress, m.dst.ID)
	m.mu.Unlock()
	return err
}

// awsWould says whether AWS would have made a full or an incremental copy, and
// how many bytes it would bill. (AWS: "Copy an Amazon EBS snapshot",
// considerations on incremental copies.)
func (m *copier) awsWould(tx *state.Tx, root content.Root) (string, int64, error) {
	full := root.Present() * content.BlockSize
	src, dst := m.src, m.dst
	if src.Owner == dst.Owner && src.Region == dst.Region {
		if src.Encrypted == dst.Encrypted && src.KMSKey == dst.KMSKey {
			return "incremental: a copy within a region under the same key adds nothing", 0, nil
		}
		return "full: a copy under another key stores every block again", full, nil
	}
	all, err := snapshot.All(tx, m.root, dst.Region)
	if err != nil {
		return "", 0, err
	}
	var last *snapshot.Snapshot
	for i := range all {
		s := &all[i]
		if s.Owner != dst.Owner || s.ID == dst.ID || s.Source == nil || s.Origin != src.Origin || s.State != snapshot.Completed {
			continue
		}
		if s.KMSKey != dst.KMSKey {
			return "full: earlier copies of this volume lie there under other keys", full, nil
		}
		if last == nil || s.Completed.After(last.Completed) {
			last = s
		}
	}
	if last == nil {
		return "full: the first copy of this volume to this account and region", full, nil
	}
	return "incremental to " + last.ID + ", the most recent copy there", m.args.Report.Written, nil
}
