package command

import (
	"fmt"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/ebsim/ebsim/snapshot"
)

func (s *shell) snapshot() *cobra.Command {
	group := &cobra.Command{Use: "snapshot", Short: "What a copy did", Args: exactly(0, "report"),
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	group.AddCommand(&cobra.Command{
		Use: "report SNAP", Short: "What a snapshot stored, what its copy re-wrapped, and who can open it",
		Example: "  ebsim --data ./world snapshot report snap-0123456789abcdef0",
		Args:    exactly(1, "the id of a snapshot"),
		RunE: func(c *cobra.Command, args []string) error {
			return s.with(c.Context(), func(w *world) error {
				call, err := s.call(c.Context(), w)
				if err != nil {
					return err
				}
				snap, openers, err := w.cloud.Report(c.Context(), call.Region, call.Caller.Account, args[0])
				if err != nil {
					return err
				}
				if s.output == "json" {
					return s.json(map[string]any{"SnapshotId": snap.ID, "State": snap.State, "Report": snap.Report, "Openers": openers,
						"BlocksStored": snap.Stored, "BlocksReused": snap.Reused, "BytesStored": snap.StoredBytes})
				}
				fmt.Fprint(s.env.Stdout, reportText(snap, openers))
				return nil
			})
		},
	})
	return group
}

func reportText(s *snapshot.Snapshot, openers []snapshot.Opener) string {
	var b strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-15s %s\n", name, fmt.Sprintf(format, args...))
	}
	line("snapshot", "%s in %s, %s", s.ID, s.Region, s.State)
	if s.Message != "" {
		line("", "%s", s.Message)
	}
	if s.Parent != "" {
		line("incremental to", "%s", s.Parent)
	}
	line("blocks", "%d sealed anew (%s), %d shared", s.Stored, humanize.IBytes(uint64(s.StoredBytes)), s.Reused)
	if s.KMSKey != "" {
		line("data key", "%s, wrapped by %s", s.DataKeyID, s.KMSKey)
	}
	line("content keys", "%s", strings.Join(s.RingKeys, " "))
	if r := s.Report; r != nil {
		line("copy of", "%s of %s in %s", r.From.Snapshot, r.From.Owner, r.From.Region)
		line("mode", "%s (%s)", r.Mode, r.Why)
		line("data key", "%s under %s", orNone(r.From.DataKeyID), orNone(r.From.KMSKey))
		line("  became", "%s under %s", orNone(r.To.DataKeyID), orNone(r.To.KMSKey))
		line("content keys", "%s", strings.Join(r.From.ContentKeys, " "))
		line("  became", "%s", strings.Join(r.To.ContentKeys, " "))
		line("bytes", "%s read, %s written, %s shared; %d of %d blocks opened", humanize.IBytes(uint64(r.Read)), humanize.IBytes(uint64(r.Written)),
			humanize.IBytes(uint64(max(0, r.Reused))), r.Opened, r.Blocks)
		for i, c := range r.Calls {
			name := ""
			if i == 0 {
				name = "KMS calls"
			}
			outcome := ""
			if c.Refused != "" {
				outcome = "  REFUSED: " + c.Refused
			}
			line(name, "%s as %s on %s%s", c.Name, c.Identity, c.Key, outcome)
		}
		if r.AWS != "" {
			line("AWS", "%s; billed %s", r.AWS, humanize.IBytes(uint64(r.Billed)))
		}
	}
	for i, o := range openers {
		name := ""
		if i == 0 {
			name = "opened also by"
		}
		line(name, "who may use %s, through %s of %s", orNone(o.KMSKey), o.Record, o.Owner)
	}
	return b.String()
}

func orNone(s string) string {
	if s == "" {
		return "(none: unencrypted)"
	}
	return s
}
