package awscli

import (
	"context"
	"fmt"
	"runtime"

	"github.com/ebsim/ebsim/internal/awsapi"
)

// command is one command line on its way.
type command struct {
	cfg     Config
	globals globals
	op      *awsapi.Operation
	query   *query
	id      *identity
}

func (c *command) getenv(name string) string {
	if c.cfg.Getenv == nil {
		return ""
	}
	return c.cfg.Getenv(name)
}

// Run does one aws command. args are the words after "aws". The answer is one
// of the Exit constants; what went wrong is on cfg.Stderr.
func Run(ctx context.Context, args []string, cfg Config) int {
	c := &command{cfg: cfg}
	if err := c.run(ctx, args); err != nil {
		return report(cfg.Stderr, err, cfg.Hint)
	}
	return ExitOK
}

func (c *command) run(ctx context.Context, args []string) error {
	g, rest, err := splitGlobals(args)
	if err != nil {
		return err
	}
	c.globals = g
	if g.has("version") {
		_, err := fmt.Fprintf(c.cfg.Stdout, "aws-cli/2 ebsim %s/%s\n", runtime.GOOS, runtime.GOARCH)
		return err
	}
	service, rest, err := positional("command", rest)
	if err != nil {
		return err
	}
	if service == "help" {
		return c.helpServices()
	}
	ops := c.cfg.Table.Operations(service)
	if len(ops) == 0 {
		return invalidChoice("command", service, append(c.cfg.Table.Services(), "help"))
	}
	name, rest, err := positional("operation", rest)
	if err != nil {
		return err
	}
	switch name {
	case "help":
		return c.helpService(service)
	case "wait":
		if ws := waiters(service); len(ws) > 0 {
			return c.runWait(ctx, service, ws, rest)
		}
	}
	names := []string{}
	for _, op := range ops {
		if xform(op.Name) == name {
			c.op = op
			return c.runOperation(ctx, rest)
		}
		names = append(names, xform(op.Name))
	}
	if len(waiters(service)) > 0 {
		names = append(names, "wait")
	}
	return invalidChoice("operation", name, append(names, "help"))
}

// positional takes the first word that is no option.
func positional(what string, args []string) (string, []string, error) {
	for i, a := range args {
		if !looksLikeOption(a) {
			return a, append(append([]string{}, args[:i]...), args[i+1:]...), nil
		}
	}
	return "", nil, wrongUsage("the following arguments are required: %s", what)
}

func (c *command) runOperation(ctx context.Context, args []string) error {
	if len(args) == 1 && args[0] == "help" {
		return c.helpOperation()
	}
	in, err := c.readInput(args, true)
	if err != nil {
		return err
	}
	if in.skeleton != "" {
		return c.printSkeleton(in.skeleton)
	}
	if text, ok := c.globals["query"]; ok {
		if c.query, err = compileQuery(text); err != nil {
			return err
		}
	}
	if err := validate(in.params, shapeOf(c.op.Input)); err != nil {
		return err
	}
	if err := c.identify(ctx); err != nil {
		return err
	}
	a, err := c.ask(ctx, in)
	if err != nil {
		return err
	}
	if in.outfile != "" {
		if err := c.saveStream(in.outfile, a.all); err != nil {
			return err
		}
	}
	return c.print(a)
}

func (c *command) runWait(ctx context.Context, service string, ws []waiter, args []string) error {
	name, rest, err := positional("subcommand", args)
	if err != nil {
		return err
	}
	if name == "help" {
		return c.helpWaiters(service, ws)
	}
	names := []string{}
	for _, w := range ws {
		names = append(names, xform(w.name))
		if xform(w.name) != name {
			continue
		}
		if c.op = c.cfg.Table.Lookup(service, w.operation); c.op == nil {
			return failure(ExitInternal, "Waiter %s needs the operation %s, which is not there", w.name, w.operation)
		}
		if len(rest) == 1 && rest[0] == "help" {
			return c.helpOperation()
		}
		in, err := c.readInput(rest, false)
		if err != nil {
			return err
		}
		if err := validate(in.params, shapeOf(c.op.Input)); err != nil {
			return err
		}
		if err := c.identify(ctx); err != nil {
			return err
		}
		return c.wait(ctx, w, func(ctx context.Context) (*object, error) { return c.call(ctx, in.params) })
	}
	return invalidChoice("subcommand", name, append(names, "help"))
}
