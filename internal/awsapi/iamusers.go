package awsapi

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/ebsim/ebsim/account"
	"github.com/ebsim/ebsim/account/arn"
	"github.com/ebsim/ebsim/internal/cloud"
)

type iamUser struct {
	Path, UserName, UserId, Arn string
	CreateDate                  time.Time
}

func iamUserOf(u *account.User) *iamUser {
	return &iamUser{u.Path, u.Name, u.ID, u.ARN(), u.Created}
}

type createUserInput struct {
	Path     string
	UserName string `required:"true"`
}

type userInput struct {
	UserName string `required:"true"`
}

type optionalUserInput struct{ UserName string }

type userOutput struct{ User *iamUser }

type listUsersInput struct {
	PathPrefix string
	Marker     string
	MaxItems   *int64
}

type listUsersOutput struct {
	Users       []iamUser
	IsTruncated bool
	Marker      string
}

type putUserPolicyInput struct {
	UserName       string `required:"true"`
	PolicyName     string `required:"true"`
	PolicyDocument string `required:"true"`
}

type userPolicyInput struct {
	UserName   string `required:"true"`
	PolicyName string `required:"true"`
}

type getUserPolicyOutput struct{ UserName, PolicyName, PolicyDocument string }

type listUserInput struct {
	UserName string `required:"true"`
	Marker   string
	MaxItems *int64
}

type listUserPoliciesOutput struct {
	PolicyNames []string
	IsTruncated bool
	Marker      string
}

type accessKey struct {
	UserName        string
	AccessKeyId     string
	Status          string
	SecretAccessKey string `sensitive:"true"`
	CreateDate      time.Time
}

type createAccessKeyOutput struct{ AccessKey *accessKey }

type deleteAccessKeyInput struct {
	UserName    string
	AccessKeyId string `required:"true"`
}

type accessKeyMetadata struct {
	UserName, AccessKeyId, Status string
	CreateDate                    time.Time
}

type listAccessKeysInput struct {
	UserName string
	Marker   string
	MaxItems *int64
}

type listAccessKeysOutput struct {
	AccessKeyMetadata []accessKeyMetadata
	IsTruncated       bool
	Marker            string
}

// iamARN names a resource of the caller's account. (AWS: "IAM ARNs".)
func (c *Call) iamARN(resource string) []cloud.Resource {
	return []cloud.Resource{{ARN: arn.New("iam", "", c.Caller.Account, resource).String()}}
}

// self gives the user named, or the caller where none is.
func (c *Call) self(name string) (string, error) {
	if name == "" {
		name = c.Caller.Name
	}
	if name == "root" {
		return "", account.ErrValidation.Errorf("Must specify userName when calling with non-User credentials")
	}
	return name, nil
}

func iamUsers() []*Operation {
	return []*Operation{
		declare("iam", "CreateUser", "Makes a user.", func(ctx context.Context, c *Call, in *createUserInput) (out *userOutput, err error) {
			err = c.asks(ctx, false, c.iamARN("user/"+in.UserName), func(tx *cloud.Tx) error {
				u, err := c.Accounts.CreateUser(tx.Tx, c.Caller.Account, in.UserName, in.Path)
				if err == nil {
					out = &userOutput{iamUserOf(u)}
				}
				return err
			})
			return out, err
		}),
		declare("iam", "GetUser", "Tells about a user.", func(ctx context.Context, c *Call, in *optionalUserInput) (out *userOutput, err error) {
			name := in.UserName
			if name == "" {
				name = c.Caller.Name
			}
			err = c.asks(ctx, true, c.iamARN("user/"+name), func(tx *cloud.Tx) error {
				if in.UserName == "" && c.Caller.Name == "root" {
					out = &userOutput{&iamUser{Path: "/", UserId: c.Caller.ID, Arn: c.Caller.ARN}}
					return nil
				}
				u, err := c.Accounts.User(tx.Tx, c.Caller.Account, name)
				if err == nil {
					out = &userOutput{iamUserOf(u)}
				}
				return err
			})
			return out, err
		}),
		declare("iam", "ListUsers", "Lists the account's users.", func(ctx context.Context, c *Call, in *listUsersInput) (*listUsersOutput, error) {
			out := &listUsersOutput{Users: []iamUser{}}
			return out, c.asks(ctx, true, c.iamARN("user/*"), func(tx *cloud.Tx) error {
				all, err := c.Accounts.Users(tx.Tx, c.Caller.Account)
				for i := range all {
					if p := in.PathPrefix; len(all[i].Path) >= len(p) && all[i].Path[:len(p)] == p {
						out.Users = append(out.Users, *iamUserOf(&all[i]))
					}
				}
				return err
			})
		}),
		declare("iam", "DeleteUser", "Deletes a user.", func(ctx context.Context, c *Call, in *userInput) (*empty, error) {
			return nil, c.asks(ctx, false, c.iamARN("user/"+in.UserName), func(tx *cloud.Tx) error {
				return c.Accounts.DeleteUser(tx.Tx, c.Caller.Account, in.UserName)
			})
		}),
		declare("iam", "PutUserPolicy", "Sets a user's inline policy.", func(ctx context.Context, c *Call, in *putUserPolicyInput) (*empty, error) {
			return nil, c.asks(ctx, false, c.iamARN("user/"+in.UserName), func(tx *cloud.Tx) error {
				return c.Accounts.PutUserPolicy(tx.Tx, c.Caller.Account, in.UserName, in.PolicyName, in.PolicyDocument)
			})
		}),
		declare("iam", "GetUserPolicy", "Gives a user's inline policy.", func(ctx context.Context, c *Call, in *userPolicyInput) (*getUserPolicyOutput, error) {
			out := &getUserPolicyOutput{UserName: in.UserName, PolicyName: in.PolicyName}
			return out, c.asks(ctx, true, c.iamARN("user/"+in.UserName), func(tx *cloud.Tx) error {
				u, err := c.Accounts.User(tx.Tx, c.Caller.Account, in.UserName)
				if err != nil {
					return err
				}
				text, ok := u.Inline[in.PolicyName]
				if !ok {
					return account.ErrNoSuchEntity.Errorf("The user policy with name %s cannot be found.", in.PolicyName)
				}
				out.PolicyDocument = text
				return nil
			})
		}),
		declare("iam", "DeleteUserPolicy", "Removes a user's inline policy.", func(ctx context.Context, c *Call, in *userPolicyInput) (*empty, error) {
			return nil, c.asks(ctx, false, c.iamARN("user/"+in.UserName), func(tx *cloud.Tx) error {
				return c.Accounts.DeleteUserPolicy(tx.Tx, c.Caller.Account, in.UserName, in.PolicyName)
			})
		}),
		declare("iam", "ListUserPolicies", "Lists a user's inline policies.", func(ctx context.Context, c *Call, in *listUserInput) (*listUserPoliciesOutput, error) {
			out := &listUserPoliciesOutput{PolicyNames: []string{}}
			return out, c.asks(ctx, true, c.iamARN("user/"+in.UserName), func(tx *cloud.Tx) error {
				u, err := c.Accounts.User(tx.Tx, c.Caller.Account, in.UserName)
				if err == nil {
					out.PolicyNames = slices.AppendSeq(out.PolicyNames, maps.Keys(u.Inline))
					slices.Sort(out.PolicyNames)
				}
				return err
			})
		}),
		declare("iam", "CreateAccessKey", "Makes an access key; its secret is shown once.", func(ctx context.Context, c *Call, in *optionalUserInput) (out *createAccessKeyOutput, err error) {
			name, err := c.self(in.UserName)
			if err != nil {
				return nil, err
			}
			err = c.asks(ctx, false, c.iamARN("user/"+name), func(tx *cloud.Tx) error {
				k, secret, err := c.Accounts.CreateAccessKey(tx.Tx, c.Caller.Account, name)
				if err == nil {
					out = &createAccessKeyOutput{&accessKey{name, k.ID, "Active", secret, k.Created}}
				}
				return err
			})
			return out, err
		}),
		declare("iam", "DeleteAccessKey", "Deletes an access key.", func(ctx context.Context, c *Call, in *deleteAccessKeyInput) (*empty, error) {
			name, err := c.self(in.UserName)
			if err != nil {
				return nil, err
			}
			return nil, c.asks(ctx, false, c.iamARN("user/"+name), func(tx *cloud.Tx) error {
				return c.Accounts.DeleteAccessKey(tx.Tx, c.Caller.Account, name, in.AccessKeyId)
			})
		}),
		declare("iam", "ListAccessKeys", "Lists a user's access keys.", func(ctx context.Context, c *Call, in *listAccessKeysInput) (*listAccessKeysOutput, error) {
			out := &listAccessKeysOutput{AccessKeyMetadata: []accessKeyMetadata{}}
			name, err := c.self(in.UserName)
			if err != nil {
				return nil, err
			}
			return out, c.asks(ctx, true, c.iamARN("user/"+name), func(tx *cloud.Tx) error {
				all, err := c.Accounts.AccessKeys(tx.Tx, c.Caller.Account, name)
				for _, k := range all {
					out.AccessKeyMetadata = append(out.AccessKeyMetadata, accessKeyMetadata{name, k.ID, "Active", k.Created})
				}
				return err
			})
		}),
	}
}
