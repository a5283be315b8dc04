// Package clock tells a world's time. A world has one clock: real, or
// virtual and moved by hand. Rotation, deletion, expiry and cost hang on it.
package clock

import (
	"sync"
	"time"
)

// Clock tells the time in UTC. It is safe for concurrent use.
type Clock struct {
	mu      sync.Mutex
	virtual bool
	now     time.Time
}

// Real is the machine's clock.
func Real() *Clock { return &Clock{} }

// Virtual is a clock that stands at start until it is moved.
func Virtual(start time.Time) *Clock { return &Clock{virtual: true, now: start.UTC()} }

// Now is the time, to the millisecond that AWS tells.
func (c *Clock) Now() time.Time {
	if !c.virtual {
		return time.Now().UTC().Truncate(time.Millisecond)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// IsVirtual reports whether the clock is moved by hand.
func (c *Clock) IsVirtual() bool { return c.virtual }

// AdvanceTo moves a virtual clock forward to t and reports whether it moved;
// it never goes back, and a real clock is left alone.
func (c *Clock) AdvanceTo(t time.Time) bool {
	if !c.virtual {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !t.After(c.now) {
		return false
	}
	c.now = t.UTC()
	return true
}
