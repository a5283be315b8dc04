package lesson

import (
	"io"
	"strings"
	"sync"
)

// keepOutput is how much of a statement's output is kept, in bytes: the end.
const keepOutput = 1 << 20

// output passes on what a shell prints and keeps the running statement's. It
// is safe for concurrent use: the stages of a pipeline write at once.
type output struct {
	mu       sync.Mutex
	kept     []byte
	cut      bool
	out, err io.Writer
}

func newOutput(stdout, stderr io.Writer) *output {
	if stdout == nil {
		stdout = io.Discard
	}
	if stderr == nil {
		stderr = io.Discard
	}
	return &output{out: stdout, err: stderr}
}

type stream struct {
	o  *output
	to *io.Writer
}

func (o *output) stdout() io.Writer { return stream{o, &o.out} }
func (o *output) stderr() io.Writer { return stream{o, &o.err} }

func (s stream) Write(p []byte) (int, error) {
	s.o.mu.Lock()
	defer s.o.mu.Unlock()
	s.o.kept = append(s.o.kept, p...)
	if n := len(s.o.kept); n > 2*keepOutput {
		s.o.kept, s.o.cut = append([]byte(nil), s.o.kept[n-keepOutput:]...), true
	}
	return (*s.to).Write(p)
}

func (o *output) reset() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.kept, o.cut = nil, false
}

func (o *output) text() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.cut {
		return "…\n" + string(o.kept)
	}
	return string(o.kept)
}

// capture is a file in memory that an expect-error writes to.
type capture struct {
	mu sync.Mutex
	b  strings.Builder
}

func (c *capture) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.b.Write(p)
}

func (c *capture) Read([]byte) (int, error) { return 0, io.EOF }
func (c *capture) Close() error             { return nil }

func (c *capture) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.b.String()
}
