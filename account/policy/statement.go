package policy

import (
	"regexp"
	"strings"
)

// statement is one statement of a document. Where an element is missing its
// list is nil; a key policy's statement without action or resource is kept and
// has no effect.
type statement struct {
	node       *node // as it was written
	sid        string
	deny       bool
	principals []named
	notPrinc   bool
	actions    []pattern // lower case
	notAction  bool
	resources  []pattern
	notRes     bool
	conditions []condition
}

var (
	plainSid   = regexp.MustCompile(`^[A-Za-z0-9]*$`)
	actionForm = regexp.MustCompile(`^[A-Za-z0-9-]+:[A-Za-z0-9*?]+$`)
	keyForm    = regexp.MustCompile(`^[A-Za-z0-9-]+:.+$`)
	// A variable may stand wherever a field may.
	arnForm = regexp.MustCompile(`^(arn:|\$\{)`)
)

func (p *parser) statement(n *node, path string) (s statement, err error) {
	if err = p.want(n, path, isObject); err != nil {
		return s, err
	}
	if err = p.known(n, path, "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction",
		"Resource", "NotResource", "Condition"); err != nil {
		return s, err
	}
	s.node = n
	if sid := n.member("Sid"); sid != nil {
		if err = p.want(sid, path+".Sid", isString); err != nil {
			return s, err
		}
		if s.sid = sid.text; p.d.kind == IdentityPolicy && !plainSid.MatchString(s.sid) {
			return s, p.errorAt(sid.offset, path+".Sid", "the Sid %q of an identity policy may hold only letters and digits", s.sid)
		}
	}
	effect := n.member("Effect")
	if effect == nil {
		return s, p.errorAt(n.offset, path, "the statement has no Effect")
	}
	if err = p.want(effect, path+".Effect", isString); err != nil {
		return s, err
	}
	if s.deny = effect.text == "Deny"; !s.deny && effect.text != "Allow" {
		return s, p.errorAt(effect.offset, path+".Effect", "the Effect is %q; want \"Allow\" or \"Deny\"", effect.text)
	}
	if err = p.principal(n, path, &s); err != nil {
		return s, err
	}
	if s.actions, s.notAction, err = p.either(n, path, "Action", p.action); err != nil {
		return s, err
	}
	if s.resources, s.notRes, err = p.either(n, path, "Resource", p.resource); err != nil {
		return s, err
	}
	if c := n.member("Condition"); c != nil {
		s.conditions, err = p.conditions(c, path+".Condition")
	}
	return s, err
}

// pick finds NAME or NotNAME; both at once are refused.
func (p *parser) pick(n *node, path, name string) (value *node, at string, not bool, err error) {
	yes, no := n.member(name), n.member("Not"+name)
	switch {
	case yes != nil && no != nil:
		return nil, "", false, p.errorAt(no.offset, path+".Not"+name, "the statement has both %s and Not%s", name, name)
	case no != nil:
		return no, path + ".Not" + name, true, nil
	}
	return yes, path + "." + name, false, nil
}

// either reads NAME or NotNAME with the reader of one value.
func (p *parser) either(n *node, path, name string, read func(*node, string) (pattern, error)) ([]pattern, bool, error) {
	value, at, not, err := p.pick(n, path, name)
	if err != nil {
		return nil, false, err
	}
	if value == nil {
		if p.d.kind == IdentityPolicy {
			return nil, false, p.errorAt(n.offset, path, "the statement has neither %s nor Not%s", name, name)
		}
		return nil, false, nil
	}
	items, err := p.strings(value, at)
	if err != nil {
		return nil, false, err
	}
	var out []pattern
	for _, item := range items {
		pat, err := read(item, at)
		if err != nil {
			return nil, false, err
		}
		out = append(out, pat)
	}
	return out, not, nil
}

func (p *parser) action(n *node, path string) (pattern, error) {
	if n.text != "*" && !actionForm.MatchString(n.text) {
		return pattern{}, p.errorAt(n.offset, path, "%q is not an action: want service:Name, with * and ? in the name only, or \"*\"", n.text)
	}
	pat, err := compile(strings.ToLower(n.text), true, false)
	pat.text = n.text
	return pat, err
}

func (p *parser) resource(n *node, path string) (pattern, error) {
	if n.text != "*" && !arnForm.MatchString(n.text) {
		return pattern{}, p.errorAt(n.offset, path, "%q is not a resource: want an ARN or \"*\"", n.text)
	}
	pat, err := compile(n.text, true, p.d.variables)
	if err != nil {
		return pat, p.errorAt(n.offset, path, "%s", err)
	}
	if f := glob(pat.pieces).fields(); len(f) > 2 && (indexKind(f[2], many) >= 0 || indexKind(f[2], one) >= 0) {
		return pat, p.errorAt(n.offset, path, "%q has a wildcard for its service, which must be named", n.text)
	}
	return pat, nil
}

func (p *parser) conditions(n *node, path string) ([]condition, error) {
	if err := p.want(n, path, isObject); err != nil {
		return nil, err
	}
	var out []condition
	for _, m := range n.members {
		at := join(path, m.name)
		op, err := readOperator(m.name)
		if err != nil {
			return nil, p.errorAt(m.offset, at, "%s", err)
		}
		if err := p.want(m.value, at, isObject); err != nil {
			return nil, err
		}
		for _, k := range m.value.members {
			c, err := p.condition(op, k, join(at, k.name))
			if err != nil {
				return nil, err
			}
			out = append(out, c)
		}
	}
	return out, nil
}

func (p *parser) condition(op operator, m member, path string) (condition, error) {
	c := condition{op: op, key: m.name}
	if !keyForm.MatchString(m.name) {
		return c, p.errorAt(m.offset, path, "%q is not a condition key: want service:name", m.name)
	}
	if op.set == forAll && strings.HasPrefix(strings.ToLower(m.name), "kms:encryptioncontext:") {
		return c, p.errorAt(m.offset, path, "ForAllValues may not be used with the single-valued key %q: "+
			"it would match a request without an encryption context", m.name)
	}
	items, err := p.scalars(m.value, path, isString, isBool, isNumber)
	if err != nil {
		return c, err
	}
	for _, item := range items {
		wild := op.family == stringLike || op.family == arnLike
		pat, err := compile(item.text, wild, p.d.variables && op.family != null)
		switch {
		case err != nil:
			return c, p.errorAt(item.offset, path, "%s", err)
		case (op.family == null || op.family == boolean && !pat.dynamic) &&
			!strings.EqualFold(pat.text, "true") && !strings.EqualFold(pat.text, "false"):
			return c, p.errorAt(item.offset, path, "the value of %s is %q; want \"true\" or \"false\"", op.base, item.text)
		case op.family == arnLike && item.text != "*" && !arnForm.MatchString(item.text):
			return c, p.errorAt(item.offset, path, "%q is not an ARN, which %s compares", item.text, op.base)
		}
		if op.family == null {
			pat.fixed = strings.ToLower(pat.fixed)
		}
		c.values = append(c.values, pat)
	}
	return c, nil
}
