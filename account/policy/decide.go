package policy

import "slices"

// Decide weighs a request. It looks at every statement and every grant,
// whatever the outcome, and changes neither argument.
func Decide(r Request, p Policies) *Decision {
	d := &Decision{Request: r}
	e := newEnv(r)
	if p.Key != nil {
		d.weigh(KeyPolicyLayer, *p.Key, e)
	}
	for i, g := range p.Grants {
		s := g.step(e)
		s.Index = i
		d.Trace = append(d.Trace, s)
	}
	for _, s := range p.Identity {
		d.weigh(IdentityLayer, s, e)
	}
	c := d.count()
	c.onKey = p.Key != nil || len(p.Grants) > 0
	missing := c.missing()
	switch {
	case c.keyDeny || c.identityDeny:
		d.Outcome = ExplicitlyDenied
	case len(missing) == 0:
		d.Outcome = Allowed
	default:
		d.Outcome = NotAllowed
	}
	d.decisive(c)
	if p.Key != nil {
		d.Layers = append(d.Layers, c.keyLayer())
	}
	if c.onKey {
		d.Layers = append(d.Layers, c.grantLayer())
	}
	d.Layers = append(d.Layers, c.identityLayer())
	if d.Outcome != Allowed {
		d.propose(p, missing)
	}
	return d
}

// weigh adds the steps of one policy.
func (d *Decision) weigh(layer LayerKind, s Source, e *env) {
	if s.Document == nil {
		return
	}
	if !slices.ContainsFunc(d.documents, func(x *Document) bool { return x.hash == s.Document.hash }) {
		d.documents = append(d.documents, s.Document)
	}
	for i, st := range s.Document.statements {
		step := st.step(e)
		step.Layer, step.Source, step.Policy, step.Index = layer, s.Name, s.Document.hash, i
		d.Trace = append(d.Trace, step)
	}
}

// count is what the steps amount to.
type count struct {
	r                         Request
	onKey                     bool // a key policy or grants are asked
	keyDeny, identityDeny     bool
	keyDirect, keyAccount     bool
	grantDirect, grantAccount bool
	identity                  bool // an identity policy allows
}

func (d *Decision) count() *count {
	c := &count{r: d.Request}
	for _, s := range d.Trace {
		if !s.Matched {
			continue
		}
		deny := s.Effect == "Deny"
		switch s.Layer {
		case KeyPolicyLayer:
			c.keyDeny = c.keyDeny || deny
			c.keyDirect = c.keyDirect || !deny && !s.Account
			c.keyAccount = c.keyAccount || !deny && s.Account
		case IdentityLayer:
			c.identityDeny = c.identityDeny || deny
			c.identity = c.identity || !deny
		case GrantLayer:
			c.grantDirect = c.grantDirect || !s.Account
			c.grantAccount = c.grantAccount || s.Account
		}
	}
	return c
}

// alone reports whether no identity policy can speak for the caller.
func (c *count) alone() bool {
	return c.r.Principal.Kind == Service || c.r.Principal.Kind == Instance
}

// identityHalf: the root user has it by being the root user.
func (c *count) identityHalf() bool {
	return c.r.Principal.Kind == Root || c.identity && !c.alone()
}

// keySide reports whether the key's side lets the caller in, by itself or
// together with an identity policy.
func (c *count) keySide() (letsIn, needsIdentity bool) {
	switch {
	case c.grantDirect:
		return true, false
	case c.r.Principal.Kind == Instance:
		return false, false
	case c.keyDirect:
		return true, c.r.foreign()
	}
	return c.keyAccount || c.grantAccount, true
}

// missing lists the layers that would have to allow and do not, denials left
// aside. A layer is there once.
func (c *count) missing() []LayerKind {
	if !c.onKey {
		if c.identityHalf() {
			return nil
		}
		return []LayerKind{IdentityLayer}
	}
	letsIn, needsIdentity := c.keySide()
	if c.alone() {
		switch {
		case letsIn:
			return nil
		case c.r.Principal.Kind == Instance:
			return []LayerKind{GrantLayer}
		}
		return []LayerKind{KeyPolicyLayer}
	}
	var out []LayerKind
	if !letsIn {
		// What is added will name the caller itself, so in its own account
		// no identity policy is needed then.
		out = append(out, KeyPolicyLayer)
		needsIdentity = c.r.foreign()
	}
	if needsIdentity && !c.identityHalf() {
		out = append(out, IdentityLayer)
	}
	return out
}

// byPolicy reports whether the request would be allowed without the grants to
// the caller itself, whether a key policy statement names the caller, and
// whether identity policies have a part in it.
func (c *count) byPolicy() (ok, direct, identity bool) {
	switch {
	case !c.onKey:
		return c.identityHalf(), false, true
	case c.r.Principal.Kind == Instance:
		return false, false, false
	case c.keyDirect:
		return !c.r.foreign() || c.identityHalf(), true, c.r.foreign()
	}
	return (c.keyAccount || c.grantAccount) && c.identityHalf(), false, true
}

// decisive marks the steps that the outcome rests on. Where a grant and the
// policies allow, each by itself, both are marked.
func (d *Decision) decisive(c *count) {
	ok, direct, identity := c.byPolicy()
	for i := range d.Trace {
		s := &d.Trace[i]
		switch {
		case !s.Matched || d.Outcome == NotAllowed:
		case d.Outcome == ExplicitlyDenied:
			s.Decisive = s.Effect == "Deny"
		case s.Effect == "Deny":
		case s.Layer == IdentityLayer:
			s.Decisive = ok && identity && !c.alone()
		case s.Layer == GrantLayer && !s.Account:
			s.Decisive = true
		default:
			s.Decisive = ok && direct != s.Account
		}
	}
}
