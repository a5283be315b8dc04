package cloud

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ebsim/ebsim/account/arn"
	"github.com/ebsim/ebsim/internal/clock"
	"github.com/ebsim/ebsim/internal/id"
	"github.com/ebsim/ebsim/internal/rootkey"
	"github.com/ebsim/ebsim/snapshot"
)

// Options say what world is opened. The zero value is one in memory under the
// real clock.
type Options struct {
	Dir     string       // data directory; empty: in memory
	RootKey *rootkey.Key // nil: that of Dir, made if there is none
	Clock   *clock.Clock // nil: real
	IDs     *id.Source   // nil: random
	Regions []arn.Region // nil: the 17 default ones

	NoSandbox bool          // twelve digits and "test" are no credentials
	CopyMode  snapshot.Mode // of CopySnapshot; empty: rewrap

	// Failed is told of what jobs could not do; they try again. Nil: nobody.
	Failed func(error)
}

// ErrDirectory says that a directory holds no world and is not empty.
var ErrDirectory = errors.New("not a data directory of ebsim")

// Names in a data directory.
const (
	stateName     = "state.db"
	rootKeyName   = "root.key"
	lockName      = "LOCK"
	volumesName   = "volumes"
	snapshotsName = "snapshots"
)

func (o *Options) defaults() error {
	if o.Clock == nil {
		o.Clock = clock.Real()
	}
	if o.IDs == nil {
		o.IDs = id.Random()
	}
	if o.Regions == nil {
		o.Regions = arn.DefaultRegions()
	}
	if o.CopyMode == "" {
		o.CopyMode = snapshot.Rewrap
	}
	if o.CopyMode != snapshot.Rewrap && o.CopyMode != snapshot.Reencrypt {
		return fmt.Errorf("copy mode %q: it is rewrap or reencrypt", o.CopyMode)
	}
	for _, r := range o.Regions {
		if !r.Valid() {
			return fmt.Errorf("%q is not the name of a region", r)
		}
	}
	if o.Dir == "" {
		if o.RootKey == nil {
			o.RootKey = rootkey.Generate()
		}
		return nil
	}
	return o.prepareDir()
}

// prepareDir makes the data directory, private, or checks that it is one.
func (o *Options) prepareDir() error {
	entries, err := os.ReadDir(o.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		err = os.MkdirAll(o.Dir, 0o700)
	}
	if err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	known := len(entries) == 0
	for _, e := range entries {
		known = known || e.Name() == stateName
	}
	for _, e := range entries { // a first open that was killed left one of these
		known = known || e.Name() == lockName || e.Name() == rootKeyName
	}
	if !known {
		return fmt.Errorf("%s: %w: it is not empty and has no %s", o.Dir, ErrDirectory, stateName)
	}
	return os.Chmod(o.Dir, 0o700)
}

// readRootKey reads the root key of a data directory that this process has
// locked, or makes one for a new world.
func (o *Options) readRootKey() error {
	if o.RootKey != nil {
		return nil
	}
	name := filepath.Join(o.Dir, rootKeyName)
	text, err := os.ReadFile(name)
	if err == nil {
		if o.RootKey, err = rootkey.Parse(string(text)); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("root key: %w", err)
	}
	if _, err := os.Stat(filepath.Join(o.Dir, stateName)); err == nil {
		return fmt.Errorf("%s is missing: hand in the root key that this data directory was made with (EBSIM_ROOT_KEY or --root-key-file)", name)
	}
	o.RootKey = rootkey.Generate()
	return writeDurably(name, []byte(o.RootKey.Reveal()+"\n"))
}

// writeDurably writes a private file that is there whole or not at all.
func writeDurably(name string, data []byte) error {
	f, err := os.OpenFile(name+".new", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(name+".new", name); err != nil {
		return err
	}
	d, err := os.Open(filepath.Dir(name))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// bootID names the run of the operating system; all zeros where the system
// does not tell.
func bootID() (boot [16]byte) {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return boot
	}
	b, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(string(text)), "-", ""))
	if err == nil && len(b) == len(boot) {
		copy(boot[:], b)
	}
	return boot
}

// VirtualStart is when a world's virtual clock begins, unless told otherwise.
func VirtualStart() time.Time { return time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC) }
