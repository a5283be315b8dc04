package awscli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// paramFile reads the file that a value names as file:// (text, a string) or
// fileb:// (bytes, a []byte). The second result is false for any other value.
func (c *command) paramFile(value string) (any, bool, error) {
	name, binary := strings.CutPrefix(value, "fileb://")
	if !binary {
		var text bool
		if name, text = strings.CutPrefix(value, "file://"); !text {
			return nil, false, nil
		}
	}
	data, err := c.readFile(name)
	if err != nil {
		return nil, true, fmt.Errorf("Unable to load paramfile %s: %s", value, fileError(name, err))
	}
	if binary {
		return data, true, nil
	}
	if !utf8.Valid(data) {
		return nil, true, fmt.Errorf("Unable to load paramfile (%s), text contents could not be decoded.  "+
			"If this is a binary file, please use the fileb:// prefix instead of the file:// prefix.", name)
	}
	return string(data), true, nil
}

// readFile reads a file, or the standard input where it is named; ~ and $NAME in its name replaced.
func (c *command) readFile(name string) ([]byte, error) {
	if name == "/dev/stdin" && c.cfg.Stdin != nil {
		return io.ReadAll(c.cfg.Stdin)
	}
	if c.cfg.ReadFile == nil {
		return nil, fs.ErrNotExist
	}
	if rest, ok := strings.CutPrefix(name, "~/"); ok && c.cfg.HomeDir != "" {
		name = filepath.Join(c.cfg.HomeDir, rest)
	}
	name = os.Expand(name, func(v string) string {
		if value := c.getenv(v); value != "" {
			return value
		}
		return "$" + v
	})
	return c.cfg.ReadFile(name)
}

// fileError words an error as Python's OSError does, where it has the two
// usual causes.
func fileError(name string, err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Sprintf("[Errno 2] No such file or directory: %s", pyRepr(name))
	case errors.Is(err, fs.ErrPermission):
		return fmt.Sprintf("[Errno 13] Permission denied: %s", pyRepr(name))
	}
	return err.Error()
}
