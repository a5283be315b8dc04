package policy

import "fmt"

// The three functions here turn a count into what each layer says, and into
// the clause that a reader needs beside it.

func (c *count) keyLayer() Layer {
	l := Layer{Kind: KeyPolicyLayer, Answer: Silent}
	switch p := c.r.Principal; {
	case c.keyDeny:
		l.Answer = Denies
	case p.Kind == Instance && (c.keyDirect || c.keyAccount):
		l.Answer, l.Note = NoSay, "an infrastructure session is allowed by a grant and by nothing else"
	case c.keyDirect:
		l.Answer = Allows
		if c.r.foreign() {
			l.Note = fmt.Sprintf("an identity policy of account %s must allow too", p.Account)
		}
	case c.keyAccount && p.Kind == Root:
		l.Answer, l.Note = Allows, "it names the account, and the caller is its root user"
	case c.keyAccount:
		l.Answer, l.Note = Enables, fmt.Sprintf("it names account %s, whose identity policies decide", p.Account)
	case c.grantDirect:
		l.Note = "not needed: a grant allows"
	}
	return l
}

func (c *count) grantLayer() Layer {
	l := Layer{Kind: GrantLayer, Answer: Silent}
	switch {
	case c.grantDirect:
		l.Answer = Allows
	case c.grantAccount:
		l.Answer, l.Note = Enables, fmt.Sprintf("the grant is to account %s, whose identity policies decide", c.r.Principal.Account)
	}
	return l
}

func (c *count) identityLayer() Layer {
	l := Layer{Kind: IdentityLayer, Answer: Silent}
	letsIn, needsIdentity := true, true
	if c.onKey {
		letsIn, needsIdentity = c.keySide()
	}
	switch {
	case c.identityDeny:
		l.Answer = Denies
	case c.r.Principal.Kind == Service:
		l.Answer, l.Note = NoSay, "a service has none"
	case c.r.Principal.Kind == Instance:
		l.Answer, l.Note = NoSay, "an infrastructure session has none"
	case c.r.Principal.Kind == Root:
		l.Answer, l.Note = Allows, "the root user needs none"
		if !letsIn {
			l.Note += ", but the key policy must let it in"
		}
	case !letsIn && !c.r.foreign():
		l.Answer, l.Note = NoSay, "the key policy does not enable them for this request"
	case c.identity:
		l.Answer = Allows
		switch {
		case !letsIn:
			l.Note = fmt.Sprintf("but the key policy of account %s must allow too", c.r.Owner)
		case !needsIdentity:
			l.Note = "not needed: the key's side allows by itself"
		}
	case !needsIdentity:
		l.Note = "not needed: the key's side allows by itself"
	}
	return l
}
