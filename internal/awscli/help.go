package awscli

import (
	"fmt"
	"strings"
)

func (c *command) helpServices() error {
	var b strings.Builder
	b.WriteString("NAME\n       aws - the built-in subset of the AWS Command Line Interface\n\n")
	b.WriteString("SYNOPSIS\n       aws [options] <command> <subcommand> [parameters]\n\nGLOBAL OPTIONS\n")
	for _, o := range globalOptions() {
		kind := "boolean"
		if o.value {
			kind = "string"
		}
		fmt.Fprintf(&b, "       --%s (%s)\n", o.name, kind)
		fmt.Fprintf(&b, "       %s\n", o.doc)
		for _, choice := range o.choices {
			fmt.Fprintf(&b, "       o   %s\n", choice)
		}
		b.WriteString("\n")
	}
	b.WriteString("AVAILABLE SERVICES\n")
	for _, s := range c.cfg.Table.Services() {
		fmt.Fprintf(&b, "       o %s\n", s)
	}
	b.WriteString("       o help\n")
	return c.printHelp(b.String())
}

func (c *command) helpService(service string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "NAME\n       %s -\n\nAVAILABLE COMMANDS\n", service)
	for _, op := range c.cfg.Table.Operations(service) {
		fmt.Fprintf(&b, "       o %-42s %s\n", xform(op.Name), op.Doc)
	}
	if len(waiters(service)) > 0 {
		fmt.Fprintf(&b, "       o %-42s %s\n", "wait", "Wait until a resource is in a state.")
	}
	b.WriteString("       o help\n")
	return c.printHelp(b.String())
}

func (c *command) helpWaiters(service string, ws []waiter) error {
	var b strings.Builder
	fmt.Fprintf(&b, "NAME\n       %s wait - wait until a resource is in a state\n\nAVAILABLE COMMANDS\n", service)
	for _, w := range ws {
		fmt.Fprintf(&b, "       o %-42s polls %s\n", xform(w.name), xform(w.operation))
	}
	b.WriteString("       o help\n")
	return c.printHelp(b.String())
}

func (c *command) helpOperation() error {
	var b strings.Builder
	name := xform(c.op.Name)
	fmt.Fprintf(&b, "NAME\n       %s -\n\nDESCRIPTION\n       %s\n\nSYNOPSIS\n          %s\n", name, c.op.Doc, name)
	opts := optionsOf(c.op)
	for i, o := range opts {
		if o.flag && !o.value {
			continue
		}
		use := "--" + o.name + " <value>"
		if o.flag {
			use = "--" + o.name
			if i+1 < len(opts) && opts[i+1].name == "no-"+o.name {
				use += " | --no-" + o.name
			}
		}
		if !o.member.required {
			use = "[" + use + "]"
		}
		fmt.Fprintf(&b, "          %s\n", use)
	}
	fmt.Fprintf(&b, "          [--%s <value> | --%s <value>]\n          [--%s <value>]\n", inputJSON, inputYAML, skeletonOpt)
	if outfile(c.op) {
		b.WriteString("          <outfile>\n")
	}
	b.WriteString("\nOPTIONS\n")
	for _, o := range opts {
		if o.flag && !o.value {
			continue
		}
		fmt.Fprintf(&b, "       --%s (%s)%s\n", o.name, o.kindName(), map[bool]string{true: " [required]"}[o.member.required])
		for _, e := range o.member.enum {
			fmt.Fprintf(&b, "          o   %s\n", e)
		}
		if !o.paging && !o.count && o.member.shape.shorthand() {
			fmt.Fprintf(&b, "       Shorthand Syntax:\n          %s\n", shorthandExample(o.member.shape))
		}
	}
	return c.printHelp(b.String())
}

func (o option) kindName() string {
	switch {
	case o.count, o.paging && o.name == "starting-token":
		return "string"
	case o.paging:
		return "integer"
	}
	return [...]string{"string", "boolean", "integer", "float", "blob", "timestamp", "map", "list", "structure"}[o.member.shape.kind()]
}

// shorthandExample shows a shape in shorthand, as the AWS CLI's help does.
func shorthandExample(s shape) string {
	switch s.kind() {
	case kindList:
		return shorthandExample(s.elem()) + " ..."
	case kindMap:
		return "KeyName1=string,KeyName2=string"
	}
	return strings.TrimSuffix(strings.TrimPrefix(sample(s, 0), "{"), "}")
}

func sample(s shape, depth int) string {
	switch s.kind() {
	case kindStruct:
		if depth > 4 {
			return "{}"
		}
		var parts []string
		for _, m := range s.members() {
			parts = append(parts, m.name+"="+sample(m.shape, depth+1))
		}
		return "{" + strings.Join(parts, ",") + "}"
	case kindList:
		e := sample(s.elem(), depth+1)
		if depth == 1 && s.elem().scalar() {
			return e + "," + e
		}
		return "[" + e + "," + e + "]"
	case kindMap:
		return "{KeyName1=string,KeyName2=string}"
	case kindInt:
		return "integer"
	case kindFloat:
		return "float"
	case kindBool:
		return "boolean"
	case kindBlob:
		return "blob"
	case kindTime:
		return "timestamp"
	}
	return "string"
}

func (c *command) printHelp(text string) error {
	_, err := fmt.Fprint(c.cfg.Stdout, text)
	return err
}
