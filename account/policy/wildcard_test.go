package policy

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func wild(t testing.TB, text string) glob {
	p, err := compile(text, true, false)
	require.NoError(t, err)
	return p.pieces
}

// naive says by plain recursion, over characters, what match should say.
func naive(p, s []rune) bool {
	switch {
	case len(p) == 0:
		return len(s) == 0
	case p[0] == '*':
		return naive(p[1:], s) || len(s) > 0 && naive(p, s[1:])
	case len(s) == 0:
		return false
	}
	return (p[0] == '?' || p[0] == s[0]) && naive(p[1:], s[1:])
}

func TestWildcardModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := rapid.StringOfN(rapid.RuneFrom([]rune("ab*?é:")), 0, 10, -1).Draw(rt, "pattern")
		s := rapid.StringOfN(rapid.RuneFrom([]rune("abé:")), 0, 12, -1).Draw(rt, "value")
		if got := wild(t, p).match(s); got != naive([]rune(p), []rune(s)) {
			rt.Fatalf("%q against %q: %v", p, s, got)
		}
	})
}

// TestWildcardLong crosses the words of the state that a part with ? is
// searched with.
func TestWildcardLong(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		part := rapid.StringOfN(rapid.RuneFrom([]rune("aaaa?b")), 60, 140, -1).Draw(rt, "part")
		s := rapid.StringOfN(rapid.RuneFrom([]rune("aaaaaaab")), 0, 60, -1).Draw(rt, "before") +
			strings.ReplaceAll(part, "?", "é") + rapid.StringOfN(rapid.RuneFrom([]rune("ab")), 0, 60, -1).Draw(rt, "after")
		if !wild(t, "*"+part+"*").match(s) {
			rt.Fatalf("%q is in %q", part, s)
		}
		s = strings.Replace(s, "é", "", 1)
		want := false
		for i := range s {
			want = want || naive([]rune(part), []rune(s[i:])[:min(len([]rune(part)), len([]rune(s[i:])))])
		}
		if wild(t, "*"+part+"*").match(s) != want {
			rt.Fatalf("%q in %q: want %v", part, s, want)
		}
	})
	g := glob{{kind: many}, {kind: literal, text: "\xff"}, {kind: one}, {kind: many}}
	require.True(t, g.match("a\xffb"))
	require.False(t, g.match("a\xfeb"))
}

func TestWildcardARNModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		field := rapid.StringOfN(rapid.RuneFrom([]rune("ab*?")), 0, 3, -1)
		var fields [7]string
		for i := range fields {
			fields[i] = field.Draw(rt, "field")
		}
		n := rapid.IntRange(1, 7).Draw(rt, "fields of the pattern")
		p := strings.Join(fields[:n], ":")
		s := rapid.StringMatching(`[ab]{0,2}(:[ab]{0,2}){4,7}`).Draw(rt, "value")
		values := strings.SplitN(s, ":", 6)
		want := len(values) == 6
		for i, f := range strings.SplitN(p, ":", 6) {
			want = want && naive([]rune(f), []rune(values[i]))
		}
		want = want || strings.Trim(p, "*") == "" && p != ""
		if got := wild(t, p).matchARN(s); got != want {
			rt.Fatalf("%q against %q: %v", p, s, got)
		}
	})
}

// TestWildcardIsNotSlow: patterns as long as a key policy against values as
// long as an encryption context. Backtracking would not end; the limit only
// says that this does, on a slow machine under the race detector too.
func TestWildcardIsNotSlow(t *testing.T) {
	as := strings.Repeat("a", 8<<10)
	for _, p := range []string{
		strings.Repeat("a*", 16<<10) + "b",
		strings.Repeat("*a", 4<<10) + "b*",
		strings.Repeat("*aa", 2<<10) + "*b",
		strings.Repeat("*?", 4<<10) + "b*",
		"*" + strings.Repeat("?", 4<<10) + "b*",
		"*" + strings.Repeat("a?", 2<<10) + "b*",
	} {
		start := time.Now()
		require.False(t, wild(t, p).match(as))
		require.Less(t, time.Since(start), 5*time.Second, p[:10])
	}
}

func BenchmarkWildcard(b *testing.B) {
	as := strings.Repeat("a", 8<<10)
	for _, p := range []string{"*a*b*", "*aaaaaaaab*", "*a?a?a?a?b*"} {
		g := wild(b, p)
		b.Run(p, func(b *testing.B) {
			b.SetBytes(int64(len(as)))
			for b.Loop() {
				g.match(as)
			}
		})
	}
}

func FuzzWildcard(f *testing.F) {
	for _, s := range [][2]string{{"*", ""}, {"a*b?c", "axxbyc"}, {"**?", "é"}, {"?*?", "ab"}, {"a*a", "a"}} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, p, s string) {
		if len(p) > 12 || len(s) > 40 || !utf8.ValidString(p) || !utf8.ValidString(s) {
			return
		}
		require.Equal(t, naive([]rune(p), []rune(s)), wild(t, p).match(s))
	})
}

func TestVariables(t *testing.T) {
	e := newEnv(Request{
		Principal: Principal{Kind: User, Account: "111111111111", Name: "dev"},
		Context:   Context{"aws:PrincipalTag/team": {"blue*"}, "aws:TagKeys": {"a", "b"}, "x:empty": {""}},
	})
	for _, c := range []struct {
		text, value string
		want        bool
		problem     string
	}{
		{text: "${aws:username}", value: "dev", want: true},
		{text: "${AWS:UserName}", value: "dev", want: true},
		{text: "a-${aws:username}-*", value: "a-dev-1", want: true},
		{text: "${aws:username}${aws:username}", value: "devdev", want: true},
		{text: "${aws:PrincipalTag/team}", value: "blue*", want: true},
		{text: "${aws:PrincipalTag/team}", value: "blues", want: false},
		{text: "${nobody:home, 'x'}", value: "x", want: true},
		{text: "${nobody:home,''}y", value: "y", want: true},
		{text: "${x:empty, 'x'}", value: "", want: true},
		{text: "${aws:username, 'x'}", value: "dev", want: true},
		{text: "${*}${?}${$}", value: "*?$", want: true},
		{text: "${*}", value: "a", want: false},
		{text: "$aws{}", value: "$aws{}", want: true},
		{text: "${nobody:home}", problem: "${nobody:home} has no value in this request"},
		{text: "${aws:TagKeys}", problem: "${aws:TagKeys} has no value in this request"},
		{text: "${aws:TagKeys, 'x'}", problem: "${aws:TagKeys} has no value in this request"},
	} {
		t.Run(c.text+" "+c.value, func(t *testing.T) {
			p, err := compile(c.text, true, true)
			require.NoError(t, err)
			g, err := p.expand(e)
			if c.problem != "" {
				require.EqualError(t, err, c.problem)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, g.match(c.value))
			again, _ := p.expand(e)
			require.Equal(t, g, again, "expanding changes nothing")
		})
	}
	for _, bad := range []string{"${", "${}", "${aws:username", "${a,b}", "${a:b, 'c}", "${a:b, ''c''}", "${${a:b}}"} {
		_, err := compile(bad, true, true)
		require.Error(t, err, bad)
		p, err := compile(bad, false, false)
		require.NoError(t, err)
		require.Equal(t, bad, p.fixed)
	}
}
