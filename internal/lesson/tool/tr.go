package tool

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// tr works on bytes, as GNU tr does.
func tr(c *call) int {
	remove, squeeze := c.has('d'), c.has('s')
	want := 2
	if remove != squeeze && len(c.args) == 1 || remove && !squeeze {
		want = 1
	}
	if len(c.args) != want {
		return c.fail(1, "wants %d sets, was given %d", want, len(c.args))
	}
	first, err := trSet(c.args[0])
	if err != nil {
		return c.fail(1, "%v", err)
	}
	var second []byte
	if want == 2 {
		if second, err = trSet(c.args[1]); err != nil {
			return c.fail(1, "%v", err)
		}
	}
	if c.has('c') || c.has('C') {
		first = complement(first)
	}
	var to [256]byte
	var in, squeezed [256]bool
	for i := range to {
		to[i] = byte(i)
	}
	for i, b := range first {
		in[b] = true
		if !remove && len(second) > 0 {
			to[b] = second[min(i, len(second)-1)]
		}
	}
	if !remove && want == 2 && len(second) == 0 {
		return c.fail(1, "the second set is empty")
	}
	for _, b := range second {
		squeezed[b] = squeeze
	}
	if squeeze && want == 1 {
		squeezed = in
	}
	w := bufio.NewWriter(c.Stdout)
	r := bufio.NewReader(c.Stdin)
	last := -1
	for n := 0; ; n++ {
		if n%65536 == 0 && c.over() != nil {
			return c.ioStatus(c.over())
		}
		b, err := r.ReadByte()
		if err == io.EOF {
			return c.ioStatus(w.Flush())
		}
		if err != nil {
			return c.ioStatus(err)
		}
		if remove && in[b] {
			continue
		}
		if !remove {
			b = to[b]
		}
		if squeezed[b] && last == int(b) {
			continue
		}
		last = int(b)
		if err := w.WriteByte(b); err != nil {
			return c.ioStatus(err)
		}
	}
}

func complement(set []byte) []byte {
	var in [256]bool
	for _, b := range set {
		in[b] = true
	}
	var out []byte
	for i := range in {
		if !in[i] {
			out = append(out, byte(i))
		}
	}
	return out
}

// trSet expands ranges, classes and escapes.
func trSet(s string) ([]byte, error) {
	var out []byte
	for i := 0; i < len(s); {
		if strings.HasPrefix(s[i:], "[:") {
			if end := strings.Index(s[i:], ":]"); end > 0 {
				class, err := trClass(s[i+2 : i+end])
				if err != nil {
					return nil, err
				}
				out = append(out, class...)
				i += end + 2
				continue
			}
		}
		from, n, err := trByte(s[i:])
		if err != nil {
			return nil, err
		}
		i += n
		if i+1 < len(s) && s[i] == '-' {
			to, n, err := trByte(s[i+1:])
			if err != nil {
				return nil, err
			}
			if to < from {
				return nil, fmt.Errorf("range %q is the wrong way round", s[i-1:i+1+n])
			}
			for b := int(from); b <= int(to); b++ {
				out = append(out, byte(b))
			}
			i += 1 + n
			continue
		}
		out = append(out, from)
	}
	return out, nil
}

func trByte(s string) (byte, int, error) {
	if s[0] != '\\' || len(s) == 1 {
		return s[0], 1, nil
	}
	if i := strings.IndexByte(`abfnrtv\`, s[1]); i >= 0 {
		return "\a\b\f\n\r\t\v\\"[i], 2, nil
	}
	n := 1
	for n < len(s) && n < 4 && s[n] >= '0' && s[n] <= '7' {
		n++
	}
	if n == 1 {
		return s[1], 2, nil
	}
	v, err := strconv.ParseUint(s[1:n], 8, 8)
	if err != nil {
		return 0, 0, errors.New("octal escape out of range")
	}
	return byte(v), n, nil
}

func trClass(name string) ([]byte, error) {
	in := map[string]func(b byte) bool{
		"digit":  func(b byte) bool { return b >= '0' && b <= '9' },
		"lower":  func(b byte) bool { return b >= 'a' && b <= 'z' },
		"upper":  func(b byte) bool { return b >= 'A' && b <= 'Z' },
		"alpha":  func(b byte) bool { return b|0x20 >= 'a' && b|0x20 <= 'z' },
		"alnum":  func(b byte) bool { return b|0x20 >= 'a' && b|0x20 <= 'z' || b >= '0' && b <= '9' },
		"xdigit": func(b byte) bool { return b >= '0' && b <= '9' || b|0x20 >= 'a' && b|0x20 <= 'f' },
		"space":  func(b byte) bool { return b == ' ' || b >= '\t' && b <= '\r' },
		"blank":  func(b byte) bool { return b == ' ' || b == '\t' },
		"print":  func(b byte) bool { return b >= ' ' && b < 0x7f },
		"graph":  func(b byte) bool { return b > ' ' && b < 0x7f },
		"cntrl":  func(b byte) bool { return b < ' ' || b == 0x7f },
		"punct": func(b byte) bool {
			return b > ' ' && b < 0x7f && !(b|0x20 >= 'a' && b|0x20 <= 'z') && !(b >= '0' && b <= '9')
		},
	}[name]
	if in == nil {
		return nil, fmt.Errorf("unknown class [:%s:]", name)
	}
	var out []byte
	for i := 0; i < 256; i++ {
		if in(byte(i)) {
			out = append(out, byte(i))
		}
	}
	return out, nil
}
