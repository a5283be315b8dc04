package cloud

import (
	"context"
	"errors"
	"io/fs"

	"github.com/ebsim/ebsim/internal/state"
	"github.com/ebsim/ebsim/kms"
	"github.com/ebsim/ebsim/volume"
	"github.com/ebsim/ebsim/volume/disk"
)

// unlocked is a volume whose key is held in memory: its open disk, and the
// secret of its ring. Whoever holds one releases it; the last closes the disk.
type unlocked struct {
	disk  *disk.Disk
	rings ringSecret
	users int

	attached bool // one of the holds is the attachment's
}

// dataKey unwraps a volume's data key as some identity; nil for a volume that
// is not encrypted.
func (c *Cloud) dataKey(ctx context.Context, v *volume.Volume, call kms.Call) ([]byte, error) {
	if !v.Encrypted {
		return nil, nil
	}
	key, _, err := c.KMS.Decrypt(ctx, call, "", v.WrappedKey, kms.CryptoOptions{Context: v.Context()})
	return key, err
}

// hold opens a volume's disk with its data key, or takes one more hold of the
// one that is open. It derives the XTS key and the ring key and clears the data
// key. A volume without a source that was never open gets its files now: so an
// empty volume costs nothing and needs no key to be made.
func (c *Cloud) hold(v *volume.Volume, dataKey []byte) (*unlocked, error) {
	defer clear(dataKey)
	if u := c.held(v.ID); u != nil {
		return u, nil
	}
	u := &unlocked{rings: c.plain(), users: 1}
	opt := disk.Options{Size: v.Bytes(), BootID: c.boot, Hydrated: v.Source == ""}
	if v.Encrypted {
		var err error
		if u.rings, err = c.ringKeyOf(dataKey); err != nil {
			return nil, err
		}
		opt.Key = disk.DeriveXTSKey(dataKey, v.ID)
		defer clear(opt.Key)
	}
	var err error
	files := c.files(v.ID)
	if u.disk, err = disk.Open(files, opt); errors.Is(err, fs.ErrNotExist) && v.Source == "" {
		u.disk, err = disk.Create(files, opt)
	}
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open[v.ID] = u
	return u, nil
}

// held takes one more hold of a volume that is open, or gives nil.
func (c *Cloud) held(volumeID string) *unlocked {
	c.mu.Lock()
	defer c.mu.Unlock()
	u := c.open[volumeID]
	if u != nil {
		u.users++
	}
	return u
}

// release gives a hold back.
func (c *Cloud) release(volumeID string, u *unlocked) error {
	c.mu.Lock()
	defer c.mu.Unlock() // until it is closed: a disk is never open twice
	if u.users--; u.users > 0 {
		return nil
	}
	if c.open[volumeID] == u {
		delete(c.open, volumeID)
	}
	clear(u.rings.key)
	return u.disk.Close()
}

// suspend closes what is open, for the next Open to go on: views stay.
func (c *Cloud) suspend() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var errs []error
	for _, f := range c.frozen {
		errs = append(errs, f.view.Suspend())
	}
	for _, u := range c.open {
		clear(u.rings.key)
		errs = append(errs, u.disk.Close())
	}
	c.frozen, c.open = map[string]*frozen{}, map[string]*unlocked{}
	return errors.Join(errs...)
}

// reopen takes up an attached volume after a restart: it decrypts as the
// instance, under the standing grant, at the volume's first use. Refused, the
// volume stays attached and is impaired. The caller holds the volume's lock.
func (c *Cloud) reopen(ctx context.Context, v *volume.Volume) (*unlocked, error) {
	if u := c.held(v.ID); u != nil {
		return u, nil
	}
	at := v.At()
	key, err := c.dataKey(ctx, v, instanceCall(v, at.Instance, "", ""))
	if err != nil {
		if !refused(err) {
			return nil, err
		}
		if err := c.setImpaired(ctx, v, err.Error()); err != nil {
			return nil, err
		}
		return nil, volume.ErrKeyRevoked.Errorf("Volume %s is impaired: its key was refused when ebsim was started again: %s", v.ID, err)
	}
	u, err := c.hold(v, key)
	if err != nil {
		return nil, err
	}
	if at.Impaired != "" {
		if err := c.setImpaired(ctx, v, ""); err != nil {
			return nil, errors.Join(err, c.release(v.ID, u))
		}
	}
	c.mu.Lock()
	u.users++
	u.attached = true
	c.mu.Unlock()
	return u, nil
}

// setImpaired notes why an attached volume's I/O fails, or that it does not.
func (c *Cloud) setImpaired(ctx context.Context, v *volume.Volume, why string) error {
	return c.store.Update(ctx, func(tx *state.Tx) error {
		now, err := loadAttached(tx, v)
		if err != nil {
			return err
		}
		now.At().Impaired = why
		return now.Save(tx)
	})
}
