package policy

import (
	"errors"
	"fmt"
	"strings"
)

// ErrDenied is what every DeniedError is, for errors.Is.
var ErrDenied = errors.New("access denied")

// DeniedError is a refused request; it carries its decision.
type DeniedError struct {
	Decision *Decision
}

// Is makes a DeniedError match ErrDenied.
func (e *DeniedError) Is(target error) bool { return target == ErrDenied }

// Error is AWS's own text. It names one kind of policy even where several
// refuse, the key policy before the identity policies. (AWS: "Troubleshoot
// access denied error messages".)
func (e *DeniedError) Error() string {
	d := e.Decision
	var b strings.Builder
	fmt.Fprintf(&b, "User: %s is not authorized to perform: %s", d.Principal.ARN, d.Action)
	if d.Resource != "" {
		fmt.Fprintf(&b, " on resource: %s", d.Resource)
	}
	if d.Outcome == ExplicitlyDenied {
		for _, kind := range []LayerKind{KeyPolicyLayer, IdentityLayer} {
			for _, s := range d.Trace {
				if s.Layer != kind || !s.Decisive {
					continue
				}
				if kind == KeyPolicyLayer {
					return b.String() + " with an explicit deny in a resource-based policy"
				}
				b.WriteString(" with an explicit deny in an identity-based policy")
				if strings.HasPrefix(s.Source, "arn:") {
					b.WriteString(": " + s.Source)
				}
				return b.String()
			}
		}
	}
	side := "identity-based"
	key, asked := d.Layer(KeyPolicyLayer)
	grants, _ := d.Layer(GrantLayer)
	if asked && (key.Answer == Silent || key.Answer == NoSay) && grants.Answer != Enables {
		side = "resource-based"
	}
	fmt.Fprintf(&b, " because no %s policy allows the %s action", side, d.Action)
	return b.String()
}

// Vague is the text by which KMS hides whether a key of another account exists
// and which side refused. With ciphertext the caller named no key: it came
// from what was to be decrypted.
func (e *DeniedError) Vague(ciphertext bool) string {
	return VagueDenial(e.Decision.Principal, e.Decision.Action, ciphertext)
}

// VagueDenial is the text of DeniedError.Vague for a key that was not found,
// which must look the same.
func VagueDenial(p Principal, action string, ciphertext bool) string {
	what := "this resource"
	if ciphertext {
		what = "the resource associated with this ciphertext"
	}
	return fmt.Sprintf("User: %s is not authorized to perform: %s on %s because the resource does not exist in this "+
		"Region, no resource-based policies allow access, or a resource-based policy explicitly denies access",
		p.ARN, action, what)
}
