package command

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ebsim/ebsim/account/audit"
	"github.com/ebsim/ebsim/internal/awsapi"
	"github.com/ebsim/ebsim/internal/state"
)

func (s *shell) trail() *cobra.Command {
	var f audit.Filter
	var denied, anywhere bool
	c := &cobra.Command{
		Use: "trail", Short: "The audit events of the caller's account, oldest first",
		Example: "  ebsim --data ./world trail --profile alice --name Decrypt --denied",
		Args:    exactly(0, "no words"),
		RunE: func(c *cobra.Command, _ []string) error {
			return s.with(c.Context(), func(w *world) error {
				call, err := s.call(c.Context(), w)
				if err != nil {
					return err
				}
				if err := w.cloud.Sync(c.Context()); err != nil {
					return err
				}
				if f.Account = call.Caller.Account; !anywhere {
					f.Region = call.Region
				}
				var all []audit.Event
				if err := w.cloud.View(c.Context(), func(tx *state.Tx) (err error) {
					all, err = w.cloud.Trail.Lookup(tx, f)
					return err
				}); err != nil {
					return err
				}
				for i := len(all) - 1; i >= 0; i-- {
					if denied && all[i].Failure == nil {
						continue
					}
					if err := s.printEvent(&all[i]); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
	c.Flags().StringVar(&f.Name, "name", "", "only events of this name: Decrypt")
	c.Flags().StringVar(&f.Source, "source", "", "only of this service: kms.amazonaws.com")
	c.Flags().StringVar(&f.Resource, "resource", "", "only about this ARN or id")
	c.Flags().StringVar(&f.Principal, "principal", "", "only by this user or ARN")
	c.Flags().IntVar(&f.Limit, "limit", 0, "only so many of the newest")
	c.Flags().BoolVar(&denied, "denied", false, "only refusals")
	c.Flags().BoolVar(&anywhere, "all-regions", false, "of every region")
	return c
}

func (s *shell) printEvent(e *audit.Event) error {
	if s.output == "json" {
		b, err := e.CloudTrail(awsapi.TrailCode)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(s.env.Stdout, "%s\n", b)
		return err
	}
	_, err := fmt.Fprintf(s.env.Stdout, "%s  %s  %s\n", e.Time.Format("2006-01-02T15:04:05Z"), e.RequestID, headline(e))
	return err
}
