package job

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"

	"github.com/ebsim/ebsim/internal/state"
)

// Record is one piece of work.
type Record struct {
	ID      string          // given by Enqueue; ids sort in the order of enqueuing
	Kind    string          // which handler
	Due     time.Time       // not before
	Serial  string          `json:",omitempty"` // jobs of one Serial run one at a time, in order
	Args    json.RawMessage `json:",omitempty"`
	Attempt int             `json:",omitempty"` // failed attempts so far
}

// Decode reads the record's arguments.
func (r Record) Decode(args any) error {
	if err := json.Unmarshal(r.Args, args); err != nil {
		return fmt.Errorf("job %s %s: %w", r.Kind, r.ID, err)
	}
	return nil
}

// Handler does the work of one kind. It must call Queue.Done in the
// transaction that makes the work's effect durable. An error makes the job
// run again later, a context that ended makes it wait for the next Start.
type Handler func(ctx context.Context, r Record) error

const (
	table   state.Table = "job"
	counter state.Table = "job.seq"
	version             = 1
)

// Enqueue adds a job within a transaction and gives its id. Call Kick after
// the transaction committed.
func Enqueue(tx *state.Tx, kind, serial string, due time.Time, args any) (string, error) {
	var n uint64
	if b := tx.Get(counter, []byte("last")); b != nil {
		n = binary.BigEndian.Uint64(b)
	}
	n++
	if err := tx.Put(counter, []byte("last"), binary.BigEndian.AppendUint64(nil, n)); err != nil {
		return "", err
	}
	b, err := json.Marshal(args)
	if err != nil {
		return "", fmt.Errorf("enqueue a job %s: %w", kind, err)
	}
	r := Record{ID: fmt.Sprintf("job-%016x", n), Kind: kind, Due: due.UTC(), Serial: serial, Args: b}
	return r.ID, save(tx, r)
}

func save(tx *state.Tx, r Record) error {
	return state.Save(tx, table, state.Key(r.ID), version, r)
}

// Done removes a job that is finished, within a transaction.
func Done(tx *state.Tx, id string) error { return tx.Delete(table, state.Key(id)) }

// Update replaces a job's arguments within a transaction, for work that has
// come to its next step.
func Update(tx *state.Tx, id string, args any) error {
	r, ok, err := state.Load[Record](tx, table, state.Key(id), version)
	if err != nil || !ok {
		return err
	}
	if r.Args, err = json.Marshal(args); err != nil {
		return fmt.Errorf("job %s: %w", id, err)
	}
	return save(tx, r)
}

// Pending gives the jobs that are not done, in the order they were enqueued.
func Pending(tx *state.Tx) ([]Record, error) { return state.All[Record](tx, table, nil, version) }
