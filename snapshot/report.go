package snapshot

import (
	"time"

	"github.com/ebsim/ebsim/account/arn"
)

// Mode is how a copy handles the source's blocks.
type Mode string

// The modes of a copy.
const (
	// Rewrap wraps the source's content keys again; no block is opened.
	Rewrap Mode = "rewrap"
	// Reencrypt opens every block and seals it under a fresh content key.
	Reencrypt Mode = "reencrypt"
)

// Report is what a copy, or a restore from another key, did.
type Report struct {
	Mode      Mode
	Requested Mode   `json:",omitempty"` // where the source left no choice
	Why       string // why this mode
	From, To  Side
	Calls     []Call // to KMS, in order
	Blocks    int64  // present in the source
	Read      int64  // bytes of objects read
	Written   int64  // bytes of objects written
	Reused    int64  // bytes of objects shared, not copied
	Opened    int64  // blocks that were opened and sealed again
	AWS       string // what AWS would have done: incremental or full, and why
	Billed    int64  // bytes AWS would bill for the copy
	Began     time.Time
	Took      time.Duration // real time
}

// Side is one end of a copy.
type Side struct {
	Snapshot    string
	Owner       arn.AccountID
	Region      arn.Region
	KMSKey      string   `json:",omitempty"`
	DataKeyID   string   `json:",omitempty"`
	ContentKeys []string // ids in the ring, the current one first
}

// Call is one KMS call of a copy.
type Call struct {
	Name     string
	Identity string // ARN of the caller, or the service's name
	Key      string
	Refused  string `json:",omitempty"`
}

// Opener is a record whose ring holds content keys of this snapshot: who may
// use its KMS key can still unwrap them.
type Opener struct {
	Record string // a snapshot's or volume's id
	Owner  arn.AccountID
	KMSKey string
}
