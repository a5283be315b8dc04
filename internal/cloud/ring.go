package cloud

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/ebsim/ebsim/account/arn"
	"github.com/ebsim/ebsim/snapshot/content"
)

// ErrRing says that a ring does not open: damaged, or another record's.
var ErrRing = errors.New("the ring of content keys does not open: damaged, or moved from another record")

// ring is the content keys that a volume or snapshot needs to read its blocks,
// one of them current: what is written is sealed under it.
type ring struct {
	Keys    []ringKey
	Current int
}

// ringKey is a content key and under what account and KMS key it was made: it
// seals only what is written there.
type ringKey struct {
	ID      content.KeyID
	Lineage content.Lineage
	Secret  []byte
	Account arn.AccountID
	KMSKey  string // ARN; empty for what is unencrypted
}

// newRing makes a ring with one fresh key of a lineage of its own.
func newRing(account arn.AccountID, kmsKey string) *ring {
	r := &ring{}
	r.add(content.NewKey(), account, kmsKey)
	return r
}

func (r *ring) add(k content.Key, account arn.AccountID, kmsKey string) {
	r.Keys = append(r.Keys, ringKey{k.ID, k.Lineage, append([]byte(nil), k.Secret[:]...), account, kmsKey})
	r.Current = len(r.Keys) - 1
}

// under gives the ring for a record of an account and KMS key: itself where
// the current key was made there, else with a fresh current key.
func (r *ring) under(account arn.AccountID, kmsKey string) *ring {
	out := &ring{Keys: append([]ringKey(nil), r.Keys...), Current: r.Current}
	now := r.Keys[r.Current]
	if now.Account != account || now.KMSKey != kmsKey {
		out.add(now.key().Next(), account, kmsKey)
	}
	return out
}

func (k ringKey) key() content.Key {
	key := content.Key{ID: k.ID, Lineage: k.Lineage}
	copy(key.Secret[:], k.Secret)
	return key
}

// keys gives the ring's keys for content.
func (r *ring) keys() content.Keys {
	var others []content.Key
	for i, k := range r.Keys {
		if i != r.Current {
			others = append(others, k.key())
		}
	}
	return content.NewKeys(r.Keys[r.Current].key(), others...)
}

// ids lists the ids of the ring's keys, the current one first. They are no
// secret.
func (r *ring) ids() []string {
	all := []string{r.Keys[r.Current].ID.String()}
	for i, k := range r.Keys {
		if i != r.Current {
			all = append(all, k.ID.String())
		}
	}
	return all
}

// ringJSON is the ring as it is sealed.
type ringJSON struct {
	Keys    []ringKeyJSON `json:"keys"`
	Current int           `json:"current"`
}

type ringKeyJSON struct {
	ID      []byte        `json:"id"`
	Lineage []byte        `json:"lineage"`
	Secret  []byte        `json:"secret"`
	Account arn.AccountID `json:"account"`
	KMSKey  string        `json:"kmsKey,omitempty"`
}

func (r *ring) marshal() []byte {
	out := ringJSON{Current: r.Current}
	for _, k := range r.Keys {
		out.Keys = append(out.Keys, ringKeyJSON{k.ID[:], k.Lineage[:], k.Secret, k.Account, k.KMSKey})
	}
	b, err := json.Marshal(out)
	if err != nil {
		panic(err) // it has nothing that cannot be written
	}
	return b
}

func parseRing(b []byte) (*ring, error) {
	var in ringJSON
	if err := json.Unmarshal(b, &in); err != nil || in.Current < 0 || in.Current >= len(in.Keys) {
		return nil, ErrRing
	}
	r := &ring{Current: in.Current}
	for _, k := range in.Keys {
		key := ringKey{Secret: k.Secret, Account: k.Account, KMSKey: k.KMSKey}
		if copy(key.ID[:], k.ID) != len(key.ID) || copy(key.Lineage[:], k.Lineage) != len(key.Lineage) || len(k.Secret) != 32 {
			return nil, ErrRing
		}
		r.Keys = append(r.Keys, key)
	}
	return r, nil
}

// ringSecret is what a record's ring is sealed under: derived from its data
// key, or, where nothing is encrypted, the root key.
type ringSecret struct {
	cloud *Cloud
	key   []byte // nil: the root key
}

// dataKeySize is the length of a data key in bytes.
const dataKeySize = 64

// ringKeyOf derives the ring key of a data key. The XTS key comes from the
// same data key under another label (disk.DeriveXTSKey), so neither tells the
// other.
func (c *Cloud) ringKeyOf(dataKey []byte) (ringSecret, error) {
	if len(dataKey) != dataKeySize {
		return ringSecret{}, fmt.Errorf("a data key has %d bytes, not %d", dataKeySize, len(dataKey))
	}
	key, err := hkdf.Expand(sha512.New, dataKey, "ebsim/v1/ring-key", 32)
	return ringSecret{c, key}, err
}

// plain is the secret of rings of what is unencrypted.
func (c *Cloud) plain() ringSecret { return ringSecret{cloud: c} }

const ringPurpose = "ring"

// seal seals a ring for one record: salt (32) ‖ AES-256-GCM. The message key
// is HKDF-Expand(ring key, label ‖ salt), so the nonce may be zero. Associated
// data: the record's id.
func (s ringSecret) seal(r *ring, record string) []byte {
	b := r.marshal()
	defer clear(b)
	if s.key == nil {
		return s.cloud.root.Seal(ringPurpose, b, []byte(record))
	}
	salt := make([]byte, 32)
	rand.Read(salt)
	return s.aead(salt).Seal(salt, make([]byte, 12), b, []byte(record))
}

// open undoes seal. It fails with ErrRing.
func (s ringSecret) open(sealed []byte, record string) (*ring, error) {
	var b []byte
	var err error
	switch {
	case s.key == nil:
		b, err = s.cloud.root.Open(ringPurpose, sealed, []byte(record))
	case len(sealed) < 48:
		err = ErrRing
	default:
		b, err = s.aead(sealed[:32]).Open(nil, make([]byte, 12), sealed[32:], []byte(record))
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", record, ErrRing)
	}
	defer clear(b)
	return parseRing(b)
}

func (s ringSecret) aead(salt []byte) cipher.AEAD {
	key, err := hkdf.Expand(sha256.New, s.key, "ebsim/v1/ring\x00"+string(salt), 32)
	if err != nil {
		panic(err) // only for lengths that cannot be
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return gcm
}
