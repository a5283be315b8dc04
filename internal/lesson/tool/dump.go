package tool

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
)

// window reads an operand's bytes from skip on, length of them at most, or
// all if length is negative.
func (c *call) window(skipFlag, lengthFlag byte) (b []byte, skip int64, status int) {
	length := int64(-1)
	var err error
	if s, ok := c.value(skipFlag); ok {
		if skip, err = count(s); err != nil {
			return nil, 0, c.fail(1, "-%c: %v", skipFlag, err)
		}
	}
	if s, ok := c.value(lengthFlag); ok {
		if length, err = count(s); err != nil {
			return nil, 0, c.fail(1, "-%c: %v", lengthFlag, err)
		}
	}
	left := skip
	status = c.inputs(c.args, 1, func(_ string, r io.Reader) int {
		n, err := c.copy(io.Discard, r, left)
		if left -= n; err != nil {
			return c.ioStatus(err)
		}
		more := most + 1 - int64(len(b))
		if length >= 0 {
			more = min(more, length-int64(len(b)))
		}
		part := sliceWriter(b)
		_, err = c.copy(&part, r, more)
		if b = part; err == nil && len(b) > most {
			return c.fail(1, "more than %d MiB of input", most>>20)
		}
		return c.ioStatus(err)
	})
	return b, skip, status
}

// rows calls line for each row of width bytes. Rows that repeat the one
// before are shown as one "*", unless all is asked for.
func rows(w *bufio.Writer, b []byte, width int, all bool, line func(at int, row []byte)) {
	var last []byte
	starred := false
	for at := 0; at < len(b); at += width {
		row := b[at:min(at+width, len(b))]
		if !all && last != nil && len(row) == width && bytes.Equal(row, last) {
			if !starred {
				w.WriteString("*\n")
			}
			starred = true
			continue
		}
		starred, last = false, row
		line(at, row)
	}
}

func graphic(row []byte) string {
	text := make([]byte, len(row))
	for i, b := range row {
		if text[i] = '.'; b >= ' ' && b < 0x7f {
			text[i] = b
		}
	}
	return string(text)
}

func hexdump(c *call) int {
	b, skip, status := c.window('s', 'n')
	if status != 0 {
		return status
	}
	w := bufio.NewWriter(c.Stdout)
	rows(w, b, 16, c.has('v'), func(at int, row []byte) {
		if !c.has('C') {
			fmt.Fprintf(w, "%07x", skip+int64(at))
			for i := 0; i < 16; i += 2 {
				if i < len(row) {
					fmt.Fprintf(w, " %04x", word(row, i, 2))
				} else {
					w.WriteString("     ")
				}
			}
			w.WriteString("\n")
			return
		}
		fmt.Fprintf(w, "%08x ", skip+int64(at))
		for i := 0; i < 16; i++ {
			if i == 8 {
				w.WriteString(" ")
			}
			if i < len(row) {
				fmt.Fprintf(w, " %02x", row[i])
			} else {
				w.WriteString("   ")
			}
		}
		fmt.Fprintf(w, "  |%s|\n", graphic(row))
	})
	if len(b) > 0 {
		format := "%07x\n"
		if c.has('C') {
			format = "%08x\n"
		}
		fmt.Fprintf(w, format, skip+int64(len(b)))
	}
	return c.ioStatus(w.Flush())
}

// word is a little-endian number of size bytes, missing ones zero.
func word(row []byte, at, size int) uint64 {
	var b [8]byte
	copy(b[:size], row[at:])
	return binary.LittleEndian.Uint64(b[:])
}

func xxd(c *call) int {
	if len(c.args) > 1 {
		return c.fail(1, "at most one file")
	}
	width := int64(16)
	if c.has('p') {
		width = 30
	}
	if s, ok := c.value('c'); ok {
		var err error
		if width, err = count(s); err != nil || width < 1 || width > 256 {
			return c.fail(1, "-c: want a number from 1 to 256")
		}
	}
	b, skip, status := c.window('s', 'l')
	if status != 0 {
		return status
	}
	w := bufio.NewWriter(c.Stdout)
	rows(w, b, int(width), true, func(at int, row []byte) {
		if c.has('p') {
			fmt.Fprintf(w, "%x\n", row)
			return
		}
		var hex strings.Builder
		for i := range row {
			if i > 0 && i%2 == 0 {
				hex.WriteByte(' ')
			}
			fmt.Fprintf(&hex, "%02x", row[i])
		}
		columns := int(width)*2 + (int(width)-1)/2
		fmt.Fprintf(w, "%08x: %-*s  %s\n", skip+int64(at), columns, hex.String(), graphic(row))
	})
	return c.ioStatus(w.Flush())
}

// odFormats gives size, width of a column with its blank, and how to print.
var odFormats = map[string]struct {
	size, width int
	format      string
}{
	"x1": {1, 3, "%02x"}, "x2": {2, 5, "%04x"}, "x4": {4, 9, "%08x"}, "x8": {8, 17, "%016x"},
	"o1": {1, 4, "%03o"}, "o2": {2, 7, "%06o"},
	"u1": {1, 4, "%d"}, "u2": {2, 6, "%d"}, "u4": {4, 11, "%d"}, "u8": {8, 21, "%d"},
	"c": {1, 4, ""},
}

func od(c *call) int {
	name := "o2"
	if c.has('c') {
		name = "c"
	}
	if c.has('x') {
		name = "x2"
	}
	if t, ok := c.value('t'); ok {
		name = t
		if t == "x" || t == "u" {
			name += "4"
		}
	}
	format, ok := odFormats[name]
	if !ok {
		return c.fail(1, "a lesson's od has no format %q: it has x1 x2 x4 x8 u1 u2 u4 u8 o1 o2 c", name)
	}
	base := map[string]string{"": "%07o", "o": "%07o", "x": "%06x", "d": "%07d", "n": ""}
	radix, _ := c.value('A')
	address, ok := base[radix]
	if !ok {
		return c.fail(1, "-A: want o, d, x or n")
	}
	b, skip, status := c.window('j', 'N')
	if status != 0 {
		return status
	}
	w := bufio.NewWriter(c.Stdout)
	at := func(n int64) {
		if address != "" {
			fmt.Fprintf(w, address, n)
		}
	}
	rows(w, b, 16, c.has('v'), func(off int, row []byte) {
		at(skip + int64(off))
		for i := 0; i < len(row); i += format.size {
			text := odChar(row[i])
			if format.format != "" {
				text = fmt.Sprintf(format.format, word(row, i, format.size))
			}
			fmt.Fprintf(w, "%*s", format.width, text)
		}
		w.WriteString("\n")
	})
	if address != "" {
		at(skip + int64(len(b)))
		w.WriteString("\n")
	}
	return c.ioStatus(w.Flush())
}

func odChar(b byte) string {
	if i := bytes.IndexByte([]byte("\x00\a\b\t\n\v\f\r"), b); i >= 0 {
		return `\` + "0abtnvfr"[i:i+1]
	}
	if b >= ' ' && b < 0x7f {
		return string(rune(b))
	}
	return fmt.Sprintf("%03o", b)
}
