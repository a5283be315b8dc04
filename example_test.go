package ebsim_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/ebsim/ebsim"
	"github.com/ebsim/ebsim/account/policy"
)

// Bob may not use Alice's key: the error carries the decision.
func Example() {
	ctx := context.Background()
	c, err := ebsim.Open(ebsim.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	out, err := c.Call(ctx, "111111111111", "eu-west-1", "kms", "CreateKey", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	key := out["KeyMetadata"].(map[string]any)["Arn"]
	_, err = c.Call(ctx, "222222222222", "eu-west-1", "kms", "Encrypt", map[string]any{"KeyId": key, "Plaintext": []byte("hello")})

	var refused *ebsim.Error
	var denied *policy.DeniedError
	fmt.Println(errors.As(err, &refused), refused.Code)
	fmt.Println(errors.As(err, &denied), denied.Decision.Outcome)
	fmt.Println(denied.Decision.Proposals[0].Layer)
	// Output:
	// true AccessDeniedException
	// true NotAllowed
	// key policy
}
