package awscli

import (
	"errors"
	"math"
	"slices"
	"strings"

	"github.com/jmespath-community/go-jmespath/pkg/parsing"
)

// truth: false, null, and what is empty are false; zero is true (JMESPath,
// "Or expressions").
func truth(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case string:
		return v != ""
	case []any:
		return len(v) > 0
	case *object:
		return len(v.keys) > 0
	}
	return true
}

// equal compares deeply; a whole number equals the same float, and nothing
// of another type.
func equal(a, b any) bool {
	if x, ok := number(a); ok {
		y, ok := number(b)
		return ok && x == y
	}
	switch a := a.(type) {
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, equal)
	case *object:
		b, ok := b.(*object)
		if !ok || len(a.keys) != len(b.keys) {
			return false
		}
		for _, k := range a.keys {
			if v, ok := b.get(k); !ok || !equal(a.fields[k], v) {
				return false
			}
		}
		return true
	}
	return !nonScalar(b) && a == b
}

func number(v any) (float64, bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}

// compare gives true, false, or nil where the two have no order. Strings have
// one: jmespath.py allows it, and queries by date live on it.
func compare(op, left, right any) any {
	switch op {
	case parsing.TOKEQ:
		return equal(left, right)
	case parsing.TOKNE:
		return !equal(left, right)
	}
	order, ok := orderOf(left, right)
	if !ok {
		return nil
	}
	switch op {
	case parsing.TOKLT:
		return order < 0
	case parsing.TOKLTE:
		return order <= 0
	case parsing.TOKGT:
		return order > 0
	case parsing.TOKGTE:
		return order >= 0
	}
	return nil
}

// orderOf orders two numbers or two strings.
func orderOf(a, b any) (int, bool) {
	if x, ok := number(a); ok {
		y, ok := number(b)
		switch {
		case !ok:
			return 0, false
		case x < y:
			return -1, true
		case x > y:
			return 1, true
		}
		return 0, true
	}
	x, ok1 := a.(string)
	y, ok2 := b.(string)
	return strings.Compare(x, y), ok1 && ok2
}

// slice is Python's list[start:stop:step].
func slice(list []any, parts []*int) (any, error) {
	step := 1
	if parts[2] != nil {
		step = *parts[2]
	}
	if step == 0 {
		return nil, errors.New("slice step cannot be zero")
	}
	n := len(list)
	bound := func(p *int, missing int) int {
		if p == nil {
			return missing
		}
		i := *p
		if i < 0 {
			i += n
		}
		if step < 0 {
			return min(max(i, -1), n-1)
		}
		return min(max(i, 0), n)
	}
	out := []any{}
	if step > 0 {
		for i, stop := bound(parts[0], 0), bound(parts[1], n); i < stop; i += step {
			out = append(out, list[i])
		}
		return out, nil
	}
	for i, stop := bound(parts[0], n-1), bound(parts[1], -1); i > stop; i += step {
		out = append(out, list[i])
	}
	return out, nil
}

// fromPlain takes a literal as encoding/json reads it.
func fromPlain(v any) any {
	switch v := v.(type) {
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
			return int64(v)
		}
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			list[i] = fromPlain(e)
		}
		return list
	case map[string]any:
		o := newObject()
		for k, e := range v {
			o.set(k, fromPlain(e))
		}
		o.keys = o.sorted()
		return o
	}
	return v
}
