package cloud

import (
	"context"

	"github.com/ebsim/ebsim/account/arn"
	"github.com/ebsim/ebsim/internal/job"
	"github.com/ebsim/ebsim/internal/state"
	"github.com/ebsim/ebsim/snapshot/content"
	"github.com/ebsim/ebsim/volume"
)

// recover undoes what a stop left half done: attachments whose key was not yet
// opened, and objects of jobs that did not come to their end. The jobs
// themselves run again.
func (c *Cloud) recover(ctx context.Context) error {
	type writer struct {
		region arn.Region
		id     string
	}
	var writers []writer
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
	return err
}

// loadVolume gives the volume of a job.
func (c *Cloud) loadVolume(tx *state.Tx, args *createVolumeJob) (*volume.Volume, bool, error) {
	return volume.Load(tx, args.region(), args.Volume)
}
