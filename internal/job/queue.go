package job

import (
	"context"
	"fmt"
	"sort"
	"sync"
	"time"

	"github.com/ebsim/ebsim/internal/clock"
	"github.com/ebsim/ebsim/internal/state"
)

// Queue runs the jobs of a store. It is safe for concurrent use.
type Queue struct {
	store    *state.Store
	clock    *clock.Clock
	handlers map[string]Handler
	workers  int

	mu      sync.Mutex
	running map[string]Record
	fail    func(Record, error)
	kick    chan struct{}
	idle    chan struct{} // closed and replaced whenever a job ended
	cancel  context.CancelFunc
	group   sync.WaitGroup
	step    sync.Mutex // held by Advance
}

// Workers is how many jobs run at once under a real clock.
const Workers = 4

// New makes a queue that does not run yet. Fail is told of each failed
// attempt.
func New(store *state.Store, clk *clock.Clock, handlers map[string]Handler, fail func(Record, error)) *Queue {
	return &Queue{
		store: store, clock: clk, handlers: handlers, workers: Workers, fail: fail,
		running: map[string]Record{}, kick: make(chan struct{}, 1), idle: make(chan struct{}),
	}
}

// Start runs the jobs that are due, now and later, until Close. Under a
// virtual clock it does nothing: see Advance.
func (q *Queue) Start() {
	if q.clock.IsVirtual() {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	q.cancel = cancel
	q.group.Go(func() { q.loop(ctx) })
}

// Kick makes the queue look for jobs.
func (q *Queue) Kick() {
	select {
	case q.kick <- struct{}{}:
	default:
	}
}

// Close stops what runs, by ending its context, and waits for it. Jobs that
// were stopped stay pending.
func (q *Queue) Close() {
	if q.cancel != nil {
		q.cancel()
	}
	q.group.Wait()
	q.step.Lock() // an Advance under way ends first
	q.step.Unlock()
}

func (q *Queue) loop(ctx context.Context) {
	for ctx.Err() == nil {
		next := q.dispatch(ctx)
		timer := time.NewTimer(next)
		select {
		case <-ctx.Done():
		case <-q.kick:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// dispatch starts what may run now and gives the time until it should look
// again.
func (q *Queue) dispatch(ctx context.Context) time.Duration {
	pending, err := q.pending(ctx)
	if err != nil {
		return time.Second
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	busy := map[string]bool{}
	for _, r := range q.running {
		busy[r.Serial] = true
	}
	next, now := time.Minute, q.clock.Now()
	for _, r := range pending {
		if _, on := q.running[r.ID]; on || r.Serial != "" && busy[r.Serial] {
			continue
		}
		if r.Serial != "" {
			busy[r.Serial] = true // a later one of the same Serial does not overtake
		}
		if wait := r.Due.Sub(now); wait > 0 {
			next = min(next, wait)
			continue
		}
		if len(q.running) == q.workers {
			break
		}
		q.running[r.ID] = r
		q.group.Go(func() {
			q.run(ctx, r)
			q.mu.Lock()
			delete(q.running, r.ID)
			close(q.idle)
			q.idle = make(chan struct{})
			q.mu.Unlock()
			q.Kick()
		})
	}
	return next
}

// pending gives all jobs in order of (due, id).
func (q *Queue) pending(ctx context.Context) (all []Record, err error) {
	err = q.store.View(ctx, func(tx *state.Tx) error {
		all, err = Pending(tx)
		return err
	})
	sort.SliceStable(all, func(i, j int) bool { return all[i].Due.Before(all[j].Due) })
	return all, err
}

// run runs one job, unless it was done since it was listed.
func (q *Queue) run(ctx context.Context, r Record) {
	var listed bool
	var err error
	if verr := q.store.View(ctx, func(tx *state.Tx) error {
		r, listed, err = state.Load[Record](tx, table, state.Key(r.ID), version)
		return err
	}); verr != nil || !listed {
		return
	}
	handle := q.handlers[r.Kind]
	err = fmt.Errorf("no handler for jobs of kind %q", r.Kind)
	if handle != nil {
		err = handle(ctx, r)
	}
	if ctx.Err() != nil {
		return
	}
	if err != nil && q.fail != nil {
		q.fail(r, err)
	}
	_ = q.store.Update(ctx, func(tx *state.Tx) error {
		if err == nil {
			return Done(tx, r.ID) // the handler did it; this is for those without an effect
		}
		now, ok, lerr := state.Load[Record](tx, table, state.Key(r.ID), version)
		if lerr != nil || !ok {
			return lerr
		}
		now.Attempt++
		now.Due = q.clock.Now().Add(min(time.Minute, 50*time.Millisecond<<min(now.Attempt, 12)))
		return save(tx, now)
	})
}

// Advance runs the next pending job, moving a virtual clock to its time, and
// reports whether there was one. Under a real clock it waits until a running
// job ended and reports whether any was pending.
func (q *Queue) Advance(ctx context.Context) (bool, error) {
	if !q.clock.IsVirtual() {
		q.mu.Lock()
		idle := q.idle
		q.mu.Unlock()
		pending, err := q.pending(ctx)
		if err != nil || len(pending) == 0 {
			return false, err
		}
		q.Kick()
		select {
		case <-idle:
		case <-ctx.Done():
			return true, ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
		return true, nil
	}
	q.step.Lock()
	defer q.step.Unlock()
	pending, err := q.pending(ctx)
	if err != nil || len(pending) == 0 {
		return false, err
	}
	q.clock.AdvanceTo(pending[0].Due)
	q.run(ctx, pending[0])
	return true, ctx.Err()
}

// Wait runs, or waits for, all jobs that are due now and those they lead to.
func (q *Queue) Wait(ctx context.Context) error {
	for {
		pending, err := q.pending(ctx)
		if err != nil {
			return err
		}
		if len(pending) == 0 || pending[0].Due.After(q.clock.Now()) {
			return nil
		}
		if _, err := q.Advance(ctx); err != nil {
			return err
		}
	}
}
