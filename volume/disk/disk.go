package disk

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"sync/atomic"

	"github.com/ebsim/ebsim/volume/xts"
)

const (
	// SectorSize is the unit of encryption, and of a hole, in bytes.
	SectorSize = 4096
	// BlockSize is the unit of marks and snapshots, in bytes.
	BlockSize = 512 << 10
	// MaxSize is the largest disk: 1,000 segments of 1 TiB.
	MaxSize = 1000 * segmentSize
)

var (
	// ErrClosed: the disk or view was closed.
	ErrClosed = errors.New("disk: closed")
	// ErrSize: a size is not a positive multiple of SectorSize up to MaxSize,
	// or not the size the disk was created with.
	ErrSize = errors.New("disk: bad size")
	// ErrKey: the key is not the one the disk was created with.
	ErrKey = errors.New("disk: wrong key")
	// ErrRange: a request is not wholly inside the disk.
	ErrRange = errors.New("disk: out of range")
	// ErrNotHydrated: a block's base data is not there yet.
	ErrNotHydrated = errors.New("disk: block is not hydrated")
	// ErrSync: an earlier sync failed, so what was written since the one
	// before may be lost. It stays until the disk is opened again, which finds
	// it Untrusted.
	ErrSync = errors.New("disk: an earlier sync failed")
)

// Options say what is opened.
type Options struct {
	// Size in bytes. Open accepts 0: whatever the disk has.
	Size int64
	// Key is the 64-byte XTS key (DeriveXTSKey); nil: unencrypted. Not kept.
	Key []byte
	// BootID names the run of the operating system, whose page cache outlives
	// a kill. Zero: a boot that nobody else shares, so that whatever was not
	// closed cleanly is untrusted.
	BootID [16]byte
	// Hydrated (Create only) makes a volume with no base: all zeros, all there.
	Hydrated bool
}

// A Disk is a volume that is open. All methods are safe for concurrent use.
type Disk struct {
	files  Files
	size   int64
	blocks int64
	boot   [16]byte
	order  uint64 // in which Freeze takes fences; random

	cipher *xts.Cipher // nil: unencrypted
	data   *segments
	marks  *marks
	pool   sync.Pool // *[recordSize + BlockSize]byte

	// Locks are taken in this order; each is held no longer than one block
	// takes, life aside.
	life    sync.RWMutex // an operation reads; Close and Reopen write
	hydrate sync.RWMutex // Hydrate reads; what ends a batch of it writes
	fence   sync.RWMutex // a change of one block reads; Freeze writes
	stripes [256]sync.RWMutex
	open    bool
	views   map[string]*View // under fence
	lost    map[string]error // under fence: view files that cannot be taken up

	pendingMu sync.Mutex
	pending   map[int64]bool // hydrated, not durable yet

	flushMu sync.Mutex
	failed  error // under flushMu: the first sync that failed

	headMu    sync.Mutex
	head      header
	began     atomic.Bool // head.boot is this boot, durably
	hydrated  atomic.Bool // every block is
	untrusted atomic.Bool

	refMu    sync.Mutex
	refs     int // the open disk, and each view that is held
	released chan struct{}
}

func checkSize(size int64) error {
	if size <= 0 || size > MaxSize || size%SectorSize != 0 {
		return fmt.Errorf("%w: %d bytes is not a positive multiple of %d up to %d", ErrSize, size, SectorSize, int64(MaxSize))
	}
	return nil
}

// Create makes a disk of opt.Size bytes and opens it. A volume that is there
// already is an error that wraps fs.ErrExist. It takes the same time and
// space whatever the size.
func Create(files Files, opt Options) (*Disk, error) {
	if err := checkSize(opt.Size); err != nil {
		return nil, err
	}
	if c, err := newCipher(opt.Key); err != nil {
		return nil, err
	} else if c != nil {
		c.Close()
	}
	f, err := files.Open(mapName, false)
	if err == nil {
		return nil, errors.Join(fmt.Errorf("disk: create: %w", fs.ErrExist), f.Close())
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if f, err = files.Open(mapName, true); err != nil {
		return nil, err
	}
	head := header{size: opt.Size, keyCheck: keyCheck(opt.Key)}
	if opt.Hydrated {
		head.flags |= flagHydrated
	}
	if opt.Key != nil {
		head.flags |= flagEncrypted
	}
	if err := errors.Join(f.WriteAt(head.encode(), 0), f.Sync(), f.Close()); err != nil {
		return nil, errors.Join(fmt.Errorf("disk: create: %w", err), files.Remove(mapName))
	}
	return Open(files, opt)
}

// Open opens a disk and takes up the view files of this boot (Disk.View).
// Errors: fs.ErrNotExist, ErrDamaged, ErrSize, ErrKey, those of package xts.
func Open(files Files, opt Options) (*Disk, error) {
	f, err := files.Open(mapName, false)
	if err != nil {
		return nil, fmt.Errorf("disk: open: %w", err)
	}
	head, err := readHeader(f)
	if err == nil {
		err = match(head, opt)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	d := &Disk{
		files: files, size: head.size, blocks: (head.size + BlockSize - 1) / BlockSize,
		boot: opt.BootID, head: head, open: true,
		views: map[string]*View{}, lost: map[string]error{}, pending: map[int64]bool{},
		refs: 1, released: make(chan struct{}),
	}
	var order [8]byte
	rand.Read(order[:])
	d.order = binary.LittleEndian.Uint64(order[:])
	if d.boot == [16]byte{} {
		rand.Read(d.boot[:])
	}
	d.marks = newMarks(f, d.blocks)
	d.pool.New = func() any { return new([recordSize + BlockSize]byte) }
	d.hydrated.Store(head.flags&flagHydrated != 0)
	if err := d.takeUp(opt); err != nil {
		return nil, errors.Join(err, d.closeFiles())
	}
	return d, nil
}

// match tells whether opt is for the disk with this header.
func match(head header, opt Options) error {
	if opt.Size != 0 && opt.Size != head.size {
		return fmt.Errorf("%w: the disk has %d bytes, not %d", ErrSize, head.size, opt.Size)
	}
	if encrypted := head.flags&flagEncrypted != 0; encrypted != (opt.Key != nil) {
		return fmt.Errorf("%w: encrypted disk: %t, key given: %t", ErrKey, encrypted, opt.Key != nil)
	}
	if keyCheck(opt.Key) != head.keyCheck {
		return ErrKey
	}
	return nil
}

func (d *Disk) takeUp(opt Options) (err error) {
	if d.cipher, err = newCipher(opt.Key); err != nil {
		return err
	}
	if d.data, err = openSegments(d.files); err != nil {
		return err
	}
	switch d.head.boot {
	case [16]byte{}:
	case d.boot:
		// What the one before wrote is in the page cache: the next flush
		// covers it.
		d.marks.unsync.Store(true)
		d.data.unsynced()
	default:
		d.head.flags |= flagUntrusted
		d.head.boot = [16]byte{}
		if err := d.writeHeader(d.head); err != nil {
			return err
		}
	}
	d.untrusted.Store(d.head.flags&flagUntrusted != 0)
	return d.takeUpViews()
}

// Size is the disk's length in bytes.
func (d *Disk) Size() int64 { return d.size }

// Blocks is the number of blocks; the last may be short.
func (d *Disk) Blocks() int64 { return d.blocks }

// Encrypted tells whether there is a key.
func (d *Disk) Encrypted() bool { return d.cipher != nil }

// begin makes the boot id durable before the first change.
func (d *Disk) begin() error {
	if d.began.Load() {
		return nil
	}
	d.headMu.Lock()
	defer d.headMu.Unlock()
	if d.began.Load() {
		return nil
	}
	if d.head.boot != d.boot {
		next := d.head
		next.boot = d.boot
		if err := d.writeHeader(next); err != nil {
			return err
		}
		d.head = next
	}
	d.began.Store(true)
	return nil
}

// writeHeader writes the map's header and syncs the map.
func (d *Disk) writeHeader(h header) error {
	if err := d.marks.file.WriteAt(h.encode(), 0); err != nil {
		return fmt.Errorf("disk: write map header: %w", err)
	}
	if err := d.marks.file.Sync(); err != nil {
		return fmt.Errorf("disk: sync map: %w", err)
	}
	return nil
}
