package command

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/ebsim/ebsim/internal/awscli"
)

// aws is the built-in aws command. Its options are the real one's, so they are
// not parsed here; what stands before "aws" is ours.
func (s *shell) aws() *cobra.Command {
	return &cobra.Command{
		Use:                "aws SERVICE OPERATION [--option …]",
		Short:              "The built-in subset of the aws command, same spelling and output",
		Example:            "  ebsim --data ./world aws --profile alice kms create-key",
		DisableFlagParsing: true,
		RunE: func(c *cobra.Command, args []string) error {
			return s.with(c.Context(), func(w *world) error { return s.runAWS(c.Context(), w, args) })
		},
	}
}

func (s *shell) runAWS(ctx context.Context, w *world, args []string) error {
	if status := awscli.Run(ctx, args, s.cli(w)); status != awscli.ExitOK {
		return statusError(status)
	}
	return nil
}
