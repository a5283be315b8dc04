package content

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
)

// Writer makes a tree out of another one, the base, and the blocks that
// changed. Put and Remove may be called from several goroutines, in any order
// of indexes; in rising order, roughly, is much the cheapest. A Writer ends
// with Commit or Discard.
//
// What a Writer stores is no part of any tree until Commit returns. If that
// never happens, RemoveWriter clears it away; so a job records Writer's id
// before the first Put.
type Writer struct {
	store *Store
	id    WriterID
	size  int64
	keys  Keys
	base  *Reader

	mu      sync.Mutex
	tree    Root            // the base with everything that left changes
	changes map[int64]Entry // not in tree yet; Plain 0 removes
	stats   Stats
	ended   bool  // by Commit or Discard
	done    bool  // a Commit returned a tree, or Discard has removed all
	failed  error // the first error of a Put or Remove that was in range

	stored *ledger
}

// Write returns a Writer, under a fresh id, of a tree over a number of blocks,
// of which none is fewer than those of base. What is sealed is sealed under
// the current key of keys. The blocks of base that are not put or removed stay
// as they are, and so does, and stores nothing, a block that is put and equals
// base's under one of keys.
func (s *Store) Write(ctx context.Context, blocks int64, base Root, keys Keys) (*Writer, error) {
	return s.WriteAs(ctx, NewWriterID(), blocks, base, keys)
}

// WriteAs is Write under an id that was recorded before. It must not be that
// of a Writer that committed; after RemoveWriter, that of one that did not is
// fine.
func (s *Store) WriteAs(ctx context.Context, writer string, blocks int64, base Root, keys Keys) (*Writer, error) {
	id, err := ParseWriterID(writer)
	if err != nil {
		return nil, err
	}
	switch {
	case blocks < 0 || blocks > MaxBlocks:
		return nil, fmt.Errorf("content: a tree over %d blocks: %w", blocks, ErrRange)
	case blocks < base.size:
		return nil, fmt.Errorf("content: a tree over %d blocks, its base has %d: %w", blocks, base.size, ErrRange)
	case keys.Current().Secret == [32]byte{}:
		return nil, fmt.Errorf("content: nothing to seal with: %w", ErrNoKey)
	case base.top.id.Writer == id && !base.Empty():
		return nil, fmt.Errorf("content: writer %s wrote the base itself", id)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.begin(id)
	w := &Writer{store: s, id: id, size: blocks, keys: keys, base: s.Read(base, Keys{}), tree: base,
		changes: map[int64]Entry{}}
	w.stored = newLedger(s)
	return w, nil
}

// Writer returns w's id: its objects' names begin with it and a slash.
func (w *Writer) Writer() string { return w.id.String() }

// zeros is only read.
var zeros [BlockSize]byte

// Put sets a block: BlockSize bytes, or fewer, but not none, for the volume's
// last. It stores the block now, unless it is all zeros, which removes it, or
// equals the base's. It does not keep plain.
//
// An error other than ErrRange is final: Commit will return it too, so that no
// tree lacks a block.
func (w *Writer) Put(ctx context.Context, index int64, plain []byte) (err error) {
	if index < 0 || index >= w.size {
		return fmt.Errorf("content: block %d of %d: %w", index, w.size, ErrRange)
	}
	if n := len(plain); n == 0 || n > BlockSize || n < BlockSize && index != w.size-1 {
		return fmt.Errorf("content: block %d with %d bytes: %w", index, n, ErrRange)
	}
	defer func() {
		if err != nil {
			w.fail(err)
		}
	}()
	if err := w.store.acquire(ctx); err != nil {
		return err
	}
	defer w.store.release()
	if bytes.Equal(plain, zeros[:len(plain)]) {
		return w.set(ctx, Entry{Index: index}, Stats{BlocksRead: 1, BlocksZero: 1})
	}
	old, ok, err := w.base.Entry(ctx, index)
	if err != nil {
		return err
	}
	current := w.keys.sealer(w.keys.Current().ID)
	e := Entry{Index: index, Plain: uint32(len(plain)), Key: current.key.ID}
	if ok && old.Plain == e.Plain {
		if sealer := w.keys.sealer(old.Key); sealer != nil {
			identity := sealer.identify(index, plain)
			if identity == old.Identity {
				return w.set(ctx, old, Stats{BlocksRead: 1, BlocksReused: 1})
			}
			if sealer == current {
				e.Identity = identity
			}
		}
	}
	if e.Identity == ([identitySize]byte{}) {
		e.Identity = current.identify(index, plain)
	}
	if err := w.seal(ctx, current, &e, plain); err != nil {
		return err
	}
	return w.set(ctx, e, Stats{BlocksRead: 1, BlocksStored: 1, PlainBytes: int64(e.Plain), StoredBytes: int64(e.Stored)})
}

func (w *Writer) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failed == nil {
		w.failed = err
	}
}

// seal stores a block and completes its entry.
func (w *Writer) seal(ctx context.Context, sealer *sealer, e *Entry, plain []byte) error {
	buf := w.store.buffers.Get().(*[]byte)
	defer w.store.buffers.Put(buf)
	var data []byte
	data, e.Codec = w.store.codec.compress(*buf, plain)
	data = sealer.seal(e, data)
	e.Stored = uint32(len(data))
	e.Object = ObjectID{w.id, sha256.Sum256(data)}
	return w.stored.put(ctx, e.Object, data)
}

// Remove makes a block absent: it reads as zeros.
func (w *Writer) Remove(index int64) error {
	if index < 0 || index >= w.size {
		return fmt.Errorf("content: block %d of %d: %w", index, w.size, ErrRange)
	}
	return w.set(context.Background(), Entry{Index: index}, Stats{BlocksZero: 1})
}

// set takes a change, and writes pages if there are many.
func (w *Writer) set(ctx context.Context, e Entry, did Stats) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended {
		return fmt.Errorf("content: block %d: %w", e.Index, ErrClosed)
	}
	w.stats.add(did)
	if old := w.changes[e.Index]; old.Object != e.Object {
		w.drop(&old)
	}
	w.changes[e.Index] = e
	if len(w.changes) < w.store.limits.changes {
		return nil
	}
	return w.apply(ctx)
}

// drop removes a block of this Writer's that no tree will have.
func (w *Writer) drop(e *Entry) {
	if e.Plain != 0 && e.Object.Writer == w.id {
		w.stored.drop(e.Object)
		w.stats.BlocksStored--
		w.stats.PlainBytes -= int64(e.Plain)
		w.stats.StoredBytes -= int64(e.Stored)
	}
}

// Commit writes the changed pages, makes everything durable, and returns the
// tree. The Writer has ended then. After an error, nothing that it stored is
// in a tree, and Discard removes it.
func (w *Writer) Commit(ctx context.Context) (Root, Stats, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended {
		return Root{}, Stats{}, fmt.Errorf("content: commit: %w", ErrClosed)
	}
	w.ended = true
	defer w.store.end(w.id)
	if err := w.apply(ctx); err != nil {
		return Root{}, w.stats, err
	}
	if err := w.stored.settle(ctx, true); err != nil {
		return Root{}, w.stats, err
	}
	w.done = true
	return w.tree, w.stats, nil
}

// Discard ends w and removes what it stored. After a Commit that returned a
// tree it does nothing, so it may be deferred. Puts under way must have
// returned.
func (w *Writer) Discard(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.done {
		return nil
	}
	if !w.ended {
		w.ended = true
		defer w.store.end(w.id)
	}
	var names []string
	err := w.store.objects.List(ctx, w.id.String()+"/", func(name string, _ int64) error {
		names = append(names, name)
		return nil
	})
	for _, name := range names {
		err = errors.Join(err, w.store.objects.Delete(ctx, name))
	}
	w.done = err == nil
	return err
}

func (s *Stats) add(o Stats) {
	s.BlocksRead += o.BlocksRead
	s.BlocksStored += o.BlocksStored
	s.BlocksReused += o.BlocksReused
	s.BlocksZero += o.BlocksZero
	s.PlainBytes += o.PlainBytes
	s.StoredBytes += o.StoredBytes
	s.Pages += o.Pages
	s.PageBytes += o.PageBytes
}

// begin and end keep the writers that a sweep leaves alone.
func (s *Store) begin(id WriterID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writing[id]++
	if s.spared != nil {
		s.spared[id] = true
	}
}

func (s *Store) end(id WriterID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.writing[id]--; s.writing[id] <= 0 {
		delete(s.writing, id)
	}
}
