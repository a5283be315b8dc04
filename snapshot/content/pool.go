package content

import (
	"context"
	"sync"
)

// each calls produce, whose submit hands work to at most n goroutines, waits
// for all of it, and returns the first error. submit blocks while all are
// busy, and fails once something failed: produce then returns.
func each(ctx context.Context, n int, produce func(ctx context.Context, submit func(func() error) error) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	slots := make(chan struct{}, n)
	submit := func(work func() error) error {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		wg.Go(func() {
			defer func() { <-slots }()
			if err := work(); err != nil {
				cancel(err)
			}
		})
		return nil
	}
	err := produce(ctx, submit)
	if err != nil {
		cancel(err)
	}
	wg.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// meter counts blocks for a progress function, which may be nil. Calls to the
// function do not overlap.
type meter struct {
	mu    sync.Mutex
	done  int64
	total int64
	fn    func(done, total int64)
}

func (m *meter) add(n int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.done += n
	if m.fn != nil {
		m.fn(m.done, m.total)
	}
}
