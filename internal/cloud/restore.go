package cloud

import (
	"context"
	"errors"
	"io/fs"

	"github.com/ebsim/ebsim/account/arn"
	"github.com/ebsim/ebsim/internal/job"
	"github.com/ebsim/ebsim/internal/state"
	"github.com/ebsim/ebsim/kms"
	"github.com/ebsim/ebsim/snapshot/content"
	"github.com/ebsim/ebsim/volume"
	"github.com/ebsim/ebsim/volume/disk"
)

func (a *createVolumeJob) region() arn.Region { return arn.Region(a.Region) }
func (r *removeFiles) region() arn.Region     { return arn.Region(r.Region) }

// restore makes a volume from a snapshot: the source's ring, opened under its
// data key, is sealed again under the volume's, and every block is written.
func (m *volumeMaker) restore(ctx context.Context) error {
	v, src, r := m.v, m.src, (*ring)(nil)
	caller := forwarded(m.args.Caller, v.Region, m.args.Cause)
	service := serviceCall(v.Region, m.args.Cause, "")
	var err error
	switch {
	case m.args.Ready:
	case !src.Encrypted:
		if r, err = m.plain().open(src.Ring, src.ID); err != nil {
			return err
		}
	case src.Owner == v.Account && src.KMSKey == v.KMSKey:
		// The row "from an own snapshot, same key": the service's standing.
		if r, err = m.openRing(ctx, service, src.WrappedKey, src.Context(), src.Ring, src.ID); err != nil {
			return err
		}
	default:
		if r, err = m.openForeign(ctx, caller); err != nil {
			return err
		}
	}
	var dataKey []byte
	if v.Encrypted {
		if !m.args.Ready {
			if !src.Encrypted {
				if err := m.grant(ctx, caller, v.KMSKey, v.Context()); err != nil {
					return err
				}
				service.GrantID = m.args.GrantID
			}
			if err := m.wrap(ctx, caller); err != nil {
				return err
			}
		}
		if dataKey, _, err = m.KMS.Decrypt(ctx, service, "", v.WrappedKey, kms.CryptoOptions{Context: v.Context()}); err != nil {
			return err
		}
		defer clear(dataKey)
	}
	rings := m.plain()
	if v.Encrypted {
		if rings, err = m.ringKeyOf(dataKey); err != nil {
			return err
		}
	}
	if m.args.Ready {
		if r, err = rings.open(v.Ring, v.ID); err != nil {
			return err
		}
	} else if err := m.ready(ctx, r, rings); err != nil {
		return err
	}
	if err := m.hydrate(ctx, r, dataKey); err != nil {
		return err
	}
	return m.complete(ctx, func(*state.Tx) error { return nil })
}

// openForeign asks for the source's key as the caller: DescribeKey, a grant to
// the service, Decrypt.
func (m *volumeMaker) openForeign(ctx context.Context, caller kms.Call) (*ring, error) {
	src := m.src
	if _, err := m.KMS.DescribeKey(ctx, caller, kms.KeyName(src.KMSKey)); err != nil {
		return nil, err
	}
	if err := m.grant(ctx, caller, src.KMSKey, src.Context()); err != nil {
		return nil, err
	}
	return m.openRing(ctx, caller, src.WrappedKey, src.Context(), src.Ring, src.ID)
}

// grant makes the job's grant to the service and notes it, in one transaction,
// so that no end of the job leaves it behind.
func (m *volumeMaker) grant(ctx context.Context, call kms.Call, key string, context map[string]string) error {
	if m.args.GrantID != "" {
		return nil // made before a restart
	}
	return m.Trail.Do(ctx, func(tx *state.Tx) error {
		g, err := m.KMS.GrantIn(tx, call, kms.KeyName(key), grantFor(ec2Service(call.Region), call.Region, context))
		if err != nil {
			return err
		}
		m.args.GrantID, m.args.Granted = g.ID, key
		return job.Update(tx, m.job, m.args)
	})
}

// openRing unwraps a data key and opens a ring with it.
func (c *Cloud) openRing(ctx context.Context, call kms.Call, wrapped []byte, context map[string]string, sealed []byte, record string) (*ring, error) {
	key, _, err := c.KMS.Decrypt(ctx, call, "", wrapped, kms.CryptoOptions{Context: context})
	if err != nil {
		return nil, err
	}
	defer clear(key)
	rings, err := c.ringKeyOf(key)
	if err != nil {
		return nil, err
	}
	return rings.open(sealed, record)
}

// ready commits the wrapped key and the ring: from here on the job needs
// nothing of the caller. What was unencrypted and becomes encrypted starts
// afresh: nothing sealed under a key that was in the open is built upon.
func (m *volumeMaker) ready(ctx context.Context, r *ring, rings ringSecret) error {
	v, src := m.v, m.src
	v.Lineage = src.ID
	switch {
	case v.Encrypted && !src.Encrypted:
		fresh := &ring{Keys: append(newRing(v.Account, v.KMSKey).Keys, r.Keys...)}
		v.Ring, v.RingKeys = rings.seal(fresh, v.ID), fresh.ids()
		v.Base, v.DataKeyID = nil, m.ids.UUID()
	default:
		r = r.under(v.Account, v.KMSKey)
		v.Ring, v.RingKeys = rings.seal(r, v.ID), r.ids()
		v.Base = &volume.Base{Snapshot: src.ID, Root: src.Root}
		if v.DataKeyID = src.DataKeyID; src.Owner != v.Account || src.KMSKey != v.KMSKey {
			v.DataKeyID = m.ids.UUID()
		}
		if !v.Encrypted {
			v.DataKeyID = ""
		}
	}
	return m.store.Update(ctx, func(tx *state.Tx) error {
		m.args.Ready, m.args.Root = true, src.Root
		return errors.Join(v.Save(tx), job.Update(tx, m.job, m.args))
	})
}

// syncEvery is after how many blocks a restore makes durable what it wrote.
const syncEvery = 512

// hydrate writes the snapshot's blocks to the volume's disk. A restore that
// was stopped goes on over the same files.
func (m *volumeMaker) hydrate(ctx context.Context, r *ring, dataKey []byte) error {
	v := m.v
	opt := disk.Options{Size: v.Bytes(), BootID: m.boot}
	if v.Encrypted {
		opt.Key = disk.DeriveXTSKey(dataKey, v.ID)
		defer clear(opt.Key)
	}
	files := m.files(v.ID)
	d, err := disk.Open(files, opt)
	if errors.Is(err, fs.ErrNotExist) {
		d, err = disk.Create(files, opt)
	}
	if err != nil {
		return err
	}
	defer d.Close()
	var root content.Root
	if err := root.UnmarshalText([]byte(m.args.Root)); err != nil {
		return err
	}
	reg := m.Cloud.region(v.Region)
	reg.jobs.RLock()
	defer reg.jobs.RUnlock()
	reader := reg.content.Read(root, r.keys())
	block := make([]byte, content.BlockSize)
	n := 0
	for e, err := range reader.Entries(ctx, 0) {
		if err != nil {
			return err
		}
		if next, more := d.Unhydrated(e.Index); !more || next > e.Index {
			continue // done before the restart
		}
		if _, err := reader.Block(ctx, e.Index, block); err != nil {
			return err
		}
		if err := d.Hydrate(e.Index, block); err != nil {
			return err
		}
		if n++; n%syncEvery == 0 {
			if err := d.SyncHydrated(); err != nil {
				return err
			}
		}
	}
	if err := d.SyncHydrated(); err != nil {
		return err
	}
	if err := d.HydrateZero(0, d.Blocks()); err != nil {
		return err
	}
	return d.Close()
}
