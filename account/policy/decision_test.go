package policy_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ebsim/ebsim/account/policy"
)

// everyCase runs f over the truth table.
func everyCase(t *testing.T, f func(t *testing.T, r policy.Request, p policy.Policies, d *policy.Decision)) {
	for file, cases := range table(t) {
		for _, c := range cases {
			t.Run(file+"/"+c.Name, func(t *testing.T) {
				r, p := c.ask(t)
				f(t, r, p, policy.Decide(r, p))
			})
		}
	}
}

func statement(t *testing.T, d *policy.Document, text string, kind policy.DocumentKind) *policy.Document {
	if d != nil && d.Kind() == kind {
		return add(t, d, text, kind)
	}
	return mustParse(t, "["+text+"]", kind)
}

func TestDenyAlwaysWins(t *testing.T) {
	everyCase(t, func(t *testing.T, r policy.Request, p policy.Policies, _ *policy.Decision) {
		denied := p
		denied.Identity = append(slices.Clone(p.Identity), policy.Source{Name: "deny",
			Document: mustParse(t, `[{"Effect":"Deny","Action":"*","Resource":"*"}]`, policy.IdentityPolicy)})
		require.Equal(t, policy.ExplicitlyDenied, policy.Decide(r, denied).Outcome)
		if p.Key != nil {
			denied := p
			denied.Key = &policy.Source{Name: "key policy", Document: statement(t, p.Key.Document,
				`{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}`, policy.ResourcePolicy)}
			require.Equal(t, policy.ExplicitlyDenied, policy.Decide(r, denied).Outcome)
		}
	})
}

func TestAllowsNeverTakeAway(t *testing.T) {
	everyCase(t, func(t *testing.T, r policy.Request, p policy.Policies, d *policy.Decision) {
		p.Identity = append(slices.Clone(p.Identity), policy.Source{Name: "allow",
			Document: mustParse(t, `[{"Effect":"Allow","Action":"*","Resource":"*"}]`, policy.IdentityPolicy)})
		if p.Key != nil {
			p.Key = &policy.Source{Name: "key policy", Document: statement(t, p.Key.Document,
				`{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}`, policy.ResourcePolicy)}
		}
		want := policy.Allowed
		if d.Outcome == policy.ExplicitlyDenied || r.Principal.Kind == policy.Instance || p.Key == nil && r.Principal.Kind == policy.Service {
			want = d.Outcome
		}
		require.Equal(t, want, policy.Decide(r, p).Outcome)
	})
}

func TestDecideLeavesItsArguments(t *testing.T) {
	everyCase(t, func(t *testing.T, r policy.Request, p policy.Policies, d *policy.Decision) {
		before, err := json.Marshal([]any{r, p})
		require.NoError(t, err)
		again := policy.Decide(r, p)
		after, err := json.Marshal([]any{r, p})
		require.NoError(t, err)
		require.Equal(t, string(before), string(after))
		require.Equal(t, d.Compact(), again.Compact(), "the same question has the same answer")
	})
}

func TestCompact(t *testing.T) {
	everyCase(t, func(t *testing.T, r policy.Request, p policy.Policies, d *policy.Decision) {
		c := d.Compact()
		text, err := json.Marshal(c)
		require.NoError(t, err)
		var back policy.Compact
		require.NoError(t, json.Unmarshal(text, &back))
		require.Equal(t, c, back)

		docs := map[string]*policy.Document{}
		for _, doc := range d.Documents() {
			docs[doc.Hash()] = doc
		}
		require.Len(t, c.Hashes(), len(docs))
		for _, hash := range c.Hashes() {
			require.Contains(t, docs, hash)
		}
		find := func(hash string) (*policy.Document, bool) { doc, ok := docs[hash]; return doc, ok }
		require.Equal(t, d.Explain(), back.Explain(find))

		bare := back.Explain(nil)
		require.Equal(t, bare, back.Explain(func(string) (*policy.Document, bool) { return nil, false }))
		require.LessOrEqual(t, len(bare), len(d.Explain())+64)
	})
}

func TestCompactCountsGrantsToOthers(t *testing.T) {
	r, p := tableCase{Principal: "user:111111111111:dev", Key: json.RawMessage(`[]`)}.ask(t)
	for i := range 1000 {
		p.Grants = append(p.Grants, policy.Grant{ID: fmt.Sprint("g", i), Operations: []string{"Decrypt"},
			Grantee: fmt.Sprintf("arn:aws:iam::111111111111:user/u%d", i)})
	}
	d := policy.Decide(r, p)
	require.Len(t, d.Trace, 1000)
	c := d.Compact()
	require.Empty(t, c.Steps)
	require.Equal(t, 1000, c.OtherGrants)
	require.Contains(t, c.Explain(nil), "grants on the key: none to the caller, 1000 to others\n")
}

func TestOnlyGrants(t *testing.T) {
	const dev, root = "arn:aws:iam::111111111111:user/dev", "arn:aws:iam::111111111111:root"
	grant := func(grantee string) []policy.Grant {
		return []policy.Grant{{ID: "g1", Grantee: grantee, Operations: []string{"Decrypt"}}}
	}
	statement := func(principal string) json.RawMessage {
		return json.RawMessage(fmt.Sprintf(`[{"Effect":"Allow","Principal":{"AWS":%q},"Action":"kms:*","Resource":"*"}]`, principal))
	}
	everything := map[string]json.RawMessage{"p": json.RawMessage(`[{"Effect":"Allow","Action":"*","Resource":"*"}]`)}
	for _, c := range []struct {
		name string
		ask  tableCase
		want []string
	}{
		{"a grant and nothing else", tableCase{Key: json.RawMessage(`[]`), Grants: grant(dev)}, []string{"g1"}},
		{"a grant, and the account without an identity policy", tableCase{Key: statement(root), Grants: grant(dev)}, []string{"g1"}},
		{"a grant to the account, with an identity policy", tableCase{Key: json.RawMessage(`[]`), Grants: grant(root), Identity: everything}, []string{"g1"}},
		{"a grant beside a direct statement", tableCase{Key: statement(dev), Grants: grant(dev)}, nil},
		{"a grant beside the account and an identity policy", tableCase{Key: statement(root), Grants: grant(dev), Identity: everything}, nil},
		{"refused", tableCase{Key: json.RawMessage(`[]`)}, nil},
		{"no grant", tableCase{Key: statement(dev)}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.ask.Principal = "user:111111111111:dev"
			require.Equal(t, c.want, policy.Decide(c.ask.ask(t)).OnlyGrants())
		})
	}
}

func TestVague(t *testing.T) {
	r, p := tableCase{Principal: "user:222222222222:bob", Key: json.RawMessage(`[]`)}.ask(t)
	var denied *policy.DeniedError
	require.True(t, errors.As(policy.Decide(r, p).Err(), &denied))
	const tail = " because the resource does not exist in this Region, no resource-based policies allow access, " +
		"or a resource-based policy explicitly denies access"
	require.Equal(t, "User: arn:aws:iam::222222222222:user/bob is not authorized to perform: kms:Decrypt on this resource"+tail,
		denied.Vague(false))
	require.Equal(t, "User: arn:aws:iam::222222222222:user/bob is not authorized to perform: kms:Decrypt on the resource "+
		"associated with this ciphertext"+tail, denied.Vague(true))
	require.Equal(t, denied.Vague(true), policy.VagueDenial(r.Principal, r.Action, true))
}

func TestLayer(t *testing.T) {
	r, p := tableCase{Principal: "user:111111111111:dev", Key: json.RawMessage(`[]`)}.ask(t)
	l, ok := policy.Decide(r, p).Layer(policy.KeyPolicyLayer)
	require.True(t, ok)
	require.Equal(t, policy.Silent, l.Answer)
	p.Key = nil
	_, ok = policy.Decide(r, p).Layer(policy.KeyPolicyLayer)
	require.False(t, ok)
}

func BenchmarkDecide(b *testing.B) {
	r, p := benchCase(b)
	b.ReportAllocs()
	for b.Loop() {
		if policy.Decide(r, p).Outcome != policy.Allowed {
			b.Fatal("not allowed")
		}
	}
}

func BenchmarkCompact(b *testing.B) {
	d := policy.Decide(benchCase(b))
	b.ReportAllocs()
	for b.Loop() {
		d.Compact()
	}
}

func BenchmarkParse(b *testing.B) {
	_, p := benchCase(b)
	text := []byte(p.Key.Document.Text())
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := policy.Parse(text, policy.ResourcePolicy); err != nil {
			b.Fatal(err)
		}
	}
}

// benchCase is a usual one: the console's key policy, two identity policies,
// three grants, a call through EC2.
func benchCase(b *testing.B) (policy.Request, policy.Policies) {
	const role = `"arn:aws:iam::111111111111:role/app"`
	c := tableCase{
		Principal: "session:111111111111:app:s1", EncryptionContext: map[string]string{"aws:ebs:id": "vol-1"},
		Context: policy.Context{"kms:ViaService": {"ec2.eu-west-1.amazonaws.com"}, "aws:ViaAWSService": {"true"}},
		Key: json.RawMessage(`[
			{"Sid":"Enable IAM User Permissions","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:root"},"Action":"kms:*","Resource":"*"},
			{"Sid":"Allow access for Key Administrators","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:role/admin"},
			 "Action":["kms:Create*","kms:Describe*","kms:Enable*","kms:List*","kms:Put*","kms:Update*","kms:Revoke*","kms:Disable*",
			           "kms:Get*","kms:Delete*","kms:TagResource","kms:UntagResource","kms:ScheduleKeyDeletion","kms:CancelKeyDeletion"],"Resource":"*"},
			{"Sid":"Allow use of the key","Effect":"Allow","Principal":{"AWS":` + role + `},
			 "Action":["kms:Encrypt","kms:Decrypt","kms:ReEncrypt*","kms:GenerateDataKey*","kms:DescribeKey"],"Resource":"*"},
			{"Sid":"Allow attachment of persistent resources","Effect":"Allow","Principal":{"AWS":` + role + `},
			 "Action":["kms:CreateGrant","kms:ListGrants","kms:RevokeGrant"],"Resource":"*","Condition":{"Bool":{"kms:GrantIsForAWSResource":"true"}}}]`),
		Identity: map[string]json.RawMessage{
			"a": json.RawMessage(`[{"Effect":"Allow","Action":["ec2:*","ebs:*"],"Resource":"*"}]`),
			"b": json.RawMessage(`[{"Effect":"Allow","Action":"kms:Decrypt","Resource":"arn:aws:kms:*:111111111111:key/*",
				"Condition":{"StringLike":{"kms:ViaService":"ec2.*.amazonaws.com"}}}]`),
		},
	}
	for i := range 3 {
		c.Grants = append(c.Grants, policy.Grant{ID: fmt.Sprint("g", i), Operations: []string{"Decrypt"},
			Grantee:       fmt.Sprintf("arn:aws:sts::111111111111:assumed-role/aws:ec2-infrastructure/i-%d", i),
			ContextSubset: map[string]string{"aws:ebs:id": "vol-1"}})
	}
	return c.ask(b)
}
