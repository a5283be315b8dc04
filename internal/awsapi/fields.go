package awsapi

import (
	"reflect"
	"strings"

	"github.com/ebsim/ebsim/account/audit"
)

// fields gives the members of an input that were set, as CloudTrail spells
// them: the first letter small; secrets left out.
func fields(in any) audit.Fields {
	out := audit.Fields{}
	v := reflect.Indirect(reflect.ValueOf(in))
	if v.Kind() != reflect.Struct {
		return nil
	}
	for i := range v.NumField() {
		f, t := v.Field(i), v.Type().Field(i)
		if f.IsZero() || t.Tag.Get("sensitive") == "true" || t.Type == reflect.TypeFor[[]byte]() {
			continue
		}
		out[strings.ToLower(t.Name[:1])+t.Name[1:]] = plain(f)
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

func plain(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Pointer:
		return plain(v.Elem())
	case reflect.Struct:
		return fields(v.Interface())
	case reflect.Slice:
		var all []any
		for i := range v.Len() {
			all = append(all, plain(v.Index(i)))
		}
		return all
	}
	return v.Interface()
}

func ptr[T any](v T) *T { return &v }

// or gives what a pointer points to, or what is assumed where it is nil.
func or[T any](p *T, assumed T) T {
	if p == nil {
		return assumed
	}
	return *p
}
