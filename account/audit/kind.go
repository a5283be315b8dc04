package audit

import "fmt"

// Kind names one way in which an operation can fail, apart from being denied.
// It is an error, so that a package's kinds are its sentinels
// (errors.Is(err, kms.ErrDisabled)), and a string, so that an event can keep
// it. What a client of AWS calls it is decided elsewhere, in one table.
type Kind string

// Error gives the kind's name.
func (k Kind) Error() string { return string(k) }

// Errorf makes an error of this kind, with AWS's message where AWS has one.
func (k Kind) Errorf(format string, args ...any) error {
	return &Error{Kind: k, Message: fmt.Sprintf(format, args...)}
}

// Error is a failure of some kind with its message.
type Error struct {
	Kind    Kind
	Message string
}

// Error gives the message, or the kind where there is none.
func (e *Error) Error() string {
	if e.Message == "" {
		return string(e.Kind)
	}
	return e.Message
}

// Unwrap gives the kind.
func (e *Error) Unwrap() error { return e.Kind }

// Denied is the kind that events keep of a request that no policy allowed, or
// that one forbade.
const Denied Kind = "access denied"

// Internal is the kind that events keep of a failure that is no answer to the
// request, such as a full disk.
const Internal Kind = "internal failure"
