package state

import "github.com/tidwall/btree"

// entry is a written value; a nil value is a deletion.
type entry struct{ value []byte }

type pair struct {
	key   string
	value []byte
}

// overlay holds what a group of transactions wrote, with a log to undo the
// last of them.
type overlay struct {
	tables map[Table]*btree.Map[string, entry]
	log    []change
}

// change remembers what a key was in the overlay before it was set.
type change struct {
	table Table
	key   string
	old   entry
	had   bool
}

func newOverlay() *overlay { return &overlay{tables: map[Table]*btree.Map[string, entry]{}} }

func (o *overlay) get(t Table, key string) (entry, bool) {
	m := o.tables[t]
	if m == nil {
		return entry{}, false
	}
	return m.Get(key)
}

func (o *overlay) set(t Table, key string, e entry) {
	m := o.tables[t]
	if m == nil {
		m = &btree.Map[string, entry]{}
		o.tables[t] = m
	}
	old, had := m.Set(key, e)
	o.log = append(o.log, change{t, key, old, had})
}

func (o *overlay) mark() int { return len(o.log) }

func (o *overlay) undo(mark int) {
	for i := len(o.log) - 1; i >= mark; i-- {
		c := o.log[i]
		if c.had {
			o.tables[c.table].Set(c.key, c.old)
		} else {
			o.tables[c.table].Delete(c.key)
		}
	}
	o.log = o.log[:mark]
}

// pairs gives what was written between two keys, in order.
func (o *overlay) pairs(t Table, from, to string, reverse bool) []pair {
	m := o.tables[t]
	if m == nil {
		return nil
	}
	var all []pair
	m.Ascend(from, func(key string, e entry) bool {
		if to != "" && key >= to {
			return false
		}
		all = append(all, pair{key, e.value})
		return true
	})
	if reverse {
		for i, j := 0, len(all)-1; i < j; i, j = i+1, j-1 {
			all[i], all[j] = all[j], all[i]
		}
	}
	return all
}

// changes calls fn for everything written, table by table.
func (o *overlay) changes(fn func(t Table, key string, value []byte) error) error {
	for t, m := range o.tables {
		var failed error
		m.Scan(func(key string, e entry) bool {
			failed = fn(t, key, e.value)
			return failed == nil
		})
		if failed != nil {
			return failed
		}
	}
	return nil
}
