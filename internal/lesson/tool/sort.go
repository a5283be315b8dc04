package tool

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// sortKey is -k: the fields from to to (0: to the end of the line), with
// letters of its own or the options of the whole.
type sortKey struct {
	from, to              int
	number, reverse, fold bool
	blanks                bool
}

func sortLines(c *call) int {
	sep, hasSep := c.value('t')
	if hasSep && len(sep) != 1 {
		return c.fail(2, "the separator must be a single character")
	}
	whole := sortKey{from: 1, number: c.has('n'), reverse: c.has('r'), fold: c.has('f'), blanks: c.has('b')}
	var keys []sortKey
	for _, s := range c.values['k'] {
		k, err := parseKey(s, whole)
		if err != nil {
			return c.fail(2, "%v", err)
		}
		keys = append(keys, k)
	}
	if len(keys) == 0 {
		keys = []sortKey{whole}
	}
	var all []string
	size := 0
	status := c.inputs(c.args, 2, func(_ string, r io.Reader) int {
		err := c.lines(r, func(line string) bool {
			all = append(all, strings.TrimSuffix(line, "\n"))
			size += len(line)
			return size <= most
		})
		if err == nil && size > most {
			return c.fail(2, "more than %d MiB of input", most>>20)
		}
		return c.ioStatus(err)
	})
	if status != 0 {
		return status
	}
	byKeys := func(a, b string) int {
		for _, k := range keys {
			if d := k.compare(k.of(a, sep), k.of(b, sep)); d != 0 {
				return d
			}
		}
		return 0
	}
	slices.SortStableFunc(all, func(a, b string) int {
		d := byKeys(a, b)
		if d == 0 && !c.has('s') && !c.has('u') {
			// GNU's last resort: the whole line, byte by byte.
			if d = cmp.Compare(a, b); c.has('r') {
				d = -d
			}
		}
		return d
	})
	if c.has('u') {
		all = slices.CompactFunc(all, func(a, b string) bool { return byKeys(a, b) == 0 })
	}
	out := c.Stdout
	if name, ok := c.value('o'); ok {
		f, err := c.Files.Create(name)
		if err != nil {
			return c.fail(2, "%s", reason(err))
		}
		defer f.Close()
		out = f
	}
	w := bufio.NewWriter(out)
	for _, line := range all {
		w.WriteString(line + "\n")
	}
	return c.ioStatus(w.Flush())
}

// parseKey reads "2", "2,3", "2n" or "2,2nr".
func parseKey(s string, whole sortKey) (sortKey, error) {
	k := sortKey{number: whole.number, reverse: whole.reverse, fold: whole.fold, blanks: whole.blanks}
	own := false
	for i, part := range strings.SplitN(s, ",", 2) {
		digits := part[:len(part)-len(strings.TrimLeft(part, "0123456789"))]
		n, err := strconv.Atoi(digits)
		if err != nil || n < 1 {
			return k, fmt.Errorf("key %q: want a field such as 2 or 2,2n", s)
		}
		if i == 0 {
			k.from = n
		} else if k.to = n; n < k.from {
			return k, fmt.Errorf("key %q ends before it starts", s)
		}
		for _, letter := range part[len(digits):] {
			if !own {
				k.number, k.reverse, k.fold, k.blanks, own = false, false, false, false, true
			}
			switch letter {
			case 'n':
				k.number = true
			case 'r':
				k.reverse = true
			case 'f':
				k.fold = true
			case 'b':
				k.blanks = true
			default:
				return k, fmt.Errorf("key %q: a lesson's sort has no %q in a key", s, letter)
			}
		}
	}
	return k, nil
}

// of is the key's part of a line. Without a separator a field starts with the
// blanks before it.
func (k sortKey) of(line, sep string) string {
	if k.from == 1 && k.to == 0 {
		return line
	}
	var fields []string
	if sep != "" {
		fields = strings.Split(line, sep)
	} else {
		fields = blankFields(line)
	}
	if k.from > len(fields) {
		return ""
	}
	to := len(fields)
	if k.to > 0 {
		to = min(to, k.to)
	}
	return strings.Join(fields[k.from-1:to], sep)
}

func blankFields(line string) []string {
	var fields []string
	start, i := 0, 0
	for i < len(line) {
		for i < len(line) && (line[i] == ' ' || line[i] == '\t') {
			i++
		}
		for i < len(line) && line[i] != ' ' && line[i] != '\t' {
			i++
		}
		fields = append(fields, line[start:i])
		start = i
	}
	return fields
}

func (k sortKey) compare(a, b string) int {
	var d int
	switch {
	case k.number:
		d = leadingNumber(a).Cmp(leadingNumber(b))
	default:
		if k.blanks {
			a, b = strings.TrimLeft(a, " \t"), strings.TrimLeft(b, " \t")
		}
		if k.fold {
			a, b = strings.ToUpper(a), strings.ToUpper(b)
		}
		d = cmp.Compare(a, b)
	}
	if k.reverse {
		return -d
	}
	return d
}

// leadingNumber is the number that a text starts with, 0 if none, exact at
// any length.
func leadingNumber(s string) *big.Rat {
	s = strings.TrimLeft(s, " \t")
	end, dot := 0, false
	for end < len(s) {
		ch := s[end]
		if ch == '-' && end == 0 || ch >= '0' && ch <= '9' || ch == '.' && !dot {
			dot = dot || ch == '.'
			end++
			continue
		}
		break
	}
	text := strings.TrimSuffix(s[:end], ".")
	n, ok := new(big.Rat).SetString(text)
	if !ok {
		return new(big.Rat)
	}
	return n
}

func uniq(c *call) int {
	if len(c.args) > 2 {
		return c.fail(1, "at most an input and an output")
	}
	out := c.Stdout
	if len(c.args) == 2 {
		f, err := c.Files.Create(c.args[1])
		if err != nil {
			return c.fail(1, "%s", reason(err))
		}
		defer f.Close()
		out = f
	}
	w := bufio.NewWriter(out)
	same := func(a, b string) bool { return a == b || c.has('i') && strings.EqualFold(a, b) }
	var current string
	n := 0
	flush := func() {
		switch {
		case n == 0, c.has('d') && n == 1, c.has('u') && n > 1:
		case c.has('c'):
			fmt.Fprintf(w, "%7d %s\n", n, current)
		default:
			w.WriteString(current + "\n")
		}
	}
	status := c.inputs(c.args[:min(1, len(c.args))], 1, func(_ string, r io.Reader) int {
		err := c.lines(r, func(line string) bool {
			text := strings.TrimSuffix(line, "\n")
			if n > 0 && same(text, current) {
				n++
				return true
			}
			flush()
			current, n = text, 1
			return true
		})
		return c.ioStatus(err)
	})
	flush()
	return max(status, c.ioStatus(w.Flush()))
}
