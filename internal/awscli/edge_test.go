package awscli

import (
	"io/fs"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseYAML(t *testing.T) {
	v, err := parseYAML("n: null\nb: false\ni: 3\nf: 1.5\nt: 2026-01-02\nl: [a, {x: y}]\nd: !!binary aGk=\nq: '5'\n")
	require.NoError(t, err)
	o := v.(*object)
	require.Equal(t, []string{"n", "b", "i", "f", "t", "l", "d", "q"}, o.keys)
	require.Equal(t, []byte("hi"), o.fields["d"])
	o.remove("d")
	require.Equal(t, `{"n": null, "b": false, "i": 3, "f": 1.5, "t": "2026-01-02", "l": ["a", {"x": "y"}], "q": "5"}`, formatJSON(o, -1))
	for _, bad := range []string{"", "a: &x [1]\nb: *x\n", "a: [", "i: 99999999999999999999999999999999 # too long for an int64\n"} {
		v, err := parseYAML(bad)
		if err == nil { // a number out of range is a float
			require.IsType(t, 0.0, v.(*object).fields["i"], bad)
		}
	}
}

func TestParseJSON(t *testing.T) {
	for in, want := range map[string]string{
		`{"b":1,"a":[1.5,-2,1e2,true,null,"x\n\u0001\t\r\b\f\\"]}`: `{"b": 1, "a": [1.5, -2, 100.0, true, null, "x\n\u0001\t\r\b\f\\"]}`,
		`"é"`:                  `"é"`,
		`99999999999999999999`: `1e+20`,
	} {
		v, err := parseJSON(in)
		require.NoError(t, err, in)
		require.Equal(t, want, formatJSON(v, -1))
	}
	for _, bad := range []string{"", "{", "[1", "{} x", "{\"a\"", "nul", "1e999", "[1,]", "{\"a\":}"} {
		_, err := parseJSON(bad)
		require.Error(t, err, bad)
	}
}

func TestPythonWords(t *testing.T) {
	for _, c := range []struct {
		v         any
		repr, typ string
	}{
		{nil, "None", "<class 'NoneType'>"},
		{true, "True", "<class 'bool'>"},
		{int64(3), "3", "<class 'int'>"},
		{2.0, "2.0", "<class 'float'>"},
		{0.25, "0.25", "<class 'float'>"},
		{"it's", `"it's"`, "<class 'str'>"},
		{`"it's"`, `'"it\'s"'`, "<class 'str'>"},
		{[]byte("x"), "b'…'", "<class 'bytes'>"},
		{[]any{"a", int64(1)}, "['a', 1]", "<class 'list'>"},
	} {
		require.Equal(t, c.repr, pyRepr(c.v))
		require.Equal(t, c.typ, pyType(c.v))
	}
	o := newObject()
	o.set("k", false)
	require.Equal(t, "{'k': False}", pyRepr(o))
	require.Equal(t, "<class 'dict'>", pyType(o))
}

func TestFiles(t *testing.T) {
	w := newWorld(t)
	w.cfg.ReadFile = func(name string) ([]byte, error) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	require.Contains(t, w.fails(ExitUsage, "kms", "encrypt", "--key-id", "file:///k", "--plaintext", "aA=="), "[Errno 13] Permission denied: '/k'")
	require.Contains(t, w.fails(ExitConfig, "kms", "list-keys"), "Unable to parse config file: /home/u/.aws/config: [Errno 13]")
	w.cfg.ReadFile, w.cfg.Getenv = nil, nil
	require.Contains(t, w.fails(ExitConfig, "kms", "list-keys", "--region", "a"), "Unable to locate credentials")
	w.cfg.WriteFile = nil
	w.cfg.Getenv = func(k string) string {
		return map[string]string{"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}[k]
	}
	w.answer = answers(&getBlockOut{BlockData: []byte("x")})
	require.Contains(t, w.fails(ExitInternal, "ebs", "get-snapshot-block", "--snapshot-id", "s", "--block-index", "1", "out", "--region", "a"),
		"out: no file can be written here")
}

func TestClosest(t *testing.T) {
	words := []string{"describe-snapshots", "describe-snapshot-attribute", "delete-snapshot", "create-snapshots", "create-snapshot"}
	require.Equal(t, []string{"create-snapshot", "create-snapshots"}, closest("create-snapshto", words)[:2])
	require.Equal(t, []string{"describe-snapshots"}, closest("describe-snapshot", words)[:1])
	require.Empty(t, closest("xyz", words))
	require.Empty(t, closest("", nil))
}
