package lesson_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ebsim/ebsim/internal/clock"
	"github.com/ebsim/ebsim/internal/lesson"
)

// fakeAWS answers as the aws command does: it knows one denial, one
// success, and repeats its arguments otherwise.
func fakeAWS(_ context.Context, io lesson.IO, args []string) int {
	switch {
	case len(args) > 1 && args[1] == "delete-key":
		fmt.Fprintln(io.Stderr, "\nAn error occurred (AccessDeniedException) when calling the DeleteKey operation: not allowed")
		return 254
	case len(args) > 1 && args[1] == "create-key":
		fmt.Fprintln(io.Stdout, `{"KeyId": "1234"}`)
	case len(args) > 1 && args[1] == "put":
		b, err := io.ReadFile(strings.TrimPrefix(args[2], "file://"))
		if err != nil {
			fmt.Fprintln(io.Stderr, err)
			return 252
		}
		fmt.Fprintf(io.Stdout, "put %d bytes\n", len(b))
	case len(args) > 0 && args[0] == "whoami":
		fmt.Fprintln(io.Stdout, io.Getenv("AWS_PROFILE"))
	default:
		fmt.Fprintln(io.Stdout, "aws", strings.Join(args, " "))
	}
	return 0
}

var start = time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)

func newRunner(t *testing.T) *lesson.Runner {
	t.Helper()
	return &lesson.Runner{
		Commands: map[string]lesson.Command{"aws": fakeAWS},
		Env:      []string{"AWS_PROFILE=alice"},
		Scratch:  t.TempDir(),
		Clock:    clock.Virtual(start),
		Timeout:  20 * time.Second,
	}
}

// script runs a shell script as a test and gives what it printed.
func script(t *testing.T, r *lesson.Runner, text string) (string, lesson.Result) {
	t.Helper()
	l, err := lesson.Parse("test.sh", []byte(text))
	require.NoError(t, err)
	var out strings.Builder
	r.Stdout, r.Stderr = &out, &out
	result := lesson.RunTest(context.Background(), l, r)
	return out.String(), result
}

func TestShellSpeaksOrdinaryShell(t *testing.T) {
	for name, test := range map[string]struct{ script, want string }{
		"pipeline":             {"printf 'b\\na\\nb\\n' | sort | uniq -c | tr -s ' '", " 1 a\n 2 b\n"},
		"command substitution": {"x=$(aws kms create-key | tr -d '{}\" ')\necho \"<$x>\"", "<KeyId:1234>\n"},
		"subshell":             {"x=1\n(x=2; echo $x)\necho $x", "2\n1\n"},
		"heredoc":              {"n=7\ncat <<EOF >f\nn is $n\nEOF\ncat <<'EOF' >>f\nn is $n\nEOF\ncat f", "n is 7\nn is $n\n"},
		"function":             {"greet() { echo \"hello $1\"; }\ngreet bob", "hello bob\n"},
		"loop":                 {"for i in 1 2 3; do [ $i = 2 ] && continue; echo $i; done", "1\n3\n"},
		"case":                 {"case vol-1 in vol-*) echo volume ;; *) echo other ;; esac", "volume\n"},
		"arithmetic":           {"echo $((6 * 7))", "42\n"},
		"parameters":           {"f=a/b.txt; echo ${f##*/} ${f%.txt} ${none:-default}", "b.txt a/b default\n"},
		"if not":               {"if ! aws kms delete-key 2>/dev/null; then echo refused; fi", "refused\n"},
		"or true":              {"false || true\necho on", "on\n"},
		"and in a condition":   {"[ a = b ] && echo same\necho on", "on\n"},
		"errexit off":          {"set +e\nfalse\necho $?\nset -e", "1\n"},
		"export":               {"export AWS_PROFILE=bob\naws whoami\nAWS_PROFILE=eve aws whoami\naws whoami", "bob\neve\nbob\n"},
		"unexported":           {"unset AWS_PROFILE; AWS_PROFILE=bob\naws whoami", "\n"},
		"cd":                   {"mkdir -p a/b\ncd a/b\npwd\necho x >f\ncd ../..\ncat a/b/f \"$PWD/a/b/f\" ~/a/b/f", "/lesson/a/b\nx\nx\nx\n"},
		"glob":                 {"touch b.txt a.txt c.log\necho *.txt", "a.txt b.txt\n"},
		"source":               {"echo 'y=5; z() { echo z$y; }' >lib.sh\n. ./lib.sh\nz\ny=6\nz\nsource lib.sh; z", "z5\nz6\nz5\n"},
		"read":                 {"printf 'a b\\nc d\\n' | while read x y; do echo $y$x; done", "ba\ndc\n"},
		"redirect both":        {"aws kms delete-key >f 2>&1 || true\ngrep -c AccessDenied f", "1\n"},
		"no input":             {"cat; wc -c", "0\n"},
		"null":                 {"cat /dev/null; echo x >/dev/null; head -c 3 /dev/zero | od -An -tx1", " 00 00 00\n"},
		"urandom":              {"head -c 100 /dev/urandom >r; wc -c <r", "100\n"},
		"clock":                {"date -u +%Y-%m-%dT%H:%M:%SZ\nsleep 3600\ndate +%H:%M", "2026-03-01T09:30:00Z\n10:30\n"},
		"exit trap":            {"trap 'echo bye' EXIT\necho hi", "hi\nbye\n"},
		"background":           {"sleep 1 & wait\necho done", "done\n"},
		"look-up":              {"command -v aws cat nothing || echo none\ncommand -v /bin/sh || echo none\nf() { :; }; command -v f\nPATH=/bin:/usr/bin; command -v ls dd || echo none", "aws\ncat\nnone\nnone\nf\nls\nnone\n"},
		"file operand":         {"echo '{}' >p.json\naws kms put file://p.json\ncd /lesson; mkdir d; cd d; aws kms put file://../p.json", "put 3 bytes\nput 3 bytes\n"},
		"shell-init":           {"eval \"$(printf '%s' \"$INIT\")\"\nexpect-error AccessDeniedException aws kms delete-key 2>/dev/null\necho fine", "fine\n"},
		"exit 0":               {"echo a\nexit 0\nfalse", "a\n"},
		"errexit after eval":   {"eval 'echo a; true'\necho b", "a\nb\n"},
		"printf":               {"printf '%s=%d %x\\n' a 10 255", "a=10 ff\n"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRunner(t)
			r.Env = append(r.Env, "INIT="+lesson.ShellInit())
			out, result := script(t, r, test.script)
			require.Nil(t, result.Failure)
			require.Equal(t, test.want, out)
		})
	}
}

func TestFailureNamesItsLine(t *testing.T) {
	for name, test := range map[string]struct {
		script, command, reason string
		line                    int
	}{
		"plain":             {"echo a\n\nfalse\necho b", "false", "exit status 1", 3},
		"status":            {"aws kms delete-key", "aws kms delete-key", "exit status 254", 1},
		"pipeline":          {"echo a |\n  grep b", "grep b", "exit status 1", 2},
		"loop":              {"for i in 1 2; do\n  echo $i\n  test $i != 2\ndone", "test $i != 2", "exit status 1", 3},
		"function":          {"f() {\n  true\n  false\n  true\n}\necho\nf", "false", "exit status 1 (called from line 7)", 3},
		"substitution":      {"x=$(false)", "x=$(false)", "exit status 1", 1},
		"exit":              {"echo a\nexit 3", "exit 3", "exit status 3", 2},
		"exit in subshell":  {"(\n exit 4\n)", "exit 4", "exit status 4", 2},
		"eval":              {"true\neval 'true\nfalse'", "eval 'true\nfalse'", "exit status 1", 2},
		"unknown":           {"curl http://x", "curl http://x", "exit status 127", 1},
		"last of and":       {"true &&\n  false", "false", "exit status 1", 2},
		"no error":          {"expect-error AccessDenied aws kms create-key", "expect-error AccessDenied aws kms create-key", "wanted the error AccessDenied, but the command succeeded", 1},
		"other error":       {"true\nexpect-error NotFound aws kms delete-key", "expect-error NotFound aws kms delete-key", "wanted the error NotFound, got AccessDeniedException", 2},
		"no code":           {"expect-error NotFound false", "expect-error NotFound false", "wanted the error NotFound, but the command failed with exit status 1 and no error code", 1},
		"code as prefix":    {"expect-error AccessDenied aws kms delete-key", "expect-error AccessDenied aws kms delete-key", "wanted the error AccessDenied, got AccessDeniedException", 1},
		"expect in pipe":    {"true\nexpect-error X aws kms create-key | cat\nset -o pipefail\nexpect-error X aws kms create-key | cat", "expect-error X aws kms create-key | cat", "wanted the error X, but the command succeeded", 4},
		"usage":             {"expect-error NotFound", "expect-error NotFound", "exit status 2", 1},
		"unset variable":    {"set -u\necho $none", "echo $none", "exit status 1", 2},
		"last without -e":   {"set +e\necho a\nfalse", "false", "the script ends with exit status 1", 3},
		"bad redirection":   {"echo x >/tmp/x", "echo x >/tmp/x", "exit status 1", 1},
		"heredoc":           {"grep z <<END\na\nEND\necho", "grep z <<END\na\nEND", "exit status 1", 1},
		"cd out":            {"cd ..", "cd ..", "exit status 1", 1},
		"test clause":       {"echo\n[[ a = b ]]", "[[ a = b ]]", "exit status 1", 2},
		"unknown option":    {"grep -P x f", "grep -P x f", "exit status 2", 1},
		"eval'd expect":     {"eval \"$INIT\"\nexpect-error X true", "expect-error X true", "wanted the error X, but the command succeeded", 2},
		"process subst":     {"eval 'cat <(echo a)'", "eval 'cat <(echo a)'", "exit status 1", 1},
		"function expected": {"f() { true; }\nexpect-error X f", "expect-error X f", "wanted the error X, but the command succeeded", 2},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRunner(t)
			r.Env = append(r.Env, "INIT="+lesson.ShellInit())
			_, result := script(t, r, test.script)
			require.NotNil(t, result.Failure)
			require.Equal(t, "test.sh", result.Failure.File)
			require.Equal(t, test.line, result.Failure.Line, result.Failure.Report())
			require.Equal(t, test.command, result.Failure.Command)
			require.Equal(t, test.reason, result.Failure.Reason)
			require.False(t, result.Passed())
		})
	}
}

func TestExpectErrorPassesThroughAndSeesFunctions(t *testing.T) {
	out, result := script(t, newRunner(t), `
as() { AWS_PROFILE=$1; shift; "$@"; }
expect-error AccessDeniedException aws kms delete-key
expect-error AccessDeniedException as bob aws kms delete-key
echo $AWS_PROFILE
if ! expect-error NotFound aws kms create-key; then echo judged; fi
`)
	require.Nil(t, result.Failure)
	require.Equal(t, 2, strings.Count(out, "(AccessDeniedException)"))
	require.Contains(t, out, "\nbob\n")
	require.True(t, strings.HasSuffix(out, "judged\n"), out)
}

func TestConfinement(t *testing.T) {
	parent := t.TempDir()
	secret := filepath.Join(parent, "secret")
	require.NoError(t, os.WriteFile(secret, []byte("hidden\n"), 0o600))
	for _, command := range []string{
		"cat " + secret, "cat ../secret", "cat <../secret", "cat link", "cat <link", "cat sub/../../secret",
		"cat way/secret", "echo *; echo ../* /etc/pass* way/*; cat ../sec*", "echo x >../secret", "echo x >>" + secret,
		"echo x >link", "tee ../secret </dev/null", "tee link </dev/null", "cp ../secret s", "cp link s; cat s",
		"cp -r way s; cat s/secret", "mv ../secret s", "rm ../secret", "rm -rf ../secret", "rm -rf way/secret",
		"rm -rf ..", "rm -rf .", "mkdir ../d", "mkdir way/d", "touch way/new", "cd ..; cat secret", "cd way; cat secret",
		"cd " + parent + "; cat secret", ". ../secret", ". " + secret, "source link", "x=$(<../secret); echo $x",
		"head -c 9 ../secret", "grep hid ../secret", "sed p ../secret", "sort -o ../secret /dev/null", "sha256sum ../secret",
		"diff ../secret /dev/null", "cmp ../secret /dev/null", "base64 ../secret", "ls ..", "ls way/", "test -e ../secret",
		"test -r " + secret, "[ -L link ] && [ -f link ]", "aws kms put file://../secret", "aws kms put file://" + secret,
		"uniq /dev/null ../secret", "cat <<<x >way/secret", "xxd ../secret", "od way/secret", "hexdump -C link",
		"/bin/cat " + secret, "./prog", "sh -c 'cat ../secret'", "exec /bin/cat " + secret, "command /bin/cat " + secret,
		"cat /etc/passwd", "echo x >/etc/ebsim-was-here", "cd /; cat etc/passwd", "PWD=/; cat etc/passwd", "HOME=/; cat ~/etc/passwd",
		"cat /lesson/../secret", "cat /lesson/../../../../../../etc/passwd", "mapfile a <../secret; echo ${a[@]}",
		"cat /dev/../etc/passwd", "cat /dev/null/../../etc/passwd", "command -v /bin/cat", "type /bin/cat", "pwd -P; cat ../secret",
		"sha256sum -c list", "grep -f ../secret list", "PATH=/bin:/usr/bin; ls ..", "env cat ../secret", "eval 'cat <(cat ../secret)'",
	} {
		t.Run(command, func(t *testing.T) {
			r := newRunner(t)
			r.Scratch = filepath.Join(parent, "scratch")
			require.NoError(t, os.Mkdir(r.Scratch, 0o700))
			defer os.RemoveAll(r.Scratch)
			require.NoError(t, os.Symlink(secret, filepath.Join(r.Scratch, "link")))
			require.NoError(t, os.Symlink(parent, filepath.Join(r.Scratch, "way")))
			require.NoError(t, os.WriteFile(filepath.Join(r.Scratch, "prog"), []byte("#!/bin/sh\ncat ../secret\n"), 0o755))
			require.NoError(t, os.WriteFile(filepath.Join(r.Scratch, "list"), []byte(strings.Repeat("0", 64)+"  ../secret\n"), 0o600))
			out, result := script(t, r, command)
			require.NotNil(t, result.Failure, out)
			require.NotContains(t, out, "hidden")
			require.NotContains(t, out, "root:")
			require.NotContains(t, out, "secret:\n")
			left, err := os.ReadFile(secret)
			require.NoError(t, err)
			require.Equal(t, "hidden\n", string(left))
			entries, err := os.ReadDir(parent)
			require.NoError(t, err)
			require.Len(t, entries, 2)
			require.NoFileExists(t, "/etc/ebsim-was-here")
		})
	}
}
