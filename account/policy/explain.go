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
