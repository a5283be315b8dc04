package awsapi

import (
	"context"
	"time"

	"github.com/ebsim/ebsim/kms"
)

type grantConstraints struct {
	EncryptionContextSubset map[string]string
	EncryptionContextEquals map[string]string
}

type createGrantInput struct {
	KeyId             string `required:"true"`
	GranteePrincipal  string `required:"true"`
	RetiringPrincipal string
	Operations        []string `required:"true"`
	Constraints       *grantConstraints
	GrantTokens       []string
	Name              string
	DryRun            bool
}

type createGrantOutput struct{ GrantToken, GrantId string }

type listGrantsInput struct {
	Limit            *int64
	Marker           string
	KeyId            string `required:"true"`
	GrantId          string
	GranteePrincipal string
}

type grantListEntry struct {
	KeyId             string
	GrantId           string
	Name              string
	CreationDate      time.Time
	GranteePrincipal  string
	RetiringPrincipal string
	IssuingAccount    string
	Operations        []string
	Constraints       *grantConstraints
}

type listGrantsOutput struct {
	Grants     []grantListEntry
	NextMarker string
	Truncated  bool
}

type listRetirableGrantsInput struct {
	Limit             *int64
	Marker            string
	RetiringPrincipal string `required:"true"`
}

type retireGrantInput struct {
	GrantToken string
	KeyId      string
	GrantId    string
	DryRun     bool
}

type revokeGrantInput struct {
	KeyId   string `required:"true"`
	GrantId string `required:"true"`
	DryRun  bool
}

func grantList(all []kms.Grant) *listGrantsOutput {
	out := &listGrantsOutput{Grants: []grantListEntry{}}
	for _, g := range all {
		e := grantListEntry{KeyId: g.Key, GrantId: g.ID, Name: g.Name, CreationDate: g.Created, GranteePrincipal: g.Grantee,
			RetiringPrincipal: g.Retiring, IssuingAccount: g.Issuer.Root(), Operations: g.Operations}
		if g.Equals != nil || g.Subset != nil {
			e.Constraints = &grantConstraints{g.Subset, g.Equals}
		}
		out.Grants = append(out.Grants, e)
	}
	return out
}

func kmsGrants() []*Operation {
	return []*Operation{
		declare("kms", "CreateGrant", "Lets one principal use a key.", func(ctx context.Context, c *Call, in *createGrantInput) (*createGrantOutput, error) {
			o := kms.GrantOptions{Name: in.Name, Grantee: in.GranteePrincipal, Retiring: in.RetiringPrincipal, Operations: in.Operations, DryRun: in.DryRun}
			if in.Constraints != nil {
				o.Equals, o.Subset = in.Constraints.EncryptionContextEquals, in.Constraints.EncryptionContextSubset
			}
			g, token, err := c.KMS.CreateGrant(ctx, c.kms(), kms.KeyName(in.KeyId), o)
			if err != nil {
				return nil, err
			}
			return &createGrantOutput{token, g.ID}, nil
		}),
		declare("kms", "ListGrants", "Lists a key's grants.", func(ctx context.Context, c *Call, in *listGrantsInput) (*listGrantsOutput, error) {
			all, err := c.KMS.ListGrants(ctx, c.kms(), kms.KeyName(in.KeyId), in.GrantId, in.GranteePrincipal)
			return grantList(all), err
		}),
		declare("kms", "ListRetirableGrants", "Lists the grants that a principal may retire.", func(ctx context.Context, c *Call, in *listRetirableGrantsInput) (*listGrantsOutput, error) {
			all, err := c.KMS.ListRetirableGrants(ctx, c.kms(), in.RetiringPrincipal)
			return grantList(all), err
		}),
		declare("kms", "RetireGrant", "Ends a grant whose work is done.", func(ctx context.Context, c *Call, in *retireGrantInput) (*empty, error) {
			return nil, c.KMS.RetireGrant(ctx, c.kms(), kms.RetireGrantOptions{Token: in.GrantToken, Key: kms.KeyName(in.KeyId), GrantID: in.GrantId, DryRun: in.DryRun})
		}),
		declare("kms", "RevokeGrant", "Ends a grant.", func(ctx context.Context, c *Call, in *revokeGrantInput) (*empty, error) {
			return nil, c.KMS.RevokeGrant(ctx, c.kms(), kms.KeyName(in.KeyId), in.GrantId, in.DryRun)
		}),
	}
}
