package cloud

import (
	"context"
	"errors"
	"maps"

	"github.com/ebsim/ebsim/account/arn"
	"github.com/ebsim/ebsim/account/audit"
	"github.com/ebsim/ebsim/account/policy"
	"github.com/ebsim/ebsim/internal/state"
	"github.com/ebsim/ebsim/kms"
)

// Kinds of failure that no domain package has.
const (
	ErrDryRun       audit.Kind = "the request would have succeeded"
	ErrUnauthorized audit.Kind = "not authorized"
)

// Call is an authenticated request: who, where, and its id, which is also that
// of its event.
type Call struct {
	Caller    audit.Caller
	Region    arn.Region
	RequestID string
}

// Op names an operation for the trail.
type Op struct {
	Source   string // "ec2.amazonaws.com"
	Name     string // "CopySnapshot"
	ReadOnly bool
	Request  audit.Fields
}

// Request is a call on its way through the door.
type Request struct {
	*Cloud
	Call
	event audit.Event
	docs  []*policy.Document
}

// Tx is a transaction of a request.
type Tx struct {
	*state.Tx
	r *Request
}

// Begin lets a request in. Exactly one of its steps must end it: Finish, or
// one that fails.
func (c *Cloud) Begin(call Call, op Op) *Request {
	if call.RequestID == "" {
		call.RequestID = c.ids.UUID()
	}
	return &Request{Cloud: c, Call: call, event: audit.Event{
		ID: call.RequestID, RequestID: call.RequestID, Account: call.Caller.Account, Region: call.Region,
		Source: op.Source, Name: op.Name, ReadOnly: op.ReadOnly, Request: op.Request,
		Identity: call.Caller.Identity(call.Region), SourceIP: call.Caller.SourceIP, UserAgent: call.Caller.UserAgent,
	}}
}

// Do is the door for a request of one step: fn authorizes and acts, and what
// it did commits together with its event. A request that only reads runs on a
// view. Fn may run again: it must have no other effects.
func (c *Cloud) Do(ctx context.Context, call Call, op Op, fn func(*Tx) error) error {
	r := c.Begin(call, op)
	if !op.ReadOnly {
		return r.Finish(ctx, fn)
	}
	if err := r.Look(ctx, fn); err != nil {
		return err
	}
	c.Trail.Append(func(tx *state.Tx) error { return c.Trail.Record(tx, &r.event, r.docs...) })
	return nil
}

// Look runs fn on a view.
func (r *Request) Look(ctx context.Context, fn func(*Tx) error) error {
	return r.end(r.store.View(ctx, func(tx *state.Tx) error { return fn(r.tx(tx)) }))
}

// Step runs fn in a durable transaction.
func (r *Request) Step(ctx context.Context, fn func(*Tx) error) error {
	return r.end(r.store.Update(ctx, func(tx *state.Tx) error { return fn(r.tx(tx)) }))
}

// Finish runs fn in a durable transaction and records the request's event
// there.
func (r *Request) Finish(ctx context.Context, fn func(*Tx) error) error {
	err := r.end(r.store.Update(ctx, func(tx *state.Tx) error {
		if err := fn(r.tx(tx)); err != nil {
			return err
		}
		return r.Trail.Record(tx, &r.event, r.docs...)
	}))
	if err == nil {
		r.jobs.Kick()
	}
	return err
}

// Fail ends the request with an error.
func (r *Request) Fail(err error) error { return r.end(err) }

// end records a failure with the request's event and what else it carries.
func (r *Request) end(err error) error {
	if err == nil {
		return nil
	}
	e := r.event
	e.Fail(err)
	err = &audit.Failed{Event: &e, Docs: r.docs, Err: err}
	r.Trail.RecordFailed(err)
	return err
}

func (r *Request) tx(tx *state.Tx) *Tx { return &Tx{tx, r} }

// Respond sets the event's response.
func (tx *Tx) Respond(f audit.Fields) { tx.r.event.Response = f }

// Touch notes that the request concerns a resource.
func (tx *Tx) Touch(account arn.AccountID, kind, name string) {
	tx.r.event.Resources = append(tx.r.event.Resources, audit.Resource{AccountID: account, Type: kind, ARN: name})
}

// Resource is one that a request asks about, with the condition keys that
// belong to it.
type Resource struct {
	ARN     string
	Context policy.Context
}

// Authorize asks whether the caller may do an action to every one of some
// resources; none means the action has no resource. All are decided, then the
// first refusal is the error.
func (tx *Tx) Authorize(action string, resources ...Resource) error {
	identity, err := tx.r.Accounts.Policies(tx.Tx, tx.r.Caller.Principal)
	if err != nil {
		return err
	}
	if len(resources) == 0 {
		resources = []Resource{{}}
	}
	var refused error
	for _, res := range resources {
		c := policy.Context{
			"aws:RequestedRegion": {string(tx.r.Region)}, "ec2:Region": {string(tx.r.Region)},
			"aws:SecureTransport": {"true"}, "aws:ViaAWSService": {"false"},
		}
		maps.Copy(c, res.Context)
		d := policy.Decide(policy.Request{Principal: tx.r.Caller.Principal, Action: action, Resource: res.ARN, Context: c},
			policy.Policies{Identity: identity})
		tx.r.event.Decisions = append(tx.r.event.Decisions, d.Compact())
		tx.r.docs = append(tx.r.docs, d.Documents()...)
		if err := d.Err(); err != nil && refused == nil {
			refused = err
		}
	}
	return refused
}

// DryRun ends a request that only asked whether it may.
func (tx *Tx) DryRun(asked bool) error {
	if asked {
		return ErrDryRun.Errorf("Request would have succeeded, but DryRun flag is set.")
	}
	return nil
}

// forwarded is how EC2 calls KMS on the caller's behalf.
func forwarded(caller audit.Caller, region arn.Region, cause string) kms.Call {
	return kms.Call{Caller: caller.Through("ec2-frontend-api.amazonaws.com"), Region: region, Cause: cause, Via: "ec2"}
}

// serviceCall is how EBS calls KMS by itself: under a grant, or without one
// under its standing.
func serviceCall(region arn.Region, cause, grantID string) kms.Call {
	return kms.Call{Caller: audit.Service("ebs.amazonaws.com"), Region: region, Cause: cause, GrantID: grantID}
}

// ec2Service names EC2 in a region as a grantee or retiring principal.
func ec2Service(region arn.Region) string { return "ec2." + string(region) + ".amazonaws.com" }

// refused reports whether an error is an answer of KMS (a policy or the key's
// state refused), not a failure to ask.
func refused(err error) bool {
	var kind *audit.Error
	return errors.Is(err, policy.ErrDenied) || errors.As(err, &kind)
}

// grantFor is the grant that EC2 makes for one data key.
func grantFor(grantee string, region arn.Region, context map[string]string) kms.GrantOptions {
	return kms.GrantOptions{Grantee: grantee, Retiring: ec2Service(region), Operations: []string{"Decrypt"}, Subset: context}
}

// keyRegion gives the region of a key by its ARN.
func keyRegion(keyARN string) arn.Region {
	a, err := arn.Parse(keyARN)
	if err != nil {
		return ""
	}
	return a.Region
}

// Authenticate gives the caller that an access key and its secret belong to.
// It fails with account.ErrUnknownKey and account.ErrBadSecret.
func (c *Cloud) Authenticate(ctx context.Context, keyID, secret string) (caller audit.Caller, err error) {
	err = c.store.View(ctx, func(tx *state.Tx) (err error) {
		caller, err = c.Accounts.Authenticate(tx, keyID, secret)
		return err
	})
	return caller, err
}
