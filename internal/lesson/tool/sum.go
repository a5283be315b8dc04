package tool

import (
	"bufio"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"
)

func sha256sum(c *call) int {
	if c.has('c') {
		return c.checkSums()
	}
	return c.inputs(c.args, 1, func(name string, r io.Reader) int {
		if name == "" {
			name = "-"
		}
		h := sha256.New()
		if _, err := c.copy(h, r, -1); err != nil {
			return c.ioStatus(err)
		}
		_, err := fmt.Fprintf(c.Stdout, "%x  %s\n", h.Sum(nil), name)
		return c.ioStatus(err)
	})
}

// checkSums reads lines as sha256sum writes them and checks each file.
func (c *call) checkSums() int {
	bad, unread, wrong, right := 0, 0, 0, 0
	status := c.inputs(c.args, 1, func(_ string, list io.Reader) int {
		return c.ioStatus(c.lines(list, func(line string) bool {
			sum, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
			want, err := hex.DecodeString(sum)
			if !ok || err != nil || len(want) != sha256.Size || len(name) < 2 {
				wrong++
				return true
			}
			right++
			name = name[1:] // the second blank, or * for binary
			f, err := c.Files.Open(name)
			if err != nil {
				c.fail(1, "%s", reason(err))
				fmt.Fprintf(c.Stdout, "%s: FAILED open or read\n", name)
				unread++
				return true
			}
			defer f.Close()
			h := sha256.New()
			if _, err := c.copy(h, f, -1); err != nil {
				c.fail(1, "%s", reason(err))
				fmt.Fprintf(c.Stdout, "%s: FAILED open or read\n", name)
				unread++
				return true
			}
			if string(h.Sum(nil)) != string(want) {
				fmt.Fprintf(c.Stdout, "%s: FAILED\n", name)
				bad++
				return true
			}
			fmt.Fprintf(c.Stdout, "%s: OK\n", name)
			return true
		}))
	})
	if right == 0 && status == 0 {
		return c.fail(1, "no properly formatted checksum lines found")
	}
	for _, w := range []struct {
		n         int
		one, many string
	}{
		{wrong, "WARNING: 1 line is improperly formatted", "WARNING: %d lines are improperly formatted"},
		{unread, "WARNING: 1 listed file could not be read", "WARNING: %d listed files could not be read"},
		{bad, "WARNING: 1 computed checksum did NOT match", "WARNING: %d computed checksums did NOT match"},
	} {
		switch {
		case w.n == 1:
			c.fail(1, "%s", w.one)
		case w.n > 1:
			c.fail(1, w.many, w.n)
		}
	}
	if bad+unread > 0 {
		return 1
	}
	return status
}

func base64Text(c *call) int {
	if len(c.args) > 1 {
		return c.fail(1, "at most one file")
	}
	wrap := 76
	if s, ok := c.value('w'); ok {
		var err error
		if wrap, err = strconv.Atoi(s); err != nil || wrap < 0 {
			return c.fail(1, "-w: %q is not a number", s)
		}
	}
	return c.inputs(c.args, 1, func(_ string, r io.Reader) int {
		b, err := c.readAll(r)
		if err != nil {
			return c.ioStatus(err)
		}
		if c.has('d') {
			text := strings.NewReplacer("\n", "", "\r", "").Replace(string(b))
			plain, err := base64.StdEncoding.DecodeString(text)
			if _, werr := c.Stdout.Write(plain); werr != nil {
				return c.ioStatus(werr)
			}
			if err != nil {
				return c.fail(1, "invalid input")
			}
			return 0
		}
		text := base64.StdEncoding.EncodeToString(b)
		w := bufio.NewWriter(c.Stdout)
		for wrap > 0 && len(text) > wrap {
			w.WriteString(text[:wrap] + "\n")
			text = text[wrap:]
		}
		w.WriteString(text)
		if wrap > 0 && text != "" {
			w.WriteString("\n")
		}
		return c.ioStatus(w.Flush())
	})
}
