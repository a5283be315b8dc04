package awscli

import (
	"encoding/json"
	"io/fs"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// Cases after "Using shorthand syntax in the AWS CLI" (user guide) and what
// awscli/shorthand.py makes of its corners; results as JSON.
func TestShorthand(t *testing.T) {
	for in, want := range map[string]string{
		`a=b`:                         `{"a": "b"}`,
		`a=b,c=d`:                     `{"a": "b", "c": "d"}`,
		`a=`:                          `{"a": ""}`,
		`a=b,c=`:                      `{"a": "b", "c": ""}`,
		`a=b,c`:                       `{"a": ["b", "c"]}`,
		`a=b,c,d=e,f,g=h`:             `{"a": ["b", "c"], "d": ["e", "f"], "g": "h"}`,
		`a=[b,c]`:                     `{"a": ["b", "c"]}`,
		`a=[]`:                        `{"a": []}`,
		`a=[ b , c ]`:                 `{"a": ["b", "c"]}`,
		`a=[b],c=d`:                   `{"a": ["b"], "c": "d"}`,
		`a={b=c}`:                     `{"a": {"b": "c"}}`,
		`a={}`:                        `{"a": {}}`,
		`a={b=c,d={e=f,g=[h,{i=j}]}}`: `{"a": {"b": "c", "d": {"e": "f", "g": ["h", {"i": "j"}]}}}`,
		`a=[{b=c},{b=d}]`:             `{"a": [{"b": "c"}, {"b": "d"}]}`,
		`a='b,c=d'`:                   `{"a": "b,c=d"}`,
		`a="b,c=d",e=f`:               `{"a": "b,c=d", "e": "f"}`,
		`a='it\'s'`:                   `{"a": "it's"}`,
		`a="say \"x\""`:               `{"a": "say \"x\""}`,
		`a='b\\c'`:                    `{"a": "b\\c"}`,
		`a='',b=""`:                   `{"a": "", "b": ""}`,
		`a='b','c'`:                   `{"a": ["b", "c"]}`,
		`a=b\,c`:                      `{"a": "b,c"}`,
		`a=b\,c,d`:                    `{"a": ["b,c", "d"]}`,
		`a=b c`:                       `{"a": "b c"}`,
		`a = b , c = d`:               `{"a": "b", "c": "d"}`,
		`a=b=c`:                       `{"a": "b=c"}`,
		`a=b=c,d=e`:                   `{"a": "b=c", "d": "e"}`,
		`Name=tag:x,Values=y`:         `{"Name": "tag:x", "Values": "y"}`,
		`tag:x=y,a/b#c.d_e-f=g`:       `{"tag:x": "y", "a/b#c.d_e-f": "g"}`,
		`a=arn:aws:kms:x:1:key/y`:     `{"a": "arn:aws:kms:x:1:key/y"}`,
		`a=ünïcode,b=日本`:              `{"a": "ünïcode", "b": "日本"}`,
		`a=*,b=?*`:                    `{"a": "*", "b": "?*"}`,
		`=a`:                          `{"": "a"}`,
		`a@=plain`:                    `{"a": "plain"}`,
		`a@=file://f`:                 `{"a": "content of f"}`,
		`a@=file://f,b=file://f`:      `{"a": "content of f", "b": "file://f"}`,
		`a={b@=file://f,c=d}`:         `{"a": {"b": "content of f", "c": "d"}}`,
		`a@='file://f'`:               `{"a": "content of f"}`,
		`a='x\'`:                      `{"a": "x\\"}`,
		"a=b,\nc=d":                   `{"a": "b", "c": "d"}`,
		`a=x]y`:                       ``,
		`a=]y`:                        `{"a": "]y"}`,
		``:                            ``,
		`a`:                           ``,
		`a=b,`:                        ``,
		`a=b,,c=d`:                    `{"a": "b", "c": "d"}`,
		`a=[b`:                        ``,
		`a=[b c],`:                    ``,
		`a={b`:                        ``,
		`a={b=c`:                      ``,
		`a='b`:                        ``,
		`a="b`:                        ``,
		`a=b,a=c`:                     ``,
		`a=[b]c`:                      ``,
		`a={b=c},d`:                   ``,
		`a=b"c`:                       ``,
		`a=b,c"d`:                     ``,
		`a=b,=c`:                      `{"a": "b", "": "c"}`,
		`a@=file://nope`:              ``,
	} {
		o, err := parseShorthand(in, func(v string) (any, bool, error) {
			switch v {
			case "file://f":
				return "content of f", true, nil
			case "file://nope":
				return nil, true, fs.ErrNotExist
			}
			return nil, false, nil
		})
		if want == "" {
			require.Error(t, err, in)
			continue
		}
		require.NoError(t, err, in)
		require.Equal(t, want, formatJSON(o, -1), in)
	}
}

// TestShorthandCorpus holds the parser to testdata/shorthand.json: random
// words and what the parser of aws-cli 1.45 made of them, errors' words and
// carets included.
func TestShorthandCorpus(t *testing.T) {
	raw, err := os.ReadFile("testdata/shorthand.json")
	require.NoError(t, err)
	var cases []struct{ In, Out, Error string }
	require.NoError(t, json.Unmarshal(raw, &cases))
	require.Len(t, cases, 400)
	for _, c := range cases {
		o, err := parseShorthand(c.In, nil)
		if c.Error != "" {
			require.EqualError(t, err, c.Error, c.In)
			continue
		}
		require.NoError(t, err, c.In)
		require.Equal(t, c.Out, formatJSON(o, -1), c.In)
	}
}

func TestShorthandErrorPlace(t *testing.T) {
	for in, want := range map[string]string{
		"a":            "Expected: '=', received: 'EOF' for input:\na\n ^",
		"a=b,c=d,a=e":  "Second instance of key \"a\" encountered for input:\na=b,c=d,a=e\n        ^\nThis is often because there is a preceding \",\" instead of a space.",
		"a=b,\nc\nd=e": "Expected: '=', received: 'd' for input:\na=b,\nc\nd=e\n^",
		"a=[b,\nc\n":   "Expected: ',', received: 'EOF' for input:\na=[b,\nc\n\n^",
	} {
		_, err := parseShorthand(in, nil)
		require.EqualError(t, err, want)
	}
}

func FuzzShorthand(f *testing.F) {
	for _, s := range []string{`a=b,c=[d,{e=f}]`, `a="b\"",c='d'`, `a=b\,c,d`, `a@=file://f`, "a=b,\nc=d", `a=[`, `a={b=`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		o, err := parseShorthand(s, nil)
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		require.NotEmpty(t, o.keys)
		back, err := parseJSON(formatJSON(o, -1))
		require.NoError(t, err)
		require.True(t, equal(o, back) || !validUTF8(o))
	})
}

func validUTF8(o *object) bool {
	return !containsReplacement(formatJSON(o, -1))
}

func containsReplacement(s string) bool {
	for _, r := range s {
		if r == '\uFFFD' {
			return true
		}
	}
	return false
}
