package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

const allow = `{"Effect":"Allow","Action":"kms:Decrypt","Resource":"*"}`

func TestParse(t *testing.T) {
	text := "{\n\t\"Version\": \"2012-10-17\", \"Id\": \"x\",\n\"Statement\": [{\"Sid\":\"A b\",\"Effect\":\"Deny\"," +
		`"Principal":{"AWS":["111111111111","arn:aws:iam::111111111111:user/a","*","111111111111"],"Service":"ec2.amazonaws.com"},` +
		`"NotAction":["kms:*","*"],"NotResource":"arn:aws:kms:*:*:key/\u00e9"},` +
		`{"Effect":"Allow","NotPrincipal":{"AWS":"arn:aws:sts::111111111111:assumed-role/a/b"}}]}` + "\r\n"
	d, err := Parse([]byte(text), ResourcePolicy)
	require.NoError(t, err)
	sum := sha256.Sum256([]byte(text))
	require.Equal(t, hex.EncodeToString(sum[:]), d.Hash())
	require.Equal(t, text, d.Text())
	require.Equal(t, ResourcePolicy, d.Kind())
	require.Equal(t, 2, d.Len())
	require.Equal(t, []string{"111111111111", "arn:aws:iam::111111111111:user/a", "arn:aws:sts::111111111111:assumed-role/a/b"}, d.Principals())

	d, err = Parse([]byte(`{"Statement":`+allow+`}`), IdentityPolicy)
	require.NoError(t, err)
	require.False(t, d.variables, "a document without a version is of 2008-10-17")
	require.Empty(t, d.Principals())
}

// TestParseErrors: ¦ stands where the error must point; it is taken out before
// the text is parsed.
func TestParseErrors(t *testing.T) {
	identity := func(statement string) string { return "{\n\"Statement\": [\n" + statement + "]}" }
	key := func(rest string) string {
		return `{"Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"*",` + rest + `}]}`
	}
	with := func(rest string) string {
		return identity(`{"Effect":"Allow","Action":"kms:*","Resource":"*",` + rest + `}`)
	}
	const r, i = ResourcePolicy, IdentityPolicy
	for _, c := range []struct {
		kind DocumentKind
		text string
		want string // the message after the position
	}{
		{i, "¦", `the document is empty`},
		{i, "  \n ¦", `the document is empty`},
		{i, "¦[]", `want an object, found a list`},
		{i, "¦nul", `want a JSON value, found 'n'`},
		{i, "{¦", `want a name in double quotes, found the end of the document`},
		{i, "{\n  \"Version\" ¦\"x\"}", `want a colon after "Version", found '"'`},
		{i, "{\"Version\":\"2012-10-17\"\n¦\"Id\":1}", `want a comma or '}', found '"'`},
		{i, `{"a":[1,¦]}`, `want a JSON value, found ']'`},
		{i, `{"a":1,¦}`, `want a name in double quotes, found '}'`},
		{i, `{"a":¦01}`, `01 is not a number`},
		{i, `{"a":¦"x`, `the string that starts here does not end`},
		{i, `{"a":¦"\`, `the string that starts here does not end`},
		{i, `{"a":¦"\q"}`, `the string that starts here has a bad escape`},
		{i, "{\"a\":\"x¦\ny\"}", `a control character stands in a string; write it as an escape`},
		{i, `{"a":¦"€"}`, `the string that starts here holds U+20AC, which no policy may hold`},
		{i, `{"é":1,¦"é":2}`, `"é" stands twice in one object`},
		{i, `{"Statement":` + allow + `} ¦x`, `there is something after the end of the document: 'x'`},
		{i, strings.Repeat("[", 16) + "¦[[[", `values are nested more than 16 deep`},
		{i, "{\n¦\xff}", `the document is not UTF-8`},
		{i, strings.Repeat(" ", maxText) + "¦ ", `the document is longer than 65536 bytes`},

		{i, `¦{}`, `the document has no Statement`},
		{i, `{"Statement":¦[]}`, `Statement: the document has no statement`},
		{i, `{"Statement":¦"x"}`, `Statement: want an object or a list, found a string`},
		{i, `{"Statement":[¦1]}`, `Statement[0]: want an object, found a number`},
		{i, `{¦"statement":[]}`, `statement: unknown element "statement"; did you mean "Statement"?`},
		{i, `{¦"Foo":1}`, `Foo: unknown element "Foo"`},
		{i, `{"Version":¦"2012-10-18"}`, `Version: unknown version "2012-10-18"; there are 2012-10-17 and 2008-10-17`},
		{i, `{"Version":¦2012}`, `Version: want a string, found a number`},
		{i, `{"Id":¦null}`, `Id: want a string, found null`},

		{i, identity(`¦{}`), `Statement[0]: the statement has no Effect`},
		{i, identity(`{"Effect":¦"allow"}`), `Statement[0].Effect: the Effect is "allow"; want "Allow" or "Deny"`},
		{i, identity(`{"Effect":¦true}`), `Statement[0].Effect: want a string, found a boolean`},
		{i, identity(`¦{"Effect":"Allow"}`), `Statement[0]: the statement has neither Action nor NotAction`},
		{i, identity(`¦{"Effect":"Allow","Action":"*"}`), `Statement[0]: the statement has neither Resource nor NotResource`},
		{i, with(`"NotAction":¦"*"`), `Statement[0].NotAction: the statement has both Action and NotAction`},
		{i, with(`"NotResource":¦"*"`), `Statement[0].NotResource: the statement has both Resource and NotResource`},
		{i, with(`"Sid":¦"a b"`), `Statement[0].Sid: the Sid "a b" of an identity policy may hold only letters and digits`},
		{i, with(`"Sid":¦1`), `Statement[0].Sid: want a string, found a number`},
		{i, with(`"Principal":¦"*"`), `Statement[0].Principal: an identity policy must not name a principal`},
		{i, with(`¦"condition":{}`), `Statement[0].condition: unknown element "condition"; did you mean "Condition"?`},
		{i, identity(strings.Replace(allow, `{`, `{"Sid":"A",`, 1) + ",\n" + strings.Replace(allow, `{`, `{"Sid":¦"A",`, 1)),
			`Statement[1].Sid: the Sid "A" is also that of statement 0`},
		{i, identity(`{"Effect":"Allow","Action":¦[],"Resource":"*"}`), `Statement[0].Action: the list is empty`},
		{i, identity(`{"Effect":"Allow","Action":["*",¦1],"Resource":"*"}`), `Statement[0].Action[1]: want a string, found a number`},
		{i, identity(`{"Effect":"Allow","Action":¦{},"Resource":"*"}`), `Statement[0].Action: want a string or a list, found an object`},
		{i, identity(`{"Effect":"Allow","Action":¦"kms","Resource":"*"}`),
			`Statement[0].Action: "kms" is not an action: want service:Name, with * and ? in the name only, or "*"`},
		{i, identity(`{"Effect":"Allow","Action":"*","Resource":¦"key/1"}`),
			`Statement[0].Resource: "key/1" is not a resource: want an ARN or "*"`},
		{i, identity(`{"Effect":"Allow","Action":"*","Resource":¦"arn:aws:k*:x"}`),
			`Statement[0].Resource: "arn:aws:k*:x" has a wildcard for its service, which must be named`},
		{i, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":¦"arn:aws:s3:::${a"}}`,
			`Statement.Resource: the variable "${a" does not end`},

		{i, with(`"Condition":¦[]`), `Statement[0].Condition: want an object, found a list`},
		{i, with(`"Condition":{"Bool":¦1}`), `Statement[0].Condition.Bool: want an object, found a number`},
		{i, with(`"Condition":{¦"stringequals":{}}`),
			`Statement[0].Condition.stringequals: "stringequals" is not an operator; did you mean "StringEquals"?`},
		{i, with(`"Condition":{¦"NumericLessThan":{}}`), `Statement[0].Condition.NumericLessThan: ` +
			`the operator "NumericLessThan" is not supported; supported are ` + supported},
		{i, with(`"Condition":{¦"Foo":{}}`), `Statement[0].Condition.Foo: "Foo" is not an operator; supported are ` + supported},
		{i, with(`"Condition":{"Bool":{¦"x":"true"}}`), `Statement[0].Condition.Bool.x: "x" is not a condition key: want service:name`},
		{i, with(`"Condition":{"Bool":{"x:y":¦"yes"}}`), `Statement[0].Condition.Bool.x:y: the value of Bool is "yes"; want "true" or "false"`},
		{i, with(`"Condition":{"Null":{"x:y":¦1}}`), `Statement[0].Condition.Null.x:y: the value of Null is "1"; want "true" or "false"`},
		{i, with(`"Condition":{"Null":{"x:y":¦[]}}`), `Statement[0].Condition.Null.x:y: the list is empty`},
		{i, with(`"Condition":{"StringLike":{"x:y":¦null}}`),
			`Statement[0].Condition.StringLike.x:y: want a string or a boolean or a number or a list, found null`},
		{i, with(`"Condition":{"ArnLike":{"x:y":¦"role"}}`), `Statement[0].Condition.ArnLike.x:y: "role" is not an ARN, which ArnLike compares`},
		{i, with(`"Condition":{"ForAllValues:StringEquals":{¦"kms:EncryptionContext:a":"b"}}`),
			`Statement[0].Condition.ForAllValues:StringEquals.kms:EncryptionContext:a: ForAllValues may not be used with ` +
				`the single-valued key "kms:EncryptionContext:a": it would match a request without an encryption context`},

		{r, `{"Statement":¦` + allow + `}`, `Statement: the statement of a resource policy has neither Principal nor NotPrincipal`},
		{r, key(`"Principal":¦"111111111111"`), `Statement[0].Principal: want "*" or an object such as {"AWS": …}, found "111111111111"`},
		{r, key(`"Principal":¦[]`), `Statement[0].Principal: want a string or an object, found a list`},
		{r, key(`"Principal":¦{}`), `Statement[0].Principal: no principal is named`},
		{r, key(`"Principal":{"AWS":¦[]}`), `Statement[0].Principal.AWS: the list is empty`},
		{r, key(`"Principal":{¦"Federated":"x"}`), `Statement[0].Principal.Federated: Federated principals are not supported; supported are AWS and Service`},
		{r, key(`"Principal":{¦"aws":"x"}`), `Statement[0].Principal.aws: unknown kind of principal "aws"; there are AWS and Service`},
		{r, key(`"Principal":{"Service":¦"EC2"}`), `Statement[0].Principal.Service: "EC2" is not the name of a service, such as ec2.amazonaws.com`},
		{r, key(`"Principal":{"AWS":¦"dev"}`), `Statement[0].Principal.AWS: "dev" is not a principal: want an ARN, an account number or "*"`},
		{r, key(`"Principal":{"AWS":¦"arn:aws:iam::111111111111:user/*"}`), `Statement[0].Principal.AWS: ` +
			`"arn:aws:iam::111111111111:user/*" has a wildcard, which a principal may not have; name "*" and add a condition on aws:PrincipalArn`},
		{r, key(`"NotPrincipal":{"AWS":¦"arn:aws:iam::111111111111:group/g"}`),
			`Statement[0].NotPrincipal.AWS: "arn:aws:iam::111111111111:group/g" is a group, which cannot be a principal`},
		{r, key(`"Principal":{"AWS":¦"arn:aws:iam::1:user/a"}`),
			`Statement[0].Principal.AWS: "arn:aws:iam::1:user/a" is not a principal: want arn:aws:iam::ACCOUNT:… or arn:aws:sts::ACCOUNT:…`},
		{r, key(`"Principal":{"AWS":¦"arn:aws:kms::111111111111:key/a"}`),
			`Statement[0].Principal.AWS: "arn:aws:kms::111111111111:key/a" is not a principal: want a user, a role, an account's root or a session`},
		{r, key(`"Principal":"*","NotPrincipal":¦"*"`), `Statement[0].NotPrincipal: the statement has both Principal and NotPrincipal`},
	} {
		t.Run(c.want, func(t *testing.T) {
			before, after, marked := strings.Cut(c.text, "¦")
			require.True(t, marked)
			lines := strings.Split(before, "\n")
			d, err := Parse([]byte(before+after), c.kind)
			require.Nil(t, d)
			var bad *ParseError
			require.ErrorAs(t, err, &bad)
			require.Equal(t, c.want, strings.TrimPrefix(bad.Path+": "+bad.Problem, ": "))
			require.Equal(t, []int{len(lines), 1 + len([]rune(lines[len(lines)-1]))}, []int{bad.Line, bad.Column})
		})
	}
	_, err := Parse([]byte("{\n \"Id\":1}"), i)
	require.EqualError(t, err, "line 2, column 7, Id: want a string, found a number")
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"Version":"2012-10-17","Statement":[` + allow + `]}`))
	f.Add([]byte(`{"Statement":{"Effect":"Deny","Principal":{"AWS":"111111111111"},"NotAction":"kms:*","NotResource":"*",` +
		`"Condition":{"ForAnyValue:StringLikeIfExists":{"aws:x":["${a:b, 'c'}",true,1e3]},"Null":{"a:b":false}}}}`))
	f.Add([]byte("{\"a\":[1,{\"é\":\"\\u00e9\"}\n"))
	for _, file := range tableFiles(f) {
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, kind := range []DocumentKind{IdentityPolicy, ResourcePolicy} {
			d, err := Parse(text, kind)
			var bad *ParseError
			if errors.As(err, &bad) {
				require.GreaterOrEqual(t, bad.Line, 1)
				require.LessOrEqual(t, bad.Line, 1+strings.Count(string(text), "\n"))
				require.GreaterOrEqual(t, bad.Column, 1)
				require.NotEmpty(t, bad.Problem)
				continue
			}
			require.NoError(t, err)
			require.True(t, json.Valid(text))
			require.True(t, utf8.Valid(text))
			src := Source{Name: "p", Document: d}
			p := Policies{Identity: []Source{src}}
			if kind == ResourcePolicy {
				p = Policies{Key: &src}
			}
			decision := Decide(Request{Principal: Principal{Kind: User, Account: "111111111111", Name: "dev",
				ARN: "arn:aws:iam::111111111111:user/dev"}, Action: "kms:Decrypt", Resource: "arn:aws:kms:r:111111111111:key/1"}, p)
			require.Len(t, decision.Trace, d.Len())
			require.NotEmpty(t, decision.Explain())
			for _, x := range decision.Proposals {
				if x.Statement != "" {
					_, err := Parse([]byte(`{"Statement":`+x.Statement+`}`), kindOf(x.Layer))
					require.NoError(t, err, x.Statement)
				}
			}
		}
	})
}

func kindOf(l LayerKind) DocumentKind {
	if l == KeyPolicyLayer {
		return ResourcePolicy
	}
	return IdentityPolicy
}

func tableFiles(t testing.TB) [][]byte {
	files, err := filepath.Glob("testdata/policy/*.json")
	require.NoError(t, err)
	var out [][]byte
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		var cases []struct{ Key json.RawMessage }
		require.NoError(t, json.Unmarshal(text, &cases))
		for _, c := range cases[:min(10, len(cases))] {
			if c.Key != nil {
				out = append(out, []byte(`{"Version":"2012-10-17","Statement":`+string(c.Key)+`}`))
			}
		}
	}
	return out
}
