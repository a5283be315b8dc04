package job

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ebsim/ebsim/internal/clock"
	"github.com/ebsim/ebsim/internal/state"
)

var ctx = context.Background()

func enqueue(t *testing.T, s *state.Store, kind, serial string, due time.Time, arg string) {
	t.Helper()
	require.NoError(t, s.Update(ctx, func(tx *state.Tx) error {
		_, err := Enqueue(tx, kind, serial, due, arg)
		return err
	}))
}

func TestVirtualOrder(t *testing.T) {
	s, clk := state.OpenMemory(), clock.Virtual(time.Unix(1000, 0))
	defer s.Close()
	var ran []string
	q := New(s, clk, map[string]Handler{"say": func(_ context.Context, r Record) error {
		var arg string
		require.NoError(t, r.Decode(&arg))
		ran = append(ran, arg)
		return nil
	}}, nil)
	q.Start()
	enqueue(t, s, "say", "", clk.Now().Add(time.Hour), "later")
	enqueue(t, s, "say", "", clk.Now(), "first")
	enqueue(t, s, "say", "", clk.Now(), "second")
	require.NoError(t, q.Wait(ctx))
	require.Equal(t, []string{"first", "second"}, ran)
	more, err := q.Advance(ctx)
	require.NoError(t, err)
	require.True(t, more)
	require.Equal(t, "later", ran[2])
	require.Equal(t, int64(4600), clk.Now().Unix())
	more, _ = q.Advance(ctx)
	require.False(t, more)
}

func TestRetryAndRestart(t *testing.T) {
	s := state.OpenMemory()
	defer s.Close()
	var mu sync.Mutex
	attempts := 0
	failing := map[string]Handler{"work": func(context.Context, Record) error {
		mu.Lock()
		defer mu.Unlock()
		if attempts++; attempts < 3 {
			return errors.New("the disk is full")
		}
		return nil
	}}
	var told []error
	q := New(s, clock.Real(), failing, func(_ Record, err error) { mu.Lock(); told = append(told, err); mu.Unlock() })
	q.Start()
	enqueue(t, s, "work", "", clock.Real().Now(), "")
	q.Kick()
	require.Eventually(t, func() bool {
		var n int
		s.View(ctx, func(tx *state.Tx) error { p, _ := Pending(tx); n = len(p); return nil })
		return n == 0
	}, 5*time.Second, 10*time.Millisecond)
	q.Close()
	require.Equal(t, 3, attempts)
	require.Len(t, told, 2)

	// A job stopped in the middle stays pending and runs at the next start.
	started := make(chan struct{})
	q = New(s, clock.Real(), map[string]Handler{"work": func(ctx context.Context, _ Record) error {
		close(started)
		<-ctx.Done()
		return ctx.Err()
	}}, nil)
	q.Start()
	enqueue(t, s, "work", "", clock.Real().Now(), "")
	q.Kick()
	<-started
	q.Close()
	ran := make(chan Record, 1)
	q = New(s, clock.Real(), map[string]Handler{"work": func(_ context.Context, r Record) error { ran <- r; return nil }}, nil)
	q.Start()
	require.Zero(t, (<-ran).Attempt)
	require.NoError(t, q.Wait(ctx))
	q.Close()
}

func TestSerialJobsDoNotOverlap(t *testing.T) {
	s := state.OpenMemory()
	defer s.Close()
	var mu sync.Mutex
	var ran []string
	on := 0
	q := New(s, clock.Real(), map[string]Handler{"w": func(_ context.Context, r Record) error {
		mu.Lock()
		on++
		require.Equal(t, 1, on)
		mu.Unlock()
		time.Sleep(time.Millisecond)
		mu.Lock()
		on--
		ran = append(ran, r.ID)
		mu.Unlock()
		return nil
	}}, nil)
	for range 20 {
		enqueue(t, s, "w", "one", clock.Real().Now(), "")
	}
	q.Start()
	require.NoError(t, q.Wait(ctx))
	q.Close()
	require.IsIncreasing(t, ran)
	require.Len(t, ran, 20)
}
