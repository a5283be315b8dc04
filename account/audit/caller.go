package audit

import (
	"github.com/ebsim/ebsim/account/arn"
	"github.com/ebsim/ebsim/account/policy"
)

// Caller is an authenticated principal and how its request came in. It is
// passed explicitly, and kept with a job that works on its behalf.
type Caller struct {
	policy.Principal
	AccessKeyID string `json:",omitempty"`
	SourceIP    string `json:",omitempty"`
	UserAgent   string `json:",omitempty"`

	// InvokedBy is the service that forwards the call on the principal's
	// behalf, "ec2-frontend-api.amazonaws.com"; empty for a direct call.
	InvokedBy string `json:",omitempty"`
}

// Through gives the caller as a service forwards it: the same principal, with
// the service as address and agent. (AWS: "Forward access sessions".)
func (c Caller) Through(service string) Caller {
	c.InvokedBy, c.SourceIP, c.UserAgent = service, service, service
	return c
}

// Service is a caller that is an AWS service itself, acting under its own
// standing: userIdentity type AWSService, in no account.
func Service(name string) Caller {
	return Caller{
		Principal: policy.Principal{Kind: policy.Service, ARN: name, Name: name},
		InvokedBy: name, SourceIP: name, UserAgent: name,
	}
}

// Infrastructure is the principal that unlocks an attached volume: the
// session of role aws:ec2-infrastructure for one instance. No policy is
// attached to it; a grant alone lets it in. (AWS: "How Amazon EBS encryption
// works", and the identity-only role of EC2 infrastructure.)
func Infrastructure(account arn.AccountID, instance string) Caller {
	const role = "aws:ec2-infrastructure"
	return Caller{
		Principal: policy.Principal{
			Kind:    policy.Instance,
			Account: account,
			ARN:     arn.New("sts", "", account, "assumed-role/"+role+"/"+instance).String(),
			RoleARN: arn.New("iam", "", account, "role/"+role).String(),
			ID:      string(account) + ":" + role + ":" + instance,
			Name:    instance,
		},
		InvokedBy: internal, SourceIP: internal, UserAgent: internal,
	}
}

const internal = "AWS Internal"

// Identity is userIdentity of a CloudTrail record. (AWS: "CloudTrail
// userIdentity element".)
type Identity struct {
	Type        string          `json:"type,omitempty"`
	PrincipalID string          `json:"principalId,omitempty"`
	ARN         string          `json:"arn,omitempty"`
	AccountID   arn.AccountID   `json:"accountId,omitempty"`
	AccessKeyID string          `json:"accessKeyId,omitempty"`
	UserName    string          `json:"userName,omitempty"`
	Session     *SessionContext `json:"sessionContext,omitempty"`
	InvokedBy   string          `json:"invokedBy,omitempty"`
	InScopeOf   *Scope          `json:"inScopeOf,omitempty"`
}

// SessionContext says which role a session came from.
type SessionContext struct {
	Issuer Issuer `json:"sessionIssuer"`
}

// Issuer is the role, or the user, that a session's credentials came from.
type Issuer struct {
	Type        string        `json:"type"`
	PrincipalID string        `json:"principalId"`
	ARN         string        `json:"arn"`
	AccountID   arn.AccountID `json:"accountId"`
	UserName    string        `json:"userName"`
}

// Scope says which resource an AWS-managed session was issued for.
type Scope struct {
	IssuerType          string `json:"issuerType"`
	CredentialsIssuedTo string `json:"credentialsIssuedTo"`
}

// Identity gives the caller as userIdentity. Region is that of the call; it is
// needed for the instance that an infrastructure session was issued to.
func (c Caller) Identity(region arn.Region) Identity {
	id := Identity{
		PrincipalID: c.ID, ARN: c.ARN, AccountID: c.Account,
		AccessKeyID: c.AccessKeyID, InvokedBy: c.InvokedBy,
	}
	switch c.Kind {
	case policy.Root:
		id.Type = "Root"
	case policy.User:
		id.Type, id.UserName = "IAMUser", c.Name
	case policy.Instance:
		id.Type = "AssumedRole"
		id.Session = &SessionContext{Issuer{
			Type: "Role", PrincipalID: string(c.Account) + ":aws:ec2-infrastructure",
			ARN: c.RoleARN, AccountID: c.Account, UserName: "aws:ec2-infrastructure",
		}}
		id.InScopeOf = &Scope{"AWS::EC2::Instance", arn.New("ec2", region, c.Account, "instance/"+c.Name).String()}
	case policy.Service:
		return Identity{Type: "AWSService", InvokedBy: c.InvokedBy}
	default:
		id.Type = "Unknown"
	}
	return id
}
