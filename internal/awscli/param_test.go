package awscli

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestXform(t *testing.T) {
	for name, want := range map[string]string{
		"CopySnapshot":                    "copy-snapshot",
		"GenerateDataKeyWithoutPlaintext": "generate-data-key-without-plaintext",
		"EnableEbsEncryptionByDefault":    "enable-ebs-encryption-by-default",
		"KmsKeyId":                        "kms-key-id",
		"DryRun":                          "dry-run",
		"UserIds":                         "user-ids",
		"ReEncrypt":                       "re-encrypt",
		"SourceARNs":                      "source-arns",
		"ListMFADevices":                  "list-mfa-devices",
		"VolumeARNs":                      "volume-arns",
		"CreateSAMLProvider":              "create-saml-provider",
		"DNSName":                         "dns-name",
		"GetEbsDefaultKmsKeyId":           "get-ebs-default-kms-key-id",
		"AutoEnableIO":                    "auto-enable-io",
		"Ipv6AddressCount":                "ipv6-address-count",
		"EC2Tags":                         "ec2-tags",
		"already-done":                    "already-done",
		"Marker":                          "marker",
		"":                                "",
	} {
		require.Equal(t, want, xform(name), name)
	}
}

func TestInput(t *testing.T) {
	gib := int64(8)
	for _, c := range []struct {
		name string
		args []string
		want any
	}{
		{"nothing", []string{"ec2", "describe-snapshots"}, &describeSnapshotsIn{}},
		{"words and flags", []string{"ec2", "describe-snapshots", "--owner-ids", "self", "123", "--dry-run"},
			&describeSnapshotsIn{OwnerIds: []string{"self", "123"}, DryRun: ptr(true)}},
		{"no flag", []string{"ec2", "describe-snapshots", "--no-dry-run"}, &describeSnapshotsIn{DryRun: ptr(false)}},
		{"last one wins", []string{"ec2", "describe-snapshots", "--owner-ids", "a", "--owner-ids=b"},
			&describeSnapshotsIn{OwnerIds: []string{"b"}}},
		{"empty list", []string{"ec2", "describe-snapshots", "--owner-ids"}, &describeSnapshotsIn{OwnerIds: []string{}}},
		{"list as JSON", []string{"ec2", "describe-snapshots", "--owner-ids", `["a","b"]`},
			&describeSnapshotsIn{OwnerIds: []string{"a", "b"}}},
		{"filters", []string{"ec2", "describe-snapshots", "--filters", "Name=status,Values=pending,completed", "Name=tag:Owner,Values=me"},
			&describeSnapshotsIn{Filters: []filter{{"status", []string{"pending", "completed"}}, {"tag:Owner", []string{"me"}}}}},
		{"filters as JSON", []string{"ec2", "describe-snapshots", "--filters", `[{"Name":"x","Values":["y"]}]`},
			&describeSnapshotsIn{Filters: []filter{{"x", []string{"y"}}}}},
		{"filters as objects", []string{"ec2", "describe-snapshots", "--filters", `{"Name":"x"}`, `{"Name":"y"}`},
			&describeSnapshotsIn{Filters: []filter{{Name: "x"}, {Name: "y"}}}},
		{"nested shorthand", []string{"ec2", "modify-snapshot-attribute", "--snapshot-id", "snap-1",
			"--create-volume-permission", "Add=[{UserId=111111111111},{UserId=222222222222}]"},
			&modifyIn{SnapshotId: "snap-1", CreateVolumePermission: &permissionChange{
				Add: []permission{{UserId: "111111111111"}, {UserId: "222222222222"}}}}},
		{"nested JSON", []string{"ec2", "modify-snapshot-attribute", "--snapshot-id", "snap-1",
			"--create-volume-permission", `{"Remove":[{"Group":"all"}]}`},
			&modifyIn{SnapshotId: "snap-1", CreateVolumePermission: &permissionChange{Remove: []permission{{Group: "all"}}}}},
		{"enumerations pass through", []string{"ec2", "modify-snapshot-attribute", "--snapshot-id", "s", "--operation-type", "odd"},
			&modifyIn{SnapshotId: "s", OperationType: "odd"}},
		{"wrapped flag", []string{"ec2", "modify-snapshot-attribute", "--snapshot-id", "s", "--auto-enable-io"},
			&modifyIn{SnapshotId: "s", AutoEnableIO: &attrBool{ptr(true)}}},
		{"wrapped no flag", []string{"ec2", "modify-snapshot-attribute", "--snapshot-id", "s", "--no-auto-enable-io"},
			&modifyIn{SnapshotId: "s", AutoEnableIO: &attrBool{ptr(false)}}},
		{"wrapped in full", []string{"ec2", "modify-snapshot-attribute", "--snapshot-id", "s", "--auto-enable-io", "Value=true"},
			&modifyIn{SnapshotId: "s", AutoEnableIO: &attrBool{ptr(true)}}},
		{"count is one", []string{"ec2", "run-instances", "--image-id", "ami-1"}, &runInstancesIn{ImageId: "ami-1", MinCount: 1, MaxCount: 1}},
		{"count", []string{"ec2", "run-instances", "--count", "2:5"}, &runInstancesIn{MinCount: 2, MaxCount: 5}},
		{"device mappings", []string{"ec2", "run-instances", "--block-device-mappings",
			"DeviceName=/dev/sda1,Ebs={VolumeSize=8,Encrypted=true,KmsKeyId=alias/a}", `{"DeviceName":"/dev/sdb","Ebs":{"DeleteOnTermination":false}}`},
			&runInstancesIn{MinCount: 1, MaxCount: 1, BlockDeviceMappings: []deviceMapping{
				{"/dev/sda1", &ebsDevice{VolumeSize: &gib, Encrypted: ptr(true), KmsKeyId: "alias/a"}},
				{"/dev/sdb", &ebsDevice{DeleteOnTermination: ptr(false)}}}}},
		{"device mapping list", []string{"ec2", "run-instances", "--block-device-mappings",
			"DeviceName=/dev/sda1,Ebs={VolumeSize=8,Encrypted=True}"},
			&runInstancesIn{MinCount: 1, MaxCount: 1, BlockDeviceMappings: []deviceMapping{
				{"/dev/sda1", &ebsDevice{VolumeSize: &gib, Encrypted: ptr(true)}}}}},
		{"map and base64", []string{"kms", "encrypt", "--key-id", "k", "--plaintext", "aGVs\nbG8=", "--encryption-context", "a=b,c=d e"},
			&encryptIn{KeyId: "k", Plaintext: []byte("hello"), EncryptionContext: map[string]string{"a": "b", "c": "d e"}}},
		{"map as JSON", []string{"kms", "encrypt", "--key-id", "k", "--plaintext", "aGVsbG8=", "--encryption-context", `{"a":"b,c"}`},
			&encryptIn{KeyId: "k", Plaintext: []byte("hello"), EncryptionContext: map[string]string{"a": "b,c"}}},
		{"bytes from a file", []string{"kms", "encrypt", "--key-id", "k", "--plaintext", "fileb://~/raw"},
			&encryptIn{KeyId: "k", Plaintext: []byte("\x00raw\xff")}},
		{"base64 from a file", []string{"kms", "encrypt", "--key-id", "file://$NAMES/key", "--plaintext", "file:///b64"},
			&encryptIn{KeyId: "alias/from-file", Plaintext: []byte("hello")}},
		{"standard input", []string{"kms", "encrypt", "--key-id", "k", "--plaintext", "fileb:///dev/stdin"},
			&encryptIn{KeyId: "k", Plaintext: []byte("from stdin")}},
		{"raw blobs", []string{"kms", "encrypt", "--key-id", "k", "--plaintext", "hello", "--cli-binary-format", "raw-in-base64-out"},
			&encryptIn{KeyId: "k", Plaintext: []byte("hello")}},
		{"times", []string{"cloudtrail", "lookup-events", "--start-time", "2026-01-02T03:04:05Z", "--end-time", "1700000000", "--sample", "0.5"},
			&lookupEventsIn{StartTime: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), EndTime: time.Unix(1700000000, 0).UTC(), Sample: ptr(0.5)}},
		{"dates", []string{"cloudtrail", "lookup-events", "--start-time", "2026-01-02", "--end-time", "2026-01-02T05:04:05+02:00"},
			&lookupEventsIn{StartTime: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC), EndTime: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}},
		{"document", []string{"kms", "encrypt", "--cli-input-json", `{"KeyId":"k","Plaintext":"aGVsbG8="}`, "--key-id", "over"},
			&encryptIn{KeyId: "over", Plaintext: []byte("hello")}},
		{"document in a file", []string{"ec2", "describe-snapshots", "--cli-input-json", "file:///doc.json"},
			&describeSnapshotsIn{OwnerIds: []string{"self"}, MaxResults: ptr(int64(5))}},
		{"document in YAML", []string{"ec2", "describe-snapshots", "--cli-input-yaml", "OwnerIds:\n- '123'\nDryRun: true\nMaxResults: 5\n"},
			&describeSnapshotsIn{OwnerIds: []string{"123"}, DryRun: ptr(true), MaxResults: ptr(int64(5))}},
		{"globals anywhere", []string{"--region", "us-east-1", "ec2", "--output", "text", "describe-snapshots", "--no-cli-pager"},
			&describeSnapshotsIn{}},
		{"negative and spaced words", []string{"kms", "encrypt", "--key-id", "-1", "--plaintext", "aA==", "--grant-tokens", "-a b", "-2.5"},
			&encryptIn{KeyId: "-1", Plaintext: []byte("h"), GrantTokens: []string{"-a b", "-2.5"}}},
		{"stream in", []string{"ebs", "put-snapshot-block", "--block-index", "3", "--block-data", "/block"},
			&putBlockIn{BlockIndex: ptr(int64(3)), BlockData: []byte("\x00\x01")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.env["NAMES"] = "/names"
			w.files = map[string]string{"/home/u/raw": "\x00raw\xff", "/names/key": "alias/from-file", "/b64": "aGVsbG8=\n",
				"/doc.json": `{"OwnerIds":["self"],"MaxResults":5}`, "/block": "\x00\x01"}
			w.ok(c.args...)
			require.Equal(t, c.want, w.in)
		})
	}
}

// What cannot be read is named, with the real command's words, and nothing is
// called.
func TestInputErrors(t *testing.T) {
	for _, c := range []struct {
		name   string
		status int
		args   []string
		want   string
	}{
		{"required", ExitUsage, []string{"kms", "encrypt"}, "aws: error: the following arguments are required: --key-id, --plaintext\n"},
		{"no command", ExitUsage, nil, "aws: error: the following arguments are required: command\n"},
		{"no operation", ExitUsage, []string{"kms"}, "aws: error: the following arguments are required: operation\n"},
		{"unknown options", ExitUsage, []string{"ec2", "describe-snapshots", "--foo", "x"}, "\nUnknown options: --foo, x\n"},
		{"a flag's value", ExitUsage, []string{"ec2", "describe-snapshots", "--dry-run", "true"}, "Unknown options: true\n"},
		{"explicit flag", ExitUsage, []string{"ec2", "describe-snapshots", "--dry-run=true"}, "argument --dry-run: ignored explicit argument 'true'"},
		{"no value", ExitUsage, []string{"kms", "encrypt", "--key-id", "--plaintext", "x"}, "argument --key-id: expected one argument"},
		{"no global value", ExitUsage, []string{"kms", "--region"}, "argument --region: expected one argument"},
		{"choice", ExitUsage, []string{"kms", "list-keys", "--output", "xml"}, "argument --output: Invalid choice, valid choices are:\n\njson   "},
		{"operation", ExitUsage, []string{"kms", "encript"}, "argument operation: Invalid choice, valid choices are:\n\nencrypt                                  | list-keys                               \nhelp                                    \n\n\nInvalid choice: 'encript', maybe you meant:\n\n  * encrypt\n"},
		{"service", ExitUsage, []string{"kmss", "encrypt"}, "argument command: Invalid choice"},
		{"number", ExitUsage, []string{"ec2", "describe-snapshots", "--max-results", "abc"}, "Error parsing parameter '--max-results': invalid literal for int() with base 10: 'abc'"},
		{"shorthand", ExitUsage, []string{"ec2", "describe-snapshots", "--filters", "Name=x,"}, "Error parsing parameter '--filters': Expected: '<second>', received: '<none>' for input:\nName=x,\n       ^\n"},
		{"second key", ExitUsage, []string{"ec2", "describe-snapshots", "--filters", "Name=x,Name=y"}, "Second instance of key \"Name\" encountered for input:\nName=x,Name=y\n       ^\nThis is often because there is a preceding \",\" instead of a space."},
		{"JSON", ExitUsage, []string{"ec2", "describe-snapshots", "--filters", "[{"}, "Error parsing parameter '--filters': Invalid JSON: "},
		{"file", ExitUsage, []string{"kms", "encrypt", "--key-id", "k", "--plaintext", "file://nope"}, "Error parsing parameter '--plaintext': Unable to load paramfile file://nope: [Errno 2] No such file or directory: 'nope'\n"},
		{"not text", ExitUsage, []string{"kms", "encrypt", "--key-id", "file:///bin", "--plaintext", "aA=="}, "text contents could not be decoded"},
		{"unknown member", ExitUsage, []string{"ec2", "describe-snapshots", "--filters", "Name=x,Foo=y"}, "Parameter validation failed:\nUnknown parameter in Filters[0]: \"Foo\", must be one of: Name, Values\n"},
		{"wrong type", ExitUsage, []string{"kms", "encrypt", "--key-id", "k", "--plaintext", "aA==", "--encryption-context", `{"a":1}`}, "Invalid type for parameter EncryptionContext.a, value: 1, type: <class 'int'>, valid types: <class 'str'>\n"},
		{"all wrong at once", ExitUsage, []string{"kms", "encrypt", "--cli-input-json", `{"GrantTokens":["a",null],"X":1}`}, "Missing required parameter in input: \"KeyId\"\nMissing required parameter in input: \"Plaintext\"\nInvalid type for parameter GrantTokens[1], value: None, type: <class 'NoneType'>, valid types: <class 'str'>\nUnknown parameter in input: \"X\", must be one of: KeyId, Plaintext, "},
		{"document is a list", ExitUsage, []string{"kms", "list-keys", "--cli-input-json", `[]`}, "Error parsing parameter 'cli-input-json': Invalid type: expecting map, received <class 'list'>"},
		{"time", ExitUsage, []string{"cloudtrail", "lookup-events", "--start-time", "soon"}, "Invalid type for parameter StartTime, value: soon, type: <class 'str'>, valid types: <class 'datetime.datetime'>, timestamp-string"},
		{"count", ExitUsage, []string{"ec2", "run-instances", "--count", "two"}, "count parameter should be of form min[:max]"},
		{"min-count is not there", ExitUsage, []string{"ec2", "run-instances", "--min-count", "2"}, "Unknown options: --min-count, 2"},
		{"query", ExitUsage, []string{"kms", "list-keys", "--query", "Keys["}, "Bad value for --query Keys[: "},
		{"query function", ExitUsage, []string{"kms", "list-keys", "--query", "size(Keys)"}, "Unknown function: size()"},
		{"query type", ExitInternal, []string{"kms", "list-keys", "--query", "length(`1`)"}, "In function length(), invalid type for value: 1, expected one of: ['string', 'array', 'object'], received: \"number\""},
		{"unsigned", ExitUsage, []string{"kms", "list-keys", "--no-sign-request"}, "--no-sign-request is refused"},
		{"base64", ExitUsage, []string{"kms", "encrypt", "--key-id", "k", "--plaintext", "topsecret!"}, "Invalid base64 in parameter Plaintext\n"},
		{"wait for what", ExitUsage, []string{"ec2", "wait", "snapshot-complete"}, "argument subcommand: Invalid choice"},
		{"paging by hand", ExitUsage, []string{"ec2", "describe-snapshots", "--no-paginate", "--max-items", "3"}, "Cannot specify --no-paginate along with pagination arguments: --max-items"},
		{"no paging here", ExitUsage, []string{"ec2", "describe-volumes", "--max-items", "3"}, "Unknown options: --max-items, 3"},
		{"where to", ExitUsage, []string{"ebs", "get-snapshot-block", "--snapshot-id", "s", "--block-index", "1"}, "the following arguments are required: outfile"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.files["/bin"] = "\xff\xfe"
			got := w.fails(c.status, c.args...)
			require.Contains(t, got, c.want)
			require.Equal(t, byte('\n'), got[0], "an empty line comes first")
			if c.status == ExitUsage {
				require.Zero(t, w.calls)
			}
		})
	}
}

// A secret given in any wrong way is in no error.
func TestSecretsStayOut(t *testing.T) {
	const secret = "topsecret"
	for _, args := range [][]string{
		{"--plaintext", secret + "!"},
		{"--cli-input-json", `{"KeyId":"k","Plaintext":["` + secret + `"]}`},
		{"--cli-input-json", `{"KeyId":"k","Plaintext":"` + secret + `"`},
		{"--cli-input-yaml", "Plaintext: {" + secret},
		{"--cli-input-json", `{"Plaintext":{"a":"` + secret + `"}}`},
	} {
		w := newWorld(t)
		got := w.fails(ExitUsage, append([]string{"kms", "encrypt", "--key-id", "k"}, args...)...)
		require.NotContains(t, got, secret, args)
	}
}

func TestStreamOut(t *testing.T) {
	w := newWorld(t)
	w.answer = answers(&getBlockOut{DataLength: 2, BlockData: []byte("\x00\xff"), Checksum: "sum"})
	out := w.ok("ebs", "get-snapshot-block", "--snapshot-id", "s", "--block-index", "1", "/tmp/out")
	require.Equal(t, "{\n    \"DataLength\": 2,\n    \"Checksum\": \"sum\"\n}\n", out)
	require.Equal(t, "\x00\xff", w.files["/tmp/out"])
}
