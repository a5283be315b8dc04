package content

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"math/bits"
)

// A page, version 1, big-endian:
//
//	 0  magic "ebsimpag"
//	 8  version, 1
//	 9  level: 0 for a page of entries, above it pages of pages
//	10  number of slots present, 1 to 1024, 2 bytes
//	12  first block index below the page, 8 bytes
//	20  bitmap of the slots present, slot n at bit n%8 of byte n/8, 128 bytes
//	148 one record for each slot present, in order:
//	    level 0: object 40, key 16, stored 4, plain 4, codec 1, salt 32, tag 16, identity 32
//	    above:   object 40, blocks 8, plain 8, stored 8 (sums of everything below)
const (
	pageMagic   = "ebsimpag"
	pageVersion = 1
	pageHeader  = 20 + slots/8
	slots       = 1024
	slotBits    = 10
	maxLevel    = 2 // 1024³ blocks are 512 TiB

	refSize     = objectSize + 3*8
	maxPageSize = pageHeader + slots*entrySize
)

// MaxBlocks is the largest number of blocks a tree can have.
const MaxBlocks = int64(1) << (slotBits * (maxLevel + 1))

// sums are the counts of a subtree.
type sums struct {
	blocks int64 // present
	plain  int64 // bytes of plaintext
	stored int64 // bytes of ciphertext
}

func (s *sums) add(o sums) {
	s.blocks += o.blocks
	s.plain += o.plain
	s.stored += o.stored
}

// possible says whether some tree over span blocks has these sums.
func (s sums) possible(span int64) bool {
	return 0 < s.blocks && s.blocks <= span && s.blocks <= s.stored && s.stored <= s.plain && s.plain <= s.blocks*BlockSize
}

// ref is a page as its parent or a root knows it.
type ref struct {
	id ObjectID
	sums
}

// place is where in a tree a page belongs: block indexes from first, span(level)
// of them.
type place struct {
	level int
	first int64
}

// span is how many blocks a page of a level covers.
func span(level int) int64 { return 1 << (slotBits * (level + 1)) }

// slot returns the slot that index falls in, and the place of the page or the
// block in it.
func (p place) slot(index int64) int { return int((index - p.first) >> (slotBits * p.level)) }

func (p place) child(slot int) place {
	return place{p.level - 1, p.first + int64(slot)<<(slotBits*p.level)}
}

// page is a decoded page. Records stay in their bytes until asked for.
type page struct {
	place
	sums
	data []byte // the whole page
}

// nth returns the number of the record in a slot, and whether there is one.
func (p *page) nth(slot int) (int, bool) {
	bitmap := p.data[20:pageHeader]
	if bitmap[slot/8]>>(slot%8)&1 == 0 {
		return 0, false
	}
	n := bits.OnesCount8(bitmap[slot/8] & (1<<(slot%8) - 1))
	for _, b := range bitmap[:slot/8] {
		n += bits.OnesCount8(b)
	}
	return n, true
}

// entry returns the entry in a slot of a page of level 0.
func (p *page) entry(slot int) (Entry, bool) {
	n, ok := p.nth(slot)
	if !ok {
		return Entry{}, false
	}
	return readEntry(p.data[pageHeader+n*entrySize:], p.first+int64(slot)), true
}

// ref returns the page in a slot of a page above level 0.
func (p *page) ref(slot int) (ref, bool) {
	n, ok := p.nth(slot)
	if !ok {
		return ref{}, false
	}
	return readRef(p.data[pageHeader+n*refSize:]), true
}

// entries goes through the entries of a page of level 0 by their slots.
func (p *page) entries() iter.Seq2[int, Entry] {
	return func(yield func(int, Entry) bool) {
		for n, slot := range p.present {
			if !yield(slot, readEntry(p.data[pageHeader+n*entrySize:], p.first+int64(slot))) {
				return
			}
		}
	}
}

// refs goes through the pages of a page above level 0 by their slots.
func (p *page) refs() iter.Seq2[int, ref] {
	return func(yield func(int, ref) bool) {
		for n, slot := range p.present {
			if !yield(slot, readRef(p.data[pageHeader+n*refSize:])) {
				return
			}
		}
	}
}

// present goes through the page's records: their numbers and slots.
func (p *page) present(yield func(n, slot int) bool) {
	n := 0
	for i, b := range p.data[20:pageHeader] {
		for ; b != 0; b &= b - 1 {
			if !yield(n, i*8+bits.TrailingZeros8(b)) {
				return
			}
			n++
		}
	}
}

func readRef(b []byte) ref {
	n := func(at int) int64 { return int64(binary.BigEndian.Uint64(b[objectSize+at:])) }
	return ref{readObject(b), sums{n(0), n(8), n(16)}}
}

// decodePage reads a page and checks all that the page alone can show.
func decodePage(data []byte) (*page, error) {
	if len(data) < pageHeader || !bytes.HasPrefix(data, []byte(pageMagic)) {
		return nil, errors.New("not a page of a content tree")
	}
	if data[8] != pageVersion {
		return nil, fmt.Errorf("page version %d", data[8])
	}
	p := &page{data: data}
	p.level = int(data[9])
	count := int(binary.BigEndian.Uint16(data[10:]))
	p.first = int64(binary.BigEndian.Uint64(data[12:]))
	if p.level > maxLevel {
		return nil, fmt.Errorf("level %d", p.level)
	}
	if p.first < 0 || p.first >= MaxBlocks || p.first%span(p.level) != 0 {
		return nil, fmt.Errorf("first index %d at level %d", p.first, p.level)
	}
	present := 0
	for _, b := range data[20:pageHeader] {
		present += bits.OnesCount8(b)
	}
	size := entrySize
	if p.level > 0 {
		size = refSize
	}
	if present == 0 || present != count || len(data) != pageHeader+count*size {
		return nil, fmt.Errorf("%d slots present, %d announced, %d bytes", present, count, len(data))
	}
	if p.level == 0 {
		for _, e := range p.entries() {
			if err := e.check(); err != nil {
				return nil, err
			}
			p.add(sums{1, int64(e.Plain), int64(e.Stored)})
		}
		return p, nil
	}
	for slot, r := range p.refs() {
		if r.id.IsZero() || !r.possible(span(p.level-1)) {
			return nil, fmt.Errorf("slot %d is a page of impossible sums", slot)
		}
		p.add(r.sums)
	}
	return p, nil
}
