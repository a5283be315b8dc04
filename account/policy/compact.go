package policy

import (
	"maps"
	"slices"

	"github.com/ebsim/ebsim/account/arn"
)

// Compact is a decision as it is kept with an event: no document, only its
// hash and the statement's index. It survives JSON unchanged.
type Compact struct {
	Outcome           Outcome           `json:"outcome"`
	Principal         Principal         `json:"principal"`
	Action            string            `json:"action"`
	Resource          string            `json:"resource,omitempty"`
	Owner             arn.AccountID     `json:"owner,omitempty"`
	EncryptionContext map[string]string `json:"encryptionContext,omitempty"`
	Context           Context           `json:"context,omitempty"`
	Layers            []Layer           `json:"layers,omitempty"`
	Steps             []Step            `json:"steps,omitempty"`
	OtherGrants       int               `json:"otherGrants,omitempty"` // looked at, to other grantees
	Proposals         []Proposal        `json:"proposals,omitempty"`
}

// Compact gives the decision without its documents. Of a statement that did
// not match it keeps only the elements that failed; grants to others are only
// counted, for a key may have thousands.
func (d *Decision) Compact() Compact {
	c := Compact{
		Outcome: d.Outcome, Principal: d.Principal, Action: d.Action, Resource: d.Resource, Owner: d.Owner,
		Layers: slices.Clone(d.Layers), Proposals: slices.Clone(d.Proposals),
	}
	if len(d.EncryptionContext) > 0 {
		c.EncryptionContext = maps.Clone(d.EncryptionContext)
	}
	for k, v := range d.Context {
		if len(v) > 0 {
			if c.Context == nil {
				c.Context = Context{}
			}
			c.Context[k] = slices.Clone(v)
		}
	}
	for _, s := range d.Trace {
		if s.Layer == GrantLayer && !s.Elements[0].Matched {
			c.OtherGrants++
			continue
		}
		if !s.Matched {
			var failed []Element
			for _, e := range s.Elements {
				if !e.Matched {
					failed = append(failed, e)
				}
			}
			s.Elements = failed
		}
		c.Steps = append(c.Steps, s)
	}
	return c
}

// Hashes gives the hashes of the documents that the decision names, each once,
// in the order of its steps.
func (c Compact) Hashes() []string {
	var hashes []string
	for _, s := range c.Steps {
		if s.Policy != "" && !slices.Contains(hashes, s.Policy) {
			hashes = append(hashes, s.Policy)
		}
	}
	return hashes
}
