package blob

import (
	"context"
	"strings"
)

type within struct {
	store  Store
	prefix string // with its trailing slash
}

// Within returns the objects of s under prefix, a name such as
// "regions/eu-west-1", as a Store of their own: "a" there is
// "regions/eu-west-1/a" in s. It panics if prefix is not a name. Errors give
// the names that s has.
func Within(s Store, prefix string) Store {
	if err := checkName(prefix); err != nil {
		panic(err.Error())
	}
	return within{s, prefix + "/"}
}

// Each method checks the name by itself first: prefixed, an empty name or a
// ".." could mean something else.

func (w within) Put(ctx context.Context, name string, data []byte) error {
	if err := checkName(name); err != nil {
		return err
	}
	return w.store.Put(ctx, w.prefix+name, data)
}

func (w within) Get(ctx context.Context, name string) ([]byte, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	return w.store.Get(ctx, w.prefix+name)
}

func (w within) Stat(ctx context.Context, name string) (int64, error) {
	if err := checkName(name); err != nil {
		return 0, err
	}
	return w.store.Stat(ctx, w.prefix+name)
}

func (w within) Delete(ctx context.Context, name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	return w.store.Delete(ctx, w.prefix+name)
}

func (w within) List(ctx context.Context, prefix string, fn func(name string, size int64) error) error {
	return w.store.List(ctx, w.prefix+prefix, func(name string, size int64) error {
		return fn(strings.TrimPrefix(name, w.prefix), size)
	})
}

func (w within) Sync(ctx context.Context, names ...string) error {
	full := make([]string, len(names))
	for i, name := range names {
		if err := checkName(name); err != nil {
			return err
		}
		full[i] = w.prefix + name
	}
	return w.store.Sync(ctx, full...)
}
