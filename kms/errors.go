package kms

import "github.com/ebsim/ebsim/account/audit"

// Kinds of failure. (AWS: "AWS KMS API Reference", errors of each action.)
const (
	ErrNotFound          audit.Kind = "kms: not found"
	ErrInvalidArn        audit.Kind = "kms: invalid ARN"
	ErrValidation        audit.Kind = "kms: validation"
	ErrDisabled          audit.Kind = "kms: key is disabled"
	ErrInvalidState      audit.Kind = "kms: key state does not allow it"
	ErrUnsupported       audit.Kind = "kms: unsupported operation"
	ErrAlreadyExists     audit.Kind = "kms: already exists"
	ErrInvalidAliasName  audit.Kind = "kms: invalid alias name"
	ErrNotAuthorized     audit.Kind = "kms: not authorized for AWS's own alias"
	ErrMalformedPolicy   audit.Kind = "kms: malformed policy document"
	ErrLimitExceeded     audit.Kind = "kms: limit exceeded"
	ErrInvalidCiphertext audit.Kind = "kms: invalid ciphertext"
	ErrIncorrectKey      audit.Kind = "kms: incorrect key"
	ErrInvalidGrantToken audit.Kind = "kms: invalid grant token"
	ErrInvalidGrantID    audit.Kind = "kms: invalid grant id"
	ErrInvalidMarker     audit.Kind = "kms: invalid marker"
	ErrTag               audit.Kind = "kms: tag"
	ErrDryRun            audit.Kind = "kms: dry run would have succeeded"
)

func errDryRun() error {
	return ErrDryRun.Errorf("The request would have succeeded, but the DryRun option is set.")
}
