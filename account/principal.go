package account

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/ebsim/ebsim/account/arn"
	"github.com/ebsim/ebsim/account/policy"
	"github.com/ebsim/ebsim/internal/state"
)

// Policies gives the identity policies of a principal: of a user its inline
// ones by name, then the managed ones attached to it. Other principals have
// none.
func (s *Service) Policies(tx *state.Tx, p policy.Principal) ([]policy.Source, error) {
	if p.Kind != policy.User {
		return nil, nil
	}
	u, err := s.User(tx, p.Account, p.Name)
	if errors.Is(err, ErrNoSuchEntity) {
		return nil, nil // deleted since its request came: nothing allows it
	}
	if err != nil {
		return nil, err
	}
	var all []policy.Source
	add := func(name, text string) error {
		d, err := policy.Parse([]byte(text), policy.IdentityPolicy)
		if err != nil {
			return err
		}
		all = append(all, policy.Source{Name: name, Document: d})
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(u.Inline)) {
		if err := add("inline policy "+name+" of user "+u.Name, u.Inline[name]); err != nil {
			return nil, err
		}
	}
	for _, attached := range u.Attached {
		m, err := s.Policy(tx, attached)
		if err != nil {
			return nil, err
		}
		if err := add(attached, m.Text); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Exists reports whether a principal that a key policy or a grant names is
// there: "*", an account by its id or root ARN, or a user by its ARN.
func (s *Service) Exists(tx *state.Tx, principal string) (bool, error) {
	if principal == "*" {
		return true, nil
	}
	if account := arn.AccountID(principal); account.Valid() {
		return s.Known(tx, account), nil
	}
	a, err := arn.Parse(principal)
	if err != nil || a.Partition != arn.Partition || a.Region != "" {
		return false, nil
	}
	switch {
	case a.Service == "iam" && a.Resource == "root":
		return s.Known(tx, a.Account), nil
	case a.Service == "iam" && a.Type() == "user":
		u, err := s.User(tx, a.Account, a.Resource[strings.LastIndexByte(a.Resource, '/')+1:])
		if errors.Is(err, ErrNoSuchEntity) {
			return false, nil
		}
		return err == nil && u.ARN() == principal, err
	case a.Service == "sts" && strings.HasPrefix(a.Resource, "assumed-role/aws:ec2-infrastructure/"):
		return s.Known(tx, a.Account), nil
	}
	return false, nil
}
