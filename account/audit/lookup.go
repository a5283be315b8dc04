package audit

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/ebsim/ebsim/account/arn"
	"github.com/ebsim/ebsim/account/policy"
	"github.com/ebsim/ebsim/internal/state"
)

// Filter chooses events of a trail. Empty members choose all.
type Filter struct {
	Account   arn.AccountID
	Region    arn.Region
	From, To  time.Time // From inclusive, To exclusive
	ID        string
	Name      string // of the event: "Decrypt"
	Source    string // "kms.amazonaws.com"
	Resource  string // ARN, or its last part: an id
	Type      string // of a resource: "AWS::KMS::Key"
	Principal string // user name, session name or ARN
	AccessKey string
	ReadOnly  *bool
	After     string // id of the last event of the page before
	Newer     string // only events newer than the one with this id
	Limit     int    // 0: all
}

// Lookup gives the events that a filter chooses, newest first.
func (t *Trail) Lookup(tx *state.Tx, f Filter) ([]Event, error) {
	prefix := state.Key(string(f.Account))
	from, to := prefix, state.PrefixEnd(prefix)
	if !f.From.IsZero() {
		from = eventKey(f.Account, f.From, 0)
	}
	if !f.To.IsZero() {
		to = eventKey(f.Account, f.To, 0)
	}
	if f.After != "" {
		key := tx.Get(byID, []byte(f.After))
		if !bytes.HasPrefix(key, prefix) {
			return nil, ErrUnknownEvent.Errorf("no event %q, after which the next page would begin, is in the trail", f.After)
		}
		if bytes.Compare(key, to) < 0 {
			to = key
		}
	}
	var found []Event
	err := tx.ScanReverse(events, from, to, func(key, value []byte) (bool, error) {
		e, err := state.Decode[Event](events, key, value, version)
		if err != nil {
			return false, err
		}
		if f.Newer != "" && e.ID == f.Newer {
			return false, nil
		}
		if f.chooses(&e) {
			found = append(found, e)
		}
		return f.Limit == 0 || len(found) < f.Limit, nil
	})
	return found, err
}

// ErrUnknownEvent says that no event has the id given.
const ErrUnknownEvent Kind = "no such event"

func (f *Filter) chooses(e *Event) bool {
	is := func(want, have string) bool { return want == "" || want == have }
	if !is(string(f.Region), string(e.Region)) || !is(f.ID, e.ID) || !is(f.Name, e.Name) || !is(f.Source, e.Source) ||
		!is(f.AccessKey, e.Identity.AccessKeyID) {
		return false
	}
	if f.ReadOnly != nil && *f.ReadOnly != e.ReadOnly {
		return false
	}
	if f.Principal != "" && f.Principal != e.Username() && f.Principal != e.Identity.ARN {
		return false
	}
	if f.Resource == "" && f.Type == "" {
		return true
	}
	return slices.ContainsFunc(e.Resources, func(r Resource) bool {
		return is(f.Type, r.Type) &&
			(is(f.Resource, r.ARN) || strings.HasSuffix(r.ARN, "/"+f.Resource) || strings.HasSuffix(r.ARN, ":"+f.Resource))
	})
}

// Username is what LookupEvents calls the user: the user's or session's name,
// "root" for an account's root user.
func (e *Event) Username() string {
	switch {
	case e.Identity.UserName != "":
		return e.Identity.UserName
	case e.Identity.Type == "Root":
		return "root"
	case e.Identity.ARN != "":
		return e.Identity.ARN[strings.LastIndexByte(e.Identity.ARN, '/')+1:]
	}
	return e.Identity.InvokedBy
}

// Request gives the events of one request: its own first, then those of the
// KMS calls it caused, in order of time. Copies in other accounts' trails are
// left out. It fails with ErrUnknownEvent.
func (t *Trail) Request(tx *state.Tx, request string) ([]Event, error) {
	prefix := state.Key(request)
	var keys [][]byte
	err := tx.Scan(byRequest, prefix, state.PrefixEnd(prefix), func(key, _ []byte) (bool, error) {
		parts := state.Split(key)
		keys = append(keys, []byte(parts[len(parts)-1]))
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	var found []Event
	for _, key := range keys {
		e, ok, err := state.Load[Event](tx, events, key, version)
		if err != nil {
			return nil, err
		}
		if ok && e.Own() {
			found = append(found, e)
		}
	}
	if len(found) == 0 {
		return nil, ErrUnknownEvent.Errorf("no request %q is in the trail: a request's id is in its answer, in its error, and in `ebsim trail`", request)
	}
	slices.SortStableFunc(found, func(a, b Event) int {
		if own := b2i(b.Cause == "" && b.RequestID == request) - b2i(a.Cause == "" && a.RequestID == request); own != 0 {
			return own
		}
		return cmp.Compare(a.Seq, b.Seq)
	})
	return found, nil
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Document finds a policy document that an event's decision names.
func (t *Trail) Document(tx *state.Tx, hash string) (*policy.Document, bool) {
	text := tx.Get(texts, []byte(hash))
	if text == nil {
		return nil, false
	}
	for _, kind := range []policy.DocumentKind{policy.IdentityPolicy, policy.ResourcePolicy} {
		if d, err := policy.Parse(text, kind); err == nil {
			return d, true
		}
	}
	return nil, false
}

// CloudTrail gives the event as a CloudTrail record, one JSON object. Code
// gives the error code that the service's clients saw, "DisabledException" or
// "Client.VolumeInUse". (AWS: "CloudTrail record contents".)
func (e *Event) CloudTrail(code func(source string, kind Kind) string) ([]byte, error) {
	r := record{
		EventVersion: "1.11", UserIdentity: e.Identity, EventTime: e.Time.UTC().Format(time.RFC3339),
		EventSource: e.Source, EventName: e.Name, AwsRegion: e.Region,
		SourceIPAddress: e.SourceIP, UserAgent: e.UserAgent,
		RequestParameters: e.Request, ResponseElements: e.Response, AdditionalEventData: e.Additional,
		RequestID: e.RequestID, EventID: e.ID, ReadOnly: e.ReadOnly, Resources: e.Resources, EventType: e.Type,
		ManagementEvent: true, RecipientAccountID: e.Account, SharedEventID: e.SharedID,
		ServiceEventDetails: e.Service, EventCategory: "Management",
	}
	if e.Failure != nil {
		r.ErrorCode, r.ErrorMessage = code(e.Source, e.Failure.Kind), truncate(e.Failure.Message, 1024)
	}
	if e.Identity.InvokedBy != "" && e.Type == AwsApiCall {
		r.VpcEndpointID, r.VpcEndpointAccountID = internal, internal
	}
	return json.Marshal(r)
}

func truncate(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}

// record has the members of a CloudTrail record in their usual order.
type record struct {
	EventVersion         string        `json:"eventVersion"`
	UserIdentity         Identity      `json:"userIdentity"`
	EventTime            string        `json:"eventTime"`
	EventSource          string        `json:"eventSource"`
	EventName            string        `json:"eventName"`
	AwsRegion            arn.Region    `json:"awsRegion"`
	SourceIPAddress      string        `json:"sourceIPAddress"`
	UserAgent            string        `json:"userAgent"`
	ErrorCode            string        `json:"errorCode,omitempty"`
	ErrorMessage         string        `json:"errorMessage,omitempty"`
	RequestParameters    Fields        `json:"requestParameters"`
	ResponseElements     Fields        `json:"responseElements"`
	AdditionalEventData  Fields        `json:"additionalEventData,omitempty"`
	RequestID            string        `json:"requestID,omitempty"`
	EventID              string        `json:"eventID"`
	ReadOnly             bool          `json:"readOnly"`
	Resources            []Resource    `json:"resources,omitempty"`
	EventType            string        `json:"eventType"`
	ManagementEvent      bool          `json:"managementEvent"`
	RecipientAccountID   arn.AccountID `json:"recipientAccountId"`
	SharedEventID        string        `json:"sharedEventID,omitempty"`
	ServiceEventDetails  Fields        `json:"serviceEventDetails,omitempty"`
	VpcEndpointID        string        `json:"vpcEndpointId,omitempty"`
	VpcEndpointAccountID string        `json:"vpcEndpointAccountId,omitempty"`
	EventCategory        string        `json:"eventCategory"`
}
