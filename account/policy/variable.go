package policy

import (
	"fmt"
	"strings"
)

// pattern is a value of a policy as it is matched: literal text, wildcards and
// variables.
type pattern struct {
	text    string // as written
	pieces  []piece
	dynamic bool   // has variables
	fixed   string // without variables and wildcards: what it stands for
}

// compile reads a value. With wild, * and ? are wildcards; with variables
// (Version 2012-10-17), ${key}, ${key, 'default'} and the literals ${*}, ${?}
// and ${$} mean what they mean, else they are plain text. (AWS: "IAM policy
// elements: Variables and tags".)
func compile(text string, wild, variables bool) (pattern, error) {
	p := pattern{text: text}
	var lit strings.Builder
	flush := func() {
		if lit.Len() > 0 {
			p.pieces = append(p.pieces, piece{kind: literal, text: lit.String()})
			lit.Reset()
		}
	}
	for s := text; s != ""; {
		switch {
		case wild && (s[0] == '*' || s[0] == '?'):
			flush()
			// "*?" is kept as "?*", which says the same: so a part that is
			// searched for begins with text.
			n := len(p.pieces)
			afterStar := n > 0 && p.pieces[n-1].kind == many
			switch {
			case s[0] == '*' && !afterStar:
				p.pieces = append(p.pieces, piece{kind: many})
			case s[0] == '?' && afterStar:
				p.pieces[n-1].kind = one
				p.pieces = append(p.pieces, piece{kind: many})
			case s[0] == '?':
				p.pieces = append(p.pieces, piece{kind: one})
			}
			s = s[1:]
		case variables && strings.HasPrefix(s, "${"):
			v, rest, err := readVariable(s)
			if err != nil {
				return p, err
			}
			s = rest
			if v.kind == literal {
				lit.WriteString(v.text)
				continue
			}
			flush()
			p.pieces = append(p.pieces, v)
			p.dynamic = true
		default:
			lit.WriteByte(s[0])
			s = s[1:]
		}
	}
	flush()
	if len(p.pieces) == 1 && p.pieces[0].kind == literal {
		p.fixed = p.pieces[0].text
	}
	return p, nil
}

// readVariable reads a variable at the start of s. The literals come back as a
// literal piece.
func readVariable(s string) (v piece, rest string, err error) {
	body, rest, ok := strings.Cut(s[len("${"):], "}")
	if !ok {
		return v, "", fmt.Errorf("the variable %q does not end", s)
	}
	if body == "*" || body == "?" || body == "$" {
		return piece{kind: literal, text: body}, rest, nil
	}
	key, def, hasDef := strings.Cut(body, ",")
	v = piece{kind: variable, text: strings.TrimSpace(key), hasDef: hasDef}
	if v.text == "" || strings.ContainsAny(v.text, "${'*?") {
		return v, "", fmt.Errorf("${%s} is not a variable: want ${key} or ${key, 'default'}", body)
	}
	if hasDef {
		def = strings.TrimSpace(def)
		if len(def) < 2 || def[0] != '\'' || def[len(def)-1] != '\'' || strings.Contains(def[1:len(def)-1], "'") {
			return v, "", fmt.Errorf("the default of ${%s} must stand in single quotes", body)
		}
		v.fallback = def[1 : len(def)-1]
	}
	return v, rest, nil
}

// unresolved is a variable that has no value in a request and no default.
type unresolved string

func (u unresolved) Error() string {
	return fmt.Sprintf("${%s} has no value in this request", string(u))
}

// expand puts the request's values in place of variables. A value is literal:
// a * in it is no wildcard. A key with several values cannot be a variable.
func (p pattern) expand(e *env) (glob, error) {
	if !p.dynamic {
		return p.pieces, nil
	}
	out := make(glob, 0, len(p.pieces))
	for _, x := range p.pieces {
		if x.kind == variable {
			text := x.fallback
			if values := e.values(x.text); len(values) == 1 {
				text = values[0]
			} else if !x.hasDef || len(values) > 1 {
				return nil, unresolved(x.text)
			}
			x = piece{kind: literal, text: text}
		}
		if x.kind == literal && x.text == "" {
			continue
		}
		if n := len(out); n > 0 && x.kind == literal && out[n-1].kind == literal {
			out[n-1].text += x.text
			continue
		}
		out = append(out, x)
	}
	return out, nil
}

// literal gives a pattern without wildcards as text.
func (p pattern) literal(e *env) (string, error) {
	if !p.dynamic {
		return p.fixed, nil
	}
	g, err := p.expand(e)
	if err != nil || len(g) == 0 {
		return "", err
	}
	return g[0].text, nil
}
