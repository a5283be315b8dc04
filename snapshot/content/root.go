package content

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Root stands for a whole tree: what it names is fixed by it, byte for byte.
// The zero Root is an empty tree over no blocks. Roots compare with ==; equal
// Roots are the same content, but the same content written twice has two.
//
// A Root is trusted: keep it in a record that is authenticated.
type Root struct {
	size int64 // blocks, present or not
	top  ref   // zero if no block is present
}

// Blocks is the volume's length in blocks, present or not.
func (r Root) Blocks() int64 { return r.size }

// Present is how many blocks are present; the others read as zeros.
func (r Root) Present() int64 { return r.top.blocks }

// PlainBytes is the length of the blocks that are present, before compression.
func (r Root) PlainBytes() int64 { return r.top.plain }

// StoredBytes is the length of the blocks that are present as they are
// stored, shared ones included, pages left out.
func (r Root) StoredBytes() int64 { return r.top.stored }

// Empty says that no block is present.
func (r Root) Empty() bool { return r.top.id.IsZero() }

// Height is the number of pages between the root and a block.
func (r Root) Height() int {
	if r.Empty() {
		return 0
	}
	return r.place().level + 1
}

// place is that of the top page: the lowest that covers all blocks.
func (r Root) place() place {
	for level := range maxLevel {
		if r.size <= span(level) {
			return place{level: level}
		}
	}
	return place{level: maxLevel}
}

const rootVersion = "tree1"

// String is the Root's text form.
func (r Root) String() string {
	top := "-"
	if !r.Empty() {
		top = hex.EncodeToString(r.top.id.append(nil))
	}
	return fmt.Sprintf("%s:%d:%d:%d:%d:%s", rootVersion, r.size, r.top.blocks, r.top.plain, r.top.stored, top)
}

// MarshalText returns "tree1:BLOCKS:PRESENT:PLAIN:STORED:TOP": numbers in
// decimal, lengths in bytes, TOP the writer and digest of the top page in
// hexadecimal or "-".
func (r Root) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads what MarshalText wrote, and nothing else.
func (r *Root) UnmarshalText(text []byte) error {
	root, err := ParseRoot(string(text))
	if err != nil {
		return err
	}
	*r = root
	return nil
}

// ParseRoot reads the text form of a Root.
func ParseRoot(text string) (Root, error) {
	root, err := parseRoot(text)
	if err != nil {
		if len(text) > 200 {
			text = text[:200] + "…"
		}
		return Root{}, fmt.Errorf("content: root %q: %w", text, err)
	}
	return root, nil
}

func parseRoot(text string) (Root, error) {
	parts := strings.Split(text, ":")
	if parts[0] != rootVersion {
		return Root{}, errors.New("unknown version")
	}
	if len(parts) != 6 {
		return Root{}, fmt.Errorf("%d parts instead of 6", len(parts))
	}
	var n [4]int64
	for i := range n {
		var err error
		if n[i], err = strconv.ParseInt(parts[i+1], 10, 64); err != nil {
			return Root{}, err
		}
	}
	r := Root{size: n[0], top: ref{sums: sums{n[1], n[2], n[3]}}}
	if r.size < 0 || r.size > MaxBlocks {
		return Root{}, fmt.Errorf("%d blocks: %w", r.size, ErrRange)
	}
	if parts[5] == "-" {
		if r.top != (ref{}) {
			return Root{}, errors.New("counts without a top page")
		}
	} else {
		id, err := hex.DecodeString(parts[5])
		if err != nil || len(id) != objectSize {
			return Root{}, errors.New("the top page's id is not 80 hexadecimal digits")
		}
		if r.top.id = readObject(id); r.top.id.IsZero() || !r.top.possible(r.size) {
			return Root{}, errors.New("impossible counts")
		}
	}
	if r.String() != text {
		return Root{}, errors.New("not the canonical form")
	}
	return r, nil
}
