package awsapi

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Inputs and outputs are of the types that clients and wire protocols know.
func TestShapes(t *testing.T) {
	table := Operations()
	n := 0
	for _, service := range table.Services() {
		for _, op := range table.Operations(service) {
			n++
			require.NotEmpty(t, op.Doc, op.Name)
			require.True(t, strings.HasPrefix(op.Action, service+":") || op.Name == "GetCallerIdentity", op.Name)
			for _, shape := range []reflect.Type{op.Input, op.Output} {
				checkShape(t, op.Name, shape)
			}
		}
	}
	require.Greater(t, n, 60)
}

func checkShape(t *testing.T, where string, shape reflect.Type) {
	require.Equal(t, reflect.Struct, shape.Kind(), where)
	for i := range shape.NumField() {
		f := shape.Field(i)
		name := where + "." + f.Name
		require.True(t, f.IsExported(), name)
		member := f.Type
		for member.Kind() == reflect.Pointer || member.Kind() == reflect.Slice {
			member = member.Elem()
		}
		switch {
		case member == reflect.TypeFor[time.Time](), member == reflect.TypeFor[map[string]string]():
		case member.Kind() == reflect.Struct:
			checkShape(t, name, member)
		default:
			require.Contains(t, []reflect.Kind{reflect.String, reflect.Bool, reflect.Int64, reflect.Uint8}, member.Kind(), name)
		}
	}
}
