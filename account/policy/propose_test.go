package policy_test

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ebsim/ebsim/account/policy"
)

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// apply makes the changes that a decision proposes: all that are needed, or,
// with alternative, the grant in place of the statements to add.
func apply(t *testing.T, p policy.Policies, proposals []policy.Proposal, alternative bool) policy.Policies {
	p.Identity, p.Grants = slices.Clone(p.Identity), slices.Clone(p.Grants)
	for _, x := range proposals {
		switch {
		case x.Kind == policy.NarrowStatement:
			narrow := func(s policy.Source) policy.Source {
				if s.Document != nil && s.Document.Hash() == x.Policy {
					s.Document = edit(t, s.Document, x.Statement, x.Index)
				}
				return s
			}
			if x.Layer == policy.KeyPolicyLayer {
				key := narrow(*p.Key)
				p.Key = &key
				continue
			}
			for i := range p.Identity {
				p.Identity[i] = narrow(p.Identity[i])
			}
		case x.Alternative != alternative && x.Kind != policy.NarrowStatement:
		case x.Kind == policy.AddGrant:
			p.Grants = append(p.Grants, *x.Grant)
		case x.Layer == policy.KeyPolicyLayer:
			p.Key = &policy.Source{Name: p.Key.Name, Document: add(t, p.Key.Document, x.Statement, policy.ResourcePolicy)}
		default:
			var doc *policy.Document
			if len(p.Identity) > 0 {
				doc = p.Identity[0].Document
				p.Identity = p.Identity[1:]
			}
			doc = add(t, doc, x.Statement, policy.IdentityPolicy)
			p.Identity = append([]policy.Source{{Name: "p", Document: doc}}, p.Identity...)
		}
	}
	return p
}

func add(t *testing.T, d *policy.Document, statement string, kind policy.DocumentKind) *policy.Document {
	if d == nil {
		return mustParse(t, "["+statement+"]", kind)
	}
	return edit(t, d, statement, d.Len())
}

// edit puts a statement at an index; narrowing twice in one document would
// change its hash, so no case denies twice in one.
func edit(t *testing.T, d *policy.Document, statement string, index int) *policy.Document {
	var doc map[string]json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(d.Text()), &doc))
	var list []json.RawMessage
	require.NoError(t, json.Unmarshal(doc["Statement"], &list))
	list = append(list, nil)
	list[index] = json.RawMessage(statement)
	if index < d.Len() {
		list = list[:len(list)-1]
	}
	doc["Statement"], _ = json.Marshal(list)
	text, err := json.Marshal(doc)
	require.NoError(t, err)
	return mustParse(t, string(text), d.Kind())
}

func TestProposalsSuffice(t *testing.T) {
	tried, grants := 0, 0
	for file, cases := range table(t) {
		for _, c := range cases {
			if c.Outcome == policy.Allowed {
				continue
			}
			t.Run(file+"/"+c.Name, func(t *testing.T) {
				r, p := c.ask(t)
				d := policy.Decide(r, p)
				require.NotEmpty(t, d.Proposals)
				after := policy.Decide(r, apply(t, p, d.Proposals, false))
				require.Equal(t, policy.Allowed, after.Outcome, "%s\nthen\n%s", d.Explain(), after.Explain())
				tried++
				if slices.ContainsFunc(d.Proposals, func(x policy.Proposal) bool { return x.Alternative }) {
					after := policy.Decide(r, apply(t, p, d.Proposals, true))
					require.Equal(t, policy.Allowed, after.Outcome, "%s\nthen\n%s", d.Explain(), after.Explain())
					grants++
				}
			})
		}
	}
	require.Greater(t, tried, 50)
	require.Greater(t, grants, 20)
}

// Each proposal is needed: without any one of them the request stays refused.
func TestProposalsAreNeeded(t *testing.T) {
	for file, cases := range table(t) {
		for _, c := range cases {
			t.Run(file+"/"+c.Name, func(t *testing.T) {
				r, p := c.ask(t)
				needed := slices.DeleteFunc(policy.Decide(r, p).Proposals, func(x policy.Proposal) bool { return x.Alternative })
				for i := range needed {
					rest := slices.Delete(slices.Clone(needed), i, i+1)
					require.NotEqual(t, policy.Allowed, policy.Decide(r, apply(t, p, rest, false)).Outcome, needed[i])
				}
			})
		}
	}
}
