package blob

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"sync"
)

type memory struct {
	mu      sync.RWMutex
	objects map[string][]byte
}

// Memory returns an empty Store that lives as long as the process. Sync only
// checks that the objects are there.
func Memory() Store { return &memory{objects: map[string][]byte{}} }

func (m *memory) Put(ctx context.Context, name string, data []byte) error {
	if err := check(ctx, name); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.objects[name]; !ok {
		m.objects[name] = append([]byte{}, data...)
	}
	return nil
}

func (m *memory) Get(ctx context.Context, name string) ([]byte, error) {
	if err := check(ctx, name); err != nil {
		return nil, err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	data, ok := m.objects[name]
	if !ok {
		return nil, notExist(name)
	}
	return bytes.Clone(data), nil
}

func (m *memory) Stat(ctx context.Context, name string) (int64, error) {
	if err := check(ctx, name); err != nil {
		return 0, err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	data, ok := m.objects[name]
	if !ok {
		return 0, notExist(name)
	}
	return int64(len(data)), nil
}

func (m *memory) Delete(ctx context.Context, name string) error {
	if err := check(ctx, name); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.objects, name)
	return nil
}

func (m *memory) List(ctx context.Context, prefix string, fn func(name string, size int64) error) error {
	m.mu.RLock()
	var names []string
	for name := range m.objects {
		if strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	m.mu.RUnlock()
	slices.Sort(names)
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return err
		}
		m.mu.RLock()
		data, ok := m.objects[name]
		m.mu.RUnlock()
		if !ok {
			continue
		}
		if err := fn(name, int64(len(data))); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (m *memory) Sync(ctx context.Context, names ...string) error {
	for _, name := range names {
		if _, err := m.Stat(ctx, name); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func check(ctx context.Context, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return checkName(name)
}
