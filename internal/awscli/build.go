package awscli

import (
	"encoding/base64"
	"reflect"
	"strings"
)

// build fills in, a pointer to an input struct, from params that validate has
// passed. rawBlobs takes a blob's text as its bytes instead of base64.
func build(in any, params *object, rawBlobs bool) error {
	b := builder{rawBlobs}
	return b.structure(reflect.ValueOf(in).Elem(), params)
}

type builder struct{ rawBlobs bool }

func (b builder) structure(dst reflect.Value, o *object) error {
	for _, m := range shapeOf(dst.Type()).members() {
		v, ok := o.get(m.name)
		if !ok {
			continue
		}
		if err := b.value(dst.Field(m.index), v, m); err != nil {
			return err
		}
	}
	return nil
}

func (b builder) value(dst reflect.Value, v any, m member) error {
	if dst.Kind() == reflect.Pointer {
		dst.Set(reflect.New(dst.Type().Elem()))
		return b.value(dst.Elem(), v, m)
	}
	switch s := shapeOf(dst.Type()); s.kind() {
	case kindStruct:
		return b.structure(dst, v.(*object))
	case kindList:
		list := v.([]any)
		dst.Set(reflect.MakeSlice(dst.Type(), len(list), len(list)))
		for i, e := range list {
			if err := b.value(dst.Index(i), e, m); err != nil {
				return err
			}
		}
	case kindMap:
		o := v.(*object)
		dst.Set(reflect.MakeMapWithSize(dst.Type(), len(o.keys)))
		for _, k := range o.keys {
			e := reflect.New(dst.Type().Elem()).Elem()
			if err := b.value(e, o.fields[k], m); err != nil {
				return err
			}
			dst.SetMapIndex(reflect.ValueOf(k).Convert(dst.Type().Key()), e)
		}
	case kindBlob:
		data, err := b.blob(v, m)
		if err != nil {
			return err
		}
		dst.SetBytes(data)
	case kindTime:
		t, err := parseTime(v)
		if err != nil {
			return err
		}
		dst.Set(reflect.ValueOf(t))
	case kindInt:
		dst.SetInt(v.(int64))
	case kindFloat:
		if i, ok := v.(int64); ok {
			v = float64(i)
		}
		dst.SetFloat(v.(float64))
	case kindBool:
		dst.SetBool(v.(bool))
	case kindString:
		dst.SetString(v.(string))
	}
	return nil
}

func (b builder) blob(v any, m member) ([]byte, error) {
	text, ok := v.(string)
	if !ok {
		return v.([]byte), nil
	}
	if b.rawBlobs {
		return []byte(text), nil
	}
	data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		if m.sensitive {
			return nil, failure(ExitUsage, "Invalid base64 in parameter %s", m.name)
		}
		return nil, failure(ExitUsage, "Invalid base64: \"%s\"", text)
	}
	return data, nil
}
