package awscli

import (
	"slices"
	"strconv"
	"strings"

	"github.com/ebsim/ebsim/internal/awsapi"
)

// option is one option of an operation.
type option struct {
	name   string // without the dashes
	member member
	flag   bool // takes no value
	value  bool // what a flag means
	wrap   bool // a flag's meaning goes into a structure's Value
	maybe  bool // a value may follow
	path   bool // the value is the path of a file with the bytes
	paging bool // one of the unified paging options, no member
	count  bool // run-instances' --count
}

// takesList tells whether several words may follow.
func (o option) takesList() bool { return !o.paging && !o.count && o.member.shape.kind() == kindList }

// optionsOf lists an operation's options in the order of its members, then
// the paging options.
func optionsOf(op *awsapi.Operation) []option {
	var opts []option
	runInstances := op.Service == "ec2" && op.Name == "RunInstances"
	for _, m := range shapeOf(op.Input).members() {
		name := xform(m.name)
		switch {
		case m.shape.kind() == kindBool:
			opts = append(opts, option{name: name, member: m, flag: true, value: true},
				option{name: "no-" + name, member: m, flag: true})
		case m.shape.only("Value", kindBool):
			opts = append(opts, option{name: name, member: m, flag: true, value: true, wrap: true, maybe: true},
				option{name: "no-" + name, member: m, flag: true, wrap: true})
		case runInstances && m.name == "MinCount":
			opts = append(opts, option{name: "count", count: true})
		case runInstances && m.name == "MaxCount":
		default:
			opts = append(opts, option{name: name, member: m, path: op.Service == "ebs" && m.name == streamed})
		}
	}
	p := pagerOf(op)
	if p == nil {
		return opts
	}
	for _, name := range pagingNames() {
		if name == "page-size" && p.limit == "" {
			continue
		}
		// IAM's own --max-items gives way.
		opts = slices.DeleteFunc(opts, func(o option) bool { return o.name == name })
		opts = append(opts, option{name: name, paging: true})
	}
	return opts
}

// unpaged is optionsOf without following pages: IAM has its own --max-items
// back, and the paging options are still read, to be refused by name.
func unpaged(op *awsapi.Operation, opts []option) []option {
	for _, m := range shapeOf(op.Input).members() {
		if i := slices.IndexFunc(opts, func(o option) bool { return o.paging && o.name == xform(m.name) }); i >= 0 {
			opts[i] = option{name: opts[i].name, member: m}
		}
	}
	return opts
}

// streamed is the member that the EBS direct API moves as a raw body: given
// as a path, and written to the file named last on the line.
const streamed = "BlockData"

// outfile tells whether the operation's bytes go to a file.
func outfile(op *awsapi.Operation) bool {
	if op.Service != "ebs" {
		return false
	}
	_, ok := shapeOf(op.Output).member(streamed)
	return ok
}

// looksLikeOption splits the words of a command line as Python's argparse
// does: a dash starts an option, unless the word is a dash alone, a negative
// number, or has a space in it.
func looksLikeOption(word string) bool {
	if len(word) < 2 || word[0] != '-' {
		return false
	}
	if _, err := strconv.ParseFloat(word, 64); err == nil {
		return false
	}
	name, _, _ := strings.Cut(word, "=")
	return !strings.Contains(name, " ")
}

// given is what was typed for an operation.
type given struct {
	words   map[string][]string // by option name; a flag has none
	outfile string
}

// parseOptions reads the words after the operation.
func parseOptions(args []string, opts []option, withOutfile bool) (*given, []string, error) {
	g := &given{words: map[string][]string{}}
	var unknown []string
	for i := 0; i < len(args); i++ {
		if !looksLikeOption(args[i]) {
			if withOutfile && g.outfile == "" {
				g.outfile = args[i]
			} else {
				unknown = append(unknown, args[i])
			}
			continue
		}
		name, value, explicit := strings.Cut(args[i], "=")
		o := find(opts, strings.TrimPrefix(name, "--"))
		if o == nil || !strings.HasPrefix(name, "--") {
			unknown = append(unknown, args[i])
			continue
		}
		if o.flag && !o.maybe {
			if explicit {
				return nil, nil, wrongUsage("argument %s: ignored explicit argument %s", name, pyRepr(value))
			}
			g.words[o.name] = []string{}
			continue
		}
		words := []string{}
		if explicit {
			words = append(words, value)
		}
		for !explicit && i+1 < len(args) && !looksLikeOption(args[i+1]) && (len(words) == 0 || o.takesList()) {
			i++
			words = append(words, args[i])
		}
		if len(words) == 0 && !o.takesList() && !o.maybe {
			return nil, nil, wrongUsage("argument %s: expected one argument", name)
		}
		g.words[o.name] = words
	}
	return g, unknown, nil
}

func find(opts []option, name string) *option {
	for i := range opts {
		if opts[i].name == name {
			return &opts[i]
		}
	}
	return nil
}
