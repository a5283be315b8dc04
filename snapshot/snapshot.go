package snapshot

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"time"

	"github.com/ebsim/ebsim/account/arn"
	"github.com/ebsim/ebsim/internal/rootkey"
	"github.com/ebsim/ebsim/internal/state"
)

// State of a snapshot. (AWS: "Snapshot".)
type State string

// The states of a snapshot.
const (
	Pending   State = "pending"
	Completed State = "completed"
	Failed    State = "error"
)

// Messages of failed snapshots, as AWS gives them.
const (
	KeyNotAccessible = "Given key ID is not accessible"
	SourceNotFound   = "Source snapshot is not found"
)

// CopyVolume stands for the volume of a snapshot that is a copy.
const CopyVolume = "vol-ffffffff"

// Snapshot is one snapshot's record.
type Snapshot struct {
	ID          string
	Owner       arn.AccountID
	Region      arn.Region
	Volume      string // or CopyVolume
	Size        int64  // GiB
	Description string `json:",omitempty"`
	Started     time.Time
	Completed   time.Time `json:",omitzero"`
	State       State
	Message     string `json:",omitempty"`
	Progress    int    // percent
	Tags        []Tag  `json:",omitempty"`

	Encrypted  bool
	KMSKey     string   `json:",omitempty"` // ARN
	ContextID  string   `json:",omitempty"` // aws:ebs:id of the wrapped key's context
	WrappedKey []byte   `json:",omitempty"`
	DataKeyID  string   `json:",omitempty"` // as clients see it
	Ring       []byte   `json:",omitempty"` // sealed; see internal/cloud
	RingKeys   []string `json:",omitempty"` // ids of the ring's content keys, the current one first
	Root       string   // of the content, as text; empty until completed

	Parent      string          `json:",omitempty"` // the snapshot it is incremental to
	Origin      string          `json:",omitempty"` // the volume whose lineage this is, through all copies
	Source      *Source         `json:",omitempty"` // of a copy
	SharedWith  []arn.AccountID `json:",omitempty"` // sorted
	Public      bool            `json:",omitempty"`
	StoredBytes int64           `json:",omitempty"` // what this snapshot added to the store
	FullBytes   int64           `json:",omitempty"` // of all its blocks, plain
	Stored      int64           `json:",omitempty"` // blocks added
	Reused      int64           `json:",omitempty"` // blocks shared with its parent
	Report      *Report         `json:",omitempty"`
}

// Tag is a tag.
type Tag struct{ Key, Value string }

// Source is what a copy was made from.
type Source struct {
	Snapshot string
	Region   arn.Region
	Owner    arn.AccountID
}

// ARN names the snapshot; AWS leaves the account out.
func (s *Snapshot) ARN() string { return ARN(s.Region, s.ID) }

// ARN names a snapshot, or all of a region with the id "*".
func ARN(region arn.Region, id string) string {
	return arn.New("ec2", region, "", "snapshot/"+id).String()
}

// Context is the encryption context of the snapshot's data key.
func (s *Snapshot) Context() map[string]string { return map[string]string{"aws:ebs:id": s.ContextID} }

const (
	snapshots state.Table = "snapshot.snapshot" // region, id
	version               = 1
	macUse                = "snapshot record"
)

// stored is a record as it lies in the store: its JSON, exactly as signed.
type stored struct {
	Record json.RawMessage
	MAC    []byte // over the record's key in the store and its JSON
}

// Save signs the record and writes it.
func (s *Snapshot) Save(tx *state.Tx, root *rootkey.Key) error {
	b, err := json.Marshal(s)
	if err != nil {
		return err
	}
	key := state.Key(string(s.Region), s.ID)
	return state.Save(tx, snapshots, key, version, stored{b, root.MAC(macUse, append(key, b...))})
}

// open checks a record's signature and reads it.
func open(key []byte, st stored, root *rootkey.Key) (*Snapshot, error) {
	s := new(Snapshot)
	if !root.CheckMAC(macUse, append(bytes.Clone(key), st.Record...), st.MAC) || json.Unmarshal(st.Record, s) != nil {
		parts := state.Split(key)
		return s, ErrDamaged.Errorf("the record of %s does not carry its own signature: it was changed or moved outside ebsim", parts[len(parts)-1])
	}
	return s, nil
}

// Remove deletes the record.
func (s *Snapshot) Remove(tx *state.Tx) error {
	return tx.Delete(snapshots, state.Key(string(s.Region), s.ID))
}

var idForm = regexp.MustCompile(`^snap-([0-9a-f]{8}|[0-9a-f]{17})$`)

// CheckID reports whether an id has the form of a snapshot's: ErrMalformedID.
func CheckID(id string) error {
	if !idForm.MatchString(id) {
		return ErrMalformedID.Errorf("Invalid id: %q", id)
	}
	return nil
}

// Load gives a snapshot whoever owns it, and checks its signature.
func Load(tx *state.Tx, root *rootkey.Key, region arn.Region, id string) (*Snapshot, bool, error) {
	key := state.Key(string(region), id)
	st, ok, err := state.Load[stored](tx, snapshots, key, version)
	if err != nil || !ok {
		return nil, false, err
	}
	s, err := open(key, st, root)
	return s, true, err
}

// Find gives a snapshot that an account may see: its own, or one shared with
// it. It fails with ErrMalformedID, ErrNotFound and ErrDamaged.
func Find(tx *state.Tx, root *rootkey.Key, region arn.Region, account arn.AccountID, id string) (*Snapshot, error) {
	if err := CheckID(id); err != nil {
		return nil, err
	}
	s, ok, err := Load(tx, root, region, id)
	if err == nil && (!ok || !s.VisibleTo(account)) {
		err = ErrNotFound.Errorf("The snapshot '%s' does not exist.", id)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// FindOwn is Find for what only the owner may do.
func FindOwn(tx *state.Tx, root *rootkey.Key, region arn.Region, account arn.AccountID, id string) (*Snapshot, error) {
	s, err := Find(tx, root, region, account, id)
	if err == nil && s.Owner != account {
		err = ErrNotFound.Errorf("The snapshot '%s' does not exist.", id)
	}
	return s, err
}

// VisibleTo reports whether an account may use the snapshot: as its owner, or
// because a completed one is shared with it.
func (s *Snapshot) VisibleTo(account arn.AccountID) bool {
	return s.Owner == account || s.Public || slices.Contains(s.SharedWith, account)
}

// All gives the snapshots of a region by id, or of every region for "". A
// record that was changed outside ebsim is an error that names it.
func All(tx *state.Tx, root *rootkey.Key, region arn.Region) ([]Snapshot, error) {
	var all []Snapshot
	err := Each(tx, root, region, func(s *Snapshot, err error) error {
		if err == nil {
			all = append(all, *s)
		}
		return err
	})
	return all, err
}

// Each calls fn for every snapshot of a region, or of all for "", also for
// those whose record does not carry its signature, with the error.
func Each(tx *state.Tx, root *rootkey.Key, region arn.Region, fn func(*Snapshot, error) error) error {
	var prefix []byte
	if region != "" {
		prefix = state.Key(string(region))
	}
	return tx.Scan(snapshots, prefix, state.PrefixEnd(prefix), func(key, value []byte) (bool, error) {
		st, err := state.Decode[stored](snapshots, key, value, version)
		if err != nil {
			return false, err
		}
		s, err := open(key, st, root)
		err = fn(s, err)
		return err == nil, err
	})
}
