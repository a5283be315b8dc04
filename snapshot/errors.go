package snapshot

import "github.com/ebsim/ebsim/account/audit"

// Kinds of failure. (AWS: "Error codes for the Amazon EC2 API".)
const (
	ErrNotFound     audit.Kind = "snapshot: not found"
	ErrMalformedID  audit.Kind = "snapshot: malformed snapshot id"
	ErrState        audit.Kind = "snapshot: incorrect state"
	ErrNotPermitted audit.Kind = "snapshot: operation not permitted"
	ErrKeyAuth      audit.Kind = "snapshot: not authorized to use the key"
	ErrMalformedUID audit.Kind = "snapshot: malformed user id"
	ErrDamaged      audit.Kind = "snapshot: the record was changed outside ebsim"
)
