package disk

import (
	"math/bits"
	"sync"
)

// bitsPage is how many bits one page of a bitmap holds: 4 KiB, 16 GiB of disk.
const bitsPage = 32768

// bitmap is one bit a block; pages come into being when a bit of them is set.
type bitmap struct {
	mu    sync.RWMutex
	pages map[int64]*[bitsPage / 64]uint64
}

func (b *bitmap) get(i int64) bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	p := b.pages[i/bitsPage]
	return p != nil && p[i%bitsPage/64]>>(i%64)&1 == 1
}

func (b *bitmap) set(i int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.pages == nil {
		b.pages = map[int64]*[bitsPage / 64]uint64{}
	}
	p := b.pages[i/bitsPage]
	if p == nil {
		p = new([bitsPage / 64]uint64)
		b.pages[i/bitsPage] = p
	}
	p[i%bitsPage/64] |= 1 << (i % 64)
}

// next returns the first set bit at from or later and before limit.
func (b *bitmap) next(from, limit int64) (int64, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	for i := from; i < limit; {
		p := b.pages[i/bitsPage]
		if p == nil {
			i = b.nextPage(i/bitsPage) * bitsPage
			if i < 0 {
				break
			}
			continue
		}
		word := p[i%bitsPage/64] >> (i % 64)
		if word == 0 {
			i = (i/64 + 1) * 64
			continue
		}
		i += int64(bits.TrailingZeros64(word))
		return i, i < limit
	}
	return limit, false
}

// nextPage returns the number of the first page after n, -1 if there is none.
func (b *bitmap) nextPage(n int64) int64 {
	best := int64(-1)
	for k := range b.pages {
		if k > n && (best < 0 || k < best) {
			best = k
		}
	}
	return best
}
