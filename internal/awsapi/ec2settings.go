package awsapi

import (
	"context"

	"github.com/ebsim/ebsim/internal/cloud"
	"github.com/ebsim/ebsim/kms"
	"github.com/ebsim/ebsim/volume"
)

type dryRunInput struct{ DryRun bool }

type ebsEncryptionByDefault struct {
	EbsEncryptionByDefault bool `wire:"ebsEncryptionByDefault"`
}

type ebsDefaultKey struct {
	KmsKeyId string `wire:"kmsKeyId"`
}

type modifyEbsDefaultKmsKeyIdInput struct {
	KmsKeyId string `required:"true"`
	DryRun   bool
}

type availabilityZone struct {
	RegionName string `wire:"regionName"`
	ZoneName   string `wire:"zoneName"`
	ZoneType   string `wire:"zoneType"`
	State      string `wire:"zoneState"`
}

type describeAvailabilityZonesOutput struct {
	AvailabilityZones []availabilityZone `wire:"availabilityZoneInfo"`
}

type region struct {
	OptInStatus string `wire:"optInStatus"`
	RegionName  string `wire:"regionName"`
	Endpoint    string `wire:"regionEndpoint"`
}

type describeRegionsOutput struct {
	Regions []region `wire:"regionInfo"`
}

// settings reads or changes the caller's settings in the region.
func (c *Call) settings(ctx context.Context, dryRun, readOnly bool, change func(*cloud.Tx, *volume.Settings) error) (s volume.Settings, err error) {
	err = c.asks(ctx, readOnly, nil, func(tx *cloud.Tx) error {
		if err := tx.DryRun(dryRun); err != nil {
			return err
		}
		if s, err = volume.LoadSettings(tx.Tx, c.Region, c.Caller.Account); err != nil || change == nil {
			return err
		}
		if err := change(tx, &s); err != nil {
			return err
		}
		return s.Save(tx.Tx, c.Region, c.Caller.Account)
	})
	return s, err
}

func (c *Call) defaultKey(s volume.Settings, err error) (*ebsDefaultKey, error) {
	key := s.DefaultKey
	if key == "" {
		key = kms.EBSAlias
	}
	return &ebsDefaultKey{key}, err
}

func setByDefault(on bool) func(context.Context, *Call, *dryRunInput) (*ebsEncryptionByDefault, error) {
	return func(ctx context.Context, c *Call, in *dryRunInput) (*ebsEncryptionByDefault, error) {
		s, err := c.settings(ctx, in.DryRun, false, func(_ *cloud.Tx, s *volume.Settings) error { s.ByDefault = on; return nil })
		return &ebsEncryptionByDefault{s.ByDefault}, err
	}
}

func ec2Settings() []*Operation {
	return []*Operation{
		declare("ec2", "EnableEbsEncryptionByDefault", "Encrypts every new volume and copy.", setByDefault(true)),
		declare("ec2", "DisableEbsEncryptionByDefault", "Ends encryption by default.", setByDefault(false)),
		declare("ec2", "GetEbsEncryptionByDefault", "Tells whether encryption by default is on.", func(ctx context.Context, c *Call, in *dryRunInput) (*ebsEncryptionByDefault, error) {
			s, err := c.settings(ctx, in.DryRun, true, nil)
			return &ebsEncryptionByDefault{s.ByDefault}, err
		}),
		declare("ec2", "GetEbsDefaultKmsKeyId", "Tells the default key for EBS.", func(ctx context.Context, c *Call, in *dryRunInput) (*ebsDefaultKey, error) {
			return c.defaultKey(c.settings(ctx, in.DryRun, true, nil))
		}),
		declare("ec2", "ModifyEbsDefaultKmsKeyId", "Sets the default key for EBS.", func(ctx context.Context, c *Call, in *modifyEbsDefaultKmsKeyIdInput) (*ebsDefaultKey, error) {
			return c.defaultKey(c.settings(ctx, in.DryRun, false, func(tx *cloud.Tx, s *volume.Settings) (err error) {
				s.DefaultKey, err = c.KMS.Resolve(tx.Tx, c.Region, c.Caller.Account, kms.KeyName(in.KmsKeyId))
				return err
			}))
		}),
		declare("ec2", "ResetEbsDefaultKmsKeyId", "Makes alias/aws/ebs the default key again.", func(ctx context.Context, c *Call, in *dryRunInput) (*ebsDefaultKey, error) {
			return c.defaultKey(c.settings(ctx, in.DryRun, false, func(_ *cloud.Tx, s *volume.Settings) error { s.DefaultKey = ""; return nil }))
		}),
		declare("ec2", "DescribeAvailabilityZones", "Lists the region's zones.", func(ctx context.Context, c *Call, in *dryRunInput) (*describeAvailabilityZonesOutput, error) {
			out := &describeAvailabilityZonesOutput{}
			return out, c.asks(ctx, true, nil, func(tx *cloud.Tx) error {
				for _, z := range cloud.Zones(c.Region) {
					out.AvailabilityZones = append(out.AvailabilityZones, availabilityZone{string(c.Region), z, "availability-zone", "available"})
				}
				return tx.DryRun(in.DryRun)
			})
		}),
		declare("ec2", "DescribeRegions", "Lists the world's regions.", func(ctx context.Context, c *Call, in *dryRunInput) (*describeRegionsOutput, error) {
			out := &describeRegionsOutput{}
			return out, c.asks(ctx, true, nil, func(tx *cloud.Tx) error {
				for _, r := range c.Regions() {
					out.Regions = append(out.Regions, region{"opt-in-not-required", string(r), "ec2." + string(r) + ".amazonaws.com"})
				}
				return tx.DryRun(in.DryRun)
			})
		}),
	}
}
