package awscli

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"
)

func twoSnapshots() *describeSnapshotsOut {
	at := time.Date(2026, 1, 2, 3, 4, 5, 678_000_000, time.UTC)
	return &describeSnapshotsOut{Snapshots: []snapshot{
		{SnapshotId: "snap-1", State: "completed", VolumeSize: 8, Encrypted: true, StartTime: at, Tags: []tag{{"Name", "a: b"}}},
		{SnapshotId: "snap-2", State: "pending", VolumeSize: 16, StartTime: at.Truncate(time.Second), Tags: []tag{}, Progress: "9%"},
	}}
}

// The words below are the real command's formatters' for the same answer.
func TestOutput(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"json", nil, `{
    "Snapshots": [
        {
            "SnapshotId": "snap-1",
            "State": "completed",
            "VolumeSize": 8,
            "Encrypted": true,
            "StartTime": "2026-01-02T03:04:05.678000+00:00",
            "Tags": [
                {
                    "Key": "Name",
                    "Value": "a: b"
                }
            ]
        },
        {
            "SnapshotId": "snap-2",
            "State": "pending",
            "VolumeSize": 16,
            "Encrypted": false,
            "StartTime": "2026-01-02T03:04:05+00:00",
            "Tags": [],
            "Progress": "9%"
        }
    ]
}
`},
		{"text", []string{"--output", "text"},
			"SNAPSHOTS\tTrue\t\tsnap-1\t2026-01-02T03:04:05.678000+00:00\tcompleted\t8\nTAGS\tName\ta: b\n" +
				"SNAPSHOTS\tFalse\t9%\tsnap-2\t2026-01-02T03:04:05+00:00\tpending\t16\n"},
		{"yaml", []string{"--output", "yaml"}, `Snapshots:
- Encrypted: true
  SnapshotId: snap-1
  StartTime: '2026-01-02T03:04:05.678000+00:00'
  State: completed
  Tags:
  - Key: Name
    Value: 'a: b'
  VolumeSize: 8
- Encrypted: false
  Progress: 9%
  SnapshotId: snap-2
  StartTime: '2026-01-02T03:04:05+00:00'
  State: pending
  Tags: []
  VolumeSize: 16
`},
		{"table", []string{"--output", "table", "--query", "Snapshots[].{Id:SnapshotId,Size:VolumeSize}"}, `--------------------
| DescribeSnapshots|
+---------+--------+
|   Id    | Size   |
+---------+--------+
|  snap-1 |  8     |
|  snap-2 |  16    |
+---------+--------+
`},
		{"off", []string{"--output", "off"}, ""},
		{"query", []string{"--query", "Snapshots[0].SnapshotId"}, "\"snap-1\"\n"},
		{"query as text", []string{"--query", "Snapshots[].[SnapshotId,State,Progress]", "--output", "text"},
			"snap-1\tcompleted\tNone\nsnap-2\tpending\t9%\n"},
		{"null", []string{"--query", "Nope"}, "null\n"},
		{"null as text", []string{"--query", "Nope", "--output", "text"}, "None\n"},
		{"null as yaml", []string{"--query", "Nope", "--output", "yaml"}, "null\n"},
		{"hash keeps its order", []string{"--query", "Snapshots[0].{Z:State,A:VolumeSize}"}, "{\n    \"Z\": \"completed\",\n    \"A\": 8\n}\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.answer = answers(twoSnapshots())
			require.Equal(t, c.want, w.ok(append([]string{"ec2", "describe-snapshots"}, c.args...)...))
		})
	}
}

// Absent members stay out; booleans and numbers are always there.
func TestOutputPresence(t *testing.T) {
	w := newWorld(t)
	w.answer = answers(&lookupEventsOut{Context: map[string]string{"b": "2", "a": "<&>é\u0001\""}, Some: ptr(""), Empty: []string{}, Rate: 2})
	require.Equal(t, `{
    "Context": {
        "a": "<&>é\u0001\"",
        "b": "2"
    },
    "Some": "",
    "Empty": [],
    "Size": 0,
    "Rate": 2.0,
    "Flag": false
}
`, w.ok("cloudtrail", "lookup-events"))

	w.answer = answers(&encryptOut{CiphertextBlob: []byte{0xff, 0}, KeyId: "k"})
	require.Equal(t, "/wA=\n", w.ok("kms", "encrypt", "--key-id", "k", "--plaintext", "aA==", "--query", "CiphertextBlob", "--output", "text"))
}

func TestEmptyOutput(t *testing.T) {
	w := newWorld(t)
	for _, format := range []string{"json", "text", "table", "yaml", "off"} {
		require.Empty(t, w.ok("ec2", "modify-snapshot-attribute", "--snapshot-id", "s", "--output", format))
	}
	w.answer = answers(any(nil))
	require.Empty(t, w.ok("ec2", "modify-snapshot-attribute", "--snapshot-id", "s"))
	require.Equal(t, "{\n    \"Snapshots\": []\n}\n", w.ok("ec2", "describe-snapshots"), "a list that is followed is always there")
}

func TestYAMLScalars(t *testing.T) {
	for _, s := range []string{"", " ", "a", "yes", "No", "true", "null", "~", "1", "1.5", "0x1f", "1e3", "a: b", "a #b", "#", "- a", "-", "a:",
		"{a", "[a", "&a", "*a", "!a", "|", ">", "'", `"`, "it's", "%", "@a", "`a", "2026-01-02", "2026-01-02T03:04:05+00:00", "a\nb", "\t", "é", "=",
		"arn:aws:kms:eu-west-1:111111111111:key/1", "?", "a,b", "\u0085", "\u2028"} {
		var back map[string]any
		text := "k: " + yamlString(s) + "\n"
		require.NoError(t, yaml.Unmarshal([]byte(text), &back), text)
		require.Equal(t, s, back["k"], text)
	}
}

func FuzzYAML(f *testing.F) {
	for _, s := range []string{"a: b", "yes", "'\"", "\n", "1e9", "é#", ": "} {
		f.Add(s, "k")
	}
	f.Fuzz(func(t *testing.T, s, key string) {
		s, key = strings.ToValidUTF8(s, ""), strings.ToValidUTF8(key, "")
		o, inner := newObject(), newObject()
		inner.set(key, s)
		o.set("list", []any{s, inner, []any{s}, []any{}, newObject()})
		v, err := parseYAML(formatYAML(o))
		require.NoError(t, err, formatYAML(o))
		require.True(t, equal(o, v), "%q", formatYAML(o))
	})
}

func TestColour(t *testing.T) {
	w := newWorld(t)
	w.answer = answers(twoSnapshots())
	plain := w.ok("ec2", "describe-snapshots", "--output", "table")
	coloured := w.ok("ec2", "describe-snapshots", "--output", "table", "--color", "on")
	require.Contains(t, coloured, "\x1b[1;34msnap-1\x1b[0m")
	require.NotContains(t, plain, "\x1b")
}
