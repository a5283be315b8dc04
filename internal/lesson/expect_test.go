package lesson_test

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ebsim/ebsim/internal/lesson"
)

// scenario runs unchanged under a real shell with a real aws, and here.
const scenario = `# accounts: alice=111111111111
eval "$(ebsim shell-init)"
expect-error AccessDeniedException aws kms delete-key --key-id 1
if expect-error AccessDeniedException aws kms create-key; then echo "unexpected"; exit 1; fi
if expect-error NotFoundException aws kms delete-key; then echo "unexpected"; exit 1; fi
if expect-error AccessDenied; then echo "unexpected"; exit 1; fi
expect-error AccessDeniedException aws kms delete-key 2>err
grep -q '(AccessDeniedException)' err
out=$(expect-error AccessDeniedException aws kms delete-key 2>/dev/null)
test -z "$out"
for i in 1 2; do
  ! expect-error Other aws kms delete-key
done
echo all held
`

const fakeAWSScript = `#!/bin/sh
if [ "$2" = delete-key ]; then
	printf '\nAn error occurred (AccessDeniedException) when calling the DeleteKey operation: no\n' >&2
	exit 254
fi
echo '{"KeyId": "1234"}'
`

func TestShellInitUnderRealShells(t *testing.T) {
	dir := t.TempDir()
	init := filepath.Join(dir, "init")
	require.NoError(t, os.WriteFile(init, []byte(lesson.ShellInit()), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "aws"), []byte(fakeAWSScript), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "ebsim"), []byte("#!/bin/sh\ncat "+init+"\n"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "scenario.sh"), []byte(scenario), 0o600))
	ran := 0
	for _, shell := range []string{"sh", "dash", "bash", "ksh", "zsh", "busybox"} {
		path, err := exec.LookPath(shell)
		if err != nil {
			continue
		}
		for _, flags := range [][]string{{"-e"}, {"-eu"}, {}} {
			args := append(flags, "scenario.sh")
			if shell == "busybox" {
				args = append([]string{"sh"}, args...)
			}
			cmd := exec.Command(path, args...)
			cmd.Dir = dir
			cmd.Env = []string{"PATH=" + dir + ":" + os.Getenv("PATH")}
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, "%s %v: %s", shell, args, out)
			require.Contains(t, string(out), "all held\n", shell)
			require.Contains(t, string(out), "wanted the error NotFoundException", shell)
			require.Contains(t, string(out), "but the command succeeded", shell)
			require.NotContains(t, string(out), "unexpected\n", shell)
			ran++
		}
	}
	require.Positive(t, ran, "every machine that runs these tests has sh")

	r := newRunner(t)
	r.Commands["ebsim"] = printInit
	out, result := script(t, r, scenario)
	require.Nil(t, result.Failure, out)
	require.Contains(t, out, "all held\n")
}

func printInit(_ context.Context, w lesson.IO, _ []string) int {
	io.WriteString(w.Stdout, lesson.ShellInit())
	return 0
}
