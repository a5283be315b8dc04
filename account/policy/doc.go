// Package policy is the policy language: parse, match, evaluate, explain. It
// is pure: no clock, no I/O, no state.
//
// A Document is a parsed policy. A Request asks whether a Principal may do an
// action to a resource; Policies are all that has a say. Decide weighs every
// statement of every policy and every grant, never stopping at the first that
// settles it, and gives a Decision: the outcome, what each layer said, one
// Step for each statement with every element that matched or failed, and, for
// a request that is not allowed, what would allow it.
//
//	doc, err := policy.Parse(text, policy.ResourcePolicy)
//	d := policy.Decide(request, policy.Policies{Key: &policy.Source{Name: "key policy", Document: doc}})
//	if err := d.Err(); err != nil {
//		fmt.Println(err)         // AWS's words
//		fmt.Print(d.Explain())   // ours: why, and what would allow it
//	}
//
// # How a key is decided
//
// An explicit deny anywhere wins. A grant to the caller allows by itself, in
// the key's account and in any other. A key policy statement that names the
// caller (its ARN, its role, its session, "*") allows; one that names the
// caller's account only enables the identity policies of that account, which
// then must allow. A caller of another account always needs both halves, the
// key policy and an identity policy of its own. The root user has its identity
// half by being the root user. An infrastructure session is allowed by a grant
// and by nothing else. (AWS: "Determining access to AWS KMS keys", "Policy
// evaluation logic".)
//
// # What differs from AWS
//
// The operators on numbers, dates, addresses and binary values are refused by
// Parse, by name. So are federated and canonical-user principals, and
// ForAllValues on kms:EncryptionContext:…, which AWS calls overly permissive.
// A grant to an account is taken as a key policy statement that names the
// account: it enables identity policies. A statement whose variable has no
// value in the request, and no default, does not match. NotPrincipal spares
// whoever is covered by any principal that it lists.
package policy
