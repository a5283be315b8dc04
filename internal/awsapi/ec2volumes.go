package awsapi

import (
	"context"
	"time"

	"github.com/ebsim/ebsim/internal/cloud"
	"github.com/ebsim/ebsim/volume"
)

type tag struct {
	Key   string `wire:"key"`
	Value string `wire:"value"`
}

type tagSpecification struct {
	ResourceType string
	Tags         []tag `wire:"Tag"`
}

type filter struct {
	Name   string
	Values []string `wire:"Value"`
}

type volumeAttachment struct {
	DeleteOnTermination bool      `wire:"deleteOnTermination"`
	VolumeId            string    `wire:"volumeId"`
	InstanceId          string    `wire:"instanceId"`
	Device              string    `wire:"device"`
	State               string    `wire:"status"`
	AttachTime          time.Time `wire:"attachTime"`
}

type ec2Volume struct {
	Iops               *int64             `wire:"iops"`
	Tags               []tag              `wire:"tagSet"`
	VolumeType         string             `wire:"volumeType"`
	MultiAttachEnabled bool               `wire:"multiAttachEnabled"`
	Throughput         *int64             `wire:"throughput"`
	VolumeId           string             `wire:"volumeId"`
	Size               int64              `wire:"size"`
	SnapshotId         *string            `wire:"snapshotId"`
	AvailabilityZone   string             `wire:"availabilityZone"`
	State              string             `wire:"status"`
	CreateTime         time.Time          `wire:"createTime"`
	Attachments        []volumeAttachment `wire:"attachmentSet"`
	Encrypted          bool               `wire:"encrypted"`
	KmsKeyId           string             `wire:"kmsKeyId"`
}

func volumeOf(v *volume.Volume) ec2Volume {
	out := ec2Volume{VolumeType: v.Type, VolumeId: v.ID, Size: v.Size, SnapshotId: &v.Source, AvailabilityZone: v.Zone,
		State: string(v.State), CreateTime: v.Created, Encrypted: v.Encrypted, KmsKeyId: v.KMSKey, Attachments: []volumeAttachment{}}
	if v.IOPS > 0 {
		out.Iops = &v.IOPS
	}
	if v.Throughput > 0 {
		out.Throughput = &v.Throughput
	}
	for _, t := range v.Tags {
		out.Tags = append(out.Tags, tag(t))
	}
	for _, a := range v.Attachments {
		out.Attachments = append(out.Attachments, attachmentOf(v, &a))
	}
	return out
}

func attachmentOf(v *volume.Volume, a *volume.Attachment) volumeAttachment {
	return volumeAttachment{a.DeleteOn, v.ID, a.Instance, a.Device, string(a.State), a.Since}
}

type createVolumeInput struct {
	AvailabilityZone  string
	Encrypted         *bool `wire:"encrypted"`
	Iops              *int64
	KmsKeyId          string
	Size              int64
	SnapshotId        string
	VolumeType        string
	TagSpecifications []tagSpecification `wire:"TagSpecification"`
	Throughput        *int64
	ClientToken       string
	DryRun            bool `wire:"dryRun"`
}

type volumeIDInput struct {
	VolumeId string `required:"true"`
	DryRun   bool   `wire:"dryRun"`
}

type describeVolumesInput struct {
	VolumeIds  []string `wire:"VolumeId"`
	DryRun     bool     `wire:"dryRun"`
	Filters    []filter `wire:"Filter"`
	NextToken  string   `wire:"nextToken"`
	MaxResults *int64   `wire:"maxResults"`
}

type describeVolumesOutput struct {
	NextToken string      `wire:"nextToken"`
	Volumes   []ec2Volume `wire:"volumeSet"`
}

type attachVolumeInput struct {
	Device     string `required:"true"`
	InstanceId string `required:"true"`
	VolumeId   string `required:"true"`
	DryRun     bool   `wire:"dryRun"`
}

type detachVolumeInput struct {
	Device     string
	Force      bool
	InstanceId string
	VolumeId   string `required:"true"`
	DryRun     bool   `wire:"dryRun"`
}

// tagsFor gives the tags of the specifications for one type of resource.
func tagsFor(specs []tagSpecification, kind string) ([]tag, error) {
	var all []tag
	for _, s := range specs {
		if s.ResourceType != kind {
			return nil, volume.ErrInvalidParameter.Errorf("'%s' is not a valid taggable resource type for this operation.", s.ResourceType)
		}
		all = append(all, s.Tags...)
	}
	return all, checkTags(all)
}

func volumeTags(all []tag) (tags []volume.Tag) {
	for _, t := range all {
		tags = append(tags, volume.Tag(t))
	}
	return tags
}

func ec2Volumes() []*Operation {
	return []*Operation{
		declare("ec2", "CreateVolume", "Makes a volume, empty or from a snapshot.", func(ctx context.Context, c *Call, in *createVolumeInput) (*ec2Volume, error) {
			tags, err := tagsFor(in.TagSpecifications, "volume")
			if err != nil {
				return nil, err
			}
			v, err := c.CreateVolume(ctx, c.Call, cloud.CreateVolumeInput{Zone: in.AvailabilityZone, Size: in.Size, Snapshot: in.SnapshotId,
				Type: in.VolumeType, IOPS: in.Iops, Throughput: in.Throughput, Encrypted: or(in.Encrypted, false), KMSKey: in.KmsKeyId,
				Tags: volumeTags(tags), Token: in.ClientToken, DryRun: in.DryRun}, c.fields)
			if err != nil {
				return nil, err
			}
			out := volumeOf(v)
			out.Attachments = nil
			return &out, nil
		}),
		declare("ec2", "DeleteVolume", "Deletes a volume that is not attached.", func(ctx context.Context, c *Call, in *volumeIDInput) (*empty, error) {
			return nil, c.DeleteVolume(ctx, c.Call, in.VolumeId, in.DryRun)
		}),
		declare("ec2", "DescribeVolumes", "Tells about volumes.", func(ctx context.Context, c *Call, in *describeVolumesInput) (*describeVolumesOutput, error) {
			out := &describeVolumesOutput{Volumes: []ec2Volume{}}
			return out, c.asks(ctx, true, nil, func(tx *cloud.Tx) error {
				if err := tx.DryRun(in.DryRun); err != nil {
					return err
				}
				var all []volume.Volume
				if len(in.VolumeIds) == 0 {
					var err error
					if all, err = volume.List(tx.Tx, c.Region, c.Caller.Account, c.Clock().Now()); err != nil {
						return err
					}
				}
				for _, id := range in.VolumeIds {
					v, err := volume.Find(tx.Tx, c.Region, c.Caller.Account, id, c.Clock().Now())
					if err != nil {
						return err
					}
					all = append(all, *v)
				}
				for i := range all {
					ok, err := matches(in.Filters, volumeFilter(&all[i]))
					if err != nil {
						return err
					}
					if ok {
						out.Volumes = append(out.Volumes, volumeOf(&all[i]))
					}
				}
				return nil
			})
		}),
		declare("ec2", "AttachVolume", "Unlocks a volume for an instance.", func(ctx context.Context, c *Call, in *attachVolumeInput) (*volumeAttachment, error) {
			v, err := c.AttachVolume(ctx, c.Call, in.VolumeId, in.InstanceId, in.Device, in.DryRun)
			if err != nil {
				return nil, err
			}
			out := attachmentOf(v, v.At())
			out.State = string(volume.Attaching)
			return &out, nil
		}),
		declare("ec2", "DetachVolume", "Closes a volume and drops its key.", func(ctx context.Context, c *Call, in *detachVolumeInput) (*volumeAttachment, error) {
			v, err := c.DetachVolume(ctx, c.Call, in.VolumeId, in.InstanceId, in.DryRun)
			if err != nil {
				return nil, err
			}
			out := attachmentOf(v, v.At())
			out.State = string(volume.Detaching)
			return &out, nil
		}),
	}
}
