package kms

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ebsim/ebsim/account/arn"
	"github.com/ebsim/ebsim/account/audit"
	"github.com/ebsim/ebsim/account/policy"
	"github.com/ebsim/ebsim/internal/state"
)

// Grant lets one principal use a key. It can only allow.
type Grant struct {
	ID         string // 64 hexadecimal digits
	Key        string // ARN
	Name       string
	Grantee    string // a principal's ARN, or a service's name
	Retiring   string // likewise, or empty
	Operations []string
	Equals     map[string]string // EncryptionContextEquals
	Subset     map[string]string // EncryptionContextSubset
	Issuer     arn.AccountID     // whose principal made it
	Created    time.Time
}

func (g *Grant) asPolicy() policy.Grant {
	return policy.Grant{ID: g.ID, Grantee: g.Grantee, Operations: g.Operations, ContextEquals: g.Equals, ContextSubset: g.Subset}
}

// covers reports whether an encryption context meets the grant's constraint.
func (g *Grant) covers(context map[string]string) bool {
	if g.Equals != nil && !maps.Equal(g.Equals, context) {
		return false
	}
	for k, v := range g.Subset {
		if have, ok := context[k]; !ok || have != v {
			return false
		}
	}
	return true
}

// mayMake reports whether the grantee of g may make child: its operations are
// among g's, its constraint is at least as strict. (AWS: "Grants in AWS KMS",
// "Granting CreateGrant permission".)
func (g *Grant) mayMake(child *Grant) bool {
	for _, op := range child.Operations {
		if !slices.Contains(g.Operations, op) {
			return false
		}
	}
	if g.Equals != nil {
		return child.Equals != nil && maps.Equal(g.Equals, child.Equals)
	}
	strict := child.Subset
	if child.Equals != nil {
		strict = child.Equals
	}
	for k, v := range g.Subset {
		if have, ok := strict[k]; !ok || have != v {
			return false
		}
	}
	return true
}

// grantOperations are those a grant on a symmetric key may list.
var grantOperations = []string{"Decrypt", "Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "ReEncryptFrom",
	"ReEncryptTo", "CreateGrant", "RetireGrant", "DescribeKey"}

func loadGrant(tx *state.Tx, k *Key, id string) (Grant, bool, error) {
	return state.Load[Grant](tx, grants, state.Key(k.ARN(), id), version)
}

func grantsOf(tx *state.Tx, k *Key) ([]Grant, error) {
	return state.All[Grant](tx, grants, state.Key(k.ARN()), version)
}

// GrantOptions are the inputs of CreateGrant.
type GrantOptions struct {
	Name       string
	Grantee    string
	Retiring   string
	Operations []string
	Equals     map[string]string
	Subset     map[string]string
	DryRun     bool
}

// CreateGrant makes a grant and gives it with its token. The same name and
// parameters give the grant that exists. It fails with ErrNotFound,
// ErrDisabled, ErrValidation, ErrDryRun, and when the caller may not.
func (s *Service) CreateGrant(ctx context.Context, c Call, name KeyName, o GrantOptions) (g *Grant, token string, err error) {
	r := s.begin(c, "CreateGrant", false, o.fields(name))
	err = r.update(ctx, func(tx *state.Tx) error {
		g, err = r.createGrant(tx, name, o)
		return err
	})
	if err != nil {
		return nil, "", err
	}
	return g, s.token(g), nil
}

// GrantIn is CreateGrant within a transaction of the caller's: the grant, its
// event and what else the transaction does stand or fall together.
func (s *Service) GrantIn(tx *state.Tx, c Call, name KeyName, o GrantOptions) (g *Grant, err error) {
	r := s.begin(c, "CreateGrant", false, o.fields(name))
	err = r.within(tx, func(tx *state.Tx) error {
		g, err = r.createGrant(tx, name, o)
		return err
	})
	return g, err
}

func (o GrantOptions) fields(name KeyName) audit.Fields {
	f := audit.Fields{"keyId": name, "granteePrincipal": o.Grantee, "operations": o.Operations}
	if o.Retiring != "" {
		f["retiringPrincipal"] = o.Retiring
	}
	if o.Name != "" {
		f["name"] = o.Name
	}
	if o.Equals != nil {
		f["constraints"] = audit.Fields{"encryptionContextEquals": o.Equals}
	}
	if o.Subset != nil {
		f["constraints"] = audit.Fields{"encryptionContextSubset": o.Subset}
	}
	if o.DryRun {
		f["dryRun"] = true
	}
	return f
}

func (r *request) createGrant(tx *state.Tx, name KeyName, o GrantOptions) (*Grant, error) {
	k, err := r.resolve(tx, name, "CreateGrant", false)
	if err != nil {
		return nil, err
	}
	r.touch(k)
	if len(o.Equals) == 0 { // an empty constraint is none
		o.Equals = nil
	}
	if len(o.Subset) == 0 {
		o.Subset = nil
	}
	g := &Grant{ID: r.ids.Hex(64), Key: k.ARN(), Name: o.Name, Grantee: o.Grantee, Retiring: o.Retiring,
		Operations: o.Operations, Equals: o.Equals, Subset: o.Subset, Issuer: r.call.Caller.Account, Created: r.clock.Now()}
	if err := r.checkGrant(tx, g); err != nil {
		return nil, err
	}
	constraint, kind := g.Subset, "EncryptionContextSubset"
	if g.Equals != nil {
		constraint, kind = g.Equals, "EncryptionContextEquals"
	}
	extra := policy.Context{"kms:GrantOperations": g.Operations, "kms:GranteePrincipal": {g.Grantee},
		"kms:GrantIsForAWSResource": {boolText(r.call.Via != "")}}
	if g.Retiring != "" {
		extra["kms:RetiringPrincipal"] = []string{g.Retiring}
	}
	if constraint != nil {
		extra["kms:GrantConstraintType"] = []string{kind}
	}
	err = r.authorize(tx, ask{operation: "CreateGrant", key: k, named: name, context: constraint, extra: extra,
		grants: func(parent *Grant) bool { return parent.mayMake(g) }})
	if err != nil {
		return nil, err
	}
	if err := k.usable(); err != nil {
		return nil, err
	}
	if o.DryRun {
		return nil, errDryRun()
	}
	if o.Name != "" {
		all, err := grantsOf(tx, k)
		if err != nil {
			return nil, err
		}
		for i := range all {
			if all[i].same(g) {
				g = &all[i]
			}
		}
	}
	r.event.Response = audit.Fields{"grantId": g.ID, "keyId": k.ARN()}
	return g, state.Save(tx, grants, state.Key(k.ARN(), g.ID), version, g)
}

// same reports whether two grants have the same name and parameters.
func (g *Grant) same(o *Grant) bool {
	return g.Name == o.Name && g.Grantee == o.Grantee && g.Retiring == o.Retiring && g.Issuer == o.Issuer &&
		slices.Equal(g.Operations, o.Operations) && maps.Equal(g.Equals, o.Equals) && maps.Equal(g.Subset, o.Subset)
}

// service reports whether a grant's principal is an AWS service, which only an
// AWS service may name.
func service(principal string) bool {
	return strings.HasSuffix(principal, ".amazonaws.com") && !strings.HasPrefix(principal, "arn:")
}

func (r *request) checkGrant(tx *state.Tx, g *Grant) error {
	named := []string{g.Grantee}
	if g.Retiring != "" {
		named = append(named, g.Retiring)
	}
	for _, p := range named {
		if service(p) && r.call.Via != "" {
			continue
		}
		ok, err := r.principals.Exists(tx, p)
		if err != nil {
			return err
		}
		if !ok || p == "*" {
			return ErrInvalidArn.Errorf("Invalid principal %q: it is not the ARN of a principal that exists", p)
		}
	}
	if len(g.Operations) == 0 {
		return ErrValidation.Errorf("1 validation error detected: Value '[]' at 'operations' failed to satisfy constraint: Member must have length greater than or equal to 1")
	}
	for i, op := range g.Operations {
		if !slices.Contains(grantOperations, op) {
			return ErrValidation.Errorf("1 validation error detected: Value '%s' at 'operations.%d.member' failed to satisfy constraint: Member must satisfy enum value set: [%s]",
				op, i+1, strings.Join(grantOperations, ", "))
		}
	}
	for _, constraint := range []map[string]string{g.Equals, g.Subset} {
		if len(constraint) > 8 {
			return ErrValidation.Errorf("1 validation error detected: Value at 'constraints' failed to satisfy constraint: Member must have at most 8 pairs")
		}
		for _, value := range constraint {
			if len([]rune(value)) > 384 {
				return ErrValidation.Errorf("1 validation error detected: Value at 'constraints' failed to satisfy constraint: Member must have length less than or equal to 384")
			}
		}
	}
	if g.Equals != nil && g.Subset != nil {
		return ErrValidation.Errorf("A grant has at most one of EncryptionContextEquals and EncryptionContextSubset.")
	}
	return nil
}

// token is the opaque text by which a grant can be used before every copy of
// KMS knows it; it names the grant and is authenticated.
func (s *Service) token(g *Grant) string {
	body, _ := json.Marshal([2]string{g.Key, g.ID})
	return base64.StdEncoding.EncodeToString(append(s.root.MAC("grant token", body), body...))
}

func (s *Service) readToken(token string) (key, grant string, err error) {
	b, err := base64.StdEncoding.DecodeString(token)
	var named [2]string
	if err != nil || len(b) < 33 || !s.root.CheckMAC("grant token", b[32:], b[:32]) || json.Unmarshal(b[32:], &named) != nil {
		return "", "", ErrInvalidGrantToken.Errorf("")
	}
	return named[0], named[1], nil
}

// RetireGrantOptions name the grant: by token, or by key ARN and grant id.
type RetireGrantOptions struct {
	Token, GrantID string
	Key            KeyName
	DryRun         bool
}

// RetireGrant ends a grant. The retiring principal may, the grantee if
// RetireGrant is among its operations, and who has kms:RetireGrant in an
// identity policy of the account that made it.
func (s *Service) RetireGrant(ctx context.Context, c Call, o RetireGrantOptions) error {
	r := s.begin(c, "RetireGrant", false, nil)
	return r.update(ctx, func(tx *state.Tx) error { return r.retireGrant(tx, o) })
}

// RetireIn is RetireGrant within a transaction of the caller's. A grant that
// is gone is no error there: the work that it was made for is done.
func (s *Service) RetireIn(tx *state.Tx, c Call, key KeyName, grantID string) error {
	if _, ok, err := state.Load[Grant](tx, grants, state.Key(string(key), grantID), version); err != nil || !ok {
		return err
	}
	r := s.begin(c, "RetireGrant", false, nil)
	return r.within(tx, func(tx *state.Tx) error {
		return r.retireGrant(tx, RetireGrantOptions{Key: key, GrantID: grantID})
	})
}

func (r *request) retireGrant(tx *state.Tx, o RetireGrantOptions) error {
	key, id := o.Key, o.GrantID
	if o.Token != "" {
		k, g, err := r.readToken(o.Token)
		if err != nil {
			return err
		}
		key, id = KeyName(k), g
	}
	if key == "" || id == "" {
		return ErrValidation.Errorf("RetireGrant needs a GrantToken, or a KeyId and a GrantId.")
	}
	k, err := r.resolve(tx, key, "RetireGrant", false)
	if err != nil {
		return err
	}
	g, ok, err := loadGrant(tx, k, id)
	if err == nil && !ok {
		if k.Account != r.call.Caller.Account && r.call.Caller.Kind != policy.Service {
			return audit.Denied.Errorf("%s", policy.VagueDenial(r.call.Caller.Principal, "kms:RetireGrant", false))
		}
		err = ErrNotFound.Errorf("Grant %s on %s does not exist", id, k.ARN())
	}
	if err != nil {
		return err
	}
	r.touch(k)
	r.event.Additional = audit.Fields{"grantId": g.ID}
	r.event.Response = audit.Fields{"keyId": k.ARN()}
	p := r.call.Caller.Principal
	retiring := g.Retiring == p.ARN || p.RoleARN != "" && g.Retiring == p.RoleARN
	grantee := (g.Grantee == p.ARN || p.RoleARN != "" && g.Grantee == p.RoleARN) && slices.Contains(g.Operations, "RetireGrant")
	byGrant := retiring || grantee || p.Kind == policy.Root && g.Issuer == p.Account
	switch {
	case p.Kind == policy.Service:
		r.event.Note = "an AWS service retires the grant that was made for its work"
	default:
		// Only the grant and identity policies can allow it; the key policy
		// can only deny.
		if err := r.authorizeRetire(tx, k, g.Issuer, byGrant); err != nil {
			return err
		}
		if byGrant {
			r.event.Note = "the caller may retire this grant by what the grant says, or as the root user of the account that made it"
		}
	}
	if o.DryRun {
		return errDryRun()
	}
	return tx.Delete(grants, state.Key(k.ARN(), g.ID))
}

func (r *request) authorizeRetire(tx *state.Tx, k *Key, issuer arn.AccountID, byGrant bool) error {
	p := r.call.Caller.Principal
	if !byGrant && (p.Kind == policy.Root || issuer != p.Account) {
		return audit.Denied.Errorf("%s", policy.VagueDenial(p, "kms:RetireGrant", false))
	}
	identity, err := r.principals.Policies(tx, p)
	if err != nil {
		return err
	}
	q := policy.Request{Principal: r.call.Caller.Principal, Action: "kms:RetireGrant", Resource: k.ARN(), Context: r.conditions(tx, ask{key: k})}
	d := policy.Decide(q, policy.Policies{Identity: identity})
	doc, err := policy.Parse([]byte(k.Policy), policy.ResourcePolicy)
	if err != nil {
		return err
	}
	if with := policy.Decide(q, policy.Policies{Identity: identity, Key: &policy.Source{Name: "key policy", Document: doc}}); with.Outcome == policy.ExplicitlyDenied {
		d = with
	} else if byGrant {
		return nil
	}
	r.event.Decisions = append(r.event.Decisions, d.Compact())
	r.docs = append(r.docs, d.Documents()...)
	return d.Err()
}

// RevokeGrant ends a grant by the key's policy. It fails with ErrNotFound.
func (s *Service) RevokeGrant(ctx context.Context, c Call, name KeyName, grantID string, dryRun bool) error {
	r := s.begin(c, "RevokeGrant", false, audit.Fields{"keyId": name, "grantId": grantID})
	return r.update(ctx, func(tx *state.Tx) error {
		k, err := r.resolve(tx, name, "RevokeGrant", false)
		if err != nil {
			return err
		}
		r.touch(k)
		if err := r.authorize(tx, ask{operation: "RevokeGrant", key: k, named: name,
			extra: policy.Context{"kms:GrantIsForAWSResource": {boolText(r.call.Via != "")}}}); err != nil {
			return err
		}
		if _, ok, err := loadGrant(tx, k, grantID); err != nil || !ok {
			if err == nil {
				err = ErrNotFound.Errorf("Grant ID %s not found", grantID)
			}
			return err
		}
		if dryRun {
			return errDryRun()
		}
		r.event.Response = audit.Fields{"keyId": k.ARN()}
		return tx.Delete(grants, state.Key(k.ARN(), grantID))
	})
}

// ListGrants gives a key's grants, perhaps only one id's or one grantee's.
func (s *Service) ListGrants(ctx context.Context, c Call, name KeyName, grantID, grantee string) (found []Grant, err error) {
	r := s.begin(c, "ListGrants", true, audit.Fields{"keyId": name})
	err = r.view(ctx, func(tx *state.Tx) error {
		k, err := r.resolve(tx, name, "ListGrants", false)
		if err != nil {
			return err
		}
		r.touch(k)
		if err := r.authorize(tx, ask{operation: "ListGrants", key: k, named: name,
			extra: policy.Context{"kms:GrantIsForAWSResource": {boolText(r.call.Via != "")}}}); err != nil {
			return err
		}
		all, err := grantsOf(tx, k)
		found = nil
		for _, g := range all {
			if (grantID == "" || g.ID == grantID) && (grantee == "" || g.Grantee == grantee) {
				found = append(found, g)
			}
		}
		return err
	})
	return found, err
}

// ListRetirableGrants gives the grants that a principal of the caller's
// account may retire as their retiring principal, on any key of the region.
func (s *Service) ListRetirableGrants(ctx context.Context, c Call, principal string) (found []Grant, err error) {
	r := s.begin(c, "ListRetirableGrants", true, audit.Fields{"retiringPrincipal": principal})
	err = r.view(ctx, func(tx *state.Tx) error {
		if err := r.authorize(tx, ask{operation: "ListRetirableGrants"}); err != nil {
			return err
		}
		if a, err := arn.Parse(principal); err != nil || a.Account != c.Caller.Account {
			return ErrInvalidArn.Errorf("Invalid principal %q: it must be the ARN of a principal of the caller's account", principal)
		}
		all, err := state.All[Grant](tx, grants, nil, version)
		found = nil
		for _, g := range all {
			if a, _ := arn.Parse(g.Key); g.Retiring == principal && a.Region == c.Region {
				found = append(found, g)
			}
		}
		return err
	})
	return found, err
}
