package awscli

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// input is what a command line says about one call.
type input struct {
	params   *object
	paging   paging
	follow   bool // all pages are wanted
	skeleton string
	outfile  string
}

// common options of every operation, beside its members.
const (
	inputJSON   = "cli-input-json"
	inputYAML   = "cli-input-yaml"
	skeletonOpt = "generate-cli-skeleton"
)

// readInput reads the words after the operation's name. paged gives the
// operation its paging options.
func (c *command) readInput(args []string, paged bool) (*input, error) {
	opts := optionsOf(c.op)
	if !paged || c.globals.has("no-paginate") {
		opts = unpaged(c.op, opts)
	}
	if !paged {
		opts = slices.DeleteFunc(opts, func(o option) bool { return o.paging })
	}
	text := member{shape: shapeOf(stringType())}
	all := append(opts[:len(opts):len(opts)], option{name: inputJSON, member: text}, option{name: inputYAML, member: text},
		option{name: skeletonOpt, member: text, flag: true, maybe: true})
	g, unknown, err := parseOptions(args, all, outfile(c.op))
	if err != nil {
		return nil, err
	}
	in := &input{outfile: g.outfile}
	if w, ok := g.words[skeletonOpt]; ok {
		in.skeleton = "input"
		if len(w) > 0 {
			in.skeleton = w[0]
		}
		if choices := []string{"input", "output", "yaml-input"}; !slices.Contains(choices, in.skeleton) {
			return nil, invalidChoice("--"+skeletonOpt, in.skeleton, choices)
		}
	}
	_, hasJSON := g.words[inputJSON]
	_, hasYAML := g.words[inputYAML]
	if in.skeleton == "" && !hasJSON && !hasYAML {
		if err := c.missing(opts, g); err != nil {
			return nil, err
		}
	}
	if len(unknown) > 0 {
		return nil, &exitError{ExitUsage, true, "Unknown options: " + strings.Join(unknown, ", ")}
	}
	if hasJSON && hasYAML {
		return nil, failure(ExitUsage, "Only one --cli-input- parameter may be specified.")
	}
	if in.skeleton != "" {
		return in, nil
	}
	if in.params, err = c.inputDocument(g); err != nil {
		return nil, err
	}
	if err := c.setMembers(in.params, opts, g); err != nil {
		return nil, err
	}
	if p := pagerOf(c.op); p != nil && paged {
		in.follow = !c.globals.has("no-paginate") && !p.manual(in.params)
		var typed []string
		if in.paging, typed, err = readPaging(g, opts); err != nil {
			return nil, err
		}
		if !in.follow && len(typed) > 0 {
			return nil, failure(ExitUsage, "Error during pagination: Cannot specify --no-paginate along with pagination arguments: %s",
				strings.Join(typed, ", "))
		}
	}
	return in, nil
}

func (c *command) missing(opts []option, g *given) error {
	var names []string
	for _, o := range opts {
		if _, ok := g.words[o.name]; !ok && o.member.required && !o.flag {
			names = append(names, "--"+o.name)
		}
	}
	if outfile(c.op) && g.outfile == "" {
		names = append(names, "outfile")
	}
	if len(names) > 0 {
		return wrongUsage("the following arguments are required: %s", strings.Join(names, ", "))
	}
	return nil
}

// inputDocument reads --cli-input-json or --cli-input-yaml, to which the
// options are then added.
func (c *command) inputDocument(g *given) (*object, error) {
	name := inputJSON
	w, ok := g.words[inputJSON]
	if !ok {
		if w, ok = g.words[inputYAML]; !ok {
			return newObject(), nil
		}
		name = inputYAML
	}
	text := w[0]
	if v, isFile, err := c.paramFile(text); err != nil {
		return nil, wrongParam(name, "%v", err)
	} else if isFile {
		switch v := v.(type) {
		case string:
			text = v
		case []byte:
			text = string(v)
		}
	}
	var v any
	var err error
	if name == inputJSON {
		v, err = parseJSON(text)
	} else {
		v, err = parseYAML(text)
	}
	if err != nil {
		what := map[string]string{inputJSON: "JSON", inputYAML: "YAML"}[name]
		if shapeOf(c.op.Input).secret() {
			return nil, wrongParam(name, "Invalid %s: %v", what, err)
		}
		return nil, wrongParam(name, "Invalid %s: %v\n%s received: %s", what, err, what, text)
	}
	o, ok := v.(*object)
	if !ok {
		return nil, wrongParam(name, "Invalid type: expecting map, received %s", pyType(v))
	}
	return o, nil
}

// setMembers puts the options' values into params, the command line over the
// document.
func (c *command) setMembers(params *object, opts []option, g *given) error {
	for _, o := range opts {
		words, ok := g.words[o.name]
		switch {
		case !ok || o.paging:
		case o.count:
			if err := setCount(params, words[0]); err != nil {
				return err
			}
		case o.flag && len(words) == 0 && o.wrap:
			v := newObject()
			v.set("Value", o.value)
			params.set(o.member.name, v)
		case o.flag && len(words) == 0:
			params.set(o.member.name, o.value)
		case o.path:
			data, err := c.readFile(words[0])
			if err != nil {
				return wrongParam("--"+o.name, "Blob values must be a path to a file: %s", fileError(words[0], err))
			}
			params.set(o.member.name, data)
		default:
			v, err := c.readParam(o, words)
			if err != nil {
				return err
			}
			params.set(o.member.name, v)
		}
	}
	if c.op.Service == "ec2" && c.op.Name == "RunInstances" {
		for _, name := range []string{"MinCount", "MaxCount"} {
			if _, ok := params.get(name); !ok {
				params.set(name, int64(1))
			}
		}
	}
	return nil
}

// setCount reads run-instances' --count: 2, or 1:10.
func setCount(params *object, word string) error {
	low, high, ranged := strings.Cut(word, ":")
	if !ranged {
		high = low
	}
	least, err1 := strconv.ParseInt(low, 10, 64)
	most, err2 := strconv.ParseInt(high, 10, 64)
	if err1 != nil || err2 != nil {
		return wrongParam("--count", "count parameter should be of form min[:max] (e.g. 1 or 1:10)")
	}
	params.set("MinCount", least)
	params.set("MaxCount", most)
	return nil
}

// parseYAML reads a YAML document by way of nodes, so that keys keep their
// order.
func parseYAML(text string) (any, error) {
	var doc yaml.Node
	if err := yaml.NewDecoder(bytes.NewReader([]byte(text))).Decode(&doc); err != nil {
		return nil, err
	}
	return fromYAML(&doc, 0)
}
