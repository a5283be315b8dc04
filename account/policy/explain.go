package policy

import (
	"fmt"
	"strings"
)

// Explain is the decision in prose for a terminal: the answer, every statement
// with why it matched or did not, and what would allow a refused request.
// Documents are found by hash; of one that is not found it still says which
// element failed, but not what that element asked for. Find may be nil.
func (c Compact) Explain(find func(hash string) (*Document, bool)) string {
	w := &writer{c: c, find: find}
	answer := "DENIED"
	if c.Outcome == Allowed {
		answer = "ALLOWED"
	}
	w.line(0, "%s %s on %s for %s", answer, c.Action, c.resource(), c.Principal.ARN)
	for _, l := range c.Layers {
		w.layer(l)
	}
	w.proposals()
	return w.b.String()
}

func (c Compact) resource() string { return Request{Resource: c.Resource}.resource() }

type writer struct {
	b    strings.Builder
	c    Compact
	find func(hash string) (*Document, bool)
}

func (w *writer) line(depth int, format string, args ...any) {
	w.b.WriteString(strings.Repeat("  ", depth))
	fmt.Fprintf(&w.b, format, args...)
	w.b.WriteByte('\n')
}

func (w *writer) document(hash string) *Document {
	if w.find == nil || hash == "" {
		return nil
	}
	if d, ok := w.find(hash); ok {
		return d
	}
	return nil
}

// plural is the answer with a plural subject.
func (a Answer) plural() string {
	switch a {
	case Allows:
		return "allow"
	case Enables:
		return "enable identity policies"
	case Denies:
		return "deny"
	case Silent:
		return "do not allow"
	}
	return "have no say"
}

func (w *writer) layer(l Layer) {
	var who, says string
	switch l.Kind {
	case KeyPolicyLayer:
		who, says = "key policy", string(l.Answer)
		if owner := w.owner(); owner != "" {
			who += " of account " + owner
		}
	case GrantLayer:
		who, says = "grants on the key", l.Answer.plural()
	default:
		who, says = "identity policies of "+w.c.Principal.Lasting(), l.Answer.plural()
	}
	var steps []Step
	for _, s := range w.c.Steps {
		if s.Layer == l.Kind {
			steps = append(steps, s)
		}
	}
	if len(steps) == 0 && l.Kind == IdentityLayer && l.Answer == Silent {
		says = "none is attached"
	}
	if len(steps) == 0 && l.Kind == GrantLayer {
		says = "none to the caller"
		if w.c.OtherGrants > 0 {
			says += fmt.Sprintf(", %d to others", w.c.OtherGrants)
		}
	}
	if l.Note != "" {
		says += " (" + l.Note + ")"
	}
	w.line(1, "%s: %s", who, says)
	last := ""
	for _, s := range steps {
		if at := s.Source + s.Policy; s.Policy != "" && at != last {
			last = at
			w.line(2, "%s (policy %s)", s.Source, short(s.Policy))
		}
		w.step(s)
	}
}

func (w *writer) owner() string {
	if w.c.Owner != "" {
		return string(w.c.Owner)
	}
	return string(w.c.Principal.Account)
}

func short(hash string) string { return hash[:min(12, len(hash))] }

// step writes one line for a statement, and one more for each further element
// that failed.
func (w *writer) step(s Step) {
	head, depth := fmt.Sprintf("[%d]", s.Index), 3
	if s.Sid != "" {
		head += fmt.Sprintf(" %q", s.Sid)
	}
	head += " " + s.Effect
	if s.Layer == GrantLayer {
		head, depth = "grant "+short(s.Grant), 2
	}
	if s.Matched {
		w.line(depth, "%s: %s", head, w.matched(s))
		return
	}
	first := true
	for _, e := range s.Elements {
		if e.Matched {
			continue
		}
		if first {
			w.line(depth, "%s: %s", head, w.failed(s, e))
			first = false
			continue
		}
		w.line(depth+2, "and %s", w.failed(s, e))
	}
}

func (w *writer) matched(s Step) string {
	switch {
	case s.Effect == "Deny":
		return "matches, and so denies whatever else allows" + met(s)
	case s.Account && w.c.Principal.Kind != Root:
		return "matches through account " + string(w.c.Principal.Account) + ", which leaves it to identity policies" + met(s)
	case s.Decisive:
		return "matches, and allows" + met(s)
	}
	return "matches, but does not decide" + met(s)
}

// met names the patterns by which a statement matched.
func met(s Step) string {
	var parts []string
	for _, e := range s.Elements {
		if e.Pattern == "" || s.Layer == GrantLayer && e.Name == "GranteePrincipal" {
			continue
		}
		name := e.Name
		if e.Key != "" {
			name = e.Op + " " + e.Key
		}
		parts = append(parts, name+" "+e.Pattern)
	}
	if len(parts) == 0 {
		return ""
	}
	return ": " + strings.Join(parts, "; ")
}

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
