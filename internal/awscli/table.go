package awscli

import (
	"slices"

	"github.com/jedib0t/go-pretty/v6/text"
)

// tableWidth is the width of a terminal that the AWS CLI assumes where it
// finds none; a wider table is turned on its side.
const tableWidth = 80

// formatTable draws a value as awscli/table.py and formatter.py do: nested
// sections, each with its title, indented by one bar a level. Empty values
// draw nothing.
func formatTable(title string, v any, colour bool) string {
	t := &table{colour: colour}
	if !t.build(title, v, 0) {
		return ""
	}
	return t.render()
}

type table struct {
	sections []*tableSection
	colour   bool
}

type tableSection struct {
	title   string
	headers []string
	rows    [][]string
	indent  int
	widths  []int // of the widest cell in each column
}

func (t *table) section(title string, indent int) {
	t.sections = append(t.sections, &tableSection{title: title, indent: indent})
}

func (t *table) current() *tableSection {
	if len(t.sections) == 0 {
		t.section("", 0)
	}
	return t.sections[len(t.sections)-1]
}

func (s *tableSection) widen(cells []string) {
	for i, cell := range cells {
		if i == len(s.widths) {
			s.widths = append(s.widths, 0)
		}
		s.widths[i] = max(s.widths[i], text.StringWidth(cell))
	}
}

func (s *tableSection) header(cells []string) {
	s.headers = cells
	s.widen(cells)
}

func (s *tableSection) row(values ...any) {
	cells := make([]string, len(values))
	for i, v := range values {
		cells[i] = pyString(v)
	}
	s.rows = append(s.rows, cells)
	s.widen(cells)
}

// build lays out a value; "" is no title. It tells whether there was
// anything.
func (t *table) build(title string, v any, indent int) bool {
	if !truth(v) {
		return false
	}
	if title != "" {
		t.section(title, indent)
	}
	switch v := v.(type) {
	case []any:
		if _, ok := v[0].(*object); ok {
			t.objects(title, v, indent)
			return true
		}
		for _, e := range v {
			list, ok := e.([]any)
			switch {
			case !nonScalar(e):
				t.current().row(e)
			case ok && !slices.ContainsFunc(list, nonScalar):
				t.current().row(list...)
			default:
				t.build("", e, indent)
			}
		}
	case *object:
		scalars, nested := splitKeys(v)
		switch len(scalars) {
		case 0:
		case 1:
			t.current().row(scalars[0], v.fields[scalars[0]])
		default:
			t.current().header(scalars)
			t.current().row(pick(v, scalars)...)
		}
		for _, k := range nested {
			t.build(k, v.fields[k], indent+1)
		}
	default:
		t.current().row(v)
	}
	return true
}

// objects draws a list of objects: one section where nothing is nested, else
// one an element.
func (t *table) objects(title string, list []any, indent int) {
	var scalars, nested []string
	for _, e := range list {
		if o, ok := e.(*object); ok {
			s, n := splitKeys(o)
			scalars, nested = append(scalars, s...), append(nested, n...)
		}
	}
	slices.Sort(scalars)
	slices.Sort(nested)
	scalars, nested = slices.Compact(scalars), slices.Compact(nested)
	t.current().header(scalars)
	for i, e := range list {
		o, ok := e.(*object)
		if !ok {
			continue
		}
		if i > 0 && len(nested) > 0 {
			t.section(title, indent)
			t.current().header(scalars)
		}
		t.current().row(pick(o, scalars)...)
		for _, k := range nested {
			if child, ok := o.get(k); ok {
				t.build(k, child, indent+1)
			}
		}
	}
}

// splitKeys gives an object's keys with scalars and those without, sorted.
func splitKeys(o *object) (scalars, nested []string) {
	for _, k := range o.sorted() {
		if nonScalar(o.fields[k]) {
			nested = append(nested, k)
		} else {
			scalars = append(scalars, k)
		}
	}
	return scalars, nested
}

// pick gives an object's values under keys, "" where it has none.
func pick(o *object, keys []string) []any {
	values := make([]any, len(keys))
	for i, k := range keys {
		v, ok := o.get(k)
		if !ok {
			v = ""
		}
		values[i] = v
	}
	return values
}
