package policy

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxDepth is deeper than any policy: document, statements, statement,
// condition, operator, values.
const maxDepth = 16

// decoder reads RFC 8259 JSON. It exists because encoding/json drops duplicate
// keys and does not say where a value stood.
type decoder struct {
	src   string
	at    int
	depth int
}

type syntaxError struct {
	offset  int
	problem string
}

// decode reads one value and nothing after it from UTF-8. Faults are raised as
// *syntaxError and caught here.
func decode(src string) (n *node, fault *syntaxError) {
	d := &decoder{src: src}
	defer func() {
		if r := recover(); r != nil {
			f, ours := r.(*syntaxError)
			if !ours {
				panic(r)
			}
			n, fault = nil, f
		}
	}()
	d.space()
	if d.at == len(d.src) {
		d.fail(d.at, "the document is empty")
	}
	n = d.value()
	d.space()
	if d.at < len(d.src) {
		d.fail(d.at, "there is something after the end of the document: "+d.here())
	}
	return n, nil
}

func (d *decoder) fail(offset int, problem string) { panic(&syntaxError{offset, problem}) }

// here names the character at which the decoder stands.
func (d *decoder) here() string {
	if d.at >= len(d.src) {
		return "the end of the document"
	}
	r, _ := utf8.DecodeRuneInString(d.src[d.at:])
	return fmt.Sprintf("%q", r)
}

func (d *decoder) space() {
	for d.at < len(d.src) && strings.IndexByte(" \t\r\n", d.src[d.at]) >= 0 {
		d.at++
	}
}

func (d *decoder) peek() byte {
	if d.at < len(d.src) {
		return d.src[d.at]
	}
	return 0
}

func (d *decoder) value() *node {
	d.depth++
	defer func() { d.depth-- }()
	if d.depth > maxDepth {
		d.fail(d.at, fmt.Sprintf("values are nested more than %d deep", maxDepth))
	}
	n := &node{offset: d.at}
	switch c := d.peek(); {
	case c == '{':
		n.kind = isObject
		d.object(n)
	case c == '[':
		n.kind = isList
		d.list(n)
	case c == '"':
		n.kind = isString
		n.text = d.string()
	case c == '-' || '0' <= c && c <= '9':
		n.kind = isNumber
		n.text = d.number()
	default:
		for _, word := range []string{"true", "false", "null"} {
			if strings.HasPrefix(d.src[d.at:], word) {
				d.at += len(word)
				n.text = word
				if word != "null" {
					n.kind = isBool
				}
				return n
			}
		}
		d.fail(d.at, "want a JSON value, found "+d.here())
	}
	return n
}

func (d *decoder) object(n *node) {
	d.at++
	d.space()
	if d.peek() == '}' {
		d.at++
		return
	}
	seen := map[string]bool{}
	for {
		d.space()
		offset := d.at
		if d.peek() != '"' {
			d.fail(d.at, "want a name in double quotes, found "+d.here())
		}
		name := d.string()
		if seen[name] {
			d.fail(offset, fmt.Sprintf("%q stands twice in one object", name))
		}
		seen[name] = true
		d.space()
		if d.peek() != ':' {
			d.fail(d.at, fmt.Sprintf("want a colon after %q, found %s", name, d.here()))
		}
		d.at++
		d.space()
		n.members = append(n.members, member{name, offset, d.value()})
		if d.end('}') {
			return
		}
	}
}

func (d *decoder) list(n *node) {
	d.at++
	d.space()
	if d.peek() == ']' {
		d.at++
		return
	}
	for {
		d.space()
		n.items = append(n.items, d.value())
		if d.end(']') {
			return
		}
	}
}

// end reads what follows a member or an item, and reports whether it closed.
func (d *decoder) end(closing byte) bool {
	d.space()
	c := d.peek()
	if c != ',' && c != closing || d.at >= len(d.src) {
		d.fail(d.at, fmt.Sprintf("want a comma or %q, found %s", closing, d.here()))
	}
	d.at++
	return c == closing
}

// string reads a string and holds it to the characters that IAM allows:
// U+0009, U+000A, U+000D and U+0020 to U+00FF. (AWS: "IAM and AWS STS quotas",
// the pattern of PolicyDocument.)
func (d *decoder) string() string {
	start := d.at
	for d.at++; ; d.at++ {
		switch c := d.peek(); {
		case d.at >= len(d.src):
			d.fail(start, "the string that starts here does not end")
		case c == '\\':
			d.at++
		case c < ' ':
			d.fail(d.at, "a control character stands in a string; write it as an escape")
		case c == '"':
			d.at++
			s := d.src[start+1 : d.at-1]
			if strings.IndexByte(s, '\\') >= 0 {
				if err := json.Unmarshal([]byte(d.src[start:d.at]), &s); err != nil {
					d.fail(start, "the string that starts here has a bad escape")
				}
			}
			for _, r := range s {
				if r != '\t' && r != '\n' && r != '\r' && (r < ' ' || r > 0xFF) {
					d.fail(start, fmt.Sprintf("the string that starts here holds %U, which no policy may hold", r))
				}
			}
			return s
		}
	}
}

func (d *decoder) number() string {
	start := d.at
	for d.at < len(d.src) && strings.IndexByte("+-.0123456789eE", d.src[d.at]) >= 0 {
		d.at++
	}
	if text := d.src[start:d.at]; !json.Valid([]byte(text)) {
		d.fail(start, text+" is not a number")
	}
	return d.src[start:d.at]
}

// position gives the line and column, both from 1, of an offset; a column is
// a character, not a byte.
func position(src string, offset int) (line, column int) {
	before := src[:min(offset, len(src))]
	line = 1 + strings.Count(before, "\n")
	return line, 1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
}
