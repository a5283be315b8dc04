package lesson_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ebsim/ebsim/internal/lesson"
)

var update = flag.Bool("update", false, "write the golden files")

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

func load(t *testing.T, name string) *lesson.Lesson {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	l, err := lesson.Parse("testdata/"+name, text)
	require.NoError(t, err)
	return l
}

// aside says for every aws command what it called, as the caller of Play does.
func aside(_ context.Context, st lesson.Statement) string {
	switch {
	case strings.Contains(st.Text, "delete-key"):
		return "kms:DeleteKey denied: no statement allows it\n  the key policy names alice only\n"
	case strings.Contains(st.Text, "create-key"):
		return "kms:CreateKey allowed"
	}
	return ""
}

func TestPlayGolden(t *testing.T) {
	for name, ui := range map[string]lesson.UI{
		"keys.auto.txt":   {Auto: true, Aside: aside},
		"keys.hints.txt":  {Auto: true, Hints: true, From: 2, Width: 60},
		"keys.colour.txt": {Auto: true, Colour: true, From: 3, Aside: aside},
		"keys.asked.txt":  {In: strings.NewReader("\n\n?\nit is denied\n"), Aside: aside},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			ui.Out = &out
			require.NoError(t, lesson.Play(context.Background(), load(t, "keys.md"), newRunner(t), ui))
			golden(t, name, out.String())
		})
	}
}

func TestPlayStops(t *testing.T) {
	var out bytes.Buffer
	err := lesson.Play(context.Background(), load(t, "keys.md"), newRunner(t), lesson.UI{In: strings.NewReader("q\n"), Out: &out})
	require.ErrorIs(t, err, lesson.ErrStopped)
	require.NotContains(t, out.String(), "Done:")

	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	defer w.Close()
	err = lesson.Play(ctx, load(t, "keys.md"), newRunner(t), lesson.UI{In: r, Out: &out})
	require.ErrorIs(t, err, context.DeadlineExceeded)

	err = lesson.Play(context.Background(), load(t, "keys.md"), newRunner(t), lesson.UI{Auto: true, Out: &out, From: 9})
	require.ErrorContains(t, err, "there is no step 9")
}

func TestPlayFails(t *testing.T) {
	l, err := lesson.Parse("x.md", []byte("```sh\ntrue\n```\n\n## Two\n```sh\necho almost\nexpect-error Gone aws kms delete-key\necho never\n```\n"))
	require.NoError(t, err)
	var out bytes.Buffer
	err = lesson.Play(context.Background(), l, newRunner(t), lesson.UI{Auto: true, Out: &out})
	var f *lesson.Failure
	require.True(t, errors.As(err, &f))
	require.Equal(t, 8, f.Line)
	require.Equal(t, "x.md:8: wanted the error Gone, got AccessDeniedException: expect-error Gone aws kms delete-key", f.Error())
	require.Contains(t, out.String(), "almost")
	require.NotContains(t, out.String(), "never")
}

func TestMarkdownRun(t *testing.T) {
	r := newRunner(t)
	var before, after []lesson.Statement
	r.Before = func(_ context.Context, st lesson.Statement) { before = append(before, st) }
	r.After = func(_ context.Context, st lesson.Statement) { after = append(after, st) }
	l := load(t, "keys.md")
	result := lesson.RunTest(context.Background(), l, r)
	require.Nil(t, result.Failure)
	require.Equal(t, 3, result.Steps)
	require.Equal(t, len(after), result.Statements)
	require.Len(t, before, len(after))
	require.True(t, after[0].Hidden)
	require.Equal(t, "testdata/keys.md", after[2].File)
	require.Equal(t, []string{"# The answer names the key."}, after[2].Note)
	lines, err := os.ReadFile("testdata/keys.md")
	require.NoError(t, err)
	for _, st := range after {
		first, _, _ := strings.Cut(st.Text, "\n")
		require.Contains(t, strings.Split(string(lines), "\n")[st.Line-1], first)
	}
}

func TestFailureInMarkdown(t *testing.T) {
	text := "---\ntitle: X\n---\n\n# X\n\nText.\n\n```sh setup\nf() {\n  echo deep\n  false\n}\n```\n\n## Two\n\n  ```sh\n  echo a\n  f\n  ```\n"
	l, err := lesson.Parse("x.md", []byte(text))
	require.NoError(t, err)
	result := lesson.RunTest(context.Background(), l, newRunner(t))
	require.NotNil(t, result.Failure)
	require.Equal(t, lesson.Failure{File: "x.md", Line: 12, Command: "false", Output: "deep\n",
		Reason: "exit status 1 (called from line 20)"}, *result.Failure)
	require.Equal(t, "x.md:12: exit status 1 (called from line 20)\n    $ false\n    deep\n", result.Failure.Report())
}

func TestLongOutputIsCut(t *testing.T) {
	_, result := script(t, newRunner(t), "{ seq 1 200000; seq 1 30; false; }")
	require.NotNil(t, result.Failure)
	require.Equal(t, 21, strings.Count(result.Failure.Output, "\n"))
	require.True(t, strings.HasSuffix(result.Failure.Output, "\n29\n30\n"))
}

func TestTimeoutAndCancel(t *testing.T) {
	r := newRunner(t)
	r.Timeout = 50 * time.Millisecond
	for _, text := range []string{"while :; do :; done", "cat /dev/zero | wc -c", "tail -c 1 /dev/zero", "seq 1 9999999 >/dev/null; sort /dev/urandom", "echo a; cat /dev/zero >/dev/null"} {
		_, result := script(t, r, "true\n"+text)
		require.NotNil(t, result.Failure, text)
		require.Equal(t, 2, result.Failure.Line)
	}
	r.Timeout = 0
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	l, err := lesson.Parse("x.sh", []byte("cat /dev/zero >/dev/null"))
	require.NoError(t, err)
	require.Equal(t, "context deadline exceeded", lesson.RunTest(ctx, l, r).Failure.Reason)
}

func TestRunnerFaults(t *testing.T) {
	l, err := lesson.Parse("x.sh", []byte("true"))
	require.NoError(t, err)
	require.Contains(t, lesson.RunTest(context.Background(), l, &lesson.Runner{}).Failure.Reason, "no scratch folder")
	require.Contains(t, lesson.RunTest(context.Background(), l, &lesson.Runner{Scratch: "/none/such"}).Failure.Reason, "no such file")
	r := newRunner(t)
	r.Env = []string{"x y=1"}
	require.Contains(t, lesson.RunTest(context.Background(), l, r).Failure.Reason, "not NAME=value")
}

func TestUnknownCommandSaysWhatThereIs(t *testing.T) {
	out, _ := script(t, newRunner(t), "curl http://example.com")
	require.Contains(t, out, `lesson: no command "curl": a lesson has aws, expect-error, base64, basename, cat, cmp`)
}

func TestWriteJUnit(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, lesson.WriteJUnit(&out, []lesson.Result{
		{Name: "good", File: "good.md", Duration: 1500 * time.Millisecond},
		{Name: "bad", File: "bad.sh", Failure: &lesson.Failure{File: "bad.sh", Line: 3, Command: "grep <x> & y", Output: "a\x1b[1m\n", Reason: "exit status 1"}},
	}))
	golden(t, "junit.xml", out.String())
	require.NoError(t, xml.Unmarshal(out.Bytes(), new(struct{})))
}

func TestExport(t *testing.T) {
	l := load(t, "keys.md")
	var md, html, script bytes.Buffer
	require.NoError(t, lesson.Export(l, &md, lesson.Markdown))
	golden(t, "keys.export.md", md.String())
	require.NoError(t, lesson.Export(l, &html, lesson.HTML))
	golden(t, "keys.export.html", html.String())
	require.ErrorContains(t, lesson.Export(l, &html, "pdf"), `"pdf"`)

	evil, err := lesson.Parse("evil.md", []byte("# A <b>\n\n<script>alert(1)</script>\n\n[x](javascript:alert(1))\n"))
	require.NoError(t, err)
	require.NoError(t, lesson.Export(evil, &script, lesson.HTML))
	require.NotContains(t, script.String(), "<script>")
	require.NotContains(t, script.String(), "javascript:")
	require.Contains(t, script.String(), "<title>A &lt;b&gt;</title>")
}
