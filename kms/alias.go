package kms

import (
	"context"
	"regexp"
	"strings"
	"time"

	"github.com/ebsim/ebsim/account/arn"
	"github.com/ebsim/ebsim/account/audit"
	"github.com/ebsim/ebsim/account/policy"
	"github.com/ebsim/ebsim/internal/state"
)

// Alias is a name for a key in one account and region.
type Alias struct {
	Name             string // "alias/…"
	Account          arn.AccountID
	Region           arn.Region
	KeyID            string
	Created, Updated time.Time
}

// ARN names the alias.
func (a *Alias) ARN() string { return arn.New("kms", a.Region, a.Account, a.Name).String() }

func (a *Alias) save(tx *state.Tx) error {
	return state.Save(tx, aliases, state.Key(string(a.Region), string(a.Account), a.Name), version, a)
}

func loadAlias(tx *state.Tx, region arn.Region, account arn.AccountID, name string) (Alias, bool, error) {
	return state.Load[Alias](tx, aliases, state.Key(string(region), string(account), name), version)
}

func aliasesOf(tx *state.Tx, k *Key) ([]string, error) {
	all, err := state.All[Alias](tx, aliases, state.Key(string(k.Region), string(k.Account)), version)
	var names []string
	for _, a := range all {
		if a.KeyID == k.ID {
			names = append(names, a.Name)
		}
	}
	return names, err
}

var aliasForm = regexp.MustCompile(`^alias/[a-zA-Z0-9:/_-]{1,250}$`)

func checkAlias(name string) error {
	switch {
	case !strings.HasPrefix(name, "alias/"):
		return ErrValidation.Errorf(`Alias must start with the prefix "alias/". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html`)
	case !aliasForm.MatchString(name):
		return ErrValidation.Errorf("1 validation error detected: Value '%s' at 'aliasName' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$", name)
	case strings.HasPrefix(name, "alias/aws/"):
		return ErrNotAuthorized.Errorf("Aliases that begin with alias/aws/ are reserved for AWS managed keys.")
	}
	return nil
}

// CreateAlias names a key of the caller's account. The caller needs the right
// on both the alias and the key. It fails with ErrAlreadyExists,
// ErrValidation, ErrNotFound, ErrLimitExceeded.
func (s *Service) CreateAlias(ctx context.Context, c Call, name string, target KeyName) error {
	r := s.begin(c, "CreateAlias", false, audit.Fields{"aliasName": name, "targetKeyId": target})
	return r.update(ctx, func(tx *state.Tx) error {
		if err := checkAlias(name); err != nil {
			return err
		}
		a := Alias{Name: name, Account: c.Caller.Account, Region: c.Region, Created: s.clock.Now(), Updated: s.clock.Now()}
		if err := r.authorizeAlias(tx, "CreateAlias", &a); err != nil {
			return err
		}
		k, err := r.ownManaged(tx, target, "CreateAlias")
		if err != nil {
			return err
		}
		r.event.Resources = append(r.event.Resources, audit.Resource{AccountID: a.Account, Type: "AWS::KMS::Alias", ARN: a.ARN()})
		if _, ok, err := loadAlias(tx, a.Region, a.Account, name); err != nil || ok {
			if err == nil {
				err = ErrAlreadyExists.Errorf("An alias with the name %s already exists", a.ARN())
			}
			return err
		}
		if names, err := aliasesOf(tx, k); err != nil || len(names) >= 50 {
			if err == nil {
				err = ErrLimitExceeded.Errorf("%s has 50 aliases, which is the limit.", k.ARN())
			}
			return err
		}
		a.KeyID = k.ID
		return a.save(tx)
	})
}

// UpdateAlias points an alias to another key.
func (s *Service) UpdateAlias(ctx context.Context, c Call, name string, target KeyName) error {
	r := s.begin(c, "UpdateAlias", false, audit.Fields{"aliasName": name, "targetKeyId": target})
	return r.update(ctx, func(tx *state.Tx) error {
		a, err := r.ownAlias(tx, name, "UpdateAlias")
		if err != nil {
			return err
		}
		for _, id := range []KeyName{KeyName(a.KeyID), target} {
			k, err := r.ownManaged(tx, id, "UpdateAlias")
			if err != nil {
				return err
			}
			if names, err := aliasesOf(tx, k); err != nil || k.ID != a.KeyID && len(names) >= 50 {
				if err == nil {
					err = ErrLimitExceeded.Errorf("%s has 50 aliases, which is the limit.", k.ARN())
				}
				return err
			}
			a.KeyID = k.ID
		}
		a.Updated = s.clock.Now()
		return a.save(tx)
	})
}

// DeleteAlias removes a name; the key stays.
func (s *Service) DeleteAlias(ctx context.Context, c Call, name string) error {
	r := s.begin(c, "DeleteAlias", false, audit.Fields{"aliasName": name})
	return r.update(ctx, func(tx *state.Tx) error {
		a, err := r.ownAlias(tx, name, "DeleteAlias")
		if err != nil {
			return err
		}
		if _, err := r.ownManaged(tx, KeyName(a.KeyID), "DeleteAlias"); err != nil {
			return err
		}
		return tx.Delete(aliases, state.Key(string(a.Region), string(a.Account), a.Name))
	})
}

// ListAliases gives the aliases of the caller's account in the region by name,
// or those of one key.
func (s *Service) ListAliases(ctx context.Context, c Call, of KeyName) (all []Alias, err error) {
	r := s.begin(c, "ListAliases", true, nil)
	if of != "" {
		r.event.Request = audit.Fields{"keyId": of}
	}
	err = r.view(ctx, func(tx *state.Tx) error {
		if err := r.authorize(tx, ask{operation: "ListAliases"}); err != nil {
			return err
		}
		every, err := state.All[Alias](tx, aliases, state.Key(string(c.Region), string(c.Caller.Account)), version)
		if err != nil || of == "" {
			all = every
			return err
		}
		k, err := r.own(tx, of, "ListAliases")
		if err != nil {
			return err
		}
		for _, a := range every {
			if a.KeyID == k.ID {
				all = append(all, a)
			}
		}
		return nil
	})
	return all, err
}

func (r *request) ownAlias(tx *state.Tx, name, operation string) (*Alias, error) {
	if err := checkAlias(name); err != nil {
		return nil, err
	}
	a, ok, err := loadAlias(tx, r.call.Region, r.call.Caller.Account, name)
	if err == nil && !ok {
		err = ErrNotFound.Errorf("Alias %s is not found.", arn.New("kms", r.call.Region, r.call.Caller.Account, name))
	}
	if err == nil {
		err = r.authorizeAlias(tx, operation, &a)
	}
	return &a, err
}

// authorizeAlias asks for the right on the alias itself, which only identity
// policies give.
func (r *request) authorizeAlias(tx *state.Tx, operation string, a *Alias) error {
	identity, err := r.principals.Policies(tx, r.call.Caller.Principal)
	if err != nil {
		return err
	}
	d := policy.Decide(policy.Request{Principal: r.call.Caller.Principal, Action: "kms:" + operation, Resource: a.ARN(),
		Context: r.conditions(tx, ask{})}, policy.Policies{Identity: identity})
	r.event.Decisions = append(r.event.Decisions, d.Compact())
	r.docs = append(r.docs, d.Documents()...)
	return d.Err()
}
