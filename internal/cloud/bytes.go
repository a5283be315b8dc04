package cloud

import (
	"context"
	"errors"
	"fmt"

	"github.com/ebsim/ebsim/account/audit"
	"github.com/ebsim/ebsim/volume"
	"github.com/ebsim/ebsim/volume/disk"
)

// Bytes is a volume opened for reading and writing its bytes. Close it.
type Bytes struct {
	disk  *disk.Disk
	close func() error
	Size  int64
}

// ReadAt and WriteAt work at any offset and length within Size bytes.
func (b *Bytes) ReadAt(p []byte, off int64) (int, error) { return b.disk.ReadAt(p, off) }

// WriteAt writes; see ReadAt.
func (b *Bytes) WriteAt(p []byte, off int64) (int, error) { return b.disk.WriteAt(p, off) }

// Trim makes n bytes at off read as zeros and gives their space back.
func (b *Bytes) Trim(off, n int64) error { return b.disk.Trim(off, n) }

// Flush makes what was written durable.
func (b *Bytes) Flush() error { return b.disk.Flush() }

// ReadRaw reads what is stored: ciphertext for an encrypted volume.
func (b *Bytes) ReadRaw(p []byte, off int64) (int, error) { return b.disk.ReadRaw(p, off) }

// Close flushes, and detaches the volume if it was attached only for this.
func (b *Bytes) Close() error { return b.close() }

// OpenVolume opens a volume's bytes for a caller. An attached volume asks for
// ec2:AttachVolume on it; one that is not is attached, through KMS and as the
// caller, for as long as the bytes are open.
func (c *Cloud) OpenVolume(ctx context.Context, call Call, id string) (*Bytes, error) {
	var v *volume.Volume
	err := c.Do(ctx, call, Op{Source: "ec2.amazonaws.com", Name: "OpenVolumeBytes", ReadOnly: true, Request: audit.Fields{"volumeId": id}}, func(tx *Tx) (err error) {
		if v, err = volume.Find(tx.Tx, call.Region, call.Caller.Account, id, c.clock.Now()); err != nil || v.At() == nil {
			return err
		}
		return tx.Authorize("ec2:AttachVolume", Resource{ARN: v.ARN()})
	})
	if err != nil {
		return nil, err
	}
	detach := func() error { return nil }
	if v.At() == nil {
		instance, err := c.helper(ctx, call, v.Zone)
		if err != nil {
			return nil, err
		}
		call.RequestID = c.ids.UUID()
		if v, err = c.AttachVolume(ctx, call, id, instance, freeDevice(id), false); err != nil {
			return nil, err
		}
		detach = func() error {
			call.RequestID = c.ids.UUID()
			_, err := c.DetachVolume(context.WithoutCancel(ctx), call, id, instance, false)
			return err
		}
	}
	unlock := c.locks.lock(id)
	u, err := c.reopen(ctx, v)
	unlock()
	if err != nil {
		return nil, errors.Join(err, detach())
	}
	return &Bytes{disk: u.disk, Size: v.Bytes(), close: func() error {
		return errors.Join(u.disk.Flush(), c.release(id, u), detach())
	}}, nil
}

// freeDevice names a device for a volume so that two volumes seldom share it.
func freeDevice(id string) string {
	sum := 0
	for _, b := range []byte(id) {
		sum = sum*31 + int(b)
	}
	n := (sum%676 + 676) % 676
	return fmt.Sprintf("/dev/xvd%c%c", 'a'+n/26, 'a'+n%26)
}
