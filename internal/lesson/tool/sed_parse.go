package tool

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// parseSed reads commands that are separated by newlines or semicolons.
func parseSed(script string, extended bool) ([]*sedCommand, error) {
	var commands []*sedCommand
	p := sedParser{rest: script, extended: extended}
	for {
		p.rest = strings.TrimLeft(p.rest, "; \t\n")
		if p.rest == "" {
			return commands, nil
		}
		cmd, err := p.command()
		if err != nil {
			return nil, fmt.Errorf("%q: %w", script, err)
		}
		commands = append(commands, cmd)
	}
}

type sedParser struct {
	rest     string
	extended bool
}

func (p *sedParser) command() (cmd *sedCommand, err error) {
	cmd = &sedCommand{nth: 1}
	if cmd.from, err = p.address(); err != nil {
		return nil, err
	}
	if cmd.from != nil && strings.HasPrefix(p.rest, ",") {
		p.rest = p.rest[1:]
		if cmd.to, err = p.address(); err != nil {
			return nil, err
		}
		if cmd.to == nil {
			return nil, errors.New("no address after the comma")
		}
	}
	p.rest = strings.TrimLeft(p.rest, " \t")
	if p.rest == "" {
		return nil, errors.New("an address without a command")
	}
	cmd.name, p.rest = p.rest[0], p.rest[1:]
	switch cmd.name {
	case 'p', 'd':
	case 's':
		if err := p.substitution(cmd); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("a lesson's sed has s, p and d, not %q", cmd.name)
	}
	if p.rest != "" && !strings.ContainsRune("; \t\n", rune(p.rest[0])) {
		return nil, fmt.Errorf("unexpected %q after %c", p.rest, cmd.name)
	}
	return cmd, nil
}

func (p *sedParser) address() (*sedAddress, error) {
	switch {
	case p.rest == "":
		return nil, nil
	case p.rest[0] == '$':
		p.rest = p.rest[1:]
		return &sedAddress{line: -1}, nil
	case p.rest[0] == '/':
		p.rest = p.rest[1:]
		pattern, err := p.until('/')
		if err != nil {
			return nil, err
		}
		re, err := compile(pattern, p.extended, false)
		return &sedAddress{re: re}, err
	}
	digits := p.rest[:len(p.rest)-len(strings.TrimLeft(p.rest, "0123456789"))]
	if digits == "" {
		return nil, nil
	}
	n, err := strconv.Atoi(digits)
	if err != nil || n == 0 {
		return nil, fmt.Errorf("%q is not a line", digits)
	}
	p.rest = p.rest[len(digits):]
	return &sedAddress{line: n}, nil
}

// until takes the text before an unescaped delimiter; an escaped one stands
// for itself.
func (p *sedParser) until(delim byte) (string, error) {
	var b strings.Builder
	for i := 0; i < len(p.rest); i++ {
		switch ch := p.rest[i]; {
		case ch == delim:
			p.rest = p.rest[i+1:]
			return b.String(), nil
		case ch == '\\' && i+1 < len(p.rest):
			i++
			if p.rest[i] != delim {
				b.WriteByte('\\')
			}
			b.WriteByte(p.rest[i])
		default:
			b.WriteByte(ch)
		}
	}
	return "", fmt.Errorf("no closing %q", delim)
}

func (p *sedParser) substitution(cmd *sedCommand) error {
	if p.rest == "" {
		return errors.New("s needs a pattern")
	}
	delim := p.rest[0]
	p.rest = p.rest[1:]
	pattern, err := p.until(delim)
	if err != nil {
		return err
	}
	with, err := p.until(delim)
	if err != nil {
		return err
	}
	fold := false
	for done := false; !done && p.rest != ""; {
		switch ch := p.rest[0]; {
		case ch == 'g':
			cmd.global = true
		case ch == 'p':
			cmd.print = true
		case ch == 'i' || ch == 'I':
			fold = true
		case ch >= '1' && ch <= '9':
			cmd.nth = int(ch - '0')
		default:
			done = true
			continue
		}
		p.rest = p.rest[1:]
	}
	cmd.with = template(with)
	cmd.re, err = compile(pattern, p.extended, fold)
	return err
}

// template makes sed's replacement one of package regexp: & and \1 to \9 are
// groups, a dollar is plain.
func template(with string) string {
	var b strings.Builder
	for i := 0; i < len(with); i++ {
		switch ch := with[i]; {
		case ch == '$':
			b.WriteString("$$")
		case ch == '&':
			b.WriteString("${0}")
		case ch == '\\' && i+1 < len(with):
			i++
			switch next := with[i]; {
			case next >= '0' && next <= '9':
				fmt.Fprintf(&b, "${%c}", next)
			case next == 'n':
				b.WriteByte('\n')
			case next == 't':
				b.WriteByte('\t')
			case next == '$':
				b.WriteString("$$")
			default:
				b.WriteByte(next)
			}
		default:
			b.WriteByte(ch)
		}
	}
	return b.String()
}
