package cloud

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/ebsim/ebsim/account/audit"
	"github.com/ebsim/ebsim/account/policy"
	"github.com/ebsim/ebsim/internal/job"
	"github.com/ebsim/ebsim/internal/state"
	"github.com/ebsim/ebsim/kms"
	"github.com/ebsim/ebsim/snapshot"
	"github.com/ebsim/ebsim/snapshot/content"
	"github.com/ebsim/ebsim/volume"
	"github.com/ebsim/ebsim/volume/disk"
)

const (
	jobCreateVolume = "CreateVolume"
	jobRemoveFiles  = "RemoveVolumeFiles"
)

// CreateVolumeInput is what CreateVolume is asked.
type CreateVolumeInput struct {
	Zone             string
	Size             int64 // GiB; 0: the snapshot's
	Snapshot         string
	Type             string
	IOPS, Throughput *int64
	Encrypted        bool
	KMSKey           string
	Tags             []volume.Tag
	Token            string
	DryRun           bool
}

// createVolumeJob is what the job must know beside the record.
type createVolumeJob struct {
	Volume  string
	Region  string
	Caller  audit.Caller
	Cause   string
	KeyName string // as asked, where it was not resolved at the request
	GrantID string // on the source's key or, from an unencrypted source, on the volume's
	Granted string // ARN of that key
	Root    string // of the content to restore, once ready
	Ready   bool   // wrapped key and ring are in the record
}

// CreateVolume answers with a volume in state creating; a job asks KMS, as the
// caller, and restores.
func (c *Cloud) CreateVolume(ctx context.Context, call Call, in CreateVolumeInput, request audit.Fields) (v *volume.Volume, err error) {
	var prior *volume.Volume
	ebs := ""
	err = c.Begin(call, Op{Source: "ec2.amazonaws.com", Name: "CreateVolume", Request: request}).Finish(ctx, func(tx *Tx) error {
		v = &volume.Volume{ID: c.ids.Resource("vol-"), Account: call.Caller.Account, Region: call.Region, Zone: in.Zone,
			Size: in.Size, Type: in.Type, Created: c.clock.Now(), State: volume.Creating, Source: in.Snapshot, Tags: in.Tags, Token: in.Token}
		var src *snapshot.Snapshot
		if in.Snapshot != "" {
			if src, err = snapshot.Find(tx.Tx, c.root, call.Region, call.Caller.Account, in.Snapshot); err != nil {
				return err
			}
			if v.Size == 0 {
				v.Size = src.Size
			}
		}
		set, err := volume.LoadSettings(tx.Tx, call.Region, call.Caller.Account)
		if err != nil {
			return err
		}
		v.Encrypted = in.Encrypted || set.ByDefault || src != nil && src.Encrypted
		if err := c.authorizeCreateVolume(tx, v, src); err != nil {
			return err
		}
		if err := tx.DryRun(in.DryRun); err != nil {
			return err
		}
		if err := c.checkCreateVolume(in, src, call); err != nil {
			return err
		}
		if err := v.SetType(in.Type, in.IOPS, in.Throughput); err != nil {
			return err
		}
		if prior, err = c.sameToken(tx, v); err != nil || prior != nil {
			return err
		}
		args := createVolumeJob{Volume: v.ID, Region: string(v.Region), Caller: call.Caller, Cause: call.RequestID}
		switch {
		case !v.Encrypted:
		case in.KMSKey != "":
			args.KeyName, v.KMSKey = in.KMSKey, in.KMSKey
			if name, err := c.KMS.Resolve(tx.Tx, call.Region, call.Caller.Account, kms.KeyName(in.KMSKey)); err == nil {
				v.KMSKey = name
			}
		case src != nil && src.Encrypted && src.Owner == call.Caller.Account:
			v.KMSKey = src.KMSKey
		case set.DefaultKey != "":
			v.KMSKey = set.DefaultKey
		default:
			ebs = v.ID
			v.KMSKey, _ = c.KMS.Resolve(tx.Tx, call.Region, call.Caller.Account, kms.EBSAlias)
		}
		if src != nil && src.Owner != call.Caller.Account {
			if err := c.tellOwner(tx.Tx, src, "SharedSnapshotVolumeCreated", call.Caller); err != nil {
				return err
			}
		}
		tx.Touch(v.Account, "AWS::EC2::Volume", v.ARN())
		tx.Respond(audit.Fields{"volumeId": v.ID, "size": strconv.FormatInt(v.Size, 10), "zone": v.Zone, "status": v.State,
			"snapshotId": v.Source, "createTime": v.Created.UnixMilli(), "volumeType": v.Type, "encrypted": v.Encrypted})
		if _, err := job.Enqueue(tx.Tx, jobCreateVolume, v.ID, c.clock.Now(), args); err != nil {
			return err
		}
		return v.Save(tx.Tx)
	})
	if err != nil {
		return nil, err
	}
	if prior != nil {
		return prior, nil
	}
	if ebs != "" && v.KMSKey == "" { // the answer names the key, so it comes into being now
		if v.KMSKey, err = c.KMS.EBSKey(ctx, v.Region, v.Account, call.RequestID); err != nil {
			return nil, err
		}
	}
	return v, nil
}

func (c *Cloud) authorizeCreateVolume(tx *Tx, v *volume.Volume, src *snapshot.Snapshot) error {
	keys := policy.Context{"ec2:Encrypted": {strconv.FormatBool(v.Encrypted)}, "ec2:VolumeSize": {strconv.FormatInt(v.Size, 10)}}
	if keys["ec2:VolumeType"] = []string{v.Type}; v.Type == "" {
		keys["ec2:VolumeType"] = []string{"gp2"}
	}
	all := []Resource{{ARN: (&volume.Volume{ID: "*", Account: v.Account, Region: v.Region}).ARN(), Context: keys}}
	if src != nil {
		keys["ec2:ParentSnapshot"] = []string{src.ARN()}
		all = append(all, Resource{ARN: src.ARN(), Context: policy.Context{"ec2:Owner": {string(src.Owner)}, "ec2:ParentVolume": {src.Volume}}})
	}
	return tx.Authorize("ec2:CreateVolume", all...)
}

func (c *Cloud) checkCreateVolume(in CreateVolumeInput, src *snapshot.Snapshot, call Call) error {
	switch {
	case in.Zone == "":
		return volume.ErrMissingParameter.Errorf("The request must contain the parameter AvailabilityZone")
	case !slices.Contains(Zones(call.Region), in.Zone):
		return volume.ErrZoneNotFound.Errorf("The zone '%s' does not exist.", in.Zone)
	case in.Size == 0 && src == nil:
		return volume.ErrMissingParameter.Errorf("The request must contain the parameter size/snapshot")
	case in.Size < 0 || in.Size > volume.MaxSize:
		return volume.ErrInvalidParameter.Errorf("Volume of %dGiB is out of range; a volume has 1 to %dGiB.", in.Size, volume.MaxSize)
	case in.KMSKey != "" && !in.Encrypted:
		return volume.ErrDependency.Errorf("The parameter [KmsKeyId] requires the parameter Encrypted to be set.")
	case src != nil && src.State != snapshot.Completed:
		return snapshot.ErrState.Errorf("Snapshot is in invalid state - %s", src.State)
	case src != nil && in.Size != 0 && in.Size < src.Size:
		return volume.ErrInvalidParameter.Errorf("Volume of size %dGB is smaller than snapshot '%s', expect size >= %dGB", in.Size, src.ID, src.Size)
	}
	return nil
}

// sameToken finds the volume that an earlier request with the same client
// token made.
func (c *Cloud) sameToken(tx *Tx, v *volume.Volume) (*volume.Volume, error) {
	if v.Token == "" {
		return nil, nil
	}
	all, err := volume.List(tx.Tx, v.Region, v.Account, c.clock.Now())
	for i := range all {
		if o := &all[i]; o.Token == v.Token {
			if o.Size != v.Size || o.Zone != v.Zone || o.Source != v.Source || o.Type != v.Type || o.Encrypted != v.Encrypted {
				return nil, volume.ErrTokenMismatch.Errorf("Idempotent request is different from the previous request with the same ClientToken")
			}
			return o, nil
		}
	}
	return nil, err
}

// runCreateVolume is the job: KMS first, then the bytes.
func (c *Cloud) runCreateVolume(ctx context.Context, j job.Record) error {
	var args createVolumeJob
	if err := j.Decode(&args); err != nil {
		return err
	}
	v, src, err := c.volumeAndSource(ctx, &args)
	if err != nil || v == nil || v.State != volume.Creating {
		return err
	}
	m := &volumeMaker{Cloud: c, job: j.ID, args: &args, v: v, src: src}
	err = m.make(ctx)
	if err != nil && (refused(err) || errors.Is(err, content.ErrDamaged)) {
		return c.failVolume(ctx, m, err)
	}
	return err
}

func (c *Cloud) volumeAndSource(ctx context.Context, args *createVolumeJob) (v *volume.Volume, src *snapshot.Snapshot, err error) {
	err = c.store.View(ctx, func(tx *state.Tx) error {
		var ok bool
		if v, ok, err = volume.Load(tx, args.region(), args.Volume); err != nil || !ok {
			v = nil
			return err
		}
		if v.Source == "" {
			return nil
		}
		src, err = snapshot.Find(tx, c.root, v.Region, v.Account, v.Source)
		if refused(err) { // gone, unshared or damaged: make says so unless it needs it no more
			src, err = nil, nil
		}
		return err
	})
	return v, src, err
}

// failVolume ends a volume that cannot be made, its grant retired.
func (c *Cloud) failVolume(ctx context.Context, m *volumeMaker, cause error) error {
	return c.store.Update(ctx, func(tx *state.Tx) error {
		v, ok, err := volume.Load(tx, m.v.Region, m.v.ID)
		if err != nil || !ok {
			return err
		}
		v.State, v.Message, v.Gone = volume.Failed, cause.Error(), c.clock.Now().Add(volume.ErrorTime)
		if err := m.retire(tx); err != nil {
			return err
		}
		if _, err := job.Enqueue(tx, jobRemoveFiles, v.ID, v.Gone, removeFiles{string(v.Region), v.ID}); err != nil {
			return err
		}
		return errors.Join(v.Save(tx), job.Done(tx, m.job))
	})
}

// volumeMaker makes one volume.
type volumeMaker struct {
	*Cloud
	job  string
	args *createVolumeJob
	v    *volume.Volume
	src  *snapshot.Snapshot
}

func (m *volumeMaker) make(ctx context.Context) error {
	v := m.v
	if v.Encrypted && !m.args.Ready {
		if err := m.resolveKey(ctx); err != nil {
			return err
		}
	}
	if m.src == nil && v.Source != "" && !m.args.Ready {
		return snapshot.ErrNotFound.Errorf("The snapshot '%s' does not exist.", v.Source)
	}
	if v.Source == "" {
		if v.Encrypted {
			if err := m.wrap(ctx, forwarded(m.args.Caller, v.Region, m.args.Cause)); err != nil {
				return err
			}
			v.DataKeyID = m.ids.UUID()
		}
		return m.complete(ctx, func(*state.Tx) error { return nil })
	}
	return m.restore(ctx)
}

// resolveKey turns the name of the key into its ARN, as the caller.
func (m *volumeMaker) resolveKey(ctx context.Context) error {
	v, err := m.v, error(nil)
	if m.args.KeyName != "" {
		return m.store.View(ctx, func(tx *state.Tx) error {
			v.KMSKey, err = m.KMS.Resolve(tx, v.Region, v.Account, kms.KeyName(m.args.KeyName))
			return err
		})
	}
	if v.KMSKey == "" {
		v.KMSKey, err = m.KMS.EBSKey(ctx, v.Region, v.Account, m.args.Cause)
	}
	return err
}

// wrap has a data key made for the volume.
func (m *volumeMaker) wrap(ctx context.Context, call kms.Call) error {
	d, err := m.KMS.GenerateDataKeyWithoutPlaintext(ctx, call, kms.KeyName(m.v.KMSKey), kms.DataKeyOptions{
		CryptoOptions: kms.CryptoOptions{Context: m.v.Context()}, NumberOfBytes: dataKeySize})
	if err == nil {
		m.v.WrappedKey = d.Ciphertext
	}
	return err
}

// complete makes the volume available, within one transaction with what else.
func (m *volumeMaker) complete(ctx context.Context, also func(*state.Tx) error) error {
	return m.store.Update(ctx, func(tx *state.Tx) error {
		m.v.State = volume.Available
		if err := m.retire(tx); err != nil {
			return err
		}
		return errors.Join(also(tx), m.v.Save(tx), job.Done(tx, m.job))
	})
}

// retire ends the grant that was made for the job.
func (m *volumeMaker) retire(tx *state.Tx) error {
	if m.args.GrantID == "" {
		return nil
	}
	key := m.args.Granted
	return m.KMS.RetireIn(tx, serviceCall(keyRegion(key), m.args.Cause, ""), kms.KeyName(key), m.args.GrantID)
}

type removeFiles struct{ Region, Volume string }

// runRemoveFiles removes a volume that is gone: its files once nobody holds
// them, then its record.
func (c *Cloud) runRemoveFiles(ctx context.Context, j job.Record) error {
	var args removeFiles
	if err := j.Decode(&args); err != nil {
		return err
	}
	defer c.locks.lock(args.Volume)()
	c.mu.Lock()
	u := c.open[args.Volume]
	c.mu.Unlock()
	if u != nil {
		return errors.New("the volume is still held by a pending snapshot")
	}
	if err := c.store.View(ctx, func(tx *state.Tx) error {
		return snapshot.Each(tx, c.root, args.region(), func(s *snapshot.Snapshot, err error) error {
			if err == nil && s.Volume == args.Volume && s.State == snapshot.Pending {
				return fmt.Errorf("the volume is still needed by %s, which is pending", s.ID)
			}
			return nil
		})
	}); err != nil {
		return err
	}
	if err := disk.Remove(c.files(args.Volume)); err != nil {
		return err
	}
	c.mu.Lock()
	delete(c.memory, args.Volume)
	c.mu.Unlock()
	return c.store.Update(ctx, func(tx *state.Tx) error {
		return errors.Join((&volume.Volume{ID: args.Volume, Region: args.region()}).Remove(tx), job.Done(tx, j.ID))
	})
}

// DeleteVolume deletes a volume that is not attached.
func (c *Cloud) DeleteVolume(ctx context.Context, call Call, id string, dryRun bool) error {
	defer c.locks.lock(id)()
	return c.Do(ctx, call, Op{Source: "ec2.amazonaws.com", Name: "DeleteVolume", Request: audit.Fields{"volumeId": id}}, func(tx *Tx) error {
		v, err := volume.Find(tx.Tx, call.Region, call.Caller.Account, id, c.clock.Now())
		if err != nil {
			return err
		}
		if err := tx.Authorize("ec2:DeleteVolume", Resource{ARN: v.ARN()}); err != nil {
			return err
		}
		if err := tx.DryRun(dryRun); err != nil {
			return err
		}
		if at := v.At(); at != nil {
			return volume.ErrInUse.Errorf("Volume %s is currently attached to %s", v.ID, at.Instance)
		}
		if v.State == volume.Creating {
			return volume.ErrIncorrectState.Errorf("Volume '%s' is in the '%s' state.", v.ID, v.State)
		}
		tx.Touch(v.Account, "AWS::EC2::Volume", v.ARN())
		v.State, v.Gone = volume.Deleting, c.clock.Now()
		if _, err := job.Enqueue(tx.Tx, jobRemoveFiles, v.ID, c.clock.Now(), removeFiles{string(v.Region), v.ID}); err != nil {
			return err
		}
		return v.Save(tx.Tx)
	})
}
