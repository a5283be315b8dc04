package blob

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// ErrNotExist says that there is no object of a name. Errors that wrap it
// give the name.
var ErrNotExist = errors.New("no such object")

// ErrName says that a name is not one that a store takes.
var ErrName = errors.New("not an object name")

// Store is a set of objects. All methods are safe for concurrent use. A name
// such as "a/b" rules out an object "a": what such a Put does is undefined.
type Store interface {
	// Put stores data under name unless an object of that name is there
	// already; that one is left alone, and Put returns nil. A reader sees all
	// of an object or none of it. Put does not keep data. The object is durable
	// only after Sync.
	Put(ctx context.Context, name string, data []byte) error

	// Get returns an object's bytes, which belong to the caller, or an error
	// that is ErrNotExist.
	Get(ctx context.Context, name string) ([]byte, error)

	// Stat returns an object's length in bytes, or an error that is
	// ErrNotExist.
	Stat(ctx context.Context, name string) (size int64, err error)

	// Delete removes an object. One that is not there is no error.
	Delete(ctx context.Context, name string) error

	// List calls fn for each object whose name begins with prefix, sorted by
	// name as strings sort, until fn returns an error, which List returns. Any
	// string may be a prefix. Objects that come or go meanwhile may be missed
	// or listed. fn may call the store's methods.
	List(ctx context.Context, prefix string, fn func(name string, size int64) error) error

	// Sync makes the named objects durable. One that is not there is an error
	// that is ErrNotExist.
	Sync(ctx context.Context, names ...string) error
}

// tempPrefix begins the last element of files that are being written.
const tempPrefix = ".tmp-"

const maxName = 1024

// checkName says what a name must be: elements joined by slashes, none empty,
// "." or "..", none reserved, no control characters and no backslashes.
func checkName(name string) error {
	if name == "" || len(name) > maxName {
		return fmt.Errorf("blob: a name of %d bytes: %w", len(name), ErrName)
	}
	for i := range len(name) {
		if c := name[i]; c < ' ' || c == 0x7f || c == '\\' || c == ':' {
			return fmt.Errorf("blob: %q has byte %#02x: %w", name, c, ErrName)
		}
	}
	for elem := range strings.SplitSeq(name, "/") {
		if elem == "" || elem == "." || elem == ".." || len(elem) > 255 || strings.HasPrefix(elem, tempPrefix) {
			return fmt.Errorf("blob: %q has the element %q: %w", name, elem, ErrName)
		}
	}
	return nil
}

func notExist(name string) error { return fmt.Errorf("blob: %s: %w", name, ErrNotExist) }
