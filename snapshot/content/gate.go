package content

import "context"

// gate lets either any number of copies into a store or one collection
// through at a time. A copy finds objects already there and counts on them;
// a collection under way might be about to remove them.
type gate struct{ state chan gateState }

type gateState struct {
	copies     int
	collecting bool
	changed    chan struct{} // closed at the next change
}

func newGate() gate {
	g := gate{make(chan gateState, 1)}
	g.state <- gateState{changed: make(chan struct{})}
	return g
}

// copying waits until no collection is under way, and holds the next off
// until done is called.
func (g gate) copying(ctx context.Context) (done func(), err error) {
	err = g.enter(ctx, func(s *gateState) bool {
		if !s.collecting {
			s.copies++
			return true
		}
		return false
	})
	return func() { g.leave(func(s *gateState) { s.copies-- }) }, err
}

// collecting waits until neither copy nor collection is under way, and holds
// both off until done is called.
func (g gate) collecting(ctx context.Context) (done func(), err error) {
	err = g.enter(ctx, func(s *gateState) bool {
		if !s.collecting && s.copies == 0 {
			s.collecting = true
			return true
		}
		return false
	})
	return func() { g.leave(func(s *gateState) { s.collecting = false }) }, err
}

func (g gate) enter(ctx context.Context, try func(*gateState) bool) error {
	for {
		s := <-g.state
		ok := try(&s)
		changed := s.changed
		g.state <- s
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (g gate) leave(change func(*gateState)) {
	s := <-g.state
	change(&s)
	close(s.changed)
	s.changed = make(chan struct{})
	g.state <- s
}
