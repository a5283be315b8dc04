package policy

import (
	"fmt"
	"strings"
)

// failed says why one element did not match.
func (w *writer) failed(s Step, e Element) string {
	name := map[string]string{
		"Principal": "principal", "NotPrincipal": "principal", "Action": "action", "NotAction": "action",
		"Resource": "resource", "NotResource": "resource", "GranteePrincipal": "grantee", "Operations": "operation",
		"EncryptionContextEquals": "encryption context", "EncryptionContextSubset": "encryption context",
	}[e.Name]
	if e.Key != "" {
		name = fmt.Sprintf("condition %s %s", e.Op, e.Key)
	}
	out := name + " does not match: "
	if e.Problem != "" {
		return out + e.Problem
	}
	have := strings.Join(e.Values, ", ")
	if s.Layer == GrantLayer {
		return out + w.failedGrant(e, have)
	}
	want := w.wanted(s, e)
	switch {
	case e.Key != "":
		return out + failedCondition(e, want)
	case strings.HasPrefix(e.Name, "Not"):
		return out + fmt.Sprintf("%s is excepted by %s %s", have, e.Name, e.Pattern)
	case len(want) == 0:
		return out + have + " is not named"
	case e.Name == "Principal" && len(want) == 1:
		return out + notCaller(want[0], w.c.Principal)
	}
	return out + fmt.Sprintf("%s is not %s", have, among(want))
}

func (w *writer) failedGrant(e Element, have string) string {
	switch e.Name {
	case "GranteePrincipal":
		return notCaller(e.Pattern, w.c.Principal)
	case "Operations":
		return fmt.Sprintf("%s is not %s", have, among(strings.Split(e.Pattern, ", ")))
	case "EncryptionContextEquals":
		return fmt.Sprintf("the request has %s; the grant asks for exactly %s", orNone(have), e.Pattern)
	}
	return fmt.Sprintf("the request has %s; the grant asks for at least %s", orNone(have), e.Pattern)
}

func failedCondition(e Element, want []string) string {
	have := "the request has no value"
	switch {
	case e.Op == "Null" && len(e.Values) == 0:
		return "the request has no value, and the condition asks for one"
	case e.Op == "Null":
		return fmt.Sprintf("the request has %s, and the condition asks for none", strings.Join(e.Values, ", "))
	case len(e.Values) > 0:
		have = "the request has " + strings.Join(e.Values, ", ")
	}
	if len(want) == 0 {
		return have
	}
	if strings.Contains(e.Op, "Not") {
		return have + "; the condition excludes " + strings.Join(want, ", ")
	}
	return have + "; the condition asks for " + strings.Join(want, " or ")
}

// notCaller says of one named principal why it is not the caller.
func notCaller(named string, p Principal) string {
	parts := strings.SplitN(named, ":", arnFields)
	if len(parts) == arnFields && parts[arnFields-1] == "root" && p.Account != "" && parts[4] != string(p.Account) {
		return named + " is another account"
	}
	if len(parts) == arnFields && p.Account != "" && parts[4] != "" && parts[4] != string(p.Account) {
		return named + " is of another account"
	}
	return named + " is not the caller"
}

func among(want []string) string {
	if len(want) == 1 {
		return want[0]
	}
	return "among " + strings.Join(want, ", ")
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// wanted gives what a statement's element asks for, as written; nothing
// without its document.
func (w *writer) wanted(s Step, e Element) []string {
	d := w.document(s.Policy)
	if d == nil || s.Index < 0 || s.Index >= len(d.statements) {
		return nil
	}
	n := d.statements[s.Index].node.member(e.Name)
	if n != nil && e.Key != "" {
		if n = n.member(e.Op); n != nil {
			n = n.member(e.Key)
		}
	}
	return scalars(n)
}

// scalars lists the strings of a node: of a list, or of an object's members.
func scalars(n *node) []string {
	switch {
	case n == nil:
		return nil
	case n.kind == isList:
		var out []string
		for _, item := range n.items {
			out = append(out, scalars(item)...)
		}
		return out
	case n.kind == isObject:
		var out []string
		for _, m := range n.members {
			out = append(out, scalars(m.value)...)
		}
		return out
	}
	return []string{n.text}
}
