package audit

import (
	"context"
	"encoding/binary"
	"errors"
	"time"

	"github.com/ebsim/ebsim/account/arn"
	"github.com/ebsim/ebsim/account/policy"
	"github.com/ebsim/ebsim/internal/clock"
	"github.com/ebsim/ebsim/internal/id"
	"github.com/ebsim/ebsim/internal/state"
)

// Defaults of retention.
const (
	DefaultMaxAge    = 90 * 24 * time.Hour
	DefaultMaxEvents = 1_000_000 // in one account
)

const (
	events    state.Table = "event"         // account, time, sequence → Event
	byID      state.Table = "event.id"      // event id → key in events
	byRequest state.Table = "event.request" // request or cause, key in events → nothing
	counts    state.Table = "event.count"   // account → events kept
	texts     state.Table = "policy.text"   // hash → policy document
	textUses  state.Table = "policy.uses"   // hash → events that name it
	sequence  state.Table = "event.seq"     // "" → last sequence number
)

const version = 1

// Trail keeps the events of every account.
type Trail struct {
	store *state.Store
	clock *clock.Clock
	ids   *id.Source

	maxAge    time.Duration
	maxEvents uint64
}

// Options of a Trail; the zero value keeps events as long as AWS does.
type Options struct {
	MaxAge    time.Duration // 0: DefaultMaxAge
	MaxEvents int           // in one account; 0: DefaultMaxEvents
}

// New makes a Trail over a store.
func New(store *state.Store, clk *clock.Clock, ids *id.Source, opt Options) *Trail {
	t := &Trail{store: store, clock: clk, ids: ids, maxAge: opt.MaxAge, maxEvents: uint64(opt.MaxEvents)}
	if t.maxAge == 0 {
		t.maxAge = DefaultMaxAge
	}
	if t.maxEvents == 0 {
		t.maxEvents = DefaultMaxEvents
	}
	return t
}

// Do runs fn as one durable transaction. When fn fails and its error carries
// the events of failed calls (see Failed), these are recorded by themselves,
// and not waited for. Fn may be called again and must have no other effects.
func (t *Trail) Do(ctx context.Context, fn func(*state.Tx) error) error {
	err := t.store.Update(ctx, fn)
	if err != nil {
		t.RecordFailed(err)
	}
	return err
}

// Append runs fn in a transaction soon and does not wait: for events whose
// loss in a crash is allowed.
func (t *Trail) Append(fn func(*state.Tx) error) { t.store.Append(fn) }

// RecordFailed appends the events that an error carries, each once however
// often its error is handed in. It does not wait. An error is not shared
// between goroutines before that.
func (t *Trail) RecordFailed(err error) {
	var all []*Failed
	collect(err, &all)
	if len(all) == 0 {
		return
	}
	t.store.Append(func(tx *state.Tx) error {
		for _, f := range all {
			if err := t.Record(tx, f.Event, f.Docs...); err != nil {
				return err
			}
		}
		return nil
	})
}

// collect finds every *Failed in an error's tree, innermost last.
func collect(err error, all *[]*Failed) {
	for err != nil {
		if f, ok := err.(*Failed); ok && !f.recorded {
			f.recorded = true
			*all = append(*all, f)
		}
		switch e := err.(type) {
		case interface{ Unwrap() []error }:
			for _, inner := range e.Unwrap() {
				collect(inner, all)
			}
			return
		default:
			err = errors.Unwrap(err)
		}
	}
}

// Record keeps an event within a transaction, with the policy documents its
// decisions name. An event without id, time or type gets them.
func (t *Trail) Record(tx *state.Tx, e *Event, docs ...*policy.Document) error {
	if e.Account == "" {
		return nil // nobody's: it failed before it was known whose key was asked
	}
	e = new(*e)
	if e.ID == "" {
		e.ID = t.ids.UUID()
	}
	if e.Time.IsZero() {
		e.Time = t.clock.Now()
	}
	if e.Type == "" {
		e.Type = AwsApiCall
	}
	var seq uint64
	if b := tx.Get(sequence, []byte("last")); b != nil {
		seq = binary.BigEndian.Uint64(b)
	}
	seq++
	e.Seq = seq
	if err := tx.Put(sequence, []byte("last"), binary.BigEndian.AppendUint64(nil, seq)); err != nil {
		return err
	}
	key := eventKey(e.Account, e.Time, seq)
	if err := state.Save(tx, events, key, version, e); err != nil {
		return err
	}
	if err := tx.Put(byID, []byte(e.ID), key); err != nil {
		return err
	}
	for _, request := range requests(e) {
		if err := tx.Put(byRequest, state.Key(request, string(key)), nil); err != nil {
			return err
		}
	}
	if err := keepTexts(tx, e, docs); err != nil {
		return err
	}
	return t.retain(tx, e.Account)
}

// requests are the ids under which an event is found: that of its own
// request, and that of the request which caused it.
func requests(e *Event) []string {
	if e.Cause == "" || e.Cause == e.RequestID {
		return []string{e.RequestID}
	}
	return []string{e.RequestID, e.Cause}
}

func eventKey(account arn.AccountID, at time.Time, seq uint64) []byte {
	b := state.Key(string(account))
	b = binary.BigEndian.AppendUint64(b, uint64(at.UnixNano()))
	return binary.BigEndian.AppendUint64(b, seq)
}

// keepTexts keeps the policy documents that the event's decisions name.
func keepTexts(tx *state.Tx, e *Event, docs []*policy.Document) error {
	text := map[string]string{}
	for _, d := range docs {
		if d != nil {
			text[d.Hash()] = d.Text()
		}
	}
	for _, hash := range hashes(e) {
		if s, ok := text[hash]; ok && tx.Get(texts, []byte(hash)) == nil {
			if err := tx.Put(texts, []byte(hash), []byte(s)); err != nil {
				return err
			}
		}
		if err := addUses(tx, hash, +1); err != nil {
			return err
		}
	}
	return nil
}

func hashes(e *Event) []string {
	var all []string
	seen := map[string]bool{}
	for _, d := range e.Decisions {
		for _, h := range d.Hashes() {
			if !seen[h] {
				seen[h] = true
				all = append(all, h)
			}
		}
	}
	return all
}

func addUses(tx *state.Tx, hash string, by int64) error {
	n := int64(count(tx, textUses, hash)) + by
	if n > 0 {
		return setCount(tx, textUses, hash, uint64(n))
	}
	if err := tx.Delete(textUses, []byte(hash)); err != nil {
		return err
	}
	return tx.Delete(texts, []byte(hash))
}

func count(tx *state.Tx, table state.Table, key string) uint64 {
	b := tx.Get(table, []byte(key))
	if len(b) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(b)
}

func setCount(tx *state.Tx, table state.Table, key string, n uint64) error {
	return tx.Put(table, []byte(key), binary.BigEndian.AppendUint64(nil, n))
}

// retain counts one more event of the account and drops the oldest ones that
// are too many or too old: at most two at a time, so that no request pays for
// many, and yet the trail shrinks.
func (t *Trail) retain(tx *state.Tx, account arn.AccountID) error {
	n := count(tx, counts, string(account)) + 1
	oldest := t.clock.Now().Add(-t.maxAge)
	prefix := state.Key(string(account))
	var drop []Event
	var keys [][]byte
	err := tx.Scan(events, prefix, state.PrefixEnd(prefix), func(key, value []byte) (bool, error) {
		e, err := state.Decode[Event](events, key, value, version)
		if err != nil {
			return false, err
		}
		if n-uint64(len(drop)) <= t.maxEvents && !e.Time.Before(oldest) {
			return false, nil
		}
		drop, keys = append(drop, e), append(keys, append([]byte(nil), key...))
		return len(drop) < 2, nil
	})
	if err != nil {
		return err
	}
	for i := range drop {
		if err := forget(tx, keys[i], &drop[i]); err != nil {
			return err
		}
	}
	return setCount(tx, counts, string(account), n-uint64(len(drop)))
}

func forget(tx *state.Tx, key []byte, e *Event) error {
	if err := tx.Delete(events, key); err != nil {
		return err
	}
	if err := tx.Delete(byID, []byte(e.ID)); err != nil {
		return err
	}
	for _, request := range requests(e) {
		if err := tx.Delete(byRequest, state.Key(request, string(key))); err != nil {
			return err
		}
	}
	for _, hash := range hashes(e) {
		if err := addUses(tx, hash, -1); err != nil {
			return err
		}
	}
	return nil
}
