package audit_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ebsim/ebsim/account/audit"
	"github.com/ebsim/ebsim/internal/state"
)

func TestAfterOfAnotherTrail(t *testing.T) {
	w := newWorld(t, audit.Options{})
	w.record(audit.Event{ID: "a", Account: alice, RequestID: "r"})
	w.record(audit.Event{ID: "b1", Account: bob, RequestID: "r"})
	w.pass(time.Second)
	w.record(audit.Event{ID: "b2", Account: bob, RequestID: "r"})
	err := w.store.View(ctx, func(tx *state.Tx) error {
		found, err := w.Lookup(tx, audit.Filter{Account: alice, After: "b2"})
		for _, e := range found {
			if e.Account != alice {
				t.Errorf("event %s of %s in the page of %s", e.ID, e.Account, alice)
			}
		}
		return err
	})
	require.ErrorIs(t, err, audit.ErrUnknownEvent)
}

func TestAfterAndTo(t *testing.T) {
	w := newWorld(t, audit.Options{})
	w.record(audit.Event{ID: "a", Account: alice, RequestID: "r"})
	w.pass(time.Minute)
	w.record(audit.Event{ID: "b", Account: alice, RequestID: "r"})
	w.pass(time.Minute)
	w.record(audit.Event{ID: "c", Account: alice, RequestID: "r"})
	require.Equal(t, []string{"a"}, w.ids(audit.Filter{Account: alice, After: "c", To: start.Add(time.Minute)}))
}
