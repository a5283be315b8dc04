package disk

import (
	"fmt"
	"strings"
)

// Files are the files of one volume, by name: "map", "data.000", "view-…".
// Names have no separators. All methods are safe for concurrent use.
type Files interface {
	// Open returns the named file. Without create, a file that does not exist
	// is an error that wraps fs.ErrNotExist; with create it is made, empty.
	Open(name string, create bool) (File, error)
	// List returns the files there are, sorted by name.
	List() ([]FileInfo, error)
	// Remove removes a file; one that does not exist is no error. Files that
	// are open stay usable until they are closed.
	Remove(name string) error
}

// A File is sparse bytes. All methods are safe for concurrent use; of
// overlapping writes either may win, byte by byte. None keeps p.
type File interface {
	// ReadAt fills p; what was never written, or lies past the end, is zeros.
	ReadAt(p []byte, off int64) error
	// WriteAt writes all of p, and makes the file longer if need be.
	WriteAt(p []byte, off int64) error
	// Punch makes [off, off+n) read as zeros and frees what storage it can.
	// It does not change the file's length.
	Punch(off, n int64) error
	// Extent returns the first run of possibly written bytes that ends after
	// off, cut to begin at off or later; from == to if there is none. A long
	// run may be given in pieces. What lies between runs reads as zeros.
	Extent(off int64) (from, to int64, err error)
	// Sync makes everything written before durable, the file's name too.
	Sync() error
	Close() error
}

// FileInfo describes one file: its length and the storage it takes, in bytes.
type FileInfo struct {
	Name      string
	Length    int64
	Allocated int64
}

// Remove removes a volume's files, the map last; a folder goes with its last
// file. It may be called again after an error or a kill. The disk must be
// closed and its last view too (Disk.Released).
func Remove(files Files) error {
	list, err := files.List()
	if err != nil {
		return err
	}
	for _, f := range list {
		if f.Name == mapName {
			continue
		}
		if err := files.Remove(f.Name); err != nil {
			return err
		}
	}
	return files.Remove(mapName)
}

func checkFileName(name string) error {
	if name == "" || strings.Trim(name, ".") == "" || strings.ContainsAny(name, "/\\\x00") {
		return fmt.Errorf("disk: bad file name %q", name)
	}
	return nil
}
