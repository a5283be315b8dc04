package lesson

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/interp"
	"mvdan.cc/sh/v3/syntax"

	"github.com/ebsim/ebsim/internal/lesson/tool"
)

// shell is one interpreter on one lesson: its variables, functions and
// current folder live until close.
type shell struct {
	runner  *Runner
	lesson  *Lesson
	interp  *interp.Runner
	root    *os.Root
	table   map[string]Command
	names   string
	out     *output
	exited  bool // the script said exit 0
	status  int  // of the last statement
	last    Statement
	touched bool

	mu    sync.Mutex // the fields below are touched by pipelines
	calls map[position]uint
	line  int // of the simple command that ran last

	expectLine int // of the expect-error that ran last
	expect     *capture
	reason     string
}

// open starts a shell for a lesson.
func (r *Runner) open(ctx context.Context, l *Lesson, stdout, stderr io.Writer) (*shell, error) {
	if r.Scratch == "" {
		return nil, errors.New("lesson: the runner has no scratch folder")
	}
	root, err := os.OpenRoot(r.Scratch)
	if err != nil {
		return nil, fmt.Errorf("lesson: scratch folder: %w", err)
	}
	s := &shell{runner: r, lesson: l, root: root, out: newOutput(stdout, stderr), calls: map[position]uint{}}
	s.table, s.names = r.table()
	if err := s.start(ctx); err != nil {
		root.Close()
		return nil, err
	}
	return s, nil
}

func (s *shell) start(ctx context.Context) error {
	env := make([]string, 0, len(s.runner.Env)+4)
	for _, pair := range s.runner.Env {
		if name, _, ok := strings.Cut(pair, "="); !ok || !syntax.ValidName(name) {
			return fmt.Errorf("lesson: environment: %q is not NAME=value", name)
		}
		env = append(env, pair)
	}
	// With an empty PATH the interpreter's own look-ups (type, source) stay
	// in the current folder; and it makes the pipes of process substitution
	// under TMPDIR, which can hold none.
	env = append(env, "HOME="+tool.Home, "PATH=", "EBSIM_LESSON="+s.lesson.Name, "TMPDIR=/dev/null/refused")
	var err error
	s.interp, err = interp.New(
		interp.Env(expand.ListEnviron(env...)),
		interp.StdIO(nil, s.out.stdout(), s.out.stderr()),
		interp.Params("-e"),
		interp.CallHandler(s.onCall),
		interp.ExecHandlers(func(interp.ExecHandlerFunc) interp.ExecHandlerFunc { return s.onExec }),
		interp.OpenHandler(s.onOpen),
		interp.ReadDirHandler2(s.onReadDir),
		interp.StatHandler(s.onStat),
		interp.AccessHandler(s.onAccess),
	)
	if err != nil {
		return fmt.Errorf("lesson: shell: %w", err)
	}
	s.interp.Dir = tool.Home
	prelude, err := syntax.NewParser().Parse(strings.NewReader(expectFunction+"\nunset TMPDIR\n"), "lesson")
	if err != nil {
		return fmt.Errorf("lesson: shell: %w", err)
	}
	for _, stmt := range prelude.Stmts {
		if err := s.interp.Run(ctx, stmt); err != nil {
			return fmt.Errorf("lesson: shell: %w", err)
		}
	}
	return nil
}

// close runs the script's exit trap, waits for what it left in the background
// and lets the scratch folder go.
func (s *shell) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	var err error
	if !s.exited {
		err = s.interp.Run(ctx, &syntax.File{})
	}
	wait, perr := syntax.NewParser().Parse(strings.NewReader("wait"), "lesson")
	if perr == nil {
		s.interp.Run(ctx, wait.Stmts[0])
	}
	var status interp.ExitStatus
	if errors.As(err, &status) {
		err = nil // the trap's own status is not the script's
	}
	return errors.Join(err, s.root.Close())
}

// run runs a part's statements. A statement that fails ends it with a
// *Failure; one that says exit 0 ends it with s.exited set.
func (s *shell) run(ctx context.Context, p Part) error {
	s.mu.Lock()
	for _, st := range p.statements {
		for pos, line := range st.calls {
			s.calls[pos] = line
		}
	}
	s.mu.Unlock()
	for _, st := range p.statements {
		if s.exited {
			return nil
		}
		if err := s.statement(ctx, st, p.Kind == Setup); err != nil {
			return err
		}
	}
	return nil
}

func (s *shell) statement(ctx context.Context, st statement, hidden bool) error {
	done := Statement{Text: st.text, Note: st.note, File: s.lesson.File, Line: st.line, Hidden: hidden}
	if s.runner.Before != nil {
		s.runner.Before(ctx, done)
	}
	s.mu.Lock()
	s.line, s.expectLine, s.reason, s.expect = st.line, 0, "", nil
	s.mu.Unlock()
	s.out.reset()
	within, cancel := ctx, context.CancelFunc(func() {})
	if s.runner.Timeout > 0 {
		within, cancel = context.WithTimeout(ctx, s.runner.Timeout)
	}
	began := time.Now()
	err := s.interp.Run(within, st.node)
	cancel()
	done.Duration = time.Since(began)
	done.Output = s.out.text()

	reason := ""
	var status interp.ExitStatus
	switch {
	case err == nil:
	case errors.As(err, &status):
		done.Status = int(status)
		if s.interp.Exited() {
			reason = s.why(done.Status)
		}
	case ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded):
		done.Status, reason = 124, fmt.Sprintf("not done after %v", s.runner.Timeout)
	default:
		done.Status, reason = 1, err.Error()
	}
	s.exited = s.interp.Exited()
	s.status = done.Status
	done.Failed = reason != ""
	s.last, s.touched = done, true
	if s.runner.After != nil {
		s.runner.After(ctx, done)
	}
	if done.Failed {
		return s.failure(done, reason)
	}
	return nil
}

func (s *shell) why(status int) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reason != "" {
		return s.reason
	}
	return fmt.Sprintf("exit status %d", status)
}

// end is what remains to be said when every statement ran: a script's status
// is that of its last statement, as under any shell.
func (s *shell) end() error {
	if s.lesson.script && s.touched && !s.exited && s.status != 0 {
		return s.failure(s.last, fmt.Sprintf("the script ends with exit status %d", s.status))
	}
	return nil
}
