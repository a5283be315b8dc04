package awscli

import (
	"math"
	"strconv"
	"strings"
)

// pyString gives a scalar as Python's str does, which is what the AWS CLI
// prints in its text and table output: True, None, 3.0.
func pyString(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case string:
		return v
	case bool:
		if v {
			return "True"
		}
		return "False"
	case expression:
		return "expref"
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1e16 {
			return strconv.FormatFloat(v, 'f', 1, 64)
		}
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return pyRepr(v)
}

// pyRepr gives a value as Python's repr does; lists and objects inside a text
// row, and values in validation errors, look like that.
func pyRepr(v any) string {
	switch v := v.(type) {
	case string:
		if strings.Contains(v, "'") && !strings.Contains(v, `"`) {
			return `"` + v + `"`
		}
		return "'" + strings.ReplaceAll(strings.ReplaceAll(v, `\`, `\\`), "'", `\'`) + "'"
	case []byte:
		return "b'…'"
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = pyRepr(e)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case *object:
		parts := make([]string, len(v.keys))
		for i, k := range v.keys {
			parts[i] = pyRepr(k) + ": " + pyRepr(v.fields[k])
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return pyString(v)
}

// pyType names a value's type as Python does.
func pyType(v any) string {
	switch v.(type) {
	case nil:
		return "<class 'NoneType'>"
	case string:
		return "<class 'str'>"
	case bool:
		return "<class 'bool'>"
	case int64:
		return "<class 'int'>"
	case float64:
		return "<class 'float'>"
	case []byte:
		return "<class 'bytes'>"
	case []any:
		return "<class 'list'>"
	}
	return "<class 'dict'>"
}
