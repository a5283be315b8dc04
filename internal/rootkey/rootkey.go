// Package rootkey holds the one secret that a world does not keep sealed: the
// root key, from which the keys are derived that seal everything secret in
// the store (KMS key material, secret access keys, the content keys of
// unencrypted snapshots) and authenticate records.
package rootkey

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// Size is the length of a root key in bytes.
const Size = 32

// ErrUnseal says that sealed bytes are damaged, were sealed under another
// root key, or belong elsewhere (another purpose or associated data).
var ErrUnseal = errors.New("sealed bytes do not open: damaged, moved, or sealed under another root key")

// Key is a root key. The zero Key is not usable; see Generate and Parse.
type Key struct{ secret [Size]byte }

// Generate makes a root key from crypto/rand.
func Generate() *Key {
	k := new(Key)
	rand.Read(k.secret[:]) // never fails, as of Go 1.24
	return k
}

// Parse reads the 64 hexadecimal digits that String gave, white space around
// them aside. The error never contains the text.
func Parse(text string) (*Key, error) {
	b, err := hex.DecodeString(strings.TrimSpace(text))
	if err != nil || len(b) != Size {
		return nil, fmt.Errorf("a root key is %d hexadecimal digits", 2*Size)
	}
	k := new(Key)
	copy(k.secret[:], b)
	return k, nil
}

// Reveal gives the key as 64 hexadecimal digits, for the root.key file and
// nothing else. Key has no String method, so that no log prints it.
func (k *Key) Reveal() string { return hex.EncodeToString(k.secret[:]) }

// Format keeps the key out of every fmt verb.
func (k *Key) Format(f fmt.State, _ rune) { f.Write([]byte("rootkey.Key(hidden)")) }

// derive gives the 32-byte key of one purpose (HKDF-Expand, RFC 5869; the
// root key is uniform, so Extract is not needed).
func (k *Key) derive(purpose, salt string) []byte {
	b, err := hkdf.Expand(sha256.New, k.secret[:], "ebsim/v1/root/"+purpose+"\x00"+salt, 32)
	if err != nil {
		panic(err) // only a length above 255 hashes fails
	}
	return b
}

const saltSize = 32

// Seal encrypts and authenticates plaintext for one purpose, bound to ad (the
// id of the record it lies in): salt (32) ‖ AES-256-GCM ciphertext and tag.
// Each message has a key of its own, derived from a random salt, so the fixed
// nonce is used once a key.
func (k *Key) Seal(purpose string, plaintext, ad []byte) []byte {
	out := make([]byte, saltSize, saltSize+len(plaintext)+16)
	rand.Read(out)
	return k.aead(purpose, out[:saltSize]).Seal(out, make([]byte, 12), plaintext, ad)
}

// Open undoes Seal. It fails with ErrUnseal.
func (k *Key) Open(purpose string, sealed, ad []byte) ([]byte, error) {
	if len(sealed) < saltSize+16 {
		return nil, fmt.Errorf("%s: %w", purpose, ErrUnseal)
	}
	p, err := k.aead(purpose, sealed[:saltSize]).Open(nil, make([]byte, 12), sealed[saltSize:], ad)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", purpose, ErrUnseal)
	}
	return p, nil
}

func (k *Key) aead(purpose string, salt []byte) cipher.AEAD {
	block, err := aes.NewCipher(k.derive("seal/"+purpose, string(salt)))
	if err != nil {
		panic(err)
	}
	a, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return a
}

// MAC authenticates a message for one purpose (HMAC-SHA-256, 32 bytes).
func (k *Key) MAC(purpose string, message []byte) []byte {
	m := hmac.New(sha256.New, k.derive("mac/"+purpose, ""))
	m.Write(message)
	return m.Sum(nil)
}

// CheckMAC reports whether mac is MAC(purpose, message), in constant time.
func (k *Key) CheckMAC(purpose string, message, mac []byte) bool {
	return hmac.Equal(k.MAC(purpose, message), mac)
}
