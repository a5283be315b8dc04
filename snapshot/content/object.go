package content

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strings"
)

// WriterID names one Writer, and begins the id of every object it makes.
type WriterID [8]byte

func (id WriterID) String() string { return hex.EncodeToString(id[:]) }

// NewWriterID returns the id of a Writer to come, in the form that WriteAs
// takes.
func NewWriterID() string {
	var id WriterID
	rand.Read(id[:])
	return id.String()
}

// ParseWriterID reads 16 hexadecimal digits in lower case.
func ParseWriterID(text string) (WriterID, error) {
	var id WriterID
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != len(id) || copy(id[:], b) == 0 || id.String() != text {
		return WriterID{}, fmt.Errorf("content: %q is not a writer's id, 16 hexadecimal digits", text)
	}
	return id, nil
}

// ObjectID names a stored object for ever: who wrote it, and the SHA-256 of
// its bytes. No two writers make the same object, so an object belongs to one
// index of one lineage.
type ObjectID struct {
	Writer WriterID
	Digest [32]byte
}

// IsZero says that id names nothing.
func (id ObjectID) IsZero() bool { return id == ObjectID{} }

// String is the object's name in the blob store,
// "<writer>/<2 digits>/<digest>" in hexadecimal.
func (id ObjectID) String() string {
	d := hex.EncodeToString(id.Digest[:])
	return id.Writer.String() + "/" + d[:2] + "/" + d
}

// parseObject reads the name that String gives.
func parseObject(name string) (ObjectID, error) {
	var id ObjectID
	parts := strings.Split(name, "/")
	if len(parts) == 3 && len(parts[0]) == 16 && len(parts[2]) == 64 {
		_, err1 := hex.Decode(id.Writer[:], []byte(parts[0]))
		_, err2 := hex.Decode(id.Digest[:], []byte(parts[2]))
		if err1 == nil && err2 == nil && id.String() == name {
			return id, nil
		}
	}
	return ObjectID{}, fmt.Errorf("content: %q does not name an object", name)
}

const objectSize = 8 + 32

func (id ObjectID) append(b []byte) []byte {
	b = append(b, id.Writer[:]...)
	return append(b, id.Digest[:]...)
}

func readObject(b []byte) (id ObjectID) {
	copy(id.Writer[:], b)
	copy(id.Digest[:], b[8:])
	return id
}
