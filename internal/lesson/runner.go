package lesson

import (
	"context"
	"io"
	"sort"
	"strings"
	"time"

	"github.com/ebsim/ebsim/internal/clock"
	"github.com/ebsim/ebsim/internal/lesson/tool"
)

// Command is a program that a lesson's shell can start.
type Command = tool.Command

// IO is what a Command is given.
type IO = tool.IO

// Runner holds what a lesson's shell needs. It may run several lessons, one
// after the other; each starts with a fresh shell, all on the same scratch
// folder.
type Runner struct {
	// Commands beside the small tools, by name; one of the same name as a
	// tool takes its place.
	Commands map[string]Command
	// Env is the shell's environment as NAME=value; the process's own is not
	// seen. HOME, PWD, PATH and EBSIM_LESSON are set by the shell.
	Env []string
	// Scratch is the folder that the shell is confined to. It must exist.
	Scratch string
	// Stdout and Stderr get what a test's commands print; nil discards it.
	// A Result keeps the output of what failed either way.
	Stdout, Stderr io.Writer
	// Timeout ends a top-level statement that takes longer; 0 is no limit.
	Timeout time.Duration
	// Clock is what date tells; nil is the real one. Under a virtual clock
	// sleep moves the clock and takes no time.
	Clock *clock.Clock
	// Sleep is what the sleep command does instead, if not nil.
	Sleep func(context.Context, time.Duration) error
	// Before and After are called around every top-level statement, hidden
	// ones included, on the goroutine that runs the lesson.
	Before, After func(context.Context, Statement)
}

// Statement is one top-level command of a lesson, as run. Before a run only
// Text, Note, File, Line and Hidden are set.
type Statement struct {
	Text   string   // as written, without the lines before it
	Note   []string // the comment lines before it
	File   string
	Line   int
	Hidden bool // in a setup block

	Output   string // standard output and error as they came; the end of it, if very long
	Status   int
	Failed   bool // it ended the run
	Duration time.Duration
}

func (r *Runner) now() time.Time {
	if r.Clock == nil {
		return time.Now().UTC()
	}
	return r.Clock.Now()
}

func (r *Runner) sleep(ctx context.Context, d time.Duration) error {
	switch {
	case r.Sleep != nil:
		return r.Sleep(ctx, d)
	case r.Clock != nil && r.Clock.IsVirtual():
		r.Clock.AdvanceTo(r.Clock.Now().Add(d))
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// table is every command there is; names lists them, the handed-in ones first.
func (r *Runner) table() (table map[string]Command, names string) {
	table = tool.All()
	small := make([]string, 0, len(table))
	for name := range table {
		if r.Commands[name] == nil {
			small = append(small, name)
		}
	}
	given := make([]string, 0, len(r.Commands))
	for name, c := range r.Commands {
		table[name] = c
		given = append(given, name)
	}
	sort.Strings(small)
	sort.Strings(given)
	return table, strings.Join(append(append(given, "expect-error"), small...), ", ")
}
