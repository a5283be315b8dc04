package cloud

import (
	"context"
	"errors"
	"slices"

	"github.com/ebsim/ebsim/account/arn"
	"github.com/ebsim/ebsim/account/audit"
	"github.com/ebsim/ebsim/account/policy"
	"github.com/ebsim/ebsim/internal/job"
	"github.com/ebsim/ebsim/internal/state"
	"github.com/ebsim/ebsim/snapshot"
	"github.com/ebsim/ebsim/snapshot/content"
	"github.com/ebsim/ebsim/volume"
	"github.com/ebsim/ebsim/volume/disk"
)

const (
	jobCreateSnapshot = "CreateSnapshot"
	jobCollect        = "CollectContent"
)

// frozen is a pending snapshot's view, and the hold on the volume it needs.
type frozen struct {
	view *disk.View
	u    *unlocked
}

type createSnapshotJob struct {
	Snapshot, Volume, Region string
	Cause                    string
	Writer                   string // the content writer whose objects are this job's
	NoView                   string // why there is no frozen view: the key was refused
}

// CreateSnapshot freezes a volume and answers with a pending snapshot of that
// instant; a job seals what changed.
func (c *Cloud) CreateSnapshot(ctx context.Context, call Call, volumeID, description string, tags []snapshot.Tag, dryRun bool) (s *snapshot.Snapshot, err error) {
	defer c.locks.lock(volumeID)()
	request := audit.Fields{"volumeId": volumeID}
	if description != "" {
		request["description"] = description
	}
	r := c.Begin(call, Op{Source: "ec2.amazonaws.com", Name: "CreateSnapshot", Request: request})
	var v *volume.Volume
	err = r.Look(ctx, func(tx *Tx) error {
		if v, err = volume.Find(tx.Tx, call.Region, call.Caller.Account, volumeID, c.clock.Now()); err != nil {
			return err
		}
		about := policy.Context{"ec2:ParentVolume": {v.ARN()}, "ec2:Owner": {string(v.Account)}}
		if err := tx.Authorize("ec2:CreateSnapshot", Resource{snapshot.ARN(call.Region, "*"), about}, Resource{ARN: v.ARN()}); err != nil {
			return err
		}
		if err := tx.DryRun(dryRun); err != nil {
			return err
		}
		if v.State != volume.Available && v.State != volume.InUse {
			return volume.ErrIncorrectState.Errorf("Volume '%s' is in the '%s' state.", v.ID, v.State)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	args := createSnapshotJob{Volume: v.ID, Region: string(v.Region), Cause: call.RequestID, Writer: content.NewWriterID()}
	s = &snapshot.Snapshot{ID: c.ids.Resource("snap-"), Owner: v.Account, Region: v.Region, Volume: v.ID, Size: v.Size,
		Description: description, Started: c.clock.Now(), State: snapshot.Pending, Tags: tags,
		Encrypted: v.Encrypted, KMSKey: v.KMSKey, WrappedKey: v.WrappedKey, DataKeyID: v.DataKeyID, Origin: v.ID}
	if v.Encrypted {
		s.ContextID = v.ID
	}
	args.Snapshot = s.ID
	f, err := c.freeze(ctx, v, s.ID, call.RequestID)
	if err != nil {
		if !refused(err) {
			return nil, r.Fail(err)
		}
		args.NoView = err.Error()
	}
	if f != nil { // before the job can look for it
		c.mu.Lock()
		c.frozen[s.ID] = f
		c.mu.Unlock()
	}
	err = r.Finish(ctx, func(tx *Tx) error {
		v, ok, err := volume.Load(tx.Tx, v.Region, v.ID)
		if err != nil || !ok {
			return err
		}
		if f != nil && v.Ring == nil { // the first holder of its data key
			r := newRing(v.Account, v.KMSKey)
			v.Ring, v.RingKeys = f.u.rings.seal(r, v.ID), r.ids()
			if err := v.Save(tx.Tx); err != nil {
				return err
			}
		}
		s.Parent = v.Lineage
		tx.Touch(s.Owner, "AWS::EC2::Snapshot", s.ARN())
		tx.Respond(audit.Fields{"snapshotId": s.ID, "volumeId": v.ID, "status": s.State, "startTime": s.Started.UnixMilli(),
			"ownerId": s.Owner, "volumeSize": s.Size, "encrypted": s.Encrypted})
		if _, err := job.Enqueue(tx.Tx, jobCreateSnapshot, "volume "+v.ID, c.clock.Now(), args); err != nil {
			return err
		}
		return s.Save(tx.Tx, c.root)
	})
	if err != nil {
		return nil, errors.Join(err, c.unfreeze(v.ID, s.ID))
	}
	return s, nil
}

// freeze makes a view of a volume. One that is not attached is unlocked by the
// service. The caller holds the volume's lock.
func (c *Cloud) freeze(ctx context.Context, v *volume.Volume, name, cause string) (*frozen, error) {
	u, err := c.holdForService(ctx, v, cause)
	if err != nil {
		return nil, err
	}
	views, err := disk.Freeze([]string{name}, u.disk)
	if err != nil {
		return nil, errors.Join(err, c.release(v.ID, u))
	}
	return &frozen{views[0], u}, nil
}

func (c *Cloud) holdForService(ctx context.Context, v *volume.Volume, cause string) (*unlocked, error) {
	if u := c.held(v.ID); u != nil {
		return u, nil
	}
	if v.At() != nil {
		return c.reopen(ctx, v)
	}
	key, err := c.dataKey(ctx, v, serviceCall(keyRegion(v.KMSKey), cause, ""))
	if err != nil {
		return nil, err
	}
	return c.hold(v, key)
}

// runCreateSnapshot seals what changed since the base, and completes.
func (c *Cloud) runCreateSnapshot(ctx context.Context, j job.Record) error {
	var args createSnapshotJob
	if err := j.Decode(&args); err != nil {
		return err
	}
	var s *snapshot.Snapshot
	var v *volume.Volume
	if err := c.store.View(ctx, func(tx *state.Tx) (err error) {
		var ok, there bool
		if s, ok, err = snapshot.Load(tx, c.root, arn.Region(args.Region), args.Snapshot); err != nil || !ok {
			s = nil
			return err
		}
		if v, there, err = volume.Load(tx, s.Region, args.Volume); !there {
			v = nil
		}
		return err
	}); err != nil || s == nil || s.State != snapshot.Pending {
		return err
	}
	if args.NoView != "" {
		return c.failSnapshot(ctx, j.ID, s, snapshot.KeyNotAccessible, nil)
	}
	if v == nil {
		return c.failSnapshot(ctx, j.ID, s, "The volume is gone", nil)
	}
	f, err := c.takeUp(ctx, v, s.ID, args.Cause)
	switch {
	case errors.Is(err, disk.ErrViewLost):
		return c.failSnapshot(ctx, j.ID, s, "The frozen view of the volume was lost when the machine stopped", nil)
	case err != nil && refused(err):
		return c.failSnapshot(ctx, j.ID, s, snapshot.KeyNotAccessible, nil)
	case err != nil:
		return err
	}
	return c.sealSnapshot(ctx, j.ID, &args, s, v, f)
}

// takeUp gives the view of a pending snapshot, also after a restart.
func (c *Cloud) takeUp(ctx context.Context, v *volume.Volume, name, cause string) (*frozen, error) {
	c.mu.Lock()
	f := c.frozen[name]
	c.mu.Unlock()
	if f != nil {
		return f, nil
	}
	defer c.locks.lock(v.ID)()
	u, err := c.holdForService(ctx, v, cause)
	if err != nil {
		return nil, err
	}
	view, err := u.disk.View(name)
	if err != nil {
		return nil, errors.Join(err, c.release(v.ID, u))
	}
	f = &frozen{view, u}
	c.mu.Lock()
	c.frozen[name] = f
	c.mu.Unlock()
	return f, nil
}

// unfreeze lets a finished snapshot's view go.
func (c *Cloud) unfreeze(volumeID, name string) error {
	c.mu.Lock()
	f := c.frozen[name]
	delete(c.frozen, name)
	delete(c.progress, name)
	c.mu.Unlock()
	if f == nil {
		return nil
	}
	return errors.Join(f.view.Close(), c.release(volumeID, f.u))
}

func (c *Cloud) sealSnapshot(ctx context.Context, jobID string, args *createSnapshotJob, s *snapshot.Snapshot, v *volume.Volume, f *frozen) error {
	reg := c.region(s.Region)
	reg.jobs.RLock() // from before the base is read: nothing of it is collected
	defer reg.jobs.RUnlock()
	if err := c.store.View(ctx, func(tx *state.Tx) (err error) {
		v, _, err = volume.Load(tx, s.Region, v.ID)
		return err
	}); err != nil {
		return err
	}
	r, err := f.u.rings.open(v.Ring, v.ID)
	if err != nil {
		return err
	}
	var base content.Root
	if v.Base != nil {
		if err := base.UnmarshalText([]byte(v.Base.Root)); err != nil {
			return err
		}
	}
	blocks := (v.Bytes() + content.BlockSize - 1) / content.BlockSize
	w, err := reg.content.WriteAs(ctx, args.Writer, blocks, base, r.keys())
	if err != nil {
		return err
	}
	defer w.Discard(context.WithoutCancel(ctx))
	full := v.FullCompare || v.Base == nil || f.view.Full()
	changed, err := c.putChanged(ctx, s, w, f.view, reg.content.Read(base, r.keys()), full)
	if err != nil {
		return err
	}
	root, stats, err := w.Commit(ctx)
	if err != nil {
		return err
	}
	err = c.store.Update(ctx, func(tx *state.Tx) error {
		now, ok, err := snapshot.Load(tx, c.root, s.Region, s.ID)
		if err != nil || !ok {
			return err
		}
		now.State, now.Progress, now.Completed = snapshot.Completed, 100, c.clock.Now()
		now.Root, now.Ring = root.String(), f.u.rings.seal(r, s.ID)
		now.RingKeys = r.ids()
		now.Stored, now.Reused, now.StoredBytes = stats.BlocksStored, max(0, root.Present()-stats.BlocksStored), stats.StoredBytes
		now.FullBytes = root.Present() * content.BlockSize
		now.Parent = ""
		if v.Base != nil {
			now.Parent = v.Base.Snapshot
		}
		if vol, ok, err := volume.Load(tx, s.Region, v.ID); err != nil {
			return err
		} else if ok {
			vol.Base, vol.Lineage, vol.FullCompare = &volume.Base{Snapshot: s.ID, Root: now.Root}, s.ID, false
			if err := vol.Save(tx); err != nil {
				return err
			}
		}
		return errors.Join(now.Save(tx, c.root), job.Done(tx, jobID))
	})
	if err != nil {
		return err
	}
	if full && f.view.Full() {
		err = f.u.disk.Trust()
	}
	return errors.Join(err, f.u.disk.ClearDirty(f.view, changed...), c.unfreeze(v.ID, s.ID))
}

// putChanged hands the writer every block that may have changed: those marked,
// or, comparing in full, all that are stored or that the base has.
func (c *Cloud) putChanged(ctx context.Context, s *snapshot.Snapshot, w *content.Writer, view *disk.View, base *content.Reader, full bool) ([]int64, error) {
	var changed []int64
	for index, err := range view.Changed(full) {
		if err != nil {
			return nil, err
		}
		changed = append(changed, index)
	}
	if full {
		for e, err := range base.Entries(ctx, 0) {
			if err != nil {
				return nil, err
			}
			changed = append(changed, e.Index)
		}
		slices.Sort(changed)
		changed = slices.Compact(changed)
	}
	block := make([]byte, content.BlockSize)
	for n, index := range changed {
		zero, err := view.ReadBlock(index, block)
		if err != nil {
			return nil, err
		}
		if zero {
			err = w.Remove(index)
		} else {
			err = w.Put(ctx, index, block)
		}
		if err != nil {
			return nil, err
		}
		c.setProgress(s.ID, int64(n+1), int64(len(changed)))
	}
	return changed, nil
}

func (c *Cloud) setProgress(id string, done, total int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if total > 0 {
		c.progress[id] = int(min(99, done*100/total))
	}
}

// Progress is how far a snapshot is, in percent.
func (c *Cloud) Progress(s *snapshot.Snapshot) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.State == snapshot.Pending {
		return c.progress[s.ID]
	}
	return s.Progress
}

// failSnapshot ends a pending snapshot in state error, with what else belongs
// to its end.
func (c *Cloud) failSnapshot(ctx context.Context, jobID string, s *snapshot.Snapshot, message string, also func(*state.Tx, *snapshot.Snapshot) error) error {
	err := c.store.Update(ctx, func(tx *state.Tx) error {
		now, ok, err := snapshot.Load(tx, c.root, s.Region, s.ID)
		if err != nil || !ok {
			return err
		}
		now.State, now.Message = snapshot.Failed, message
		if also != nil {
			if err := also(tx, now); err != nil {
				return err
			}
		}
		return errors.Join(now.Save(tx, c.root), job.Done(tx, jobID))
	})
	return errors.Join(err, c.unfreeze(s.Volume, s.ID))
}

// DeleteSnapshot deletes an own snapshot. Volumes whose next snapshot would be
// incremental to it get an older base; objects that nothing else needs go.
func (c *Cloud) DeleteSnapshot(ctx context.Context, call Call, id string, dryRun bool) error {
	return c.Do(ctx, call, Op{Source: "ec2.amazonaws.com", Name: "DeleteSnapshot", Request: audit.Fields{"snapshotId": id}}, func(tx *Tx) error {
		s, err := snapshot.FindOwn(tx.Tx, c.root, call.Region, call.Caller.Account, id)
		if err != nil {
			return err
		}
		if err := tx.Authorize("ec2:DeleteSnapshot", Resource{s.ARN(), policy.Context{"ec2:Owner": {string(s.Owner)}, "ec2:ParentVolume": {s.Volume}}}); err != nil {
			return err
		}
		if err := tx.DryRun(dryRun); err != nil {
			return err
		}
		if s.State == snapshot.Pending {
			return snapshot.ErrState.Errorf("Snapshot %s is pending: delete it when it is completed", id)
		}
		used, err := c.usedByJobs(tx.Tx, id)
		if err != nil {
			return err
		}
		if used {
			return snapshot.ErrState.Errorf("Snapshot %s is the source of a copy or a volume that is still being made", id)
		}
		if err := c.moveBases(tx.Tx, s); err != nil {
			return err
		}
		tx.Touch(s.Owner, "AWS::EC2::Snapshot", s.ARN())
		if s.Root != "" {
			if _, err := job.Enqueue(tx.Tx, jobCollect, "collect "+string(s.Region), c.clock.Now(), collectJob{string(s.Region), s.Root}); err != nil {
				return err
			}
		}
		return s.Remove(tx.Tx)
	})
}

// moveBases gives the volumes that are incremental to a snapshot their next
// older base: the volume's newest other completed snapshot, else the one it
// came from, else none. The marks do not tell what changed since that one.
func (c *Cloud) moveBases(tx *state.Tx, gone *snapshot.Snapshot) error {
	vols, err := volume.All(tx)
	if err != nil {
		return err
	}
	snaps, err := snapshot.All(tx, c.root, gone.Region)
	if err != nil {
		return err
	}
	for i := range vols {
		v := &vols[i]
		if v.Region != gone.Region || v.Base == nil || v.Base.Snapshot != gone.ID {
			continue
		}
		var best *snapshot.Snapshot
		for k := range snaps {
			s := &snaps[k]
			if s.ID == gone.ID || s.State != snapshot.Completed || s.Volume != v.ID && s.ID != v.Source {
				continue
			}
			if s.Encrypted != v.Encrypted {
				continue // what was unencrypted is never built upon
			}
			if best == nil || best.ID == v.Source || s.ID != v.Source && s.Started.After(best.Started) {
				best = s
			}
		}
		v.Base, v.Lineage, v.FullCompare = nil, "", true
		if best != nil {
			v.Base, v.Lineage = &volume.Base{Snapshot: best.ID, Root: best.Root}, best.ID
		}
		if err := v.Save(tx); err != nil {
			return err
		}
	}
	return nil
}

type collectJob struct{ Region, Root string }

// runCollect removes the objects that only a deleted snapshot needed.
func (c *Cloud) runCollect(ctx context.Context, j job.Record) error {
	var args collectJob
	if err := j.Decode(&args); err != nil {
		return err
	}
	var dead content.Root
	if err := dead.UnmarshalText([]byte(args.Root)); err != nil {
		return err
	}
	region := arn.Region(args.Region)
	reg := c.region(region)
	reg.jobs.Lock()
	defer reg.jobs.Unlock()
	_, err := reg.content.Collect(ctx, []content.Root{dead}, func(ctx context.Context) ([]content.Root, error) { return c.liveRoots(ctx, region) })
	if err != nil {
		return err
	}
	return c.store.Update(ctx, func(tx *state.Tx) error { return job.Done(tx, j.ID) })
}

// liveRoots are the trees of a region that something needs.
func (c *Cloud) liveRoots(ctx context.Context, region arn.Region) (live []content.Root, err error) {
	add := func(text string) error {
		if text == "" {
			return nil
		}
		var r content.Root
		err := r.UnmarshalText([]byte(text))
		live = append(live, r)
		return err
	}
	err = c.store.View(ctx, func(tx *state.Tx) error {
		snaps, err := snapshot.All(tx, c.root, region)
		if err != nil {
			return err
		}
		for _, s := range snaps {
			if err := add(s.Root); err != nil {
				return err
			}
		}
		vols, err := volume.All(tx)
		for _, v := range vols {
			if v.Region == region && v.Base != nil && err == nil {
				err = add(v.Base.Root)
			}
		}
		return err
	})
	return live, err
}
