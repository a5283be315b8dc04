package awsapi

import (
	"context"

	"github.com/ebsim/ebsim/internal/cloud"
)

type callerIdentity struct{ UserId, Account, Arn string }

func stsOperations() []*Operation {
	identity := declare("sts", "GetCallerIdentity", "Tells who signs.", func(ctx context.Context, c *Call, in *empty) (*callerIdentity, error) {
		out := &callerIdentity{c.Caller.ID, string(c.Caller.Account), c.Caller.ARN}
		return out, c.asks(ctx, true, nil, func(*cloud.Tx) error { return nil })
	})
	identity.Action = "" // it needs no permission, and no Deny affects it
	return []*Operation{identity}
}
