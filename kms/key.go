package kms

import (
	"context"
	"crypto/rand"
	"regexp"
	"strings"
	"time"

	"github.com/ebsim/ebsim/account/arn"
	"github.com/ebsim/ebsim/account/audit"
	"github.com/ebsim/ebsim/account/policy"
	"github.com/ebsim/ebsim/internal/state"
)

// What every key is, until there are others. (AWS: "KeyMetadata".)
const (
	KeySpec   = "SYMMETRIC_DEFAULT"
	KeyUsage  = "ENCRYPT_DECRYPT"
	Origin    = "AWS_KMS"
	Algorithm = "SYMMETRIC_DEFAULT"
)

// KeyState is the state of a key.
type KeyState string

// The states a key can be in.
const (
	Enabled  KeyState = "Enabled"
	Disabled KeyState = "Disabled"
)

// Manager says who manages a key.
type Manager string

// The managers of keys.
const (
	Customer Manager = "CUSTOMER"
	AWS      Manager = "AWS"
)

// Key is a KMS key.
type Key struct {
	ID          string // UUID
	Account     arn.AccountID
	Region      arn.Region
	Description string
	Created     time.Time
	State       KeyState
	Manager     Manager
	Policy      string
	MaterialID  string // 64 hexadecimal digits, no secret
	Material    []byte // 32 bytes, sealed under the root key
}

// ARN names the key.
func (k *Key) ARN() string { return arn.New("kms", k.Region, k.Account, "key/"+k.ID).String() }

const (
	keys    state.Table = "kms.key"   // region, account, id
	aliases state.Table = "kms.alias" // region, account, name
	grants  state.Table = "kms.grant" // key ARN, grant id
	version             = 1
)

const materialPurpose = "kms key material"

func (k *Key) record() []byte { return state.Key(string(k.Region), string(k.Account), k.ID) }

func save(tx *state.Tx, k *Key) error { return state.Save(tx, keys, k.record(), version, k) }

// CreateKeyOptions are the inputs of CreateKey.
type CreateKeyOptions struct {
	Description string
	Policy      string // empty: the default policy
	BypassCheck bool   // BypassPolicyLockoutSafetyCheck
}

// CreateKey makes a symmetric key. It fails with ErrMalformedPolicy,
// ErrLimitExceeded, ErrValidation, and when the caller may not.
func (s *Service) CreateKey(ctx context.Context, c Call, o CreateKeyOptions) (k *Key, err error) {
	params := audit.Fields{"description": o.Description, "keySpec": KeySpec, "keyUsage": KeyUsage, "origin": Origin,
		"customerMasterKeySpec": KeySpec, "multiRegion": false, "bypassPolicyLockoutSafetyCheck": o.BypassCheck}
	if o.Policy != "" {
		params["policy"] = o.Policy
	}
	r := s.begin(c, "CreateKey", false, params)
	err = r.update(ctx, func(tx *state.Tx) error {
		if err := r.authorize(tx, ask{operation: "CreateKey", extra: policy.Context{
			"kms:KeySpec": {KeySpec}, "kms:KeyUsage": {KeyUsage}, "kms:KeyOrigin": {Origin}, "kms:MultiRegion": {"false"},
			"kms:BypassPolicyLockoutSafetyCheck": {boolText(o.BypassCheck)},
		}}); err != nil {
			return err
		}
		if len([]rune(o.Description)) > 8192 {
			return ErrValidation.Errorf("1 validation error detected: Value at 'description' failed to satisfy constraint: Member must have length less than or equal to 8192")
		}
		k = s.newKey(c.Region, c.Caller.Account)
		k.Description, k.Policy = o.Description, o.Policy
		if o.Policy == "" {
			k.Policy = DefaultPolicy(k.Account)
		} else if err := r.checkPolicy(tx, k, o.Policy, o.BypassCheck); err != nil {
			return err
		}
		r.touch(k)
		r.event.Response = audit.Fields{"keyMetadata": k.metadata()}
		return save(tx, k)
	})
	if err != nil {
		return nil, err
	}
	return k, nil
}

// newKey makes a key with fresh material, sealed.
func (s *Service) newKey(region arn.Region, account arn.AccountID) *Key {
	k := &Key{ID: s.ids.UUID(), Account: account, Region: region, Created: s.clock.Now(), State: Enabled, Manager: Customer,
		MaterialID: s.ids.Hex(64)}
	material := make([]byte, 32)
	rand.Read(material)
	k.Material = s.root.Seal(materialPurpose, material, []byte(k.ARN()+k.MaterialID))
	clear(material)
	return k
}

func (k *Key) metadata() audit.Fields {
	return audit.Fields{"aWSAccountId": k.Account, "keyId": k.ID, "arn": k.ARN(), "description": k.Description,
		"enabled": k.State == Enabled, "keyState": k.State, "keyManager": k.Manager, "keySpec": KeySpec, "keyUsage": KeyUsage,
		"origin": Origin, "creationDate": k.Created.Format("Jan 2, 2006, 3:04:05 PM"), "currentKeyMaterialId": k.MaterialID,
		"multiRegion": false, "encryptionAlgorithms": []string{Algorithm}}
}

// KeyName is how a request names a key: an id, a key ARN, an alias name or an
// alias ARN.
type KeyName string

// byCiphertext marks a key that no one named: it is the one a ciphertext names.
const byCiphertext KeyName = "(ciphertext)"

// Alias gives the alias name, "alias/…", and whether the key is named by one.
func (n KeyName) Alias() (string, bool) {
	name := string(n)
	if a, err := arn.Parse(name); err == nil {
		name = a.Resource
	}
	return name, strings.HasPrefix(name, "alias/")
}

var keyIDForm = regexp.MustCompile(`^(mrk-[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$`)

// resolve finds the key a request names. Where says which forms count: a
// management operation takes no alias.
func (r *request) resolve(tx *state.Tx, name KeyName, operation string, aliasToo bool) (*Key, error) {
	account, resource := r.call.Caller.Account, string(name)
	if strings.HasPrefix(resource, "arn:") {
		a, err := arn.Parse(resource)
		if err != nil || a.Service != "kms" {
			return nil, ErrInvalidArn.Errorf("Invalid arn %s", resource)
		}
		if a.Region != r.call.Region {
			return nil, ErrNotFound.Errorf("Invalid arn %s", a.Region)
		}
		account, resource = a.Account, a.Resource
		if !strings.HasPrefix(resource, "key/") && !strings.HasPrefix(resource, "alias/") {
			return nil, ErrInvalidArn.Errorf("Invalid arn %s", name)
		}
		if id, ok := strings.CutPrefix(resource, "key/"); ok {
			if resource = id; !keyIDForm.MatchString(id) {
				return nil, ErrNotFound.Errorf("Invalid keyId '%s'", id)
			}
		}
	}
	foreign := func(err error) error {
		if account == r.call.Caller.Account || r.call.Caller.Kind == policy.Service {
			return err
		}
		return audit.Denied.Errorf("%s", policy.VagueDenial(r.call.Caller.Principal, "kms:"+operation, false))
	}
	if strings.HasPrefix(resource, "alias/") {
		if !aliasToo {
			return nil, ErrNotFound.Errorf("Invalid keyId '%s'", resource)
		}
		al, ok, err := loadAlias(tx, r.call.Region, account, resource)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, foreign(ErrNotFound.Errorf("Alias %s is not found.", arn.New("kms", r.call.Region, account, resource)))
		}
		resource = al.KeyID
	}
	if !keyIDForm.MatchString(resource) {
		return nil, ErrNotFound.Errorf("Invalid keyId '%s'", resource)
	}
	k, ok, err := state.Load[Key](tx, keys, state.Key(string(r.call.Region), string(account), resource), version)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, foreign(ErrNotFound.Errorf("Key '%s' does not exist", arn.New("kms", r.call.Region, account, "key/"+resource)))
	}
	return &k, nil
}

// own is resolve for the operations that only the key's account may call.
func (r *request) own(tx *state.Tx, name KeyName, operation string) (*Key, error) {
	k, err := r.resolve(tx, name, operation, false)
	if err == nil && k.Account != r.call.Caller.Account {
		err = audit.Denied.Errorf("%s", policy.VagueDenial(r.call.Caller.Principal, "kms:"+operation, false))
	}
	return k, err
}

// DescribeKey gives a key. It may belong to another account.
func (s *Service) DescribeKey(ctx context.Context, c Call, name KeyName) (k *Key, err error) {
	r := s.begin(c, "DescribeKey", true, audit.Fields{"keyId": name})
	err = r.view(ctx, func(tx *state.Tx) error {
		if k, err = r.resolve(tx, name, "DescribeKey", true); err != nil {
			return err
		}
		r.touch(k)
		return r.authorize(tx, ask{operation: "DescribeKey", key: k, named: name})
	})
	if err != nil {
		return nil, err
	}
	return k, nil
}

// ListKeys gives the caller's keys in the region by id.
func (s *Service) ListKeys(ctx context.Context, c Call) (all []Key, err error) {
	r := s.begin(c, "ListKeys", true, nil)
	err = r.view(ctx, func(tx *state.Tx) error {
		if err := r.authorize(tx, ask{operation: "ListKeys"}); err != nil {
			return err
		}
		all, err = state.All[Key](tx, keys, state.Key(string(c.Region), string(c.Caller.Account)), version)
		return err
	})
	return all, err
}

// EnableKey and DisableKey set the state of a customer's key.
func (s *Service) EnableKey(ctx context.Context, c Call, name KeyName) error {
	return s.setState(ctx, c, "EnableKey", name, Enabled)
}

// DisableKey makes a key unusable until it is enabled again. What was opened
// with it stays open.
func (s *Service) DisableKey(ctx context.Context, c Call, name KeyName) error {
	return s.setState(ctx, c, "DisableKey", name, Disabled)
}

func (s *Service) setState(ctx context.Context, c Call, operation string, name KeyName, to KeyState) error {
	r := s.begin(c, operation, false, audit.Fields{"keyId": name})
	return r.update(ctx, func(tx *state.Tx) error {
		k, err := r.ownManaged(tx, name, operation)
		if err != nil {
			return err
		}
		k.State = to
		r.event.Response = audit.Fields{"keyId": k.ARN()}
		return save(tx, k)
	})
}

// ownManaged finds a key of the caller's account, authorizes a management
// operation on it, and refuses keys that AWS manages.
func (r *request) ownManaged(tx *state.Tx, name KeyName, operation string) (*Key, error) {
	k, err := r.own(tx, name, operation)
	if err != nil {
		return nil, err
	}
	r.touch(k)
	if err := r.authorize(tx, ask{operation: operation, key: k, named: name}); err != nil {
		return nil, err
	}
	if k.Manager == AWS {
		return nil, ErrUnsupported.Errorf("%s is an AWS managed key, which this operation does not change.", k.ARN())
	}
	return k, nil
}

func boolText(b bool) string {
	if b {
		return "true"
	}
	return "false"
}
