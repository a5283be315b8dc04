package policy

import (
	"regexp"
	"strings"

	"github.com/ebsim/ebsim/account/arn"
)

var (
	// What a deleted user or role leaves behind. (AWS: "IAM identifiers".)
	uniqueID    = regexp.MustCompile(`^(AIDA|AROA)[A-Z0-9]{12,}$`)
	serviceForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*(\.[a-z0-9][a-z0-9-]*)+$`)
	// Resources of IAM and STS that can be principals.
	iamPrincipal = regexp.MustCompile(`^(root$|user/.|role/.)`)
	stsPrincipal = regexp.MustCompile(`^(assumed-role/[^/]+/.|federated-user/.)`)
)

// principal reads Principal or NotPrincipal, which a resource policy must have
// and an identity policy must not. (AWS: "AWS JSON policy elements:
// Principal".)
func (p *parser) principal(n *node, path string, s *statement) error {
	value, at, not, err := p.pick(n, path, "Principal")
	if err != nil {
		return err
	}
	if value == nil {
		if p.d.kind == ResourcePolicy {
			return p.errorAt(n.offset, path, "the statement of a resource policy has neither Principal nor NotPrincipal")
		}
		return nil
	}
	if p.d.kind == IdentityPolicy {
		return p.errorAt(value.offset, at, "an identity policy must not name a principal")
	}
	s.notPrinc = not
	if err := p.want(value, at, isString, isObject); err != nil {
		return err
	}
	if value.kind == isString {
		if value.text != "*" {
			return p.errorAt(value.offset, at, "want \"*\" or an object such as {\"AWS\": …}, found %q", value.text)
		}
		s.principals = []named{{text: "*"}}
		return nil
	}
	if len(value.members) == 0 {
		return p.errorAt(value.offset, at, "no principal is named")
	}
	for _, m := range value.members {
		kind := join(at, m.name)
		switch m.name {
		case "AWS", "Service":
		case "Federated", "CanonicalUser":
			return p.errorAt(m.offset, kind, "%s principals are not supported; supported are AWS and Service", m.name)
		default:
			return p.errorAt(m.offset, kind, "unknown kind of principal %q; there are AWS and Service", m.name)
		}
		items, err := p.strings(m.value, kind)
		if err != nil {
			return err
		}
		for _, item := range items {
			if problem := principalProblem(m.name, item.text); problem != "" {
				return p.errorAt(item.offset, kind, "%q %s", item.text, problem)
			}
			s.principals = append(s.principals, named{m.name == "Service", item.text})
		}
	}
	return nil
}

// principalProblem says what is wrong with a principal; "" if nothing is.
func principalProblem(kind, text string) string {
	if kind == "Service" {
		if !serviceForm.MatchString(text) {
			return "is not the name of a service, such as ec2.amazonaws.com"
		}
		return ""
	}
	if text == "*" || arn.AccountID(text).Valid() || uniqueID.MatchString(text) {
		return ""
	}
	if strings.ContainsAny(text, "*?") {
		return "has a wildcard, which a principal may not have; name \"*\" and add a condition on aws:PrincipalArn"
	}
	a, err := arn.Parse(text)
	switch {
	case err != nil:
		return "is not a principal: want an ARN, an account number or \"*\""
	case a.Region != "" || !a.Account.Valid() || a.Partition != arn.Partition:
		return "is not a principal: want arn:aws:iam::ACCOUNT:… or arn:aws:sts::ACCOUNT:…"
	case a.Service == "iam" && iamPrincipal.MatchString(a.Resource),
		a.Service == "sts" && stsPrincipal.MatchString(a.Resource):
		return ""
	case a.Service == "iam" && a.Type() == "group":
		return "is a group, which cannot be a principal"
	}
	return "is not a principal: want a user, a role, an account's root or a session"
}
