package snapshot

import (
	"slices"

	"github.com/ebsim/ebsim/account/arn"
)

// Change adds and removes permissions to create volumes from a snapshot.
type Change struct {
	Add, Remove             []arn.AccountID
	AddPublic, RemovePublic bool
}

// Grants reports whether the change lets anyone in.
func (c Change) Grants() bool { return len(c.Add) > 0 || c.AddPublic }

// Check reports what the sharing rules forbid, keys aside. ManagedKey says
// that the snapshot's key is AWS's own. It fails with ErrNotPermitted and
// ErrMalformedUID. (AWS: "Share an Amazon EBS snapshot".)
func (s *Snapshot) CheckChange(c Change, managedKey bool) error {
	for _, id := range slices.Concat(c.Add, c.Remove) {
		if !id.Valid() {
			return ErrMalformedUID.Errorf("Invalid user id: %q", id)
		}
	}
	switch {
	case c.AddPublic && s.Encrypted:
		return ErrNotPermitted.Errorf("Encrypted snapshots cannot be shared publicly")
	case len(c.Add) > 0 && s.Encrypted && managedKey:
		return ErrNotPermitted.Errorf("Encrypted snapshots with EBS default key cannot be shared")
	}
	return nil
}

// Apply makes the change.
func (s *Snapshot) Apply(c Change) {
	for _, id := range c.Add {
		if !slices.Contains(s.SharedWith, id) && id != s.Owner {
			s.SharedWith = append(s.SharedWith, id)
		}
	}
	s.SharedWith = slices.DeleteFunc(s.SharedWith, func(id arn.AccountID) bool { return slices.Contains(c.Remove, id) })
	slices.Sort(s.SharedWith)
	if c.AddPublic {
		s.Public = true
	}
	if c.RemovePublic {
		s.Public = false
	}
}
