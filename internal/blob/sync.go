package blob

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// syncers is how many files are synced at once: enough for a disk to merge the
// journal's commits.
const syncers = 16

// Sync syncs the files first, then every folder on the way up to the one
// above dir, each once.
func (f *folder) Sync(ctx context.Context, names ...string) error {
	var files, dirs []string
	given, seen := map[string]bool{}, map[string]bool{}
	for _, name := range names {
		if err := check(ctx, name); err != nil {
			return err
		}
		path := f.path(name)
		if given[path] {
			continue
		}
		given[path] = true
		if _, err := f.Stat(ctx, name); err != nil {
			return err
		}
		files = append(files, path)
		for dir := filepath.Dir(path); !seen[dir] && len(dir) >= len(f.dir); dir = filepath.Dir(dir) {
			seen[dir] = true
			dirs = append(dirs, dir)
		}
	}
	if len(files) == 0 {
		return ctx.Err()
	}
	dirs = append(dirs, filepath.Dir(f.dir))
	if err := syncAll(ctx, files); err != nil {
		return err
	}
	return syncAll(ctx, dirs)
}

func syncAll(ctx context.Context, paths []string) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	next := make(chan string)
	for range min(syncers, len(paths)) {
		wg.Go(func() {
			for path := range next {
				if err := syncFile(path); err != nil {
					cancel(err)
				}
			}
		})
	}
feed:
	for _, path := range paths {
		select {
		case next <- path:
		case <-ctx.Done():
			break feed
		}
	}
	close(next)
	wg.Wait()
	return context.Cause(ctx)
}

func syncFile(path string) error {
	file, err := os.Open(path)
	if absent(err) {
		return fmt.Errorf("blob: sync %s: %w", path, ErrNotExist)
	} else if err != nil {
		return fmt.Errorf("blob: sync: %w", err)
	}
	defer file.Close()
	if err := file.Sync(); err != nil {
		return fmt.Errorf("blob: sync: %w", err)
	}
	return nil
}
