package account

import (
	"regexp"
	"strings"
	"time"

	"github.com/ebsim/ebsim/account/arn"
	"github.com/ebsim/ebsim/account/policy"
	"github.com/ebsim/ebsim/internal/state"
)

// Policy is a managed policy.
type Policy struct {
	Account arn.AccountID // empty: AWS's own
	Name    string
	Path    string
	ID      string // "ANPA…"
	Text    string
	Created time.Time
}

// ARN names the policy.
func (p *Policy) ARN() string {
	owner := p.Account
	if owner == "" {
		owner = "aws"
	}
	return arn.New("iam", "", owner, "policy"+p.Path+p.Name).String()
}

// awsManaged gives the policies that AWS keeps for everyone.
func awsManaged() []*Policy {
	const all = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`
	return []*Policy{{Name: "AdministratorAccess", Path: "/", ID: "ANPAIWMBCKSKIEE64ZLYK", Text: all,
		Created: time.Date(2015, 2, 6, 18, 39, 46, 0, time.UTC)}}
}

// maxManaged is how many characters, white space aside, a managed policy may
// have. (AWS: "IAM and AWS STS quotas".)
const maxManaged = 6144

// CreatePolicy makes a managed policy. It fails with ErrAlreadyExists,
// ErrMalformedPolicy, ErrLimitExceeded and ErrValidation.
func (s *Service) CreatePolicy(tx *state.Tx, account arn.AccountID, name, path, document string) (*Policy, error) {
	if path == "" {
		path = "/"
	}
	if len(name) > 128 || !regexp.MustCompile(`^[\w+=,.@-]+$`).MatchString(name) || !pathForm.MatchString(path) || len(path) > 512 {
		return nil, ErrValidation.Errorf("The specified value for policyName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-")
	}
	if err := checkDocument(document); err != nil {
		return nil, err
	}
	if size(document) > maxManaged {
		return nil, ErrLimitExceeded.Errorf("Cannot exceed quota for PolicySize: %d", maxManaged)
	}
	p := &Policy{Account: account, Name: name, Path: path, Text: document, Created: s.clock.Now()}
	// Names are unique without regard to case and path. (AWS: "CreatePolicy".)
	all, err := state.All[Policy](tx, policies, nil, version)
	if err != nil {
		return nil, err
	}
	for _, have := range all {
		if have.Account == account && strings.EqualFold(have.Name, name) {
			return nil, ErrAlreadyExists.Errorf("A policy called %s already exists. Duplicate names are not allowed.", name)
		}
	}
	p.ID = s.ids.Unique("ANPA", 21)
	return p, state.Save(tx, policies, state.Key(p.ARN()), version, p)
}

// Policy finds a managed policy by its ARN. It fails with ErrNoSuchEntity.
func (s *Service) Policy(tx *state.Tx, policyARN string) (*Policy, error) {
	for _, p := range awsManaged() {
		if p.ARN() == policyARN {
			return p, nil
		}
	}
	p, ok, err := state.Load[Policy](tx, policies, state.Key(policyARN), version)
	if err == nil && !ok {
		err = ErrNoSuchEntity.Errorf("Policy %s was not found.", policyARN)
	}
	if err != nil {
		return nil, err
	}
	return &p, nil
}

// DeletePolicy removes a managed policy that nobody has attached. It fails
// with ErrNoSuchEntity and ErrDeleteConflict.
func (s *Service) DeletePolicy(tx *state.Tx, account arn.AccountID, policyARN string) error {
	p, err := s.Policy(tx, policyARN)
	if err != nil {
		return err
	}
	if p.Account != account {
		return ErrNoSuchEntity.Errorf("Policy %s was not found.", policyARN)
	}
	all, err := s.Users(tx, account)
	if err != nil {
		return err
	}
	for _, u := range all {
		for _, a := range u.Attached {
			if a == policyARN {
				return ErrDeleteConflict.Errorf("Cannot delete a policy attached to entities.")
			}
		}
	}
	return tx.Delete(policies, state.Key(policyARN))
}

func checkDocument(text string) error {
	if _, err := policy.Parse([]byte(text), policy.IdentityPolicy); err != nil {
		return ErrMalformedPolicy.Errorf("%s", err)
	}
	return nil
}

// size counts characters as IAM does: white space is free.
func size(text string) int {
	return len([]rune(text)) - strings.Count(text, " ") - strings.Count(text, "\n") - strings.Count(text, "\t") - strings.Count(text, "\r")
}
