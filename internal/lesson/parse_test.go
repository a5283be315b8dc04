package lesson_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ebsim/ebsim/internal/lesson"
)

func TestParseMarkdown(t *testing.T) {
	l := load(t, "keys.md")
	require.Equal(t, "keys", l.Name)
	require.Equal(t, "Keys and who may use them", l.Title)
	require.Equal(t, 10, l.Minutes)
	require.Equal(t, []string{"eu-central-1", "us-east-1"}, l.Regions)
	require.Equal(t, []lesson.Account{{Name: "alice", ID: "111111111111"}, {Name: "bob", User: "dev", ID: "022222222222"}}, l.Accounts)
	require.Equal(t, "alice", l.Accounts[0].Profile())
	require.Equal(t, "bob/dev", l.Accounts[1].Profile())
	var kinds [][]lesson.Kind
	for _, step := range l.Steps {
		var k []lesson.Kind
		for _, p := range step.Parts {
			k = append(k, p.Kind)
		}
		kinds = append(kinds, k)
	}
	require.Equal(t, [][]lesson.Kind{
		{lesson.Prose, lesson.Setup},
		{lesson.Prose, lesson.Code, lesson.Prose},
		{lesson.Predict, lesson.Hint, lesson.Code, lesson.Prose},
	}, kinds)
	require.Equal(t, "Make a key", l.Steps[1].Heading)

	text, err := os.ReadFile(filepath.Join("testdata", "keys.md"))
	require.NoError(t, err)
	lines := strings.Split(string(text), "\n")
	for _, step := range l.Steps {
		for _, p := range step.Parts {
			if p.Kind != lesson.Predict && p.Kind != lesson.Hint {
				first, _, _ := strings.Cut(p.Text, "\n")
				require.Equal(t, lines[p.Line-1], first)
			}
		}
	}
}

func TestParseScript(t *testing.T) {
	l, err := lesson.Parse("dir/share-it.sh", []byte("#!/bin/sh\n# title: Share it\n# accounts: alice=111111111111 bob/dev=222222222222\n#\n# regions: eu-west-1, us-east-1\n# minutes: 3\n# A note: it is long.\n\necho a # accounts: none\n# accounts: late\n"))
	require.NoError(t, err)
	require.Equal(t, "share-it", l.Name)
	require.Equal(t, "Share it", l.Title)
	require.Equal(t, 3, l.Minutes)
	require.Equal(t, []string{"eu-west-1", "us-east-1"}, l.Regions)
	require.Equal(t, []lesson.Account{{Name: "alice", ID: "111111111111"}, {Name: "bob", User: "dev", ID: "222222222222"}}, l.Accounts)
	require.Len(t, l.Steps, 1)

	l, err = lesson.Parse("bare.sh", []byte("echo a\r\necho b\r\n"))
	require.NoError(t, err)
	require.Equal(t, "bare", l.Title)
}

func TestParseVariants(t *testing.T) {
	l, err := lesson.Parse("x.md", []byte("---\naccounts:\n  - alice: 111111111111\n  - bob: \"222222222222\"\nregions: a b\n---\n# From the text\n\n~~~sh\ntrue\n~~~\n````sh\ncat <<'E'\n```\nE\n````\n"))
	require.NoError(t, err)
	require.Equal(t, "From the text", l.Title)
	require.Len(t, l.Accounts, 2)
	require.Equal(t, []string{"a", "b"}, l.Regions)
	require.Len(t, l.Steps[0].Parts, 2)
	require.Equal(t, "cat <<'E'\n```\nE\n", l.Steps[0].Parts[1].Text)
}

func TestParseFaultsNameTheLine(t *testing.T) {
	for name, test := range map[string]struct{ file, text, want string }{
		"front matter open":   {"x.md", "---\ntitle: a\n", "x.md:1: the front matter has no closing ---"},
		"front matter field":  {"x.md", "---\ntitle: a\n\ncolour: red\n---\n", `x.md:4: front matter: unknown field "colour": want title, summary, minutes, accounts or regions`},
		"front matter shape":  {"x.md", "---\n- a\n---\n", "x.md:2: front matter: want lines such as title: …"},
		"minutes":             {"x.md", "---\nminutes: soon\n---\n", `x.md:2: front matter: minutes: "soon" is not a number of minutes`},
		"account number":      {"x.md", "---\naccounts:\n  alice: 11\n---\n", `x.md:3: account alice: "11" is not an account id of 12 digits`},
		"account list":        {"x.md", "---\naccounts: alice\n---\n", "x.md:2: front matter: accounts: want lines such as alice: 111111111111"},
		"account name":        {"x.md", "---\naccounts:\n  a/b/c: 111111111111\n---\n", `x.md:3: account name "a/b/c": want a name such as alice, or bob/dev for a user`},
		"account twice":       {"x.sh", "# accounts: a=111111111111 a=111111111111\n", "x.sh:1: account a is given twice"},
		"account two numbers": {"x.sh", "# accounts: a=111111111111\n# accounts: a/b=222222222222\n", "x.sh:2: account a/b: a has the id 111111111111 elsewhere"},
		"account pair":        {"x.sh", "#\n# accounts: alice\n", `x.sh:2: accounts: "alice": want alice=111111111111`},
		"script minutes":      {"x.sh", "# minutes: -1\n", `x.sh:1: minutes: "-1" is not a number of minutes`},
		"open fence":          {"x.md", "a\n\n```sh\ntrue\n", "x.md:3: the block that starts here has no closing ```"},
		"other shell":         {"x.md", "a\n```bash\ntrue\n```\n", "x.md:2: a bash block is not run: write sh, or text to only show it"},
		"word after sh":       {"x.md", "```sh hidden\ntrue\n```\n", `x.md:1: unknown word "hidden" after sh: want sh or sh setup`},
		"syntax in markdown":  {"x.md", "a\n\n```sh\ntrue\nif true; then\n```\n", "x.md:5: `then` must be followed by a statement list"},
		"syntax in script":    {"x.sh", "true\n\necho 'a\n", "x.sh:3: reached EOF without closing quote `'`"},
		"process subst":       {"x.md", "```sh\ntrue\ncat <(true)\n```\n", "x.md:3: process substitution needs a pipe outside the lesson's folder: use a file"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := lesson.Parse(test.file, []byte(test.text))
			require.EqualError(t, err, test.want)
			var pe *lesson.ParseError
			require.ErrorAs(t, err, &pe)
		})
	}
}

// FuzzParse looks for panics, for parts whose lines are not in the text, and
// for statements that a block does not hold.
func FuzzParse(f *testing.F) {
	keys, err := os.ReadFile(filepath.Join("testdata", "keys.md"))
	require.NoError(f, err)
	f.Add("keys.md", keys)
	for _, seed := range []string{"---\n---\n", "```sh\n```", "```sh\ncat <<E\n$(a)\nE\n```\n", "> **Predict:** x\n", "   ~~~ sh\n\t\n~~~", "---\n? [a]\n: b\n---\n"} {
		f.Add("x.md", []byte(seed))
	}
	for _, seed := range []string{"# accounts: a=1\n", "cat <<-E <<'F'\n\tx\n\tE\nF\n", "a() { b; }; a &\n", "x=$(<f)", "((1))\n[[ a ]]"} {
		f.Add("x.sh", []byte(seed))
	}
	f.Fuzz(func(t *testing.T, name string, text []byte) {
		l, err := lesson.Parse(name, text)
		if err != nil {
			return
		}
		lines := strings.Count(string(text), "\n") + 1
		for _, step := range l.Steps {
			for _, p := range step.Parts {
				if p.Line < 1 || p.Line > lines+1 {
					t.Fatalf("line %d of %d", p.Line, lines)
				}
				lesson.Render(p.Text, 40, true)
			}
		}
		if err := lesson.Export(l, &strings.Builder{}, lesson.HTML); err != nil {
			t.Fatal(err)
		}
	})
}
