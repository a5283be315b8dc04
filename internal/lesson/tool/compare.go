package tool

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// pair opens two operands, "-" for standard input.
func (c *call) pair() (a, b io.Reader, close func(), err error) {
	var files []*os.File
	close = func() {
		for _, f := range files {
			f.Close()
		}
	}
	if len(c.args) != 2 {
		return nil, nil, close, errors.New("wants two files")
	}
	var r [2]io.Reader
	for i, name := range c.args {
		if name == "-" || name == "/dev/stdin" {
			r[i] = c.Stdin
			continue
		}
		f, err := c.Files.Open(name)
		if err != nil {
			return nil, nil, close, errors.New(reason(err))
		}
		files = append(files, f)
		if info, err := f.Stat(); err == nil && info.IsDir() {
			return nil, nil, close, fmt.Errorf("%s: Is a directory", name)
		}
		r[i] = f
	}
	return r[0], r[1], close, nil
}

// cmpFiles is cmp: status 0 if the files are the same, 1 if they differ, 2 on
// trouble.
func cmpFiles(c *call) int {
	limit := int64(-1)
	if s, ok := c.value('n'); ok {
		var err error
		if limit, err = count(s); err != nil {
			return c.fail(2, "%v", err)
		}
	}
	ra, rb, done, err := c.pair()
	defer done()
	if err != nil {
		return c.fail(2, "%v", err)
	}
	if limit >= 0 {
		ra, rb = io.LimitReader(ra, limit), io.LimitReader(rb, limit)
	}
	a, b := bufio.NewReader(ra), bufio.NewReader(rb)
	line := 1
	for at := int64(1); ; at++ {
		if at%65536 == 0 && c.over() != nil {
			return c.fail(2, "%v", c.over())
		}
		if p, _ := a.Peek(a.Buffered()); len(p) > 0 { // what is equal is passed over at once
			q, _ := b.Peek(min(len(p), b.Buffered()))
			if len(q) > 0 && bytes.Equal(p[:len(q)], q) {
				line += bytes.Count(q, []byte("\n"))
				at += int64(len(q))
				a.Discard(len(q))
				b.Discard(len(q))
			}
		}
		x, errA := a.ReadByte()
		y, errB := b.ReadByte()
		for _, err := range []error{errA, errB} {
			if err != nil && err != io.EOF {
				return c.fail(2, "%s", reason(err))
			}
		}
		switch {
		case errA != nil && errB != nil:
			return 0
		case errA != nil || errB != nil:
			short := c.args[0]
			if errB != nil {
				short = c.args[1]
			}
			switch {
			case c.has('s'):
			case at == 1:
				fmt.Fprintf(c.Stderr, "cmp: EOF on %s which is empty\n", short)
			default:
				fmt.Fprintf(c.Stderr, "cmp: EOF on %s after byte %d, line %d\n", short, at-1, line)
			}
			return 1
		case x != y:
			if !c.has('s') {
				fmt.Fprintf(c.Stdout, "%s %s differ: byte %d, line %d\n", c.args[0], c.args[1], at, line)
			}
			return 1
		}
		if x == '\n' {
			line++
		}
	}
}

// diffLines is the most lines a file may have for diff without -q: the table
// that finds the longest common part has this number squared of cells.
const diffLines = 4000

// diff prints the normal format of POSIX diff: status 0 if the files are the
// same, 1 if they differ, 2 on trouble.
func diff(c *call) int {
	ra, rb, done, err := c.pair()
	defer done()
	if err != nil {
		return c.fail(2, "%v", err)
	}
	a, err := c.readAll(ra)
	if err == nil {
		var b []byte
		if b, err = c.readAll(rb); err == nil {
			return c.diff(a, b)
		}
	}
	return c.fail(2, "%s", reason(err))
}

func (c *call) diff(a, b []byte) int {
	switch {
	case bytes.Equal(a, b):
		return 0
	case c.has('q'):
		fmt.Fprintf(c.Stdout, "Files %s and %s differ\n", c.args[0], c.args[1])
		return 1
	case bytes.IndexByte(a, 0) >= 0 || bytes.IndexByte(b, 0) >= 0:
		fmt.Fprintf(c.Stdout, "Binary files %s and %s differ\n", c.args[0], c.args[1])
		return 1
	}
	x, y := splitLines(string(a)), splitLines(string(b))
	if len(x) > diffLines || len(y) > diffLines {
		return c.fail(2, "more than %d lines: use diff -q or cmp", diffLines)
	}
	w := bufio.NewWriter(c.Stdout)
	writeDiff(w, x, y)
	return max(1, c.ioStatus(w.Flush()))
}

func splitLines(s string) []string {
	lines := strings.SplitAfter(s, "\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// writeDiff writes the changes between x and y by their longest common
// subsequence.
func writeDiff(w *bufio.Writer, x, y []string) {
	common := make([][]uint16, len(x)+1)
	for i := range common {
		common[i] = make([]uint16, len(y)+1)
	}
	for i := len(x) - 1; i >= 0; i-- {
		for j := len(y) - 1; j >= 0; j-- {
			if x[i] == y[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	for i, j := 0, 0; i < len(x) || j < len(y); {
		if i < len(x) && j < len(y) && x[i] == y[j] {
			i, j = i+1, j+1
			continue
		}
		i0, j0 := i, j
		for i < len(x) || j < len(y) {
			if i < len(x) && j < len(y) && x[i] == y[j] {
				break
			}
			if j == len(y) || i < len(x) && common[i+1][j] >= common[i][j+1] {
				i++
			} else {
				j++
			}
		}
		writeChange(w, x, y, i0, i, j0, j)
	}
}

func writeChange(w *bufio.Writer, x, y []string, i0, i, j0, j int) {
	span := func(from, to int) string {
		switch {
		case to == from:
			return fmt.Sprint(from)
		case to == from+1:
			return fmt.Sprint(to)
		}
		return fmt.Sprintf("%d,%d", from+1, to)
	}
	letter := "c"
	if i == i0 {
		letter = "a"
	} else if j == j0 {
		letter = "d"
	}
	fmt.Fprintf(w, "%s%s%s\n", span(i0, i), letter, span(j0, j))
	show := func(mark string, lines []string) {
		for _, line := range lines {
			w.WriteString(mark + line)
			if !strings.HasSuffix(line, "\n") {
				w.WriteString("\n\\ No newline at end of file\n")
			}
		}
	}
	show("< ", x[i0:i])
	if letter == "c" {
		w.WriteString("---\n")
	}
	show("> ", y[j0:j])
}
