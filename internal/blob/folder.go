package blob

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"syscall"
	"time"
)

// staleTemp is the age at which a file that is still being written is taken
// for one that a killed process left.
const staleTemp = time.Hour

// folder keeps each object in a file of its name below dir. Folders appear
// with their first object and go with their last.
type folder struct{ dir string }

// Folder returns the Store of the files below dir, which need not exist yet.
// Folders are made 0700 and files 0600. An object is written to a temporary
// file beside its place, which List removes if it is an hour old: its writer
// was killed.
func Folder(dir string) Store { return &folder{dir: filepath.Clean(dir)} }

func (f *folder) path(name string) string { return filepath.Join(f.dir, filepath.FromSlash(name)) }

func (f *folder) Put(ctx context.Context, name string, data []byte) error {
	if err := check(ctx, name); err != nil {
		return err
	}
	path := f.path(name)
	if _, err := os.Lstat(path); err == nil {
		return nil
	}
	var err error
	// A Delete of the folder's last object may remove the folder just after it
	// was made here: then once more.
	for range 100 {
		if err = os.MkdirAll(filepath.Dir(path), 0o700); err == nil {
			err = create(path, data)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("blob: put %s: %w", name, err)
	}
	return nil
}

// create writes data to a new file at path unless there is one.
func create(path string, data []byte) (err error) {
	file, err := os.CreateTemp(filepath.Dir(path), tempPrefix+"*") // made 0600
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	_, err = file.Write(data)
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	// A link, other than a rename, leaves a file that is there alone.
	if err = os.Link(file.Name(), path); err == nil || errors.Is(err, fs.ErrExist) {
		return nil
	}
	if errors.Is(err, fs.ErrNotExist) {
		return err
	}
	// A file system without hard links.
	return os.Rename(file.Name(), path)
}

func (f *folder) Get(ctx context.Context, name string) ([]byte, error) {
	if err := check(ctx, name); err != nil {
		return nil, err
	}
	data, err := os.ReadFile(f.path(name))
	if absent(err) {
		return nil, notExist(name)
	} else if err != nil {
		return nil, fmt.Errorf("blob: get %s: %w", name, err)
	}
	return data, nil
}

func (f *folder) Stat(ctx context.Context, name string) (int64, error) {
	if err := check(ctx, name); err != nil {
		return 0, err
	}
	info, err := os.Stat(f.path(name))
	if absent(err) || err == nil && !info.Mode().IsRegular() {
		return 0, notExist(name)
	} else if err != nil {
		return 0, fmt.Errorf("blob: stat %s: %w", name, err)
	}
	return info.Size(), nil
}

func (f *folder) Delete(ctx context.Context, name string) error {
	if err := check(ctx, name); err != nil {
		return err
	}
	path := f.path(name)
	info, err := os.Lstat(path)
	if err == nil && info.IsDir() {
		return nil // the folder of other objects is no object
	}
	if err == nil {
		err = os.Remove(path)
	}
	if err != nil && !absent(err) {
		return fmt.Errorf("blob: delete %s: %w", name, err)
	}
	// Rmdir leaves alone a folder that is not empty and, other than os.Remove,
	// an object that the name goes through.
	for dir := filepath.Dir(path); len(dir) > len(f.dir); dir = filepath.Dir(dir) {
		if syscall.Rmdir(dir) != nil {
			break
		}
	}
	return nil
}

// absent says whether err is that of a file that is not there, a path through
// another file and a folder included.
func absent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.EISDIR)
}

func (f *folder) List(ctx context.Context, prefix string, fn func(name string, size int64) error) error {
	return f.list(ctx, "", prefix, fn)
}

// list goes through the folder of name dir, "" or ending in a slash.
func (f *folder) list(ctx context.Context, dir, prefix string, fn func(name string, size int64) error) error {
	entries, err := os.ReadDir(f.path(dir))
	if absent(err) {
		return nil
	} else if err != nil {
		return fmt.Errorf("blob: list %s: %w", dir, err)
	}
	// As strings, "a-b" comes before "a/b": a folder sorts by its name with the
	// slash.
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = dir + e.Name()
		if e.IsDir() {
			names[i] += "/"
		}
	}
	sort.Sort(&byName{names, entries})
	for i, e := range entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		name := names[i]
		if e.IsDir() {
			if strings.HasPrefix(name, prefix) || strings.HasPrefix(prefix, name) {
				if err := f.list(ctx, name, prefix, fn); err != nil {
					return err
				}
			}
			continue
		}
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		if strings.HasPrefix(e.Name(), tempPrefix) {
			if time.Since(info.ModTime()) > staleTemp {
				os.Remove(f.path(name))
			}
			continue
		}
		if strings.HasPrefix(name, prefix) {
			if err := fn(name, info.Size()); err != nil {
				return err
			}
		}
	}
	return nil
}

type byName struct {
	names   []string
	entries []os.DirEntry
}

func (b *byName) Len() int           { return len(b.names) }
func (b *byName) Less(i, j int) bool { return b.names[i] < b.names[j] }
func (b *byName) Swap(i, j int) {
	b.names[i], b.names[j] = b.names[j], b.names[i]
	b.entries[i], b.entries[j] = b.entries[j], b.entries[i]
}
