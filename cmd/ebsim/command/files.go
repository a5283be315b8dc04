package command

import (
	"io"
	"os"

	"github.com/ebsim/ebsim/internal/lesson"
)

// machine is the machine's own file system.
type machine struct{}

func (machine) open(name string) (io.ReadCloser, int64, error) { return sized(os.Open(name)) }

func (machine) create(name string) (io.WriteCloser, error) { return os.Create(name) }

// scratch is a lesson's folder.
type scratch struct{ io lesson.IO }

func (s scratch) open(name string) (io.ReadCloser, int64, error) { return sized(s.io.Open(name)) }

func (s scratch) create(name string) (io.WriteCloser, error) { return s.io.Create(name) }

// sized gives a file with its length; -1 where it has none, as a pipe.
func sized(f *os.File, err error) (io.ReadCloser, int64, error) {
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	if !info.Mode().IsRegular() {
		return f, -1, nil
	}
	return f, info.Size(), nil
}
