package cloud

import (
	"context"

	"github.com/ebsim/ebsim/account/audit"
	"github.com/ebsim/ebsim/internal/state"
	"github.com/ebsim/ebsim/volume"
)

// RunInstances makes instances, which are only names to attach volumes to.
func (c *Cloud) RunInstances(ctx context.Context, call Call, zone, image, kind string, count int64, tags []volume.Tag, dryRun bool) (made []volume.Instance, err error) {
	if zone == "" {
		zone = Zones(call.Region)[0]
	}
	err = c.Do(ctx, call, Op{Source: "ec2.amazonaws.com", Name: "RunInstances", Request: audit.Fields{"imageId": image, "instanceType": kind, "maxCount": count}}, func(tx *Tx) error {
		made = nil
		if err := tx.Authorize("ec2:RunInstances", Resource{ARN: (&volume.Instance{ID: "*", Account: call.Caller.Account, Region: call.Region}).ARN()}); err != nil {
			return err
		}
		if err := tx.DryRun(dryRun); err != nil {
			return err
		}
		if count < 1 || count > 100 {
			return volume.ErrInvalidParameter.Errorf("Value (%d) for parameter maxCount is invalid. It is 1 to 100.", count)
		}
		known := false
		for _, z := range Zones(call.Region) {
			known = known || z == zone
		}
		if !known {
			return volume.ErrZoneNotFound.Errorf("The zone '%s' does not exist.", zone)
		}
		for range count {
			i := volume.Instance{ID: c.ids.Resource("i-"), Account: call.Caller.Account, Region: call.Region, Zone: zone, Image: image,
				Type: kind, State: volume.Running, Launched: c.clock.Now(), Tags: tags}
			if err := i.Save(tx.Tx); err != nil {
				return err
			}
			tx.Touch(i.Account, "AWS::EC2::Instance", i.ARN())
			made = append(made, i)
		}
		return nil
	})
	return made, err
}

// TerminateInstance ends an instance and frees the volumes attached to it. It
// gives the instance as it was.
func (c *Cloud) TerminateInstance(ctx context.Context, call Call, id string, dryRun bool) (was *volume.Instance, err error) {
	r := c.Begin(call, Op{Source: "ec2.amazonaws.com", Name: "TerminateInstances", Request: audit.Fields{"instanceId": id}})
	var attached []volume.Volume
	err = r.Look(ctx, func(tx *Tx) error {
		if was, err = volume.FindInstance(tx.Tx, call.Region, call.Caller.Account, id); err != nil {
			return err
		}
		if err := tx.Authorize("ec2:TerminateInstances", Resource{ARN: was.ARN()}); err != nil {
			return err
		}
		if err := tx.DryRun(dryRun); err != nil {
			return err
		}
		attached, err = volume.AttachedTo(tx.Tx, was)
		return err
	})
	if err != nil {
		return nil, err
	}
	for i := range attached {
		defer c.locks.lock(attached[i].ID)()
		if err := c.letGo(attached[i].ID); err != nil {
			return nil, r.Fail(err)
		}
	}
	now := *was
	return was, r.Finish(context.WithoutCancel(ctx), func(tx *Tx) error {
		now.State, now.Ended = volume.Terminated, c.clock.Now()
		for i := range attached {
			if err := c.undoAttach(tx.Tx, &attached[i], call.RequestID); err != nil {
				return err
			}
		}
		return now.Save(tx.Tx)
	})
}

// helper gives the instance that an account has in a zone for `ebsim volume
// read` and `write`.
func (c *Cloud) helper(ctx context.Context, call Call, zone string) (id string, err error) {
	const image = "ami-ebsim"
	err = c.store.Update(ctx, func(tx *state.Tx) error {
		all, err := volume.Instances(tx, call.Region, call.Caller.Account)
		if err != nil {
			return err
		}
		for _, i := range all {
			if i.Image == image && i.Zone == zone && i.State == volume.Running {
				id = i.ID
				return nil
			}
		}
		i := volume.Instance{ID: c.ids.Resource("i-"), Account: call.Caller.Account, Region: call.Region, Zone: zone, Image: image,
			Type: "t3.micro", State: volume.Running, Launched: c.clock.Now(), Tags: []volume.Tag{{Key: "Name", Value: "ebsim volume read and write"}}}
		id = i.ID
		return i.Save(tx)
	})
	return id, err
}
