package content

import "encoding/binary"

// builder makes a page from its slots.
type builder struct {
	place
	entries []Entry // at level 0: one a slot, absent ones zero
	refs    []ref   // above
}

func newBuilder(at place) *builder {
	if at.level == 0 {
		return &builder{place: at, entries: make([]Entry, slots)}
	}
	return &builder{place: at, refs: make([]ref, slots)}
}

// load sets the slots to those of p.
func (b *builder) load(p *page) {
	if p.level == 0 {
		for slot, e := range p.entries() {
			b.entries[slot] = e
		}
		return
	}
	for slot, r := range p.refs() {
		b.refs[slot] = r
	}
}

// encode returns the page's bytes and sums; of no slots, nil.
func (b *builder) encode() ([]byte, sums) {
	var total sums
	data := make([]byte, pageHeader, 4096)
	copy(data, pageMagic)
	data[8] = pageVersion
	data[9] = byte(b.level)
	binary.BigEndian.PutUint64(data[12:], uint64(b.first))
	count := 0
	for slot := range slots {
		if b.level == 0 {
			e := &b.entries[slot]
			if e.Plain == 0 {
				continue
			}
			data = e.append(data)
			total.add(sums{1, int64(e.Plain), int64(e.Stored)})
		} else {
			r := &b.refs[slot]
			if r.id.IsZero() {
				continue
			}
			data = r.id.append(data)
			for _, n := range []int64{r.blocks, r.plain, r.stored} {
				data = binary.BigEndian.AppendUint64(data, uint64(n))
			}
			total.add(r.sums)
		}
		data[20+slot/8] |= 1 << (slot % 8)
		count++
	}
	if count == 0 {
		return nil, sums{}
	}
	binary.BigEndian.PutUint16(data[10:], uint16(count))
	return data, total
}
