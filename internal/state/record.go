package state

import (
	"encoding/json"
	"fmt"
)

// Save writes a record: one byte of version, then JSON.
func Save(tx *Tx, t Table, key []byte, version byte, record any) error {
	b, err := json.Marshal(record)
	if err != nil {
		return fmt.Errorf("save a record of %s: %w", t, err)
	}
	return tx.Put(t, key, append([]byte{version}, b...))
}

// Load reads a record that Save wrote; false if there is none.
func Load[T any](tx *Tx, t Table, key []byte, version byte) (record T, ok bool, err error) {
	value := tx.Get(t, key)
	if value == nil {
		return record, false, nil
	}
	record, err = Decode[T](t, key, value, version)
	return record, err == nil, err
}

// Decode reads a record from its value, for use in a scan. A record of a
// later version than this program knows is an error that says so.
func Decode[T any](t Table, key, value []byte, version byte) (record T, err error) {
	if len(value) == 0 {
		return record, fmt.Errorf("record %q of %s is empty", Split(key), t)
	}
	if value[0] != version {
		return record, fmt.Errorf("record %q of %s has version %d, this program reads version %d", Split(key), t, value[0], version)
	}
	if err := json.Unmarshal(value[1:], &record); err != nil {
		return record, fmt.Errorf("record %q of %s is damaged: %w", Split(key), t, err)
	}
	return record, nil
}

// All gives the records whose keys begin with a prefix, in order.
func All[T any](tx *Tx, t Table, prefix []byte, version byte) ([]T, error) {
	var all []T
	err := tx.Scan(t, prefix, PrefixEnd(prefix), func(key, value []byte) (bool, error) {
		r, err := Decode[T](t, key, value, version)
		all = append(all, r)
		return err == nil, err
	})
	return all, err
}
