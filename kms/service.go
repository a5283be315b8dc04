package kms

import (
	"context"
	"slices"

	"github.com/ebsim/ebsim/account/arn"
	"github.com/ebsim/ebsim/account/audit"
	"github.com/ebsim/ebsim/account/policy"
	"github.com/ebsim/ebsim/internal/clock"
	"github.com/ebsim/ebsim/internal/id"
	"github.com/ebsim/ebsim/internal/rootkey"
	"github.com/ebsim/ebsim/internal/state"
)

// Principals is what KMS must know of accounts.
type Principals interface {
	// Policies gives a principal's identity policies.
	Policies(tx *state.Tx, p policy.Principal) ([]policy.Source, error)
	// Exists reports whether a principal named in a policy or grant is there.
	Exists(tx *state.Tx, principal string) (bool, error)
}

// Service is AWS KMS in every region. It is safe for concurrent use.
type Service struct {
	store      *state.Store
	trail      *audit.Trail
	principals Principals
	root       *rootkey.Key
	clock      *clock.Clock
	ids        *id.Source
}

// New makes a Service over a store. Key material is sealed under root.
func New(store *state.Store, trail *audit.Trail, principals Principals, root *rootkey.Key, clk *clock.Clock, ids *id.Source) *Service {
	return &Service{store, trail, principals, root, clk, ids}
}

// Call says who calls KMS, and how.
type Call struct {
	Caller audit.Caller
	Region arn.Region
	// RequestID is what the caller sees; empty: a fresh one.
	RequestID string
	// Cause is the request on whose behalf a service makes this call; empty
	// for a direct call.
	Cause string
	// Via is the service that forwards the caller's identity, "ec2"; empty for
	// a direct call. (AWS: "kms:ViaService".)
	Via string
	// GrantID names the grant under which a service acts. A service without
	// one acts under its standing. Either asks no policy.
	GrantID string
}

// request is one call on its way: what the trail will say of it.
type request struct {
	*Service
	call   Call
	event  audit.Event
	docs   []*policy.Document
	owners []arn.AccountID // of the keys that were used: they see a successful call too
}

func (s *Service) begin(c Call, name string, readOnly bool, params audit.Fields) *request {
	e := audit.Event{
		RequestID: c.RequestID, Cause: c.Cause, Account: c.Caller.Account, Region: c.Region,
		Source: "kms.amazonaws.com", Name: name, ReadOnly: readOnly, Request: params,
		Identity: c.Caller.Identity(c.Region), SourceIP: c.Caller.SourceIP, UserAgent: c.Caller.UserAgent,
	}
	if c.Cause == "" {
		e.ID = c.RequestID // a direct call's event is found under what its caller saw
	}
	if e.RequestID == "" {
		e.RequestID = s.ids.UUID()
	}
	if c.Via != "" {
		e.SharedID = s.ids.UUID()
	}
	return &request{Service: s, call: c, event: e}
}

// update runs fn and the recording of its event in one durable transaction.
func (r *request) update(ctx context.Context, fn func(*state.Tx) error) error {
	return r.trail.Do(ctx, func(tx *state.Tx) error { return r.within(tx, fn) })
}

// within runs fn in a transaction that is not this request's own, and records
// the event there. A refusal comes back as *audit.Failed.
func (r *request) within(tx *state.Tx, fn func(*state.Tx) error) error {
	r.event.Decisions, r.docs, r.event.Resources, r.owners, r.event.Failure = nil, nil, nil, nil, nil
	if err := fn(tx); err != nil {
		return r.failed(err)
	}
	return r.record(tx)
}

// view runs fn on a view; a read's event is appended and not waited for.
func (r *request) view(ctx context.Context, fn func(*state.Tx) error) error {
	err := r.read(ctx, fn)
	if err == nil {
		r.trail.Append(r.record)
	}
	return err
}

// read runs fn on a view. A refusal is recorded; success is left to the
// caller, who has work to do before the event is complete.
func (r *request) read(ctx context.Context, fn func(*state.Tx) error) error {
	if err := r.store.View(ctx, fn); err != nil {
		return r.refuse(err)
	}
	return nil
}

// refuse records a failure outside any transaction.
func (r *request) refuse(err error) error {
	err = r.failed(err)
	r.trail.RecordFailed(err)
	return err
}

// commit makes the event of a successful call durable.
func (r *request) commit(ctx context.Context) error { return r.store.Update(ctx, r.record) }

func (r *request) failed(err error) error {
	e := r.event
	if e.Account == "" && len(r.owners) > 0 { // an AWS service's call lies in the trail of the key's account
		e.Account = r.owners[0]
	}
	e.Fail(err)
	return &audit.Failed{Event: &e, Docs: r.docs, Err: err}
}

// record keeps the event in the caller's trail and, where the key belongs to
// another account, in the owner's. (AWS: "Logging AWS KMS API calls with AWS
// CloudTrail", cross-account.)
func (r *request) record(tx *state.Tx) error {
	e := r.event
	if e.Account == "" && len(r.owners) > 0 {
		e.Account = r.owners[0]
	}
	accounts := []arn.AccountID{e.Account}
	for _, owner := range r.owners {
		if !slices.Contains(accounts, owner) {
			accounts = append(accounts, owner)
		}
	}
	if len(accounts) > 1 && e.SharedID == "" {
		e.SharedID = r.ids.UUID()
	}
	for i, account := range accounts {
		copy := e
		if copy.Account = account; i > 0 {
			copy.ID = ""
		}
		if err := r.trail.Record(tx, &copy, r.docs...); err != nil {
			return err
		}
	}
	return nil
}

// touch notes that the call concerns a key.
func (r *request) touch(k *Key) {
	r.owners = append(r.owners, k.Account)
	r.event.Resources = append(r.event.Resources, audit.Resource{AccountID: k.Account, Type: "AWS::KMS::Key", ARN: k.ARN()})
}
