package command

import (
	"fmt"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// bar is a progress bar on a terminal, and nothing elsewhere.
type bar struct {
	s           *shell
	what        string
	done, total int64
	began, last time.Time
}

func (s *shell) bar(what string, total int64) *bar {
	return &bar{s: s, what: what, total: total, began: time.Now()}
}

func (b *bar) add(n int64) {
	b.done += n
	if !b.s.env.Terminal || time.Since(b.last) < 100*time.Millisecond || time.Since(b.began) < 300*time.Millisecond {
		return
	}
	b.last = time.Now()
	rate := humanize.IBytes(uint64(float64(b.done)/time.Since(b.began).Seconds())) + "/s"
	if b.total <= 0 {
		fmt.Fprintf(b.s.env.Stderr, "\r%s %s  %s\x1b[K", b.what, humanize.IBytes(uint64(b.done)), rate)
		return
	}
	const width = 30
	full := int(b.done * width / b.total)
	fmt.Fprintf(b.s.env.Stderr, "\r%s [%s%s] %d%%  %s\x1b[K", b.what, strings.Repeat("=", full), strings.Repeat(" ", width-full), b.done*100/b.total, rate)
}

func (b *bar) end() {
	if !b.last.IsZero() {
		fmt.Fprint(b.s.env.Stderr, "\r\x1b[K")
	}
}
