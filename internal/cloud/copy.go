package cloud

import (
	"context"
	"errors"
	"time"

	"github.com/ebsim/ebsim/account/arn"
	"github.com/ebsim/ebsim/account/audit"
	"github.com/ebsim/ebsim/account/policy"
	"github.com/ebsim/ebsim/internal/job"
	"github.com/ebsim/ebsim/internal/state"
	"github.com/ebsim/ebsim/kms"
	"github.com/ebsim/ebsim/snapshot"
	"github.com/ebsim/ebsim/snapshot/content"
	"github.com/ebsim/ebsim/volume"
)

const jobCopySnapshot = "CopySnapshot"

// CopySnapshotInput is what CopySnapshot is asked, in the destination region.
type CopySnapshotInput struct {
	Source       string
	SourceRegion arn.Region
	Encrypted    bool
	KMSKey       string
	Description  string
	Tags         []snapshot.Tag
	Mode         snapshot.Mode // empty: the world's
	DryRun       bool
}

type copySnapshotJob struct {
	Snapshot, Region     string
	Source, SourceRegion string
	Caller               audit.Caller
	Cause                string
	KeyName              string // as asked; empty: the account's default
	Encrypted            bool   // asked for, or by default
	Mode                 snapshot.Mode
	Writer               string // of the objects that are sealed anew
	SourceGrant          string
	SourceKey            string // ARN, of the source grant
	Grant                string
	Ready                bool // wrapped key and ring are in the record
	Report               snapshot.Report
}

// CopySnapshot answers with the id of a pending snapshot; all that can be
// refused but a malformed id and ec2:CopySnapshot itself is refused by the job.
func (c *Cloud) CopySnapshot(ctx context.Context, call Call, in CopySnapshotInput, request audit.Fields) (s *snapshot.Snapshot, err error) {
	err = c.Do(ctx, call, Op{Source: "ec2.amazonaws.com", Name: "CopySnapshot", Request: request}, func(tx *Tx) error {
		if err := snapshot.CheckID(in.Source); err != nil {
			return err
		}
		if !c.HasRegion(in.SourceRegion) {
			return volume.ErrInvalidParameter.Errorf("Value (%s) for parameter SourceRegion is invalid.", in.SourceRegion)
		}
		source := snapshot.ARN(in.SourceRegion, in.Source)
		if err := tx.Authorize("ec2:CopySnapshot", Resource{snapshot.ARN(call.Region, "*"), policy.Context{"ec2:ParentSnapshot": {source}}},
			Resource{ARN: source}); err != nil {
			return err
		}
		if err := tx.DryRun(in.DryRun); err != nil {
			return err
		}
		if in.KMSKey != "" && !in.Encrypted {
			return volume.ErrDependency.Errorf("The parameter [KmsKeyId] requires the parameter Encrypted to be set.")
		}
		set, err := volume.LoadSettings(tx.Tx, call.Region, call.Caller.Account)
		if err != nil {
			return err
		}
		args := copySnapshotJob{Region: string(call.Region), Source: in.Source, SourceRegion: string(in.SourceRegion),
			Caller: call.Caller, Cause: call.RequestID, KeyName: in.KMSKey, Encrypted: in.Encrypted || set.ByDefault, Mode: in.Mode, Writer: content.NewWriterID()}
		if args.KeyName == "" {
			args.KeyName = set.DefaultKey
		}
		if args.Mode == "" {
			args.Mode = c.copyMode
		}
		s = &snapshot.Snapshot{ID: c.ids.Resource("snap-"), Owner: call.Caller.Account, Region: call.Region,
			Volume: snapshot.CopyVolume, Description: in.Description, Started: c.clock.Now(), State: snapshot.Pending,
			Tags: in.Tags, Encrypted: args.Encrypted, Source: &snapshot.Source{Snapshot: in.Source, Region: in.SourceRegion}}
		args.Snapshot = s.ID
		if src, ok, err := snapshot.Load(tx.Tx, c.root, in.SourceRegion, in.Source); err != nil {
			return err
		} else if ok && src.VisibleTo(s.Owner) {
			s.Size, s.Source.Owner, s.Origin = src.Size, src.Owner, src.Origin
			s.Encrypted = s.Encrypted || src.Encrypted
			if src.Owner != s.Owner {
				if err := c.tellOwner(tx.Tx, src, "SharedSnapshotCopyInitiated", call.Caller); err != nil {
					return err
				}
			}
		}
		tx.Touch(s.Owner, "AWS::EC2::Snapshot", s.ARN())
		tx.Respond(audit.Fields{"snapshotId": s.ID})
		if _, err := job.Enqueue(tx.Tx, jobCopySnapshot, s.ID, c.clock.Now(), args); err != nil {
			return err
		}
		return s.Save(tx.Tx, c.root)
	})
	return s, err
}

// tellOwner leaves an event in the trail of a shared snapshot's owner. (AWS:
// "Share an Amazon EBS snapshot", monitoring.)
func (c *Cloud) tellOwner(tx *state.Tx, s *snapshot.Snapshot, name string, by audit.Caller) error {
	return c.Trail.Record(tx, &audit.Event{
		RequestID: c.ids.UUID(), Account: s.Owner, Region: s.Region, Type: audit.AwsServiceEvent, Source: "ec2.amazonaws.com", Name: name,
		Identity: audit.Identity{Type: "AWSAccount", AccountID: by.Account, InvokedBy: "ec2.amazonaws.com"},
		SourceIP: "ec2.amazonaws.com", UserAgent: "ec2.amazonaws.com",
		Service:   audit.Fields{"snapshotId": s.ID},
		Resources: []audit.Resource{{AccountID: s.Owner, Type: "AWS::EC2::Snapshot", ARN: s.ARN()}},
	})
}

// runCopySnapshot is the job: keys first, then the bytes.
func (c *Cloud) runCopySnapshot(ctx context.Context, j job.Record) error {
	m := &copier{Cloud: c, job: j.ID, began: time.Now()}
	if err := j.Decode(&m.args); err != nil {
		return err
	}
	if err := m.load(ctx); err != nil || m.dst == nil || m.dst.State != snapshot.Pending {
		return err
	}
	if m.src == nil {
		return c.failSnapshot(ctx, j.ID, m.dst, snapshot.SourceNotFound, m.ended)
	}
	if m.src.State != snapshot.Completed {
		return c.failSnapshot(ctx, j.ID, m.dst, "Source snapshot is in state "+string(m.src.State), m.ended)
	}
	err := m.keys(ctx)
	if err != nil && refused(err) {
		m.args.Report.Calls = append(m.args.Report.Calls, snapshot.Call{Name: "refused", Refused: err.Error()})
		return c.failSnapshot(ctx, j.ID, m.dst, snapshot.KeyNotAccessible, m.ended)
	}
	if err != nil {
		return err
	}
	return m.copy(ctx)
}

// copier makes one copy.
type copier struct {
	*Cloud
	job   string
	args  copySnapshotJob
	src   *snapshot.Snapshot // nil: not there, or not shared
	dst   *snapshot.Snapshot
	from  *ring // the source's
	to    *ring // the copy's
	began time.Time
}

func (m *copier) load(ctx context.Context) error {
	return m.store.View(ctx, func(tx *state.Tx) error {
		dst, ok, err := snapshot.Load(tx, m.root, arn.Region(m.args.Region), m.args.Snapshot)
		if err != nil || !ok {
			return err
		}
		m.dst = dst
		src, ok, err := snapshot.Load(tx, m.root, arn.Region(m.args.SourceRegion), m.args.Source)
		// A source that was unshared after the keys were wrapped is still copied.
		if ok && (src.VisibleTo(dst.Owner) || m.args.Ready) {
			m.src = src
		}
		return err
	})
}

// keys makes the KMS calls of a copy, in order, and commits the copy's wrapped
// key and ring. After a restart it decrypts again as the service.
func (m *copier) keys(ctx context.Context) (err error) {
	src, dst := m.src, m.dst
	encrypted := m.args.Encrypted || src.Encrypted
	if m.args.Ready {
		return m.keysAgain(ctx)
	}
	m.args.Report.From = snapshot.Side{Snapshot: src.ID, Owner: src.Owner, Region: src.Region, KMSKey: src.KMSKey, DataKeyID: src.DataKeyID, ContentKeys: src.RingKeys}
	if src.Encrypted {
		if m.from, err = m.askSource(ctx); err != nil {
			return err
		}
	} else if m.from, err = m.plain().open(src.Ring, src.ID); err != nil {
		return err
	}
	rings := m.plain()
	if encrypted {
		if rings, err = m.askDestination(ctx); err != nil {
			return err
		}
	}
	m.to = m.from.under(dst.Owner, dst.KMSKey)
	m.args.Report.Requested, m.args.Report.Mode, m.args.Report.Why = m.args.Mode, m.args.Mode, "as asked, or the default"
	if src.Encrypted != encrypted {
		m.args.Mode, m.args.Report.Mode = snapshot.Reencrypt, snapshot.Reencrypt
		m.args.Report.Why = "what was unencrypted is never wrapped into something encrypted: every block is sealed anew"
	}
	if m.args.Mode == snapshot.Reencrypt {
		m.to = newRing(dst.Owner, dst.KMSKey)
	}
	dst.Ring, dst.RingKeys = rings.seal(m.to, dst.ID), m.to.ids()
	if dst.Encrypted = encrypted; encrypted {
		if dst.DataKeyID = src.DataKeyID; src.Owner != dst.Owner || src.Region != dst.Region || src.KMSKey != dst.KMSKey {
			dst.DataKeyID = m.ids.UUID()
		}
	}
	return m.store.Update(ctx, func(tx *state.Tx) error {
		m.args.Ready = true
		return errors.Join(dst.Save(tx, m.root), job.Update(tx, m.job, m.args))
	})
}

// keysAgain opens both rings after a restart. Only sealing anew needs the
// source's.
func (m *copier) keysAgain(ctx context.Context) (err error) {
	open := func(s *snapshot.Snapshot, grant string) (*ring, error) {
		if !s.Encrypted {
			return m.plain().open(s.Ring, s.ID)
		}
		return m.openRing(ctx, serviceCall(s.Region, m.args.Cause, grant), s.WrappedKey, s.Context(), s.Ring, s.ID)
	}
	if m.to, err = open(m.dst, m.args.Grant); err != nil || m.args.Mode != snapshot.Reencrypt {
		return err
	}
	m.from, err = open(m.src, m.args.SourceGrant)
	return err
}

// askSource asks for the source's data key as the caller, in the source's
// region, and opens its ring.
func (m *copier) askSource(ctx context.Context) (*ring, error) {
	src := m.src
	call := forwarded(m.args.Caller, src.Region, m.args.Cause)
	if _, err := m.KMS.DescribeKey(ctx, call, kms.KeyName(src.KMSKey)); m.did("DescribeKey", call, src.KMSKey, err) != nil {
		return nil, err
	}
	m.args.SourceKey = src.KMSKey
	if err := m.grant(ctx, call, src.KMSKey, src.Context(), &m.args.SourceGrant); m.did("CreateGrant", call, src.KMSKey, err) != nil {
		return nil, err
	}
	r, err := m.openRing(ctx, call, src.WrappedKey, src.Context(), src.Ring, src.ID)
	return r, m.did("Decrypt", call, src.KMSKey, err)
}

// askDestination has a data key made for the copy, as the caller, and opens it
// as the service under the grant.
func (m *copier) askDestination(ctx context.Context) (rings ringSecret, err error) {
	dst := m.dst
	dst.ContextID = dst.ID
	call := forwarded(m.args.Caller, dst.Region, m.args.Cause)
	if m.args.KeyName == "" {
		dst.KMSKey, err = m.KMS.EBSKey(ctx, dst.Region, dst.Owner, m.args.Cause)
	} else {
		err = m.store.View(ctx, func(tx *state.Tx) error {
			dst.KMSKey, err = m.KMS.Resolve(tx, dst.Region, dst.Owner, kms.KeyName(m.args.KeyName))
			return err
		})
	}
	if err != nil {
		return rings, err
	}
	key := kms.KeyName(dst.KMSKey)
	if _, err := m.KMS.DescribeKey(ctx, call, key); m.did("DescribeKey", call, dst.KMSKey, err) != nil {
		return rings, err
	}
	d, err := m.KMS.GenerateDataKeyWithoutPlaintext(ctx, call, key, kms.DataKeyOptions{
		CryptoOptions: kms.CryptoOptions{Context: dst.Context()}, NumberOfBytes: dataKeySize})
	if m.did("GenerateDataKeyWithoutPlaintext", call, dst.KMSKey, err) != nil {
		return rings, err
	}
	dst.WrappedKey = d.Ciphertext
	if err := m.grant(ctx, call, dst.KMSKey, dst.Context(), &m.args.Grant); m.did("CreateGrant", call, dst.KMSKey, err) != nil {
		return rings, err
	}
	service := serviceCall(dst.Region, m.args.Cause, m.args.Grant)
	dataKey, _, err := m.KMS.Decrypt(ctx, service, "", dst.WrappedKey, kms.CryptoOptions{Context: dst.Context()})
	if m.did("Decrypt", service, dst.KMSKey, err) != nil {
		return rings, err
	}
	defer clear(dataKey)
	return m.ringKeyOf(dataKey)
}

// grant makes a grant to the service and notes its id in the job, in one
// transaction.
func (m *copier) grant(ctx context.Context, call kms.Call, key string, context map[string]string, id *string) error {
	if *id != "" {
		return nil // made before a restart
	}
	return m.Trail.Do(ctx, func(tx *state.Tx) error {
		g, err := m.KMS.GrantIn(tx, call, kms.KeyName(key), grantFor(ec2Service(call.Region), call.Region, context))
		if err != nil {
			return err
		}
		*id = g.ID
		return job.Update(tx, m.job, m.args)
	})
}

// did notes a KMS call for the report, and gives its error back.
func (m *copier) did(name string, call kms.Call, key string, err error) error {
	c := snapshot.Call{Name: name, Identity: call.Caller.ARN, Key: key}
	if err != nil {
		c.Refused = err.Error()
	}
	m.args.Report.Calls = append(m.args.Report.Calls, c)
	return err
}

// ended retires the grants of a copy and sets its report.
func (m *copier) ended(tx *state.Tx, dst *snapshot.Snapshot) error {
	retire := func(key, grant string) error {
		if grant == "" {
			return nil
		}
		call := serviceCall(keyRegion(key), m.args.Cause, "")
		m.args.Report.Calls = append(m.args.Report.Calls, snapshot.Call{Name: "RetireGrant", Identity: call.Caller.ARN, Key: key})
		return m.KMS.RetireIn(tx, call, kms.KeyName(key), grant)
	}
	if err := retire(m.args.SourceKey, m.args.SourceGrant); err != nil {
		return err
	}
	if err := retire(m.dst.KMSKey, m.args.Grant); err != nil {
		return err
	}
	report := m.args.Report
	report.Began, report.Took = m.dst.Started, time.Since(m.began)
	dst.Report = &report
	return nil
}
