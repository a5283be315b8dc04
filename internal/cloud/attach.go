package cloud

import (
	"context"
	"errors"

	"github.com/ebsim/ebsim/account/audit"
	"github.com/ebsim/ebsim/internal/state"
	"github.com/ebsim/ebsim/kms"
	"github.com/ebsim/ebsim/volume"
)

// instanceCall is how an instance calls KMS for a volume attached to it.
func instanceCall(v *volume.Volume, instance, cause, requestID string) kms.Call {
	return kms.Call{Caller: audit.Infrastructure(v.Account, instance), Region: keyRegion(v.KMSKey), Cause: cause, RequestID: requestID}
}

// AttachVolume unlocks a volume for an instance. KMS is asked before it
// answers: for a grant, as the caller, and for the data key, as the instance.
// A refusal is volume.ErrKeyRevoked and leaves nothing behind.
func (c *Cloud) AttachVolume(ctx context.Context, call Call, id, instance, device string, dryRun bool) (v *volume.Volume, err error) {
	defer c.locks.lock(id)()
	r := c.Begin(call, Op{Source: "ec2.amazonaws.com", Name: "AttachVolume", Request: audit.Fields{
		"volumeId": id, "instanceId": instance, "device": device, "deleteOnTermination": false}})
	shared := c.ids.UUID() // CreateGrant and Decrypt have one request id
	err = r.Step(ctx, func(tx *Tx) error {
		if v, err = volume.Find(tx.Tx, call.Region, call.Caller.Account, id, c.clock.Now()); err != nil {
			return err
		}
		i, err := volume.FindInstance(tx.Tx, call.Region, call.Caller.Account, instance)
		if err != nil {
			return err
		}
		if err := tx.Authorize("ec2:AttachVolume", Resource{ARN: v.ARN()}, Resource{ARN: i.ARN()}); err != nil {
			return err
		}
		if err := tx.DryRun(dryRun); err != nil {
			return err
		}
		if err := v.Attachable(tx.Tx, i, device); err != nil {
			return err
		}
		at := volume.Attachment{Instance: i.ID, Device: device, State: volume.Attaching, Since: c.clock.Now()}
		if v.Encrypted {
			grantee := audit.Infrastructure(v.Account, i.ID).ARN
			k := forwarded(call.Caller, v.Region, call.RequestID)
			k.RequestID = shared
			g, err := c.KMS.GrantIn(tx.Tx, k, kms.KeyName(v.KMSKey), grantFor(grantee, v.Region, v.Context()))
			if err != nil {
				return revoked(v, err)
			}
			at.GrantID = g.ID
		}
		v.State, v.Attachments = volume.InUse, []volume.Attachment{at}
		return v.Save(tx.Tx)
	})
	if err != nil {
		return nil, err
	}
	if err := c.unlockAttached(ctx, v, call.RequestID, shared); err != nil {
		undo := c.store.Update(context.WithoutCancel(ctx), func(tx *state.Tx) error { return c.undoAttach(tx, v, call.RequestID) })
		return nil, r.Fail(errors.Join(err, undo))
	}
	ctx = context.WithoutCancel(ctx) // the key is open: it is noted, or let go
	err = r.Finish(ctx, func(tx *Tx) error {
		now, err := loadAttached(tx.Tx, v)
		if err != nil {
			return err
		}
		v = now
		v.At().State = volume.Attached
		tx.Touch(v.Account, "AWS::EC2::Volume", v.ARN())
		tx.Respond(audit.Fields{"volumeId": v.ID, "instanceId": instance, "device": device, "status": volume.Attaching,
			"attachTime": v.At().Since.UnixMilli()})
		return v.Save(tx.Tx)
	})
	if err != nil {
		undo := c.store.Update(ctx, func(tx *state.Tx) error { return c.undoAttach(tx, v, call.RequestID) })
		return nil, errors.Join(err, c.letGo(id), undo)
	}
	return v, nil
}

// unlockAttached decrypts as the instance and opens the disk.
func (c *Cloud) unlockAttached(ctx context.Context, v *volume.Volume, cause, requestID string) error {
	key, err := c.dataKey(ctx, v, instanceCall(v, v.At().Instance, cause, requestID))
	if err != nil {
		return revoked(v, err)
	}
	u, err := c.hold(v, key)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	u.attached = true
	return nil
}

// revokedError is an attach that KMS refused: what the client sees, and why.
type revokedError struct{ seen, why error }

func (e *revokedError) Error() string   { return e.seen.Error() }
func (e *revokedError) Unwrap() []error { return []error{e.seen, e.why} }

func revoked(v *volume.Volume, err error) error {
	if !refused(err) {
		return err
	}
	return &revokedError{volume.ErrKeyRevoked.Errorf("Volume %s cannot be attached. The encrypted volume was unable to access the KMS key.", v.ID), err}
}

// loadAttached gives an attached volume's record as it is now: a snapshot may
// have completed since it was read.
func loadAttached(tx *state.Tx, v *volume.Volume) (*volume.Volume, error) {
	now, ok, err := volume.Load(tx, v.Region, v.ID)
	if err == nil && (!ok || now.At() == nil) {
		err = volume.ErrIncorrectState.Errorf("Volume '%s' is in the '%s' state.", v.ID, now.State)
	}
	return now, err
}

// undoAttach frees a volume that is, or was being, attached, its grant too.
func (c *Cloud) undoAttach(tx *state.Tx, v *volume.Volume, cause string) error {
	v, err := loadAttached(tx, v)
	if err != nil {
		return err
	}
	if at := v.At(); at != nil && at.GrantID != "" {
		if err := c.KMS.RetireIn(tx, serviceCall(v.Region, cause, ""), kms.KeyName(v.KMSKey), at.GrantID); err != nil {
			return err
		}
	}
	v.State, v.Attachments = volume.Available, nil
	return v.Save(tx)
}

// DetachVolume flushes a volume, closes its disk, drops the key and retires
// the grant. Instance may be empty. It gives the volume as it was.
func (c *Cloud) DetachVolume(ctx context.Context, call Call, id, instance string, dryRun bool) (was *volume.Volume, err error) {
	defer c.locks.lock(id)()
	r := c.Begin(call, Op{Source: "ec2.amazonaws.com", Name: "DetachVolume", Request: audit.Fields{"volumeId": id, "instanceId": instance}})
	err = r.Look(ctx, func(tx *Tx) error {
		if was, err = volume.Find(tx.Tx, call.Region, call.Caller.Account, id, c.clock.Now()); err != nil {
			return err
		}
		at := was.At()
		about := []Resource{{ARN: was.ARN()}}
		if at != nil {
			about = append(about, Resource{ARN: (&volume.Instance{ID: at.Instance, Account: was.Account, Region: was.Region}).ARN()})
		}
		if err := tx.Authorize("ec2:DetachVolume", about...); err != nil {
			return err
		}
		if err := tx.DryRun(dryRun); err != nil {
			return err
		}
		switch {
		case at == nil:
			return volume.ErrIncorrectState.Errorf("Volume '%s' is in the '%s' state.", id, was.State)
		case instance != "" && instance != at.Instance:
			return volume.ErrAttachmentNotFound.Errorf("Volume '%s' is not attached to instance '%s'", id, instance)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := c.letGo(id); err != nil {
		return nil, r.Fail(err)
	}
	return was, r.Finish(context.WithoutCancel(ctx), func(tx *Tx) error {
		tx.Touch(was.Account, "AWS::EC2::Volume", was.ARN())
		return c.undoAttach(tx.Tx, was, call.RequestID)
	})
}

// letGo flushes a volume and gives its attachment's hold back.
func (c *Cloud) letGo(volumeID string) error {
	c.mu.Lock()
	u := c.open[volumeID]
	attached := u != nil && u.attached
	c.mu.Unlock()
	if !attached {
		return nil // let go before: the transaction after it failed
	}
	if err := u.disk.Flush(); err != nil {
		return err
	}
	c.mu.Lock()
	u.attached = false
	c.mu.Unlock()
	return c.release(volumeID, u)
}
