package kms

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/ebsim/ebsim/account/arn"
	"github.com/ebsim/ebsim/internal/rootkey"
)

// A ciphertext blob, format 1:
//
//	 0  5  01 02 02 00 78, as real ones begin
//	 5  1  00
//	 6  6  the key's account as a number, big endian
//	12 16  the key's id
//	28 32  the material's id
//	60 32  salt
//	92  n  AES-256-GCM ciphertext and tag
//
// The message key is HKDF-Expand(material, label ‖ salt), SHA-256; the salt is
// random, so each message has a key of its own and the nonce may be zero.
// Associated data: the key's ARN and the encryption context, see aad. The
// region is not in the blob: it is that of the call, as in AWS.
const (
	blobMagic  = "\x01\x02\x02\x00\x78\x00"
	saltSize   = 32
	headerSize = 60
	overhead   = headerSize + saltSize + 16
)

// blob is a parsed ciphertext.
type blob struct {
	account  arn.AccountID
	keyID    string
	material string
	salt     []byte
	sealed   []byte
}

func parseBlob(b []byte) (blob, error) {
	if len(b) < overhead || string(b[:6]) != blobMagic {
		return blob{}, ErrInvalidCiphertext.Errorf("")
	}
	var n [8]byte
	copy(n[2:], b[6:12])
	account := binary.BigEndian.Uint64(n[:])
	if account > 999_999_999_999 {
		return blob{}, ErrInvalidCiphertext.Errorf("")
	}
	u := hex.EncodeToString(b[12:28])
	return blob{
		account:  arn.AccountID(leftPad(account)),
		keyID:    u[:8] + "-" + u[8:12] + "-" + u[12:16] + "-" + u[16:20] + "-" + u[20:],
		material: hex.EncodeToString(b[28:60]),
		salt:     b[60:92], sealed: b[92:],
	}, nil
}

func leftPad(n uint64) string {
	digits := []byte("000000000000")
	for i := len(digits) - 1; n > 0 && i >= 0; i-- {
		digits[i] = byte('0' + n%10)
		n /= 10
	}
	return string(digits)
}

func (k *Key) header() []byte {
	b := []byte(blobMagic)
	var account uint64
	for _, d := range string(k.Account) {
		account = account*10 + uint64(d-'0')
	}
	b = append(b, binary.BigEndian.AppendUint64(nil, account)[2:]...)
	id, _ := hex.DecodeString(strings.ReplaceAll(k.ID, "-", ""))
	material, _ := hex.DecodeString(k.MaterialID)
	return append(append(b, id...), material...)
}

// open gives the key's material.
func (k *Key) open(root *rootkey.Key) ([]byte, error) {
	return root.Open(materialPurpose, k.Material, []byte(k.ARN()+k.MaterialID))
}

func aead(material, salt []byte) cipher.AEAD {
	key, err := hkdf.Expand(sha256.New, material, "ebsim/v1/kms\x00"+string(salt), 32)
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

// aad is the associated data of a message: the key's ARN, then the pairs of
// the encryption context in the order of their names, each text preceded by
// its length, so that no two contexts give the same bytes.
func (k *Key) aad(context map[string]string) []byte {
	text := func(b []byte, s string) []byte {
		return append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...)
	}
	b := text(nil, k.ARN())
	names := make([]string, 0, len(context))
	for name := range context {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		b = text(text(b, name), context[name])
	}
	return b
}

// encrypt wraps plaintext under the key. Material is the key's, opened.
func (k *Key) encrypt(material, plaintext []byte, context map[string]string) []byte {
	out := k.header()
	salt := make([]byte, saltSize)
	rand.Read(salt)
	out = append(out, salt...)
	return aead(material, salt).Seal(out, make([]byte, 12), plaintext, k.aad(context))
}

// decrypt unwraps. Another context, another key or a changed bit is
// ErrInvalidCiphertext.
func (k *Key) decrypt(material []byte, b blob, context map[string]string) ([]byte, error) {
	if b.material != k.MaterialID {
		return nil, ErrInvalidCiphertext.Errorf("")
	}
	p, err := aead(material, b.salt).Open(nil, make([]byte, 12), b.sealed, k.aad(context))
	if err != nil {
		return nil, ErrInvalidCiphertext.Errorf("")
	}
	return p, nil
}
