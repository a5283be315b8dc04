// Package lesson runs lessons and scenarios: Markdown whose sh blocks are
// executed, or plain shell scripts, by a shell that is part of the program.
//
// A [Lesson] is parsed text: front matter, steps, and in each step prose,
// code and questions. A [Runner] holds what its shell needs: the commands it
// is handed (aws, ebsim), a scratch folder, a clock. [RunTest] runs a
// lesson as a test and gives a [Result]; [Play] shows one to a reader, step
// by step. The exports give the same text as Markdown or a web page.
//
// One flow: Parse checks the text and every block's syntax; RunTest opens one
// shell on the scratch folder; each block runs in it, statement by statement,
// so that variables, functions and the current folder live on; the first
// statement that fails ends the run with its file, line, command and the last
// lines of its output.
//
// The shell is sh with errexit on ("set -e"); a script may turn it off. It
// starts no program: a command is a function of the shell, a builtin, one of
// the small tools of package tool, or one that the Runner was handed. It sees
// no file outside the scratch folder, which it calls [tool.Home]. Process
// substitution is refused, because it would need a pipe outside.
//
// Caveats. Only the descriptors 0, 1 and 2 can be redirected. In a function
// that a condition calls, a subshell of several commands ends at the first
// that fails, where POSIX would go on; a condition's own subshells do go on. A
// pipeline's status is its last command's unless the script sets pipefail, as
// in any shell.
//
// The same text runs under a real sh with the real aws: [ShellInit] gives it
// the one word it would lack, expect-error.
package lesson
