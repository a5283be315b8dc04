package state

import (
	"context"
	"errors"
	"sync"
)

// Errors of a Store.
var (
	ErrClosed = errors.New("the store is closed")
	ErrLocked = errors.New("another process has the store open")
)

// Table names one set of key-value pairs, in the order of their keys' bytes.
type Table string

// Store is a transactional ordered store. It is safe for concurrent use.
type Store struct {
	back backend

	mu     sync.Mutex
	wake   sync.Cond
	queue  []*request
	closed bool
	done   chan struct{}
}

// request is one function waiting to be run and committed.
type request struct {
	ctx    context.Context
	fn     func(*Tx) error
	result chan error // nil: nobody waits
	err    error
}

func open(b backend) *Store {
	s := &Store{back: b, done: make(chan struct{})}
	s.wake.L = &s.mu
	go s.commit()
	return s
}

// Update runs fn in a transaction and waits until it is durable. When fn
// fails, nothing it wrote is kept and its error is returned. A context that
// ends before fn began makes it not run; after that the outcome is awaited.
func (s *Store) Update(ctx context.Context, fn func(*Tx) error) error {
	r := &request{ctx: ctx, fn: fn, result: make(chan error, 1)}
	if err := s.enqueue(r); err != nil {
		return err
	}
	return <-r.result
}

// Append queues fn to be run in a transaction and does not wait. Its error is
// dropped; use it where losing the last moments before a crash is allowed.
// What is queued is in order with Update, and Sync and Close wait for it.
func (s *Store) Append(fn func(*Tx) error) {
	_ = s.enqueue(&request{ctx: context.Background(), fn: fn})
}

// Sync waits until everything queued before it is durable.
func (s *Store) Sync(ctx context.Context) error {
	return s.Update(ctx, func(*Tx) error { return nil })
}

// View runs fn on a consistent, read-only view of what is committed.
func (s *Store) View(ctx context.Context, fn func(*Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.back.view(func(b base) error { return fn(&Tx{base: b}) })
}

// Close commits what is queued and closes the store.
func (s *Store) Close() error {
	s.mu.Lock()
	already := s.closed
	s.closed = true
	s.wake.Signal()
	s.mu.Unlock()
	<-s.done
	if already {
		return nil
	}
	return s.back.close()
}

func (s *Store) enqueue(r *request) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	s.queue = append(s.queue, r)
	s.wake.Signal()
	return nil
}

// commit is the committer: it takes whatever is queued as one group.
func (s *Store) commit() {
	defer close(s.done)
	for {
		s.mu.Lock()
		for len(s.queue) == 0 && !s.closed {
			s.wake.Wait()
		}
		group := s.queue
		s.queue = nil
		s.mu.Unlock()
		if len(group) == 0 {
			return
		}
		s.commitGroup(group)
	}
}

func (s *Store) commitGroup(group []*request) {
	err := s.back.update(func(b base) *overlay {
		tx := &Tx{base: b, over: newOverlay()}
		for _, r := range group {
			if r.err = r.ctx.Err(); r.err != nil {
				continue
			}
			mark := tx.over.mark()
			if r.err = r.fn(tx); r.err != nil {
				tx.over.undo(mark)
			}
		}
		return tx.over
	})
	for _, r := range group {
		if r.err == nil {
			r.err = err
		}
		if r.result != nil {
			r.result <- r.err
		}
	}
}

// backend keeps the committed pairs.
type backend interface {
	// view calls fn with a consistent view that is valid until fn returns.
	view(fn func(base) error) error
	// update calls fn with the committed pairs and makes durable what the
	// overlay it returns changes. One update runs at a time.
	update(fn func(base) *overlay) error
	close() error
}

// base reads committed pairs. Values belong to it and are valid as long as
// the view is.
type base interface {
	get(t Table, key string) []byte
	// scan calls fn for the pairs with from <= key < to in order, or in the
	// reverse order, until fn gives false. An empty to has no end.
	scan(t Table, from, to string, reverse bool, fn func(key string, value []byte) bool)
}
