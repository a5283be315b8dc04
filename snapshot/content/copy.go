package content

import (
	"context"
	"errors"
	"sync"
)

// CopyFrom brings what root needs from src into s: stored bytes as they are,
// pages and blocks, so that s has the same tree under the same Root, opened by
// the same keys. What the trees of has share with it is skipped unread: they
// are in s, whole, and stay while the copy lasts. Other objects that s happens
// to have are checked and kept. It is durable when CopyFrom returns.
//
// Each object is checked against its digest on the way. A copy that failed can
// be made again, or cleared away by Collect of root. progress, which may be
// nil, is told blocks: of root's, those that are in s by now.
//
// Copies into s wait for a collection of s to end, and hold the next one off.
func (s *Store) CopyFrom(ctx context.Context, src *Store, root Root, has []Root, progress func(done, total int64)) (Stats, error) {
	done, err := s.gate.copying(ctx)
	if err != nil {
		return Stats{}, err
	}
	defer done()
	c := &copying{to: s, from: src, ledger: newLedger(s)}
	c.meter = meter{total: root.Present(), fn: progress}
	err = each(ctx, cap(s.workers), func(ctx context.Context, submit func(func() error) error) error {
		w := &walk{target: []Root{root}, known: has, readTarget: src, readKnown: s}
		// A page of has that is damaged spares nothing, and comes anew.
		w.skipKnown = func(err error) bool { return errors.Is(err, ErrDamaged) }
		w.enter = func(r ref, p *page) error { return c.page(ctx, r, p) }
		w.block = func(e *Entry) error {
			e2 := *e
			return submit(func() error { return c.block(ctx, &e2) })
		}
		return w.run(ctx)
	})
	if err == nil {
		err = c.ledger.settle(ctx, true)
	}
	if err != nil {
		return c.stats, err
	}
	c.stats.BlocksReused = root.Present() - c.stats.BlocksStored
	if rest := root.Present() - c.meter.done; rest > 0 {
		c.meter.add(rest)
	}
	return c.stats, nil
}

type copying struct {
	to, from *Store
	ledger   *ledger
	meter    meter

	mu    sync.Mutex
	stats Stats
}

// page copies a page before what is below it: so Collect finds what an
// interrupted copy left.
func (c *copying) page(ctx context.Context, r ref, p *page) error {
	there, err := ensure(ctx, c.to.objects, r.id, func() ([]byte, error) { return p.data, nil })
	if err != nil {
		return err
	}
	if !there {
		c.count(Stats{Pages: 1, PageBytes: int64(len(p.data))})
	}
	return c.ledger.added(ctx, r.id)
}

func (c *copying) block(ctx context.Context, e *Entry) error {
	if err := c.to.acquire(ctx); err != nil {
		return err
	}
	defer c.to.release()
	there, err := ensure(ctx, c.to.objects, e.Object, func() ([]byte, error) { return c.from.ciphertext(ctx, e) })
	if err != nil {
		return err
	}
	did := Stats{BlocksRead: 1}
	if !there {
		did = Stats{BlocksRead: 1, BlocksStored: 1, PlainBytes: int64(e.Plain), StoredBytes: int64(e.Stored)}
	}
	c.count(did)
	c.meter.add(1)
	return c.ledger.added(ctx, e.Object)
}

func (c *copying) count(did Stats) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stats.add(did)
}
