package state

import (
	"sync"

	"github.com/tidwall/btree"
)

// OpenMemory makes an empty store that lives as long as the process.
func OpenMemory() *Store { return open(&memory{tables: map[Table]*btree.Map[string, []byte]{}}) }

// memory keeps each table in a tree that is copied on write, so that a view
// costs nothing and never waits for a writer.
type memory struct {
	mu     sync.Mutex
	tables map[Table]*btree.Map[string, []byte]
}

func (m *memory) snapshot() memoryBase {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := make(memoryBase, len(m.tables))
	for t, tree := range m.tables {
		b[t] = tree.Copy()
	}
	return b
}

func (m *memory) view(fn func(base) error) error { return fn(m.snapshot()) }

func (m *memory) update(fn func(base) *overlay) error {
	over := fn(m.snapshot())
	m.mu.Lock()
	defer m.mu.Unlock()
	return over.changes(func(t Table, key string, value []byte) error {
		tree := m.tables[t]
		if tree == nil {
			tree = &btree.Map[string, []byte]{}
			m.tables[t] = tree
		}
		if value == nil {
			tree.Delete(key)
		} else {
			tree.Set(key, value)
		}
		return nil
	})
}

func (m *memory) close() error { return nil }

type memoryBase map[Table]*btree.Map[string, []byte]

func (b memoryBase) get(t Table, key string) []byte {
	tree := b[t]
	if tree == nil {
		return nil
	}
	v, _ := tree.Get(key)
	return v
}

func (b memoryBase) scan(t Table, from, to string, reverse bool, fn func(string, []byte) bool) {
	tree := b[t]
	if tree == nil {
		return
	}
	if !reverse {
		tree.Ascend(from, func(key string, value []byte) bool {
			return (to == "" || key < to) && fn(key, value)
		})
		return
	}
	visit := func(key string, value []byte) bool {
		if to != "" && key >= to {
			return true // the end is exclusive
		}
		return key >= from && fn(key, value)
	}
	if to == "" {
		tree.Reverse(visit)
	} else {
		tree.Descend(to, visit)
	}
}
