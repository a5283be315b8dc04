package account

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"time"

	"github.com/ebsim/ebsim/account/arn"
	"github.com/ebsim/ebsim/account/audit"
	"github.com/ebsim/ebsim/account/policy"
	"github.com/ebsim/ebsim/internal/state"
)

// AccessKey is what a user signs requests with. Its secret is sealed.
type AccessKey struct {
	ID      string // "AKIA…"
	Account arn.AccountID
	User    string
	Active  bool
	Created time.Time
	Secret  []byte
}

const purpose = "secret access key"

// SandboxSecret is the secret of every account's root user while sandbox
// credentials are on; the access key id is the account's id.
const SandboxSecret = "test"

// CreateAccessKey makes an access key and gives its secret, which can never
// be read again. It fails with ErrNoSuchEntity and ErrLimitExceeded.
func (s *Service) CreateAccessKey(tx *state.Tx, account arn.AccountID, user string) (*AccessKey, string, error) {
	if _, err := s.User(tx, account, user); err != nil {
		return nil, "", err
	}
	have, err := s.AccessKeys(tx, account, user)
	if err != nil {
		return nil, "", err
	}
	if len(have) == 2 {
		return nil, "", ErrLimitExceeded.Errorf("Cannot exceed quota for AccessKeysPerUser: 2")
	}
	raw := make([]byte, 30)
	rand.Read(raw)
	secret := base64.StdEncoding.EncodeToString(raw) // 40 characters, as AWS's
	k := &AccessKey{ID: s.ids.Unique("AKIA", 20), Account: account, User: user, Active: true, Created: s.clock.Now()}
	k.Secret = s.root.Seal(purpose, []byte(secret), []byte(k.ID))
	return k, secret, state.Save(tx, keys, state.Key(k.ID), version, k)
}

// AccessKeys lists a user's access keys.
func (s *Service) AccessKeys(tx *state.Tx, account arn.AccountID, user string) ([]AccessKey, error) {
	all, err := state.All[AccessKey](tx, keys, nil, version)
	var own []AccessKey
	for _, k := range all {
		if k.Account == account && k.User == user {
			own = append(own, k)
		}
	}
	return own, err
}

// DeleteAccessKey removes an access key of a user. It fails with
// ErrNoSuchEntity.
func (s *Service) DeleteAccessKey(tx *state.Tx, account arn.AccountID, user, keyID string) error {
	k, ok, err := state.Load[AccessKey](tx, keys, state.Key(keyID), version)
	if err != nil {
		return err
	}
	if !ok || k.Account != account || k.User != user {
		return ErrNoSuchEntity.Errorf("The Access Key with id %s cannot be found.", keyID)
	}
	return tx.Delete(keys, state.Key(keyID))
}

// Authenticate gives the caller that an access key belongs to, where the
// secret itself is at hand, as in one process. It fails with ErrUnknownKey and
// ErrBadSecret.
func (s *Service) Authenticate(tx *state.Tx, keyID, secret string) (audit.Caller, error) {
	if account := arn.AccountID(keyID); s.sandbox && account.Valid() {
		if subtle.ConstantTimeCompare([]byte(secret), []byte(SandboxSecret)) != 1 {
			return audit.Caller{}, ErrBadSecret.Errorf("The secret of the sandbox credentials %s is %q.", keyID, SandboxSecret)
		}
		return audit.Caller{Principal: Root(account), AccessKeyID: keyID}, nil
	}
	k, ok, err := state.Load[AccessKey](tx, keys, state.Key(keyID), version)
	if err != nil {
		return audit.Caller{}, err
	}
	if !ok || !k.Active {
		return audit.Caller{}, ErrUnknownKey.Errorf("The security token included in the request is invalid.")
	}
	want, err := s.root.Open(purpose, k.Secret, []byte(k.ID))
	if err != nil {
		return audit.Caller{}, err
	}
	if subtle.ConstantTimeCompare([]byte(secret), want) != 1 {
		return audit.Caller{}, ErrBadSecret.Errorf("The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.")
	}
	u, err := s.User(tx, k.Account, k.User)
	if err != nil {
		return audit.Caller{}, err
	}
	return audit.Caller{Principal: u.Principal(), AccessKeyID: keyID}, nil
}

// Root is the root user of an account.
func Root(account arn.AccountID) policy.Principal {
	return policy.Principal{Kind: policy.Root, Account: account, ARN: account.Root(), ID: string(account), Name: "root"}
}
