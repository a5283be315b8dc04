package awscli

import (
	"encoding/base64"
	"reflect"
	"time"
)

// encode gives an output struct, or a pointer to one, as the object that is
// printed: members in order, blobs in base64, times in ISO 8601; what is
// absent is left out. Nil is the empty object.
func encode(out any) *object {
	v := reflect.ValueOf(out)
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return newObject()
		}
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct {
		return newObject()
	}
	return encodeStruct(v)
}

func encodeStruct(v reflect.Value) *object {
	o := newObject()
	for _, m := range shapeOf(v.Type()).members() {
		if e, present := encodeValue(v.Field(m.index)); present {
			o.set(m.name, e)
		}
	}
	return o
}

// encodeValue gives a value and whether it is present at all.
func encodeValue(v reflect.Value) (any, bool) {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil, false
		}
		e, present := encodeValue(v.Elem())
		if !present { // what a pointer points to is there, be it empty
			switch shapeOf(v.Type()).kind() {
			case kindString, kindBlob:
				return "", true
			case kindList:
				return []any{}, true
			case kindMap:
				return newObject(), true
			}
		}
		return e, present
	}
	switch shapeOf(v.Type()).kind() {
	case kindStruct:
		return encodeStruct(v), true
	case kindList:
		if v.IsNil() {
			return nil, false
		}
		list := make([]any, v.Len())
		for i := range list {
			list[i], _ = encodeValue(v.Index(i))
			if list[i] == nil && v.Index(i).Kind() == reflect.String {
				list[i] = ""
			}
		}
		return list, true
	case kindMap:
		if v.IsNil() {
			return nil, false
		}
		o := newObject()
		for iter := v.MapRange(); iter.Next(); {
			e, present := encodeValue(iter.Value())
			if !present {
				e = ""
			}
			o.set(iter.Key().String(), e)
		}
		o.keys = o.sorted()
		return o, true
	case kindBlob:
		if v.IsNil() {
			return nil, false
		}
		return base64.StdEncoding.EncodeToString(v.Bytes()), true
	case kindTime:
		t := v.Interface().(time.Time)
		if t.IsZero() {
			return nil, false
		}
		return formatTime(t), true
	case kindInt:
		return v.Int(), true
	case kindFloat:
		return v.Float(), true
	case kindBool:
		return v.Bool(), true
	}
	return v.String(), v.String() != ""
}

// formatTime is Python's isoformat in UTC: microseconds only where there are
// any.
func formatTime(t time.Time) string {
	t = t.UTC().Truncate(time.Microsecond)
	if t.Nanosecond() == 0 {
		return t.Format("2006-01-02T15:04:05+00:00")
	}
	return t.Format("2006-01-02T15:04:05.000000+00:00")
}
