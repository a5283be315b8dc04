package disk

import (
	"errors"
	"fmt"
	"strings"
)

// Usage is the storage that the disk's data takes, in bytes; marks and views
// are not counted.
func (d *Disk) Usage() (int64, error) {
	if err := d.enter(); err != nil {
		return 0, err
	}
	defer d.life.RUnlock()
	list, err := d.files.List()
	if err != nil {
		return 0, err
	}
	var sum int64
	for _, f := range list {
		if _, ok := segmentNumber(f.Name); ok {
			sum += f.Allocated
		}
	}
	return sum, nil
}

// ReadRaw reads what is stored: ciphertext, zeros where nothing was written.
// The range must lie inside the disk (ErrRange).
func (d *Disk) ReadRaw(p []byte, off int64) (int, error) {
	if err := d.enter(); err != nil {
		return 0, err
	}
	defer d.life.RUnlock()
	if err := d.checkRange("raw read", off, int64(len(p))); err != nil {
		return 0, err
	}
	if err := d.data.read(p, off); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Check looks for what does not hold together in a volume's files, without a
// key: the map's header, lengths, marks that no version writes, files that do
// not belong. View files are not judged: they are never synced, so that a
// power cut may leave anything in them, and Disk.View says which are lost. It
// returns all that it found, joined.
func Check(files Files) error {
	f, err := files.Open(mapName, false)
	if err != nil {
		return fmt.Errorf("disk: check: %w", err)
	}
	head, err := readHeader(f)
	if err != nil {
		return errors.Join(err, f.Close())
	}
	blocks := (head.size + BlockSize - 1) / BlockSize
	errs := []error{checkMarks(f, blocks), f.Close()}
	list, err := files.List()
	if err != nil {
		return err
	}
	for _, info := range list {
		errs = append(errs, checkFile(info, head.size, blocks))
	}
	return errors.Join(errs...)
}

func checkMarks(f File, blocks int64) error {
	const unknown = ^byte(markHydrated | markDirty)
	for bit := byte(1); bit != 0; bit <<= 1 {
		if bit&unknown == 0 {
			continue
		}
		index, err := newMarks(f, blocks).next(0, bit, bit)
		if err != nil {
			return err
		}
		if index < blocks {
			return fmt.Errorf("%w: map: unknown mark of block %d", ErrDamaged, index)
		}
	}
	return nil
}

func checkFile(info FileInfo, size, blocks int64) error {
	limit := int64(-1)
	switch n, data := segmentNumber(info.Name); {
	case data:
		limit = min(segmentSize, size-n*segmentSize)
	case info.Name == mapName:
		limit = headerSize + blocks
	case strings.HasPrefix(info.Name, viewPrefix):
		return nil
	}
	if limit < 0 || info.Length > limit {
		return fmt.Errorf("%w: %s of %d bytes does not belong to a disk of %d", ErrDamaged, info.Name, info.Length, size)
	}
	return nil
}
