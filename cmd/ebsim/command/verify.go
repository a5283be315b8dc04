package command

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

func (s *shell) verify() *cobra.Command {
	return &cobra.Command{
		Use: "verify", Short: "Check every record, wrapped key, ring, volume file and sealed block",
		Long:    "Check a data directory with its root key: every key's material, every record's signature, every wrapped\ndata key and ring, every volume's files, and every block of every snapshot. It exits with 1 if anything is wrong.",
		Example: "  ebsim verify --data ./world",
		Args:    exactly(0, "no words"),
		RunE: func(c *cobra.Command, _ []string) error {
			return s.with(c.Context(), func(w *world) error {
				bar := s.bar("verify", 0)
				n, found, err := w.cloud.Verify(c.Context(), func(done, _ int64) { bar.add(1) })
				bar.end()
				if err != nil {
					return err
				}
				if s.output == "json" {
					err = s.json(map[string]any{"Checked": n, "Findings": found})
				} else {
					for _, f := range found {
						fmt.Fprintf(s.env.Stdout, "%s: %s\n", f.What, f.Problem)
					}
					fmt.Fprintf(s.env.Stdout, "%d keys, %d volumes, %d snapshots, %d blocks checked: %d wrong\n", n.Keys, n.Volumes, n.Snapshots, n.Blocks, len(found))
				}
				if len(found) > 0 {
					err = errors.Join(err, statusError(failed))
				}
				return err
			})
		},
	}
}
