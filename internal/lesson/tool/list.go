package tool

import (
	"fmt"
	"io/fs"
	"strings"
)

// ls prints one name a line, as it does into a pipe.
func ls(c *call) int {
	names := c.args
	if len(names) == 0 {
		names = []string{"."}
	}
	status := 0
	var dirs []string
	shown := false
	for _, name := range names {
		info, err := c.Files.Stat(name)
		if err != nil {
			status = c.fail(2, "%s", reason(err))
			continue
		}
		if info.IsDir() {
			dirs = append(dirs, name)
			continue
		}
		c.entry(name, info)
		shown = true
	}
	for _, dir := range dirs {
		entries, err := c.Files.ReadDir(dir)
		if err != nil {
			status = c.fail(2, "%s", reason(err))
			continue
		}
		if shown {
			fmt.Fprintln(c.Stdout)
		}
		if len(names) > 1 {
			fmt.Fprintf(c.Stdout, "%s:\n", dir)
		}
		shown = true
		if c.has('a') {
			for _, dot := range []string{".", ".."} {
				if !c.has('l') {
					fmt.Fprintln(c.Stdout, dot)
				}
			}
		}
		for _, e := range entries {
			if strings.HasPrefix(e.Name(), ".") && !c.has('a') && !c.has('A') {
				continue
			}
			info, err := e.Info()
			if err != nil {
				status = c.fail(2, "%s", reason(err))
				continue
			}
			c.entry(e.Name(), info)
		}
	}
	return status
}

// entry prints one file: with -l its mode, size and time, but no owner.
func (c *call) entry(name string, info fs.FileInfo) {
	if !c.has('l') {
		fmt.Fprintln(c.Stdout, name)
		return
	}
	fmt.Fprintf(c.Stdout, "%s %10d %s %s\n", info.Mode(), info.Size(), info.ModTime().UTC().Format("Jan _2 15:04"), name)
}
