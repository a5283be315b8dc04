package disk

import (
	"errors"
	"fmt"
)

// enter begins an operation on the open disk; leave with d.life.RUnlock.
func (d *Disk) enter() error {
	d.life.RLock()
	if !d.open {
		d.life.RUnlock()
		return ErrClosed
	}
	return nil
}

// Close waits for what runs, flushes, and notes that the disk was closed
// cleanly. The key and the files are let go here, or with the last view that
// is still held. Closing twice is no error.
func (d *Disk) Close() error {
	d.life.Lock()
	defer d.life.Unlock()
	if !d.open {
		return nil
	}
	err := d.flush()
	if err == nil {
		err = d.endBoot()
	}
	d.open = false
	return errors.Join(err, d.drop())
}

// endBoot zeroes the boot id, after everything else is durable.
func (d *Disk) endBoot() error {
	d.headMu.Lock()
	defer d.headMu.Unlock()
	d.began.Store(false)
	if d.head.boot == [16]byte{} {
		return nil
	}
	next := d.head
	next.boot = [16]byte{}
	if err := d.writeHeader(next); err != nil {
		return err
	}
	d.head = next
	return nil
}

// Reopen opens a closed disk again while a view still holds it; the key is
// checked as Open does. It wraps ErrClosed once the last view is gone: use
// Open then.
func (d *Disk) Reopen(key []byte) error {
	d.life.Lock()
	defer d.life.Unlock()
	if d.open {
		return errors.New("disk: reopen: the disk is open")
	}
	d.headMu.Lock()
	err := match(d.head, Options{Key: key})
	d.headMu.Unlock()
	if err != nil {
		return err
	}
	if !d.hold() {
		return fmt.Errorf("disk: reopen: %w", ErrClosed)
	}
	d.open = true
	return nil
}

// Released is closed when the disk and its last view are: the key and the
// files were let go, and the files may be removed.
func (d *Disk) Released() <-chan struct{} { return d.released }

// hold takes one more reference, unless the last is gone.
func (d *Disk) hold() bool {
	d.refMu.Lock()
	defer d.refMu.Unlock()
	if d.refs == 0 {
		return false
	}
	d.refs++
	return true
}

func (d *Disk) drop() error {
	d.refMu.Lock()
	defer d.refMu.Unlock()
	d.refs--
	if d.refs > 0 {
		return nil
	}
	err := d.closeFiles()
	close(d.released)
	return err
}

func (d *Disk) closeFiles() error {
	if d.cipher != nil {
		d.cipher.Close()
	}
	errs := []error{d.marks.file.Close()}
	if d.data != nil {
		errs = append(errs, d.data.close())
	}
	for _, v := range d.views {
		errs = append(errs, v.file.Close())
	}
	return errors.Join(errs...)
}

// Flush makes durable what was written before: the marks first, then the data.
func (d *Disk) Flush() error {
	if err := d.enter(); err != nil {
		return err
	}
	defer d.life.RUnlock()
	return d.flush()
}

func (d *Disk) flush() error {
	d.flushMu.Lock()
	defer d.flushMu.Unlock()
	return d.flushLocked()
}

func (d *Disk) flushLocked() error {
	if d.failed != nil {
		return fmt.Errorf("%w: %w", ErrSync, d.failed)
	}
	err := d.syncMarks()
	if err == nil {
		err = d.data.sync()
	}
	if err != nil {
		d.distrust(err)
	}
	return err
}

func (d *Disk) syncMarks() error {
	if !d.marks.unsync.Swap(false) {
		return nil
	}
	if err := d.marks.file.Sync(); err != nil {
		d.marks.unsync.Store(true)
		return fmt.Errorf("disk: sync map: %w", err)
	}
	return nil
}

// distrust notes a sync that failed, under flushMu: the kernel may have
// dropped what it could not write, marks included. If the note cannot be
// written either, the boot id stays in the header.
func (d *Disk) distrust(err error) {
	d.failed = err
	d.untrusted.Store(true)
	d.headMu.Lock()
	defer d.headMu.Unlock()
	next := d.head
	next.flags |= flagUntrusted
	if d.writeHeader(next) == nil {
		d.head = next
	}
}

// Untrusted tells whether the marks may miss changes, because another boot
// wrote and did not close, or a sync failed: the next snapshot must compare
// every block.
func (d *Disk) Untrusted() bool { return d.untrusted.Load() }

// Trust clears Untrusted, durably. Call it when a full compare of a view that
// was frozen in this state has been completed and its record committed; a
// view that still holds the disk is enough, it need not be open.
func (d *Disk) Trust() error {
	d.flushMu.Lock()
	defer d.flushMu.Unlock()
	if d.failed != nil {
		return fmt.Errorf("%w: %w", ErrSync, d.failed)
	}
	d.headMu.Lock()
	defer d.headMu.Unlock()
	next := d.head
	next.flags &^= flagUntrusted
	if next == d.head {
		return nil
	}
	if err := d.writeHeader(next); err != nil {
		return err
	}
	d.head = next
	d.untrusted.Store(false)
	return nil
}
