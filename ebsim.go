package ebsim

import (
	"context"

	"github.com/ebsim/ebsim/account/arn"
	"github.com/ebsim/ebsim/internal/awsapi"
	"github.com/ebsim/ebsim/internal/cloud"
)

// Options say what world Open opens. The zero value is one in memory.
type Options struct {
	// Dir is the data directory, made if it does not exist; empty: in memory.
	Dir string
	// Regions are the world's; nil: the 17 that AWS enables by default.
	Regions []arn.Region
}

// Cloud is one world of accounts, keys, volumes and snapshots. It is safe for
// concurrent use. Close it.
type Cloud struct {
	cloud *cloud.Cloud
	api   *awsapi.API
}

// Open opens a world.
func Open(o Options) (*Cloud, error) {
	c, err := cloud.Open(cloud.Options{Dir: o.Dir, Regions: o.Regions})
	if err != nil {
		return nil, err
	}
	return &Cloud{c, awsapi.New(c)}, nil
}

// Close ends the world, or leaves it in its data directory for the next Open.
func (c *Cloud) Close() error { return c.cloud.Close() }

// Wait waits until the jobs that are due, such as pending snapshots, are done.
func (c *Cloud) Wait(ctx context.Context) error { return c.cloud.Wait(ctx) }

// Call calls an AWS operation as the root user of an account: the service and
// operation as the API spells them ("ec2", "CreateVolume"), the input's members
// by name. It gives the output's members by name. A refusal is an *Error.
func (c *Cloud) Call(ctx context.Context, account arn.AccountID, region arn.Region, service, operation string, input map[string]any) (map[string]any, error) {
	return c.api.Call(ctx, account, region, service, operation, input)
}

// Error is a refused operation as AWS's clients see it: code, message, and the
// id of the request. errors.As also finds the *policy.DeniedError in it, whose
// decision tells which statement refused and what would have allowed it.
type Error = awsapi.Error
