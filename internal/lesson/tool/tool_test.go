package tool_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ebsim/ebsim/internal/clock"
	"github.com/ebsim/ebsim/internal/lesson"
	"github.com/ebsim/ebsim/internal/lesson/tool"
)

var update = flag.Bool("update", false, "write the golden file")

// files is what every command line below may read.
var files = map[string]string{
	"fruit":  "pear 3\napple 10\nfig 2\napple 9\nPear 3\n\nfig 2\n",
	"csv":    "id,name,size\n1,alpha,30\n2,beta,4\n3,gamma,200\nno comma here\n",
	"json":   "{\n  \"Volume\": \"vol-1\",\n  \"State\": \"available\",\n  \"Encrypted\": true\n}\n",
	"noend":  "one\ntwo\nthree",
	"empty":  "",
	"binary": "\x00\x01\x02\tABC\xff\xfe\n\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00end",
	"other":  "pear 3\napple 10\nkiwi\nfig 2\napple 9\nPear 3\nfig 2\nlast\n",
	"dots":   "a.b\na+b\naab\na*b\n[x]\n$5 (five)\n/path/to\n",
}

// commands is one command line a line; all run in the same fixture.
func commands(t *testing.T) []string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "commands.txt"))
	require.NoError(t, err)
	var list []string
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "# ") {
			list = append(list, line)
		}
	}
	return list
}

func fixture(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	return dir
}

// inLesson runs a command line as a lesson and gives its standard output,
// its standard error and its status.
func inLesson(t *testing.T, dir, line string) (string, string, int) {
	t.Helper()
	l, err := lesson.Parse("x.sh", []byte("set +e\n"+line))
	require.NoError(t, err, line)
	var out, errs bytes.Buffer
	status := 0
	lesson.RunTest(context.Background(), l, &lesson.Runner{
		Scratch: dir, Stdout: &out, Stderr: &errs, Timeout: time.Minute,
		Clock: clock.Virtual(time.Date(2026, 3, 1, 9, 5, 7, 0, time.UTC)),
		After: func(_ context.Context, st lesson.Statement) { status = st.Status },
	})
	return out.String(), errs.String(), status
}

// TestGolden holds every command's output and status.
func TestGolden(t *testing.T) {
	var got strings.Builder
	for _, line := range commands(t) {
		out, errs, status := inLesson(t, fixture(t), line)
		fmt.Fprintf(&got, "$ %s\n%s", line, quoted(out))
		if errs != "" {
			fmt.Fprintf(&got, "%s", strings.ReplaceAll("! "+strings.TrimSuffix(errs, "\n"), "\n", "\n! ")+"\n")
		}
		if status != 0 {
			fmt.Fprintf(&got, "= %d\n", status)
		}
	}
	file := filepath.Join("testdata", "golden.txt")
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(got.String()), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), got.String())
}

func quoted(s string) string {
	if strings.ContainsAny(s, "\x00\xff\r\x1b") {
		return fmt.Sprintf("%q\n", s)
	}
	if s != "" && !strings.HasSuffix(s, "\n") {
		s += "%\n" // as zsh marks it
	}
	return s
}

// ours marks command lines whose result is meant to differ from GNU's: what a
// lesson's tools refuse, or do their own way.
const ours = "# ours"

// TestAgainstSystem compares with the machine's own tools where they are
// GNU's. The golden file holds the same results where they are not.
func TestAgainstSystem(t *testing.T) {
	version, err := exec.Command("sort", "--version").Output()
	if err != nil || !bytes.Contains(version, []byte("GNU coreutils")) {
		t.Log("the machine's tools are not GNU's: the golden file alone was checked")
		return
	}
	compared := 0
	for _, line := range commands(t) {
		if strings.Contains(line, ours) || !present(line) {
			continue
		}
		t.Run(line, func(t *testing.T) { compare(t, line) })
		compared++
	}
	t.Logf("%d command lines compared", compared)
	require.Greater(t, compared, 100)
}

// compare runs one line here and under the machine's sh.
func compare(t *testing.T, line string) {
	t.Helper()
	dir := fixture(t)
	out, _, status := inLesson(t, dir, line)
	cmd := exec.Command("sh", "-c", line)
	cmd.Dir = fixture(t)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8", "TZ=UTC", "HOME=" + cmd.Dir}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil {
		require.True(t, errors.As(err, &exit), err)
	}
	require.Equal(t, stdout.String(), out, stderr.String())
	require.Equal(t, cmd.ProcessState.ExitCode(), status, stderr.String())
	require.Equal(t, tree(t, cmd.Dir), tree(t, dir))
}

// present reports whether the machine has the tools that few systems miss but
// some do.
func present(line string) bool {
	for _, name := range []string{"xxd", "hexdump"} {
		if _, err := exec.LookPath(name); err != nil && strings.Contains(line, name) {
			return false
		}
	}
	return true
}

func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		if d.IsDir() {
			found[rel+"/"] = ""
			return nil
		}
		b, err := os.ReadFile(path)
		found[rel] = string(b)
		return err
	}))
	return found
}

func TestUnknownOptionIsNamed(t *testing.T) {
	for name, command := range tool.All() {
		var errs bytes.Buffer
		root, err := os.OpenRoot(t.TempDir())
		require.NoError(t, err)
		defer root.Close()
		io := tool.IO{Stdin: strings.NewReader(""), Stdout: &errs, Stderr: &errs, Files: tool.NewFolder(root, tool.Home)}
		require.NotZero(t, command(context.Background(), io, []string{"-Z"}), name)
		require.Contains(t, errs.String(), fmt.Sprintf("a lesson's %s has no option -Z", name))
		errs.Reset()
		require.NotZero(t, command(context.Background(), io, []string{"--frobnicate=1"}), name)
		require.Contains(t, errs.String(), fmt.Sprintf("a lesson's %s has no option --frobnicate", name))
	}
}

// FuzzSed looks for panics in sed's parser and in the translation of
// patterns.
func FuzzSed(f *testing.F) {
	for _, seed := range []string{"s/a/b/g", "2,/x/p", "$d", `s|\(a\)[^]]*|\1&|2p`, `/[[:alpha:]]\+$/d`, "s/a", "1,p"} {
		f.Add(seed, false)
		f.Add(seed, true)
	}
	root, err := os.OpenRoot(f.TempDir())
	require.NoError(f, err)
	defer root.Close()
	sed := tool.All()["sed"]
	f.Fuzz(func(t *testing.T, script string, extended bool) {
		args := []string{"-n", "-e", script}
		if extended {
			args = append(args, "-E")
		}
		var out bytes.Buffer
		sed(context.Background(), tool.IO{Stdin: strings.NewReader("a\nabc\n\n"), Stdout: &out, Stderr: &out, Files: tool.NewFolder(root, tool.Home)}, args)
	})
}

// TestHeadAndTailMakeTheWhole: head -n N and tail -n +N+1 of a text are the
// text again, and so are tail -n N and head -n -N; bytes alike.
func TestHeadAndTailMakeTheWhole(t *testing.T) {
	root, err := os.OpenRoot(t.TempDir())
	require.NoError(t, err)
	defer root.Close()
	table := tool.All()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`([ab]{0,3}\n){0,8}[ab]{0,3}`).Draw(t, "text")
		n := rapid.IntRange(0, 9).Draw(t, "n")
		unit := rapid.SampledFrom([]string{"-n", "-c"}).Draw(t, "unit")
		run := func(name, amount string) string {
			var out, errs bytes.Buffer
			io := tool.IO{Stdin: strings.NewReader(text), Stdout: &out, Stderr: &errs, Files: tool.NewFolder(root, tool.Home)}
			if status := table[name](context.Background(), io, []string{unit, amount}); status != 0 {
				t.Fatalf("%s %s: %s", name, amount, errs.String())
			}
			return out.String()
		}
		if got := run("head", fmt.Sprint(n)) + run("tail", fmt.Sprintf("+%d", n+1)); got != text {
			t.Fatalf("%q", got)
		}
		if got := run("head", fmt.Sprintf("-%d", n)) + run("tail", fmt.Sprint(n)); got != text {
			t.Fatalf("%q", got)
		}
	})
}

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "a", "b"), 0o700))
	f := tool.NewFolder(root, tool.Home+"/a")
	for name, want := range map[string]string{"x": "a/x", "../x": "x", ".": "a", "..": ".", "/lesson": ".", "/lesson/b//c": "b/c", "b/../y": "a/y"} {
		got, err := f.Rel(name)
		require.NoError(t, err, name)
		require.Equal(t, want, got, name)
	}
	for _, name := range []string{"../..", "/", "/tmp/x", "/lessons", "/dev/null", "../../lesson2"} {
		_, err := f.Rel(name)
		require.ErrorIs(t, err, tool.ErrOutside, name)
	}
	require.NoError(t, f.WriteFile("b/f", []byte("hi")))
	b, err := f.ReadFile("/lesson/a/b/f")
	require.NoError(t, err)
	require.Equal(t, "hi", string(b))
	require.Equal(t, filepath.Join(dir, "a"), tool.IO{Files: f}.Dir())
	require.EqualError(t, f.WriteFile("/tmp/x", nil), "open /tmp/x: outside the lesson's folder: use a relative path below it")
}
