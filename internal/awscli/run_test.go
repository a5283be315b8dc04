package awscli

import (
	"errors"
	"testing"

	"github.com/ebsim/ebsim/internal/awsapi"
	"github.com/stretchr/testify/require"
)

func TestRefusal(t *testing.T) {
	w := newWorld(t)
	w.answer = answers(error(&awsapi.Error{Code: "AccessDeniedException", Message: "You may not.", HTTPStatus: 400, Operation: "Encrypt", RequestID: "r-1"}))
	args := []string{"kms", "encrypt", "--key-id", "k", "--plaintext", "aA=="}
	const line = "\nAn error occurred (AccessDeniedException) when calling the Encrypt operation: You may not.\n"
	require.Equal(t, line, w.fails(ExitService, args...))
	w.cfg.Hint = func(e *awsapi.Error) string { return "Why: ebsim explain " + e.RequestID }
	require.Equal(t, line+"Why: ebsim explain r-1\n", w.fails(ExitService, args...))
	w.cfg.Hint = func(*awsapi.Error) string { return "" }
	require.Equal(t, line, w.fails(ExitService, args...))

	w.answer = answers(errors.New("disk full"))
	require.Equal(t, "\ndisk full\n", w.fails(ExitInternal, args...))
}

func TestUsage(t *testing.T) {
	w := newWorld(t)
	require.Equal(t, `
usage: aws [options] <command> <subcommand> [<subcommand> ...] [parameters]
To see help text, you can run:

  aws help
  aws <command> help
  aws <command> <subcommand> help

aws: error: the following arguments are required: command
`, w.fails(ExitUsage))
}

func TestHelp(t *testing.T) {
	w := newWorld(t)
	w.env = nil // help asks for nobody
	all := w.ok("help")
	require.Contains(t, all, "--cli-binary-format (string)")
	require.Contains(t, all, "       o kms\n")
	require.Contains(t, w.ok("kms", "help"), "       o encrypt ")
	require.Contains(t, w.ok("ec2", "help"), "       o wait ")
	require.Contains(t, w.ok("ec2", "wait", "help"), "snapshot-completed ")
	require.Contains(t, w.ok("ec2", "wait", "snapshot-completed", "help"), "--snapshot-ids")
	op := w.ok("kms", "encrypt", "help")
	require.Contains(t, op, "          --key-id <value>\n          --plaintext <value>\n          [--encryption-context <value>]\n")
	require.Contains(t, op, "          [--dry-run | --no-dry-run]\n")
	require.Contains(t, op, "          o   RSAES_OAEP_SHA_256\n")
	require.Contains(t, op, "KeyName1=string,KeyName2=string\n")
	filters := w.ok("ec2", "describe-snapshots", "help")
	require.Contains(t, filters, "          Name=string,Values=string,string ...\n")
	require.Contains(t, filters, "[--max-items <value>]")
	require.Contains(t, w.ok("ec2", "run-instances", "help"), "Ebs={VolumeSize=integer,Encrypted=boolean")
	require.Contains(t, w.ok("ebs", "get-snapshot-block", "help"), "<outfile>")
	require.Contains(t, w.ok("--version"), "aws-cli/2")
}

func TestSkeleton(t *testing.T) {
	w := newWorld(t)
	w.env = nil
	require.Equal(t, `{
    "KeyId": "",
    "Plaintext": null,
    "EncryptionContext": {
        "KeyName": ""
    },
    "GrantTokens": [
        ""
    ],
    "EncryptionAlgorithm": "SYMMETRIC_DEFAULT",
    "DryRun": true
}
`, w.ok("kms", "encrypt", "--generate-cli-skeleton"))
	require.Equal(t, "Limit: 0\nMarker: ''\n", w.ok("kms", "list-keys", "--generate-cli-skeleton", "yaml-input"))
	require.Contains(t, w.ok("ec2", "describe-snapshots", "--generate-cli-skeleton", "output"), `"StartTime": "1970-01-01T00:00:00"`)
	require.Contains(t, w.fails(ExitUsage, "kms", "list-keys", "--generate-cli-skeleton", "x"), "Invalid choice")
	require.Zero(t, w.calls)
}

func TestDebug(t *testing.T) {
	w := newWorld(t)
	require.Equal(t, ExitOK, w.run("kms", "list-keys", "--debug"))
	require.Equal(t, "calling kms ListKeys in eu-west-1 as 111111111111\n", w.stderr.String())
	require.NotContains(t, w.stderr.String(), "test")
}

// FuzzRun takes any command line without a panic, and a status that Run
// promises.
func FuzzRun(f *testing.F) {
	for _, s := range [][3]string{{"describe-snapshots", "--filters", "Name=a,Values=b"}, {"run-instances", "--block-device-mappings", "[{}]"},
		{"wait", "snapshot-completed", "--query"}, {"describe-snapshots", "--cli-input-json", "{\"Filters\":[null]}"},
		{"modify-snapshot-attribute", "--auto-enable-io", "x"}, {"describe-snapshots", "--cli-input-yaml", "a: *b"},
		{"modify-snapshot-attribute", "--create-volume-permission", ""}} {
		f.Add(s[0], s[1], s[2])
	}
	f.Fuzz(func(t *testing.T, a, b, c string) {
		w := newWorld(t)
		for _, args := range [][]string{{"ec2", a, b, c}, {"kms", "encrypt", b, c}, {"ec2", "modify-snapshot-attribute", "--snapshot-id", a, b, c}} {
			require.Contains(t, []int{ExitOK, ExitUsage, ExitConfig, ExitInternal}, w.run(args...))
		}
	})
}
