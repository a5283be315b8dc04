package content

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"github.com/ebsim/ebsim/internal/blob"
)

// maxWorkers bounds how many blocks a Store works on at once, and so its
// memory: a worker holds one block in two forms.
const maxWorkers = 16

// Store keeps trees in a blob store that is its own: one for each region. It
// is safe for concurrent use. Use one Store for one blob store: copies,
// collections and writers of one process keep out of each other's way
// through it.
type Store struct {
	objects blob.Store
	codec   *codec
	workers chan struct{} // held while a block is sealed or opened
	buffers sync.Pool     // of *[]byte: bufferSize
	gate    gate
	limits  limits

	mu      sync.Mutex
	writing map[WriterID]int  // writers that have not ended
	spared  map[WriterID]bool // writers that a sweep under way leaves alone
}

// limits bound what is held in memory. Tests lower them.
type limits struct {
	// changes is how many changes a Writer gathers before it writes them into
	// pages, some of which are then written again: by default, 32 pages'
	// worth when blocks come in order.
	changes int
	// unsynced is how many objects are stored before they are synced: by
	// default 256 MiB of blocks, so that neither the list of names nor the
	// last sync grows with the volume.
	unsynced int
	// swept is about how many live objects a Sweep knows at once, at 8 bytes
	// each. With more, it makes several passes.
	swept int64
}

// bufferSize has room for a block, a tag, and a frame that does not pay.
const bufferSize = BlockSize + 4096

// New returns the Store of the trees in objects.
func New(objects blob.Store) *Store {
	s := &Store{
		objects: objects,
		codec:   newCodec(),
		workers: make(chan struct{}, min(runtime.GOMAXPROCS(0)*2, maxWorkers)),
		gate:    newGate(),
		limits:  limits{changes: 32 * slots, unsynced: 512, swept: 1 << 20},
		writing: map[WriterID]int{},
	}
	s.buffers.New = func() any { b := make([]byte, bufferSize); return &b }
	return s
}

// Stats says what an operation did. Blocks are of BlockSize, a last one may be
// shorter; lengths are in bytes.
type Stats struct {
	BlocksRead   int64 // blocks looked at: put, opened or listed
	BlocksStored int64 // blocks stored
	BlocksReused int64 // blocks that were there already
	BlocksZero   int64 // blocks of zeros and removed ones, which store nothing
	PlainBytes   int64 // plaintext of the blocks stored
	StoredBytes  int64 // ciphertext of the blocks stored
	Pages        int64 // pages stored
	PageBytes    int64 // their length
}

// acquire waits for the right to work on one block.
func (s *Store) acquire(ctx context.Context) error {
	select {
	case s.workers <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (s *Store) release() { <-s.workers }

// get reads an object of at most limit bytes, of exactly want unless want is
// negative, and checks its digest. index is the block's, -1 for a page.
func (s *Store) get(ctx context.Context, id ObjectID, index, want, limit int64) ([]byte, error) {
	name := id.String()
	damaged := func(problem string, err error) error { return &ObjectError{name, index, problem, err} }
	// Length first: what someone put in the place may be of any size.
	size, err := s.objects.Stat(ctx, name)
	if missing(err) {
		return nil, damaged("is missing", err)
	} else if err != nil {
		return nil, fmt.Errorf("content: %w", err)
	}
	if want >= 0 && size != want {
		return nil, damaged(fmt.Sprintf("has %d bytes instead of %d", size, want), nil)
	} else if size > limit {
		return nil, damaged(fmt.Sprintf("has %d bytes, more than %d", size, limit), nil)
	}
	data, err := s.objects.Get(ctx, name)
	if missing(err) {
		return nil, damaged("is missing", err)
	} else if err != nil {
		return nil, fmt.Errorf("content: %w", err)
	}
	if sha256.Sum256(data) != id.Digest {
		return nil, damaged("does not have the bytes of its name", nil)
	}
	return data, nil
}

// page reads the page that r names and that belongs at a place.
func (s *Store) page(ctx context.Context, r ref, at place) (*page, error) {
	data, err := s.get(ctx, r.id, -1, -1, maxPageSize)
	if err != nil {
		return nil, err
	}
	p, err := decodePage(data)
	if err == nil && p.place != at {
		err = fmt.Errorf("it is the page of level %d and block %d, not of level %d and block %d",
			p.level, p.first, at.level, at.first)
	}
	if err == nil && p.sums != r.sums {
		err = errors.New("its sums are not those that its parent gives")
	}
	if err != nil {
		return nil, &ObjectError{r.id.String(), -1, "is not the page that belongs there", err}
	}
	return p, nil
}

// ciphertext reads a block's stored bytes.
func (s *Store) ciphertext(ctx context.Context, e *Entry) ([]byte, error) {
	return s.get(ctx, e.Object, e.Index, int64(e.Stored), BlockSize)
}

// open fills dst with a block's plaintext: dst has e.Plain bytes.
func (s *Store) open(ctx context.Context, e *Entry, keys Keys, dst []byte) error {
	sealer := keys.sealer(e.Key)
	if sealer == nil {
		return fmt.Errorf("content: block %d is sealed under content key %s: %w", e.Index, e.Key, ErrNoKey)
	}
	data, err := s.ciphertext(ctx, e)
	if err != nil {
		return err
	}
	data, err = sealer.open(e, data)
	if err != nil {
		return &ObjectError{e.Object.String(), e.Index, "does not open: altered, or of another place or lineage", err}
	}
	if err := s.codec.decompress(dst, data, e.Codec); err != nil {
		return &ObjectError{e.Object.String(), e.Index, "does not decompress", err}
	}
	return nil
}

// Usage returns how many blocks of root are present, their plain length and
// their stored length in bytes, shared ones included.
func (s *Store) Usage(ctx context.Context, root Root) (blocks, plain, stored int64, err error) {
	if !root.Empty() {
		if _, err := s.page(ctx, root.top, root.place()); err != nil {
			return 0, 0, 0, err
		}
	}
	return root.top.blocks, root.top.plain, root.top.stored, nil
}
