package lesson

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// UI is where and how Play shows a lesson.
type UI struct {
	In     io.Reader // the reader's lines; nil or at its end: as Auto
	Out    io.Writer
	Auto   bool // never wait
	Hints  bool // show hints unasked
	From   int  // the step to start at, from 1; the ones before run unseen
	Width  int  // columns of the terminal; 0 is 80
	Colour bool

	// Aside gives what stands beside a statement's output: the calls and
	// decisions that it caused. It may be nil, or give "".
	Aside func(context.Context, Statement) string
}

// ErrStopped means that the reader asked to stop.
var ErrStopped = errors.New("lesson: stopped by the reader")

// Play shows a lesson and runs it, step by step: prose, questions, each
// command, its output, and what it caused in a margin beneath. Unless
// ui.Auto, it waits for a line at each question and between steps; "q" stops.
// A statement that fails ends it with a *Failure, the reader with ErrStopped.
func Play(ctx context.Context, l *Lesson, r *Runner, ui UI) error {
	if ui.From > len(l.Steps) {
		return fmt.Errorf("lesson: %s has %d steps: there is no step %d", l.Name, len(l.Steps), ui.From)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p := &player{UI: ui, ctx: ctx, lesson: l}
	if ui.In != nil && !ui.Auto {
		p.lines = readLines(ctx, ui.In)
	}
	p.Width = max(p.Width, 0)
	if p.Width == 0 {
		p.Width = 80
	}
	p.screen = &screen{w: ui.Out, indent: "    "}
	watched := *r
	watched.Before = func(ctx context.Context, st Statement) {
		if r.Before != nil {
			r.Before(ctx, st)
		}
		p.before(st)
	}
	watched.After = func(ctx context.Context, st Statement) {
		if r.After != nil {
			r.After(ctx, st)
		}
		p.after(ctx, st)
	}
	s, err := watched.open(ctx, l, p.screen, p.screen)
	if err != nil {
		return err
	}
	err = p.play(s)
	return errors.Join(err, s.close(context.WithoutCancel(ctx)))
}

// player is one showing of one lesson.
type player struct {
	UI
	ctx      context.Context
	lesson   *Lesson
	screen   *screen
	lines    <-chan string
	unseen   bool
	commands int
	said     string // the reader's last prediction
	quietRun bool   // a setup block runs
}

func (p *player) play(s *shell) error {
	p.title()
	for i, step := range p.lesson.Steps {
		p.unseen = i+1 < p.From
		if i > 0 && !p.unseen && i+1 != p.From {
			if err := p.pause("Enter for the next step, q to stop"); err != nil {
				return err
			}
		}
		p.heading(i, step)
		for j, part := range step.Parts {
			if err := p.part(s, part, step.Parts[j+1:]); err != nil {
				return err
			}
		}
		if s.exited {
			break
		}
	}
	if err := s.end(); err != nil {
		return err
	}
	p.printf("%s\n", p.style("1", fmt.Sprintf("Done: %s, %s.", plural(len(p.lesson.Steps), "step"), plural(p.commands, "command"))))
	return nil
}

func (p *player) title() {
	p.printf("%s\n%s\n", p.style("1", p.lesson.Title), strings.Repeat("=", width(p.lesson.Title)))
	var facts []string
	if p.lesson.Minutes > 0 {
		facts = append(facts, "about "+plural(p.lesson.Minutes, "minute"))
	}
	for _, a := range p.lesson.Accounts {
		facts = append(facts, a.Profile()+" is "+a.ID)
	}
	if len(facts) > 0 {
		p.printf("%s\n", wrap(strings.Join(facts, ", ")+".", p.Width, "", ""))
	}
	p.printf("\n")
}

func (p *player) heading(i int, step Step) {
	if p.unseen || step.Heading == "" {
		return
	}
	line := fmt.Sprintf("%d/%d  %s", i+1, len(p.lesson.Steps), inline(step.Heading, false))
	p.printf("%s\n%s\n\n", p.style("1", line), strings.Repeat("-", width(line)))
}

func (p *player) part(s *shell, part Part, rest []Part) error {
	switch part.Kind {
	case Code, Setup:
		p.quietRun = part.Kind == Setup
		p.screen.mute = p.unseen || p.quietRun
		if err := s.run(p.ctx, part); err != nil {
			return err
		}
		if p.said != "" && !p.unseen && part.Kind == Code {
			p.printf("%s\n\n", wrap("You predicted: "+p.said, p.Width, "", "  "))
			p.said = ""
		}
	case Prose:
		if !p.unseen {
			p.printf("%s\n", Render(part.Text, p.Width, p.Colour))
		}
	case Hint:
		if p.Hints && !p.unseen {
			p.hint(part)
		}
	case Predict:
		if !p.unseen {
			return p.predict(part, rest)
		}
	}
	return nil
}

func (p *player) hint(part Part) {
	p.printf("%s\n\n", wrap("Hint: "+inline(flat(part.Text), p.Colour), p.Width, "  ", "  "))
}

// predict asks the reader what the next command will do.
func (p *player) predict(part Part, rest []Part) error {
	p.printf("%s\n\n", wrap(p.style("33", "Predict:")+" "+inline(flat(part.Text), p.Colour), p.Width, "", "  "))
	var hints []Part
	for _, next := range rest {
		if next.Kind != Hint {
			break
		}
		hints = append(hints, next)
	}
	ask := "Your prediction, then Enter (q to stop)"
	if len(hints) > 0 && !p.Hints {
		ask = "Your prediction, then Enter (? for a hint, q to stop)"
	}
	for {
		line, err := p.ask(ask)
		if err != nil {
			return err
		}
		if line != "?" || len(hints) == 0 {
			p.said = line
			return nil
		}
		for _, h := range hints {
			p.hint(h)
		}
	}
}

// ask waits for a line; with Auto, or when there are no more, it is "".
func (p *player) ask(prompt string) (string, error) {
	if p.lines == nil {
		return "", p.ctx.Err()
	}
	p.printf("%s ", p.style("2", prompt+":"))
	select {
	case <-p.ctx.Done():
		return "", p.ctx.Err()
	case line, ok := <-p.lines:
		p.printf("\n")
		if !ok {
			p.lines = nil
		}
		if line == "q" {
			return "", ErrStopped
		}
		return line, nil
	}
}

func (p *player) pause(prompt string) error {
	_, err := p.ask(prompt)
	return err
}

func (p *player) before(st Statement) {
	if p.unseen || st.Hidden {
		return
	}
	p.commands++
	for _, note := range st.Note {
		p.printf("%s\n", p.style("2", note))
	}
	for i, line := range strings.Split(st.Text, "\n") {
		p.printf("%s%s\n", [2]string{"$ ", "  "}[min(i, 1)], p.style("36", line))
	}
}

func (p *player) after(ctx context.Context, st Statement) {
	if p.unseen || st.Hidden {
		return
	}
	p.screen.endLine()
	if p.Aside != nil {
		if text := strings.TrimRight(p.Aside(ctx, st), "\n"); text != "" {
			for _, line := range strings.Split(text, "\n") {
				p.printf("%s\n", strings.TrimRight("  "+p.style("2", "│")+" "+line, " "))
			}
		}
	}
	p.printf("\n")
}

func (p *player) printf(format string, args ...any) { fmt.Fprintf(p.Out, format, args...) }

// style wraps text in an SGR sequence (ECMA-48), if colours are wanted.
func (p *player) style(code, text string) string { return style(p.Colour, code, text) }

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
