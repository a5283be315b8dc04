package lesson

import (
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// frontMatter takes the YAML between two lines of "---" at the very start and
// gives the number of lines it takes, 0 if there is none.
func (l *Lesson) frontMatter(lines []string) (int, error) {
	if len(lines) == 0 || strings.TrimRight(lines[0], " \t") != "---" {
		return 0, nil
	}
	end := 1
	for ; ; end++ {
		if end >= len(lines) {
			return 0, l.errorf(1, "the front matter has no closing ---")
		}
		if strings.TrimRight(lines[end], " \t") == "---" {
			break
		}
	}
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(strings.Join(lines[1:end], "\n")), &doc); err != nil {
		return 0, l.errorf(2, "front matter: %v", err)
	}
	if len(doc.Content) == 0 {
		return end + 1, nil
	}
	top := doc.Content[0]
	if top.Kind != yaml.MappingNode {
		return 0, l.errorf(top.Line+1, "front matter: want lines such as title: …")
	}
	for i := 0; i+1 < len(top.Content); i += 2 {
		if err := l.frontField(top.Content[i], top.Content[i+1]); err != nil {
			return 0, err
		}
	}
	return end + 1, nil
}

// frontField takes one field. A node's line counts from the line after the
// opening "---", which is the file's second.
func (l *Lesson) frontField(key, value *yaml.Node) error {
	line := key.Line + 1
	switch key.Value {
	case "title", "summary", "minutes":
		if value.Kind != yaml.ScalarNode {
			return l.errorf(line, "front matter: %s: want one value", key.Value)
		}
	}
	switch key.Value {
	case "title":
		l.Title = value.Value
	case "summary":
		l.Summary = value.Value
	case "minutes":
		n, err := strconv.Atoi(value.Value)
		if err != nil || n < 0 {
			return l.errorf(line, "front matter: minutes: %q is not a number of minutes", value.Value)
		}
		l.Minutes = n
	case "regions":
		switch value.Kind {
		case yaml.SequenceNode:
			for _, item := range value.Content {
				l.Regions = append(l.Regions, item.Value)
			}
		case yaml.ScalarNode:
			l.Regions = append(l.Regions, words(value.Value)...)
		default:
			return l.errorf(line, "front matter: regions: want a list such as [eu-central-1, us-east-1]")
		}
	case "accounts":
		return l.frontAccounts(value)
	default:
		return l.errorf(line, "front matter: unknown field %q: want title, summary, minutes, accounts or regions", key.Value)
	}
	return nil
}

// frontAccounts takes "alice: 111111111111" lines, with or without a dash.
// The number's text counts, not its value: an account id may start with 0.
func (l *Lesson) frontAccounts(value *yaml.Node) error {
	switch value.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(value.Content); i += 2 {
			if err := l.addAccount(value.Content[i].Line+1, value.Content[i].Value, value.Content[i+1].Value); err != nil {
				return err
			}
		}
		return nil
	case yaml.SequenceNode:
		for _, item := range value.Content {
			if item.Kind != yaml.MappingNode {
				return l.errorf(item.Line+1, "front matter: accounts: want alice: 111111111111")
			}
			if err := l.frontAccounts(item); err != nil {
				return err
			}
		}
		return nil
	}
	return l.errorf(value.Line+1, "front matter: accounts: want lines such as alice: 111111111111")
}

// words splits at commas and white space.
func words(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' })
}
