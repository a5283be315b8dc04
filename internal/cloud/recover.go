package cloud

import (
	"context"

	"github.com/ebsim/ebsim/account/arn"
	"github.com/ebsim/ebsim/internal/job"
	"github.com/ebsim/ebsim/internal/state"
	"github.com/ebsim/ebsim/snapshot"
	"github.com/ebsim/ebsim/snapshot/content"
	"github.com/ebsim/ebsim/volume"
	"github.com/ebsim/ebsim/volume/disk"
)

// recover undoes what a stop left half done: attachments whose key was not yet
// opened, and objects of jobs that did not come to their end. The jobs
// themselves run again.
func (c *Cloud) recover(ctx context.Context) error {
	if err := c.removeViews(ctx); err != nil {
		return err
	}
	type writer struct {
		region arn.Region
		id     string
	}
	var writers []writer
	sweep := map[arn.Region]bool{} // where a copy was stopped
	err := c.store.Update(ctx, func(tx *state.Tx) error {
		writers = nil
		all, err := volume.All(tx)
		if err != nil {
			return err
		}
		for i := range all {
			if at := all[i].At(); at != nil && at.State == volume.Attaching {
				if err := c.undoAttach(tx, &all[i], ""); err != nil {
					return err
				}
			}
		}
		pending, err := job.Pending(tx)
		for _, j := range pending {
			if j.Kind == jobCopySnapshot {
				var args copySnapshotJob
				if err := j.Decode(&args); err != nil {
					return err
				}
				sweep[arn.Region(args.Region)] = true
			}
			if j.Kind != jobCreateSnapshot {
				continue
			}
			var args createSnapshotJob
			if err := j.Decode(&args); err != nil {
				return err
			}
			writers = append(writers, writer{arn.Region(args.Region), args.Writer})
		}
		return err
	})
	for _, w := range writers {
		if err != nil {
			break
		}
		_, err = c.region(w.region).content.RemoveWriter(ctx, w.id, func(ctx context.Context) ([]content.Root, error) {
			return c.liveRoots(ctx, w.region)
		})
	}
	for region := range sweep {
		if err == nil {
			_, err = c.region(region).content.Sweep(ctx, func(ctx context.Context) (content.Live, error) {
				roots, err := c.liveRoots(ctx, region)
				return content.Live{Roots: roots}, err
			})
		}
	}
	return err
}

// loadVolume gives the volume of a job.
func (c *Cloud) loadVolume(tx *state.Tx, args *createVolumeJob) (*volume.Volume, bool, error) {
	return volume.Load(tx, args.region(), args.Volume)
}

// removeViews removes the view files that no pending snapshot names.
func (c *Cloud) removeViews(ctx context.Context) error {
	var vols []volume.Volume
	pending := map[string]bool{}
	err := c.store.View(ctx, func(tx *state.Tx) (err error) {
		if vols, err = volume.All(tx); err != nil {
			return err
		}
		return snapshot.Each(tx, c.root, "", func(s *snapshot.Snapshot, err error) error {
			pending[s.ID] = err == nil && s.State == snapshot.Pending
			return nil
		})
	})
	if err != nil {
		return err
	}
	for i := range vols {
		files := c.files(vols[i].ID)
		names, err := disk.Views(files)
		if err != nil {
			return err
		}
		for _, name := range names {
			if !pending[name] {
				if err := disk.RemoveView(files, name); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
