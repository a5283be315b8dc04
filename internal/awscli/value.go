package awscli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// A value, on its way in or out, is one of: nil, string, bool, int64,
// float64, []byte (a blob read raw from a file, inputs only), []any, *object.

// object is a JSON object that remembers the order of its keys.
type object struct {
	keys   []string
	fields map[string]any
}

func newObject() *object { return &object{fields: map[string]any{}} }

// set adds or replaces a field; a new one goes last.
func (o *object) set(key string, v any) {
	if _, ok := o.fields[key]; !ok {
		o.keys = append(o.keys, key)
	}
	o.fields[key] = v
}

func (o *object) get(key string) (any, bool) { v, ok := o.fields[key]; return v, ok }

func (o *object) remove(key string) {
	if _, ok := o.fields[key]; ok {
		delete(o.fields, key)
		o.keys = slices.DeleteFunc(o.keys, func(k string) bool { return k == key })
	}
}

func (o *object) sorted() []string { return slices.Sorted(slices.Values(o.keys)) }

// parseJSON reads one JSON text; objects keep their order, whole numbers are
// int64 and others float64.
func parseJSON(text string) (any, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	v, err := readJSON(d)
	if err != nil {
		if err == io.EOF {
			return nil, io.ErrUnexpectedEOF
		}
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("extra data after the value, at offset %d", d.InputOffset())
	}
	return v, nil
}

func readJSON(d *json.Decoder) (any, error) {
	tok, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t := tok.(type) {
	case json.Number:
		if i, err := t.Int64(); err == nil {
			return i, nil
		}
		f, err := t.Float64()
		if err != nil {
			return nil, fmt.Errorf("number %s is out of range", t)
		}
		return f, nil
	case json.Delim:
		if t == '[' {
			list := []any{}
			for d.More() {
				v, err := readJSON(d)
				if err != nil {
					return nil, err
				}
				list = append(list, v)
			}
			_, err := d.Token()
			return list, err
		}
		o := newObject()
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return nil, err
			}
			v, err := readJSON(d)
			if err != nil {
				return nil, err
			}
			o.set(key.(string), v)
		}
		_, err := d.Token()
		return o, err
	}
	return tok, nil
}

// formatJSON writes a value as the AWS CLI does: indented by indent spaces
// (negative: on one line, with Python's separators), no escapes but those
// that JSON needs.
func formatJSON(v any, indent int) string {
	var b bytes.Buffer
	writeJSON(&b, v, indent, 0)
	return b.String()
}

func writeJSON(b *bytes.Buffer, v any, indent, depth int) {
	newline := func(depth int) {
		if indent >= 0 {
			b.WriteByte('\n')
			b.WriteString(strings.Repeat(" ", indent*depth))
		}
	}
	comma := func(i int) {
		if i > 0 {
			b.WriteByte(',')
			if indent < 0 {
				b.WriteByte(' ')
			}
		}
	}
	switch v := v.(type) {
	case *object:
		if len(v.keys) == 0 {
			b.WriteString("{}")
			return
		}
		b.WriteByte('{')
		for i, k := range v.keys {
			comma(i)
			newline(depth + 1)
			writeString(b, k)
			b.WriteString(": ")
			writeJSON(b, v.fields[k], indent, depth+1)
		}
		newline(depth)
		b.WriteByte('}')
	case []any:
		if len(v) == 0 {
			b.WriteString("[]")
			return
		}
		b.WriteByte('[')
		for i, e := range v {
			comma(i)
			newline(depth + 1)
			writeJSON(b, e, indent, depth+1)
		}
		newline(depth)
		b.WriteByte(']')
	case string:
		writeString(b, v)
	case nil:
		b.WriteString("null")
	case bool:
		fmt.Fprint(b, v)
	default:
		b.WriteString(pyString(v))
	}
}

func writeString(b *bytes.Buffer, s string) {
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\b':
			b.WriteString(`\b`)
		case r == '\f':
			b.WriteString(`\f`)
		case r < 0x20:
			fmt.Fprintf(b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
}
