package awsapi

import (
	"context"
	"time"

	"github.com/ebsim/ebsim/kms"
)

type keyMetadata struct {
	AWSAccountId          string
	KeyId                 string
	Arn                   string
	CreationDate          time.Time
	Enabled               bool
	Description           *string
	KeyUsage              string
	KeyState              string
	Origin                string
	KeyManager            string
	CustomerMasterKeySpec string
	KeySpec               string
	EncryptionAlgorithms  []string
	MultiRegion           bool
	CurrentKeyMaterialId  string
}

func metadataOf(k *kms.Key) *keyMetadata {
	return &keyMetadata{AWSAccountId: string(k.Account), KeyId: k.ID, Arn: k.ARN(), CreationDate: k.Created,
		Enabled: k.State == kms.Enabled, Description: &k.Description, KeyUsage: kms.KeyUsage, KeyState: string(k.State), Origin: kms.Origin,
		KeyManager: string(k.Manager), CustomerMasterKeySpec: kms.KeySpec, KeySpec: kms.KeySpec,
		EncryptionAlgorithms: []string{kms.Algorithm}, CurrentKeyMaterialId: k.MaterialID}
}

type createKeyInput struct {
	Policy                         string
	Description                    string
	KeyUsage                       string `enum:"ENCRYPT_DECRYPT"`
	CustomerMasterKeySpec          string `enum:"SYMMETRIC_DEFAULT"`
	KeySpec                        string `enum:"SYMMETRIC_DEFAULT"`
	Origin                         string `enum:"AWS_KMS"`
	BypassPolicyLockoutSafetyCheck bool
}

type keyMetadataOutput struct{ KeyMetadata *keyMetadata }

type keyIDInput struct {
	KeyId string `required:"true"`
}

type describeKeyInput struct {
	KeyId       string `required:"true"`
	GrantTokens []string
}

type listInput struct {
	Limit  *int64
	Marker string
}

type keyListEntry struct{ KeyId, KeyArn string }

type listKeysOutput struct {
	Keys       []keyListEntry
	NextMarker string
	Truncated  bool
}

type putKeyPolicyInput struct {
	KeyId                          string `required:"true"`
	PolicyName                     string
	Policy                         string `required:"true"`
	BypassPolicyLockoutSafetyCheck bool
}

type getKeyPolicyInput struct {
	KeyId      string `required:"true"`
	PolicyName string
}

type getKeyPolicyOutput struct{ Policy, PolicyName string }

type createAliasInput struct {
	AliasName   string `required:"true"`
	TargetKeyId string `required:"true"`
}

type deleteAliasInput struct {
	AliasName string `required:"true"`
}

type listAliasesInput struct {
	KeyId  string
	Limit  *int64
	Marker string
}

type aliasListEntry struct {
	AliasName, AliasArn, TargetKeyId string
	CreationDate, LastUpdatedDate    time.Time
}

type listAliasesOutput struct {
	Aliases    []aliasListEntry
	NextMarker string
	Truncated  bool
}

type empty struct{}

func policyName(name string) error {
	if name != "" && name != kms.PolicyName {
		return kms.ErrNotFound.Errorf("No such policy exists")
	}
	return nil
}

func kmsKeys() []*Operation {
	return []*Operation{
		declare("kms", "CreateKey", "Makes a symmetric key.", func(ctx context.Context, c *Call, in *createKeyInput) (*keyMetadataOutput, error) {
			for member, given := range map[string][2]string{"keyUsage": {in.KeyUsage, kms.KeyUsage}, "keySpec": {in.KeySpec, kms.KeySpec},
				"customerMasterKeySpec": {in.CustomerMasterKeySpec, kms.KeySpec}, "origin": {in.Origin, kms.Origin}} {
				if given[0] != "" && given[0] != given[1] {
					return nil, kms.ErrUnsupported.Errorf("ebsim has no keys with %s %s; it has %s", member, given[0], given[1])
				}
			}
			k, err := c.KMS.CreateKey(ctx, c.kms(), kms.CreateKeyOptions{Description: in.Description, Policy: in.Policy, BypassCheck: in.BypassPolicyLockoutSafetyCheck})
			if err != nil {
				return nil, err
			}
			return &keyMetadataOutput{metadataOf(k)}, nil
		}),
		declare("kms", "DescribeKey", "Tells about a key.", func(ctx context.Context, c *Call, in *describeKeyInput) (*keyMetadataOutput, error) {
			if _, alias := kms.KeyName(in.KeyId).Alias(); alias && in.KeyId == kms.EBSAlias {
				if _, err := c.KMS.EBSKey(ctx, c.Region, c.Caller.Account, c.RequestID); err != nil {
					return nil, err
				}
			}
			k, err := c.KMS.DescribeKey(ctx, c.kms(), kms.KeyName(in.KeyId))
			if err != nil {
				return nil, err
			}
			return &keyMetadataOutput{metadataOf(k)}, nil
		}),
		declare("kms", "ListKeys", "Lists the account's keys in the region.", func(ctx context.Context, c *Call, in *listInput) (*listKeysOutput, error) {
			all, err := c.KMS.ListKeys(ctx, c.kms())
			out := &listKeysOutput{Keys: []keyListEntry{}}
			for _, k := range all {
				out.Keys = append(out.Keys, keyListEntry{k.ID, k.ARN()})
			}
			return out, err
		}),
		declare("kms", "EnableKey", "Makes a disabled key usable again.", func(ctx context.Context, c *Call, in *keyIDInput) (*empty, error) {
			return nil, c.KMS.EnableKey(ctx, c.kms(), kms.KeyName(in.KeyId))
		}),
		declare("kms", "DisableKey", "Makes a key unusable.", func(ctx context.Context, c *Call, in *keyIDInput) (*empty, error) {
			return nil, c.KMS.DisableKey(ctx, c.kms(), kms.KeyName(in.KeyId))
		}),
		declare("kms", "PutKeyPolicy", "Replaces a key's policy.", func(ctx context.Context, c *Call, in *putKeyPolicyInput) (*empty, error) {
			if err := policyName(in.PolicyName); err != nil {
				return nil, err
			}
			return nil, c.KMS.PutKeyPolicy(ctx, c.kms(), kms.KeyName(in.KeyId), in.Policy, in.BypassPolicyLockoutSafetyCheck)
		}),
		declare("kms", "GetKeyPolicy", "Gives a key's policy.", func(ctx context.Context, c *Call, in *getKeyPolicyInput) (*getKeyPolicyOutput, error) {
			if err := policyName(in.PolicyName); err != nil {
				return nil, err
			}
			text, err := c.KMS.GetKeyPolicy(ctx, c.kms(), kms.KeyName(in.KeyId))
			return &getKeyPolicyOutput{text, kms.PolicyName}, err
		}),
		declare("kms", "CreateAlias", "Names a key.", func(ctx context.Context, c *Call, in *createAliasInput) (*empty, error) {
			return nil, c.KMS.CreateAlias(ctx, c.kms(), in.AliasName, kms.KeyName(in.TargetKeyId))
		}),
		declare("kms", "UpdateAlias", "Points an alias to another key.", func(ctx context.Context, c *Call, in *createAliasInput) (*empty, error) {
			return nil, c.KMS.UpdateAlias(ctx, c.kms(), in.AliasName, kms.KeyName(in.TargetKeyId))
		}),
		declare("kms", "DeleteAlias", "Removes a name; the key stays.", func(ctx context.Context, c *Call, in *deleteAliasInput) (*empty, error) {
			return nil, c.KMS.DeleteAlias(ctx, c.kms(), in.AliasName)
		}),
		declare("kms", "ListAliases", "Lists the account's aliases in the region.", func(ctx context.Context, c *Call, in *listAliasesInput) (*listAliasesOutput, error) {
			all, err := c.KMS.ListAliases(ctx, c.kms(), kms.KeyName(in.KeyId))
			out := &listAliasesOutput{Aliases: []aliasListEntry{}}
			for _, a := range all {
				out.Aliases = append(out.Aliases, aliasListEntry{a.Name, a.ARN(), a.KeyID, a.Created, a.Updated})
			}
			return out, err
		}),
	}
}
