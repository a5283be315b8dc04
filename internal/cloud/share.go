package cloud

import (
	"context"

	"github.com/ebsim/ebsim/account/audit"
	"github.com/ebsim/ebsim/account/policy"
	"github.com/ebsim/ebsim/internal/job"
	"github.com/ebsim/ebsim/internal/state"
	"github.com/ebsim/ebsim/kms"
	"github.com/ebsim/ebsim/snapshot"
)

// ShareSnapshot changes who may create volumes from a snapshot. Letting an
// account into an encrypted one asks KMS, as the caller, whether he may
// decrypt it himself.
func (c *Cloud) ShareSnapshot(ctx context.Context, call Call, id string, change snapshot.Change, request audit.Fields, dryRun bool) error {
	r := c.Begin(call, Op{Source: "ec2.amazonaws.com", Name: "ModifySnapshotAttribute", Request: request})
	var s *snapshot.Snapshot
	err := r.Look(ctx, func(tx *Tx) (err error) {
		if s, err = snapshot.FindOwn(tx.Tx, c.root, call.Region, call.Caller.Account, id); err != nil {
			return err
		}
		if err := tx.Authorize("ec2:ModifySnapshotAttribute", Resource{s.ARN(), policy.Context{"ec2:Owner": {string(s.Owner)}, "ec2:ParentVolume": {s.Volume}}}); err != nil {
			return err
		}
		if err := tx.DryRun(dryRun); err != nil {
			return err
		}
		managed := false
		if k, ok, err := c.KMS.Find(tx.Tx, s.KMSKey); err != nil {
			return err
		} else if ok {
			managed = k.Manager == kms.AWS
		}
		return s.CheckChange(change, managed)
	})
	if err != nil {
		return err
	}
	if s.Encrypted && len(change.Add) > 0 {
		_, _, err := c.KMS.Decrypt(ctx, forwarded(call.Caller, s.Region, call.RequestID), "", s.WrappedKey,
			kms.CryptoOptions{Context: s.Context(), DryRun: true})
		if kind := audit.KindOf(err); kind != kms.ErrDryRun {
			if !refused(err) {
				return r.Fail(err)
			}
			return r.Fail(&revokedError{snapshot.ErrKeyAuth.Errorf("Not authorized to use key %s", s.KMSKey), err})
		}
	}
	return r.Finish(ctx, func(tx *Tx) error {
		now, err := snapshot.FindOwn(tx.Tx, c.root, call.Region, call.Caller.Account, id)
		if err != nil {
			return err
		}
		now.Apply(change)
		tx.Touch(now.Owner, "AWS::EC2::Snapshot", now.ARN())
		tx.Respond(audit.Fields{"_return": true})
		return now.Save(tx.Tx, c.root)
	})
}

// usedByJobs reports whether an unfinished job reads a snapshot.
func (c *Cloud) usedByJobs(tx *state.Tx, id string) (bool, error) {
	pending, err := job.Pending(tx)
	if err != nil {
		return false, err
	}
	for _, j := range pending {
		switch j.Kind {
		case jobCopySnapshot:
			var args copySnapshotJob
			if err := j.Decode(&args); err != nil {
				return false, err
			}
			if args.Source == id {
				return true, nil
			}
		case jobCreateVolume:
			var args createVolumeJob
			if err := j.Decode(&args); err != nil {
				return false, err
			}
			if v, ok, err := c.loadVolume(tx, &args); err != nil || ok && v.Source == id {
				return true, err
			}
		}
	}
	return false, nil
}

// UnshareSnapshot ends all sharing of a snapshot.
func (c *Cloud) UnshareSnapshot(ctx context.Context, call Call, id string, request audit.Fields, dryRun bool) error {
	return c.Do(ctx, call, Op{Source: "ec2.amazonaws.com", Name: "ResetSnapshotAttribute", Request: request}, func(tx *Tx) error {
		s, err := snapshot.FindOwn(tx.Tx, c.root, call.Region, call.Caller.Account, id)
		if err != nil {
			return err
		}
		if err := tx.Authorize("ec2:ResetSnapshotAttribute", Resource{s.ARN(), policy.Context{"ec2:Owner": {string(s.Owner)}, "ec2:ParentVolume": {s.Volume}}}); err != nil {
			return err
		}
		if err := tx.DryRun(dryRun); err != nil {
			return err
		}
		s.SharedWith, s.Public = nil, false
		tx.Touch(s.Owner, "AWS::EC2::Snapshot", s.ARN())
		return s.Save(tx.Tx, c.root)
	})
}

// FindSnapshot gives a snapshot that the caller of a request may see.
func (c *Cloud) FindSnapshot(tx *Tx, id string) (*snapshot.Snapshot, error) {
	return snapshot.Find(tx.Tx, c.root, tx.r.Region, tx.r.Caller.Account, id)
}

// Snapshots gives every snapshot of a request's region, whoever owns it.
func (c *Cloud) Snapshots(tx *Tx) ([]snapshot.Snapshot, error) {
	return snapshot.All(tx.Tx, c.root, tx.r.Region)
}
