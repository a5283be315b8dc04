package awscli

import (
	"context"
	"io"

	"github.com/ebsim/ebsim/internal/awsapi"
)

// Exit statuses, as "AWS CLI return codes" in the AWS CLI user guide has them.
const (
	ExitOK       = 0
	ExitUsage    = 252 // the command line is wrong
	ExitConfig   = 253 // no credentials, no region, no such profile
	ExitService  = 254 // the operation was refused
	ExitInternal = 255 // anything else; a waiter that failed
)

// Config is the world of one command. Table, Do, Stdout and Stderr must be
// set; a nil function finds nothing.
type Config struct {
	Table *awsapi.Table

	// Do does an operation. in points to a struct of op.Input's type, out to
	// one of op.Output's. A refusal is an *awsapi.Error.
	Do func(ctx context.Context, op *awsapi.Operation, creds awsapi.Credentials, region string, in any) (out any, err error)

	Getenv    func(string) string
	ReadFile  func(name string) ([]byte, error)
	WriteFile func(name string, data []byte) error // for outputs that go to a file
	HomeDir   string

	Stdin          io.Reader
	Stdout, Stderr io.Writer

	// Profiles stand beside those of the credentials and config files and win
	// over them.
	Profiles      map[string]awsapi.Credentials
	DefaultRegion string // where neither option, environment nor profile names one

	// Wait is called between two looks of a waiter with the number of looks
	// taken, from 1. Nil is a real delay, 20 ms growing to 2 s. An error ends
	// the waiter.
	Wait func(ctx context.Context, attempt int) error

	// Hint gives lines to print under a refusal, "" for none.
	Hint func(err *awsapi.Error) string
}
