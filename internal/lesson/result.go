package lesson

import (
	"context"
	"errors"
	"time"
)

// Result is how a lesson went as a test.
type Result struct {
	Name       string
	File       string
	Steps      int      // of the lesson
	Statements int      // that ran, hidden ones included
	Failure    *Failure // nil if it passed
	Duration   time.Duration
}

// Passed reports whether everything held.
func (r Result) Passed() bool { return r.Failure == nil }

// RunTest runs a lesson from its first statement to its last, in one shell,
// until a statement fails. What cannot be run at all, a missing scratch
// folder say, is a Failure too.
func RunTest(ctx context.Context, l *Lesson, r *Runner) (result Result) {
	result = Result{Name: l.Name, File: l.File, Steps: len(l.Steps)}
	began := time.Now()
	defer func() { result.Duration = time.Since(began) }()

	counting := *r
	counting.After = func(ctx context.Context, st Statement) {
		result.Statements++
		if r.After != nil {
			r.After(ctx, st)
		}
	}
	s, err := counting.open(ctx, l, r.Stdout, r.Stderr)
	if err != nil {
		result.Failure = &Failure{File: l.File, Line: 1, Reason: err.Error()}
		return result
	}
	err = s.all(ctx)
	if cerr := s.close(context.WithoutCancel(ctx)); err == nil {
		err = cerr
	}
	if err != nil && !errors.As(err, &result.Failure) {
		result.Failure = &Failure{File: l.File, Line: s.last.Line, Command: s.last.Text, Reason: err.Error()}
	}
	return result
}

// all runs every block.
func (s *shell) all(ctx context.Context) error {
	for _, step := range s.lesson.Steps {
		for _, p := range step.Parts {
			if err := s.run(ctx, p); err != nil {
				return err
			}
		}
	}
	return s.end()
}
