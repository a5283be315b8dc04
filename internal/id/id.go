// Package id makes identifiers. Every identifier of a world comes from one
// Source, so that a seeded world gives the same ids in the same order.
// Identifiers are no secrets: keys, nonces and salts come from crypto/rand
// and never from here.
package id

import (
	crand "crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"io"
	"math/rand/v2"
	"sync"

	"github.com/google/uuid"
)

// Source gives identifiers. It is safe for concurrent use.
type Source struct {
	mu sync.Mutex
	r  io.Reader
}

// Random is a Source that never repeats.
func Random() *Source { return &Source{r: crand.Reader} }

// Seeded is a Source that gives the same identifiers for the same seed.
func Seeded(seed uint64) *Source {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	return &Source{r: rand.NewChaCha8(key)}
}

// Bytes gives n bytes.
func (s *Source) Bytes(n int) []byte {
	b := make([]byte, n)
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := io.ReadFull(s.r, b); err != nil {
		panic("id: the source of randomness failed: " + err.Error())
	}
	return b
}

// Hex gives n hexadecimal digits in lower case.
func (s *Source) Hex(n int) string { return hex.EncodeToString(s.Bytes((n + 1) / 2))[:n] }

// UUID gives a version 4 UUID (RFC 9562), as request, event and key ids are.
func (s *Source) UUID() string {
	var u uuid.UUID
	copy(u[:], s.Bytes(16))
	u[6] = u[6]&0x0f | 0x40
	u[8] = u[8]&0x3f | 0x80
	return u.String()
}

// Resource gives a prefix such as "vol-" with the 17 hexadecimal digits that
// EC2 resources have.
func (s *Source) Resource(prefix string) string { return prefix + s.Hex(17) }

// Unique gives a prefix such as "AIDA" or "AKIA" followed by capital letters
// and digits, n characters in all, as IAM's unique ids are.
func (s *Source) Unique(prefix string, n int) string {
	t := base32.StdEncoding.EncodeToString(s.Bytes(n))
	return (prefix + t)[:n]
}
