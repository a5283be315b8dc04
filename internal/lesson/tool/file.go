package tool

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
)

// under gives an operand's path in the root, the root itself refused: it is
// not the script's to remove or move.
func (c *call) under(op, name string) (string, error) {
	rel, err := c.Files.Rel(name)
	if err == nil && rel == "." {
		err = errors.New("this is the lesson's own folder")
	}
	if err != nil {
		return "", pathError(op, name, err)
	}
	return rel, nil
}

// each calls do for every operand and reports what fails.
func (c *call) each(do func(name string) error) int {
	if len(c.args) == 0 {
		return c.fail(1, "missing operand")
	}
	status := 0
	for _, name := range c.args {
		if err := do(name); err != nil {
			status = c.fail(1, "%s", reason(err))
		}
	}
	return status
}

func mkdir(c *call) int {
	return c.each(func(name string) error {
		rel, err := c.Files.Rel(name)
		if err != nil {
			return pathError("mkdir", name, err)
		}
		if c.has('p') {
			err = c.Files.root.MkdirAll(rel, 0o755)
		} else {
			err = c.Files.root.Mkdir(rel, 0o755)
		}
		if err != nil {
			return pathError("mkdir", name, err)
		}
		return nil
	})
}

func rm(c *call) int {
	if c.has('f') && len(c.args) == 0 {
		return 0
	}
	return c.each(func(name string) error {
		rel, err := c.under("rm", name)
		if err != nil {
			return err
		}
		info, err := c.Files.Lstat(name)
		switch {
		case err != nil && c.has('f') && errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case info.IsDir() && !c.has('r') && !c.has('R'):
			return pathError("rm", name, errors.New("is a directory"))
		case info.IsDir():
			err = c.Files.root.RemoveAll(rel)
		default:
			err = c.Files.root.Remove(rel)
		}
		if err != nil {
			return pathError("rm", name, err)
		}
		return nil
	})
}

func rmdir(c *call) int {
	return c.each(func(name string) error {
		rel, err := c.under("rmdir", name)
		if err != nil {
			return err
		}
		info, err := c.Files.Lstat(name)
		if err != nil {
			return err
		}
		if !info.IsDir() {
			return pathError("rmdir", name, errors.New("not a directory"))
		}
		if err := c.Files.root.Remove(rel); err != nil {
			return pathError("rmdir", name, err)
		}
		return nil
	})
}

// into calls do for every source with the name it shall have.
func (c *call) into(do func(from, to string) error) int {
	if len(c.args) < 2 {
		return c.fail(1, "wants a source and a destination")
	}
	last := len(c.args) - 1
	dest := c.args[last]
	c.args = c.args[:last]
	info, err := c.Files.Stat(dest)
	isDir := err == nil && info.IsDir()
	if last > 1 && !isDir {
		return c.fail(1, "%s is not a folder", dest)
	}
	return c.each(func(from string) error {
		if isDir {
			return do(from, path.Join(dest, path.Base(from)))
		}
		return do(from, dest)
	})
}

func cp(c *call) int {
	return c.into(func(from, to string) error {
		info, err := c.Files.Stat(from)
		if err != nil {
			return err
		}
		if info.IsDir() {
			if !c.has('r') && !c.has('R') {
				return pathError("cp", from, errors.New("is a directory (use -r)"))
			}
			a, errA := c.Files.Rel(from)
			b, errB := c.Files.Rel(to)
			if err := errors.Join(errA, errB); err != nil {
				return pathError("cp", to, ErrOutside)
			}
			if a == "." || b == a || len(b) > len(a) && b[:len(a)+1] == a+"/" {
				return pathError("cp", from, errors.New("cannot be copied into itself"))
			}
		}
		return c.copyTree(from, to, info)
	})
}

func (c *call) copyTree(from, to string, info fs.FileInfo) error {
	if !info.IsDir() {
		return c.copyFile(from, to, info)
	}
	rel, err := c.Files.Rel(to)
	if err != nil {
		return pathError("cp", to, err)
	}
	if err := c.Files.root.MkdirAll(rel, 0o755); err != nil {
		return pathError("cp", to, err)
	}
	entries, err := c.Files.ReadDir(from)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := path.Join(from, e.Name())
		info, err := c.Files.Stat(name)
		if err != nil {
			return err
		}
		if err := c.copyTree(name, path.Join(to, e.Name()), info); err != nil {
			return err
		}
	}
	return nil
}

func (c *call) copyFile(from, to string, info fs.FileInfo) error {
	if other, err := c.Files.Stat(to); err == nil && os.SameFile(info, other) {
		return pathError("cp", from, fmt.Errorf("is the same file as %s", to))
	}
	in, err := c.Files.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := c.Files.Create(to)
	if err != nil {
		return err
	}
	_, err = c.copy(out, in, -1)
	if err := errors.Join(err, out.Close()); err != nil {
		return pathError("cp", to, err)
	}
	return nil
}

func mv(c *call) int {
	return c.into(func(from, to string) error {
		a, err := c.under("mv", from)
		if err != nil {
			return err
		}
		b, err := c.under("mv", to)
		if err != nil {
			return err
		}
		if err := c.Files.root.Rename(a, b); err != nil {
			return pathError("mv", from, err)
		}
		return nil
	})
}

func touch(c *call) int {
	return c.each(func(name string) error {
		f, err := c.Files.OpenFile(name, os.O_WRONLY|os.O_CREATE, 0o644)
		if err != nil {
			return err
		}
		return f.Close()
	})
}
