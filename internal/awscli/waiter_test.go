package awscli

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/ebsim/ebsim/internal/awsapi"
	"github.com/stretchr/testify/require"
)

func snapshotsIn(states ...string) *describeSnapshotsOut {
	out := &describeSnapshotsOut{}
	for _, s := range states {
		out.Snapshots = append(out.Snapshots, snapshot{State: s})
	}
	return out
}

func volumesIn(states ...string) *describeVolumesOut {
	out := &describeVolumesOut{}
	for _, s := range states {
		out.Volumes = append(out.Volumes, volume{State: s})
	}
	return out
}

func instancesIn(states ...string) *describeInstancesOut {
	out := &describeInstancesOut{Reservations: []reservation{{}}}
	for _, s := range states {
		out.Reservations[0].Instances = append(out.Reservations[0].Instances, instance{State: &state{Name: s}})
	}
	return out
}

func refusal(code string) error {
	return &awsapi.Error{Code: code, Message: "No.", HTTPStatus: 400, Operation: "Describe"}
}

func TestWaiters(t *testing.T) {
	for _, c := range []struct {
		name  string
		words []string
		outs  []any
		calls int
		want  string // on stderr, "" for success
	}{
		{"at once", []string{"snapshot-completed", "--snapshot-ids", "s"}, []any{snapshotsIn("completed")}, 1, ""},
		{"in time", []string{"snapshot-completed"}, []any{snapshotsIn("pending", "completed"), snapshotsIn(), snapshotsIn("completed", "completed")}, 3, ""},
		{"error", []string{"snapshot-completed"}, []any{snapshotsIn("pending"), snapshotsIn("completed", "error")}, 2,
			"\nWaiter SnapshotCompleted failed: Waiter encountered a terminal failure state: For expression \"Snapshots[].State\" we matched expected path: \"error\" at least once\n"},
		{"never", []string{"snapshot-completed"}, []any{snapshotsIn("pending")}, 40, "\nWaiter SnapshotCompleted failed: Max attempts exceeded\n"},
		{"volume", []string{"volume-available"}, []any{volumesIn("creating"), volumesIn("available")}, 2, ""},
		{"volume cannot", []string{"volume-available"}, []any{volumesIn("error")}, 1, "we matched expected path: \"error\" at least once"},
		{"volume gone", []string{"volume-available"}, []any{volumesIn("creating"), refusal("InvalidVolume.NotFound")}, 2,
			"\nWaiter VolumeAvailable failed: An error occurred (InvalidVolume.NotFound): No.\n"},
		{"in use", []string{"volume-in-use"}, []any{volumesIn("in-use")}, 1, ""},
		{"deleted", []string{"volume-deleted"}, []any{volumesIn("deleting"), refusal("InvalidVolume.NotFound")}, 2, ""},
		{"not there yet", []string{"instance-exists"}, []any{refusal("InvalidInstanceID.NotFound"), instancesIn("pending")}, 2, ""},
		{"never there", []string{"instance-exists"}, []any{refusal("InvalidInstanceID.NotFound")}, 40,
			"Max attempts exceeded. Previously accepted state: Matched expected service error code: InvalidInstanceID.NotFound\n"},
		{"running", []string{"instance-running"}, []any{refusal("InvalidInstanceID.NotFound"), instancesIn("pending"), instancesIn("running")}, 3, ""},
		{"not running", []string{"instance-running"}, []any{instancesIn("terminated")}, 1, "at least once"},
		{"stopped", []string{"instance-stopped"}, []any{instancesIn("stopping"), instancesIn("stopped")}, 2, ""},
		{"terminated", []string{"instance-terminated"}, []any{instancesIn("shutting-down"), instancesIn("terminated")}, 2, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.answer = answers(c.outs...)
			args := append([]string{"ec2", "wait"}, c.words...)
			if c.want == "" {
				require.Empty(t, w.ok(args...))
			} else {
				require.Contains(t, w.fails(ExitInternal, args...), c.want)
			}
			require.Equal(t, c.calls, w.calls)
		})
	}
}

func TestWaitBetween(t *testing.T) {
	w := newWorld(t)
	w.answer = answers(snapshotsIn("pending"), snapshotsIn("pending"), snapshotsIn("completed"))
	var attempts []int
	w.cfg.Wait = func(_ context.Context, n int) error { attempts = append(attempts, n); return nil }
	w.ok("ec2", "wait", "snapshot-completed", "--filters", "Name=x,Values=y")
	require.Equal(t, []int{1, 2}, attempts)
	require.Len(t, w.in.(*describeSnapshotsIn).Filters, 1)

	w.answer = answers(snapshotsIn("pending"))
	w.cfg.Wait = func(context.Context, int) error { return errors.New("nothing is due") }
	require.Equal(t, "\nWaiter SnapshotCompleted failed: nothing is due\n", w.fails(ExitInternal, "ec2", "wait", "snapshot-completed"))

	w.cfg.Wait = nil
	w.answer = answers(snapshotsIn("pending"), snapshotsIn("completed"))
	w.ok("ec2", "wait", "snapshot-completed")
	require.Equal(t, 2, w.calls)

	w.answer = answers(errors.New("broken"))
	require.Equal(t, "\nbroken\n", w.fails(ExitInternal, "ec2", "wait", "snapshot-completed"))
	require.Contains(t, w.fails(ExitUsage, "ec2", "wait", "snapshot-completed", "--max-items", "1"), "Unknown options: --max-items, 1")
}

func TestShortDelay(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(t, shortDelay(ctx, 39), context.Canceled)
	start := time.Now()
	require.NoError(t, shortDelay(context.Background(), 1))
	require.GreaterOrEqual(t, time.Since(start), 20*time.Millisecond)
}
