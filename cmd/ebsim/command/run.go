package command

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/ebsim/ebsim/internal/lesson"
)

func (s *shell) run() *cobra.Command {
	var junit string
	var seed uint64
	var keep bool
	c := &cobra.Command{
		Use: "run FILE...", Short: "Run scenarios (.md or .sh) as tests",
		Long:    "Run scenarios, each in a world and a folder of its own. The exit status is 0 only if all of them hold.",
		Example: "  ebsim run scenarios/*.sh --junit report.xml",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{errors.New("run needs files: see --help")}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			var results []lesson.Result
			passed := 0
			for _, name := range args {
				r := s.runOne(c, name, seed, keep)
				results = append(results, r)
				if r.Passed() {
					passed++
					fmt.Fprintf(s.env.Stdout, "ok    %s  %d statements  %s\n", name, r.Statements, r.Duration.Round(time.Millisecond))
				} else {
					fmt.Fprintf(s.env.Stdout, "FAIL  %s\n%s\n", name, r.Failure.Report())
				}
			}
			fmt.Fprintf(s.env.Stdout, "%d passed, %d failed\n", passed, len(results)-passed)
			if junit != "" {
				f, err := os.Create(junit)
				if err != nil {
					return err
				}
				if err := errors.Join(lesson.WriteJUnit(f, results), f.Close()); err != nil {
					return err
				}
			}
			if passed < len(results) {
				return statusError(failed)
			}
			return nil
		},
	}
	c.Flags().StringVar(&junit, "junit", "", "write a JUnit report")
	c.Flags().Uint64Var(&seed, "seed", 1, "of the identifiers")
	c.Flags().BoolVar(&keep, "keep", false, "keep each scenario's folder, and say where it is")
	return c
}

// runOne runs one scenario. What keeps it from running at all is a failure
// too.
func (s *shell) runOne(c *cobra.Command, name string, seed uint64, keep bool) lesson.Result {
	fail := func(err error) lesson.Result {
		f := &lesson.Failure{File: name, Reason: err.Error()}
		var parse *lesson.ParseError
		if errors.As(err, &parse) {
			f.Line = parse.Line
		}
		return lesson.Result{Name: name, File: name, Failure: f}
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return fail(err)
	}
	l, err := lesson.Parse(name, text)
	if err != nil {
		return fail(err)
	}
	stage, err := newStage(c.Context(), l, seed)
	if err != nil {
		return fail(err)
	}
	if keep {
		fmt.Fprintf(s.env.Stderr, "%s runs in %s\n", name, stage.folder)
		stage.keep = true
	}
	defer stage.close()
	return lesson.RunTest(c.Context(), l, stage.runner)
}
