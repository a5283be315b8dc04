package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// Env is what a command may use of the process it runs in.
type Env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Getenv         func(string) string
	HomeDir        string
	Terminal       bool // Stdout is one
	Width          int  // its columns; 0: not known

	files files
	world *world // of a lesson; nil: the one that --data names
}

// files are how a command reads and writes files by name: of the machine, or
// confined to a lesson's folder.
type files interface {
	open(name string) (io.ReadCloser, int64, error)
	create(name string) (io.WriteCloser, error)
}

// Process is the environment of this process.
func Process() Env {
	home, _ := os.UserHomeDir()
	e := Env{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv, HomeDir: home, files: machine{}}
	if fd := int(os.Stdout.Fd()); term.IsTerminal(fd) {
		e.Terminal = true
		e.Width, _, _ = term.GetSize(fd)
	}
	return e
}

// Exit statuses.
const (
	done   = 0
	failed = 1
	usage  = 2
)

// statusError ends a command with a status, after its message was printed.
type statusError int

func (s statusError) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// usageError is a wrong use of the command.
type usageError struct{ error }

// Run runs one command line and gives its exit status.
func Run(ctx context.Context, args []string, env Env) int {
	root := newRoot(&env)
	root.SetArgs(args)
	root.SetIn(env.Stdin)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	err := root.ExecuteContext(ctx)
	var status statusError
	var wrong usageError
	switch {
	case err == nil:
		return done
	case errors.As(err, &status):
		return int(status)
	case errors.As(err, &wrong):
		fmt.Fprintln(env.Stderr, "ebsim:", err)
		return usage
	}
	fmt.Fprintln(env.Stderr, "ebsim:", err)
	return failed
}

func newRoot(env *Env) *cobra.Command {
	root := &cobra.Command{
		Use:           "ebsim",
		Short:         "A small, exact copy of encrypted block volumes, snapshots and KMS keys",
		Example:       "  ebsim learn cross-account --auto\n  ebsim run scenario.sh\n  ebsim --data ./world aws kms create-key",
		SilenceErrors: true, SilenceUsage: true,
		TraverseChildren: true, // what stands before "aws" is parsed here
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("no command %q: see ebsim --help", args[0])}
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	o := &options{}
	f := root.PersistentFlags()
	f.StringVar(&o.data, "data", "", "data directory of the world (or EBSIM_DATA)")
	f.StringVar(&o.rootKeyFile, "root-key-file", "", "file with the root key, where it is not in the data directory (or EBSIM_ROOT_KEY)")
	f.StringVar(&o.profile, "profile", "", "whose credentials (or AWS_PROFILE)")
	f.StringVar(&o.region, "region", "", "which region (or AWS_REGION)")
	f.StringVar(&o.output, "output", "text", "text or json")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	s := &shell{env: env, options: o}
	root.AddCommand(s.learn(), s.run(), s.aws(), s.volume(), s.snapshot(), s.explain(), s.trail(), s.verify(), s.shellInit())
	return root
}

// shell is what every verb has.
type shell struct {
	env *Env
	*options
}

type options struct{ data, rootKeyFile, profile, region, output string }

func exactly(n int, what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != n {
			return usageError{fmt.Errorf("%s needs %s: see --help", c.CommandPath(), what)}
		}
		return nil
	}
}
