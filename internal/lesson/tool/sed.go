package tool

import (
	"bufio"
	"io"
	"regexp"
	"strings"
)

// sedCommand is s///, p or d, with an address or none.
type sedCommand struct {
	from, to *sedAddress
	active   bool // between from and to
	name     byte
	re       *regexp.Regexp
	with     string
	global   bool
	print    bool
	nth      int
}

type sedAddress struct {
	line int // 0 for a pattern, -1 for $
	re   *regexp.Regexp
}

func sed(c *call) int {
	scripts := c.values['e']
	if len(scripts) == 0 {
		if len(c.args) == 0 {
			return c.fail(1, "usage: sed [-nE] 's/PATTERN/TEXT/[gpi]' [FILE…]")
		}
		scripts, c.args = c.args[:1], c.args[1:]
	}
	commands, err := parseSed(strings.Join(scripts, "\n"), c.has('E') || c.has('r'))
	if err != nil {
		return c.fail(1, "%v", err)
	}
	// The last line must be known for $; one line of look-ahead gives it.
	var held *string
	number := 0
	w := bufio.NewWriter(c.Stdout)
	step := func(line string, last bool) {
		number++
		sedLine(w, commands, line, number, last, c.has('n'))
	}
	status := c.inputs(c.args, 2, func(_ string, r io.Reader) int {
		err := c.lines(r, func(line string) bool {
			if held != nil {
				if !strings.HasSuffix(*held, "\n") {
					*held += "\n"
				}
				step(*held, false)
			}
			held = &line
			return true
		})
		return c.ioStatus(err)
	})
	if held != nil {
		step(*held, true)
	}
	return max(status, c.ioStatus(w.Flush()))
}

func sedLine(w *bufio.Writer, commands []*sedCommand, line string, number int, last, quiet bool) {
	text := strings.TrimSuffix(line, "\n")
	end := line[len(text):]
	for _, cmd := range commands {
		if !cmd.selects(text, number, last) {
			continue
		}
		switch cmd.name {
		case 'd':
			return
		case 'p':
			w.WriteString(text + end)
		case 's':
			if replaced, ok := cmd.substitute(text); ok {
				text = replaced
				if cmd.print {
					w.WriteString(text + end)
				}
			}
		}
	}
	if !quiet {
		w.WriteString(text + end)
	}
}

func (a *sedAddress) is(text string, number int, last bool) bool {
	switch {
	case a.re != nil:
		return a.re.MatchString(text)
	case a.line < 0:
		return last
	}
	return a.line == number
}

func (s *sedCommand) selects(text string, number int, last bool) bool {
	switch {
	case s.from == nil:
		return true
	case s.to == nil:
		return s.from.is(text, number, last)
	case s.active:
		if s.to.line > 0 && number >= s.to.line || s.to.line <= 0 && s.to.is(text, number, last) {
			s.active = false
		}
		return s.to.line <= 0 || number <= s.to.line
	case s.from.is(text, number, last):
		s.active = s.to.line <= 0 || s.to.line > number
		return true
	}
	return false
}

func (s *sedCommand) substitute(text string) (string, bool) {
	matches := s.re.FindAllStringSubmatchIndex(text, -1)
	var b strings.Builder
	at, done := 0, false
	for i, m := range matches {
		if i+1 < s.nth || i+1 > s.nth && !s.global {
			continue
		}
		b.WriteString(text[at:m[0]])
		b.Write(s.re.ExpandString(nil, s.with, text, m))
		at, done = m[1], true
	}
	return b.String() + text[at:], done
}
