package lesson

import (
	"bufio"
	"context"
	"io"
	"strings"
)

// readLines hands out lines as they come, so that a wait for one can end with
// the context. The channel is closed at the input's end. A read that is under
// way cannot be called off: its goroutine ends with the next line.
func readLines(ctx context.Context, r io.Reader) <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		for scan := bufio.NewScanner(r); scan.Scan(); {
			select {
			case lines <- strings.TrimSpace(scan.Text()):
			case <-ctx.Done():
				return
			}
		}
	}()
	return lines
}

// screen shows a command's output as it comes, indented.
type screen struct {
	w      io.Writer
	indent string
	mute   bool
	within bool // a line has begun
}

// Write never fails for want of a screen: the lesson goes on.
func (s *screen) Write(b []byte) (int, error) {
	if s.mute {
		return len(b), nil
	}
	var out strings.Builder
	for line := range strings.Lines(string(b)) {
		if !s.within && line != "\n" {
			out.WriteString(s.indent)
		}
		out.WriteString(line)
		s.within = !strings.HasSuffix(line, "\n")
	}
	if _, err := io.WriteString(s.w, out.String()); err != nil {
		return 0, err
	}
	return len(b), nil
}

func (s *screen) endLine() {
	if s.within {
		io.WriteString(s.w, "\n")
		s.within = false
	}
}
