package content

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
)

// KeyID names a content key. It is random and no secret.
type KeyID [16]byte

func (id KeyID) String() string { return hex.EncodeToString(id[:]) }

// Lineage names the keys that follow one another by Key.Next. Every block is
// sealed to the lineage of its key.
type Lineage [16]byte

func (l Lineage) String() string { return hex.EncodeToString(l[:]) }

// Key is a content key. Its zero value is no key.
//
// Printing a Key shows its id only, and it does not marshal to JSON. What
// prints a struct that has a Key in an unexported field sees the secret all
// the same: hold Keys there.
type Key struct {
	ID      KeyID
	Lineage Lineage
	Secret  [32]byte
}

// NewKey returns a fresh key of a fresh lineage.
func NewKey() Key {
	var k Key
	rand.Read(k.ID[:])
	rand.Read(k.Lineage[:])
	rand.Read(k.Secret[:])
	return k
}

// Next returns a fresh key of k's lineage.
func (k Key) Next() Key {
	next := NewKey()
	next.Lineage = k.Lineage
	return next
}

// Format writes the key's id, whatever the verb.
func (k Key) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "content key %s", k.ID) }

// LogValue is the key's id.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.ID.String()) }

// MarshalJSON fails: a content key is stored sealed in a ring only.
func (k Key) MarshalJSON() ([]byte, error) {
	return nil, errors.New("content: a content key does not marshal")
}

// Keys is a set of content keys, one of them current: it seals what is
// written. Its zero value has none. It does not change.
type Keys struct {
	// A function, into which no print of what holds a Keys gets: some verbs
	// follow pointers. nil means no keys.
	ring func() *ring
}

type ring struct {
	all  []Key
	byID map[KeyID]*sealer
}

// NewKeys returns the set of current and others. Of keys of the same id, the
// first counts.
func NewKeys(current Key, others ...Key) Keys {
	r := &ring{byID: map[KeyID]*sealer{}}
	for _, k := range append([]Key{current}, others...) {
		if _, ok := r.byID[k.ID]; !ok {
			r.all = append(r.all, k)
			r.byID[k.ID] = newSealer(k)
		}
	}
	return Keys{func() *ring { return r }}
}

// Current returns the key that seals what is written; of no keys, the zero
// Key.
func (k Keys) Current() Key {
	if k.ring == nil {
		return Key{}
	}
	return k.ring().all[0]
}

// Get returns the key of an id.
func (k Keys) Get(id KeyID) (Key, bool) {
	if s := k.sealer(id); s != nil {
		return s.key, true
	}
	return Key{}, false
}

// All returns the keys, the current one first, the others in the order given.
func (k Keys) All() []Key {
	if k.ring == nil {
		return nil
	}
	return append([]Key(nil), k.ring().all...)
}

// Format writes the ids, whatever the verb.
func (k Keys) Format(f fmt.State, _ rune) {
	fmt.Fprint(f, "content keys [")
	for i, key := range k.All() {
		if i > 0 {
			fmt.Fprint(f, " ")
		}
		fmt.Fprint(f, key.ID)
	}
	fmt.Fprint(f, "]")
}

// MarshalJSON fails, as Key's does.
func (k Keys) MarshalJSON() ([]byte, error) { return Key{}.MarshalJSON() }

func (k Keys) sealer(id KeyID) *sealer {
	if k.ring == nil {
		return nil
	}
	return k.ring().byID[id]
}

// derive is HKDF-Expand of a content key's secret (RFC 5869, SHA-256). The
// secret is uniformly random, so Extract is left out (section 3.3).
func derive(secret []byte, info string) []byte {
	key, err := hkdf.Expand(sha256.New, secret, info, 32)
	if err != nil {
		panic("content: hkdf: " + err.Error())
	}
	return key
}
