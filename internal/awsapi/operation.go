package awsapi

import (
	"context"
	"fmt"
	"reflect"
	"sort"
	"strings"
)

// Operation is one AWS operation, declared once: its input, its output, its
// handler, and what it asks permission for.
//
// Input and Output are struct types whose exported fields are the members of
// the API model, in the model's order, under the model's member names. Field
// types: string, bool, int64, []byte (blob), time.Time, map[string]string,
// slices and structs of these, and pointers where absent differs from zero.
// Tags:
//
//	wire:"name"       the name on the wire (the model's locationName) where
//	                  it differs from the member's own
//	required:"true"   the member must be given
//	enum:"a|b"        the values allowed
//	sensitive:"true"  the value never appears in an error
//
// In an output a nil pointer, slice or map, an empty string and a zero time
// are absent; bool and int64 are always present.
type Operation struct {
	Service string // "kms", "ec2", as the command spells it
	Name    string // "CopySnapshot"
	Doc     string // one line for --help

	Action        string   // "ec2:CopySnapshot"; empty where none is asked
	Resources     []string // the resources asked about, for documentation
	ConditionKeys []string // the condition keys offered, for documentation

	Input, Output reflect.Type // struct types
	handle        func(ctx context.Context, call *Call, in any) (any, error)
}

// NewInput gives a pointer to a zero input.
func (o *Operation) NewInput() any { return reflect.New(o.Input).Interface() }

// declare makes an Operation of a typed handler.
func declare[In, Out any](service, name, doc string, handle func(context.Context, *Call, *In) (*Out, error)) *Operation {
	return &Operation{
		Service: service, Name: name, Doc: doc,
		Action: service + ":" + name,
		Input:  reflect.TypeFor[In](), Output: reflect.TypeFor[Out](),
		handle: func(ctx context.Context, call *Call, in any) (any, error) {
			out, err := handle(ctx, call, in.(*In))
			if err != nil {
				return nil, err
			}
			return out, nil
		},
	}
}

// Table finds operations by service and name.
type Table struct {
	services map[string]map[string]*Operation
}

// NewTable makes a table. Two operations of one name are a programming error
// and panic.
func NewTable(ops ...*Operation) *Table {
	t := &Table{services: map[string]map[string]*Operation{}}
	for _, o := range ops {
		if t.services[o.Service] == nil {
			t.services[o.Service] = map[string]*Operation{}
		}
		if t.services[o.Service][o.Name] != nil {
			panic(fmt.Sprintf("awsapi: %s %s is declared twice", o.Service, o.Name))
		}
		t.services[o.Service][o.Name] = o
	}
	return t
}

// Lookup finds an operation by its service and its name as the model spells
// it, or nil.
func (t *Table) Lookup(service, name string) *Operation { return t.services[service][name] }

// Services lists the services, sorted.
func (t *Table) Services() []string {
	var s []string
	for name := range t.services {
		s = append(s, name)
	}
	sort.Strings(s)
	return s
}

// Operations lists a service's operations, sorted by name.
func (t *Table) Operations(service string) []*Operation {
	var ops []*Operation
	for _, o := range t.services[service] {
		ops = append(ops, o)
	}
	sort.Slice(ops, func(i, j int) bool { return strings.Compare(ops[i].Name, ops[j].Name) < 0 })
	return ops
}

// Credentials are what a request is signed with.
type Credentials struct{ AccessKeyID, SecretAccessKey, SessionToken string }

// Error is a refused operation as AWS's clients see it.
type Error struct {
	Code       string // "AccessDeniedException"
	Message    string
	HTTPStatus int
	RequestID  string // the audit event that explains it
	Operation  string // "CopySnapshot"
	Err        error  // the domain's error, for errors.As
}

// Error gives the line the aws command prints.
func (e *Error) Error() string {
	return fmt.Sprintf("An error occurred (%s) when calling the %s operation: %s", e.Code, e.Operation, e.Message)
}

// Unwrap gives the domain's error.
func (e *Error) Unwrap() error { return e.Err }
