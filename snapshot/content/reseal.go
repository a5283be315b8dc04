package content

import (
	"context"
)

// Reseal writes root's content anew into s: every block is opened with old,
// in src, and sealed again under the current key of new, so that nothing that
// old opens opens the result. s and src may be one Store. progress, which may
// be nil, is told blocks. What was stored is removed again if it fails.
func (s *Store) Reseal(ctx context.Context, src *Store, root Root, old, new Keys, progress func(done, total int64)) (Root, Stats, error) {
	w, err := s.Write(ctx, root.size, Root{}, new)
	if err != nil {
		return Root{}, Stats{}, err
	}
	defer w.Discard(context.WithoutCancel(ctx))
	if err := w.Reseal(ctx, src, root, old, progress); err != nil {
		return Root{}, Stats{}, err
	}
	return w.Commit(ctx)
}

// Reseal puts every block of root, opened with keys in src. With the zero Root
// as w's base and the WriteAs of a recorded id, it is Store.Reseal for a job.
func (w *Writer) Reseal(ctx context.Context, src *Store, root Root, keys Keys, progress func(done, total int64)) error {
	m := &meter{total: root.Present(), fn: progress}
	reader := src.Read(root, keys)
	return each(ctx, cap(w.store.workers), func(ctx context.Context, submit func(func() error) error) error {
		for e, err := range reader.Entries(ctx, 0) {
			if err != nil {
				return err
			}
			err := submit(func() error {
				defer m.add(1)
				return w.reseal(ctx, src, &e, keys)
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func (w *Writer) reseal(ctx context.Context, src *Store, e *Entry, keys Keys) error {
	buf := w.store.buffers.Get().(*[]byte)
	defer w.store.buffers.Put(buf)
	plain := (*buf)[:BlockSize]
	// A short block that is not the last is from before the volume grew.
	if e.Index == w.size-1 {
		plain = plain[:e.Plain]
	} else {
		clear(plain[e.Plain:])
	}
	if err := src.acquire(ctx); err != nil {
		return err
	}
	err := src.open(ctx, e, keys, plain[:e.Plain])
	src.release()
	if err != nil {
		return err
	}
	return w.Put(ctx, e.Index, plain)
}
