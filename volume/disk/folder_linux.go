package disk

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

func (f *folderFile) Punch(off, n int64) error {
	if n <= 0 {
		return nil
	}
	for {
		err := unix.Fallocate(int(f.f.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, off, n)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.ENOSYS):
			return f.writeZeros(off, n)
		default:
			return &fs.PathError{Op: "punch", Path: f.f.Name(), Err: err}
		}
	}
}

// Extent moves the descriptor's offset, which nothing else here uses.
func (f *folderFile) Extent(off int64) (from, to int64, err error) {
	from, err = f.f.Seek(off, unix.SEEK_DATA)
	switch {
	case errors.Is(err, unix.ENXIO):
		return off, off, nil
	case errors.Is(err, unix.EINVAL):
		return f.wholeExtent(off)
	case err != nil:
		return 0, 0, err
	}
	to, err = f.f.Seek(from, unix.SEEK_HOLE)
	if errors.Is(err, unix.ENXIO) {
		return off, off, nil
	}
	return from, to, err
}

func allocated(info fs.FileInfo) int64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return st.Blocks * 512
	}
	return info.Size()
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
