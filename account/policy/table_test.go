package policy_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ebsim/ebsim/account/arn"
	"github.com/ebsim/ebsim/account/policy"
)

// tableCase is described in testdata/policy/README.md.
type tableCase struct {
	Name              string
	Principal         string
	Action            string
	Resource          *string
	Owner             arn.AccountID
	EncryptionContext map[string]string
	Context           policy.Context
	Key               json.RawMessage
	Identity          map[string]json.RawMessage
	Grants            []policy.Grant
	Outcome           policy.Outcome
	Decisive          []string
	Error             string
}

func table(t testing.TB) map[string][]tableCase {
	files, err := filepath.Glob("testdata/policy/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	out := map[string][]tableCase{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		var cases []tableCase
		d := json.NewDecoder(strings.NewReader(string(text)))
		d.DisallowUnknownFields()
		require.NoError(t, d.Decode(&cases), file)
		out[strings.TrimSuffix(filepath.Base(file), ".json")] = cases
	}
	return out
}

func principal(t testing.TB, text string) policy.Principal {
	kind, rest, _ := strings.Cut(text, ":")
	f := strings.Split(rest, ":")
	account := arn.AccountID(f[0])
	sts := func(role, session string) string {
		return arn.New("sts", "", account, "assumed-role/"+role+"/"+session).String()
	}
	switch policy.PrincipalKind(kind) {
	case policy.Root:
		return policy.Principal{Kind: policy.Root, Account: account, ARN: account.Root(), ID: f[0]}
	case policy.User:
		return policy.Principal{Kind: policy.User, Account: account, ID: "AIDAEXAMPLEEXAMPLE001", Name: f[1],
			ARN: arn.New("iam", "", account, "user/"+f[1]).String()}
	case policy.Session:
		return policy.Principal{Kind: policy.Session, Account: account, ID: "AROAEXAMPLEEXAMPLE001:" + f[2], Name: f[2],
			ARN: sts(f[1], f[2]), RoleARN: arn.New("iam", "", account, "role/"+f[1]).String()}
	case policy.Instance:
		const role = "aws:ec2-infrastructure"
		return policy.Principal{Kind: policy.Instance, Account: account, ID: f[0] + ":" + role + ":" + f[1], Name: f[1],
			ARN: sts(role, f[1]), RoleARN: arn.New("iam", "", account, "role/"+role).String()}
	case policy.Service:
		return policy.Principal{Kind: policy.Service, ARN: rest, Name: rest}
	}
	t.Fatalf("no such principal: %s", text)
	return policy.Principal{}
}

func mustParse(t testing.TB, text string, kind policy.DocumentKind) *policy.Document {
	if strings.HasPrefix(text, "[") {
		text = `{"Version":"2012-10-17","Statement":` + text + `}`
	}
	if kind == policy.ResourcePolicy && strings.Contains(text, `"Statement":[]`) {
		return nil // a key policy that says nothing
	}
	d, err := policy.Parse([]byte(text), kind)
	require.NoError(t, err, text)
	return d
}

func (c tableCase) ask(t testing.TB) (policy.Request, policy.Policies) {
	r := policy.Request{
		Principal: principal(t, c.Principal), Action: c.Action, Owner: c.Owner,
		Resource:          "arn:aws:kms:eu-west-1:111111111111:key/1234",
		EncryptionContext: c.EncryptionContext, Context: c.Context,
	}
	if r.Action == "" {
		r.Action = "kms:Decrypt"
	}
	if r.Owner == "" {
		r.Owner = "111111111111"
	}
	if c.Resource != nil {
		r.Resource = *c.Resource
	}
	p := policy.Policies{Grants: c.Grants}
	if c.Key != nil {
		p.Key = &policy.Source{Name: "key policy", Document: mustParse(t, string(c.Key), policy.ResourcePolicy)}
	}
	for _, name := range sorted(c.Identity) {
		doc := mustParse(t, string(c.Identity[name]), policy.IdentityPolicy)
		p.Identity = append(p.Identity, policy.Source{Name: name, Document: doc})
	}
	return r, p
}

func TestTable(t *testing.T) {
	count := 0
	for file, cases := range table(t) {
		for _, c := range cases {
			count++
			t.Run(file+"/"+c.Name, func(t *testing.T) {
				r, p := c.ask(t)
				d := policy.Decide(r, p)
				require.Equal(t, c.Outcome, d.Outcome, d.Explain())
				require.Equal(t, c.Decisive, decisive(d), d.Explain())
				checkTrace(t, d, p)
				if c.Outcome == policy.Allowed {
					require.NoError(t, d.Err())
					require.Empty(t, d.Proposals)
					return
				}
				var denied *policy.DeniedError
				require.ErrorAs(t, d.Err(), &denied)
				require.ErrorIs(t, d.Err(), policy.ErrDenied)
				require.Same(t, d, denied.Decision)
				if c.Error != "" {
					require.True(t, strings.HasSuffix(denied.Error(), c.Error), denied.Error())
				}
			})
		}
	}
	require.Greater(t, count, 120)
}

func decisive(d *policy.Decision) []string {
	var out []string
	for _, s := range d.Trace {
		switch {
		case !s.Decisive:
		case s.Layer == policy.GrantLayer:
			out = append(out, "grant "+s.Grant)
		default:
			out = append(out, fmt.Sprintf("%s[%d]", s.Source, s.Index))
		}
	}
	return out
}

// checkTrace holds for every decision: a step for each statement and grant,
// and a step matches when all its elements do.
func checkTrace(t *testing.T, d *policy.Decision, p policy.Policies) {
	want := len(p.Grants)
	for _, s := range p.Identity {
		want += s.Document.Len()
	}
	if p.Key != nil && p.Key.Document != nil {
		want += p.Key.Document.Len()
	}
	require.Len(t, d.Trace, want)
	for _, s := range d.Trace {
		all := true
		for _, e := range s.Elements {
			all = all && e.Matched
		}
		require.Equal(t, all, s.Matched)
		require.False(t, s.Decisive && !s.Matched)
	}
}
