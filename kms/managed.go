package kms

import (
	"context"
	"fmt"

	"github.com/ebsim/ebsim/account/arn"
	"github.com/ebsim/ebsim/account/audit"
	"github.com/ebsim/ebsim/internal/state"
)

// EBSAlias names the key that Amazon EBS manages in each account and region.
const EBSAlias = "alias/aws/ebs"

// EBSKey gives the ARN of the account's AWS managed key for EBS in a region.
// The key and its alias come into being at the first use. Cause is the request
// that needed it. (AWS: "AWS managed keys".)
func (s *Service) EBSKey(ctx context.Context, region arn.Region, account arn.AccountID, cause string) (string, error) {
	found := ""
	look := func(tx *state.Tx) error {
		a, ok, err := loadAlias(tx, region, account, EBSAlias)
		if ok {
			found = (&Key{ID: a.KeyID, Account: account, Region: region}).ARN()
		}
		return err
	}
	if err := s.store.View(ctx, look); err != nil || found != "" {
		return found, err
	}
	err := s.store.Update(ctx, func(tx *state.Tx) error {
		if err := look(tx); err != nil || found != "" {
			return err
		}
		k := s.newKey(region, account)
		k.Manager, k.Policy = AWS, ebsPolicy(region, account)
		k.Description = "Default key that protects my EBS volumes when no other key is defined"
		if err := save(tx, k); err != nil {
			return err
		}
		a := Alias{Name: EBSAlias, Account: account, Region: region, KeyID: k.ID, Created: k.Created, Updated: k.Created}
		if err := a.save(tx); err != nil {
			return err
		}
		found = k.ARN()
		c := Call{Caller: audit.Service("ebs.amazonaws.com"), Region: region, Cause: cause}
		for _, name := range []string{"CreateKey", "CreateAlias"} {
			r := s.begin(c, name, false, nil)
			r.event.Type = audit.AwsServiceEvent
			r.event.Note = "Amazon EBS makes its key at the first use"
			r.touch(k)
			if err := r.record(tx); err != nil {
				return err
			}
		}
		return nil
	})
	return found, err
}

// ebsPolicy lets everyone in the account use the key through EC2, and look at
// it. (AWS: "How Amazon EBS encryption works"; Id and Sids as seen.)
func ebsPolicy(region arn.Region, account arn.AccountID) string {
	return fmt.Sprintf(`{
  "Version" : "2012-10-17",
  "Id" : "auto-ebs-2",
  "Statement" : [ {
    "Sid" : "Allow access through EBS for all principals in the account that are authorized to use EBS",
    "Effect" : "Allow",
    "Principal" : {
      "AWS" : "*"
    },
    "Action" : [ "kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:CreateGrant", "kms:DescribeKey" ],
    "Resource" : "*",
    "Condition" : {
      "StringEquals" : {
        "kms:CallerAccount" : "%[1]s",
        "kms:ViaService" : "ec2.%[2]s.amazonaws.com"
      }
    }
  }, {
    "Sid" : "Allow direct access to key metadata to the account",
    "Effect" : "Allow",
    "Principal" : {
      "AWS" : "%[3]s"
    },
    "Action" : [ "kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant" ],
    "Resource" : "*"
  } ]
}`, account, region, account.Root())
}

// Find gives a key by its ARN, for packages that ask no policy: its state, its
// manager. False where there is none.
func (s *Service) Find(tx *state.Tx, keyARN string) (*Key, bool, error) {
	a, err := arn.Parse(keyARN)
	if err != nil || a.Service != "kms" || a.Type() != "key" {
		return nil, false, nil
	}
	k, ok, err := state.Load[Key](tx, keys, state.Key(string(a.Region), string(a.Account), a.ID()), version)
	return &k, ok, err
}

// Resolve gives the ARN of the key that an id, ARN or alias names to an
// account in a region, whether the account may use it or not. It fails with
// ErrNotFound and ErrInvalidArn.
func (s *Service) Resolve(tx *state.Tx, region arn.Region, account arn.AccountID, name KeyName) (string, error) {
	c := Call{Region: region}
	c.Caller.Account = account
	k, err := (&request{Service: s, call: c}).resolve(tx, name, "DescribeKey", true)
	if err != nil {
		return "", err
	}
	return k.ARN(), nil
}

// All gives every key, for checks of a whole world.
func (s *Service) All(tx *state.Tx) ([]Key, error) { return state.All[Key](tx, keys, nil, version) }

// CheckMaterial reports whether a key's material opens under the root key.
func (s *Service) CheckMaterial(k *Key) error {
	m, err := k.open(s.root)
	clear(m)
	return err
}

// Unwrap opens a ciphertext with the root key alone: no policy and no key
// state is asked, and nothing is recorded. It is for checking a whole world by
// who has its root key, and for nothing that serves a caller.
func (s *Service) Unwrap(tx *state.Tx, region arn.Region, ciphertext []byte, context map[string]string) ([]byte, error) {
	b, err := parseBlob(ciphertext)
	if err != nil {
		return nil, err
	}
	k, ok, err := state.Load[Key](tx, keys, state.Key(string(region), string(b.account), b.keyID), version)
	if err != nil {
		return nil, err
	}
	if !ok || k.MaterialID != b.material {
		return nil, ErrInvalidCiphertext.Errorf("the key %s, or its material, is not there", b.keyID)
	}
	material, err := k.open(s.root)
	if err != nil {
		return nil, err
	}
	defer clear(material)
	return k.decrypt(material, b, context)
}
