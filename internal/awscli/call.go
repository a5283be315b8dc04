package awscli

import (
	"context"
	"encoding/base64"
	"fmt"

	"github.com/ebsim/ebsim/internal/awsapi"
)

// identify finds out who asks and where, and takes on the role that the
// profile names.
func (c *command) identify(ctx context.Context) error {
	if c.globals.has("no-sign-request") {
		return failure(ExitUsage, "--no-sign-request is refused: every request here is signed")
	}
	id, err := c.identity()
	if err != nil {
		return err
	}
	c.id = id
	if id.region == "" && (c.op.Service == "iam" || c.op.Service == "sts") {
		id.region = "us-east-1" // global services
	}
	if id.region == "" {
		return failure(ExitConfig, "You must specify a region. You can also configure your region by running \"aws configure\".")
	}
	if id.assume != nil {
		if err := c.takeRole(ctx, id); err != nil {
			return err
		}
	}
	if c.globals.has("debug") {
		fmt.Fprintf(c.cfg.Stderr, "calling %s %s in %s as %s\n", c.op.Service, c.op.Name, id.region, id.creds.AccessKeyID)
	}
	return nil
}

// takeRole changes an identity's credentials for the role's.
func (c *command) takeRole(ctx context.Context, id *identity) error {
	op := c.cfg.Table.Lookup("sts", "AssumeRole")
	if op == nil {
		return failure(ExitConfig, "The profile names role %s, and there is no AssumeRole operation to take it on", id.assume.role)
	}
	params := newObject()
	params.set("RoleArn", id.assume.role)
	params.set("RoleSessionName", id.assume.session)
	if id.assume.externalID != "" {
		params.set("ExternalId", id.assume.externalID)
	}
	out, err := c.do(ctx, op, params)
	if err != nil {
		return err
	}
	v, _ := out.get("Credentials")
	o, ok := v.(*object)
	if !ok {
		return failure(ExitConfig, "AssumeRole of %s gave no credentials", id.assume.role)
	}
	text := func(key string) string { s, _ := o.fields[key].(string); return s }
	id.creds = awsapi.Credentials{AccessKeyID: text("AccessKeyId"), SecretAccessKey: text("SecretAccessKey"), SessionToken: text("SessionToken")}
	return nil
}

// call does the command's operation once.
func (c *command) call(ctx context.Context, params *object) (*object, error) {
	return c.do(ctx, c.op, params)
}

func (c *command) do(ctx context.Context, op *awsapi.Operation, params *object) (*object, error) {
	in := op.NewInput()
	if err := build(in, params, c.rawBlobs()); err != nil {
		return nil, err
	}
	out, err := c.cfg.Do(ctx, op, c.id.creds, c.id.region, in)
	if err != nil {
		return nil, err
	}
	return encode(out), nil
}

func (c *command) rawBlobs() bool { return c.globals["cli-binary-format"] == "raw-in-base64-out" }

// ask does the command's operation, following its pages where wanted.
func (c *command) ask(ctx context.Context, in *input) (*answer, error) {
	p := pagerOf(c.op)
	if p == nil || !in.follow {
		out, err := c.call(ctx, in.params)
		return &answer{all: out}, err
	}
	pages, resume, err := p.pages(ctx, in.params, in.paging, c.call)
	if err != nil {
		return nil, err
	}
	return &answer{all: p.join(pages, resume), pages: pages, resume: resume}, nil
}

// saveStream writes the answer's raw body to the file named on the command
// line and leaves it out of what is printed.
func (c *command) saveStream(name string, out *object) error {
	text, _ := out.fields[streamed].(string)
	data, err := base64.StdEncoding.DecodeString(text)
	if err == nil {
		if c.cfg.WriteFile == nil {
			err = fmt.Errorf("no file can be written here")
		} else {
			err = c.cfg.WriteFile(name, data)
		}
	}
	if err != nil {
		return failure(ExitInternal, "%s: %s", name, fileError(name, err))
	}
	out.remove(streamed)
	return nil
}
