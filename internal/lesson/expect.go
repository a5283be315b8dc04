package lesson

import (
	_ "embed"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/interp"
)

// expectDevice is the file that catches an expected error's text.
const expectDevice = "/dev/expect-error"

// expectFunction is expect-error in a lesson's shell: a function, so that
// what it runs may be a function too, and sees the same shell.
const expectFunction = `expect-error() {
	if [ $# -lt 2 ]; then echo "usage: expect-error CODE COMMAND [ARGUMENT…]" >&2; return 2; fi
	local _expect_code="$1" _expect_status=0
	shift
	"$@" 2>` + expectDevice + ` || _expect_status=$?
	` + expectCommand + ` "$_expect_code" "$_expect_status"
}`

// awsError is how the aws command prints the code of an error.
var awsError = regexp.MustCompile(`An error occurred \(([^()\s]+)\)`)

// expected judges the command that an expect-error ran: it must have failed,
// and said the code in parentheses. The error's text is passed through.
func (s *shell) expected(hc interp.HandlerContext, args []string) int {
	s.mu.Lock()
	caught := s.expect
	s.mu.Unlock()
	if len(args) != 2 || caught == nil {
		fmt.Fprintln(hc.Stderr, "lesson: "+expectCommand+" is a part of expect-error")
		return 2
	}
	text := caught.String()
	io.WriteString(hc.Stderr, text)
	wanted := args[0]
	status, _ := strconv.Atoi(args[1])
	reason := ""
	switch {
	case status == 0:
		reason = fmt.Sprintf("wanted the error %s, but the command succeeded", wanted)
	case strings.Contains(text, "("+wanted+")"):
		return 0
	default:
		reason = fmt.Sprintf("wanted the error %s, but the command failed with exit status %d and no error code", wanted, status)
		if m := awsError.FindStringSubmatch(text); m != nil {
			reason = fmt.Sprintf("wanted the error %s, got %s", wanted, m[1])
		}
	}
	s.mu.Lock()
	s.reason = reason
	if s.expectLine > 0 {
		s.line = s.expectLine
	}
	s.mu.Unlock()
	fmt.Fprintf(hc.Stderr, "expect-error: %s\n", reason)
	return 1
}

//go:embed shell-init.sh
var shellInit string

// ShellInit is text for a POSIX shell (dash, bash, and others with aliases)
// that defines expect-error, so that a scenario runs there unchanged. In a
// lesson's own shell, which has the word, it does nothing.
func ShellInit() string { return shellInit }
