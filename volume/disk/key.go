package disk

import (
	"crypto/hkdf"
	"crypto/sha512"
	"fmt"

	"github.com/ebsim/ebsim/volume/xts"
)

// DeriveXTSKey derives the 64-byte XTS key of a volume from its 64-byte data
// key: HKDF-Expand (RFC 5869) with SHA-512, info "ebsim/v1/xts", a zero byte
// and the volume's id. Volumes of one lineage share a data key, and so share
// no ciphertext. It panics if the data key is not 64 bytes.
func DeriveXTSKey(dataKey []byte, volumeID string) []byte {
	if len(dataKey) != 64 {
		panic("disk: data key is not 64 bytes")
	}
	return expand(dataKey, "ebsim/v1/xts\x00"+volumeID, xts.KeySize)
}

// keyCheck tells one XTS key from another. Expanding a uniformly random key
// under a label of its own gives away nothing about what it encrypts.
func keyCheck(key []byte) (check [16]byte) {
	if key != nil {
		copy(check[:], expand(key, "ebsim/v1/xts-check", len(check)))
	}
	return check
}

func expand(key []byte, info string, n int) []byte {
	out, err := hkdf.Expand(sha512.New, key, info, n)
	if err != nil {
		panic(fmt.Sprintf("disk: derive a key: %v", err))
	}
	return out
}

// newCipher returns nil for a nil key: an unencrypted disk.
func newCipher(key []byte) (*xts.Cipher, error) {
	if key == nil {
		return nil, nil
	}
	return xts.NewCipher(key, SectorSize)
}
