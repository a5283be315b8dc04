package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// ParseError says what is wrong with a document, and where.
type ParseError struct {
	Path         string // "Statement[1].Action"; empty for the whole document
	Line, Column int    // from 1; a column is a character
	Problem      string
}

// Error gives the place and the problem.
func (e *ParseError) Error() string {
	where := fmt.Sprintf("line %d, column %d", e.Line, e.Column)
	if e.Path != "" {
		where += ", " + e.Path
	}
	return where + ": " + e.Problem
}

// maxText is twice the longest document that AWS takes anywhere. The limit of
// each use (6,144 characters for a managed policy, 32 KiB for a key policy) is
// for the caller to hold.
const maxText = 64 << 10

// Parse reads a document. It refuses with a *ParseError whatever it would not
// evaluate as AWS does: unknown elements and operators, wrong types, duplicate
// names and Sids, text after the end. Kind says whether principals must be
// named or must not. (AWS: "Grammar of the IAM JSON policy language".)
func Parse(text []byte, kind DocumentKind) (*Document, error) {
	p := &parser{src: string(text), d: &Document{kind: kind, text: string(text)}}
	if len(text) > maxText {
		return nil, p.errorAt(maxText, "", "the document is longer than %d bytes", maxText)
	}
	if !utf8.Valid(text) {
		return nil, p.errorAt(validPrefix(text), "", "the document is not UTF-8")
	}
	root, fault := decode(p.src)
	if fault != nil {
		return nil, p.errorAt(fault.offset, "", "%s", fault.problem)
	}
	sum := sha256.Sum256(text)
	p.d.hash = hex.EncodeToString(sum[:])
	if err := p.document(root); err != nil {
		return nil, err
	}
	return p.d, nil
}

// validPrefix is the length of the UTF-8 that text begins with.
func validPrefix(text []byte) int {
	n := 0
	for n < len(text) {
		r, size := utf8.DecodeRune(text[n:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		n += size
	}
	return n
}

type parser struct {
	src string
	d   *Document
}

func (p *parser) errorAt(offset int, path, format string, args ...any) error {
	line, column := position(p.src, offset)
	return &ParseError{Path: path, Line: line, Column: column, Problem: fmt.Sprintf(format, args...)}
}

// want refuses a node of another kind.
func (p *parser) want(n *node, path string, kinds ...nodeKind) error {
	if slices.Contains(kinds, n.kind) {
		return nil
	}
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k.String()
	}
	return p.errorAt(n.offset, path, "want %s, found %s", strings.Join(names, " or "), n.kind)
}

// known refuses a member that is not in the list, and says which was meant if
// only the case is wrong.
func (p *parser) known(n *node, path string, names ...string) error {
	for _, m := range n.members {
		if slices.Contains(names, m.name) {
			continue
		}
		for _, name := range names {
			if strings.EqualFold(name, m.name) {
				return p.errorAt(m.offset, join(path, m.name), "unknown element %q; did you mean %q?", m.name, name)
			}
		}
		return p.errorAt(m.offset, join(path, m.name), "unknown element %q", m.name)
	}
	return nil
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func (p *parser) document(root *node) error {
	if err := p.want(root, "", isObject); err != nil {
		return err
	}
	if err := p.known(root, "", "Version", "Id", "Statement"); err != nil {
		return err
	}
	if v := root.member("Version"); v != nil {
		if err := p.want(v, "Version", isString); err != nil {
			return err
		}
		if v.text != "2012-10-17" && v.text != "2008-10-17" {
			return p.errorAt(v.offset, "Version", "unknown version %q; there are 2012-10-17 and 2008-10-17", v.text)
		}
		p.d.variables = v.text == "2012-10-17"
	}
	if id := root.member("Id"); id != nil {
		if err := p.want(id, "Id", isString); err != nil {
			return err
		}
		p.d.id = id.text
	}
	list := root.member("Statement")
	if list == nil {
		return p.errorAt(root.offset, "", "the document has no Statement")
	}
	if err := p.want(list, "Statement", isObject, isList); err != nil {
		return err
	}
	statements := []*node{list}
	if list.kind == isList {
		statements = list.items
	}
	if len(statements) == 0 {
		return p.errorAt(list.offset, "Statement", "the document has no statement")
	}
	sids := map[string]int{}
	for i, n := range statements {
		path := fmt.Sprintf("Statement[%d]", i)
		if list.kind == isObject {
			path = "Statement"
		}
		s, err := p.statement(n, path)
		if err != nil {
			return err
		}
		if s.sid != "" {
			if j, ok := sids[s.sid]; ok {
				return p.errorAt(n.member("Sid").offset, path+".Sid", "the Sid %q is also that of statement %d", s.sid, j)
			}
			sids[s.sid] = i
		}
		p.d.statements = append(p.d.statements, s)
	}
	return nil
}

// strings reads a string or a list of at least one string.
func (p *parser) strings(n *node, path string) ([]*node, error) {
	return p.scalars(n, path, isString)
}

func (p *parser) scalars(n *node, path string, kinds ...nodeKind) ([]*node, error) {
	if n.kind != isList {
		if err := p.want(n, path, append(slices.Clone(kinds), isList)...); err != nil {
			return nil, err
		}
		return []*node{n}, nil
	}
	if len(n.items) == 0 {
		return nil, p.errorAt(n.offset, path, "the list is empty")
	}
	for i, item := range n.items {
		if err := p.want(item, fmt.Sprintf("%s[%d]", path, i), kinds...); err != nil {
			return nil, err
		}
	}
	return n.items, nil
}
