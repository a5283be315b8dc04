package tool

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// ranges is a list such as "1,3-5,7-" of positions from 1.
type ranges []struct{ from, to int }

func parseRanges(s string) (ranges, error) {
	var list ranges
	for _, item := range strings.Split(s, ",") {
		a, b, isRange := strings.Cut(item, "-")
		from, to := 1, int(^uint(0)>>1)
		var err1, err2 error
		if a != "" {
			from, err1 = strconv.Atoi(a)
		}
		if b != "" {
			to, err2 = strconv.Atoi(b)
		}
		if !isRange {
			to = from
		}
		if err1 != nil || err2 != nil || item == "" || item == "-" || from < 1 || to < from {
			return nil, fmt.Errorf("%q is not a list such as 1,3-5", s)
		}
		list = append(list, struct{ from, to int }{from, to})
	}
	return list, nil
}

func (r ranges) has(n int) bool {
	for _, x := range r {
		if n >= x.from && n <= x.to {
			return true
		}
	}
	return false
}

func cut(c *call) int {
	which := byte(0)
	for _, flag := range []byte("fcb") {
		if _, ok := c.value(flag); ok {
			if which != 0 {
				return c.fail(1, "only one of -f, -c and -b")
			}
			which = flag
		}
	}
	if which == 0 {
		return c.fail(1, "wants one of -f, -c and -b")
	}
	s, _ := c.value(which)
	list, err := parseRanges(s)
	if err != nil {
		return c.fail(1, "%v", err)
	}
	delim, ok := c.value('d')
	if !ok {
		delim = "\t"
	}
	if len(delim) != 1 {
		return c.fail(1, "the delimiter must be a single character")
	}
	w := bufio.NewWriter(c.Stdout)
	status := c.inputs(c.args, 1, func(_ string, r io.Reader) int {
		err := c.lines(r, func(line string) bool {
			text := strings.TrimSuffix(line, "\n")
			if which == 'f' {
				if !strings.Contains(text, delim) {
					if c.has('s') {
						return true
					}
				} else {
					text = pick(strings.Split(text, delim), list, delim)
				}
			} else {
				// Bytes for -c too, as GNU cut does.
				text = pick(strings.Split(text, ""), list, "")
				if which == 'b' || !isASCII(line) {
					text = pickBytes(strings.TrimSuffix(line, "\n"), list)
				}
			}
			w.WriteString(text + "\n")
			return true
		})
		return c.ioStatus(err)
	})
	return max(status, c.ioStatus(w.Flush()))
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

func pick(fields []string, list ranges, join string) string {
	var kept []string
	for i, f := range fields {
		if list.has(i + 1) {
			kept = append(kept, f)
		}
	}
	return strings.Join(kept, join)
}

func pickBytes(s string, list ranges) string {
	var kept []byte
	for i := 0; i < len(s); i++ {
		if list.has(i + 1) {
			kept = append(kept, s[i])
		}
	}
	return string(kept)
}
