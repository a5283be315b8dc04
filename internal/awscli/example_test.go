package awscli_test

import (
	"context"
	"fmt"
	"os"
	"reflect"

	"github.com/ebsim/ebsim/internal/awsapi"
	"github.com/ebsim/ebsim/internal/awscli"
)

type listAliasesInput struct{ KeyId string }

type alias struct{ AliasName, TargetKeyId string }

type listAliasesOutput struct{ Aliases []alias }

// One command in a world of one operation.
func ExampleRun() {
	op := &awsapi.Operation{Service: "kms", Name: "ListAliases",
		Input: reflect.TypeFor[listAliasesInput](), Output: reflect.TypeFor[listAliasesOutput]()}
	status := awscli.Run(context.Background(),
		[]string{"--profile", "alice", "kms", "list-aliases", "--query", "Aliases[].{Name:AliasName,Key:TargetKeyId}"},
		awscli.Config{
			Table: awsapi.NewTable(op),
			Do: func(_ context.Context, op *awsapi.Operation, creds awsapi.Credentials, region string, in any) (any, error) {
				fmt.Println(op.Name, "as", creds.AccessKeyID, "in", region)
				return &listAliasesOutput{[]alias{{"alias/app", "0123"}}}, nil
			},
			Profiles:      map[string]awsapi.Credentials{"alice": {AccessKeyID: "111111111111", SecretAccessKey: "test"}},
			DefaultRegion: "eu-west-1",
			Stdout:        os.Stdout, Stderr: os.Stdout,
		})
	fmt.Println("exit status", status)
	// Output:
	// ListAliases as 111111111111 in eu-west-1
	// [
	//     {
	//         "Name": "alias/app",
	//         "Key": "0123"
	//     }
	// ]
	// exit status 0
}
