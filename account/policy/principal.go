package policy

import (
	"strings"

	"github.com/ebsim/ebsim/account/arn"
)

// PrincipalKind says what sort of identity makes a request.
type PrincipalKind string

// The kinds of principal. An Instance is the infrastructure session that
// unlocks an attached volume; no identity policy is ever attached to it.
const (
	Root     PrincipalKind = "root"
	User     PrincipalKind = "user"
	Session  PrincipalKind = "session"
	Instance PrincipalKind = "instance"
	Service  PrincipalKind = "service"
)

// Principal is who makes a request, already authenticated.
type Principal struct {
	Kind    PrincipalKind `json:"kind,omitempty"`
	Account arn.AccountID `json:"account,omitempty"` // empty for a service
	ARN     string        `json:"arn,omitempty"`     // user, root or session ARN; a service's name
	RoleARN string        `json:"roleArn,omitempty"` // of a session: the role it came from
	ID      string        `json:"id,omitempty"`      // "AIDA…", "AROA…:session", the root's account number
	Name    string        `json:"name,omitempty"`    // user, session or instance name
}

// Lasting gives the ARN that outlives the request: the role of a session, else
// the principal's own. Policies and grants should name it.
func (p Principal) Lasting() string {
	if p.RoleARN != "" {
		return p.RoleARN
	}
	return p.ARN
}

// reach says how a statement's principal covers a caller.
type reach int

const (
	none    reach = iota
	account       // through its account: the whole account is named
	direct        // by its own ARN, its role, its session or "*"
)

// named is one principal of a Principal or NotPrincipal element.
type named struct {
	service bool
	text    string
}

func (n named) reach(p Principal) reach {
	switch {
	case n.text == "*":
		return direct
	case n.service:
		if p.Kind == Service && strings.EqualFold(n.text, p.ARN) {
			return direct
		}
		return none
	case p.Kind == Service || n.text == "":
		return none
	case p.Account != "" && (n.text == string(p.Account) || n.text == p.Account.Root()):
		return account
	case n.text == p.ARN || n.text == p.RoleARN:
		return direct
	}
	// What is left of a principal that was deleted: its unique id.
	if id, _, _ := strings.Cut(p.ID, ":"); p.Kind != Root && p.Kind != Instance && id != "" && n.text == id {
		return direct
	}
	return none
}

// grantee says how a grant's grantee covers a caller.
func grantee(g string, p Principal) reach {
	if g == "*" {
		return none
	}
	return named{service: p.Kind == Service, text: g}.reach(p)
}
