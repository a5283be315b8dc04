package account

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/ebsim/ebsim/account/arn"
	"github.com/ebsim/ebsim/account/policy"
	"github.com/ebsim/ebsim/internal/state"
)

// User is an IAM user.
type User struct {
	Account  arn.AccountID
	Name     string
	Path     string // "/" or "/team/"
	ID       string // "AIDA…"
	Created  time.Time
	Inline   map[string]string `json:",omitempty"` // name → document
	Attached []string          `json:",omitempty"` // ARNs of managed policies
}

// ARN names the user.
func (u *User) ARN() string {
	return arn.New("iam", "", u.Account, "user"+u.Path+u.Name).String()
}

// Principal is the user as policies see it.
func (u *User) Principal() policy.Principal {
	return policy.Principal{Kind: policy.User, Account: u.Account, ARN: u.ARN(), ID: u.ID, Name: u.Name}
}

var (
	nameForm = regexp.MustCompile(`^[\w+=,.@-]{1,64}$`)
	pathForm = regexp.MustCompile(`^/([!-.0-~]+/)*$`)
)

// CreateUser makes a user without policies. It fails with ErrAlreadyExists
// and ErrValidation.
func (s *Service) CreateUser(tx *state.Tx, account arn.AccountID, name, path string) (*User, error) {
	if path == "" {
		path = "/"
	}
	if !nameForm.MatchString(name) {
		return nil, ErrValidation.Errorf("The specified value for userName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-")
	}
	if !pathForm.MatchString(path) || len(path) > 512 {
		return nil, ErrValidation.Errorf("The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.")
	}
	// Names are unique without regard to case. (AWS: "CreateUser".)
	all, err := s.Users(tx, account)
	if err != nil {
		return nil, err
	}
	for _, u := range all {
		if strings.EqualFold(u.Name, name) {
			return nil, ErrAlreadyExists.Errorf("User with name %s already exists.", name)
		}
	}
	u := &User{Account: account, Name: name, Path: path, ID: s.ids.Unique("AIDA", 21), Created: s.clock.Now()}
	return u, saveUser(tx, u)
}

func saveUser(tx *state.Tx, u *User) error {
	return state.Save(tx, users, state.Key(string(u.Account), u.Name), version, u)
}

// User finds a user. It fails with ErrNoSuchEntity.
func (s *Service) User(tx *state.Tx, account arn.AccountID, name string) (*User, error) {
	u, ok, err := state.Load[User](tx, users, state.Key(string(account), name), version)
	if err == nil && !ok {
		err = ErrNoSuchEntity.Errorf("The user with name %s cannot be found.", name)
	}
	if err != nil {
		return nil, err
	}
	return &u, nil
}

// Users lists an account's users by name.
func (s *Service) Users(tx *state.Tx, account arn.AccountID) ([]User, error) {
	return state.All[User](tx, users, state.Key(string(account)), version)
}

// DeleteUser removes a user that has no policies and access keys left. It
// fails with ErrNoSuchEntity and ErrDeleteConflict.
func (s *Service) DeleteUser(tx *state.Tx, account arn.AccountID, name string) error {
	u, err := s.User(tx, account, name)
	if err != nil {
		return err
	}
	owned, err := s.AccessKeys(tx, account, name)
	if err != nil {
		return err
	}
	switch {
	case len(u.Attached) > 0:
		return ErrDeleteConflict.Errorf("Cannot delete entity, must detach all policies first.")
	case len(owned) > 0:
		return ErrDeleteConflict.Errorf("Cannot delete entity, must delete access keys first.")
	case len(u.Inline) > 0:
		return ErrDeleteConflict.Errorf("Cannot delete entity, must delete policies first.")
	}
	return tx.Delete(users, state.Key(string(account), name))
}

// maxInline is how many characters, white space aside, a user's inline
// policies may have together. (AWS: "IAM and AWS STS quotas".)
const maxInline = 2048

// PutUserPolicy sets an inline policy. It fails with ErrNoSuchEntity,
// ErrMalformedPolicy and ErrLimitExceeded.
func (s *Service) PutUserPolicy(tx *state.Tx, account arn.AccountID, user, name, document string) error {
	u, err := s.User(tx, account, user)
	if err != nil {
		return err
	}
	if len(name) > 128 || !regexp.MustCompile(`^[\w+=,.@-]+$`).MatchString(name) {
		return ErrValidation.Errorf("The specified value for policyName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-")
	}
	if err := checkDocument(document); err != nil {
		return err
	}
	if u.Inline == nil {
		u.Inline = map[string]string{}
	}
	u.Inline[name] = document
	total := 0
	for _, text := range u.Inline {
		total += size(text)
	}
	if total > maxInline {
		return ErrLimitExceeded.Errorf("Maximum policy size of %d bytes exceeded for user %s", maxInline, user)
	}
	return saveUser(tx, u)
}

// DeleteUserPolicy removes an inline policy. It fails with ErrNoSuchEntity.
func (s *Service) DeleteUserPolicy(tx *state.Tx, account arn.AccountID, user, name string) error {
	u, err := s.User(tx, account, user)
	if err != nil {
		return err
	}
	if _, ok := u.Inline[name]; !ok {
		return ErrNoSuchEntity.Errorf("The user policy with name %s cannot be found.", name)
	}
	delete(u.Inline, name)
	return saveUser(tx, u)
}

// AttachUserPolicy attaches a managed policy; attaching it twice is one. It
// fails with ErrNoSuchEntity.
func (s *Service) AttachUserPolicy(tx *state.Tx, account arn.AccountID, user, policyARN string) error {
	u, err := s.User(tx, account, user)
	if err != nil {
		return err
	}
	p, err := s.Policy(tx, policyARN)
	if err != nil || p.Account != "" && p.Account != account {
		return ErrNoSuchEntity.Errorf("Policy %s does not exist or is not attachable.", policyARN)
	}
	if slices.Contains(u.Attached, policyARN) {
		return nil
	}
	if u.Attached = append(u.Attached, policyARN); len(u.Attached) > 10 {
		return ErrLimitExceeded.Errorf("Cannot exceed quota for PoliciesPerUser: 10")
	}
	return saveUser(tx, u)
}

// DetachUserPolicy detaches a managed policy. It fails with ErrNoSuchEntity.
func (s *Service) DetachUserPolicy(tx *state.Tx, account arn.AccountID, user, policyARN string) error {
	u, err := s.User(tx, account, user)
	if err != nil {
		return err
	}
	i := slices.Index(u.Attached, policyARN)
	if i < 0 {
		return ErrNoSuchEntity.Errorf("Policy %s was not found.", policyARN)
	}
	u.Attached = slices.Delete(u.Attached, i, i+1)
	return saveUser(tx, u)
}
