package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// ProposalKind says what a proposal changes.
type ProposalKind string

// The kinds of proposal.
const (
	AddStatement    ProposalKind = "add"    // add Statement to a policy of the layer
	NarrowStatement ProposalKind = "narrow" // replace statement Index of document Policy by Statement
	AddGrant        ProposalKind = "grant"  // make Grant on the key
)

// Proposal is one change that a request needs in order to be allowed. All that
// are not alternatives are needed together; an alternative stands for every
// AddStatement beside it.
type Proposal struct {
	Kind        ProposalKind `json:"kind"`
	Layer       LayerKind    `json:"layer"`
	Where       string       `json:"where"`               // "the key policy of arn:…", "an identity policy of arn:…"
	Policy      string       `json:"policy,omitempty"`    // NarrowStatement: hash of the document
	Index       int          `json:"index,omitempty"`     // NarrowStatement: of the statement
	Sid         string       `json:"sid,omitempty"`       // NarrowStatement: of the statement
	Statement   string       `json:"statement,omitempty"` // JSON text
	Grant       *Grant       `json:"grant,omitempty"`
	Alternative bool         `json:"alternative,omitempty"`
	Note        string       `json:"note,omitempty"` // a sentence more
}

// propose lists what would allow the request: a narrower form of every
// statement that denies, one statement for each layer that is missing, and the
// grant that would do instead.
func (d *Decision) propose(p Policies, missing []LayerKind) {
	for _, s := range d.Trace {
		if s.Decisive {
			d.Proposals = append(d.Proposals, d.narrow(s))
		}
	}
	for _, layer := range missing {
		switch layer {
		case KeyPolicyLayer:
			d.Proposals = append(d.Proposals, d.addToKey(p.Key))
		case IdentityLayer:
			d.Proposals = append(d.Proposals, d.addToIdentity(p))
		case GrantLayer:
			if g, ok := d.grant(); ok {
				d.Proposals = append(d.Proposals, g)
			}
		}
	}
	if len(missing) > 0 && missing[0] != GrantLayer && p.Key != nil && managedKeyNote(p.Key) == "" {
		if g, ok := d.grant(); ok {
			g.Alternative = true
			d.Proposals = append(d.Proposals, g)
		}
	}
}

func (d *Decision) addToKey(key *Source) Proposal {
	principal := obj("AWS", str(d.Principal.Lasting()))
	if d.Principal.Kind == Service {
		principal = obj("Service", str(d.Principal.ARN))
	}
	st := obj("Sid", str(freeSid(d.sid(), key)), "Effect", str("Allow"), "Principal", principal,
		"Action", str(d.Action), "Resource", str("*"))
	p := Proposal{Kind: AddStatement, Layer: KeyPolicyLayer, Where: "the key policy of " + d.resource(), Statement: d.limit(st).String()}
	p.Note = managedKeyNote(key)
	return p
}

func (d *Decision) addToIdentity(p Policies) Proposal {
	holders := make([]*Source, len(p.Identity))
	for i := range p.Identity {
		holders[i] = &p.Identity[i]
	}
	st := obj("Sid", str(freeSid(d.sid(), holders...)), "Effect", str("Allow"),
		"Action", str(d.Action), "Resource", str(escape(d.resource())))
	where := "an identity policy of " + d.Principal.Lasting()
	out := Proposal{Kind: AddStatement, Layer: IdentityLayer, Where: where, Statement: d.limit(st).String()}
	if d.alone() {
		out.Note = "This caller has no identity policies; make the request as a user or a role."
	}
	return out
}

func (d *Decision) alone() bool { return (&count{r: d.Request}).alone() }

// escape keeps a resource such as "…:snapshot/*" readable as it is: its star
// is asked for, and a pattern's star matches it. Only a $ could be misread.
func escape(resource string) string { return strings.ReplaceAll(resource, "${", "${$}{") }

// limit adds the conditions that AWS advises where the request meets them: use
// through the service only, and grants only for AWS resources.
func (d *Decision) limit(st *node) *node {
	e := newEnv(d.Request)
	c := obj()
	if via := e.values("kms:ViaService"); len(via) == 1 {
		c.members = append(c.members, member{name: "StringEquals", value: obj("kms:ViaService", str(via[0]))})
	}
	if v := e.values("kms:GrantIsForAWSResource"); len(v) == 1 && v[0] == "true" {
		c.members = append(c.members, member{name: "Bool", value: obj("kms:GrantIsForAWSResource", str("true"))})
	}
	if len(c.members) > 0 {
		st.members = append(st.members, member{name: "Condition", value: c})
	}
	return st
}

// sid names a proposed statement in letters and digits: AllowDecrypt.
func (d *Decision) sid() string {
	_, name, _ := strings.Cut(d.Action, ":")
	return "Allow" + strings.Map(func(r rune) rune {
		if r < 0x80 && plainSid.MatchString(string(r)) {
			return r
		}
		return -1
	}, name)
}

func freeSid(sid string, holders ...*Source) string {
	taken := func(sid string) bool {
		for _, h := range holders {
			if h != nil && h.Document != nil && slices.ContainsFunc(h.Document.statements, func(s statement) bool { return s.sid == sid }) {
				return true
			}
		}
		return false
	}
	out := sid
	for n := 2; taken(out); n++ {
		out = fmt.Sprintf("%s%d", sid, n)
	}
	return out
}

// grantable are the operations that a grant can allow. (AWS: "Grants in AWS
// KMS", table of grant operations.)
var grantable = []string{
	"Decrypt", "Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "ReEncryptFrom", "ReEncryptTo",
	"Sign", "Verify", "GetPublicKey", "CreateGrant", "RetireGrant", "DescribeKey", "GenerateDataKeyPair",
	"GenerateDataKeyPairWithoutPlaintext", "GenerateMac", "VerifyMac", "DeriveSharedSecret",
}

// grant proposes a grant, constrained to the request's encryption context. A
// grant that is to make grants must hold what they will hold.
func (d *Decision) grant() (Proposal, bool) {
	op, isKMS := strings.CutPrefix(d.Action, "kms:")
	if !isKMS || !slices.Contains(grantable, op) {
		return Proposal{}, false
	}
	g := &Grant{Grantee: d.Principal.Lasting(), Operations: []string{op}}
	if op == "CreateGrant" {
		children := newEnv(d.Request).values("kms:GrantOperations")
		if len(children) == 0 {
			return Proposal{}, false
		}
		for _, child := range children {
			if !slices.Contains(g.Operations, child) {
				g.Operations = append(g.Operations, child)
			}
		}
	}
	if d.Principal.Kind == Instance {
		g.Grantee = d.Principal.ARN
	}
	if len(d.EncryptionContext) > 0 && !contextFree(op) {
		g.ContextSubset = maps.Clone(d.EncryptionContext)
	}
	return Proposal{Kind: AddGrant, Layer: GrantLayer, Where: "the key " + d.resource(), Grant: g}, true
}

// narrow proposes the same statement with a condition that spares the caller.
func (d *Decision) narrow(s Step) Proposal {
	out := Proposal{Kind: NarrowStatement, Layer: s.Layer, Where: s.Source, Policy: s.Policy, Index: s.Index, Sid: s.Sid}
	key, op := "aws:PrincipalArn", "ArnNotEquals"
	if d.Principal.Kind == Service {
		key, op = "aws:PrincipalServiceName", "StringNotEquals"
	}
	values := newEnv(d.Request).values(key)
	for _, doc := range d.documents {
		if doc.hash == s.Policy && len(values) > 0 {
			out.Statement = spare(doc.statements[s.Index].node, op, key, values[0]).String()
		}
	}
	switch {
	case strings.HasPrefix(s.Source, "arn:aws:iam::aws:policy/"):
		out.Note = "A policy that AWS manages cannot be edited: attach a copy of it with this statement instead."
	case s.Layer == KeyPolicyLayer:
		out.Where = "the key policy of " + d.resource()
		for _, doc := range d.documents {
			if doc.hash == s.Policy {
				out.Note = managedKeyNote(&Source{Document: doc})
			}
		}
	}
	return out
}

// managedKeyNote knows the policy of an AWS managed key by its Id, "auto-…".
func managedKeyNote(key *Source) string {
	if key != nil && key.Document != nil && strings.HasPrefix(key.Document.id, "auto-") {
		return "The policy of an AWS managed key cannot be changed: use a key of your own."
	}
	return ""
}

// spare gives a copy of a statement with one more value under a negated
// operator, whose values are all excluded.
func spare(st *node, op, key, value string) *node {
	cond := put(st.member("Condition"), op, func(old *node) *node {
		return put(old, key, func(old *node) *node {
			switch {
			case old == nil:
				return str(value)
			case old.kind == isList:
				return &node{kind: isList, items: append(slices.Clone(old.items), str(value))}
			}
			return &node{kind: isList, items: []*node{old, str(value)}}
		})
	})
	return put(st, "Condition", func(*node) *node { return cond })
}

// put gives a copy of an object with one member changed, found without regard
// to case, or added.
func put(o *node, name string, change func(old *node) *node) *node {
	out := obj()
	if o != nil {
		out.members = slices.Clone(o.members)
	}
	for i, m := range out.members {
		if strings.EqualFold(m.name, name) {
			out.members[i].value = change(m.value)
			return out
		}
	}
	out.members = append(out.members, member{name: name, value: change(nil)})
	return out
}
