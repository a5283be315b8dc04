package awscli

import (
	"reflect"
	"strings"
	"time"
)

type kind int

const (
	kindString kind = iota
	kindBool
	kindInt
	kindFloat
	kindBlob
	kindTime
	kindMap
	kindList
	kindStruct
)

// shape is a Go type of an input or output, pointers aside, read as the API
// model it was written from.
type shape struct{ t reflect.Type }

// member is one field of a structure.
type member struct {
	name      string
	index     int
	required  bool
	sensitive bool
	enum      []string
	shape     shape
}

func shapeOf(t reflect.Type) shape {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return shape{t}
}

func (s shape) kind() kind {
	switch {
	case s.t == reflect.TypeFor[time.Time]():
		return kindTime
	case s.t.Kind() == reflect.Slice && s.t.Elem().Kind() == reflect.Uint8:
		return kindBlob
	}
	switch s.t.Kind() {
	case reflect.Bool:
		return kindBool
	case reflect.Int, reflect.Int32, reflect.Int64:
		return kindInt
	case reflect.Float64, reflect.Float32:
		return kindFloat
	case reflect.Map:
		return kindMap
	case reflect.Slice:
		return kindList
	case reflect.Struct:
		return kindStruct
	}
	return kindString
}

func (s shape) elem() shape { return shapeOf(s.t.Elem()) }

// scalar tells whether one word of the command line is a whole value.
func (s shape) scalar() bool { return s.kind() < kindMap }

// shorthand tells whether the AWS CLI's shorthand syntax is read for it: for
// structures, maps, and lists of anything but scalars.
func (s shape) shorthand() bool {
	return s.kind() == kindStruct || s.kind() == kindMap || s.kind() == kindList && !s.elem().scalar()
}

func shapeFloat() shape { return shapeOf(reflect.TypeFor[float64]()) }

func stringType() reflect.Type { return reflect.TypeFor[string]() }

// members lists a structure's exported fields in the model's order.
func (s shape) members() []member {
	var ms []member
	for i := range s.t.NumField() {
		f := s.t.Field(i)
		if !f.IsExported() {
			continue
		}
		m := member{
			name: f.Name, index: i, shape: shapeOf(f.Type),
			required:  f.Tag.Get("required") == "true",
			sensitive: f.Tag.Get("sensitive") == "true",
		}
		if e := f.Tag.Get("enum"); e != "" {
			m.enum = strings.Split(e, "|")
		}
		ms = append(ms, m)
	}
	return ms
}

func (s shape) member(name string) (member, bool) {
	for _, m := range s.members() {
		if m.name == name {
			return m, true
		}
	}
	return member{}, false
}

// secret tells whether anything in a value of this shape must stay out of
// errors.
func (s shape) secret() bool {
	switch s.kind() {
	case kindList, kindMap:
		return s.elem().secret()
	case kindStruct:
		for _, m := range s.members() {
			if m.sensitive || m.shape.secret() {
				return true
			}
		}
	}
	return false
}

// only gives the single member of a structure that has one by that name and
// kind and no other. EC2 wraps some attributes so, and the AWS CLI unwraps.
func (s shape) only(name string, k kind) bool {
	if s.kind() != kindStruct {
		return false
	}
	ms := s.members()
	return len(ms) == 1 && ms[0].name == name && ms[0].shape.kind() == k
}
