package awscli

import (
	"math"
	"slices"
	"strings"
)

// queryFunc is one function of JMESPath's specification ("Built-in
// Functions"). args lists, for each argument, the types taken, with | between
// them; the last one repeats if variadic.
type queryFunc struct {
	name     string
	args     []string
	variadic bool
	do       func(args []any) (any, error)
}

func (f queryFunc) call(args []any) (any, error) {
	for i, arg := range args {
		want := strings.Split(f.args[min(i, len(f.args)-1)], "|")
		if !slices.ContainsFunc(want, func(w string) bool { return isType(arg, w) }) {
			return nil, failure(ExitInternal, "In function %s(), invalid type for value: %s, expected one of: %s, received: \"%s\"",
				f.name, pyString(arg), pyRepr(texts(want)), typeName(arg))
		}
	}
	return f.do(args)
}

func texts(s []string) []any {
	list := make([]any, len(s))
	for i := range s {
		list[i] = s[i]
	}
	return list
}

func typeName(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case string:
		return "string"
	case bool:
		return "boolean"
	case int64, float64:
		return "number"
	case []any:
		return "array"
	case expression:
		return "expref"
	}
	return "object"
}

func isType(v any, want string) bool {
	base, element, typed := strings.Cut(strings.TrimSuffix(want, "]"), "[")
	if base == "any" {
		return typeName(v) != "expref"
	}
	if typeName(v) != base {
		return false
	}
	return !typed || !slices.ContainsFunc(v.([]any), func(e any) bool { return typeName(e) != element })
}

func byName(list []queryFunc) map[string]queryFunc {
	m := map[string]queryFunc{}
	for _, f := range list {
		m[f.name] = f
	}
	return m
}

// numeric makes a function of one number; a whole result is an int64.
func numeric(f func(float64) float64) func([]any) (any, error) {
	return func(a []any) (any, error) {
		x, _ := number(a[0])
		r := f(x)
		if _, whole := a[0].(int64); whole || r == math.Trunc(r) && r != x {
			return int64(r), nil
		}
		return r, nil
	}
}

// sum stays whole while all its terms are.
func sum(list []any) any {
	whole, total, all := int64(0), 0.0, true
	for _, e := range list {
		f, _ := number(e)
		i, ok := e.(int64)
		whole, total, all = whole+i, total+f, all && ok
	}
	if all {
		return whole
	}
	return total
}

// extreme gives the greatest (sign 1) or least (-1) of a list, null of none.
func extreme(list []any, sign int) any {
	var best any
	for i, e := range list {
		if order, _ := orderOf(e, best); i == 0 || order*sign > 0 {
			best = e
		}
	}
	return best
}

type keyedValue struct{ key, value any }

// keyed gives each element of the first argument with what the second makes
// of it; all keys are numbers or all are strings.
func keyed(name string, args []any) ([]keyedValue, error) {
	var out []keyedValue
	for _, e := range args[0].([]any) {
		k, err := args[1].(expression)(e)
		if err != nil {
			return nil, err
		}
		if t := typeName(k); t != "string" && t != "number" || len(out) > 0 && t != typeName(out[0].key) {
			return nil, failure(ExitInternal, "In function %s(), invalid type for value: %s, expected one of: %s, received: \"%s\"",
				name, pyString(k), pyRepr([]any{"string", "number"}), t)
		}
		out = append(out, keyedValue{k, e})
	}
	return out, nil
}

func extremeBy(name string, args []any, sign int) (any, error) {
	list, err := keyed(name, args)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	best := list[0]
	for _, e := range list[1:] {
		if order, _ := orderOf(e.key, best.key); order*sign > 0 {
			best = e
		}
	}
	return best.value, nil
}

// compactJSON is JSON without spaces, as to_string gives it.
func compactJSON(v any) string {
	switch v := v.(type) {
	case *object:
		parts := make([]string, len(v.keys))
		for i, k := range v.keys {
			parts[i] = formatJSON(k, -1) + ":" + compactJSON(v.fields[k])
		}
		return "{" + strings.Join(parts, ",") + "}"
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = compactJSON(e)
		}
		return "[" + strings.Join(parts, ",") + "]"
	}
	return formatJSON(v, -1)
}
