package awsapi

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/ebsim/ebsim/account/arn"
	"github.com/ebsim/ebsim/account/policy"
	"github.com/ebsim/ebsim/internal/cloud"
	"github.com/ebsim/ebsim/snapshot"
)

type ec2Snapshot struct {
	StorageTier             string     `wire:"storageTier"`
	CompletionTime          *time.Time `wire:"completionTime"`
	FullSnapshotSizeInBytes *int64     `wire:"fullSnapshotSizeInBytes"`
	SnapshotId              string     `wire:"snapshotId"`
	VolumeId                string     `wire:"volumeId"`
	State                   string     `wire:"status"`
	StateMessage            string     `wire:"statusMessage"`
	StartTime               time.Time  `wire:"startTime"`
	Progress                string     `wire:"progress"`
	OwnerId                 string     `wire:"ownerId"`
	Description             *string    `wire:"description"`
	VolumeSize              int64      `wire:"volumeSize"`
	Encrypted               bool       `wire:"encrypted"`
	KmsKeyId                string     `wire:"kmsKeyId"`
	DataEncryptionKeyId     string     `wire:"dataEncryptionKeyId"`
	Tags                    []tag      `wire:"tagSet"`
}

func snapshotTags(tags []tag) (all []snapshot.Tag) {
	for _, t := range tags {
		all = append(all, snapshot.Tag(t))
	}
	return all
}

func (c *Call) snapshotOf(s *snapshot.Snapshot) ec2Snapshot {
	out := ec2Snapshot{StorageTier: "standard", SnapshotId: s.ID, VolumeId: s.Volume, State: string(s.State), StateMessage: s.Message,
		StartTime: s.Started, Progress: strconv.Itoa(c.Progress(s)) + "%", OwnerId: string(s.Owner), Description: &s.Description,
		VolumeSize: s.Size, Encrypted: s.Encrypted, KmsKeyId: s.KMSKey, DataEncryptionKeyId: s.DataKeyID}
	if s.State == snapshot.Completed {
		out.CompletionTime, out.FullSnapshotSizeInBytes = &s.Completed, &s.FullBytes
	}
	for _, t := range s.Tags {
		out.Tags = append(out.Tags, tag(t))
	}
	return out
}

type createSnapshotInput struct {
	Description       string
	VolumeId          string             `required:"true"`
	TagSpecifications []tagSpecification `wire:"TagSpecification"`
	DryRun            bool               `wire:"dryRun"`
}

type copySnapshotInput struct {
	Description       string
	DestinationRegion string `wire:"destinationRegion"`
	Encrypted         *bool  `wire:"encrypted"`
	KmsKeyId          string `wire:"kmsKeyId"`
	PresignedUrl      string `wire:"presignedUrl" sensitive:"true"`
	SourceRegion      string `required:"true"`
	SourceSnapshotId  string `required:"true"`

	TagSpecifications []tagSpecification `wire:"TagSpecification"`
	DryRun            bool               `wire:"dryRun"`
}

type copySnapshotOutput struct {
	Tags       []tag  `wire:"tagSet"`
	SnapshotId string `wire:"snapshotId"`
}

type snapshotIDInput struct {
	SnapshotId string `required:"true"`
	DryRun     bool   `wire:"dryRun"`
}

type describeSnapshotsInput struct {
	MaxResults          *int64
	NextToken           string
	OwnerIds            []string `wire:"Owner"`
	RestorableByUserIds []string `wire:"RestorableBy"`
	SnapshotIds         []string `wire:"SnapshotId"`
	DryRun              bool     `wire:"dryRun"`
	Filters             []filter `wire:"Filter"`
}

type describeSnapshotsOutput struct {
	NextToken string        `wire:"nextToken"`
	Snapshots []ec2Snapshot `wire:"snapshotSet"`
}

type createVolumePermission struct {
	UserId string `wire:"userId"`
	Group  string `wire:"group"`
}

type createVolumePermissionModifications struct {
	Add    []createVolumePermission
	Remove []createVolumePermission
}

type modifySnapshotAttributeInput struct {
	Attribute              string
	CreateVolumePermission *createVolumePermissionModifications
	GroupNames             []string `wire:"UserGroup"`
	OperationType          string   `enum:"add|remove"`
	SnapshotId             string   `required:"true"`
	UserIds                []string `wire:"UserId"`
	DryRun                 bool     `wire:"dryRun"`
}

type describeSnapshotAttributeInput struct {
	Attribute  string `required:"true"`
	SnapshotId string `required:"true"`
	DryRun     bool   `wire:"dryRun"`
}

type describeSnapshotAttributeOutput struct {
	SnapshotId              string                   `wire:"snapshotId"`
	CreateVolumePermissions []createVolumePermission `wire:"createVolumePermission"`
}

type resetSnapshotAttributeInput describeSnapshotAttributeInput

// change reads both forms of the request.
func (in *modifySnapshotAttributeInput) change() (change snapshot.Change, err error) {
	if in.Attribute != "" && in.Attribute != "createVolumePermission" {
		return change, errFilter.Errorf("Value (%s) for parameter attribute is invalid. ebsim knows createVolumePermission.", in.Attribute)
	}
	permit := func(p createVolumePermission, add bool) error {
		switch {
		case p.Group != "" && p.Group != "all":
			return errFilter.Errorf("Value (%s) for parameter group is invalid. It is all.", p.Group)
		case p.Group != "" && add:
			change.AddPublic = true
		case p.Group != "":
			change.RemovePublic = true
		case add:
			change.Add = append(change.Add, arn.AccountID(p.UserId))
		default:
			change.Remove = append(change.Remove, arn.AccountID(p.UserId))
		}
		return nil
	}
	var all, gone []createVolumePermission
	if p := in.CreateVolumePermission; p != nil {
		all, gone = p.Add, p.Remove
	}
	var flat []createVolumePermission
	for _, id := range in.UserIds {
		flat = append(flat, createVolumePermission{UserId: id})
	}
	for _, g := range in.GroupNames {
		flat = append(flat, createVolumePermission{Group: g})
	}
	switch {
	case len(flat) > 0 && in.OperationType == "add":
		all = append(all, flat...)
	case len(flat) > 0 && in.OperationType == "remove":
		gone = append(gone, flat...)
	case len(flat) > 0:
		return change, errFilter.Errorf("Value (%s) for parameter operationType is invalid. It is add or remove.", in.OperationType)
	}
	if len(all)+len(gone) == 0 {
		return change, errFilter.Errorf("The request names no account and no group to add or remove")
	}
	for _, p := range all {
		if err := permit(p, true); err != nil {
			return change, err
		}
	}
	for _, p := range gone {
		if err := permit(p, false); err != nil {
			return change, err
		}
	}
	return change, nil
}

func (c *Call) describeSnapshots(ctx context.Context, in *describeSnapshotsInput) (*describeSnapshotsOutput, error) {
	out := &describeSnapshotsOutput{Snapshots: []ec2Snapshot{}}
	return out, c.asks(ctx, true, nil, func(tx *cloud.Tx) error {
		if err := tx.DryRun(in.DryRun); err != nil {
			return err
		}
		var all []snapshot.Snapshot
		var err error
		if len(in.SnapshotIds) == 0 {
			if all, err = c.Snapshots(tx); err != nil {
				return err
			}
		}
		for _, id := range in.SnapshotIds {
			s, err := c.FindSnapshot(tx, id)
			if err != nil {
				return err
			}
			all = append(all, *s)
		}
		self := func(ids []string) []string {
			ids = slices.Clone(ids)
			for i, id := range ids {
				if id == "self" {
					ids[i] = string(c.Caller.Account)
				}
			}
			return ids
		}
		owners, restorable := self(in.OwnerIds), self(in.RestorableByUserIds)
		for i := range all {
			s := &all[i]
			if !s.VisibleTo(c.Caller.Account) || len(owners) > 0 && !slices.Contains(owners, string(s.Owner)) {
				continue
			}
			by := len(restorable) == 0
			for _, id := range restorable {
				by = by || id == "all" && s.Public || id != "all" && (string(s.Owner) == id || slices.Contains(s.SharedWith, arn.AccountID(id)))
			}
			ok, err := matches(in.Filters, snapshotFilter(s))
			if err != nil {
				return err
			}
			if ok && by {
				out.Snapshots = append(out.Snapshots, c.snapshotOf(s))
			}
		}
		return nil
	})
}

func (c *Call) snapshotAbout(s *snapshot.Snapshot) cloud.Resource {
	return cloud.Resource{ARN: s.ARN(), Context: policy.Context{"ec2:Owner": {string(s.Owner)}, "ec2:ParentVolume": {s.Volume}}}
}

func ec2Snapshots() []*Operation {
	return []*Operation{
		declare("ec2", "CreateSnapshot", "Freezes a volume and seals what changed.", func(ctx context.Context, c *Call, in *createSnapshotInput) (*ec2Snapshot, error) {
			tags, err := tagsFor(in.TagSpecifications, "snapshot")
			if err != nil {
				return nil, err
			}
			s, err := c.CreateSnapshot(ctx, c.Call, in.VolumeId, in.Description, snapshotTags(tags), in.DryRun)
			if err != nil {
				return nil, err
			}
			out := c.snapshotOf(s)
			out.Progress, out.KmsKeyId, out.DataEncryptionKeyId, out.StorageTier = "", "", "", ""
			return &out, nil
		}),
		declare("ec2", "CopySnapshot", "Copies a snapshot into this region, to another key.", func(ctx context.Context, c *Call, in *copySnapshotInput) (*copySnapshotOutput, error) {
			tags, err := tagsFor(in.TagSpecifications, "snapshot")
			if err != nil {
				return nil, err
			}
			if d := in.DestinationRegion; d != "" && d != string(c.Region) {
				return nil, errFilter.Errorf("Value (%s) for parameter destinationRegion is invalid. A copy is asked for in its destination, here %s.", d, c.Region)
			}
			s, err := c.CopySnapshot(ctx, c.Call, cloud.CopySnapshotInput{Source: in.SourceSnapshotId, SourceRegion: arn.Region(in.SourceRegion),
				Encrypted: or(in.Encrypted, false), KMSKey: in.KmsKeyId, Description: in.Description, Tags: snapshotTags(tags), DryRun: in.DryRun}, c.fields)
			if err != nil {
				return nil, err
			}
			return &copySnapshotOutput{tags, s.ID}, nil
		}),
		declare("ec2", "DeleteSnapshot", "Deletes a snapshot.", func(ctx context.Context, c *Call, in *snapshotIDInput) (*empty, error) {
			return nil, c.DeleteSnapshot(ctx, c.Call, in.SnapshotId, in.DryRun)
		}),
		declare("ec2", "DescribeSnapshots", "Tells about snapshots, own ones and shared ones.", func(ctx context.Context, c *Call, in *describeSnapshotsInput) (*describeSnapshotsOutput, error) {
			return c.describeSnapshots(ctx, in)
		}),
		declare("ec2", "ModifySnapshotAttribute", "Shares a snapshot, or ends it.", func(ctx context.Context, c *Call, in *modifySnapshotAttributeInput) (*empty, error) {
			change, err := in.change()
			if err != nil {
				return nil, err
			}
			return nil, c.ShareSnapshot(ctx, c.Call, in.SnapshotId, change, c.fields, in.DryRun)
		}),
		declare("ec2", "DescribeSnapshotAttribute", "Tells with whom a snapshot is shared.", func(ctx context.Context, c *Call, in *describeSnapshotAttributeInput) (*describeSnapshotAttributeOutput, error) {
			if in.Attribute != "createVolumePermission" {
				return nil, errFilter.Errorf("Value (%s) for parameter attribute is invalid. ebsim knows createVolumePermission.", in.Attribute)
			}
			out := &describeSnapshotAttributeOutput{SnapshotId: in.SnapshotId, CreateVolumePermissions: []createVolumePermission{}}
			return out, c.Cloud.Do(ctx, c.Call, cloud.Op{Source: "ec2.amazonaws.com", Name: c.op.Name, ReadOnly: true, Request: c.fields}, func(tx *cloud.Tx) error {
				s, err := c.FindSnapshot(tx, in.SnapshotId)
				if err == nil && s.Owner != c.Caller.Account {
					err = snapshot.ErrNotFound.Errorf("The snapshot '%s' does not exist.", in.SnapshotId)
				}
				if err != nil {
					return err
				}
				if err := tx.Authorize(c.op.Action, c.snapshotAbout(s)); err != nil {
					return err
				}
				if s.Public {
					out.CreateVolumePermissions = append(out.CreateVolumePermissions, createVolumePermission{Group: "all"})
				}
				for _, id := range s.SharedWith {
					out.CreateVolumePermissions = append(out.CreateVolumePermissions, createVolumePermission{UserId: string(id)})
				}
				return tx.DryRun(in.DryRun)
			})
		}),
		declare("ec2", "ResetSnapshotAttribute", "Ends all sharing of a snapshot.", func(ctx context.Context, c *Call, in *resetSnapshotAttributeInput) (*empty, error) {
			return nil, c.UnshareSnapshot(ctx, c.Call, in.SnapshotId, c.fields, in.DryRun)
		}),
	}
}
