package volume

import (
	"regexp"
	"time"

	"github.com/ebsim/ebsim/account/arn"
	"github.com/ebsim/ebsim/internal/state"
)

// State of a volume. (AWS: "Volume state".)
type State string

// The states of a volume. Deleted volumes are gone.
const (
	Creating  State = "creating"
	Available State = "available"
	InUse     State = "in-use"
	Deleting  State = "deleting"
	Failed    State = "error"
)

// ErrorTime is how long a volume that could not be made is seen as "error"
// before it is not found.
const ErrorTime = 5 * time.Second

// Volume is one volume's record.
type Volume struct {
	ID         string
	Account    arn.AccountID
	Region     arn.Region
	Zone       string
	Size       int64 // GiB
	Type       string
	IOPS       int64 `json:",omitempty"`
	Throughput int64 `json:",omitempty"`
	Created    time.Time
	State      State
	Message    string    `json:",omitempty"` // why it is in state error
	Gone       time.Time `json:",omitzero"`  // when a failed volume vanishes
	Source     string    `json:",omitempty"` // the snapshot it was made from

	Encrypted  bool
	KMSKey     string   `json:",omitempty"` // ARN
	WrappedKey []byte   `json:",omitempty"` // data key, under KMSKey with context aws:ebs:id = ID
	DataKeyID  string   `json:",omitempty"` // as clients see it: carried along in one lineage
	Ring       []byte   `json:",omitempty"` // sealed; see internal/cloud
	RingKeys   []string `json:",omitempty"` // ids of its content keys, the current one first

	Base        *Base        `json:",omitempty"` // what the next snapshot is incremental to
	Lineage     string       `json:",omitempty"` // newest snapshot in its chain
	FullCompare bool         `json:",omitempty"` // the marks do not tell what changed since Base
	Attachments []Attachment `json:",omitempty"`
	Tags        []Tag        `json:",omitempty"`
	Token       string       `json:",omitempty"`
}

// Base is a snapshot whose content a volume's marks are relative to.
type Base struct {
	Snapshot string
	Root     string // of its content, as text
}

// Tag is a tag.
type Tag struct{ Key, Value string }

// ARN names the volume.
func (v *Volume) ARN() string { return arn.New("ec2", v.Region, v.Account, "volume/"+v.ID).String() }

// Context is the encryption context of the volume's data key.
func (v *Volume) Context() map[string]string { return map[string]string{"aws:ebs:id": v.ID} }

// Bytes is the volume's size in bytes.
func (v *Volume) Bytes() int64 { return v.Size << 30 }

// MaxSize is the largest volume in GiB: 64 TiB.
const MaxSize = 65536

const (
	volumes   state.Table = "volume.volume" // region, id
	instances state.Table = "volume.instance"
	settings  state.Table = "volume.settings" // region, account
	version               = 1
)

// Save writes the record.
func (v *Volume) Save(tx *state.Tx) error {
	return state.Save(tx, volumes, state.Key(string(v.Region), v.ID), version, v)
}

// Remove deletes the record.
func (v *Volume) Remove(tx *state.Tx) error {
	return tx.Delete(volumes, state.Key(string(v.Region), v.ID))
}

var idForm = regexp.MustCompile(`^vol-([0-9a-f]{8}|[0-9a-f]{17})$`)

// Find gives an account's volume. Now is the time: a failed volume vanishes. It
// fails with ErrMalformedID and ErrNotFound.
func Find(tx *state.Tx, region arn.Region, account arn.AccountID, id string, now time.Time) (*Volume, error) {
	if !idForm.MatchString(id) {
		return nil, ErrMalformedID.Errorf("Invalid id: %q", id)
	}
	v, ok, err := Load(tx, region, id)
	if err == nil && (!ok || v.Account != account || !v.Gone.IsZero() && !now.Before(v.Gone)) {
		err = ErrNotFound.Errorf("The volume '%s' does not exist.", id)
	}
	if err != nil {
		return nil, err
	}
	return v, nil
}

// Load gives a volume whoever owns it.
func Load(tx *state.Tx, region arn.Region, id string) (*Volume, bool, error) {
	v, ok, err := state.Load[Volume](tx, volumes, state.Key(string(region), id), version)
	return &v, ok, err
}

// List gives an account's volumes in a region by id; those that vanished left
// out.
func List(tx *state.Tx, region arn.Region, account arn.AccountID, now time.Time) ([]Volume, error) {
	all, err := state.All[Volume](tx, volumes, state.Key(string(region)), version)
	own := all[:0]
	for _, v := range all {
		if v.Account == account && (v.Gone.IsZero() || now.Before(v.Gone)) {
			own = append(own, v)
		}
	}
	return own, err
}

// All gives every volume of the world.
func All(tx *state.Tx) ([]Volume, error) { return state.All[Volume](tx, volumes, nil, version) }
