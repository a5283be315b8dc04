package lesson

import (
	"strings"
)

// parseMarkdown splits a lesson into steps and parts.
func (l *Lesson) parseMarkdown(text string) error {
	lines := strings.Split(text, "\n")
	start, err := l.frontMatter(lines)
	if err != nil {
		return err
	}
	s := splitter{lesson: l, lines: lines, at: start, step: Step{Line: start + 1}}
	if err := s.run(); err != nil {
		return err
	}
	return nil
}

// splitter walks the lines once.
type splitter struct {
	lesson *Lesson
	lines  []string
	at     int // index of the current line
	step   Step
	prose  []string
	from   int // line number of prose[0]
}

func (s *splitter) run() error {
	for s.at < len(s.lines) {
		line := s.lines[s.at]
		trimmed := strings.TrimLeft(line, " ")
		switch {
		case strings.HasPrefix(trimmed, "```") || strings.HasPrefix(trimmed, "~~~"):
			if err := s.fence(); err != nil {
				return err
			}
			continue
		case strings.HasPrefix(line, "# ") && s.lesson.Title == "":
			s.endProse()
			s.lesson.Title = heading(line)
		case strings.HasPrefix(line, "# ") && len(s.lesson.Steps) == 0 && s.step.Heading == "" && heading(line) == s.lesson.Title:
			s.endProse() // the title again, for readers of the raw file
		case strings.HasPrefix(line, "## "):
			s.endStep()
			s.step = Step{Heading: heading(line), Line: s.at + 1}
		case strings.HasPrefix(line, ">"):
			s.quote()
			continue
		default:
			s.keep(line)
		}
		s.at++
	}
	s.endStep()
	return nil
}

func heading(line string) string {
	return strings.TrimSpace(strings.TrimRight(strings.TrimLeft(line, "#"), "# \t"))
}

func (s *splitter) keep(line string) {
	if len(s.prose) == 0 {
		s.from = s.at + 1
	}
	s.prose = append(s.prose, line)
}

// endProse makes a part of the lines kept so far, blank ones at its ends
// left off.
func (s *splitter) endProse() {
	lines, from := s.prose, s.from
	s.prose = nil
	for len(lines) > 0 && strings.TrimSpace(lines[0]) == "" {
		lines, from = lines[1:], from+1
	}
	for len(lines) > 0 && strings.TrimSpace(lines[len(lines)-1]) == "" {
		lines = lines[:len(lines)-1]
	}
	if len(lines) > 0 {
		s.add(Part{Kind: Prose, Text: strings.Join(lines, "\n") + "\n", Line: from})
	}
}

func (s *splitter) add(p Part) { s.step.Parts = append(s.step.Parts, p) }

func (s *splitter) endStep() {
	s.endProse()
	if s.step.Heading != "" || len(s.step.Parts) > 0 {
		s.lesson.Steps = append(s.lesson.Steps, s.step)
	}
}

// quote takes a block quote: a question, a hint, or prose.
func (s *splitter) quote() {
	first := s.at
	var inner []string
	for ; s.at < len(s.lines) && strings.HasPrefix(s.lines[s.at], ">"); s.at++ {
		inner = append(inner, strings.TrimPrefix(strings.TrimPrefix(s.lines[s.at], ">"), " "))
	}
	text := strings.TrimSpace(strings.Join(inner, "\n"))
	for mark, kind := range map[string]Kind{"**Predict:**": Predict, "**Hint:**": Hint} {
		if rest, ok := strings.CutPrefix(text, mark); ok {
			s.endProse()
			s.add(Part{Kind: kind, Text: strings.TrimSpace(rest) + "\n", Line: first + 1})
			return
		}
	}
	end := s.at
	for s.at = first; s.at < end; s.at++ {
		s.keep(s.lines[s.at])
	}
}

// fence takes a fenced block. Only "sh" and "sh setup" are run; other words
// that name a shell are refused, since a reader would expect them to be.
func (s *splitter) fence() error {
	open, first := s.lines[s.at], s.at
	trimmed := strings.TrimLeft(open, " ")
	indent := len(open) - len(trimmed)
	mark := trimmed[:len(trimmed)-len(strings.TrimLeft(trimmed, trimmed[:1]))]
	info := strings.Fields(trimmed[len(mark):])
	var body []string
	for s.at++; ; s.at++ {
		if s.at >= len(s.lines) {
			return s.lesson.errorf(first+1, "the block that starts here has no closing %s", mark)
		}
		line := s.lines[s.at]
		if t := strings.TrimSpace(line); strings.HasPrefix(t, mark) && strings.Trim(t, mark[:1]) == "" {
			s.at++
			break
		}
		n := 0
		for n < indent && n < len(line) && line[n] == ' ' {
			n++
		}
		body = append(body, line[n:])
	}
	language := ""
	if len(info) > 0 {
		language = info[0]
	}
	switch language {
	case "sh":
		kind := Code
		switch {
		case len(info) == 2 && info[1] == "setup":
			kind = Setup
		case len(info) > 1:
			return s.lesson.errorf(first+1, "unknown word %q after sh: want sh or sh setup", strings.Join(info[1:], " "))
		}
		s.endProse()
		part := Part{Kind: kind, Text: strings.Join(body, "\n") + "\n", Line: first + 2}
		if err := s.lesson.parseBlock(&part); err != nil {
			return err
		}
		s.add(part)
		return nil
	case "bash", "shell", "zsh", "ksh", "dash", "console":
		return s.lesson.errorf(first+1, "a %s block is not run: write sh, or text to only show it", language)
	}
	end := s.at
	for s.at = first; s.at < end; s.at++ {
		s.keep(s.lines[s.at])
	}
	return nil
}
