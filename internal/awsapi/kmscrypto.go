package awsapi

import (
	"context"

	"github.com/ebsim/ebsim/kms"
)

type encryptInput struct {
	KeyId               string `required:"true"`
	Plaintext           []byte `required:"true" sensitive:"true"`
	EncryptionContext   map[string]string
	GrantTokens         []string
	EncryptionAlgorithm string `enum:"SYMMETRIC_DEFAULT"`
	DryRun              bool
}

type encryptOutput struct {
	CiphertextBlob      []byte
	KeyId               string
	EncryptionAlgorithm string
}

type decryptInput struct {
	CiphertextBlob      []byte `required:"true"`
	EncryptionContext   map[string]string
	GrantTokens         []string
	KeyId               string
	EncryptionAlgorithm string `enum:"SYMMETRIC_DEFAULT"`
	DryRun              bool
}

type decryptOutput struct {
	KeyId               string
	Plaintext           []byte
	EncryptionAlgorithm string
	KeyMaterialId       string
}

type reEncryptInput struct {
	CiphertextBlob                 []byte `required:"true"`
	SourceEncryptionContext        map[string]string
	SourceKeyId                    string
	DestinationKeyId               string `required:"true"`
	DestinationEncryptionContext   map[string]string
	SourceEncryptionAlgorithm      string `enum:"SYMMETRIC_DEFAULT"`
	DestinationEncryptionAlgorithm string `enum:"SYMMETRIC_DEFAULT"`
	GrantTokens                    []string
	DryRun                         bool
}

type reEncryptOutput struct {
	CiphertextBlob                 []byte
	SourceKeyId                    string
	KeyId                          string
	SourceEncryptionAlgorithm      string
	DestinationEncryptionAlgorithm string
	SourceKeyMaterialId            string
	DestinationKeyMaterialId       string
}

type generateDataKeyInput struct {
	KeyId             string `required:"true"`
	EncryptionContext map[string]string
	NumberOfBytes     int64
	KeySpec           string `enum:"AES_256|AES_128"`
	GrantTokens       []string
	DryRun            bool
}

type generateDataKeyOutput struct {
	CiphertextBlob []byte
	Plaintext      []byte
	KeyId          string
	KeyMaterialId  string
}

type generateRandomInput struct{ NumberOfBytes *int64 }

type generateRandomOutput struct{ Plaintext []byte }

func algorithm(names ...string) error {
	for _, name := range names {
		if name != "" && name != kms.Algorithm {
			return kms.ErrValidation.Errorf("1 validation error detected: Value '%s' at 'encryptionAlgorithm' failed to satisfy constraint: Member must satisfy enum value set: [%s]", name, kms.Algorithm)
		}
	}
	return nil
}

type generate func(context.Context, kms.Call, kms.KeyName, kms.DataKeyOptions) (*kms.DataKey, error)

func dataKey(ctx context.Context, c *Call, in *generateDataKeyInput, make generate) (*generateDataKeyOutput, error) {
	d, err := make(ctx, c.kms(), kms.KeyName(in.KeyId), kms.DataKeyOptions{NumberOfBytes: in.NumberOfBytes, KeySpec: in.KeySpec,
		CryptoOptions: kms.CryptoOptions{Context: in.EncryptionContext, Tokens: in.GrantTokens, DryRun: in.DryRun}})
	if err != nil {
		return nil, err
	}
	return &generateDataKeyOutput{d.Ciphertext, d.Plaintext, d.Key.ARN(), d.Key.MaterialID}, nil
}

func kmsCrypto() []*Operation {
	return []*Operation{
		declare("kms", "Encrypt", "Wraps up to 4096 bytes under a key.", func(ctx context.Context, c *Call, in *encryptInput) (*encryptOutput, error) {
			if err := algorithm(in.EncryptionAlgorithm); err != nil {
				return nil, err
			}
			b, k, err := c.KMS.Encrypt(ctx, c.kms(), kms.KeyName(in.KeyId), in.Plaintext, kms.CryptoOptions{Context: in.EncryptionContext, Tokens: in.GrantTokens, DryRun: in.DryRun})
			if err != nil {
				return nil, err
			}
			return &encryptOutput{b, k.ARN(), kms.Algorithm}, nil
		}),
		declare("kms", "Decrypt", "Unwraps a ciphertext with the context it was wrapped with.", func(ctx context.Context, c *Call, in *decryptInput) (*decryptOutput, error) {
			if err := algorithm(in.EncryptionAlgorithm); err != nil {
				return nil, err
			}
			b, k, err := c.KMS.Decrypt(ctx, c.kms(), kms.KeyName(in.KeyId), in.CiphertextBlob, kms.CryptoOptions{Context: in.EncryptionContext, Tokens: in.GrantTokens, DryRun: in.DryRun})
			if err != nil {
				return nil, err
			}
			return &decryptOutput{k.ARN(), b, kms.Algorithm, k.MaterialID}, nil
		}),
		declare("kms", "ReEncrypt", "Unwraps under one key and wraps under another, inside KMS.", func(ctx context.Context, c *Call, in *reEncryptInput) (*reEncryptOutput, error) {
			if err := algorithm(in.SourceEncryptionAlgorithm, in.DestinationEncryptionAlgorithm); err != nil {
				return nil, err
			}
			b, src, dst, err := c.KMS.ReEncrypt(ctx, c.kms(), kms.KeyName(in.SourceKeyId), in.CiphertextBlob,
				kms.CryptoOptions{Context: in.SourceEncryptionContext, Tokens: in.GrantTokens, DryRun: in.DryRun}, kms.KeyName(in.DestinationKeyId), in.DestinationEncryptionContext)
			if err != nil {
				return nil, err
			}
			return &reEncryptOutput{b, src.ARN(), dst.ARN(), kms.Algorithm, kms.Algorithm, src.MaterialID, dst.MaterialID}, nil
		}),
		declare("kms", "GenerateDataKey", "Makes a data key and wraps it.", func(ctx context.Context, c *Call, in *generateDataKeyInput) (*generateDataKeyOutput, error) {
			return dataKey(ctx, c, in, c.KMS.GenerateDataKey)
		}),
		declare("kms", "GenerateDataKeyWithoutPlaintext", "Makes a wrapped data key that nobody has seen.", func(ctx context.Context, c *Call, in *generateDataKeyInput) (*generateDataKeyOutput, error) {
			return dataKey(ctx, c, in, c.KMS.GenerateDataKeyWithoutPlaintext)
		}),
		declare("kms", "GenerateRandom", "Gives random bytes.", func(ctx context.Context, c *Call, in *generateRandomInput) (*generateRandomOutput, error) {
			if in.NumberOfBytes == nil {
				return nil, kms.ErrValidation.Errorf("NumberOfBytes is required.")
			}
			b, err := c.KMS.GenerateRandom(ctx, c.kms(), *in.NumberOfBytes)
			return &generateRandomOutput{b}, err
		}),
	}
}
