package awscli

import (
	"fmt"
	"reflect"
)

// skeleton gives a sample value of a shape, as botocore's ArgumentGenerator
// does for --generate-cli-skeleton: "" or the first allowed word, 0, true,
// one element a list, one pair a map. within guards against recursion.
func skeleton(s shape, enum []string, within []reflect.Type) any {
	switch s.kind() {
	case kindStruct:
		o := newObject()
		for _, t := range within {
			if t == s.t {
				return o
			}
		}
		for _, m := range s.members() {
			o.set(m.name, skeleton(m.shape, m.enum, append(within[:len(within):len(within)], s.t)))
		}
		return o
	case kindList:
		return []any{skeleton(s.elem(), enum, within)}
	case kindMap:
		o := newObject()
		o.set("KeyName", skeleton(s.elem(), nil, within))
		return o
	case kindInt:
		return int64(0)
	case kindFloat:
		return 0.0
	case kindBool:
		return true
	case kindTime:
		return "1970-01-01T00:00:00"
	case kindBlob:
		return nil
	}
	if len(enum) > 0 {
		return enum[0]
	}
	return ""
}

// printSkeleton answers --generate-cli-skeleton; nothing is called.
func (c *command) printSkeleton(which string) error {
	switch which {
	case "input":
		_, err := fmt.Fprintln(c.cfg.Stdout, formatJSON(skeleton(shapeOf(c.op.Input), nil, nil), 4))
		return err
	case "yaml-input":
		_, err := fmt.Fprint(c.cfg.Stdout, formatYAML(skeleton(shapeOf(c.op.Input), nil, nil)))
		return err
	}
	sample, _ := skeleton(shapeOf(c.op.Output), nil, nil).(*object)
	c.id = &identity{output: first(c.globals["output"], c.getenv("AWS_DEFAULT_OUTPUT"), "json")}
	return c.print(&answer{all: sample})
}
