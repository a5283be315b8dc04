package policy

import (
	"strings"
	"unicode/utf8"
)

// pieceKind is the kind of one piece of a pattern.
type pieceKind int

const (
	literal  pieceKind = iota
	one                // ?: exactly one character
	many               // *: any characters, also none
	variable           // ${key} or ${key, 'default'}
)

type piece struct {
	kind     pieceKind
	text     string // literal: what must stand there; variable: its key
	fallback string // variable: its default
	hasDef   bool
}

// glob is a pattern without variables.
type glob []piece

// match reports whether the whole of s matches. It never backtracks over a *:
// the parts between two stars are found one after the other, each at its first
// place, which is as good as any later one. The time is linear in the length
// of s, times one for every 64 characters of a part that has a ? in it.
func (g glob) match(s string) bool {
	star := indexKind(g, many)
	if star < 0 {
		rest, ok := g.eat(s)
		return ok && rest == ""
	}
	s, ok := g[:star].eat(s)
	if !ok {
		return false
	}
	for g = g[star+1:]; ; g = g[star+1:] {
		if star = indexKind(g, many); star < 0 {
			break
		}
		if s, ok = g[:star].find(s); !ok {
			return false
		}
	}
	return g.ends(s)
}

func indexKind(g glob, k pieceKind) int {
	for i := range g {
		if g[i].kind == k {
			return i
		}
	}
	return -1
}

// eat matches a part without stars at the start of s and gives what is left.
func (g glob) eat(s string) (string, bool) {
	for _, p := range g {
		if p.kind == one {
			if s == "" {
				return "", false
			}
			_, n := utf8.DecodeRuneInString(s)
			s = s[n:]
			continue
		}
		rest, ok := strings.CutPrefix(s, p.text)
		if !ok {
			return "", false
		}
		s = rest
	}
	return s, true
}

// find matches a part at its first place in s and gives what is left.
func (g glob) find(s string) (string, bool) {
	switch {
	case len(g) == 0:
		return s, true
	case len(g) == 1 && g[0].kind == literal:
		_, rest, ok := strings.Cut(s, g[0].text)
		return rest, ok
	}
	return g.shiftAnd(s)
}

// shiftAnd is find for a part with a ? in it: bit i of the state says that the
// part's first i+1 characters match what was read last. (Baeza-Yates and
// Gonnet, "A new approach to text searching", 1992.)
func (g glob) shiftAnd(s string) (string, bool) {
	n := 0
	for _, p := range g {
		n += max(1, utf8.RuneCountInString(p.text))
	}
	words := (n + 63) / 64
	anything := make([]uint64, words)
	masks := map[rune][]uint64{}
	n = 0
	for _, p := range g {
		if p.kind == one {
			anything[n/64] |= 1 << (n % 64)
			n++
		}
		for text := p.text; text != ""; n++ {
			r, size := decodeRune(text)
			if masks[r] == nil {
				masks[r] = make([]uint64, words)
			}
			masks[r][n/64] |= 1 << (n % 64)
			text = text[size:]
		}
	}
	state := make([]uint64, words)
	for s != "" {
		r, size := decodeRune(s)
		s = s[size:]
		mask, carry := masks[r], uint64(1)
		for w := range state {
			next := state[w]<<1 | carry
			carry = state[w] >> 63
			state[w] = next & anything[w]
			if mask != nil {
				state[w] |= next & mask[w]
			}
		}
		if state[words-1]>>((n-1)%64)&1 == 1 {
			return s, true
		}
	}
	return "", false
}

// decodeRune keeps bytes that are not UTF-8 apart from each other.
func decodeRune(s string) (rune, int) {
	r, size := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && size == 1 {
		r = utf8.MaxRune + 1 + rune(s[0])
	}
	return r, size
}

// ends matches a part at the end of s.
func (g glob) ends(s string) bool {
	at := len(s)
	for i := len(g) - 1; i >= 0; i-- {
		if g[i].kind == one {
			_, n := utf8.DecodeLastRuneInString(s[:at])
			if n == 0 {
				return false
			}
			at -= n
			continue
		}
		if !strings.HasSuffix(s[:at], g[i].text) {
			return false
		}
		at -= len(g[i].text)
	}
	return true
}

// matchARN matches field by field: a * does not reach over one of the first
// five colons, except that a pattern with fewer than six fields is filled up
// with "*". A lone "*" matches everything. (AWS: "IAM JSON policy elements:
// Resource", "Amazon Resource Name (ARN) condition operators".)
func (g glob) matchARN(s string) bool {
	if len(g) == 1 && g[0].kind == many {
		return true
	}
	values := strings.SplitN(s, ":", arnFields)
	if len(values) != arnFields {
		return false
	}
	for i, field := range g.fields() {
		if !field.match(values[i]) {
			return false
		}
	}
	return true
}

const arnFields = 6

// fields cuts a pattern at its first five colons.
func (g glob) fields() []glob {
	out := make([]glob, 1, arnFields)
	for _, p := range g {
		last := len(out) - 1
		if p.kind != literal {
			out[last] = append(out[last], p)
			continue
		}
		for i, text := range strings.SplitN(p.text, ":", arnFields-last) {
			if i > 0 {
				out = append(out, nil)
				last++
			}
			if text != "" {
				out[last] = append(out[last], piece{kind: literal, text: text})
			}
		}
	}
	return out
}
