// Package account is who: accounts, their root users and users, the policies
// attached to them, and the access keys that prove who signed a request.
//
// The nouns: a User is an IAM user with its inline policies and the managed
// ones attached to it; a Policy is a managed policy; an AccessKey is a key
// pair, its secret sealed under the root key.
//
// One flow: Authenticate finds whose access key a request was signed with;
// Policies gives the identity policies of that principal, for evaluation.
//
// Accounts need no creation while sandbox credentials are on: every id of
// twelve digits is one, and its root user signs with the id and the secret
// "test".
package account
