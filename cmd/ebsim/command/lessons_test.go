package command

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ebsim/ebsim/account/audit"
	"github.com/ebsim/ebsim/docs/lessons"
	"github.com/ebsim/ebsim/internal/lesson"
	"github.com/ebsim/ebsim/internal/state"
)

func lessonText(t *testing.T, name string) string {
	b, err := lessons.Files.ReadFile(name + ".md")
	require.NoError(t, err)
	return string(b)
}

// try runs a lesson's text and gives the result and the refusals by name.
func try(t *testing.T, name, text string) (lesson.Result, []string) {
	t.Helper()
	l, err := lesson.Parse(name+".md", []byte(text))
	require.NoError(t, err)
	ctx := context.Background()
	st, err := newStage(ctx, l, 1)
	require.NoError(t, err)
	defer func() { require.NoError(t, st.close()) }()
	result := lesson.RunTest(ctx, l, st.runner)
	var refused []string
	require.NoError(t, st.world.cloud.Sync(ctx))
	require.NoError(t, st.world.cloud.View(ctx, func(tx *state.Tx) error {
		for account := range st.accounts {
			all, err := st.world.cloud.Trail.Lookup(tx, audit.Filter{Account: account})
			if err != nil {
				return err
			}
			for _, e := range all {
				if e.Failure != nil && e.Failure.Kind == audit.Denied {
					refused = append(refused, strings.TrimSuffix(e.Source, ".amazonaws.com")+":"+e.Name)
				}
			}
		}
		return nil
	}))
	return result, refused
}

func TestLessonsPass(t *testing.T) {
	for _, name := range []string{"cross-account", "cross-region"} {
		result, _ := try(t, name, lessonText(t, name))
		require.True(t, result.Passed(), "%s: %v", name, result.Failure)
	}
}

// A lesson's policies name what is needed and no more: each action that is
// taken away makes the lesson fail, and the trail says that this was refused.
func TestEveryPermissionIsNeeded(t *testing.T) {
	policies := map[string][]string{"cross-account": {"dev.json", "open.json"}, "cross-region": {"ops.json"}}
	n := 0
	for name, files := range policies {
		text := lessonText(t, name)
		for _, file := range files {
			start := strings.Index(text, "cat > "+file+" <<END\n")
			require.Positive(t, start, file)
			end := start + strings.Index(text[start:], "\nEND\n")
			for at := start; at < end; {
				i := strings.Index(text[at:end], `"`)
				if i < 0 {
					break
				}
				from := at + i
				to := from + 1 + strings.Index(text[from+1:], `"`)
				action := text[from+1 : to]
				at = to + 1
				service, operation, ok := strings.Cut(action, ":")
				if !ok || service != "ec2" && service != "kms" || operation == "*" || operation == "GrantIsForAWSResource" {
					continue
				}
				n++
				t.Run(fmt.Sprintf("%s/%s/%s at %d", name, file, action, from-start), func(t *testing.T) {
					result, refused := try(t, name, text[:from+1]+"kms:ListKeys"+text[to:])
					require.False(t, result.Passed(), "it passes without %s", action)
					require.True(t, slices.Contains(refused, action), "%s: not refused: %v; %v", action, refused, result.Failure)
				})
			}
		}
	}
	require.GreaterOrEqual(t, n, 24, "the test finds the policies' actions")
}

func TestWithoutTheShare(t *testing.T) {
	text := lessonText(t, "cross-account")
	share := `aws ec2 modify-snapshot-attribute --snapshot-id "$SNAP" --attribute createVolumePermission --operation-type add --user-ids 222222222222` + "\n"
	require.Contains(t, text, share)
	result, _ := try(t, "cross-account", strings.Replace(text, share, "true\n", 1))
	require.False(t, result.Passed())
	require.Contains(t, result.Failure.Report(), "InvalidSnapshot.NotFound")
}

// What a reader sees: the refusal with its reason and smallest fix, the KMS
// calls, and equal checksums.
func TestLearnShowsReasonsAndSums(t *testing.T) {
	var out, errs bytes.Buffer
	status := Run(context.Background(), []string{"learn", "cross-account", "--auto"},
		Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Getenv: func(string) string { return "" }, files: machine{}})
	require.Zero(t, status, errs.String())
	text := out.String()
	for _, want := range []string{"REFUSED", "smallest fix: add to the key policy", "kms DescribeKey as bob/dev through EC2", "kms Decrypt as the instance",
		"Given key ID is not accessible", "rewrap"} {
		require.Contains(t, text, want)
	}
	sums := map[string]int{}
	for line := range strings.Lines(text) {
		if f := strings.Fields(line); len(f) == 2 && len(f[0]) == 64 {
			sums[f[0]]++
		}
	}
	require.Equal(t, 1, len(sums), "all checksums are of the same bytes: %v", sums)
}

// One world in a data directory, one command at a time.
func TestDataDirectory(t *testing.T) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	require.NoError(t, os.WriteFile(in, bytes.Repeat([]byte("some bytes\n"), 1000), 0o600))
	world := filepath.Join(dir, "world")
	env := map[string]string{"AWS_ACCESS_KEY_ID": "111111111111", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "eu-west-1"}
	ebsim := func(want int, args ...string) string {
		t.Helper()
		var stdout, stderr bytes.Buffer
		status := Run(context.Background(), append([]string{"--data", world}, args...),
			Env{Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Getenv: func(k string) string { return env[k] }, files: machine{}})
		require.Equal(t, want, status, "%v: %s", args, stderr.String())
		if status != 0 {
			return stderr.String()
		}
		return strings.TrimSpace(stdout.String())
	}
	vol := ebsim(0, "aws", "ec2", "create-volume", "--availability-zone", "eu-west-1a", "--size", "1", "--encrypted", "--query", "VolumeId", "--output", "text")
	ebsim(0, "volume", "write", vol, "--from", in, "--at", "5")
	snap := ebsim(0, "aws", "ec2", "create-snapshot", "--volume-id", vol, "--query", "SnapshotId", "--output", "text")
	ebsim(0, "aws", "ec2", "wait", "snapshot-completed", "--snapshot-ids", snap)
	back := ebsim(0, "aws", "ec2", "create-volume", "--availability-zone", "eu-west-1a", "--snapshot-id", snap, "--query", "VolumeId", "--output", "text")
	ebsim(0, "volume", "read", back, "--at", "5", "--length", "11000", "--to", out)
	a, _ := os.ReadFile(in)
	b, _ := os.ReadFile(out)
	require.True(t, bytes.Equal(a, b))
	require.Contains(t, ebsim(0, "verify"), "0 wrong")
	require.Contains(t, ebsim(0, "snapshot", "report", snap), "content keys")
	require.Contains(t, ebsim(0, "trail", "--name", "Decrypt"), "kms:Decrypt")
	require.Contains(t, ebsim(254, "volume", "read", "vol-00000000000000000", "--to", "-"), "InvalidVolume.NotFound")
	ebsim(2, "volume", "read")
	ebsim(2, "nonsense")
	env["AWS_SECRET_ACCESS_KEY"] = "wrong"
	require.Contains(t, ebsim(254, "aws", "kms", "list-keys"), "InvalidSignatureException")
}
