package awscli

import (
	"errors"

	"github.com/ebsim/ebsim/internal/awsapi"
)

// Resolve gives the credentials and the region that a command without an AWS
// operation of its own acts with, found as the aws command finds them. Profile
// and region may be empty: not named on the command line.
func Resolve(cfg Config, profile, region string) (awsapi.Credentials, string, error) {
	c := &command{cfg: cfg, globals: globals{}}
	if profile != "" {
		c.globals["profile"] = profile
	}
	if region != "" {
		c.globals["region"] = region
	}
	id, err := c.identity()
	switch {
	case err != nil:
		return awsapi.Credentials{}, "", err
	case id.assume != nil:
		return awsapi.Credentials{}, "", errors.New("a profile that takes on a role serves only the aws command")
	case id.region == "":
		return awsapi.Credentials{}, "", errors.New("You must specify a region. You can also configure your region by running \"aws configure\".")
	}
	return id.creds, id.region, nil
}
