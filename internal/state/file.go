package state

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// OpenFile opens the store in a file (a bbolt database), made with mode 0600
// if it does not exist. It fails with ErrLocked when another process has it.
func OpenFile(name string) (*Store, error) {
	db, err := bbolt.Open(name, 0o600, &bbolt.Options{Timeout: 500 * time.Millisecond, FreelistType: bbolt.FreelistMapType})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, fmt.Errorf("%s: %w", name, ErrLocked)
	}
	if err != nil {
		return nil, fmt.Errorf("open the store %s: %w", name, err)
	}
	return open(&file{db}), nil
}

// file keeps each table in a bucket of its own.
type file struct{ db *bbolt.DB }

func (f *file) view(fn func(base) error) error {
	err := f.db.View(func(tx *bbolt.Tx) error { return fn(fileBase{tx}) })
	if errors.Is(err, bolterrors.ErrDatabaseNotOpen) {
		return ErrClosed
	}
	return err
}

var errUnchanged = errors.New("nothing was written")

func (f *file) update(fn func(base) *overlay) error {
	err := f.db.Update(func(tx *bbolt.Tx) error {
		over := fn(fileBase{tx})
		if len(over.log) == 0 {
			return errUnchanged
		}
		return over.changes(func(t Table, key string, value []byte) error {
			bucket, err := tx.CreateBucketIfNotExists([]byte(t))
			if err != nil {
				return err
			}
			if value == nil {
				return bucket.Delete([]byte(key))
			}
			return bucket.Put([]byte(key), value)
		})
	})
	if errors.Is(err, errUnchanged) {
		return nil
	}
	return err
}

func (f *file) close() error { return f.db.Close() }

type fileBase struct{ tx *bbolt.Tx }

func (b fileBase) get(t Table, key string) []byte {
	bucket := b.tx.Bucket([]byte(t))
	if bucket == nil {
		return nil
	}
	return bucket.Get([]byte(key))
}

func (b fileBase) scan(t Table, from, to string, reverse bool, fn func(string, []byte) bool) {
	bucket := b.tx.Bucket([]byte(t))
	if bucket == nil {
		return
	}
	c, end := bucket.Cursor(), []byte(to)
	if !reverse {
		for k, v := c.Seek([]byte(from)); k != nil && (to == "" || bytes.Compare(k, end) < 0); k, v = c.Next() {
			if !fn(string(k), v) {
				return
			}
		}
		return
	}
	var k, v []byte
	if to == "" {
		k, v = c.Last()
	} else if k, v = c.Seek(end); k == nil {
		k, v = c.Last()
	} else {
		k, v = c.Prev()
	}
	for ; k != nil && string(k) >= from; k, v = c.Prev() {
		if !fn(string(k), v) {
			return
		}
	}
}
