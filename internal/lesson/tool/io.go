package tool

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"time"
)

// Command is one program of a lesson's shell. It returns its exit status and
// must stop when ctx does. args holds its arguments, its own name not among
// them.
type Command func(ctx context.Context, io IO, args []string) int

// IO is what a command may touch. The streams belong to the shell: a command
// does not close them, and does not use them after it returned.
type IO struct {
	Stdin          io.Reader // never nil
	Stdout, Stderr io.Writer

	// Getenv gives an exported variable, or "".
	Getenv func(name string) string
	// Environ lists the exported variables as NAME=value, in no fixed order.
	Environ func() []string

	// Files is the scratch folder and the current folder in it.
	Files *Folder

	Now   func() time.Time
	Sleep func(context.Context, time.Duration) error
}

// Dir is the current folder as the machine names it, for a command that must
// hand a path to something outside the shell. Opening files by it goes round
// the confinement; Open, ReadFile and WriteFile do not.
func (i IO) Dir() string {
	return filepath.Join(i.Files.root.Name(), filepath.FromSlash(i.Files.rel()))
}

// Open opens a file by its name in the shell: relative, below [Home], or a
// device. Errors are *fs.PathError.
func (i IO) Open(name string) (*os.File, error) { return i.Files.Open(name) }

// Create makes or empties a file. Errors are *fs.PathError.
func (i IO) Create(name string) (*os.File, error) { return i.Files.Create(name) }

// ReadFile gives a file's content, standard input's for /dev/stdin. Errors
// are *fs.PathError.
func (i IO) ReadFile(name string) ([]byte, error) {
	if name == "/dev/stdin" {
		b, err := io.ReadAll(i.Stdin)
		if err != nil {
			return nil, pathError("read", name, err)
		}
		return b, nil
	}
	return i.Files.ReadFile(name)
}

// WriteFile replaces a file's content. Errors are *fs.PathError.
func (i IO) WriteFile(name string, b []byte) error { return i.Files.WriteFile(name, b) }
