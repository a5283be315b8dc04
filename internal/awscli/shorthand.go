package awscli

import (
	"fmt"
	"strings"
)

// shorthandParser reads the AWS CLI's shorthand syntax ("Using shorthand
// syntax in the AWS CLI", user guide), by syntax alone:
//
//	parameter = keyval *("," keyval)
//	keyval    = key "=" [values] / key "@=" file
//	values    = csv-list / "[" list "]" / "{" keyval *("," keyval) "}"
//
// Scalars come out as strings; coerce fits them to a shape. The grammar and
// its odd corners are those of awscli/shorthand.py.
type shorthandParser struct {
	in   []rune
	pos  int
	file func(uri string) (any, bool, error) // reads key@=file://…
	load bool                                // the value at hand stands after @=
}

// parseShorthand reads one shorthand word. file may be nil where files are
// not read.
func parseShorthand(text string, file func(string) (any, bool, error)) (*object, error) {
	p := &shorthandParser{in: []rune(text), file: file}
	return p.parameter()
}

func (p *shorthandParser) parameter() (*object, error) {
	o := newObject()
	for first := true; first || p.pos < len(p.in); first = false {
		start := p.pos
		if !first {
			if err := p.expect(','); err != nil {
				return nil, err
			}
		}
		key, err := p.key()
		if err != nil {
			return nil, err
		}
		v, err := p.values()
		if err != nil {
			return nil, err
		}
		if _, dup := o.get(key); dup {
			return nil, fmt.Errorf("Second instance of key \"%s\" encountered for input:\n%s\n"+
				"This is often because there is a preceding \",\" instead of a space.", key, p.location(start+1))
		}
		o.set(key, v)
	}
	return o, nil
}

// key reads up to and with "=" or "@=".
func (p *shorthandParser) key() (string, error) {
	start := p.pos
	for p.pos < len(p.in) && keyRune(p.in[p.pos]) {
		p.pos++
	}
	key := string(p.in[start:p.pos])
	p.space()
	p.load = p.at('@')
	if p.load {
		p.pos++
	}
	return key, p.expect('=')
}

func keyRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.#/:", r)
}

func (p *shorthandParser) values() (any, error) {
	switch {
	case p.pos >= len(p.in):
		return "", nil
	case p.at('['):
		return p.list()
	case p.at('{'):
		return p.hash()
	}
	return p.csv()
}

// csv reads a, or a,b,c: the words up to one that turns out to be a key.
func (p *shorthandParser) csv() (any, error) {
	first, err := p.firstValue()
	if err != nil {
		return nil, err
	}
	p.space()
	if !p.at(',') {
		return first, nil
	}
	if err := p.expect(','); err != nil {
		return nil, err
	}
	list := []any{first}
	for {
		v, err := p.secondValue()
		if err == nil {
			p.space()
			if p.pos >= len(p.in) {
				list = append(list, v)
				break
			}
			if p.at(',') {
				err = p.expect(',')
				list = append(list, v)
			} else {
				err = p.wanted("','")
			}
		}
		if err != nil {
			if p.pos >= len(p.in) {
				return nil, err
			}
			for p.in[p.pos] != ',' { // the word was the next key
				p.pos--
			}
			break
		}
	}
	if len(list) == 1 {
		return first, nil
	}
	return list, nil
}

func (p *shorthandParser) list() (any, error) {
	if err := p.expect('['); err != nil {
		return nil, err
	}
	list := []any{}
	for !p.at(']') {
		v, err := p.explicit()
		if err != nil {
			return nil, err
		}
		list = append(list, v)
		if err := p.separator(']'); err != nil {
			return nil, err
		}
	}
	p.pos++
	return list, nil
}

func (p *shorthandParser) hash() (any, error) {
	if err := p.expect('{'); err != nil {
		return nil, err
	}
	o := newObject()
	for !p.at('}') {
		key, err := p.key()
		if err != nil {
			return nil, err
		}
		v, err := p.explicit()
		if err != nil {
			return nil, err
		}
		if err := p.separator('}'); err != nil {
			return nil, err
		}
		o.set(key, v)
	}
	p.pos++
	return o, nil
}

// separator passes the comma between two elements, or stops before the end.
func (p *shorthandParser) separator(end rune) error {
	p.space()
	if p.at(end) {
		return nil
	}
	return p.expect(',')
}

func (p *shorthandParser) explicit() (any, error) {
	switch {
	case p.at('['):
		return p.list()
	case p.at('{'):
		return p.hash()
	}
	return p.firstValue()
}
