package policy

import (
	"errors"
	"maps"
	"slices"
	"strings"
)

// step matches a statement with a request, every element of it.
func (s statement) step(e *env) Step {
	out := Step{Sid: s.sid, Effect: "Allow", Elements: make([]Element, 0, 3+len(s.conditions))}
	if s.deny {
		out.Effect = "Deny"
	}
	if s.principals != nil {
		el, by := s.matchPrincipal(e)
		out.Elements = append(out.Elements, el)
		out.Account = by == account
	}
	out.Elements = append(out.Elements, s.matchAction(e), s.matchResource(e))
	for _, c := range s.conditions {
		out.Elements = append(out.Elements, c.eval(e))
	}
	out.Matched = !slices.ContainsFunc(out.Elements, func(el Element) bool { return !el.Matched })
	out.Account = out.Account && out.Matched
	return out
}

func (s statement) matchPrincipal(e *env) (Element, reach) {
	el := Element{Name: "Principal", Values: []string{e.Principal.ARN}}
	best := none
	for _, n := range s.principals {
		if r := n.reach(e.Principal); r > best {
			best, el.Pattern = r, n.text
		}
	}
	if !s.notPrinc {
		el.Matched = best != none
		return el, best
	}
	el.Name, el.Matched = "NotPrincipal", best == none
	if el.Matched {
		return el, direct
	}
	return el, none
}

func (s statement) matchAction(e *env) Element {
	el := Element{Name: "Action", Values: []string{e.Action}}
	if s.actions == nil {
		el.Problem = "the statement names no action, so it has no effect"
		return el
	}
	hit := false
	for _, p := range s.actions {
		if glob(p.pieces).match(e.action) {
			hit, el.Pattern = true, p.text
			break
		}
	}
	if el.Matched = hit != s.notAction; s.notAction {
		el.Name = "NotAction"
	}
	return el
}

func (s statement) matchResource(e *env) Element {
	el := Element{Name: "Resource", Values: []string{e.resource()}}
	if s.resources == nil {
		el.Problem = "the statement names no resource, so it has no effect"
		return el
	}
	if s.notRes {
		el.Name = "NotResource"
	}
	hit := false
	var missing unresolved
	for _, p := range s.resources {
		g, err := p.expand(e)
		if errors.As(err, &missing) {
			el.Problem = missing.Error()
			continue
		}
		if !hit && g.matchARN(e.resource()) {
			hit, el.Pattern = true, p.text
		}
	}
	if el.Problem != "" && (s.notRes || !hit) {
		return el
	}
	el.Problem = ""
	el.Matched = hit != s.notRes
	return el
}

// step matches a grant with a request: grantee, operation, constraints. KMS
// asks no constraint of DescribeKey and RetireGrant. (AWS: "Using grant
// constraints".)
func (g Grant) step(e *env) Step {
	by := grantee(g.Grantee, e.Principal)
	op, isKMS := strings.CutPrefix(e.Action, "kms:")
	isOp := isKMS && slices.ContainsFunc(g.Operations, func(o string) bool { return strings.EqualFold(o, op) })
	out := Step{Layer: GrantLayer, Source: "grant", Grant: g.ID, Effect: "Allow", Elements: []Element{
		{Name: "GranteePrincipal", Matched: by != none, Values: []string{e.Principal.ARN}, Pattern: g.Grantee},
		{Name: "Operations", Matched: isOp, Values: []string{e.Action}, Pattern: strings.Join(g.Operations, ", ")},
	}}
	if !contextFree(op) {
		have := strings.Join(pairs(e.EncryptionContext), ", ")
		if len(g.ContextEquals) > 0 {
			out.Elements = append(out.Elements, Element{
				Name: "EncryptionContextEquals", Matched: maps.Equal(g.ContextEquals, e.EncryptionContext),
				Values: []string{have}, Pattern: strings.Join(pairs(g.ContextEquals), ", "),
			})
		}
		if len(g.ContextSubset) > 0 {
			out.Elements = append(out.Elements, Element{
				Name: "EncryptionContextSubset", Matched: subset(g.ContextSubset, e.EncryptionContext),
				Values: []string{have}, Pattern: strings.Join(pairs(g.ContextSubset), ", "),
			})
		}
	}
	out.Matched = !slices.ContainsFunc(out.Elements, func(el Element) bool { return !el.Matched })
	out.Account = out.Matched && by == account && e.Principal.Kind != Root
	return out
}

func contextFree(op string) bool {
	return strings.EqualFold(op, "DescribeKey") || strings.EqualFold(op, "RetireGrant")
}

func subset(small, big map[string]string) bool {
	for k, v := range small {
		if w, ok := big[k]; !ok || v != w {
			return false
		}
	}
	return true
}

func pairs(m map[string]string) []string {
	out := sortedKeys(m)
	for i, k := range out {
		out[i] = k + "=" + m[k]
	}
	return out
}
