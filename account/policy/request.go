package policy

import "github.com/ebsim/ebsim/account/arn"

// Context holds condition keys as AWS spells them ("kms:ViaService"), each
// with its values. They are looked up without regard to case. A key that is
// absent is not in the map; a key with no values counts as absent.
type Context map[string][]string

// Source is a policy and what a reader calls it: "key policy", "inline policy
// p of user dev", "arn:aws:iam::aws:policy/AdministratorAccess".
type Source struct {
	Name     string
	Document *Document
}

// Grant is what a KMS grant says, as far as a decision needs it. Operations are
// named as KMS names them: "Decrypt", "ReEncryptFrom", "CreateGrant". An empty
// ContextEquals or ContextSubset is no constraint.
type Grant struct {
	ID            string            `json:"id,omitempty"`
	Grantee       string            `json:"grantee"`
	Operations    []string          `json:"operations"`
	ContextEquals map[string]string `json:"contextEquals,omitempty"`
	ContextSubset map[string]string `json:"contextSubset,omitempty"`
}

// Request is one question: may this principal do this to that?
type Request struct {
	Principal Principal
	Action    string // "kms:Decrypt"
	// Resource is an ARN, or "*". Empty is asked as "*" and left out of the
	// message of a denial, as AWS does for actions without a resource.
	Resource string
	Owner    arn.AccountID // of the resource; empty means the caller's own account
	// EncryptionContext is that of the KMS call; for CreateGrant, the context
	// that the new grant is constrained to.
	EncryptionContext map[string]string
	Context           Context // everything else; Decide adds what follows from the principal
}

// Policies are all that has a say about a request.
type Policies struct {
	Identity []Source // attached to the principal and its groups
	Key      *Source  // nil: no resource policy is asked (EC2, IAM, kms:ListKeys)
	Grants   []Grant  // on the key
}

func (r Request) resource() string {
	if r.Resource == "" {
		return "*"
	}
	return r.Resource
}

// foreign reports whether caller and resource belong to different accounts.
func (r Request) foreign() bool {
	return r.Owner != "" && r.Principal.Account != "" && r.Owner != r.Principal.Account
}
