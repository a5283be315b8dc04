package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ebsim/ebsim/account/audit"
	"github.com/ebsim/ebsim/account/policy"
	"github.com/ebsim/ebsim/internal/awsapi"
	"github.com/ebsim/ebsim/internal/cloud"
	"github.com/ebsim/ebsim/internal/state"
)

func (s *shell) explain() *cobra.Command {
	return &cobra.Command{
		Use: "explain REQUEST-ID", Short: "Why a request was allowed or denied, statement by statement",
		Example: "  ebsim --data ./world explain 5f3c…",
		Args:    exactly(1, "the id of a request"),
		RunE: func(c *cobra.Command, args []string) error {
			return s.with(c.Context(), func(w *world) error {
				events, docs, err := requestEvents(c.Context(), w, args[0])
				if err != nil {
					return err
				}
				if s.output == "json" {
					return s.json(events)
				}
				for i := range events {
					fmt.Fprint(s.env.Stdout, explainEvent(&events[i], docs))
				}
				return nil
			})
		},
	}
}

// documents are the policies that events name, by hash.
type documents map[string]*policy.Document

func (d documents) find(hash string) (*policy.Document, bool) { doc, ok := d[hash]; return doc, ok }

func requestEvents(ctx context.Context, w *world, id string) (events []audit.Event, docs documents, err error) {
	if err := w.cloud.Sync(ctx); err != nil {
		return nil, nil, err
	}
	docs = documents{}
	err = w.cloud.View(ctx, func(tx *state.Tx) error {
		if events, err = w.cloud.Trail.Request(tx, id); err != nil {
			return err
		}
		for _, e := range events {
			for _, d := range e.Decisions {
				for _, h := range d.Hashes() {
					if doc, ok := w.cloud.Trail.Document(tx, h); ok {
						docs[h] = doc
					}
				}
			}
		}
		return nil
	})
	return events, docs, err
}

// explainEvent tells one event in prose, its decisions statement by statement.
func explainEvent(e *audit.Event, docs documents) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", headline(e))
	if e.Note != "" {
		fmt.Fprintf(&b, "    %s\n", e.Note)
	}
	for _, d := range e.Decisions {
		for line := range strings.Lines(d.Explain(docs.find)) {
			b.WriteString("    " + line)
		}
	}
	return b.String() + "\n"
}

// headline is one line about an event.
func headline(e *audit.Event) string {
	who := e.Identity.ARN
	if who == "" {
		who = e.Identity.InvokedBy
	} else if e.Identity.InvokedBy != "" && e.Identity.Type != "AssumedRole" {
		who += " through EC2"
	}
	line := fmt.Sprintf("%s:%s  as %s  in %s", strings.TrimSuffix(e.Source, ".amazonaws.com"), e.Name, who, e.Region)
	for _, r := range e.Resources {
		line += "  on " + r.ARN
	}
	if c, ok := e.Request["encryptionContext"]; ok {
		line += "  with " + strings.TrimPrefix(fmt.Sprint(c), "map")
	}
	if e.Failure != nil {
		return line + "\n    REFUSED: " + awsapi.TrailCode(e.Source, e.Failure.Kind) + ": " + e.Failure.Message
	}
	return line
}

// refused prints why a verb without an AWS operation was refused.
func (s *shell) refused(ctx context.Context, w *world, call cloud.Call, err error) error {
	var failed *audit.Failed
	if !errors.As(err, &failed) {
		return err
	}
	code := awsapi.TrailCode(failed.Event.Source, audit.KindOf(err))
	code = strings.TrimPrefix(code, "Client.")
	fmt.Fprintf(s.env.Stderr, "\nAn error occurred (%s) when calling the %s operation: %s\nTo see why: ebsim explain %s\n",
		code, failed.Event.Name, err, failed.Event.RequestID)
	return statusError(failedService)
}

// failedService is the exit status of a request that was refused, as the aws
// command has it.
const failedService = 254

func (s *shell) json(v any) error {
	enc := json.NewEncoder(s.env.Stdout)
	enc.SetIndent("", "    ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
