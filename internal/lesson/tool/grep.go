package tool

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// grep's status is 0 if a line was selected, 1 if none was, 2 on trouble.
func grep(c *call) int {
	patterns := c.values['e']
	if file, ok := c.value('f'); ok {
		b, err := c.Files.ReadFile(file)
		if err != nil {
			return c.fail(2, "%s", reason(err))
		}
		for line := range strings.Lines(string(b)) {
			patterns = append(patterns, strings.TrimSuffix(line, "\n"))
		}
	} else if len(patterns) == 0 {
		if len(c.args) == 0 {
			return c.fail(2, "usage: grep [-qcvinEFolxw] PATTERN [FILE…]")
		}
		patterns, c.args = strings.Split(c.args[0], "\n"), c.args[1:]
	}
	re, err := c.matcher(patterns)
	if err != nil {
		return c.fail(2, "%v", err)
	}
	g := grepRun{call: c, re: re, most: -1, named: (len(c.args) > 1 || c.has('H')) && !c.has('h')}
	for flag, to := range map[byte]*int{'A': &g.after, 'm': &g.most} {
		if v, ok := c.value(flag); ok {
			if *to, err = strconv.Atoi(v); err != nil || *to < 0 {
				return c.fail(2, "-%c: %q is not a number", flag, v)
			}
		}
	}
	g.w = bufio.NewWriter(c.Stdout)
	status := c.inputs(c.args, 2, g.file)
	if err := g.w.Flush(); err != nil {
		return c.ioStatus(err)
	}
	switch {
	case g.found && c.has('q'):
		return 0
	case status != 0:
		return status
	case g.found:
		return 0
	}
	return 1
}

func (c *call) matcher(patterns []string) (*regexp.Regexp, error) {
	var all []string
	for _, p := range patterns {
		if c.has('F') {
			p = regexp.QuoteMeta(p)
		} else {
			var err error
			if p, err = translate(p, c.has('E')); err != nil {
				return nil, err
			}
		}
		switch {
		case c.has('x'):
			p = "^(?:" + p + ")$"
		case c.has('w'):
			p = `\b(?:` + p + `)\b`
		}
		all = append(all, "(?:"+p+")")
	}
	re := strings.Join(all, "|")
	if len(all) == 0 {
		re = `[^\x00-\x{10FFFF}]` // no pattern selects nothing
	}
	if c.has('i') {
		re = "(?i)" + re
	}
	compiled, err := regexp.Compile(re)
	if err != nil {
		return nil, fmt.Errorf("pattern %q: %v", strings.Join(patterns, "\n"), err)
	}
	compiled.Longest()
	return compiled, nil
}

type grepRun struct {
	*call
	re          *regexp.Regexp
	w           *bufio.Writer
	named       bool
	found       bool
	after, most int
}

func (g *grepRun) file(name string, r io.Reader) int {
	if name == "" {
		name = "(standard input)"
	}
	matched, number, trailing, last := 0, 0, 0, 0
	err := g.lines(r, func(line string) bool {
		number++
		text := strings.TrimSuffix(line, "\n")
		if g.re.MatchString(text) == g.has('v') {
			if trailing > 0 {
				trailing--
				g.print(name, number, "-", text)
				last = number
			}
			return true
		}
		if g.most == 0 {
			return false
		}
		matched++
		g.found = true
		if g.has('q') || g.has('l') || g.has('L') {
			return false
		}
		if !g.has('c') {
			if g.has('o') {
				if !g.has('v') {
					for _, m := range g.re.FindAllString(text, -1) {
						if m != "" {
							g.print(name, number, ":", m)
						}
					}
				}
			} else {
				if g.after > 0 && last > 0 && number > last+1 {
					g.w.WriteString("--\n")
				}
				g.print(name, number, ":", text)
				last, trailing = number, g.after
			}
		}
		return g.most < 0 || matched < g.most
	})
	switch {
	case g.has('q'):
	case g.has('l') && matched > 0, g.has('L') && matched == 0:
		fmt.Fprintln(g.w, name)
	case g.has('c') && !g.has('l') && !g.has('L'):
		if g.named {
			fmt.Fprintf(g.w, "%s:", name)
		}
		fmt.Fprintln(g.w, matched)
	}
	if err != nil {
		return g.fail(2, "%s", reason(err))
	}
	return 0
}

func (g *grepRun) print(name string, number int, mark, text string) {
	if g.named {
		g.w.WriteString(name + mark)
	}
	if g.has('n') {
		g.w.WriteString(strconv.Itoa(number) + mark)
	}
	g.w.WriteString(text + "\n")
}
