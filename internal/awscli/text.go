package awscli

import (
	"slices"
	"strings"
)

// formatText is awscli/text.py: scalars of an object on one tab-separated
// line, in the order of their sorted keys, then what is nested, each line
// starting with its key in capitals.
func formatText(v any) string {
	var b strings.Builder
	writeText(&b, v, "", nil)
	return b.String()
}

// writeText writes a value found under key. keys, where not nil, are the
// scalar columns that all objects of one list share.
func writeText(b *strings.Builder, v any, key string, keys []string) {
	switch v := v.(type) {
	case *object:
		writeTextObject(b, v, key, keys)
	case []any:
		writeTextList(b, v, key)
	default:
		b.WriteString(pyString(v) + "\n")
	}
}

func writeTextList(b *strings.Builder, list []any, key string) {
	isObject := func(v any) bool { _, ok := v.(*object); return ok }
	isList := func(v any) bool { _, ok := v.([]any); return ok }
	if len(list) == 0 {
		return
	}
	if slices.ContainsFunc(list, isObject) {
		keys := sharedScalars(list)
		for _, e := range list {
			writeText(b, e, key, keys)
		}
		return
	}
	var scalars []any
	for _, e := range list {
		if !isList(e) {
			scalars = append(scalars, e)
		}
	}
	writeTextScalars(b, scalars, key)
	for _, e := range list {
		if isList(e) {
			writeText(b, e, key, nil)
		}
	}
}

func writeTextScalars(b *strings.Builder, scalars []any, key string) {
	if len(scalars) == 0 {
		return
	}
	cells := make([]string, len(scalars))
	for i, e := range scalars {
		cells[i] = pyString(e)
	}
	if key == "" {
		b.WriteString(strings.Join(cells, "\t") + "\n")
		return
	}
	for _, cell := range cells {
		b.WriteString(strings.ToUpper(key) + "\t" + cell + "\n")
	}
}

func writeTextObject(b *strings.Builder, o *object, key string, keys []string) {
	var cells, nested []string
	if keys == nil {
		for _, k := range o.sorted() {
			if nonScalar(o.fields[k]) {
				nested = append(nested, k)
			} else {
				cells = append(cells, pyString(o.fields[k]))
			}
		}
	} else {
		for _, k := range keys {
			v, ok := o.get(k)
			if !ok {
				v = ""
			}
			cells = append(cells, pyString(v))
		}
		for _, k := range o.sorted() {
			if !slices.Contains(keys, k) {
				nested = append(nested, k)
			}
		}
	}
	if len(cells) > 0 {
		if key != "" {
			cells = append([]string{strings.ToUpper(key)}, cells...)
		}
		b.WriteString(strings.Join(cells, "\t") + "\n")
	}
	for _, k := range nested {
		writeText(b, o.fields[k], k, nil)
	}
}

func nonScalar(v any) bool {
	switch v.(type) {
	case *object, []any:
		return true
	}
	return false
}

// sharedScalars gives the keys under which any object of a list has a scalar,
// sorted; never nil.
func sharedScalars(list []any) []string {
	keys := []string{}
	for _, e := range list {
		o, ok := e.(*object)
		if !ok {
			continue
		}
		for _, k := range o.keys {
			if !nonScalar(o.fields[k]) && !slices.Contains(keys, k) {
				keys = append(keys, k)
			}
		}
	}
	slices.Sort(keys)
	return keys
}
