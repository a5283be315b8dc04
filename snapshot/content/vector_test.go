package content

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
)

// expand is HKDF-Expand of RFC 5869 for one block of SHA-256, written from
// the RFC: T(1) = HMAC(PRK, info ‖ 0x01).
func expand(secret []byte, info string) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(info))
	mac.Write([]byte{1})
	return mac.Sum(nil)
}

// identityOf is a block's identity, written from the format's description.
func identityOf(key Key, index uint64, plain []byte) (id [32]byte) {
	mac := hmac.New(sha256.New, expand(key.Secret[:], "ebsim/v1/identity"))
	mac.Write(binary.BigEndian.AppendUint64(nil, index))
	mac.Write(plain)
	copy(id[:], mac.Sum(nil))
	return id
}

// openByHand opens a block, written from the format's description.
func openByHand(t *testing.T, key Key, e Entry, ciphertext []byte) []byte {
	block, err := aes.NewCipher(expand(key.Secret[:], "ebsim/v1/block\x00"+string(e.Salt[:])))
	require.NoError(t, err)
	gcm, err := cipher.NewGCM(block)
	require.NoError(t, err)
	ad := append([]byte{}, key.Lineage[:]...)
	ad = binary.BigEndian.AppendUint64(ad, uint64(e.Index))
	ad = append(ad, e.Codec)
	ad = binary.BigEndian.AppendUint32(ad, e.Plain)
	plain, err := gcm.Open(nil, make([]byte, 12), append(append([]byte{}, ciphertext...), e.Tag[:]...), ad)
	require.NoError(t, err)
	return plain
}
