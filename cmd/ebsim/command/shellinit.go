package command

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ebsim/ebsim/internal/lesson"
)

func (s *shell) shellInit() *cobra.Command {
	return &cobra.Command{
		Use: "shell-init", Short: "Shell functions that let a scenario run under a real shell",
		Example: `  eval "$(ebsim shell-init)"`, Args: exactly(0, "no words"),
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprint(s.env.Stdout, lesson.ShellInit())
			return err
		},
	}
}
