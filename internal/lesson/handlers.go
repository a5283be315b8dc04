package lesson

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/interp"
	"mvdan.cc/sh/v3/syntax"

	"github.com/ebsim/ebsim/internal/lesson/tool"
)

func (s *shell) folder(ctx context.Context) *tool.Folder {
	return tool.NewFolder(s.root, interp.HandlerCtx(ctx).Dir)
}

// onCall sees every simple command before it runs, builtins and functions
// included: it keeps the command's line, and turns what would look at the
// machine's files into what looks at the lesson's commands.
func (s *shell) onCall(ctx context.Context, args []string) ([]string, error) {
	hc := interp.HandlerCtx(ctx)
	s.at(hc, args[0])
	if args[0] == "builtin" && len(args) > 1 {
		args = args[1:]
	}
	switch {
	case args[0] == "eval":
		if pipes(strings.Join(args[1:], " ")) {
			return []string{refuseCommand}, nil
		}
	case args[0] == "source", args[0] == ".":
		if len(args) > 1 {
			if b, err := s.folder(ctx).ReadFile(args[1]); err == nil && pipes(string(b)) {
				return []string{refuseCommand}, nil
			}
		}
	case args[0] == "pwd":
		return []string{"pwd"}, nil // -P would ask the machine
	case args[0] == "type", args[0] == "command" && len(args) > 1 && args[1] == "-v":
		return s.lookup(hc, args), nil
	}
	return args, nil
}

// at keeps the line of a command that is about to run. The earlier stages of
// a pipeline run beside the last one, whose status counts, and do not count.
func (s *shell) at(hc interp.HandlerContext, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	line, ok := s.calls[position{hc.Pos.Offset(), hc.Pos.Line()}]
	if !ok {
		return
	}
	if name == "expect-error" {
		s.expectLine = int(line)
	}
	if f, ok := hc.Stdout.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode()&fs.ModeNamedPipe != 0 {
			return
		}
	}
	s.line = int(line)
}

// pipes reports whether text that a script evaluates has a process
// substitution. What cannot be parsed is the interpreter's to report.
func pipes(text string) bool {
	file, err := syntax.NewParser().Parse(strings.NewReader(text), "")
	return err == nil && processSubst(file) != nil
}

// lookup answers `type` and `command -v` for a command of the table, and for
// a name that is no command at all; functions, builtins and keywords stay the
// interpreter's to tell.
func (s *shell) lookup(hc interp.HandlerContext, args []string) []string {
	for _, name := range args[1:] {
		if strings.HasPrefix(name, "-") {
			continue
		}
		if s.table[name] != nil || strings.Contains(name, "/") || hc.Env.Get("PATH").String() != "" && !interp.IsBuiltin(name) {
			return append([]string{lookupCommand, args[0]}, args[1:]...)
		}
	}
	return args
}

// Commands of the shell itself; no script is meant to use them.
const (
	lookupCommand = "lesson-lookup"
	expectCommand = "lesson-expected"
	refuseCommand = "lesson-refuse"
)

// onExec runs a command that is neither a function nor a builtin.
func (s *shell) onExec(ctx context.Context, args []string) error {
	hc := interp.HandlerCtx(ctx)
	stdin := hc.Stdin
	if stdin == nil {
		stdin = strings.NewReader("")
	}
	status := 127
	switch command := s.table[args[0]]; {
	case args[0] == expectCommand:
		status = s.expected(hc, args[1:])
	case args[0] == refuseCommand:
		fmt.Fprintln(hc.Stderr, "lesson: "+noProcessSubst)
		status = 1
	case args[0] == lookupCommand:
		status = s.found(hc, args[1:])
	case command == nil:
		fmt.Fprintf(hc.Stderr, "lesson: no command %q: a lesson has %s\n", args[0], s.names)
	default:
		status = command(ctx, IO{
			Stdin: stdin, Stdout: hc.Stdout, Stderr: hc.Stderr,
			Getenv:  func(name string) string { return exported(hc.Env, name) },
			Environ: func() []string { return environ(hc.Env) },
			Files:   tool.NewFolder(s.root, hc.Dir),
			Now:     s.runner.now, Sleep: s.runner.sleep,
		}, args[1:])
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if status == 0 {
		return nil
	}
	return interp.ExitStatus(uint8(status))
}

func (s *shell) found(hc interp.HandlerContext, args []string) int {
	status := 0
	for _, name := range args[1:] {
		switch {
		case strings.HasPrefix(name, "-"):
		case s.table[name] == nil && !interp.IsBuiltin(name):
			if args[0] == "type" {
				fmt.Fprintf(hc.Stderr, "type: %s: not found\n", name)
			}
			status = 1
		case args[0] == "type":
			fmt.Fprintf(hc.Stdout, "%s is a command of the lesson\n", name)
		default:
			fmt.Fprintln(hc.Stdout, name)
		}
	}
	return status
}

func exported(env expand.Environ, name string) string {
	if v := env.Get(name); v.IsSet() && v.Exported {
		return v.String()
	}
	return ""
}

func environ(env expand.Environ) []string {
	var pairs []string
	env.Each(func(name string, v expand.Variable) bool {
		if v.Exported && v.IsSet() && v.Kind == expand.String {
			pairs = append(pairs, name+"="+v.String())
		}
		return true
	})
	return pairs
}

// onOpen opens what a redirection or source names. Errors are *fs.PathError,
// which the interpreter prints and turns into status 1.
func (s *shell) onOpen(ctx context.Context, name string, flag int, perm os.FileMode) (io.ReadWriteCloser, error) {
	if name == expectDevice {
		c := &capture{}
		s.mu.Lock()
		s.expect = c
		s.mu.Unlock()
		return c, nil
	}
	f, err := s.folder(ctx).OpenFile(name, flag, perm)
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (s *shell) onReadDir(ctx context.Context, name string) ([]fs.DirEntry, error) {
	entries, err := s.folder(ctx).ReadDir(name)
	if errors.Is(err, tool.ErrOutside) {
		// No match: the pattern stays as it is, and the command that gets it
		// says what is wrong with it.
		return nil, nil
	}
	return entries, err
}

func (s *shell) onStat(ctx context.Context, name string, follow bool) (fs.FileInfo, error) {
	if follow {
		return s.folder(ctx).Stat(name)
	}
	return s.folder(ctx).Lstat(name)
}

// onAccess judges by the owner's permission bits: the scratch folder and what
// is in it belong to whoever runs the lesson.
func (s *shell) onAccess(ctx context.Context, name string, mode interp.AccessMode) error {
	info, err := s.folder(ctx).Stat(name)
	if err != nil {
		return err
	}
	if want := fs.FileMode(mode) << 6; info.Mode()&want != want {
		return &fs.PathError{Op: "access", Path: name, Err: errors.New("permission denied")}
	}
	return nil
}
