package awscli

import (
	"strings"
)

// readParam turns the words given to one option into a value for its member:
// files are read, then JSON, shorthand syntax or plain words.
func (c *command) readParam(o option, words []string) (any, error) {
	cli := "--" + o.name
	m := o.member
	vals := make([]any, len(words))
	for i, w := range words {
		vals[i] = w
		if o.path {
			continue
		}
		v, isFile, err := c.paramFile(w)
		if err != nil {
			return nil, wrongParam(cli, "%v", err)
		}
		if isFile {
			vals[i] = v
		}
	}
	if m.shape.kind() == kindList {
		return c.readList(cli, m, vals)
	}
	return c.readOne(cli, m, m.shape, vals[0])
}

func (c *command) readOne(cli string, m member, s shape, v any) (any, error) {
	word, ok := v.(string)
	if !ok {
		if s.kind() == kindBlob {
			return v, nil
		}
		word = string(v.([]byte))
	}
	fail := func(err error) error {
		if m.sensitive || m.shape.secret() {
			return wrongParam(cli, "the value does not fit (it is secret and not shown)")
		}
		return wrongParam(cli, "%v", err)
	}
	if s.scalar() {
		v, err := coerceWord(word, s)
		if err != nil {
			return nil, fail(err)
		}
		return v, nil
	}
	if t := strings.TrimSpace(word); t != "" && (t[0] == '{' || t[0] == '[') {
		v, err := parseJSON(t)
		if err != nil {
			if m.sensitive || m.shape.secret() {
				return nil, wrongParam(cli, "Invalid JSON: %v", err)
			}
			return nil, wrongParam(cli, "Invalid JSON: %v\nJSON received: %s", err, word)
		}
		return v, nil
	}
	if s.only("Value", kindString) && !strings.Contains(word, "=") {
		o := newObject()
		o.set("Value", word)
		return o, nil
	}
	o, err := parseShorthand(word, c.paramFile)
	if err != nil {
		return nil, fail(err)
	}
	fitted, err := coerce(o, s)
	if err != nil {
		return nil, fail(err)
	}
	return fitted, nil
}

// readList reads a list option: one JSON list, or one element a word.
func (c *command) readList(cli string, m member, vals []any) (any, error) {
	if len(vals) == 1 {
		if word, ok := vals[0].(string); ok && strings.HasPrefix(strings.TrimSpace(word), "[") {
			return c.readOne(cli, m, m.shape, word)
		}
	}
	list := make([]any, len(vals))
	for i, v := range vals {
		e, err := c.readOne(cli, m, m.shape.elem(), v)
		if err != nil {
			return nil, err
		}
		list[i] = e
	}
	return list, nil
}
