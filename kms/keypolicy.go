package kms

import (
	"context"
	"fmt"

	"github.com/ebsim/ebsim/account/arn"
	"github.com/ebsim/ebsim/account/audit"
	"github.com/ebsim/ebsim/account/policy"
	"github.com/ebsim/ebsim/internal/state"
)

// maxPolicy is the size of a key policy in bytes. (AWS: "AWS KMS quotas".)
const maxPolicy = 32 << 10

// PolicyName is the name of every key's only policy.
const PolicyName = "default"

// DefaultPolicy is the policy of a key made without one: the account's
// identity policies decide. (AWS: "Default key policy".)
func DefaultPolicy(account arn.AccountID) string {
	return fmt.Sprintf(`{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {
      "AWS" : "%s"
    },
    "Action" : "kms:*",
    "Resource" : "*"
  } ]
}`, account.Root())
}

// PutKeyPolicy replaces a key's policy. It fails with ErrMalformedPolicy where
// the policy does not parse, names a principal that does not exist, or would
// lock the caller out; with ErrLimitExceeded, ErrNotFound, ErrUnsupported.
func (s *Service) PutKeyPolicy(ctx context.Context, c Call, name KeyName, text string, bypassCheck bool) error {
	r := s.begin(c, "PutKeyPolicy", false, audit.Fields{"keyId": name, "policyName": PolicyName, "policy": text,
		"bypassPolicyLockoutSafetyCheck": bypassCheck})
	return r.update(ctx, func(tx *state.Tx) error {
		k, err := r.ownManaged(tx, name, "PutKeyPolicy")
		if err != nil {
			return err
		}
		if err := r.checkPolicy(tx, k, text, bypassCheck); err != nil {
			return err
		}
		k.Policy = text
		return save(tx, k)
	})
}

func (r *request) checkPolicy(tx *state.Tx, k *Key, text string, bypassCheck bool) error {
	if len(text) > maxPolicy {
		return ErrLimitExceeded.Errorf("The policy is %d bytes long; a key policy has at most %d.", len(text), maxPolicy)
	}
	doc, err := policy.Parse([]byte(text), policy.ResourcePolicy)
	if err != nil {
		return ErrMalformedPolicy.Errorf("%s", err)
	}
	for _, p := range doc.Principals() {
		ok, err := r.principals.Exists(tx, p)
		if err != nil {
			return err
		}
		if !ok {
			return ErrMalformedPolicy.Errorf("Policy contains a statement with one or more invalid principals.")
		}
	}
	if bypassCheck {
		return nil
	}
	// Lockout safety check: the caller must be able to change the policy again.
	identity, err := r.principals.Policies(tx, r.call.Caller.Principal)
	if err != nil {
		return err
	}
	d := policy.Decide(policy.Request{
		Principal: r.call.Caller.Principal, Action: "kms:PutKeyPolicy", Resource: k.ARN(), Owner: k.Account,
		Context: r.conditions(tx, ask{key: k}),
	}, policy.Policies{Identity: identity, Key: &policy.Source{Name: "new key policy", Document: doc}})
	if d.Err() != nil {
		return ErrMalformedPolicy.Errorf("The new key policy will not allow you to update the key policy in the future.")
	}
	return nil
}

// GetKeyPolicy gives a key's policy as it was put.
func (s *Service) GetKeyPolicy(ctx context.Context, c Call, name KeyName) (text string, err error) {
	r := s.begin(c, "GetKeyPolicy", true, audit.Fields{"keyId": name, "policyName": PolicyName})
	err = r.view(ctx, func(tx *state.Tx) error {
		k, err := r.own(tx, name, "GetKeyPolicy")
		if err != nil {
			return err
		}
		r.touch(k)
		text = k.Policy
		return r.authorize(tx, ask{operation: "GetKeyPolicy", key: k, named: name})
	})
	if err != nil {
		return "", err
	}
	return text, nil
}
