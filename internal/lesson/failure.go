package lesson

import (
	"fmt"
	"strings"
)

// showLines is how many lines of output a failure keeps.
const showLines = 20

// Failure is a statement that did not do what the lesson says it does.
type Failure struct {
	File    string
	Line    int    // of the command, within a function or loop too
	Command string // as written
	Output  string // the last lines that the statement printed
	Reason  string // "exit status 1", "wanted the error X, got Y", …
}

// Error is the place, the reason and the command, on one line.
func (f *Failure) Error() string {
	first, _, more := strings.Cut(f.Command, "\n")
	if more {
		first += " …"
	}
	return fmt.Sprintf("%s:%d: %s: %s", f.File, f.Line, f.Reason, first)
}

// Report is the failure for a person: Error, then the output, indented.
func (f *Failure) Report() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d: %s\n", f.File, f.Line, f.Reason)
	for i, line := range strings.Split(f.Command, "\n") {
		b.WriteString([2]string{"    $ ", "      "}[min(i, 1)] + line + "\n")
	}
	for line := range strings.Lines(f.Output) {
		b.WriteString("    " + strings.TrimRight(line, "\n") + "\n")
	}
	return b.String()
}

func (s *shell) failure(st Statement, reason string) *Failure {
	s.mu.Lock()
	line := s.line
	s.mu.Unlock()
	f := &Failure{File: st.File, Line: line, Command: st.Text, Reason: reason, Output: lastLines(st.Output, showLines)}
	if within := line - st.Line; within != 0 {
		f.Command = s.lesson.source(line)
		if within < 0 || within > strings.Count(st.Text, "\n") {
			f.Reason += fmt.Sprintf(" (called from line %d)", st.Line)
		}
	}
	return f
}

// source is a line of code by its number in the file.
func (l *Lesson) source(line int) string {
	for _, step := range l.Steps {
		for _, p := range step.Parts {
			lines := strings.Split(p.Text, "\n")
			if i := line - p.Line; (p.Kind == Code || p.Kind == Setup) && i >= 0 && i < len(lines) {
				return strings.TrimSpace(lines[i])
			}
		}
	}
	return ""
}

// lastLines is the end of a text, said to be one if something is cut.
func lastLines(s string, n int) string {
	lines := strings.SplitAfter(s, "\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	if len(lines) <= n {
		return s
	}
	return "…\n" + strings.Join(lines[len(lines)-n:], "")
}
