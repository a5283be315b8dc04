package lesson

import (
	"strconv"
	"strings"
)

// parseScript reads a shell script. Comment lines at its start may give
// fields: "# title: …", "# summary: …", "# minutes: …", "# accounts:
// alice=111111111111 bob/dev=222222222222", "# regions: …". Other comments
// are comments.
func (l *Lesson) parseScript(text string) error {
	l.script = true
	for i, line := range strings.Split(text, "\n") {
		comment, ok := strings.CutPrefix(strings.TrimSpace(line), "#")
		if !ok {
			if strings.TrimSpace(line) == "" {
				continue
			}
			break
		}
		key, value, ok := strings.Cut(strings.TrimSpace(comment), ":")
		if !ok {
			continue
		}
		if err := l.scriptField(i+1, key, strings.TrimSpace(value)); err != nil {
			return err
		}
	}
	part := Part{Kind: Code, Text: text, Line: 1}
	if err := l.parseBlock(&part); err != nil {
		return err
	}
	l.Steps = []Step{{Line: 1, Parts: []Part{part}}}
	return nil
}

func (l *Lesson) scriptField(line int, key, value string) error {
	switch key {
	case "title":
		l.Title = value
	case "summary":
		l.Summary = value
	case "minutes":
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 {
			return l.errorf(line, "minutes: %q is not a number of minutes", value)
		}
		l.Minutes = n
	case "regions":
		l.Regions = append(l.Regions, words(value)...)
	case "accounts":
		for _, word := range words(value) {
			name, number, ok := strings.Cut(word, "=")
			if !ok {
				return l.errorf(line, "accounts: %q: want alice=111111111111", word)
			}
			if err := l.addAccount(line, name, number); err != nil {
				return err
			}
		}
	}
	return nil
}
