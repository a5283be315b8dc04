package awscli

import (
	"math"
	"strings"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/text"
)

func (s *tableSection) totalWidth() int {
	total := 2 + 2*s.indent
	for _, w := range s.widths {
		total += w + 4
	}
	return max(text.StringWidth(s.title)+2+2*s.indent, total)
}

func (t *table) width() int {
	w := 0
	for _, s := range t.sections {
		w = max(w, s.totalWidth())
	}
	return w
}

func (t *table) render() string {
	if t.width() > tableWidth {
		for i, s := range t.sections {
			if len(s.rows) == 1 && len(s.headers) > 0 {
				t.sections[i] = s.onItsSide()
			}
		}
	}
	width := t.width()
	var b strings.Builder
	b.WriteString(strings.Repeat("-", width) + "\n")
	for _, s := range t.sections {
		bar := strings.Repeat(t.paint("|", text.Faint, text.FgYellow), s.indent)
		for _, line := range s.lines(width-2*s.indent, t) {
			b.WriteString(bar + line + bar + "\n")
		}
	}
	return b.String()
}

// onItsSide writes a section of one row downwards, a line a column.
func (s *tableSection) onItsSide() *tableSection {
	turned := &tableSection{title: s.title, indent: s.indent}
	for i, h := range s.headers {
		turned.row(h, s.rows[0][i])
	}
	return turned
}

func (s *tableSection) lines(width int, t *table) []string {
	var out []string
	if s.title != "" {
		out = append(out, centre(s.title, width, "|"))
		if len(s.headers) == 0 && len(s.rows) == 0 {
			out = append(out, "+"+strings.Repeat("-", max(width-2, 0))+"+")
		}
	}
	widths := s.scaled(width)
	if len(widths) == 0 {
		return out
	}
	rule := ""
	for i, w := range widths {
		if i == 0 {
			rule = "+"
			w--
		}
		rule += strings.Repeat("-", max(w-1, 0)) + "+"
	}
	if len(s.headers) > 0 {
		line := ""
		for i, h := range s.headers {
			line += centre(h, widths[i], edge(i))
		}
		out = append(out, rule, line)
	}
	if len(s.rows) == 0 {
		return out
	}
	out = append(out, rule)
	for _, row := range s.rows {
		line := ""
		for i := range widths {
			cell := ""
			if i < len(row) {
				cell = row[i]
			}
			line += t.left(cell, widths[i], edge(i))
		}
		out = append(out, line)
	}
	return append(out, rule)
}

func edge(column int) string {
	if column == 0 {
		return "|"
	}
	return ""
}

// scaled stretches the columns so that they fill the width; what rounding
// leaves is given to the last columns or taken from the first.
func (s *tableSection) scaled(width int) []int {
	total := 0
	for _, w := range s.widths {
		total += w + 4
	}
	scaled, off := make([]int, len(s.widths)), -width
	for i, w := range s.widths {
		scaled[i] = int(math.RoundToEven(float64(width) / float64(total) * float64(w+4)))
		off += scaled[i]
	}
	for i := 0; off != 0 && len(scaled) > 0; i = (i + 1) % len(scaled) {
		if off > 0 {
			scaled[i]--
			off--
		} else {
			scaled[len(scaled)-1-i]++
			off++
		}
	}
	return scaled
}

func centre(s string, width int, left string) string {
	w := text.StringWidth(s)
	start := max(width/2-w/2-1, 0)
	line := left + strings.Repeat(" ", start) + s
	return line + strings.Repeat(" ", max(width-1-utf8.RuneCountInString(left)-start-w, 0)) + "|"
}

func (t *table) left(s string, width int, left string) string {
	w, padding := text.StringWidth(s), 2
	if w+padding+len(left)+1 > width {
		padding = 0
	}
	line := left + strings.Repeat(" ", padding) + t.paint(s, text.Bold, text.FgBlue)
	return line + strings.Repeat(" ", max(width-len(left)-padding-w-1, 0)) + "|"
}

// paint colours a cell where colour is on, with the escapes of ANSI X3.64.
func (t *table) paint(s string, colours ...text.Color) string {
	if !t.colour {
		return s
	}
	return text.Colors(colours).EscapeSeq() + s + text.Reset.EscapeSeq()
}
