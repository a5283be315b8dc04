package awscli

import (
	"fmt"
	"strings"
)

// answer is what an operation gave: whole, and, where it was followed through
// its pages, page by page.
type answer struct {
	all    *object
	pages  []*object // nil unless paged
	resume string
}

// print writes an answer as --output and --query ask.
func (c *command) print(a *answer) error {
	format := c.id.output
	if format == "text" && a.pages != nil {
		return c.printPages(a)
	}
	v, err := c.select1(a.all)
	if err != nil {
		return err
	}
	return c.write(format, v)
}

// select1 applies --query.
func (c *command) select1(o *object) (any, error) {
	if c.query == nil {
		return o, nil
	}
	return c.query.search(o)
}

func (c *command) write(format string, v any) error {
	if o, ok := v.(*object); ok && len(o.keys) == 0 {
		return nil
	}
	out := ""
	switch format {
	case "json":
		out = formatJSON(v, 4) + "\n"
	case "text":
		out = formatText(v)
	case "table":
		out = formatTable(c.op.Name, v, c.globals["color"] == "on")
	case "yaml":
		out = formatYAML(v)
	case "off":
		return nil
	default:
		return failure(ExitInternal, "Unknown output type: %s", format)
	}
	_, err := fmt.Fprint(c.cfg.Stdout, out)
	return err
}

// printPages writes text page by page, --query applied to each, as the real
// command does ("How to filter output with the --query parameter", note on
// --output text). The structures outside the lists come with the first page.
func (c *command) printPages(a *answer) error {
	for _, page := range a.pages {
		v, err := c.select1(page)
		if err != nil {
			return err
		}
		if err := c.write("text", v); err != nil {
			return err
		}
	}
	if a.resume == "" || c.query != nil {
		return nil
	}
	_, err := fmt.Fprintln(c.cfg.Stdout, strings.Join([]string{"NEXTTOKEN", a.resume}, "\t"))
	return err
}
