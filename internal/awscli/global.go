package awscli

import (
	"fmt"
	"slices"
	"strings"
)

// globalOption is an option that every command takes, anywhere on the line.
type globalOption struct {
	name    string
	value   bool     // one word follows
	choices []string // those allowed
	doc     string
}

// globalOptions lists them. The connection's options are read and mean
// nothing here: the built-in command has no connection of its own.
func globalOptions() []globalOption {
	return []globalOption{
		{"profile", true, nil, "Use a specific profile from your credential file."},
		{"region", true, nil, "The region to use. Overrides config/env settings."},
		{"output", true, []string{"json", "text", "table", "yaml", "off"}, "The formatting style for command output."},
		{"query", true, nil, "A JMESPath query to use in filtering the response data."},
		{"no-paginate", false, nil, "Make only one call, for the first page of results."},
		{"no-cli-pager", false, nil, "Accepted; no pager is ever used."},
		{"no-cli-auto-prompt", false, nil, "Accepted; nothing ever prompts."},
		{"color", true, []string{"on", "off", "auto"}, "Turn on/off color output."},
		{"cli-binary-format", true, []string{"base64", "raw-in-base64-out"}, "How blobs are given: base64 or as they are."},
		{"debug", false, nil, "Say on standard error what is called, and as whom."},
		{"no-sign-request", false, nil, "Refused: every request is signed."},
		{"endpoint-url", true, nil, "Accepted; the command always talks to its own world."},
		{"no-verify-ssl", false, nil, "Accepted; there is no connection."},
		{"ca-bundle", true, nil, "Accepted; there is no connection."},
		{"cli-read-timeout", true, nil, "Accepted; there is no connection."},
		{"cli-connect-timeout", true, nil, "Accepted; there is no connection."},
		{"version", false, nil, "Display the version of this tool."},
	}
}

// globals are the global options given, by name; a flag's value is "".
type globals map[string]string

func (g globals) has(name string) bool { _, ok := g[name]; return ok }

// splitGlobals takes the global options out of a command line.
func splitGlobals(args []string) (globals, []string, error) {
	g, rest, all := globals{}, []string{}, globalOptions()
	for i := 0; i < len(args); i++ {
		name, value, explicit := strings.Cut(args[i], "=")
		at := slices.IndexFunc(all, func(o globalOption) bool { return "--"+o.name == name })
		if at < 0 {
			rest = append(rest, args[i])
			continue
		}
		o := all[at]
		switch {
		case !o.value && explicit:
			return nil, nil, wrongUsage("argument %s: ignored explicit argument %s", name, pyRepr(value))
		case o.value && !explicit:
			if i+1 >= len(args) || looksLikeOption(args[i+1]) {
				return nil, nil, wrongUsage("argument %s: expected one argument", name)
			}
			i++
			value = args[i]
		}
		if o.choices != nil && !slices.Contains(o.choices, value) {
			return nil, nil, invalidChoice(name, value, o.choices)
		}
		g[o.name] = value
	}
	return g, rest, nil
}

// invalidChoice lists what would have been valid, two a line, and what the
// word may have meant.
func invalidChoice(argument, value string, choices []string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "argument %s: Invalid choice, valid choices are:\n", argument)
	for i := 0; i < len(choices); i += 2 {
		fmt.Fprintf(&b, "\n%-40s", choices[i])
		if i+1 < len(choices) {
			fmt.Fprintf(&b, " | %-40s", choices[i+1])
		}
	}
	if near := closest(value, choices); len(near) > 0 {
		fmt.Fprintf(&b, "\n\n\nInvalid choice: %s, maybe you meant:\n", pyRepr(value))
		for _, n := range near {
			fmt.Fprintf(&b, "\n  * %s", n)
		}
	}
	return wrongUsage("%s", b.String())
}

// closest gives up to three choices that share at least 0.8 of their letters
// with the word, best first, as Python's difflib measures it.
func closest(word string, choices []string) []string {
	score := func(c string) float64 { return 2 * float64(common(word, c)) / float64(len(word)+len(c)) }
	near := slices.DeleteFunc(slices.Clone(choices), func(c string) bool { return len(word)+len(c) == 0 || score(c) < 0.8 })
	slices.SortStableFunc(near, func(a, b string) int {
		switch x, y := score(a), score(b); {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	return near[:min(3, len(near))]
}

// common counts the letters in the longest common run and, on both sides of
// it, in theirs (Ratcliff and Obershelp).
func common(a, b string) int {
	best, at, bt := 0, 0, 0
	for i := range len(a) {
		for j := range len(b) {
			n := 0
			for i+n < len(a) && j+n < len(b) && a[i+n] == b[j+n] {
				n++
			}
			if n > best {
				best, at, bt = n, i, j
			}
		}
	}
	if best == 0 {
		return 0
	}
	return best + common(a[:at], b[:bt]) + common(a[at+best:], b[bt+best:])
}
