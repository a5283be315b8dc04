package kms

import (
	"maps"
	"slices"

	"github.com/ebsim/ebsim/account/policy"
	"github.com/ebsim/ebsim/internal/state"
)

// ask is what one authorization is about, beside the caller.
type ask struct {
	operation string  // as grants name it: "Decrypt"
	key       *Key    // nil: an operation on no key
	named     KeyName // how the key was named
	context   map[string]string
	extra     policy.Context
	grants    func(*Grant) bool // further limits which grants count; nil: none
}

// authorize decides whether the call may do what is asked, and notes the
// decision in the event. A refusal is a *policy.DeniedError, or, where the key
// belongs to another account, an error with the vague text of AWS.
func (r *request) authorize(tx *state.Tx, a ask) error {
	c := r.call
	if c.Caller.Kind == policy.Service {
		return r.authorizeService(tx, a)
	}
	q := policy.Request{
		Principal: c.Caller.Principal, Action: "kms:" + a.operation, Resource: "*",
		EncryptionContext: a.context, Context: r.conditions(tx, a),
	}
	identity, err := r.principals.Policies(tx, c.Caller.Principal)
	if err != nil {
		return err
	}
	p := policy.Policies{Identity: identity}
	if a.key != nil {
		doc, err := policy.Parse([]byte(a.key.Policy), policy.ResourcePolicy)
		if err != nil {
			return err
		}
		q.Resource, q.Owner = a.key.ARN(), a.key.Account
		p.Key = &policy.Source{Name: "key policy", Document: doc}
		all, err := grantsOf(tx, a.key)
		if err != nil {
			return err
		}
		for i := range all {
			if a.grants == nil || a.grants(&all[i]) {
				p.Grants = append(p.Grants, all[i].asPolicy())
			}
		}
	}
	d := policy.Decide(q, p)
	r.event.Decisions = append(r.event.Decisions, d.Compact())
	r.docs = append(r.docs, d.Documents()...)
	err = d.Err()
	if err != nil && a.key != nil && a.key.Account != c.Caller.Account {
		return &Foreign{Denied: err.(*policy.DeniedError), Ciphertext: a.named == byCiphertext}
	}
	return err
}

// authorizeService lets an AWS service act under a grant, or under its
// standing with the caller's own volumes and snapshots. No policy is asked.
func (r *request) authorizeService(tx *state.Tx, a ask) error {
	if r.call.GrantID == "" || a.key == nil {
		r.event.Note = "an AWS service acts under its own standing: no policy is asked, the key's state is"
		return nil
	}
	g, ok, err := loadGrant(tx, a.key, r.call.GrantID)
	if err != nil {
		return err
	}
	if !ok || !service(g.Grantee) || !slices.Contains(g.Operations, a.operation) || !g.covers(a.context) {
		return ErrInvalidGrantID.Errorf("the grant %s does not let the service %s", r.call.GrantID, a.operation)
	}
	r.event.Note = "allowed by the grant " + g.ID + ", made for this operation: no policy is asked, the key's state is"
	return nil
}

// conditions are the condition keys of a KMS call. (AWS: "Condition keys for
// AWS KMS", "AWS global condition context keys".)
func (r *request) conditions(tx *state.Tx, a ask) policy.Context {
	c := policy.Context{
		"aws:RequestedRegion": {string(r.call.Region)},
		"aws:SecureTransport": {"true"},
		"aws:ViaAWSService":   {"false"},
	}
	if r.call.Caller.Kind == policy.Instance {
		delete(c, "aws:ViaAWSService")
	}
	if r.call.Via != "" {
		service := r.call.Via + ".amazonaws.com"
		c["aws:ViaAWSService"] = []string{"true"}
		c["aws:CalledVia"] = []string{service}
		c["aws:CalledViaFirst"], c["aws:CalledViaLast"] = []string{service}, []string{service}
		c["kms:ViaService"] = []string{r.call.Via + "." + string(r.call.Region) + ".amazonaws.com"}
	}
	if k := a.key; k != nil {
		c["kms:KeySpec"], c["kms:KeyUsage"], c["kms:KeyOrigin"] = []string{KeySpec}, []string{KeyUsage}, []string{Origin}
		c["kms:MultiRegion"] = []string{"false"}
		if names, err := aliasesOf(tx, k); err == nil && len(names) > 0 {
			c["kms:ResourceAliases"] = names
		}
		if alias, ok := a.named.Alias(); ok {
			c["kms:RequestAlias"] = []string{alias}
		}
	}
	maps.Copy(c, a.extra)
	return c
}

// Foreign is a refusal that hides whether a key of another account exists and
// which side refused; the trail keeps the decision.
type Foreign struct {
	Denied     *policy.DeniedError
	Ciphertext bool // the key was named by a ciphertext
}

// Error gives AWS's vague text.
func (f *Foreign) Error() string { return f.Denied.Vague(f.Ciphertext) }

// Unwrap gives the denial.
func (f *Foreign) Unwrap() error { return f.Denied }

// usable checks the key's state for use. (AWS: "Key states of AWS KMS keys".)
func (k *Key) usable() error {
	switch k.State {
	case Enabled:
		return nil
	case Disabled:
		return ErrDisabled.Errorf("%s is disabled.", k.ARN())
	}
	return ErrInvalidState.Errorf("%s is in state %s.", k.ARN(), k.State)
}

func vague(r *request, operation string) string {
	return policy.VagueDenial(r.call.Caller.Principal, "kms:"+operation, true)
}
