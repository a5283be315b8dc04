package awsapi

import (
	"context"

	"github.com/ebsim/ebsim/account/arn"
	"github.com/ebsim/ebsim/account/audit"
	"github.com/ebsim/ebsim/internal/cloud"
	"github.com/ebsim/ebsim/kms"
)

// Call is an authenticated request on its way to its handler.
type Call struct {
	*cloud.Cloud
	cloud.Call
	op     *Operation
	fields audit.Fields // the input, for the trail
}

// API is the table of operations over one world.
type API struct {
	*Table
	cloud *cloud.Cloud
}

// New makes the API of a world.
func New(c *cloud.Cloud) *API { return &API{Table: Operations(), cloud: c} }

// Do authenticates a request, calls its operation and gives a pointer to its
// output. The error is an *Error.
func (a *API) Do(ctx context.Context, op *Operation, creds Credentials, region string, in any) (any, error) {
	call := &Call{Cloud: a.cloud, op: op, fields: fields(in)}
	call.Region, call.RequestID = arn.Region(region), a.cloud.IDs().UUID()
	out, err := a.do(ctx, call, creds, in)
	if err != nil {
		return nil, wireError(op, call.RequestID, err)
	}
	return out, nil
}

func (a *API) do(ctx context.Context, call *Call, creds Credentials, in any) (any, error) {
	if !a.cloud.HasRegion(call.Region) {
		return nil, errRegion.Errorf("Could not connect to the endpoint: this world has no region %q", call.Region)
	}
	caller, err := a.cloud.Authenticate(ctx, creds.AccessKeyID, creds.SecretAccessKey)
	if err != nil {
		return nil, err
	}
	call.Caller = caller
	call.Caller.SourceIP, call.Caller.UserAgent = "127.0.0.1", "ebsim"
	if global(call.op.Service) { // IAM's events are in one region
		call.Region = "us-east-1"
	}
	return call.op.handle(ctx, call, in)
}

func global(service string) bool { return service == "iam" }

// kms is the call as KMS takes it.
func (c *Call) kms() kms.Call {
	return kms.Call{Caller: c.Caller, Region: c.Region, RequestID: c.RequestID}
}

// asks is a request through the door with the operation's own action.
func (c *Call) asks(ctx context.Context, readOnly bool, resources []cloud.Resource, fn func(*cloud.Tx) error) error {
	op := cloud.Op{Source: c.op.Service + ".amazonaws.com", Name: c.op.Name, ReadOnly: readOnly, Request: c.fields}
	return c.Cloud.Do(ctx, c.Call, op, func(tx *cloud.Tx) error {
		if c.op.Action != "" {
			if err := tx.Authorize(c.op.Action, resources...); err != nil {
				return err
			}
		}
		return fn(tx)
	})
}
