package awscli

import (
	"fmt"
	"strconv"
	"strings"
)

// coerce fits what shorthand syntax gave, all of it strings, to a shape: one
// word where a list is wanted is a list of one, and words become numbers and
// truth values. What does not fit is left for validation to name.
func coerce(v any, s shape) (any, error) {
	switch s.kind() {
	case kindStruct:
		o, ok := v.(*object)
		if !ok {
			return v, nil
		}
		for _, m := range s.members() {
			field, ok := o.get(m.name)
			if !ok {
				continue
			}
			field, err := coerce(field, m.shape)
			if err != nil {
				if m.sensitive {
					err = fmt.Errorf("the value of %s does not fit", m.name)
				}
				return nil, err
			}
			o.set(m.name, field)
		}
	case kindMap:
		o, ok := v.(*object)
		if !ok {
			return v, nil
		}
		for _, k := range o.keys {
			field, err := coerce(o.fields[k], s.elem())
			if err != nil {
				return nil, err
			}
			o.set(k, field)
		}
	case kindList:
		list, ok := v.([]any)
		if !ok {
			list = []any{v}
		}
		for i := range list {
			e, err := coerce(list[i], s.elem())
			if err != nil {
				return nil, err
			}
			list[i] = e
		}
		return list, nil
	case kindInt, kindFloat, kindBool:
		if word, ok := v.(string); ok {
			return coerceWord(word, s)
		}
	}
	return v, nil
}

// coerceWord reads one word as a scalar of the shape.
func coerceWord(word string, s shape) (any, error) {
	switch s.kind() {
	case kindInt:
		i, err := strconv.ParseInt(strings.TrimSpace(word), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("invalid literal for int() with base 10: %s", pyRepr(word))
		}
		return i, nil
	case kindFloat:
		f, err := strconv.ParseFloat(strings.TrimSpace(word), 64)
		if err != nil {
			return nil, fmt.Errorf("could not convert string to float: %s", pyRepr(word))
		}
		return f, nil
	case kindBool:
		switch strings.ToLower(word) {
		case "true":
			return true, nil
		case "false":
			return false, nil
		}
	}
	return word, nil
}
