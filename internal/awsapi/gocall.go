package awsapi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/ebsim/ebsim/account"
	"github.com/ebsim/ebsim/account/arn"
)

// Call calls an operation as the root user of an account, members by name.
// Only with sandbox credentials. Bytes are base64 text, as in JSON.
func (a *API) Call(ctx context.Context, who arn.AccountID, region arn.Region, service, operation string, input map[string]any) (map[string]any, error) {
	op := a.Lookup(service, operation)
	if op == nil {
		return nil, fmt.Errorf("no operation %s of %q: it is not one of AWS's, or ebsim does not have it", operation, service)
	}
	in := op.NewInput()
	b, err := json.Marshal(input)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", operation, err)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(in); err != nil {
		return nil, fmt.Errorf("%s: %w", operation, err)
	}
	out, err := a.Do(ctx, op, Credentials{AccessKeyID: string(who), SecretAccessKey: account.SandboxSecret}, string(region), in)
	if err != nil {
		return nil, err
	}
	if b, err = json.Marshal(out); err != nil {
		return nil, err
	}
	var members map[string]any
	return members, json.Unmarshal(b, &members)
}
