package policy

// Outcome is the answer to a request.
type Outcome string

// The three answers.
const (
	Allowed          Outcome = "Allowed"
	ExplicitlyDenied Outcome = "ExplicitlyDenied"
	NotAllowed       Outcome = "NotAllowed"
)

// LayerKind is one of the places that have a say.
type LayerKind string

// The layers, in the order in which a decision lists them.
const (
	KeyPolicyLayer LayerKind = "key policy"
	GrantLayer     LayerKind = "grants"
	IdentityLayer  LayerKind = "identity policies"
)

// Answer is what one layer says, taken by itself.
type Answer string

// What a layer can say.
const (
	Allows  Answer = "allows"
	Enables Answer = "enables identity policies" // names the caller's account only
	Denies  Answer = "denies"
	Silent  Answer = "does not allow"
	NoSay   Answer = "has no say"
)

// Layer is one layer's answer.
type Layer struct {
	Kind   LayerKind `json:"kind"`
	Answer Answer    `json:"answer"`
	Note   string    `json:"note,omitempty"` // a clause: why it answers so, or why it does not matter
}

// Step is what one statement of one policy, or one grant, made of a request.
// Every statement has its step, whatever the outcome.
type Step struct {
	Layer    LayerKind `json:"layer"`
	Source   string    `json:"source"`           // the Source's name; for a grant "grant"
	Policy   string    `json:"policy,omitempty"` // hash of the document
	Index    int       `json:"index"`            // of the statement, or of the grant
	Sid      string    `json:"sid,omitempty"`
	Grant    string    `json:"grant,omitempty"` // id of the grant
	Effect   string    `json:"effect"`          // "Allow", "Deny"
	Matched  bool      `json:"matched,omitempty"`
	Account  bool      `json:"account,omitempty"`  // matched, but only through the caller's account
	Decisive bool      `json:"decisive,omitempty"` // the outcome rests on it
	Elements []Element `json:"elements,omitempty"` // in the statement's order: principal, action, resource, conditions
}

// Element is one element of a statement and the request's value against it.
type Element struct {
	Name    string   `json:"name"`          // "Principal", "NotAction", "Condition", "Operations"
	Op      string   `json:"op,omitempty"`  // of a condition: "StringEqualsIfExists"
	Key     string   `json:"key,omitempty"` // of a condition, as the policy spells it
	Matched bool     `json:"matched,omitempty"`
	Values  []string `json:"values,omitempty"`  // the request's; none when it has none
	Pattern string   `json:"pattern,omitempty"` // the policy's value that met the request's
	Problem string   `json:"problem,omitempty"` // why nothing could match, as an unresolved variable
}

// Decision is the answer to a request with everything it rests on.
type Decision struct {
	Request
	Outcome   Outcome
	Layers    []Layer
	Trace     []Step
	Proposals []Proposal

	documents []*Document
}

// Err is nil if the request is allowed, else a *DeniedError.
func (d *Decision) Err() error {
	if d.Outcome == Allowed {
		return nil
	}
	return &DeniedError{d}
}

// Documents gives those that the trace names, each once.
func (d *Decision) Documents() []*Document {
	return append([]*Document(nil), d.documents...)
}

// Layer gives one layer's answer; ok is false if that layer was not asked.
func (d *Decision) Layer(kind LayerKind) (l Layer, ok bool) {
	for _, l := range d.Layers {
		if l.Kind == kind {
			return l, true
		}
	}
	return Layer{}, false
}

// OnlyGrants gives the ids of the grants that an allowed request rests on, if
// the key policy alone would not have let the caller in; else nil. A child
// grant must not exceed its parent.
func (d *Decision) OnlyGrants() []string {
	var ids []string
	for _, s := range d.Trace {
		switch {
		case !s.Decisive || d.Outcome != Allowed:
		case s.Layer == KeyPolicyLayer:
			return nil
		case s.Layer == GrantLayer:
			ids = append(ids, s.Grant)
		}
	}
	return ids
}

// Explain is the prose of the decision; see Compact.Explain.
func (d *Decision) Explain() string {
	return d.Compact().Explain(func(hash string) (*Document, bool) {
		for _, doc := range d.documents {
			if doc.hash == hash {
				return doc, true
			}
		}
		return nil, false
	})
}
