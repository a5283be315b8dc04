package awscli

import (
	"fmt"
	"strings"
	"time"
)

// validate names everything in params that does not fit the input's shape,
// one line each, in botocore's words; nil if all fits. Enumerations, ranges
// and lengths are the server's business, as they are for the AWS CLI.
func validate(params *object, s shape) error {
	var v validation
	v.structure(params, s, "")
	if len(v.lines) == 0 {
		return nil
	}
	return failure(ExitUsage, "Parameter validation failed:\n%s", strings.Join(v.lines, "\n"))
}

type validation struct{ lines []string }

func (v *validation) add(format string, args ...any) {
	v.lines = append(v.lines, fmt.Sprintf(format, args...))
}

func (v *validation) wrongType(name string, value any, secret bool, valid string) {
	shown := "value: " + pyString(value) + ", "
	if secret {
		shown = ""
	}
	v.add("Invalid type for parameter %s, %stype: %s, valid types: %s", name, shown, pyType(value), valid)
}

func (v *validation) structure(o *object, s shape, name string) {
	shown := "input"
	if name != "" {
		shown = name
	}
	var names []string
	for _, m := range s.members() {
		names = append(names, m.name)
		if _, given := o.get(m.name); m.required && !given {
			v.add("Missing required parameter in %s: \"%s\"", shown, m.name)
		}
	}
	for _, key := range o.keys {
		m, ok := s.member(key)
		if !ok {
			v.add("Unknown parameter in %s: \"%s\", must be one of: %s", shown, key, strings.Join(names, ", "))
			continue
		}
		path := m.name
		if name != "" {
			path = name + "." + m.name
		}
		v.value(o.fields[key], m.shape, path, m.sensitive)
	}
}

func (v *validation) value(val any, s shape, name string, secret bool) {
	valid := ""
	switch s.kind() {
	case kindStruct:
		if o, ok := val.(*object); ok {
			v.structure(o, s, name)
			return
		}
		valid, secret = "<class 'dict'>", secret || s.secret()
	case kindMap:
		if o, ok := val.(*object); ok {
			for _, k := range o.keys {
				v.value(o.fields[k], s.elem(), name+"."+k, secret)
			}
			return
		}
		valid = "<class 'dict'>"
	case kindList:
		if list, ok := val.([]any); ok {
			for i, e := range list {
				v.value(e, s.elem(), fmt.Sprintf("%s[%d]", name, i), secret)
			}
			return
		}
		valid, secret = "<class 'list'>, <class 'tuple'>", secret || s.secret()
	case kindString:
		if _, ok := val.(string); ok {
			return
		}
		valid = "<class 'str'>"
	case kindInt:
		if _, ok := val.(int64); ok {
			return
		}
		valid = "<class 'int'>"
	case kindFloat:
		switch val.(type) {
		case int64, float64:
			return
		}
		valid = "<class 'float'>, <class 'decimal.Decimal'>, <class 'int'>"
	case kindBool:
		if _, ok := val.(bool); ok {
			return
		}
		valid = "<class 'bool'>"
	case kindBlob:
		switch val.(type) {
		case string, []byte:
			return
		}
		valid = "<class 'bytes'>, <class 'bytearray'>, file-like object"
	case kindTime:
		if _, err := parseTime(val); err == nil {
			return
		}
		valid = "<class 'datetime.datetime'>, timestamp-string"
	}
	v.wrongType(name, val, secret, valid)
}

// timeLayouts are the spellings read as a time, beside seconds since 1970;
// one without a zone is UTC.
func timeLayouts() []string {
	return []string{
		time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05.999999999",
		"2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999",
		"2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02", "20060102T150405Z", time.RFC1123,
	}
}

func parseTime(v any) (time.Time, error) {
	switch v := v.(type) {
	case int64:
		return time.Unix(v, 0).UTC(), nil
	case float64:
		whole := int64(v)
		return time.Unix(whole, int64((v-float64(whole))*1e9)).UTC(), nil
	case string:
		s := strings.TrimSpace(v)
		if f, err := coerceWord(s, shapeFloat()); err == nil {
			return parseTime(f)
		}
		for _, layout := range timeLayouts() {
			if t, err := time.Parse(layout, s); err == nil {
				return t.UTC(), nil
			}
		}
	}
	return time.Time{}, fmt.Errorf("invalid timestamp: %s", pyString(v))
}
