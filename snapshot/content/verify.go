package content

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// maxProblems is how many problems Verify gathers before it stops.
const maxProblems = 100

// Verify reads all that root reaches, pages and blocks, and checks lengths,
// digests, places and sums; with keys, it opens each block too and checks its
// identity. It goes on past damage and returns all that it finds, up to 100,
// joined: each an *ObjectError, or ErrNoKey for a key that keys lack. progress,
// which may be nil, is told blocks.
func (s *Store) Verify(ctx context.Context, root Root, keys *Keys, progress func(done, total int64)) error {
	return s.VerifyBeyond(ctx, root, nil, keys, progress)
}

// VerifyBeyond is Verify of what root reaches and the trees of verified do
// not, which were verified before.
func (s *Store) VerifyBeyond(ctx context.Context, root Root, verified []Root, keys *Keys, progress func(done, total int64)) error {
	v := &verification{store: s, keys: keys}
	m := &meter{total: root.Present(), fn: progress}
	err := each(ctx, cap(s.workers), func(ctx context.Context, submit func(func() error) error) error {
		w := &walk{target: []Root{root}, known: verified, readTarget: s, readKnown: s, skipTarget: v.add,
			// A verified page that is gone spares nothing.
			skipKnown: func(err error) bool { return errors.Is(err, ErrDamaged) }}
		w.block = func(e *Entry) error {
			e2 := *e
			return submit(func() error {
				defer m.add(1)
				if err := v.block(ctx, &e2); err != nil && !v.add(err) {
					return err
				}
				return nil
			})
		}
		return w.run(ctx)
	})
	if problems := v.problems; len(problems) > 0 {
		if err != nil && !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrNoKey) {
			problems = append(problems, err)
		}
		return errors.Join(problems...)
	}
	if err == nil && m.done < m.total {
		m.add(m.total - m.done)
	}
	return err
}

type verification struct {
	store *Store
	keys  *Keys

	mu       sync.Mutex
	problems []error
}

// add gathers a problem and reports whether to go on.
func (v *verification) add(err error) bool {
	if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrNoKey) {
		return false
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.problems) >= maxProblems {
		return false
	}
	v.problems = append(v.problems, err)
	return true
}

func (v *verification) block(ctx context.Context, e *Entry) error {
	s := v.store
	if err := s.acquire(ctx); err != nil {
		return err
	}
	defer s.release()
	if v.keys == nil {
		_, err := s.ciphertext(ctx, e)
		return err
	}
	buf := s.buffers.Get().(*[]byte)
	defer s.buffers.Put(buf)
	plain := (*buf)[:e.Plain]
	if err := s.open(ctx, e, *v.keys, plain); err != nil {
		return err
	}
	if v.keys.sealer(e.Key).identify(e.Index, plain) != e.Identity {
		return &ObjectError{e.Object.String(), e.Index, "is not the block that its entry identifies",
			fmt.Errorf("identity under key %s", e.Key)}
	}
	return nil
}
