package tool

import (
	"bufio"
	"fmt"
	"math/big"
	"path"
	"sort"
	"strconv"
	"strings"
)

// seqMost bounds a sequence, so that a slip of the pen does not fill a disk.
const seqMost = 10_000_000

// seq counts with whole or decimal numbers.
func seq(c *call) int {
	sep, ok := c.value('s')
	if !ok {
		sep = "\n"
	}
	if len(c.args) < 1 || len(c.args) > 3 {
		return c.fail(1, "wants LAST, FIRST LAST or FIRST STEP LAST")
	}
	first, step, last := big.NewRat(1, 1), big.NewRat(1, 1), new(big.Rat)
	to := map[int][]*big.Rat{1: {last}, 2: {first, last}, 3: {first, step, last}}[len(c.args)]
	places, width := 0, 0
	for i, arg := range c.args {
		if _, ok := to[i].SetString(arg); !ok || strings.ContainsAny(arg, "/eEpPxX_") {
			return c.fail(1, "%q is not a number", arg)
		}
		if _, after, ok := strings.Cut(arg, "."); ok && i != len(c.args)-1 || ok && len(c.args) == 1 {
			places = max(places, len(after))
		}
	}
	if step.Sign() == 0 {
		return c.fail(1, "the step is zero")
	}
	if c.has('w') {
		width = max(len(first.FloatString(places)), len(last.FloatString(places)))
	}
	small := func(r *big.Rat) bool { return r.IsInt() && r.Num().BitLen() < 62 }
	if places == 0 && width == 0 && small(first) && small(step) && small(last) {
		return seqWhole(c, first.Num().Int64(), step.Num().Int64(), last.Num().Int64(), sep)
	}
	w := bufio.NewWriter(c.Stdout)
	n := 0
	for at := first; at.Cmp(last)*step.Sign() <= 0; at = new(big.Rat).Add(at, step) {
		if n++; n > seqMost {
			return c.fail(1, "more than %d numbers", seqMost)
		}
		if n%4096 == 0 && c.over() != nil {
			return c.ioStatus(c.over())
		}
		if n > 1 {
			w.WriteString(sep)
		}
		text := at.FloatString(places)
		if pad := width - len(text); pad > 0 {
			sign := ""
			if strings.HasPrefix(text, "-") {
				sign, text = "-", text[1:]
			}
			text = sign + strings.Repeat("0", pad) + text
		}
		w.WriteString(text)
	}
	if n > 0 {
		w.WriteString("\n")
	}
	return c.ioStatus(w.Flush())
}

// seqWhole is seq of whole numbers, which lessons write files with.
func seqWhole(c *call, first, step, last int64, sep string) int {
	w := bufio.NewWriter(c.Stdout)
	var line []byte
	n := 0
	for at := first; step > 0 && at <= last || step < 0 && at >= last; at += step {
		if n++; n > seqMost {
			return c.fail(1, "more than %d numbers", seqMost)
		}
		if n%4096 == 0 && c.over() != nil {
			return c.ioStatus(c.over())
		}
		line = line[:0]
		if n > 1 {
			line = append(line, sep...)
		}
		w.Write(strconv.AppendInt(line, at, 10))
	}
	if n > 0 {
		w.WriteString("\n")
	}
	return c.ioStatus(w.Flush())
}

func basename(c *call) int {
	if len(c.args) < 1 || len(c.args) > 2 {
		return c.fail(1, "wants a path and perhaps an ending")
	}
	name := path.Base(c.args[0])
	if len(c.args) == 2 && name != c.args[1] {
		name = strings.TrimSuffix(name, c.args[1])
	}
	fmt.Fprintln(c.Stdout, name)
	return 0
}

func dirname(c *call) int {
	for _, arg := range c.args {
		fmt.Fprintln(c.Stdout, path.Dir(strings.TrimRight(arg, "/")))
	}
	if len(c.args) == 0 {
		return c.fail(1, "missing operand")
	}
	return 0
}

// env lists the exported variables, sorted. It starts no command: write
// NAME=value before one instead.
func env(c *call) int {
	if len(c.args) > 0 {
		return c.fail(1, "a lesson's env only lists: write NAME=value before the command")
	}
	pairs := c.Environ()
	sort.Strings(pairs)
	for _, pair := range pairs {
		fmt.Fprintln(c.Stdout, pair)
	}
	return 0
}
