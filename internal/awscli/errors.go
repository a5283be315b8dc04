package awscli

import (
	"errors"
	"fmt"
	"io"

	"github.com/ebsim/ebsim/internal/awsapi"
)

// usage is how every wrong command line is answered.
const usage = `usage: aws [options] <command> <subcommand> [<subcommand> ...] [parameters]
To see help text, you can run:

  aws help
  aws <command> help
  aws <command> <subcommand> help
`

// exitError is an error that knows its exit status and whether the usage is
// shown with it.
type exitError struct {
	status    int
	withUsage bool
	text      string
}

func (e *exitError) Error() string { return e.text }

// wrongUsage is an argument error as the real command's parser words it.
func wrongUsage(format string, args ...any) error {
	return &exitError{ExitUsage, true, "aws: error: " + fmt.Sprintf(format, args...)}
}

// wrongParam is a parameter value that cannot be read. option is as typed:
// "--filters".
func wrongParam(option, format string, args ...any) error {
	return &exitError{ExitUsage, false, fmt.Sprintf("Error parsing parameter '%s': %s", option, fmt.Sprintf(format, args...))}
}

func failure(status int, format string, args ...any) error {
	return &exitError{status, false, fmt.Sprintf(format, args...)}
}

// report prints an error as the real command does, an empty line before it,
// and gives the exit status.
func report(w io.Writer, err error, hint func(*awsapi.Error) string) int {
	var refusal *awsapi.Error
	if errors.As(err, &refusal) {
		fmt.Fprintf(w, "\n%s\n", refusal)
		if hint != nil {
			if text := hint(refusal); text != "" {
				fmt.Fprintln(w, text)
			}
		}
		return ExitService
	}
	var e *exitError
	if !errors.As(err, &e) {
		fmt.Fprintf(w, "\n%v\n", err)
		return ExitInternal
	}
	fmt.Fprintln(w)
	if e.withUsage {
		fmt.Fprint(w, usage+"\n")
	}
	fmt.Fprintln(w, e.text)
	return e.status
}
