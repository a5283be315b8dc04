package policy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestOperators: a condition {op: {x:key: want}} against a request whose key
// has the values of have; "-" means that the key is absent.
func TestOperators(t *testing.T) {
	for _, c := range []struct {
		op, want, have string
		match          bool
	}{
		{"StringEquals", "a", "a", true},
		{"StringEquals", "a", "A", false},
		{"StringEquals", "a b", "b", true},
		{"StringEquals", "a*", "ab", false},
		{"StringEquals", "a", "-", false},
		{"StringNotEquals", "a", "b", true},
		{"StringNotEquals", "a b", "b", false},
		{"StringNotEquals", "a", "-", true},
		{"StringNotEquals", "a", "b a", false}, // several values: none may meet
		{"StringEqualsIgnoreCase", "a", "A", true},
		{"StringEqualsIgnoreCase", "a", "b", false},
		{"StringNotEqualsIgnoreCase", "a", "A", false},
		{"StringNotEqualsIgnoreCase", "a", "-", true},
		{"StringLike", "a*", "abc", true},
		{"StringLike", "a?", "abc", false},
		{"StringLike", "A*", "abc", false},
		{"StringNotLike", "a*", "abc", false},
		{"StringNotLike", "a*", "xbc", true},
		{"StringNotLike", "a*", "-", true},
		{"ArnEquals", "arn:aws:iam::1:role/*", "arn:aws:iam::1:role/a", true},
		{"ArnEquals", "arn:aws:iam::*:role/a", "arn:aws:iam::1:role/a", true},
		{"ArnLike", "arn:aws:*:role/a", "arn:aws:iam::1:role/a", false},
		{"ArnLike", "*", "arn:aws:iam::1:role/a", true},
		{"ArnLike", "arn:aws:iam::1:role/a", "no-arn", false},
		{"ArnLike", "arn:aws:iam::1:role/a", "-", false},
		{"ArnNotEquals", "arn:aws:iam::1:role/a", "arn:aws:iam::1:role/b", true},
		{"ArnNotLike", "arn:aws:iam::1:role/*", "arn:aws:iam::1:role/b", false},
		{"ArnNotLike", "arn:aws:iam::1:role/*", "-", true},
		{"Bool", "true", "true", true},
		{"Bool", "true", "TRUE", true},
		{"Bool", "true", "false", false},
		{"Bool", "false", "-", false},
		{"BoolIfExists", "false", "-", true},
		{"BoolIfExists", "false", "true", false},
		{"Null", "true", "-", true},
		{"Null", "true", "a", false},
		{"Null", "false", "-", false},
		{"Null", "false", "a", true},
		{"StringEqualsIfExists", "a", "-", true},
		{"StringEqualsIfExists", "a", "b", false},
		{"StringNotEqualsIfExists", "a", "-", true},
		{"StringNotEqualsIfExists", "a", "a", false},
		{"ArnLikeIfExists", "arn:aws:iam::1:role/a", "-", true},
		{"ForAllValues:StringEquals", "a b", "a", true},
		{"ForAllValues:StringEquals", "a b", "a b", true},
		{"ForAllValues:StringEquals", "a b", "a c", false},
		{"ForAllValues:StringEquals", "a b", "-", true},
		{"ForAllValues:StringNotEquals", "a", "b c", true},
		{"ForAllValues:StringNotEquals", "a", "a b", false},
		{"ForAllValues:StringNotEquals", "a", "-", true},
		{"ForAnyValue:StringEquals", "a b", "a c", true},
		{"ForAnyValue:StringEquals", "a b", "c", false},
		{"ForAnyValue:StringEquals", "a b", "-", false},
		{"ForAnyValue:StringEqualsIfExists", "a b", "-", true},
		{"ForAnyValue:StringNotEquals", "a", "a b", true},
		{"ForAnyValue:StringNotEquals", "a", "a", false},
		{"ForAnyValue:StringNotEquals", "a", "-", false},
		{"ForAnyValue:StringLike", "a*", "b ab", true},
		{"ForAnyValue:ArnNotLike", "arn:aws:iam::1:*", "arn:aws:iam::1:a arn:aws:iam::2:a", true},
		{"ForAllValues:Bool", "true", "true false", false},
	} {
		t.Run(fmt.Sprintf("%s %s: %s", c.op, c.want, c.have), func(t *testing.T) {
			text := fmt.Sprintf(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*",
				"Condition":{%q:{"X:Key":["%s"]}}}}`, c.op, strings.ReplaceAll(c.want, " ", `","`))
			d, err := Parse([]byte(text), IdentityPolicy)
			require.NoError(t, err)
			ctx := Context{}
			if c.have != "-" {
				ctx["x:KEY"] = strings.Fields(c.have)
			}
			el := d.statements[0].conditions[0].eval(newEnv(Request{Context: ctx}))
			require.Equal(t, c.match, el.Matched)
			require.Equal(t, c.op, el.Op)
		})
	}
}

func TestEveryOperatorIsKnownOrRefused(t *testing.T) {
	for _, o := range operators {
		for _, form := range []string{"%s", "%sIfExists", "ForAllValues:%s", "ForAnyValue:%s", "ForAnyValue:%sIfExists"} {
			_, err := readOperator(fmt.Sprintf(form, o.name))
			if o.name == "Null" && form != "%s" {
				require.EqualError(t, err, "the operator Null takes no ForAllValues:, ForAnyValue: or IfExists")
				continue
			}
			require.NoError(t, err)
		}
	}
	for _, name := range refused {
		_, err := readOperator(name + "IfExists")
		require.EqualError(t, err, fmt.Sprintf("the operator %q is not supported; supported are %s", name+"IfExists", supported))
	}
}

func TestDerivedKeys(t *testing.T) {
	e := newEnv(Request{
		Principal: Principal{Kind: Session, Account: "111111111111", ARN: "arn:aws:sts::111111111111:assumed-role/app/s1",
			RoleARN: "arn:aws:iam::111111111111:role/app", ID: "AROAX:s1", Name: "s1"},
		Action: "kms:Decrypt", EncryptionContext: map[string]string{"b": "", "A": "1"},
	})
	require.Equal(t, map[string][]string{
		"aws:principalarn":          {"arn:aws:iam::111111111111:role/app"},
		"aws:principalaccount":      {"111111111111"},
		"aws:principaltype":         {"AssumedRole"},
		"aws:userid":                {"AROAX:s1"},
		"kms:calleraccount":         {"111111111111"},
		"kms:encryptioncontext:a":   {"1"},
		"kms:encryptioncontext:b":   {""},
		"kms:encryptioncontextkeys": {"A", "b"},
	}, e.keys)
	e = newEnv(Request{Principal: Principal{Kind: User, Account: "111111111111", Name: "dev"}, Action: "ec2:CreateVolume",
		EncryptionContext: map[string]string{"a": "1"}, Context: Context{"aws:UserName": {"other"}, "x:none": {}}})
	require.Equal(t, []string{"other"}, e.values("aws:username"))
	require.Empty(t, e.values("kms:CallerAccount"))
	require.Empty(t, e.values("kms:EncryptionContext:a"))
	require.NotContains(t, e.keys, "x:none")
	require.Equal(t, []string{"Account"}, newEnv(Request{Principal: Principal{Kind: Root}}).values("aws:PrincipalType"))
	require.Equal(t, []string{"ec2.amazonaws.com"},
		newEnv(Request{Principal: Principal{Kind: Service, ARN: "ec2.amazonaws.com"}}).values("aws:PrincipalServiceName"))
}
