package content

import (
	"errors"
	"fmt"

	"github.com/ebsim/ebsim/internal/blob"
)

var (
	// ErrDamaged is what an *ObjectError is: stored bytes are not what was
	// written.
	ErrDamaged = errors.New("damaged")

	// ErrNoKey says that a block's content key is not among the keys given.
	ErrNoKey = errors.New("no such content key")

	// ErrRange says that a block index, a length or a number of blocks is out
	// of range.
	ErrRange = errors.New("out of range")

	// ErrClosed says that a Writer has been committed or discarded.
	ErrClosed = errors.New("the writer has ended")
)

// ObjectError reports an object that is missing, cut, altered, or not the one
// that belongs in its place. It is ErrDamaged.
type ObjectError struct {
	Object  string // its name in the blob store
	Index   int64  // the block's index; -1 for a page of the tree
	Problem string // what is wrong, as a clause: "is missing"
	Err     error  // what the layer below said; may be nil
}

func (e *ObjectError) Error() string {
	what := "page"
	if e.Index >= 0 {
		what = fmt.Sprintf("block %d", e.Index)
	}
	s := fmt.Sprintf("content: %s, object %s %s", what, e.Object, e.Problem)
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *ObjectError) Unwrap() error { return e.Err }

// Is reports whether target is ErrDamaged.
func (e *ObjectError) Is(target error) bool { return target == ErrDamaged }

// missing says whether err is that of an object that is not there.
func missing(err error) bool { return errors.Is(err, blob.ErrNotExist) }
