package content

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
)

const (
	labelBlock    = "ebsim/v1/block\x00"
	labelIdentity = "ebsim/v1/identity"

	saltSize     = 32
	tagSize      = 16
	identitySize = sha256.Size
)

// sealer seals and opens blocks under one content key. Its methods are safe
// for concurrent use.
type sealer struct {
	key      Key
	identity []byte // the HMAC key of identities
}

func newSealer(key Key) *sealer {
	return &sealer{key, derive(key.Secret[:], labelIdentity)}
}

// identify returns a block's identity: HMAC-SHA256 over its index and its
// plaintext. It tells who has no key only that two blocks at one index are
// equal.
func (s *sealer) identify(index int64, plain []byte) (id [identitySize]byte) {
	mac := hmac.New(sha256.New, s.identity)
	var at [8]byte
	binary.BigEndian.PutUint64(at[:], uint64(index))
	mac.Write(at[:])
	mac.Write(plain)
	mac.Sum(id[:0])
	return id
}

// aead returns the cipher of one block. Its key is made from a salt of 256
// random bits that no other block has, so it seals one message only, and a
// fixed nonce is safe.
func (s *sealer) aead(salt *[saltSize]byte) cipher.AEAD {
	block, err := aes.NewCipher(derive(s.key.Secret[:], labelBlock+string(salt[:])))
	if err != nil {
		panic("content: aes: " + err.Error())
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic("content: gcm: " + err.Error())
	}
	return aead
}

// zeroNonce is only read.
var zeroNonce [12]byte

// associated is what a seal binds a block to besides its key: lineage, index,
// codec and plain length.
func (s *sealer) associated(index int64, codec uint8, plain uint32) []byte {
	ad := make([]byte, 0, 16+8+1+4)
	ad = append(ad, s.key.Lineage[:]...)
	ad = binary.BigEndian.AppendUint64(ad, uint64(index))
	ad = append(ad, codec)
	return binary.BigEndian.AppendUint32(ad, plain)
}

// seal encrypts buf, a block in its codec, in place and returns the
// ciphertext; e gets salt and tag. e has Index, Codec and Plain already. buf
// has room for a tag behind it.
func (s *sealer) seal(e *Entry, buf []byte) []byte {
	rand.Read(e.Salt[:])
	sealed := s.aead(&e.Salt).Seal(buf[:0], zeroNonce[:], buf, s.associated(e.Index, e.Codec, e.Plain))
	n := len(buf)
	copy(e.Tag[:], sealed[n:])
	return sealed[:n]
}

// open decrypts ciphertext, which it overwrites, and returns the block in its
// codec.
func (s *sealer) open(e *Entry, ciphertext []byte) ([]byte, error) {
	sealed := append(ciphertext, e.Tag[:]...)
	return s.aead(&e.Salt).Open(sealed[:0], zeroNonce[:], sealed, s.associated(e.Index, e.Codec, e.Plain))
}
