package awsapi

import (
	"context"
	"time"

	"github.com/ebsim/ebsim/account"
	"github.com/ebsim/ebsim/account/arn"
	"github.com/ebsim/ebsim/internal/cloud"
)

type iamPolicy struct {
	PolicyName, PolicyId, Arn, Path string
	DefaultVersionId                string
	IsAttachable                    bool
	CreateDate                      time.Time
}

type createPolicyInput struct {
	PolicyName     string `required:"true"`
	Path           string
	PolicyDocument string `required:"true"`
}

type policyARNInput struct {
	PolicyArn string `required:"true"`
}

type policyOutput struct{ Policy *iamPolicy }

type attachUserPolicyInput struct {
	UserName  string `required:"true"`
	PolicyArn string `required:"true"`
}

type attachedPolicy struct{ PolicyName, PolicyArn string }

type listAttachedUserPoliciesOutput struct {
	AttachedPolicies []attachedPolicy
	IsTruncated      bool
	Marker           string
}

func iamPolicyOf(p *account.Policy) *policyOutput {
	return &policyOutput{&iamPolicy{p.Name, p.ID, p.ARN(), p.Path, "v1", true, p.Created}}
}

func iamPolicies() []*Operation {
	return []*Operation{
		declare("iam", "CreatePolicy", "Makes a managed policy.", func(ctx context.Context, c *Call, in *createPolicyInput) (out *policyOutput, err error) {
			err = c.asks(ctx, false, c.iamARN("policy/"+in.PolicyName), func(tx *cloud.Tx) error {
				p, err := c.Accounts.CreatePolicy(tx.Tx, c.Caller.Account, in.PolicyName, in.Path, in.PolicyDocument)
				if err == nil {
					out = iamPolicyOf(p)
				}
				return err
			})
			return out, err
		}),
		declare("iam", "GetPolicy", "Tells about a managed policy.", func(ctx context.Context, c *Call, in *policyARNInput) (out *policyOutput, err error) {
			err = c.asks(ctx, true, []cloud.Resource{{ARN: in.PolicyArn}}, func(tx *cloud.Tx) error {
				p, err := c.Accounts.Policy(tx.Tx, in.PolicyArn)
				if err == nil && p.Account != "" && p.Account != c.Caller.Account {
					err = account.ErrNoSuchEntity.Errorf("Policy %s was not found.", in.PolicyArn)
				}
				if err == nil {
					out = iamPolicyOf(p)
				}
				return err
			})
			return out, err
		}),
		declare("iam", "DeletePolicy", "Deletes a managed policy.", func(ctx context.Context, c *Call, in *policyARNInput) (*empty, error) {
			return nil, c.asks(ctx, false, []cloud.Resource{{ARN: in.PolicyArn}}, func(tx *cloud.Tx) error {
				return c.Accounts.DeletePolicy(tx.Tx, c.Caller.Account, in.PolicyArn)
			})
		}),
		declare("iam", "AttachUserPolicy", "Attaches a managed policy to a user.", func(ctx context.Context, c *Call, in *attachUserPolicyInput) (*empty, error) {
			return nil, c.asks(ctx, false, c.iamARN("user/"+in.UserName), func(tx *cloud.Tx) error {
				return c.Accounts.AttachUserPolicy(tx.Tx, c.Caller.Account, in.UserName, in.PolicyArn)
			})
		}),
		declare("iam", "DetachUserPolicy", "Detaches a managed policy from a user.", func(ctx context.Context, c *Call, in *attachUserPolicyInput) (*empty, error) {
			return nil, c.asks(ctx, false, c.iamARN("user/"+in.UserName), func(tx *cloud.Tx) error {
				return c.Accounts.DetachUserPolicy(tx.Tx, c.Caller.Account, in.UserName, in.PolicyArn)
			})
		}),
		declare("iam", "ListAttachedUserPolicies", "Lists a user's managed policies.", func(ctx context.Context, c *Call, in *listUserInput) (*listAttachedUserPoliciesOutput, error) {
			out := &listAttachedUserPoliciesOutput{AttachedPolicies: []attachedPolicy{}}
			return out, c.asks(ctx, true, c.iamARN("user/"+in.UserName), func(tx *cloud.Tx) error {
				u, err := c.Accounts.User(tx.Tx, c.Caller.Account, in.UserName)
				if err != nil {
					return err
				}
				for _, a := range u.Attached {
					parsed, err := arn.Parse(a)
					if err != nil {
						return err
					}
					out.AttachedPolicies = append(out.AttachedPolicies, attachedPolicy{parsed.ID(), a})
				}
				return nil
			})
		}),
	}
}
