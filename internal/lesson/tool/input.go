package tool

import (
	"bufio"
	"fmt"
	"io"
)

// inputs calls use for every operand in turn, standard input for "-", /dev/stdin or when
// there is none. A file that cannot be opened is reported and the rest goes
// on; the status is then 1, or what use gave if that is greater.
func (c *call) inputs(names []string, bad int, use func(name string, r io.Reader) int) int {
	if len(names) == 0 {
		return use("", c.Stdin)
	}
	status := 0
	for _, name := range names {
		if err := c.over(); err != nil {
			return c.fail(1, "%v", err)
		}
		if name == "-" || name == "/dev/stdin" {
			status = max(status, use("", c.Stdin))
			continue
		}
		f, err := c.Files.Open(name)
		if err != nil {
			status = max(status, c.fail(bad, "%s", reason(err)))
			continue
		}
		if info, err := f.Stat(); err == nil && info.IsDir() {
			f.Close()
			status = max(status, c.fail(bad, "%s: Is a directory", name))
			continue
		}
		status = max(status, use(name, f))
		f.Close()
	}
	return status
}

// lines calls use for each line, its newline kept; the last may have none.
// use returns false to stop. It stops with the context's error too, so that
// an endless device ends with the statement's time.
func (c *call) lines(r io.Reader, use func(line string) bool) error {
	br := bufio.NewReader(r)
	for n := 0; ; n++ {
		if n%1024 == 0 {
			if err := c.over(); err != nil {
				return err
			}
		}
		line, err := br.ReadString('\n')
		if line != "" && !use(line) {
			return nil
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// copy copies at most n bytes, all if n is negative, until the context ends.
func (c *call) copy(w io.Writer, r io.Reader, n int64) (int64, error) {
	if n >= 0 {
		r = io.LimitReader(r, n)
	}
	buf := make([]byte, 64<<10)
	var done int64
	for {
		if err := c.over(); err != nil {
			return done, err
		}
		k, err := r.Read(buf)
		if k > 0 {
			if _, werr := w.Write(buf[:k]); werr != nil {
				return done, werr
			}
			done += int64(k)
		}
		if err == io.EOF {
			return done, nil
		}
		if err != nil {
			return done, err
		}
	}
}

// most is the most that a tool takes into memory, in bytes.
const most = 256 << 20

// readAll is a whole input, until the context ends. More than most is an
// error.
func (c *call) readAll(r io.Reader) ([]byte, error) {
	var b sliceWriter
	n, err := c.copy(&b, r, most+1)
	if err == nil && n > most {
		err = fmt.Errorf("more than %d MiB of input", most>>20)
	}
	return b, err
}

type sliceWriter []byte

func (s *sliceWriter) Write(p []byte) (int, error) {
	*s = append(*s, p...)
	return len(p), nil
}
