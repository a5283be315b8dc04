package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ebsim/ebsim/docs/lessons"
	"github.com/ebsim/ebsim/internal/lesson"
)

func (s *shell) learn() *cobra.Command {
	var ui lesson.UI
	var list bool
	var export string
	c := &cobra.Command{
		Use: "learn [LESSON]", Short: "Read and run a lesson, step by step",
		Example: "  ebsim learn --list\n  ebsim learn cross-account --auto",
		RunE: func(c *cobra.Command, args []string) error {
			if list || len(args) == 0 {
				return s.listLessons()
			}
			if len(args) > 1 {
				return usageError{errors.New("learn takes one lesson")}
			}
			l, err := findLesson(args[0])
			if err != nil {
				return usageError{err}
			}
			if export != "" {
				return s.export(l, export)
			}
			ui.In, ui.Out, ui.Width, ui.Colour = s.env.Stdin, s.env.Stdout, min(s.env.Width, 110), s.env.Terminal
			return s.play(c.Context(), l, ui)
		},
	}
	c.Flags().BoolVar(&ui.Auto, "auto", false, "run through without waiting")
	c.Flags().BoolVar(&ui.Hints, "hints", false, "show the hints unasked")
	c.Flags().IntVar(&ui.From, "from", 0, "step to start at; those before run unseen")
	c.Flags().BoolVar(&list, "list", false, "list the lessons")
	c.Flags().StringVar(&export, "export", "", "write the lesson to a file, .md or .html")
	return c
}

func findLesson(name string) (*lesson.Lesson, error) {
	text, err := lessons.Files.ReadFile(name + ".md")
	if err != nil {
		return nil, fmt.Errorf("no lesson %q: see ebsim learn --list", name)
	}
	return lesson.Parse("docs/lessons/"+name+".md", text)
}

func (s *shell) listLessons() error {
	all, err := lessons.Files.ReadDir(".")
	if err != nil {
		return err
	}
	for _, f := range all {
		l, err := findLesson(strings.TrimSuffix(f.Name(), ".md"))
		if err != nil {
			return err
		}
		fmt.Fprintf(s.env.Stdout, "%-16s %3d min  %s\n", l.Name, l.Minutes, l.Title)
	}
	return nil
}

func (s *shell) export(l *lesson.Lesson, name string) error {
	format := lesson.Markdown
	if strings.HasSuffix(name, ".html") {
		format = lesson.HTML
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(lesson.Export(l, f, format), f.Close())
}

func (s *shell) play(ctx context.Context, l *lesson.Lesson, ui lesson.UI) error {
	stage, err := newStage(ctx, l, 1)
	if err != nil {
		return err
	}
	defer stage.close()
	ui.Aside = stage.aside
	err = lesson.Play(ctx, l, stage.runner, ui)
	var fail *lesson.Failure
	if errors.As(err, &fail) {
		fmt.Fprintln(s.env.Stderr, fail.Report())
		return statusError(failed)
	}
	if errors.Is(err, lesson.ErrStopped) {
		return nil
	}
	return err
}
