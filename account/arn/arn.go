package arn

import (
	"fmt"
	"regexp"
	"strings"
)

// Partition is the only partition ebsim simulates.
const Partition = "aws"

// ARN is a parsed Amazon Resource Name:
// arn:partition:service:region:account-id:resource, where the resource keeps
// every colon after the fifth. (AWS: "Amazon Resource Names (ARNs)".)
type ARN struct {
	Partition string
	Service   string
	Region    Region    // empty for global services such as iam
	Account   AccountID // empty where AWS leaves it out, as for snapshots
	Resource  string    // "key/1234…", "user/team/alice", "snapshot/snap-…"
}

// Parse reads s. It asks for the six fields and a non-empty service and
// resource; it does not ask whether the thing named exists.
func Parse(s string) (ARN, error) {
	f := strings.SplitN(s, ":", 6)
	if len(f) != 6 || f[0] != "arn" {
		return ARN{}, fmt.Errorf("%q is not an ARN: want arn:partition:service:region:account-id:resource", s)
	}
	if f[1] == "" || f[2] == "" || f[5] == "" {
		return ARN{}, fmt.Errorf("%q is not an ARN: partition, service and resource must not be empty", s)
	}
	return ARN{f[1], f[2], Region(f[3]), AccountID(f[4]), f[5]}, nil
}

// New makes an ARN in the aws partition.
func New(service string, region Region, account AccountID, resource string) ARN {
	return ARN{Partition, service, region, account, resource}
}

// String gives the ARN in its usual form.
func (a ARN) String() string {
	return "arn:" + a.Partition + ":" + a.Service + ":" + string(a.Region) + ":" + string(a.Account) + ":" + a.Resource
}

// Type and ID split the resource at its first slash: "key/1234" is "key" and
// "1234". A resource without a slash has an empty type.
func (a ARN) Type() string { t, _ := a.split(); return t }

// ID is what follows the first slash of the resource; see Type.
func (a ARN) ID() string { _, id := a.split(); return id }

func (a ARN) split() (string, string) {
	if t, id, ok := strings.Cut(a.Resource, "/"); ok {
		return t, id
	}
	return "", a.Resource
}

// AccountID is a twelve-digit account number.
type AccountID string

var accountForm = regexp.MustCompile(`^[0-9]{12}$`)

// Valid reports whether the id has its twelve digits.
func (a AccountID) Valid() bool { return accountForm.MatchString(string(a)) }

// Root is the ARN of the account's root user, which in a policy stands for
// the whole account.
func (a AccountID) Root() string { return New("iam", "", a, "root").String() }

// Region is the name of a region, such as "eu-central-1".
type Region string

var regionForm = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+){1,2}-[0-9]{1,2}$`)

// Valid reports whether the name has the form of a region's name.
func (r Region) Valid() bool { return regionForm.MatchString(string(r)) }

var defaultRegions = []Region{
	"ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2",
	"ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1",
	"us-east-1", "us-east-2", "us-west-1", "us-west-2",
}

// DefaultRegions gives a fresh list of the 17 regions that AWS enables in
// every new account, sorted. (AWS: "Specify which AWS Regions your account
// can use".)
func DefaultRegions() []Region { return append([]Region(nil), defaultRegions...) }
