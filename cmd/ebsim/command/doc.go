// Package command is the ebsim command: one file a verb, over a world that is
// opened for the time of the command, or made afresh for a lesson.
package command
