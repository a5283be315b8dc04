package account

import "github.com/ebsim/ebsim/account/audit"

// Kinds of failure. (AWS: "IAM API Reference", common and modelled errors.)
const (
	ErrNoSuchEntity    audit.Kind = "iam: no such entity"
	ErrAlreadyExists   audit.Kind = "iam: entity already exists"
	ErrMalformedPolicy audit.Kind = "iam: malformed policy document"
	ErrDeleteConflict  audit.Kind = "iam: delete conflict"
	ErrValidation      audit.Kind = "iam: validation error"
	ErrLimitExceeded   audit.Kind = "iam: limit exceeded"
	ErrUnknownKey      audit.Kind = "the access key id is not known"
	ErrBadSecret       audit.Kind = "the secret access key is wrong"
)
