package policy

import (
	"encoding/json"
	"strings"
)

// nodeKind is the kind of a JSON value.
type nodeKind int

const (
	isNull nodeKind = iota
	isBool
	isNumber
	isString
	isList
	isObject
)

func (k nodeKind) String() string {
	return [...]string{"null", "a boolean", "a number", "a string", "a list", "an object"}[k]
}

// node is a JSON value that knows where it stands. Members keep their order.
type node struct {
	kind    nodeKind
	offset  int
	text    string // of a string, decoded; of a number or boolean, as written
	items   []*node
	members []member
}

type member struct {
	name   string
	offset int
	value  *node
}

func (n *node) member(name string) *node {
	for _, m := range n.members {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

// write renders a node again, two spaces a level, short lists on one line.
func (n *node) write(b *strings.Builder, indent string) {
	inner := indent + "  "
	switch n.kind {
	case isString:
		b.WriteString(quote(n.text))
	case isList:
		b.WriteByte('[')
		for i, item := range n.items {
			if i > 0 {
				b.WriteString(", ")
			}
			item.write(b, inner)
		}
		b.WriteByte(']')
	case isObject:
		if len(n.members) == 0 {
			b.WriteString("{}")
			return
		}
		b.WriteString("{\n")
		for i, m := range n.members {
			b.WriteString(inner + quote(m.name) + ": ")
			m.value.write(b, inner)
			if i < len(n.members)-1 {
				b.WriteByte(',')
			}
			b.WriteByte('\n')
		}
		b.WriteString(indent + "}")
	default:
		b.WriteString(n.text)
	}
}

func (n *node) String() string {
	var b strings.Builder
	n.write(&b, "")
	return b.String()
}

// quote writes a JSON string without escaping <, > and &.
func quote(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string always encodes
	return strings.TrimSuffix(b.String(), "\n")
}

// Makers of nodes, for statements that are proposed.
func str(s string) *node { return &node{kind: isString, text: s} }

func obj(pairs ...any) *node {
	n := &node{kind: isObject}
	for i := 0; i < len(pairs); i += 2 {
		n.members = append(n.members, member{name: pairs[i].(string), value: pairs[i+1].(*node)})
	}
	return n
}
