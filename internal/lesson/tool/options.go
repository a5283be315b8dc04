package tool

import (
	"context"
	"fmt"
	"io"
	"strings"
)

// call is one run of a tool: its IO, its options and its operands.
type call struct {
	IO
	ctx    context.Context
	name   string
	flags  map[byte]bool
	values map[byte][]string
	args   []string
	out    *outlet
}

// outlet is a tool's standard output. It remembers that a write failed, so
// that a tool on an endless input stops when its reader has gone.
type outlet struct {
	io.Writer
	err error
}

func (o *outlet) Write(p []byte) (int, error) {
	n, err := o.Writer.Write(p)
	if err != nil {
		o.err = err
	}
	return n, err
}

// over is why the tool should stop, or nil.
func (c *call) over() error {
	if c.out.err != nil {
		return c.out.err
	}
	return c.ctx.Err()
}

func (c *call) has(flag byte) bool { return c.flags[flag] }

// value is the last value given to an option.
func (c *call) value(flag byte) (string, bool) {
	v := c.values[flag]
	if len(v) == 0 {
		return "", false
	}
	return v[len(v)-1], true
}

// fail prints a message in the tool's name and gives the status to return.
func (c *call) fail(status int, format string, args ...any) int {
	fmt.Fprintf(c.Stderr, "%s: %s\n", c.name, fmt.Sprintf(format, args...))
	return status
}

// spec says which options a tool has.
type spec struct {
	name   string
	flags  string            // letters without a value
	values string            // letters with a value
	long   map[string]string // long name to letter
	number byte              // letter that -5 stands for, or 0
	usage  int               // status for wrong usage: 1 or 2
	run    func(*call) int
}

// command parses arguments by the spec and runs the tool. Options may stand
// among the operands, as with GNU tools; "--" ends them.
func (s spec) command() Command {
	return func(ctx context.Context, files IO, args []string) int {
		out := &outlet{Writer: files.Stdout}
		files.Stdout = out
		c := &call{IO: files, ctx: ctx, out: out, name: s.name, flags: map[byte]bool{}, values: map[byte][]string{}}
		if err := s.parse(c, args); err != nil {
			return c.fail(max(s.usage, 1), "%v", err)
		}
		return s.run(c)
	}
}

func (s spec) parse(c *call, args []string) error {
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		switch {
		case arg == "--":
			c.args = append(c.args, args...)
			return nil
		case len(arg) < 2 || arg[0] != '-':
			c.args = append(c.args, arg)
		case strings.HasPrefix(arg, "--"):
			name, value, given := strings.Cut(arg[2:], "=")
			letter := s.long[name]
			if letter == "" {
				return fmt.Errorf("a lesson's %s has no option --%s%s", s.name, name, s.has())
			}
			if !strings.Contains(s.values, letter) {
				if given {
					return fmt.Errorf("option --%s takes no value", name)
				}
				c.flags[letter[0]] = true
				break
			}
			if !given {
				if len(args) == 0 {
					return fmt.Errorf("option --%s needs a value", name)
				}
				value, args = args[0], args[1:]
			}
			c.values[letter[0]] = append(c.values[letter[0]], value)
		case s.number != 0 && arg[1] >= '0' && arg[1] <= '9':
			c.values[s.number] = append(c.values[s.number], arg[1:])
		case s.number == 0 && (arg[1] >= '0' && arg[1] <= '9' || arg[1] == '.') && !strings.Contains(s.flags, arg[1:2]):
			c.args = append(c.args, arg) // a negative number
		default:
			var err error
			if args, err = s.letters(c, arg[1:], args); err != nil {
				return err
			}
		}
	}
	return nil
}

// letters takes a bundle such as "nk2" and gives the arguments that are left.
func (s spec) letters(c *call, bundle string, args []string) ([]string, error) {
	for i := 0; i < len(bundle); i++ {
		letter := bundle[i]
		switch {
		case strings.IndexByte(s.flags, letter) >= 0:
			c.flags[letter] = true
		case strings.IndexByte(s.values, letter) >= 0:
			value := bundle[i+1:]
			if value == "" {
				if len(args) == 0 {
					return nil, fmt.Errorf("option -%c needs a value", letter)
				}
				value, args = args[0], args[1:]
			}
			c.values[letter] = append(c.values[letter], value)
			return args, nil
		default:
			return nil, fmt.Errorf("a lesson's %s has no option -%c%s", s.name, letter, s.has())
		}
	}
	return args, nil
}

// has lists the options that there are.
func (s spec) has() string {
	letters := s.flags + s.values
	if letters == "" {
		return ": it takes none"
	}
	return ": it has -" + strings.Join(strings.Split(letters, ""), " -")
}
