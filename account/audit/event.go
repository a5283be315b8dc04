package audit

import (
	"errors"
	"time"

	"github.com/ebsim/ebsim/account/arn"
	"github.com/ebsim/ebsim/account/policy"
)

// Types of an event, as CloudTrail has them.
const (
	AwsApiCall      = "AwsApiCall"
	AwsServiceEvent = "AwsServiceEvent"
)

// Event is what one account's trail says of one call.
type Event struct {
	ID        string        // of this event in this trail
	Seq       uint64        // order of all events of the world
	RequestID string        // what the client of the call saw
	Cause     string        `json:",omitempty"` // the request on whose behalf a service made this call
	SharedID  string        `json:",omitempty"` // joins the events of one call in two trails
	Time      time.Time     // whole call's, UTC
	Account   arn.AccountID // whose trail
	Region    arn.Region
	Type      string // AwsApiCall, AwsServiceEvent
	Source    string // "kms.amazonaws.com"
	Name      string // "Decrypt"
	ReadOnly  bool

	Identity  Identity
	SourceIP  string `json:",omitempty"`
	UserAgent string `json:",omitempty"`

	Request    Fields     `json:",omitempty"` // requestParameters
	Response   Fields     `json:",omitempty"` // responseElements
	Additional Fields     `json:",omitempty"` // additionalEventData
	Service    Fields     `json:",omitempty"` // serviceEventDetails
	Resources  []Resource `json:",omitempty"`

	Failure   *Failure         `json:",omitempty"`
	Decisions []policy.Compact `json:",omitempty"`
	Note      string           `json:",omitempty"` // why no policy was asked, where none was
}

// Fields are the members of a JSON object of an event.
type Fields map[string]any

// Resource is one resource that a call touched.
type Resource struct {
	AccountID arn.AccountID `json:"accountId,omitempty"`
	Type      string        `json:"type,omitempty"`
	ARN       string        `json:"ARN"`
}

// Failure is how a call failed.
type Failure struct {
	Kind    Kind
	Message string
}

// Fail notes an error in the event: its kind, its message, and the decision
// that a denial carries.
func (e *Event) Fail(err error) {
	var denied *policy.DeniedError
	var failed *Error
	switch {
	case errors.As(err, &denied):
		e.Failure = &Failure{Denied, err.Error()}
	case errors.As(err, &failed):
		e.Failure = &Failure{failed.Kind, failed.Message}
	default:
		e.Failure = &Failure{Internal, err.Error()}
	}
	e.Response = nil
}

// Own reports whether this is the caller's own copy of the event, not the one
// that the owner of a shared key sees.
func (e *Event) Own() bool {
	return e.Identity.AccountID == "" || e.Identity.AccountID == e.Account
}

// Failed is an error that carries the event of the call that failed, for the
// transaction which would have recorded it is undone. See Trail.Do.
type Failed struct {
	Event *Event
	Docs  []*policy.Document // those that the event's decisions name
	Err   error

	recorded bool
}

// Error gives the message of the failure.
func (f *Failed) Error() string { return f.Err.Error() }

// Unwrap gives the failure.
func (f *Failed) Unwrap() error { return f.Err }

// KindOf gives the kind of a failure: Denied for a refused request, Internal
// where it is no answer to the request, "" for nil.
func KindOf(err error) Kind {
	if err == nil {
		return ""
	}
	var e Event
	e.Fail(err)
	return e.Failure.Kind
}
