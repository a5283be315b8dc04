package cloud

import (
	"context"
	"fmt"
	"slices"

	"github.com/ebsim/ebsim/account/arn"
	"github.com/ebsim/ebsim/internal/state"
	"github.com/ebsim/ebsim/snapshot"
	"github.com/ebsim/ebsim/snapshot/content"
	"github.com/ebsim/ebsim/volume"
	"github.com/ebsim/ebsim/volume/disk"
)

// Finding is something that does not hold.
type Finding struct {
	What    string // a key's ARN, a snapshot's or volume's id
	Problem string
}

// Checked counts what Verify looked at.
type Checked struct{ Keys, Volumes, Snapshots, Blocks int64 }

// Verify checks a whole world with its root key: that every key's material
// opens, every record is as it was signed, every wrapped data key and ring
// opens, every volume's files hold together, and every block of every snapshot
// is there, unaltered, and opens. Progress is told of blocks.
func (c *Cloud) Verify(ctx context.Context, progress func(done, total int64)) (n Checked, found []Finding, err error) {
	bad := func(what string, err error) { found = append(found, Finding{what, err.Error()}) }
	var vols []volume.Volume
	var snaps []snapshot.Snapshot
	rings := map[string]*ring{}
	err = c.store.View(ctx, func(tx *state.Tx) error {
		keys, err := c.KMS.All(tx)
		if err != nil {
			return err
		}
		for i := range keys {
			n.Keys++
			if err := c.KMS.CheckMaterial(&keys[i]); err != nil {
				bad(keys[i].ARN(), err)
			}
		}
		if vols, err = volume.All(tx); err != nil {
			return err
		}
		err = snapshot.Each(tx, c.root, "", func(s *snapshot.Snapshot, err error) error {
			if err != nil {
				bad("a snapshot", err)
				return nil
			}
			snaps = append(snaps, *s)
			return nil
		})
		if err != nil {
			return err
		}
		for i := range vols {
			v := &vols[i]
			if _, err := c.unsealRing(tx, v.Encrypted, v.Region, v.WrappedKey, v.Context(), v.Ring, v.ID); err != nil {
				bad(v.ID, err)
			}
		}
		for i := range snaps {
			s := &snaps[i]
			r, err := c.unsealRing(tx, s.Encrypted, s.Region, s.WrappedKey, s.Context(), s.Ring, s.ID)
			if err != nil {
				bad(s.ID, err)
			}
			rings[s.ID] = r
		}
		return nil
	})
	if err != nil {
		return n, nil, err
	}
	for i := range vols {
		n.Volumes++
		if files := c.files(vols[i].ID); present(files) {
			if err := disk.Check(files); err != nil {
				bad(vols[i].ID, err)
			}
		}
	}
	verified := map[arn.Region][]content.Root{}
	for i := range snaps {
		s := &snaps[i]
		n.Snapshots++
		if s.Root == "" || rings[s.ID] == nil {
			continue
		}
		var root content.Root
		if err := root.UnmarshalText([]byte(s.Root)); err != nil {
			bad(s.ID, err)
			continue
		}
		n.Blocks += root.Present()
		keys := rings[s.ID].keys()
		if err := c.region(s.Region).content.VerifyBeyond(ctx, root, verified[s.Region], &keys, progress); err != nil {
			bad(s.ID, err)
			continue
		}
		verified[s.Region] = append(verified[s.Region], root)
	}
	return n, found, ctx.Err()
}

func present(files disk.Files) bool {
	all, err := files.List()
	return err != nil || len(all) > 0
}

// unsealRing opens a record's wrapped key and ring with the root key; nil for
// a record that has none yet.
func (c *Cloud) unsealRing(tx *state.Tx, encrypted bool, region arn.Region, wrapped []byte, context map[string]string, sealed []byte, record string) (*ring, error) {
	secret := c.plain()
	if encrypted {
		if wrapped == nil {
			return nil, nil
		}
		key, err := c.KMS.Unwrap(tx, region, wrapped, context)
		if err != nil {
			return nil, fmt.Errorf("its wrapped data key does not open: %w", err)
		}
		defer clear(key)
		if secret, err = c.ringKeyOf(key); err != nil {
			return nil, err
		}
	}
	if sealed == nil {
		return nil, nil
	}
	return secret.open(sealed, record)
}

// Report gives a snapshot that an account may see, and who can still open its
// content: every record whose ring holds one of its content keys.
func (c *Cloud) Report(ctx context.Context, region arn.Region, account arn.AccountID, id string) (s *snapshot.Snapshot, openers []snapshot.Opener, err error) {
	err = c.store.View(ctx, func(tx *state.Tx) error {
		if s, err = snapshot.FindOwn(tx, c.root, region, account, id); err != nil {
			return err
		}
		opens := func(keys []string) bool {
			return slices.ContainsFunc(keys, func(k string) bool { return slices.Contains(s.RingKeys, k) })
		}
		all, err := snapshot.All(tx, c.root, "")
		if err != nil {
			return err
		}
		for i := range all {
			if o := &all[i]; o.ID != s.ID && opens(o.RingKeys) {
				openers = append(openers, snapshot.Opener{Record: o.ID, Owner: o.Owner, KMSKey: o.KMSKey})
			}
		}
		vols, err := volume.All(tx)
		for i := range vols {
			if v := &vols[i]; opens(v.RingKeys) {
				openers = append(openers, snapshot.Opener{Record: v.ID, Owner: v.Account, KMSKey: v.KMSKey})
			}
		}
		return err
	})
	return s, openers, err
}
