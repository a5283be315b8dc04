package lesson

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
)

// Format is a form that a lesson can be exported in.
type Format string

const (
	Markdown Format = "md"
	HTML     Format = "html"
)

// Export writes a lesson to be read elsewhere: as plain Markdown without
// front matter, or as a web page that needs nothing beside itself. An unknown
// format is an error.
func Export(l *Lesson, w io.Writer, format Format) error {
	switch format {
	case Markdown:
		_, err := io.WriteString(w, l.markdown())
		return err
	case HTML:
		return l.html(w)
	}
	return fmt.Errorf("lesson: no export as %q: want md or html", format)
}

func (l *Lesson) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n", l.Title)
	if l.Summary != "" {
		fmt.Fprintf(&b, "%s\n\n", l.Summary)
	}
	if l.Minutes > 0 {
		fmt.Fprintf(&b, "About %s.\n\n", plural(l.Minutes, "minute"))
	}
	for _, a := range l.Accounts {
		fmt.Fprintf(&b, "- account `%s`: `%s`\n", a.Profile(), a.ID)
	}
	if len(l.Accounts) > 0 {
		b.WriteString("\n")
	}
	if len(l.Regions) > 0 {
		fmt.Fprintf(&b, "Regions: %s\n\n", strings.Join(l.Regions, ", "))
	}
	for _, step := range l.Steps {
		if step.Heading != "" {
			fmt.Fprintf(&b, "## %s\n\n", step.Heading)
		}
		for _, p := range step.Parts {
			b.WriteString(p.markdown() + "\n")
		}
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

func (p Part) markdown() string {
	switch p.Kind {
	case Code, Setup:
		mark := "```"
		for strings.Contains(p.Text, mark) {
			mark += "`"
		}
		block := mark + "sh\n" + p.Text + mark + "\n"
		if p.Kind == Setup {
			return "Before that, out of sight:\n\n" + block
		}
		return block
	case Predict:
		return quoteLines("**Predict:** " + p.Text)
	case Hint:
		return quoteLines("**Hint:** " + p.Text)
	}
	return p.Text
}

func quoteLines(s string) string {
	return "> " + strings.ReplaceAll(strings.TrimRight(s, "\n"), "\n", "\n> ") + "\n"
}

//go:embed page.html
var page string

// html writes the page. Raw HTML in a lesson is left out by goldmark, so what
// a lesson says cannot become a script.
func (l *Lesson) html(w io.Writer) error {
	tmpl, err := template.New("page").Parse(page)
	if err != nil {
		return fmt.Errorf("lesson: page: %w", err)
	}
	var body bytes.Buffer
	if err := goldmark.New(goldmark.WithExtensions(extension.GFM)).Convert([]byte(l.markdown()), &body); err != nil {
		return fmt.Errorf("lesson: %s: %w", l.Name, err)
	}
	return tmpl.Execute(w, map[string]any{"Title": l.Title, "Body": template.HTML(body.String())})
}
