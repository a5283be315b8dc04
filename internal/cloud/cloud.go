package cloud

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/ebsim/ebsim/account"
	"github.com/ebsim/ebsim/account/arn"
	"github.com/ebsim/ebsim/account/audit"
	"github.com/ebsim/ebsim/internal/blob"
	"github.com/ebsim/ebsim/internal/clock"
	"github.com/ebsim/ebsim/internal/id"
	"github.com/ebsim/ebsim/internal/job"
	"github.com/ebsim/ebsim/internal/rootkey"
	"github.com/ebsim/ebsim/internal/state"
	"github.com/ebsim/ebsim/kms"
	"github.com/ebsim/ebsim/snapshot"
	"github.com/ebsim/ebsim/snapshot/content"
	"github.com/ebsim/ebsim/volume/disk"
)

// Cloud is one world. It is safe for concurrent use.
type Cloud struct {
	Accounts *account.Service
	KMS      *kms.Service
	Trail    *audit.Trail

	dir      string
	regions  []arn.Region
	copyMode snapshot.Mode
	root     *rootkey.Key
	clock    *clock.Clock
	ids      *id.Source
	store    *state.Store
	jobs     *job.Queue
	boot     [16]byte
	unlock   func() error // the data directory

	mu       sync.Mutex
	contents map[arn.Region]*region
	memory   map[string]disk.Files // of volumes in memory
	open     map[string]*unlocked  // volumes whose key is held
	frozen   map[string]*frozen    // pending snapshots
	locks    keyed                 // one flow at a time on each volume
	progress map[string]int        // of pending snapshots, percent
}

// region is what a region has beside its records.
type region struct {
	content *content.Store
	// jobs is read-locked by jobs from their first object until their record
	// commits, and locked while objects are collected.
	jobs sync.RWMutex
}

// Open opens a world and goes on with its unfinished jobs. It fails with
// ErrDirectory, and with state.ErrLocked where another process has the
// directory.
func Open(o Options) (*Cloud, error) {
	if err := o.defaults(); err != nil {
		return nil, err
	}
	c := &Cloud{
		dir: o.Dir, regions: o.Regions, copyMode: o.CopyMode, root: o.RootKey, clock: o.Clock, ids: o.IDs,
		boot: bootID(), unlock: func() error { return nil },
		contents: map[arn.Region]*region{}, memory: map[string]disk.Files{}, open: map[string]*unlocked{},
		frozen: map[string]*frozen{}, progress: map[string]int{},
	}
	if err := c.openStore(&o); err != nil {
		return nil, err
	}
	c.Trail = audit.New(c.store, c.clock, c.ids, audit.Options{})
	c.Accounts = account.New(c.root, c.clock, c.ids, !o.NoSandbox)
	c.KMS = kms.New(c.store, c.Trail, c.Accounts, c.root, c.clock, c.ids)
	c.jobs = job.New(c.store, c.clock, map[string]job.Handler{
		jobCreateVolume:   c.runCreateVolume,
		jobCreateSnapshot: c.runCreateSnapshot,
		jobCopySnapshot:   c.runCopySnapshot,
		jobRemoveFiles:    c.runRemoveFiles,
		jobCollect:        c.runCollect,
	}, func(r job.Record, err error) {
		if o.Failed != nil {
			o.Failed(fmt.Errorf("%s %s, attempt %d: %w", r.Kind, r.ID, r.Attempt+1, err))
		}
	})
	if err := c.recover(context.Background()); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	c.jobs.Start()
	return c, nil
}

func (c *Cloud) openStore(o *Options) (err error) {
	if c.dir == "" {
		c.store = state.OpenMemory()
		return nil
	}
	if c.unlock, err = lockDir(filepath.Join(c.dir, lockName)); err != nil {
		return err
	}
	if err := o.readRootKey(); err != nil {
		return errors.Join(err, c.unlock())
	}
	c.root = o.RootKey
	if c.store, err = state.OpenFile(filepath.Join(c.dir, stateName)); err != nil {
		return errors.Join(err, c.unlock())
	}
	if err := c.checkRootKey(); err != nil {
		return errors.Join(err, c.store.Close(), c.unlock())
	}
	return nil
}

const worldTable state.Table = "world"

// checkRootKey finds at once that a data directory was made with another root
// key, by a message that only the right one authenticates.
func (c *Cloud) checkRootKey() error {
	ctx, key := context.Background(), []byte("root key check")
	message := []byte("ebsim world, format 1")
	return c.store.Update(ctx, func(tx *state.Tx) error {
		mac := tx.Get(worldTable, key)
		if mac == nil {
			return tx.Put(worldTable, key, c.root.MAC("world", message))
		}
		if !c.root.CheckMAC("world", message, mac) {
			return fmt.Errorf("%s: the root key is not the one this data directory was made with", c.dir)
		}
		return nil
	})
}

// Close stops the jobs, closes every disk and ends the world, or leaves it for
// the next Open. Unfinished jobs go on there.
func (c *Cloud) Close() error {
	c.jobs.Close()
	errs := []error{c.suspend()}
	errs = append(errs, c.store.Close(), c.unlock())
	return errors.Join(errs...)
}

// Clock is the world's clock.
func (c *Cloud) Clock() *clock.Clock { return c.clock }

// IDs gives the world's identifiers.
func (c *Cloud) IDs() *id.Source { return c.ids }

// Regions lists the world's regions.
func (c *Cloud) Regions() []arn.Region { return slices.Clone(c.regions) }

// HasRegion reports whether the world has a region.
func (c *Cloud) HasRegion(r arn.Region) bool { return slices.Contains(c.regions, r) }

// Zones lists a region's availability zones.
func Zones(r arn.Region) []string {
	return []string{string(r) + "a", string(r) + "b", string(r) + "c"}
}

// Sync waits until every event so far is in the trail.
func (c *Cloud) Sync(ctx context.Context) error { return c.store.Sync(ctx) }

// View runs fn on a view of the records.
func (c *Cloud) View(ctx context.Context, fn func(*state.Tx) error) error {
	return c.store.View(ctx, fn)
}

// Wait waits for the jobs that are due, and runs them under a virtual clock.
func (c *Cloud) Wait(ctx context.Context) error { return c.jobs.Wait(ctx) }

// Advance goes on to the next job: a virtual clock moves to it and it runs;
// under a real one it is waited for a moment. It reports whether there was one.
func (c *Cloud) Advance(ctx context.Context) (bool, error) { return c.jobs.Advance(ctx) }

// region gives a region's content store.
func (c *Cloud) region(name arn.Region) *region {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.contents[name]
	if r == nil {
		objects := blob.Memory()
		if c.dir != "" {
			objects = blob.Folder(filepath.Join(c.dir, snapshotsName, string(name)))
		}
		r = &region{content: content.New(objects)}
		c.contents[name] = r
	}
	return r
}

// files gives the files of a volume.
func (c *Cloud) files(volumeID string) disk.Files {
	if c.dir != "" {
		return disk.Folder(filepath.Join(c.dir, volumesName, volumeID))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	f := c.memory[volumeID]
	if f == nil {
		f = disk.Memory()
		c.memory[volumeID] = f
	}
	return f
}

// lockDir takes the lock of a data directory for this process.
func lockDir(name string) (func() error, error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := lockFile(f); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, state.ErrLocked), f.Close())
	}
	return f.Close, nil
}

// Setup changes records without a request, to prepare a world: no policy is
// asked and no event is left.
func (c *Cloud) Setup(ctx context.Context, fn func(*state.Tx) error) error {
	return c.store.Update(ctx, fn)
}
