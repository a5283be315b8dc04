package lesson_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestNegationIgnoresErrexit: what is negated may fail anywhere within, and a
// command that succeeds under "!" is not a failure of the script (POSIX: set
// -e, rule 2).
func TestNegationIgnoresErrexit(t *testing.T) {
	out, result := script(t, newRunner(t), `
f() { false; echo "went on"; return 3; }
! f
echo "first $?"
! true
echo "second $?"
if ! f; then echo third; fi
! f | cat
! { false; }
echo end
`)
	require.Nil(t, result.Failure)
	require.Equal(t, "went on\nfirst 0\nsecond 1\nwent on\nthird\nwent on\nend\n", out)
}

// TestConditionsIgnoreErrexit: in a condition a failing command ends nothing,
// in a subshell neither; elsewhere it does.
func TestConditionsIgnoreErrexit(t *testing.T) {
	out, result := script(t, newRunner(t), `
if (false; echo a); then echo A; fi
(false; echo b) || true
x=$(false; echo c) && echo $x
while { false; echo d; } | grep -q none; do :; done
f() { false; echo e; }
f || true
f | cat && true
(set -e; true) || true
false | true
(echo g; false; echo never)
echo never
`)
	require.NotNil(t, result.Failure)
	require.Equal(t, 11, result.Failure.Line)
	require.Equal(t, "a\nA\nb\nc\ne\ne\ng\n", out)
}

// TestShortFormOfCatFails: $(<file) of a file that is not there fails, and
// gives the file's text where it is.
func TestShortFormOfCatFails(t *testing.T) {
	out, result := script(t, newRunner(t), "echo text >f\nx=$(<f)\necho \"$x\"\ny=$(<none)\necho never")
	require.NotNil(t, result.Failure)
	require.Equal(t, 4, result.Failure.Line)
	require.Equal(t, "text\nopen none: no such file or directory\n", out)
}
