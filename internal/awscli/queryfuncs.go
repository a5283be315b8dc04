package awscli

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// queryFuncs is never written to.
var queryFuncs = byName([]queryFunc{
	{"abs", []string{"number"}, false, numeric(math.Abs)},
	{"ceil", []string{"number"}, false, numeric(math.Ceil)},
	{"floor", []string{"number"}, false, numeric(math.Floor)},
	{"avg", []string{"array[number]"}, false, func(a []any) (any, error) {
		list := a[0].([]any)
		if len(list) == 0 {
			return nil, nil
		}
		total, _ := number(sum(list))
		return total / float64(len(list)), nil
	}},
	{"sum", []string{"array[number]"}, false, func(a []any) (any, error) { return sum(a[0].([]any)), nil }},
	{"contains", []string{"array|string", "any"}, false, func(a []any) (any, error) {
		if list, ok := a[0].([]any); ok {
			return slices.ContainsFunc(list, func(e any) bool { return equal(e, a[1]) }), nil
		}
		part, ok := a[1].(string)
		return ok && strings.Contains(a[0].(string), part), nil
	}},
	{"ends_with", []string{"string", "string"}, false, func(a []any) (any, error) {
		return strings.HasSuffix(a[0].(string), a[1].(string)), nil
	}},
	{"starts_with", []string{"string", "string"}, false, func(a []any) (any, error) {
		return strings.HasPrefix(a[0].(string), a[1].(string)), nil
	}},
	{"join", []string{"string", "array[string]"}, false, func(a []any) (any, error) {
		var parts []string
		for _, e := range a[1].([]any) {
			parts = append(parts, e.(string))
		}
		return strings.Join(parts, a[0].(string)), nil
	}},
	{"keys", []string{"object"}, false, func(a []any) (any, error) { return texts(a[0].(*object).keys), nil }},
	{"values", []string{"object"}, false, func(a []any) (any, error) {
		list := []any{}
		for _, k := range a[0].(*object).keys {
			list = append(list, a[0].(*object).fields[k])
		}
		return list, nil
	}},
	{"length", []string{"string|array|object"}, false, func(a []any) (any, error) {
		switch v := a[0].(type) {
		case string:
			return int64(len([]rune(v))), nil
		case []any:
			return int64(len(v)), nil
		}
		return int64(len(a[0].(*object).keys)), nil
	}},
	{"map", []string{"expref", "array"}, false, func(a []any) (any, error) {
		out := []any{}
		for _, e := range a[1].([]any) {
			r, err := a[0].(expression)(e)
			if err != nil {
				return nil, err
			}
			out = append(out, r)
		}
		return out, nil
	}},
	{"merge", []string{"object"}, true, func(a []any) (any, error) {
		all := newObject()
		for _, o := range a {
			for _, k := range o.(*object).keys {
				all.set(k, o.(*object).fields[k])
			}
		}
		return all, nil
	}},
	{"max", []string{"array[number]|array[string]"}, false, func(a []any) (any, error) { return extreme(a[0].([]any), 1), nil }},
	{"min", []string{"array[number]|array[string]"}, false, func(a []any) (any, error) { return extreme(a[0].([]any), -1), nil }},
	{"max_by", []string{"array", "expref"}, false, func(a []any) (any, error) { return extremeBy("max_by", a, 1) }},
	{"min_by", []string{"array", "expref"}, false, func(a []any) (any, error) { return extremeBy("min_by", a, -1) }},
	{"sort", []string{"array[number]|array[string]"}, false, func(a []any) (any, error) {
		return slices.SortedStableFunc(slices.Values(a[0].([]any)), func(x, y any) int { o, _ := orderOf(x, y); return o }), nil
	}},
	{"sort_by", []string{"array", "expref"}, false, func(a []any) (any, error) {
		list, err := keyed("sort_by", a)
		slices.SortStableFunc(list, func(x, y keyedValue) int { o, _ := orderOf(x.key, y.key); return o })
		out := []any{}
		for _, e := range list {
			out = append(out, e.value)
		}
		return out, err
	}},
	{"not_null", []string{"any"}, true, func(a []any) (any, error) {
		for _, v := range a {
			if v != nil {
				return v, nil
			}
		}
		return nil, nil
	}},
	{"reverse", []string{"string|array"}, false, func(a []any) (any, error) {
		if s, ok := a[0].(string); ok {
			runes := []rune(s)
			slices.Reverse(runes)
			return string(runes), nil
		}
		list := slices.Clone(a[0].([]any))
		slices.Reverse(list)
		return list, nil
	}},
	{"to_array", []string{"any"}, false, func(a []any) (any, error) {
		if list, ok := a[0].([]any); ok {
			return list, nil
		}
		return []any{a[0]}, nil
	}},
	{"to_number", []string{"any"}, false, func(a []any) (any, error) {
		switch v := a[0].(type) {
		case int64, float64:
			return v, nil
		case string:
			if i, err := strconv.ParseInt(v, 10, 64); err == nil {
				return i, nil
			}
			if f, err := strconv.ParseFloat(v, 64); err == nil {
				return f, nil
			}
		}
		return nil, nil
	}},
	{"to_string", []string{"any"}, false, func(a []any) (any, error) {
		if s, ok := a[0].(string); ok {
			return s, nil
		}
		return compactJSON(a[0]), nil
	}},
	{"type", []string{"any"}, false, func(a []any) (any, error) { return typeName(a[0]), nil }},
})
