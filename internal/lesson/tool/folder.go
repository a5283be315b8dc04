package tool

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"sort"
	"strings"
	"syscall"
)

// Home is what the scratch folder is called inside the shell: $PWD and $HOME
// start with it. The machine need not have a folder of this name.
const Home = "/lesson"

// ErrOutside means that a path leads out of the scratch folder.
var ErrOutside = errors.New("outside the lesson's folder: use a relative path below it")

// Folder names files as the shell does: relative to a current folder, or
// absolute below [Home], or one of /dev/null, /dev/zero and /dev/urandom. No
// path and no symbolic link leads out of the root. It is safe for concurrent
// use.
type Folder struct {
	root *os.Root
	cwd  string // absolute and clean: Home or below
}

// NewFolder makes a Folder of a root, which stays the caller's to close. cwd
// is the current folder, Home or below it.
func NewFolder(root *os.Root, cwd string) *Folder {
	return &Folder{root: root, cwd: path.Clean(cwd)}
}

// Cwd is the current folder as the shell shows it.
func (f *Folder) Cwd() string { return f.cwd }

func (f *Folder) rel() string {
	rel, err := f.Rel(".")
	if err != nil {
		return "."
	}
	return rel
}

// Rel gives the path within the root that name means, slash-separated and
// clean, or an error that wraps [ErrOutside].
func (f *Folder) Rel(name string) (string, error) {
	if name == "" {
		return "", fs.ErrNotExist
	}
	abs := name
	if !strings.HasPrefix(name, "/") {
		abs = f.cwd + "/" + name
	}
	abs = path.Clean(abs)
	if abs == Home {
		return ".", nil
	}
	rel, ok := strings.CutPrefix(abs, Home+"/")
	if !ok {
		return "", ErrOutside
	}
	return rel, nil
}

// Open opens a file for reading, or a device. Errors are *fs.PathError.
func (f *Folder) Open(name string) (*os.File, error) {
	return f.OpenFile(name, os.O_RDONLY, 0)
}

// Create makes or empties a file. Errors are *fs.PathError.
func (f *Folder) Create(name string) (*os.File, error) {
	return f.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
}

// OpenFile is os.OpenFile within the folder. Errors are *fs.PathError.
func (f *Folder) OpenFile(name string, flag int, perm fs.FileMode) (*os.File, error) {
	switch path.Clean(name) {
	case "/dev/null":
		return os.OpenFile(os.DevNull, flag&^(os.O_CREATE|os.O_TRUNC|os.O_EXCL), 0)
	case "/dev/zero", "/dev/urandom":
		if flag&(os.O_WRONLY|os.O_RDWR) != 0 {
			return nil, &fs.PathError{Op: "open", Path: name, Err: errors.New("a lesson only reads this device")}
		}
		return os.Open(path.Clean(name))
	}
	rel, err := f.Rel(name)
	if err != nil {
		return nil, pathError("open", name, err)
	}
	// Only the permission bits: os.Root refuses others.
	file, err := f.root.OpenFile(rel, flag, perm&0o777)
	if err != nil {
		return nil, pathError("open", name, err)
	}
	return file, nil
}

// ReadFile gives a file's content. Errors are *fs.PathError.
func (f *Folder) ReadFile(name string) ([]byte, error) {
	file, err := f.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	b, err := io.ReadAll(file)
	if err != nil {
		return nil, pathError("read", name, err)
	}
	return b, nil
}

// WriteFile replaces a file's content. Errors are *fs.PathError.
func (f *Folder) WriteFile(name string, b []byte) error {
	file, err := f.Create(name)
	if err != nil {
		return err
	}
	_, err = file.Write(b)
	if err := errors.Join(err, file.Close()); err != nil {
		return pathError("write", name, err)
	}
	return nil
}

// Stat follows symbolic links within the folder; Lstat does not follow the
// last one. Errors are *fs.PathError.
func (f *Folder) Stat(name string) (fs.FileInfo, error) {
	if isDevice(name) {
		return os.Stat(path.Clean(name))
	}
	return f.info("stat", name, f.root.Stat)
}

// Lstat is Stat without following the last link.
func (f *Folder) Lstat(name string) (fs.FileInfo, error) {
	if isDevice(name) {
		return os.Lstat(path.Clean(name))
	}
	return f.info("lstat", name, f.root.Lstat)
}

func (f *Folder) info(op, name string, get func(string) (fs.FileInfo, error)) (fs.FileInfo, error) {
	rel, err := f.Rel(name)
	if err != nil {
		return nil, pathError(op, name, err)
	}
	info, err := get(rel)
	if err != nil {
		return nil, pathError(op, name, err)
	}
	return info, nil
}

// ReadDir lists a folder, sorted by name. Errors are *fs.PathError.
func (f *Folder) ReadDir(name string) ([]fs.DirEntry, error) {
	dir, err := f.Open(name)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	entries, err := dir.ReadDir(-1)
	if err != nil {
		return nil, pathError("readdir", name, err)
	}
	sort.Slice(entries, func(i, j int) bool { return entries[i].Name() < entries[j].Name() })
	return entries, nil
}

func isDevice(name string) bool {
	switch path.Clean(name) {
	case "/dev/null", "/dev/zero", "/dev/urandom":
		return true
	}
	return false
}

// pathError keeps the name that the script gave and says plainly when a path
// or a link leads outside. os.Root's own error for that is unexported, and
// its text is the only mark.
func pathError(op, name string, err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	var le *os.LinkError
	if errors.As(err, &le) {
		err = le.Err
	}
	if strings.Contains(err.Error(), "path escapes from parent") {
		err = ErrOutside
	}
	return &fs.PathError{Op: op, Path: name, Err: err}
}

// reason is an error as a tool prints it: the name, then what is wrong, the
// way the C tools put it.
func reason(err error) string {
	var pe *fs.PathError
	if !errors.As(err, &pe) {
		return err.Error()
	}
	why := pe.Err.Error()
	switch {
	case errors.Is(pe.Err, fs.ErrNotExist):
		why = "No such file or directory"
	case errors.Is(pe.Err, syscall.ENOTEMPTY): // which is an fs.ErrExist too
		why = "Directory not empty"
	case errors.Is(pe.Err, fs.ErrExist):
		why = "File exists"
	case strings.Contains(why, "is a directory"):
		why = "Is a directory"
	case strings.Contains(why, "not a directory"):
		why = "Not a directory"
	}
	return fmt.Sprintf("%s: %s", pe.Path, why)
}
