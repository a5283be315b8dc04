package tool

import (
	"fmt"
	"regexp"
	"strings"
)

// compile makes a matcher of a POSIX pattern: extended, or basic with GNU's
// \+ \? \| besides. Matches are leftmost-longest. A back-reference is an
// error: RE2 has none.
func compile(pattern string, extended, fold bool) (*regexp.Regexp, error) {
	re, err := translate(pattern, extended)
	if err != nil {
		return nil, err
	}
	if fold {
		re = "(?i)" + re
	}
	compiled, err := regexp.Compile(re)
	if err != nil {
		return nil, fmt.Errorf("pattern %q: %v", pattern, err)
	}
	compiled.Longest()
	return compiled, nil
}

// translate gives RE2 for a POSIX pattern (POSIX: "Regular Expressions",
// chapter 9). In a basic pattern + ? | ( ) { } are plain and become special
// by a backslash; in an extended one it is the other way round.
func translate(p string, extended bool) (string, error) {
	var b strings.Builder
	start := true // where ^ anchors and * is plain in a basic pattern
	for i := 0; i < len(p); i++ {
		ch := p[i]
		was := start
		start = false
		switch ch {
		case '\\':
			if i++; i == len(p) {
				return "", fmt.Errorf("pattern %q: trailing backslash", p)
			}
			next := p[i]
			switch {
			case next >= '1' && next <= '9':
				return "", fmt.Errorf("pattern %q: a lesson's patterns have no back-reference", p)
			case strings.IndexByte("+?|(){}", next) >= 0 && !extended:
				b.WriteByte(next)
				start = next == '|' || next == '('
			case strings.IndexByte("wWsSbB", next) >= 0:
				b.WriteString(`\` + string(next))
			case next == '<' || next == '>':
				b.WriteString(`\b`)
			case next == 'n':
				b.WriteString(`\n`)
			case next == 't':
				b.WriteString(`\t`)
			default:
				b.WriteString(regexp.QuoteMeta(string(next)))
			}
		case '[':
			end, set := bracket(p[i:])
			if end < 0 {
				return "", fmt.Errorf("pattern %q: unmatched [", p)
			}
			b.WriteString(set)
			i += end - 1
		case '+', '?', '{', '}', '|', '(', ')':
			if extended {
				b.WriteByte(ch)
				start = ch == '|' || ch == '('
			} else {
				b.WriteString(`\` + string(ch))
			}
		case '*':
			if was && !extended {
				b.WriteString(`\*`)
			} else {
				b.WriteByte('*')
			}
		case '^':
			if extended || was {
				b.WriteByte('^')
				start = true
			} else {
				b.WriteString(`\^`)
			}
		case '$':
			rest := p[i+1:]
			if extended || rest == "" || strings.HasPrefix(rest, `\)`) || strings.HasPrefix(rest, `\|`) {
				b.WriteByte('$')
			} else {
				b.WriteString(`\$`)
			}
		default:
			b.WriteByte(ch)
		}
	}
	return b.String(), nil
}

// bracket translates the bracket expression that s starts with and gives its
// length, or -1 if it does not end. A backslash in it is plain in POSIX.
func bracket(s string) (int, string) {
	i := 1
	var b strings.Builder
	b.WriteByte('[')
	if i < len(s) && s[i] == '^' {
		b.WriteByte('^')
		i++
	}
	for first := true; i < len(s); first = false {
		switch {
		case s[i] == ']' && !first:
			b.WriteByte(']')
			return i + 1, b.String()
		case strings.HasPrefix(s[i:], "[:"):
			end := strings.Index(s[i:], ":]")
			if end < 0 {
				return -1, ""
			}
			b.WriteString(s[i : i+end+2])
			i += end + 2
			continue
		case s[i] == '\\' || s[i] == '[' || s[i] == ']':
			b.WriteString(`\` + s[i:i+1])
		default:
			b.WriteByte(s[i])
		}
		i++
	}
	return -1, ""
}
