package awscli

import (
	"testing"

	"github.com/ebsim/ebsim/internal/awsapi"
	"github.com/stretchr/testify/require"
)

const configFile = `
# a comment
[default]
region = us-west-2
output = text
[profile bob]
region=us-east-2   # a comment too
s3 =
  max_queue_size = 1
[profile "spaced"]
aws_access_key_id = SPACED
aws_secret_access_key = x
[profile admin]
role_arn = arn:aws:iam::111111111111:role/admin
source_profile = bob
external_id = ext
[profile chain]
role_arn = arn:aws:iam::111111111111:role/x
source_profile = admin
[profile lost]
role_arn = arn:aws:iam::111111111111:role/x
source_profile = nobody
[profile half]
aws_access_key_id = AK
[profile bare]
[sso-session x]
region = nowhere
`

const credentialsFile = `[default]
aws_access_key_id = DEFAULT
aws_secret_access_key = d
[bob]
aws_access_key_id = BOB
aws_secret_access_key = b
aws_session_token = t
`

func TestIdentity(t *testing.T) {
	for _, c := range []struct {
		name       string
		env        map[string]string
		args       []string
		status     int
		key, where string
		stderr     string
	}{
		{name: "environment", env: map[string]string{"AWS_ACCESS_KEY_ID": "E", "AWS_SECRET_ACCESS_KEY": "e"}, key: "E", where: "us-west-2"},
		{name: "default profile", key: "DEFAULT", where: "us-west-2"},
		{name: "profile option", args: []string{"--profile", "bob"}, key: "BOB", where: "us-east-2"},
		{name: "profile option over the environment's keys", env: map[string]string{"AWS_ACCESS_KEY_ID": "E", "AWS_SECRET_ACCESS_KEY": "e"},
			args: []string{"--profile", "bob"}, key: "BOB", where: "us-east-2"},
		{name: "environment's keys over its profile", env: map[string]string{"AWS_ACCESS_KEY_ID": "E", "AWS_SECRET_ACCESS_KEY": "e", "AWS_PROFILE": "bob"},
			key: "E", where: "us-east-2"},
		{name: "profile variable", env: map[string]string{"AWS_PROFILE": "bob", "AWS_DEFAULT_PROFILE": "spaced"}, key: "BOB", where: "us-east-2"},
		{name: "old profile variable", env: map[string]string{"AWS_DEFAULT_PROFILE": "spaced"}, key: "SPACED", where: "eu-central-1"},
		{name: "declared", args: []string{"--profile", "alice"}, key: "ALICE", where: "eu-central-1"},
		{name: "declared wins", args: []string{"--profile", "carol"}, key: "CAROL", where: "eu-central-1"},
		{name: "region option", args: []string{"--region", "a"}, env: map[string]string{"AWS_REGION": "b", "AWS_DEFAULT_REGION": "c"}, key: "DEFAULT", where: "a"},
		{name: "region variable", env: map[string]string{"AWS_REGION": "b", "AWS_DEFAULT_REGION": "c"}, key: "DEFAULT", where: "b"},
		{name: "default region variable", env: map[string]string{"AWS_DEFAULT_REGION": "c"}, key: "DEFAULT", where: "c"},
		{name: "role", args: []string{"--profile", "admin"}, key: "ROLE", where: "eu-central-1"},
		{name: "no profile", args: []string{"--profile", "nope"}, status: ExitInternal, stderr: "\nThe config profile (nope) could not be found\n"},
		{name: "other section", args: []string{"--profile", "sso-session x"}, status: ExitInternal, stderr: "could not be found"},
		{name: "no credentials", args: []string{"--profile", "bare"}, status: ExitConfig,
			stderr: "\nUnable to locate credentials. You can configure credentials by running \"aws configure\".\n"},
		{name: "half", args: []string{"--profile", "half"}, status: ExitConfig, stderr: "Partial credentials found in shared-credentials-file, missing: aws_secret_access_key"},
		{name: "half in the environment", env: map[string]string{"AWS_ACCESS_KEY_ID": "E"}, status: ExitConfig, stderr: "Partial credentials found in env, missing: AWS_SECRET_ACCESS_KEY"},
		{name: "chain", args: []string{"--profile", "chain"}, status: ExitConfig, stderr: "\"admin\" referenced in the profile \"chain\" is itself a role"},
		{name: "lost", args: []string{"--profile", "lost"}, status: ExitConfig, stderr: "\"nobody\" referenced in the profile \"lost\" does not exist"},
		{name: "broken file", env: map[string]string{"AWS_CONFIG_FILE": "/broken"}, status: ExitConfig, stderr: "Unable to parse config file: /broken: line 1:"},
		{name: "other files", env: map[string]string{"AWS_CONFIG_FILE": "/none", "AWS_SHARED_CREDENTIALS_FILE": "/other"}, key: "OTHER", where: "eu-central-1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.env = c.env
			w.files = map[string]string{"/home/u/.aws/config": configFile, "/home/u/.aws/credentials": credentialsFile, "/broken": "key = value",
				"/other": "[default]\naws_access_key_id=OTHER\naws_secret_access_key=o\n"}
			w.cfg.DefaultRegion = "eu-central-1"
			w.cfg.Profiles = map[string]awsapi.Credentials{"alice": {AccessKeyID: "ALICE", SecretAccessKey: "a"}, "carol": {AccessKeyID: "CAROL"}}
			w.answer = func(op *awsapi.Operation, in any) (any, error) {
				if op.Name == "AssumeRole" {
					require.Equal(t, &assumeRoleIn{"arn:aws:iam::111111111111:role/admin", "botocore-session", "ext"}, in)
					require.Equal(t, awsapi.Credentials{AccessKeyID: "BOB", SecretAccessKey: "b", SessionToken: "t"}, w.creds)
					return &assumeRoleOut{&stsCredentials{AccessKeyId: "ROLE", SecretAccessKey: "r", SessionToken: "s"}}, nil
				}
				return &listKeysOut{}, nil
			}
			args := append([]string{"kms", "list-keys"}, c.args...)
			if c.status != 0 {
				require.Contains(t, w.fails(c.status, args...), c.stderr)
				return
			}
			w.ok(args...)
			require.Equal(t, c.key, w.creds.AccessKeyID)
			require.Equal(t, c.where, w.region)
		})
	}
}

func TestNoRegion(t *testing.T) {
	w := newWorld(t)
	w.env["AWS_REGION"] = ""
	require.Equal(t, "\nYou must specify a region. You can also configure your region by running \"aws configure\".\n",
		w.fails(ExitConfig, "kms", "list-keys"))
}

func TestOutputSetting(t *testing.T) {
	w := newWorld(t)
	w.files["/home/u/.aws/config"] = "[default]\noutput = yaml\n"
	require.Equal(t, "Keys: []\n", w.ok("kms", "list-keys"))
	w.env["AWS_DEFAULT_OUTPUT"] = "json"
	require.Equal(t, "{\n    \"Keys\": []\n}\n", w.ok("kms", "list-keys"))
	require.Empty(t, w.ok("kms", "list-keys", "--output", "text"))
	w.env["AWS_DEFAULT_OUTPUT"] = "xml"
	require.Equal(t, "\nUnknown output type: xml\n", w.fails(ExitInternal, "kms", "list-keys"))
}

func FuzzINI(f *testing.F) {
	f.Add(configFile)
	f.Add(credentialsFile)
	f.Add("[a\n")
	f.Fuzz(func(t *testing.T, s string) {
		sections, err := parseINI(s)
		if err == nil {
			require.NotNil(t, sections)
		}
	})
}
