package volume

import "github.com/ebsim/ebsim/account/audit"

// Kinds of failure. (AWS: "Error codes for the Amazon EC2 API".)
const (
	ErrNotFound           audit.Kind = "volume: not found"
	ErrMalformedID        audit.Kind = "volume: malformed volume id"
	ErrInUse              audit.Kind = "volume: in use"
	ErrIncorrectState     audit.Kind = "volume: incorrect state"
	ErrKeyRevoked         audit.Kind = "volume: customer key has been revoked"
	ErrZoneMismatch       audit.Kind = "volume: zone mismatch"
	ErrZoneNotFound       audit.Kind = "volume: zone not found"
	ErrInvalidParameter   audit.Kind = "volume: invalid parameter value"
	ErrMissingParameter   audit.Kind = "volume: missing parameter"
	ErrDependency         audit.Kind = "volume: invalid parameter dependency"
	ErrCombination        audit.Kind = "volume: invalid parameter combination"
	ErrUnknownType        audit.Kind = "volume: unknown volume type"
	ErrTokenMismatch      audit.Kind = "volume: idempotent parameter mismatch"
	ErrInstanceNotFound   audit.Kind = "instance: not found"
	ErrInstanceMalformed  audit.Kind = "instance: malformed id"
	ErrAttachmentNotFound audit.Kind = "volume: attachment not found"
)
