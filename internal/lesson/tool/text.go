package tool

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
	"unicode"
	"unicode/utf8"
)

// closed reports that whoever reads this tool's output has gone: no failure
// of its own, as with SIGPIPE.
func closed(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, os.ErrClosed) || errors.Is(err, io.ErrClosedPipe)
}

func (c *call) ioStatus(err error) int {
	switch {
	case err == nil:
		return 0
	case closed(err):
		return 141 // 128 + SIGPIPE
	}
	return c.fail(1, "%s", reason(err))
}

func cat(c *call) int {
	n, begun := 0, false // begun: the file before ended within a line
	return c.inputs(c.args, 1, func(_ string, r io.Reader) int {
		if !c.has('n') {
			_, err := c.copy(c.Stdout, r, -1)
			return c.ioStatus(err)
		}
		var werr error
		err := c.lines(r, func(line string) bool {
			if !begun {
				n++
				_, werr = fmt.Fprintf(c.Stdout, "%6d\t", n)
			}
			if werr == nil {
				_, werr = io.WriteString(c.Stdout, line)
			}
			begun = !strings.HasSuffix(line, "\n")
			return werr == nil
		})
		return c.ioStatus(errors.Join(err, werr))
	})
}

// count reads a number of lines or bytes: digits and perhaps a suffix b, K,
// M, G, as the GNU tools have it, or KB, MB, GB for powers of ten.
func count(s string) (n int64, err error) {
	digits := strings.TrimRight(s, "bBkKMGi")
	unit, ok := map[string]int64{"": 1, "b": 512, "k": 1 << 10, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30,
		"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9}[s[len(digits):]]
	if n, err = strconv.ParseInt(digits, 0, 64); err != nil || !ok || n < 0 || n > (1<<62)/unit {
		return 0, fmt.Errorf("%q is not a number", s)
	}
	return n * unit, nil
}

// amount reads -n or -c of head and tail; by default ten lines. sign is '-',
// '+' or 0.
func (c *call) amount() (n int64, bytes bool, sign byte, err error) {
	s, ok := c.value('c')
	if bytes = ok; !ok {
		if s, ok = c.value('n'); !ok {
			return 10, false, 0, nil
		}
	}
	if s != "" && (s[0] == '-' || s[0] == '+') {
		sign, s = s[0], s[1:]
	}
	n, err = count(s)
	return n, bytes, sign, err
}

func (c *call) header(first *bool, name string) {
	if len(c.args) < 2 || c.has('q') {
		return
	}
	if !*first {
		fmt.Fprintln(c.Stdout)
	}
	*first = false
	if name == "" {
		name = "standard input"
	}
	fmt.Fprintf(c.Stdout, "==> %s <==\n", name)
}

func head(c *call) int {
	n, isBytes, sign, err := c.amount()
	if err != nil {
		return c.fail(1, "%v", err)
	}
	first := true
	return c.inputs(c.args, 1, func(name string, r io.Reader) int {
		c.header(&first, name)
		switch {
		case sign == '-': // all but the last n
			b, err := c.readAll(r)
			if err != nil {
				return c.ioStatus(err)
			}
			_, err = c.Stdout.Write(b[:len(b)-len(lastOf(b, n, isBytes))])
			return c.ioStatus(err)
		case isBytes:
			_, err := c.copy(c.Stdout, r, n)
			return c.ioStatus(err)
		case n == 0:
			return 0
		}
		left, w := n, bufio.NewWriter(c.Stdout)
		err := c.lines(r, func(line string) bool {
			w.WriteString(line)
			left--
			return left > 0
		})
		return c.ioStatus(errors.Join(err, w.Flush()))
	})
}

func tail(c *call) int {
	n, isBytes, sign, err := c.amount()
	if err != nil {
		return c.fail(1, "%v", err)
	}
	first := true
	return c.inputs(c.args, 1, func(name string, r io.Reader) int {
		c.header(&first, name)
		b, err := c.readAll(r)
		if err != nil {
			return c.ioStatus(err)
		}
		if sign == '+' { // from the nth on
			b = skip(b, max(n-1, 0), isBytes)
		} else {
			b = lastOf(b, n, isBytes)
		}
		_, err = c.Stdout.Write(b)
		return c.ioStatus(err)
	})
}

// lastOf is the last n lines or bytes.
func lastOf(b []byte, n int64, isBytes bool) []byte {
	if isBytes {
		return b[max(int64(len(b))-n, 0):]
	}
	if n == 0 {
		return nil
	}
	at := len(bytes.TrimSuffix(b, []byte("\n")))
	for ; n > 0; n-- {
		if at = bytes.LastIndexByte(b[:at], '\n'); at < 0 {
			return b
		}
	}
	return b[at+1:]
}

func skip(b []byte, n int64, isBytes bool) []byte {
	if isBytes {
		return b[min(n, int64(len(b))):]
	}
	for ; n > 0; n-- {
		i := bytes.IndexByte(b, '\n')
		if i < 0 {
			return nil
		}
		b = b[i+1:]
	}
	return b
}

func wc(c *call) int {
	type counts struct{ l, w, m, c int64 }
	show := func(n counts, name string, width int) {
		var cols []string
		for _, col := range []struct {
			flag byte
			n    int64
		}{{'l', n.l}, {'w', n.w}, {'m', n.m}, {'c', n.c}} {
			if c.has(col.flag) || len(c.flags) == 0 && col.flag != 'm' {
				cols = append(cols, fmt.Sprintf("%*d", width, col.n))
			}
		}
		if name != "" {
			cols = append(cols, name)
		}
		fmt.Fprintln(c.Stdout, strings.Join(cols, " "))
	}
	type row struct {
		counts
		name string
	}
	var rows []row
	var total counts
	status := c.inputs(c.args, 1, func(name string, r io.Reader) int {
		b, err := c.readAll(r)
		n := counts{l: int64(bytes.Count(b, []byte("\n"))), w: int64(len(bytes.FieldsFunc(b, unicode.IsSpace))),
			m: int64(utf8.RuneCount(b)), c: int64(len(b))}
		rows = append(rows, row{n, name})
		total = counts{total.l + n.l, total.w + n.w, total.m + n.m, total.c + n.c}
		return c.ioStatus(err)
	})
	// GNU: as wide as the greatest count, but seven for a pipe with several
	// columns; one column of one input is not padded.
	columns := len(c.flags)
	if columns == 0 {
		columns = 3
	}
	width := len(strconv.FormatInt(total.c, 10))
	switch {
	case columns == 1 && len(c.args) <= 1:
		width = 1
	case len(c.args) == 0 && !regular(c.Stdin):
		width = 7
	}
	for _, r := range rows {
		show(r.counts, r.name, width)
	}
	if len(c.args) > 1 {
		show(total, "total", width)
	}
	return status
}

func regular(r io.Reader) bool {
	f, ok := r.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode().IsRegular()
}

func tee(c *call) int {
	flag := os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	if c.has('a') {
		flag = os.O_WRONLY | os.O_CREATE | os.O_APPEND
	}
	writers := []io.Writer{c.Stdout}
	status := 0
	for _, name := range c.args {
		f, err := c.Files.OpenFile(name, flag, 0o644)
		if err != nil {
			status = c.fail(1, "%s", reason(err))
			continue
		}
		defer f.Close()
		writers = append(writers, f)
	}
	_, err := c.copy(io.MultiWriter(writers...), c.Stdin, -1)
	return max(status, c.ioStatus(err))
}
