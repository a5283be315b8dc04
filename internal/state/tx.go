package state

import "errors"

// Errors of writing.
var (
	ErrReadOnly = errors.New("this transaction only reads")
	ErrEmptyKey = errors.New("a key has at least one byte")
)

// Tx is a transaction: it sees what is committed and what it wrote itself.
// It is valid until the function it was given to returns, and belongs to one
// goroutine.
type Tx struct {
	base base
	over *overlay // nil: read only
}

// Get gives the value of a key, or nil. The bytes must not be changed and are
// valid as long as the transaction.
func (tx *Tx) Get(t Table, key []byte) []byte {
	k := string(key)
	if tx.over != nil {
		if e, ok := tx.over.get(t, k); ok {
			return e.value
		}
	}
	return tx.base.get(t, k)
}

// Put sets the value of a key. The bytes are copied.
func (tx *Tx) Put(t Table, key, value []byte) error {
	if tx.over == nil {
		return ErrReadOnly
	}
	if len(key) == 0 {
		return ErrEmptyKey
	}
	tx.over.set(t, string(key), entry{value: append([]byte{}, value...)})
	return nil
}

// Delete removes a key; one that does not exist is no error.
func (tx *Tx) Delete(t Table, key []byte) error {
	if tx.over == nil {
		return ErrReadOnly
	}
	tx.over.set(t, string(key), entry{})
	return nil
}

// Scan calls fn for the pairs with from <= key < to in the order of their
// keys, until fn gives false or an error. An empty to has no end. Fn sees the
// pairs as they were when the scan began, and may write. The bytes are valid
// until fn returns.
func (tx *Tx) Scan(t Table, from, to []byte, fn func(key, value []byte) (bool, error)) error {
	return tx.walk(t, string(from), string(to), false, fn)
}

// ScanReverse is Scan from the last pair to the first.
func (tx *Tx) ScanReverse(t Table, from, to []byte, fn func(key, value []byte) (bool, error)) error {
	return tx.walk(t, string(from), string(to), true, fn)
}

// walk merges the pairs of the base with those of the overlay, which hide
// them.
func (tx *Tx) walk(t Table, from, to string, reverse bool, fn func(key, value []byte) (bool, error)) error {
	var written []pair
	if tx.over != nil {
		written = tx.over.pairs(t, from, to, reverse)
	}
	var failed error
	emit := func(key string, value []byte) bool {
		if value == nil {
			return true // deleted
		}
		more, err := fn([]byte(key), value)
		failed = err
		return more && err == nil
	}
	stopped := false
	tx.base.scan(t, from, to, reverse, func(key string, value []byte) bool {
		for len(written) > 0 && (written[0].key < key) != reverse && written[0].key != key {
			p := written[0]
			written = written[1:]
			if !emit(p.key, p.value) {
				stopped = true
				return false
			}
		}
		if len(written) > 0 && written[0].key == key {
			value = written[0].value
			written = written[1:]
		}
		if !emit(key, value) {
			stopped = true
			return false
		}
		return true
	})
	for _, p := range written {
		if stopped || !emit(p.key, p.value) {
			break
		}
	}
	return failed
}
