package awscli

import (
	"fmt"
	"strings"
	"unicode"
)

func (p *shorthandParser) firstValue() (any, error) {
	if p.at('\'') || p.at('"') {
		return p.quoted()
	}
	word := p.word(firstFollow)
	return p.loaded(word)
}

func (p *shorthandParser) secondValue() (any, error) {
	if p.at('\'') || p.at('"') {
		return p.quoted()
	}
	if p.pos >= len(p.in) || !p.wordStart() {
		return nil, p.wanted("'<second>'")
	}
	return p.loaded(p.word(secondFollow))
}

// wordStart: a word does not start with a space, quote, comma, =, [ or {,
// but may with an escaped comma.
func (p *shorthandParser) wordStart() bool {
	r := p.in[p.pos]
	return !unicode.IsSpace(r) && !strings.ContainsRune(`"',=[{`, r) && r > ' '
}

// firstFollow and secondFollow end a word: inside brackets a word ends at
// their closing, and in a list of bare words at the next key's =.
const (
	firstFollow  = `"',]}`
	secondFollow = `"',=`
)

func (p *shorthandParser) word(stop string) string {
	start := p.pos
	if p.pos < len(p.in) && !p.wordStart() {
		return ""
	}
	for p.pos < len(p.in) {
		r := p.in[p.pos]
		if r == '\\' && p.pos+1 < len(p.in) && p.in[p.pos+1] == ',' {
			p.pos += 2
			continue
		}
		if p.pos > start && strings.ContainsRune(stop, r) {
			break
		}
		p.pos++
	}
	s := strings.ReplaceAll(string(p.in[start:p.pos]), `\,`, ",")
	return strings.TrimRightFunc(s, unicode.IsSpace)
}

func (p *shorthandParser) quoted() (any, error) {
	quote, start := p.in[p.pos], p.pos
	name := "<singled quoted>"
	if quote == '"' {
		name = "<double quoted>"
	}
	end, escaped := -1, -1
	for i := start + 1; i < len(p.in); i++ {
		if p.in[i] == '\\' && i+1 < len(p.in) && p.in[i+1] == quote {
			i++
			escaped = i
		} else if p.in[i] == quote {
			end = i
			break
		}
	}
	if end < 0 {
		end = escaped // the last escaped quote closes where no other does
	}
	if end < 0 {
		return nil, p.wanted("'" + name + "'")
	}
	p.pos = end + 1
	s := strings.ReplaceAll(string(p.in[start+1:end]), `\`+string(quote), string(quote))
	return p.loaded(strings.ReplaceAll(s, `\\`, `\`))
}

func (p *shorthandParser) loaded(word string) (any, error) {
	if !p.load || p.file == nil {
		return word, nil
	}
	v, isFile, err := p.file(word)
	if err != nil || !isFile {
		return word, err
	}
	return v, nil
}

func (p *shorthandParser) at(r rune) bool { return p.pos < len(p.in) && p.in[p.pos] == r }

func (p *shorthandParser) space() {
	for p.pos < len(p.in) && strings.ContainsRune(" \t\n\r\v\f", p.in[p.pos]) {
		p.pos++
	}
}

func (p *shorthandParser) expect(r rune) error {
	p.space()
	if !p.at(r) {
		return p.wanted("'" + string(r) + "'")
	}
	p.pos++
	p.space()
	return nil
}

func (p *shorthandParser) wanted(what string) error {
	got := "EOF"
	if strings.HasPrefix(what, "'<") {
		got = "<none>"
	} else if p.pos < len(p.in) {
		got = string(p.in[p.pos])
	}
	return fmt.Errorf("Expected: %s, received: '%s' for input:\n%s", what, got, p.location(p.pos))
}

// location shows the input with a caret under the rune at pos.
func (p *shorthandParser) location(pos int) string {
	before, after := string(p.in[:pos]), string(p.in[pos:])
	column := pos
	if i := strings.LastIndex(before, "\n"); i >= 0 {
		column = len([]rune(before[i+1:]))
	}
	rest := ""
	if i := strings.Index(after, "\n"); i >= 0 {
		after, rest = after[:i], after[i:]
	}
	return before + after + "\n" + strings.Repeat(" ", column) + "^" + rest
}
