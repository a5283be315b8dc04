package snapshot

import (
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

	MAC []byte // over everything else; see Sign
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

func (s *Snapshot) mac(root *rootkey.Key) []byte {
	bare := *s
	bare.MAC = nil
	b, err := json.Marshal(&bare)
	if err != nil {
		panic(err) // a record has no field that cannot be written
	}
	return root.MAC(macUse, b)
}

// Save signs the record and writes it.
func (s *Snapshot) Save(tx *state.Tx, root *rootkey.Key) error {
	s.MAC = s.mac(root)
	return state.Save(tx, snapshots, state.Key(string(s.Region), s.ID), version, s)
}

// Remove deletes the record.
func (s *Snapshot) Remove(tx *state.Tx) error {
	return tx.Delete(snapshots, state.Key(string(s.Region), s.ID))
}

// Check reports whether the record is as Save signed it: ErrDamaged if not.
func (s *Snapshot) Check(root *rootkey.Key) error {
	mac := s.MAC
	want := s.mac(root)
	if string(mac) != string(want) {
		return ErrDamaged.Errorf("the record of %s does not carry its own signature: it was changed or moved outside ebsim", s.ID)
	}
	return nil
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
	s, ok, err := state.Load[Snapshot](tx, snapshots, state.Key(string(region), id), version)
	if err == nil && ok {
		err = s.Check(root)
	}
	return &s, ok, err
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
// record that was changed is given too; Check tells.
func All(tx *state.Tx, region arn.Region) ([]Snapshot, error) {
	var prefix []byte
	if region != "" {
		prefix = state.Key(string(region))
	}
	return state.All[Snapshot](tx, snapshots, prefix, version)
}
