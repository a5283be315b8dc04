package awscli

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestQuery holds --query and the formatters to testdata/query.json: what
// jmespath.py and the formatters of aws-cli 1.45 gave for the same data. A
// case without text or table is one on which the real command raises an
// exception or, for a lone scalar in a table, prints its title only.
func TestQuery(t *testing.T) {
	raw, err := os.ReadFile("testdata/query.json")
	require.NoError(t, err)
	var file struct {
		Data  json.RawMessage
		Cases []struct {
			Query, JSON string
			Text, Table *string
			Error       bool
		}
	}
	require.NoError(t, json.Unmarshal(raw, &file))
	data, err := parseJSON(string(file.Data))
	require.NoError(t, err)
	require.Greater(t, len(file.Cases), 100)
	for _, c := range file.Cases {
		q, err := compileQuery(c.Query)
		var got any
		if err == nil {
			got, err = q.search(data)
		}
		if c.Error {
			require.Error(t, err, c.Query)
			continue
		}
		require.NoError(t, err, c.Query)
		require.Equal(t, c.JSON, formatJSON(got, 4), c.Query)
		if c.Text != nil {
			require.Equal(t, *c.Text, formatText(got), c.Query)
		}
		if c.Table != nil {
			require.Equal(t, *c.Table, formatTable("DescribeSnapshots", got, false), c.Query)
		}
	}
}

func TestQueryEdges(t *testing.T) {
	data, err := parseJSON(`{"a":[1,2,"x",null],"s":"b","o":{"k":{"v":1}},"n":2}`)
	require.NoError(t, err)
	for text, want := range map[string]string{
		"a[?@>`1`]":                `[2]`,
		"s < n":                    `null`,
		"s < 'c'":                  `true`,
		"a[5:1:-1]":                `["x"]`,
		"a[-100:100]":              `[1, 2, "x"]`,
		"not_null(x, y)":           `null`,
		"to_string(o)":             `"{\"k\":{\"v\":1}}"`,
		"avg(`[]`)":                `null`,
		"max(`[]`)":                `null`,
		"max_by(`[]`, &a)":         `null`,
		"sort(`[]`)":               `[]`,
		"sum(`[1.5, 1]`)":          `2.5`,
		"sum(`[]`)":                `0`,
		"`a\\`b`":                  "\"a`b\"",
		"'a`b'":                    "\"a`b\"",
		"\"s\"":                    `"b"`,
		"o.*.v":                    `[1]`,
		"a == a && o == o":         `true`,
		"a != `[1]` && s != `1`":   `true`,
		"o == `{\"k\":{\"v\":1}}`": `true`,
		"contains(s, `1`)":         `false`,
		"abs(`-2.5`)":              `2.5`,
		"type(`true`)":             `"boolean"`,
		"type(`[]`)":               `"array"`,
	} {
		q, err := compileQuery(text)
		require.NoError(t, err, text)
		got, err := q.search(data)
		require.NoError(t, err, text)
		require.Equal(t, want, formatJSON(got, -1), text)
	}
	for _, text := range []string{
		"", "a[", "a.b.", "foo()", "length()", "length(a, a)", "merge()", "n + n", "$.a", "let $x = a in $x", "'open", "`open",
		"length(n)", "sort(a)", "sort_by(a, &@)", "max_by(a, &@)", "join(s, a)", "map(&length(@), a)", "a[::0]", "keys(a)", "sum(&a)", "&a", "[&a]", "&s == &s",
	} {
		q, err := compileQuery(text)
		if err == nil {
			_, err = q.search(data)
		}
		require.Error(t, err, text)
	}
}

func FuzzQuery(f *testing.F) {
	for _, s := range []string{"a[?b==`c`].{d:e}|[0]", "sort_by(a,&b)[::-1]", "`{`", "'\\'", "a.*.b||!c&&d", "let $x=a in $x", "\"\\u0000\""} {
		f.Add(s)
	}
	data, err := parseJSON(`{"a":[{"b":1},{"b":"x"}],"c":null}`)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s string) {
		q, err := compileQuery(s)
		if err != nil {
			return
		}
		v, err := q.search(data)
		if err != nil {
			return
		}
		formatJSON(v, 4)
		formatText(v)
		formatYAML(v)
		formatTable("T", v, false)
	})
}
