package account

import (
	"github.com/ebsim/ebsim/account/arn"
	"github.com/ebsim/ebsim/internal/clock"
	"github.com/ebsim/ebsim/internal/id"
	"github.com/ebsim/ebsim/internal/rootkey"
	"github.com/ebsim/ebsim/internal/state"
)

const (
	users    state.Table = "account.user"   // account, name
	policies state.Table = "account.policy" // ARN
	keys     state.Table = "account.key"    // access key id
	version              = 1
)

// Service keeps the users, policies and access keys of every account. Its
// methods work within a transaction; who may call them is decided before.
type Service struct {
	root    *rootkey.Key
	clock   *clock.Clock
	ids     *id.Source
	sandbox bool
}

// New makes a Service. With sandbox, every account exists and its root user
// signs with the account's id and the secret "test".
func New(root *rootkey.Key, clk *clock.Clock, ids *id.Source, sandbox bool) *Service {
	return &Service{root: root, clock: clk, ids: ids, sandbox: sandbox}
}

// Known reports whether an account exists: with sandbox credentials every
// valid id does, else one that has a user.
func (s *Service) Known(tx *state.Tx, account arn.AccountID) bool {
	if !account.Valid() {
		return false
	}
	if s.sandbox {
		return true
	}
	found := false
	prefix := state.Key(string(account))
	_ = tx.Scan(users, prefix, state.PrefixEnd(prefix), func(_, _ []byte) (bool, error) {
		found = true
		return false, nil
	})
	return found
}
