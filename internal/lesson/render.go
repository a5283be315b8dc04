package lesson

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

var (
	listItem  = regexp.MustCompile(`^(\s*)([-*+]|\d{1,9}[.)])\s+(.*)$`)
	escapes   = regexp.MustCompile("\x1b\\[[0-9;]*m")
	codeSpan  = regexp.MustCompile("(`+)(.+?)(`+)")
	linkSpan  = regexp.MustCompile(`!?\[([^\]]*)\]\(([^)\s]*)[^)]*\)`)
	autoLink  = regexp.MustCompile(`<(https?://[^>\s]+)>`)
	boldSpan  = regexp.MustCompile(`\*\*([^*\s](?:[^*]*[^*\s])?)\*\*`)
	starSpan  = regexp.MustCompile(`\*([^*\s](?:[^*]*[^*\s])?)\*`)
	scoreSpan = regexp.MustCompile(`(^|[\s(])_([^_\s](?:[^_]*[^_\s])?)_($|[\s).,;:!?])`)
	ruleLine  = regexp.MustCompile(`^ {0,3}([-*_])( *[-*_]){2,} *$`)
)

// Render gives Markdown as text for a terminal: paragraphs and lists wrapped
// at width columns, tables and code left as they are, emphasis as colour or
// not at all. It knows what lessons use, not all of CommonMark.
func Render(markdown string, width int, colour bool) string {
	r := renderer{width: max(width, 20), colour: colour}
	lines := strings.Split(strings.TrimRight(markdown, "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		trimmed := strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(trimmed, "```") || strings.HasPrefix(trimmed, "~~~"):
			r.flush()
			mark := trimmed[:3]
			for i++; i < len(lines) && !strings.HasPrefix(strings.TrimSpace(lines[i]), mark); i++ {
				r.line(strings.TrimRight("    "+lines[i], " "))
			}
		case trimmed == "":
			r.flush()
			r.line("")
			r.open = ""
		case strings.HasPrefix(trimmed, "|"):
			r.flush()
			r.line(line)
		case strings.HasPrefix(trimmed, "<!--") && strings.HasSuffix(trimmed, "-->"):
		case strings.HasPrefix(line, "#"):
			r.flush()
			r.line(style(colour, "1", inline(heading(line), false)))
		case ruleLine.MatchString(line):
			r.flush()
			r.line(strings.Repeat("-", min(r.width, 40)))
		case strings.HasPrefix(line, "    ") && r.open == "" && len(r.text) == 0:
			r.line(strings.TrimRight(line, " "))
		case strings.HasPrefix(line, ">"):
			if r.first != "> " {
				r.flush()
				r.first, r.next = "> ", "> "
			}
			r.text = append(r.text, strings.TrimSpace(strings.TrimLeft(line, "> ")))
		case listItem.MatchString(line):
			r.flush()
			m := listItem.FindStringSubmatch(line)
			mark := m[2]
			if len(mark) == 1 {
				mark = "-"
			}
			r.first = m[1] + mark + " "
			r.next = strings.Repeat(" ", len(r.first))
			r.open = r.next
			r.text = append(r.text, m[3])
		default:
			if len(r.text) == 0 && r.open != "" && strings.HasPrefix(line, " ") {
				r.first, r.next = r.open, r.open
			}
			r.text = append(r.text, trimmed)
		}
	}
	r.flush()
	return r.out.String()
}

// renderer gathers one paragraph at a time.
type renderer struct {
	out         strings.Builder
	width       int
	colour      bool
	text        []string
	first, next string // what the paragraph's lines begin with
	open        string // the indentation of the list item that goes on
}

func (r *renderer) line(s string) { r.out.WriteString(s + "\n") }

func (r *renderer) flush() {
	if len(r.text) > 0 {
		r.line(wrap(inline(strings.Join(r.text, " "), r.colour), r.width, r.first, r.next))
	}
	r.text, r.first, r.next = nil, "", ""
}

// flat is a text on one line.
func flat(s string) string { return strings.Join(strings.Fields(s), " ") }

func style(colour bool, code, text string) string {
	if !colour || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// hold is a blank that does not break a line: in code, which reads badly when
// it is torn.
const hold = "\x00"

// inline renders emphasis, code and links. What stands in code is kept as it
// is: it is taken out first and put back last.
func inline(s string, colour bool) string {
	s = strings.ReplaceAll(s, hold, "")
	var kept []string
	keep := func(text string) string {
		kept = append(kept, text)
		return "\x01" + string(rune(0xE000+len(kept)-1)) + "\x01"
	}
	s = strings.ReplaceAll(s, "\x01", "")
	s = codeSpan.ReplaceAllStringFunc(s, func(m string) string {
		parts := codeSpan.FindStringSubmatch(m)
		if len(parts[1]) != len(parts[3]) || len(kept) > 1000 {
			return m
		}
		text := strings.ReplaceAll(strings.TrimSpace(parts[2]), " ", hold)
		if colour {
			return keep(style(true, "36", text))
		}
		return keep("`" + text + "`")
	})
	s = linkSpan.ReplaceAllStringFunc(s, func(m string) string {
		parts := linkSpan.FindStringSubmatch(m)
		if !strings.HasPrefix(parts[2], "http") || parts[1] == parts[2] {
			return parts[1]
		}
		return parts[1] + " (" + parts[2] + ")"
	})
	s = autoLink.ReplaceAllString(s, "$1")
	for _, span := range []struct {
		re   *regexp.Regexp
		code string
		with string
	}{{boldSpan, "1", "$1"}, {starSpan, "3", "$1"}, {scoreSpan, "3", "$2"}} {
		with := span.with
		if colour {
			with = "\x1b[" + span.code + "m" + with + "\x1b[0m"
		}
		if span.re == scoreSpan {
			with = "${1}" + strings.ReplaceAll(with, "$2", "${2}") + "${3}"
		} else {
			with = strings.ReplaceAll(with, "$1", "${1}")
		}
		s = span.re.ReplaceAllString(s, with)
	}
	for i, text := range kept {
		s = strings.ReplaceAll(s, "\x01"+string(rune(0xE000+i))+"\x01", text)
	}
	return s
}

// width is the number of columns that a text takes, colours not counted.
func width(s string) int { return utf8.RuneCountInString(escapes.ReplaceAllString(s, "")) }

// wrap fills lines of at most columns; a word that is longer has its own.
func wrap(s string, columns int, first, next string) string {
	var b strings.Builder
	b.WriteString(first)
	at, empty := width(first), true
	for _, word := range strings.Fields(s) {
		n := width(word)
		switch {
		case empty:
		case at+1+n > columns:
			b.WriteString("\n" + next)
			at = width(next)
		default:
			b.WriteString(" ")
			at++
		}
		b.WriteString(word)
		at += n
		empty = false
	}
	return strings.ReplaceAll(b.String(), hold, " ")
}
