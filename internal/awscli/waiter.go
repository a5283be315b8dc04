package awscli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ebsim/ebsim/internal/awsapi"
)

// waiter asks an operation again until an acceptor decides.
type waiter struct {
	name      string // "VolumeAvailable"
	operation string
	attempts  int
	acceptors []acceptor
}

// acceptor decides by a path in the answer, or by an error's code.
type acceptor struct {
	state    verdict
	matcher  string // pathAll, pathAny, path, error
	argument string // the path
	expected any    // a string, or true
}

type verdict int

const (
	again verdict = iota
	success
	failed
)

// waiters lists EC2's, as in botocore's ec2 waiters-2.json. The failures that
// AWS does not have are marked: there the state can no longer become the
// wanted one and AWS waits for nothing.
func waiters(service string) []waiter {
	if service != "ec2" {
		return nil
	}
	const volumes, snapshots = "Volumes[].State", "Snapshots[].State"
	const instances = "Reservations[].Instances[].State.Name"
	all := func(path, state string) acceptor { return acceptor{success, "pathAll", path, state} }
	never := func(path, state string) acceptor { return acceptor{failed, "pathAny", path, state} }
	code := func(v verdict, code string) acceptor { return acceptor{v, "error", "", code} }
	return []waiter{
		{"InstanceExists", "DescribeInstances", 40, []acceptor{
			{success, "path", "length(Reservations[]) > `0`", true}, code(again, "InvalidInstanceID.NotFound")}},
		{"InstanceRunning", "DescribeInstances", 40, []acceptor{
			all(instances, "running"), never(instances, "shutting-down"), never(instances, "terminated"),
			never(instances, "stopping"), code(again, "InvalidInstanceID.NotFound")}},
		{"InstanceStopped", "DescribeInstances", 40, []acceptor{
			all(instances, "stopped"), never(instances, "pending"), never(instances, "terminated")}},
		{"InstanceTerminated", "DescribeInstances", 40, []acceptor{
			all(instances, "terminated"), never(instances, "pending"), never(instances, "stopping")}},
		{"SnapshotCompleted", "DescribeSnapshots", 40, []acceptor{
			all(snapshots, "completed"), never(snapshots, "error")}},
		{"VolumeAvailable", "DescribeVolumes", 40, []acceptor{
			all(volumes, "available"), never(volumes, "deleted"),
			never(volumes, "deleting"), never(volumes, "error")}}, // these two not in AWS
		{"VolumeDeleted", "DescribeVolumes", 40, []acceptor{
			all(volumes, "deleted"), code(success, "InvalidVolume.NotFound")}},
		{"VolumeInUse", "DescribeVolumes", 40, []acceptor{
			all(volumes, "in-use"), never(volumes, "deleted"),
			never(volumes, "deleting"), never(volumes, "error")}}, // these two not in AWS
	}
}

// explain says why an acceptor decided, in botocore's words.
func (a acceptor) explain() string {
	switch a.matcher {
	case "pathAll":
		return fmt.Sprintf("For expression \"%s\" all members matched expected path: \"%v\"", a.argument, a.expected)
	case "pathAny":
		return fmt.Sprintf("For expression \"%s\" we matched expected path: \"%v\" at least once", a.argument, a.expected)
	case "error":
		return fmt.Sprintf("Matched expected service error code: %v", a.expected)
	}
	return fmt.Sprintf("For expression \"%s\" we matched expected path: \"%s\"", a.argument, pyString(a.expected))
}

// matches tells whether an answer, or the refusal there was instead, is what
// the acceptor looks for.
func (a acceptor) matches(out *object, refusal *awsapi.Error) (bool, error) {
	if a.matcher == "error" || refusal != nil {
		return a.matcher == "error" && refusal != nil && refusal.Code == a.expected, nil
	}
	q, err := compileQuery(a.argument)
	if err != nil {
		return false, err
	}
	v, err := q.search(out)
	if err != nil {
		return false, err
	}
	if a.matcher == "path" {
		return v == a.expected, nil
	}
	list, _ := v.([]any)
	hits := 0
	for _, e := range list {
		if e == a.expected {
			hits++
		}
	}
	if a.matcher == "pathAll" {
		return len(list) > 0 && hits == len(list), nil
	}
	return hits > 0, nil
}

// wait runs a waiter: a look, then Config.Wait, and again.
func (c *command) wait(ctx context.Context, w waiter, look func(context.Context) (*object, error)) error {
	fail := func(format string, args ...any) error {
		return failure(ExitInternal, "Waiter %s failed: %s", w.name, fmt.Sprintf(format, args...))
	}
	last := ""
	for attempt := 1; ; attempt++ {
		out, err := look(ctx)
		var refusal *awsapi.Error
		if err != nil && !errors.As(err, &refusal) {
			return err
		}
		decided := false
		for _, a := range w.acceptors {
			ok, err := a.matches(out, refusal)
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
			decided, last = true, a.explain()
			switch a.state {
			case success:
				return nil
			case failed:
				return fail("Waiter encountered a terminal failure state: %s", last)
			}
			break
		}
		if !decided && refusal != nil {
			return fail("An error occurred (%s): %s", refusal.Code, refusal.Message)
		}
		if attempt >= w.attempts {
			if last != "" {
				return fail("Max attempts exceeded. Previously accepted state: %s", last)
			}
			return fail("Max attempts exceeded")
		}
		pause := c.cfg.Wait
		if pause == nil {
			pause = shortDelay
		}
		if err := pause(ctx, attempt); err != nil {
			return fail("%v", err)
		}
	}
}

// shortDelay sleeps 20 ms after the first look, twice as long after each
// further one, 2 s at most.
func shortDelay(ctx context.Context, attempt int) error {
	timer := time.NewTimer(min(20*time.Millisecond<<min(attempt-1, 10), 2*time.Second))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
