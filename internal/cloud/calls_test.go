package cloud

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ebsim/ebsim/account/arn"
	"github.com/ebsim/ebsim/account/audit"
	"github.com/ebsim/ebsim/internal/state"
	"github.com/ebsim/ebsim/kms"
	"github.com/ebsim/ebsim/snapshot"
	"github.com/ebsim/ebsim/volume"
)

// asked is one KMS call as the trail tells it.
type asked struct {
	Name    string
	By      string // "caller", "service", "service, grant", an instance's id
	Key     string // ARN
	Context string // the id in aws:ebs:id; empty: the call carries no context
	Failure audit.Kind
}

// parameters are the request parameters of a KMS event that matter here.
type parameters struct {
	KeyID             string            `json:"keyId"`
	Context           map[string]string `json:"encryptionContext"`
	NumberOfBytes     int               `json:"numberOfBytes"`
	DryRun            bool              `json:"dryRun"`
	Grantee           string            `json:"granteePrincipal"`
	Retiring          string            `json:"retiringPrincipal"`
	Operations        []string          `json:"operations"`
	EncryptionContext struct {
		Subset map[string]string `json:"encryptionContextSubset"`
	} `json:"constraints"`
}

// asked gives the KMS calls that a request caused, in order, each checked for
// what all of its kind have in common.
func (w *world) asked(request string) (calls []asked, events []audit.Event) {
	w.t.Helper()
	require.NoError(w.t, w.Sync(ctx))
	require.NoError(w.t, w.View(ctx, func(tx *state.Tx) (err error) {
		events, err = w.Trail.Request(tx, request)
		return err
	}))
	require.Equal(w.t, request, events[0].ID)
	events = events[1:]
	for i := range events {
		calls = append(calls, w.call(&events[i], request))
	}
	return calls, events
}

func (w *world) call(e *audit.Event, request string) asked {
	t := w.t
	t.Helper()
	var p parameters
	text, err := json.Marshal(e.Request)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &p), "%s", text)
	require.Equal(t, "kms.amazonaws.com", e.Source)
	require.Equal(t, request, e.Cause)
	a := asked{Name: e.Name, Key: p.KeyID}
	if e.Failure != nil {
		a.Failure = e.Failure.Kind
	}
	for _, r := range e.Resources {
		require.Equal(t, "AWS::KMS::Key", r.Type)
		if a.Key != "" {
			require.Equal(t, a.Key, r.ARN, "%s takes the key's ARN", e.Name)
		}
		a.Key = r.ARN
	}
	if a.Key != "" {
		require.Equal(t, keyRegion(a.Key), e.Region)
	}
	switch id := e.Identity; {
	case id.InvokedBy == "ec2-frontend-api.amazonaws.com":
		a.By = "caller"
		require.Equal(t, "Root", id.Type)
		require.Equal(t, id.InvokedBy, e.SourceIP)
		require.Equal(t, id.InvokedBy, e.UserAgent)
		require.Empty(t, e.Note)
	case id.InScopeOf != nil:
		require.Equal(t, "AssumedRole", id.Type)
		arnOf, err := arn.Parse(id.ARN)
		require.NoError(t, err)
		a.By = arnOf.Resource
	case id.Type == "AWSService":
		require.Equal(t, "ebs.amazonaws.com", id.InvokedBy)
		if a.By = "service"; e.Name == "Decrypt" && e.Failure == nil && len(e.Note) > 10 && e.Note[:10] == "allowed by" {
			a.By = "service, grant"
		}
	}
	switch e.Name {
	case "CreateGrant":
		require.Equal(t, "ec2."+string(e.Region)+".amazonaws.com", p.Retiring)
		require.Equal(t, []string{"Decrypt"}, p.Operations)
		require.Len(t, p.EncryptionContext.Subset, 1)
		a.Name, a.Context = "CreateGrant to "+p.Grantee, p.EncryptionContext.Subset["aws:ebs:id"]
	case "GenerateDataKeyWithoutPlaintext":
		require.Equal(t, 64, p.NumberOfBytes)
		a.Name, a.Context = "GDKWP", p.Context["aws:ebs:id"]
	case "Decrypt":
		require.Len(t, p.Context, 1)
		a.Context = p.Context["aws:ebs:id"]
	case "DescribeKey":
		require.Empty(t, p.Context)
	}
	if p.DryRun {
		a.Name += " with DryRun"
	}
	return a
}

// grants checks that no grant is there but those of the attached volumes, and
// gives how many these are.
func (w *world) grants() (n int) {
	w.t.Helper()
	var keys []kms.Key
	var want, got []string
	require.NoError(w.t, w.View(ctx, func(tx *state.Tx) (err error) {
		if keys, err = w.KMS.All(tx); err != nil {
			return err
		}
		vols, err := volume.All(tx)
		for i := range vols {
			if at := vols[i].At(); at != nil && vols[i].Encrypted {
				want = append(want, vols[i].KMSKey+" "+at.GrantID+" "+audit.Infrastructure(vols[i].Account, at.Instance).ARN)
			}
		}
		return err
	}))
	for _, k := range keys {
		all, err := w.KMS.ListGrants(ctx, w.kms(k.Account, k.Region), kms.KeyName(k.ARN()), "", "")
		require.NoError(w.t, err)
		for _, g := range all {
			got = append(got, g.Key+" "+g.ID+" "+g.Grantee)
		}
	}
	require.ElementsMatch(w.t, want, got)
	return len(got)
}

func (w *world) instance(a arn.AccountID, r arn.Region) string {
	w.t.Helper()
	made, err := w.RunInstances(ctx, w.as(a, r), string(r)+"a", "ami-1", "t3.micro", 1, nil, false)
	require.NoError(w.t, err)
	return made[0].ID
}

func (w *world) disable(keyARN string) {
	w.t.Helper()
	k, err := arn.Parse(keyARN)
	require.NoError(w.t, err)
	require.NoError(w.t, w.KMS.DisableKey(ctx, w.kms(k.Account, k.Region), kms.KeyName(keyARN)))
}

func (w *world) enable(keyARN string) {
	w.t.Helper()
	k, err := arn.Parse(keyARN)
	require.NoError(w.t, err)
	require.NoError(w.t, w.KMS.EnableKey(ctx, w.kms(k.Account, k.Region), kms.KeyName(keyARN)))
}

// letIn puts a policy on alice's key that lets bob use it.
func (w *world) letIn(keyARN string) {
	w.t.Helper()
	statement := `{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::%s:root"}, "Action": "kms:*", "Resource": "*"}`
	require.NoError(w.t, w.KMS.PutKeyPolicy(ctx, w.kms(alice, keyRegion(keyARN)), kms.KeyName(keyARN),
		fmt.Sprintf(`{"Version": "2012-10-17", "Statement": [`+statement+`, `+statement+`]}`, alice, bob), false))
}

func grantTo(r arn.Region) string { return "CreateGrant to ec2." + string(r) + ".amazonaws.com" }

// made runs a request to its end and gives the KMS calls it caused. No grant
// is left but of attached volumes.
func (w *world) made(call Call, request func(Call) error) []asked {
	w.t.Helper()
	require.NoError(w.t, request(call))
	require.NoError(w.t, w.Wait(ctx))
	calls, _ := w.asked(call.RequestID)
	w.grants()
	return calls
}

// create makes a volume and gives the calls with it.
func (w *world) create(a arn.AccountID, in CreateVolumeInput) (v *volume.Volume, calls []asked) {
	w.t.Helper()
	in.Zone = string(here) + "a"
	calls = w.made(w.as(a, here), func(c Call) (err error) {
		v, err = w.CreateVolume(ctx, c, in, nil)
		return err
	})
	return v, calls
}

func (w *world) copied(a arn.AccountID, r arn.Region, in CopySnapshotInput) (s *snapshot.Snapshot, calls []asked) {
	w.t.Helper()
	calls = w.made(w.as(a, r), func(c Call) (err error) {
		s, err = w.CopySnapshot(ctx, c, in, nil)
		return err
	})
	return w.ended(a, r, s, nil), calls
}

func TestCallsOfCreateVolume(t *testing.T) {
	w := newWorld(t, "")
	a, other, bobs := w.key(alice, here), w.key(alice, here), w.key(bob, here)
	w.letIn(a)

	v, calls := w.create(alice, CreateVolumeInput{Size: 1, Encrypted: true, KMSKey: a})
	require.Equal(t, []asked{{"GDKWP", "caller", a, v.ID, ""}}, calls)
	w.write(alice, here, v.ID, 0, noise(1000))
	s := w.snapshot(alice, here, v.ID)

	same, calls := w.create(alice, CreateVolumeInput{Snapshot: s.ID})
	require.Equal(t, []asked{
		{"Decrypt", "service", a, v.ID, ""},
		{"GDKWP", "caller", a, same.ID, ""},
		{"Decrypt", "service", a, same.ID, ""},
	}, calls)

	under, calls := w.create(alice, CreateVolumeInput{Snapshot: s.ID, Encrypted: true, KMSKey: other})
	require.Equal(t, []asked{
		{"DescribeKey", "caller", a, "", ""},
		{grantTo(here), "caller", a, v.ID, ""},
		{"Decrypt", "caller", a, v.ID, ""},
		{"GDKWP", "caller", other, under.ID, ""},
		{"Decrypt", "service", other, under.ID, ""},
		{"RetireGrant", "service", a, "", ""},
	}, calls)

	require.NoError(t, w.ShareSnapshot(ctx, w.as(alice, here), s.ID, snapshot.Change{Add: []arn.AccountID{bob}}, nil, false))
	shared, calls := w.create(bob, CreateVolumeInput{Snapshot: s.ID, Encrypted: true, KMSKey: bobs})
	require.Equal(t, []asked{
		{"DescribeKey", "caller", a, "", ""},
		{grantTo(here), "caller", a, v.ID, ""},
		{"Decrypt", "caller", a, v.ID, ""},
		{"GDKWP", "caller", bobs, shared.ID, ""},
		{"Decrypt", "service", bobs, shared.ID, ""},
		{"RetireGrant", "service", a, "", ""},
	}, calls)

	plain, calls := w.create(alice, CreateVolumeInput{Size: 1})
	require.Empty(t, calls)
	w.write(alice, here, plain.ID, 0, noise(1000))
	open := w.snapshot(alice, here, plain.ID)
	_, calls = w.create(alice, CreateVolumeInput{Snapshot: open.ID})
	require.Empty(t, calls)
	sealed, calls := w.create(alice, CreateVolumeInput{Snapshot: open.ID, Encrypted: true, KMSKey: a})
	require.Equal(t, []asked{
		{grantTo(here), "caller", a, sealed.ID, ""},
		{"GDKWP", "caller", a, sealed.ID, ""},
		{"Decrypt", "service, grant", a, sealed.ID, ""},
		{"RetireGrant", "service", a, "", ""},
	}, calls)
	for _, id := range []string{same.ID, under.ID} {
		require.Equal(t, noise(1000), w.read(alice, here, id, 0, 1000))
	}
	require.Equal(t, noise(1000), w.read(bob, here, shared.ID, 0, 1000))
	require.Equal(t, noise(1000), w.read(alice, here, sealed.ID, 0, 1000))
	require.Zero(t, w.grants())
}

// A refusal ends the sequence; the grants made until then are retired.
func TestCallsOfRefusedVolumes(t *testing.T) {
	w := newWorld(t, "")
	a, other := w.key(alice, here), w.key(alice, here)
	v := w.volume(alice, here, CreateVolumeInput{Size: 1, Encrypted: true, KMSKey: a})
	s := w.snapshot(alice, here, v.ID)
	failed := func(v *volume.Volume) {
		t.Helper()
		require.NoError(t, w.View(ctx, func(tx *state.Tx) error {
			now, _, err := volume.Load(tx, here, v.ID)
			require.Equal(t, volume.Failed, now.State)
			return err
		}))
	}
	w.disable(other)
	n, calls := w.create(alice, CreateVolumeInput{Size: 1, Encrypted: true, KMSKey: other})
	require.Equal(t, []asked{{"GDKWP", "caller", other, n.ID, kms.ErrDisabled}}, calls)
	failed(n)
	n, calls = w.create(alice, CreateVolumeInput{Snapshot: s.ID, Encrypted: true, KMSKey: other})
	require.Equal(t, []asked{
		{"DescribeKey", "caller", a, "", ""},
		{grantTo(here), "caller", a, v.ID, ""},
		{"Decrypt", "caller", a, v.ID, ""},
		{"GDKWP", "caller", other, n.ID, kms.ErrDisabled},
		{"RetireGrant", "service", a, "", ""},
	}, calls)
	failed(n)
	w.enable(other)
	w.disable(a)
	n, calls = w.create(alice, CreateVolumeInput{Snapshot: s.ID})
	require.Equal(t, []asked{{"Decrypt", "service", a, v.ID, kms.ErrDisabled}}, calls)
	failed(n)
	n, calls = w.create(alice, CreateVolumeInput{Snapshot: s.ID, Encrypted: true, KMSKey: other})
	require.Equal(t, []asked{
		{"DescribeKey", "caller", a, "", ""},
		{grantTo(here), "caller", a, v.ID, kms.ErrDisabled},
	}, calls)
	failed(n)
}

func TestCallsOfAttachAndSnapshot(t *testing.T) {
	w := newWorld(t, "")
	a, i := w.key(alice, here), w.instance(alice, here)
	v := w.volume(alice, here, CreateVolumeInput{Size: 1, Encrypted: true, KMSKey: a})
	attach := func(c Call) error {
		_, err := w.AttachVolume(ctx, c, v.ID, i, "/dev/sdf", false)
		return err
	}
	take := func(c Call) error {
		_, err := w.CreateSnapshot(ctx, c, v.ID, "", nil, false)
		return err
	}
	opened := []asked{
		{"CreateGrant to " + audit.Infrastructure(alice, i).ARN, "caller", a, v.ID, ""},
		{"Decrypt", "assumed-role/aws:ec2-infrastructure/" + i, a, v.ID, ""},
	}
	closed := []asked{{"RetireGrant", "service", a, "", ""}}

	require.Equal(t, []asked{{"Decrypt", "service", a, v.ID, ""}}, w.made(w.as(alice, here), take), "not attached")
	call := w.as(alice, here)
	require.Equal(t, opened, w.made(call, attach))
	_, events := w.asked(call.RequestID)
	require.Equal(t, events[0].RequestID, events[1].RequestID)
	require.Equal(t, 1, w.grants())
	require.Empty(t, w.made(w.as(alice, here), take), "attached")
	w.disable(a)
	require.Empty(t, w.made(w.as(alice, here), take), "what is open stays open")
	require.Equal(t, closed, w.made(w.as(alice, here), func(c Call) error {
		_, err := w.DetachVolume(ctx, c, v.ID, "", false)
		return err
	}))
	require.Zero(t, w.grants())

	// Refused: nothing is left of an attach, and a snapshot ends in error.
	call = w.as(alice, here)
	require.ErrorIs(t, attach(call), volume.ErrKeyRevoked)
	calls, _ := w.asked(call.RequestID)
	require.Equal(t, []asked{{opened[0].Name, "caller", a, v.ID, kms.ErrDisabled}}, calls)
	require.Zero(t, w.grants())
	require.Equal(t, []asked{{"Decrypt", "service", a, v.ID, kms.ErrDisabled}}, w.made(w.as(alice, here), take))
	w.enable(a)

	// The end of an instance frees its volumes.
	require.Equal(t, opened, w.made(w.as(alice, here), attach))
	require.Equal(t, closed, w.made(w.as(alice, here), func(c Call) error {
		_, err := w.TerminateInstance(ctx, c, i, false)
		return err
	}))
	require.Zero(t, w.grants())
}

func TestCallsOfCopySnapshot(t *testing.T) {
	w := newWorld(t, "")
	a, b, bobs := w.key(alice, here), w.key(alice, there), w.key(bob, there)
	v := w.volume(alice, here, CreateVolumeInput{Size: 1, Encrypted: true, KMSKey: a})
	w.write(alice, here, v.ID, 0, noise(1000))
	s := w.snapshot(alice, here, v.ID)
	source := func(key, context string) []asked {
		return []asked{{"DescribeKey", "caller", key, "", ""}, {grantTo(keyRegion(key)), "caller", key, context, ""}, {"Decrypt", "caller", key, context, ""}}
	}
	destination := func(key, snap string) []asked {
		return []asked{{"DescribeKey", "caller", key, "", ""}, {"GDKWP", "caller", key, snap, ""},
			{grantTo(keyRegion(key)), "caller", key, snap, ""}, {"Decrypt", "service, grant", key, snap, ""}}
	}
	retired := func(key string) []asked { return []asked{{"RetireGrant", "service", key, "", ""}} }

	for _, mode := range []snapshot.Mode{snapshot.Rewrap, snapshot.Reencrypt} {
		c, calls := w.copied(alice, there, CopySnapshotInput{Source: s.ID, SourceRegion: here, Encrypted: true, KMSKey: b, Mode: mode})
		require.Equal(t, snapshot.Completed, c.State, c.Message)
		require.Equal(t, slices.Concat(source(a, v.ID), destination(b, c.ID), retired(a), retired(b)), calls, mode)
		// The copy of the copy: its own id is the context.
		d, calls := w.copied(alice, here, CopySnapshotInput{Source: c.ID, SourceRegion: there, Encrypted: true, KMSKey: a, Mode: mode})
		require.Equal(t, snapshot.Completed, d.State, d.Message)
		require.Equal(t, slices.Concat(source(b, c.ID), destination(a, d.ID), retired(b), retired(a)), calls, mode)
	}
	// Within a region, under the same key.
	c, calls := w.copied(alice, here, CopySnapshotInput{Source: s.ID, SourceRegion: here, Encrypted: true, KMSKey: a})
	require.Equal(t, slices.Concat(source(a, v.ID), destination(a, c.ID), retired(a), retired(a)), calls)

	plain := w.volume(alice, here, CreateVolumeInput{Size: 1})
	w.write(alice, here, plain.ID, 0, noise(1000))
	open := w.snapshot(alice, here, plain.ID)
	c, calls = w.copied(alice, there, CopySnapshotInput{Source: open.ID, SourceRegion: here, Encrypted: true, KMSKey: b})
	require.Equal(t, snapshot.Completed, c.State, c.Message)
	require.Equal(t, slices.Concat(destination(b, c.ID), retired(b)), calls)
	c, calls = w.copied(alice, there, CopySnapshotInput{Source: open.ID, SourceRegion: here})
	require.Equal(t, snapshot.Completed, c.State, c.Message)
	require.Empty(t, calls)

	// Shared: refused without a right to the key, in order with one.
	require.NoError(t, w.ShareSnapshot(ctx, w.as(alice, here), s.ID, snapshot.Change{Add: []arn.AccountID{bob}}, nil, false))
	in := CopySnapshotInput{Source: s.ID, SourceRegion: here, Encrypted: true, KMSKey: bobs}
	c, calls = w.copied(bob, there, in)
	require.Equal(t, snapshot.Failed, c.State)
	require.Equal(t, snapshot.KeyNotAccessible, c.Message)
	require.Len(t, calls, 1)
	require.Equal(t, audit.Denied, calls[0].Failure)
	w.letIn(a)
	c, calls = w.copied(bob, there, in)
	require.Equal(t, snapshot.Completed, c.State, c.Message)
	require.Equal(t, slices.Concat(source(a, v.ID), destination(bobs, c.ID), retired(a), retired(bobs)), calls)

	// Refused at the destination: the source's grant is retired.
	w.disable(b)
	c, calls = w.copied(alice, there, CopySnapshotInput{Source: s.ID, SourceRegion: here, Encrypted: true, KMSKey: b})
	require.Equal(t, snapshot.Failed, c.State)
	require.Equal(t, slices.Concat(source(a, v.ID), []asked{{"DescribeKey", "caller", b, "", ""}, {"GDKWP", "caller", b, c.ID, kms.ErrDisabled}}, retired(a)), calls)
	c, calls = w.copied(alice, there, CopySnapshotInput{Source: "snap-00000000000000000", SourceRegion: here, Encrypted: true, KMSKey: b})
	require.Equal(t, snapshot.SourceNotFound, c.Message)
	require.Empty(t, calls)
	require.Zero(t, w.grants())
}

func TestCallsOfSharing(t *testing.T) {
	w := newWorld(t, "")
	a := w.key(alice, here)
	v := w.volume(alice, here, CreateVolumeInput{Size: 1, Encrypted: true, KMSKey: a})
	s := w.snapshot(alice, here, v.ID)
	change := func(c snapshot.Change) func(Call) error {
		return func(call Call) error { return w.ShareSnapshot(ctx, call, s.ID, c, nil, false) }
	}
	add, remove := change(snapshot.Change{Add: []arn.AccountID{bob}}), change(snapshot.Change{Remove: []arn.AccountID{bob}})
	require.Equal(t, []asked{{"Decrypt with DryRun", "caller", a, v.ID, kms.ErrDryRun}}, w.made(w.as(alice, here), add))
	require.Empty(t, w.made(w.as(alice, here), remove))
	w.disable(a)
	call := w.as(alice, here)
	require.ErrorIs(t, add(call), snapshot.ErrKeyAuth)
	calls, _ := w.asked(call.RequestID)
	require.Equal(t, []asked{{"Decrypt with DryRun", "caller", a, v.ID, kms.ErrDisabled}}, calls)
	require.Zero(t, w.grants())
}

// The AWS managed key comes into being with the first volume that needs it.
func TestCallsOfTheManagedKey(t *testing.T) {
	w := newWorld(t, "")
	v, calls := w.create(alice, CreateVolumeInput{Size: 1, Encrypted: true})
	require.NotEmpty(t, calls)
	last := len(calls) - 1
	v = w.load(v.ID)
	require.Equal(t, asked{"GDKWP", "caller", v.KMSKey, v.ID, ""}, calls[last])
	for _, c := range calls[:last] {
		require.Equal(t, "service", c.By)
		require.Contains(t, []string{"CreateKey", "CreateAlias"}, c.Name)
	}
	second, calls := w.create(alice, CreateVolumeInput{Size: 1, Encrypted: true})
	require.Equal(t, []asked{{"GDKWP", "caller", v.KMSKey, second.ID, ""}}, calls)
}

// Bytes of an attached volume are read without KMS; those of another by an
// attachment that ends with them.
func TestCallsOfReadingBytes(t *testing.T) {
	w := newWorld(t, "")
	a := w.key(alice, here)
	v := w.volume(alice, here, CreateVolumeInput{Size: 1, Encrypted: true, KMSKey: a})
	events := func() (n int) {
		require.NoError(t, w.Sync(ctx))
		require.NoError(t, w.View(ctx, func(tx *state.Tx) error {
			all, err := w.Trail.Lookup(tx, audit.Filter{Account: alice, Region: here, Source: "kms.amazonaws.com"})
			for _, e := range all {
				if e.Cause != "" {
					n++
				}
			}
			return err
		}))
		return n
	}
	before := events()
	w.write(alice, here, v.ID, 0, noise(100))
	require.Equal(t, 3, events()-before, "CreateGrant, Decrypt, RetireGrant")
	require.Zero(t, w.grants())
	_, err := w.AttachVolume(ctx, w.as(alice, here), v.ID, w.instance(alice, here), "/dev/sdf", false)
	require.NoError(t, err)
	before = events()
	require.Equal(t, noise(100), w.read(alice, here, v.ID, 0, 100))
	require.Equal(t, before, events())
	require.Equal(t, 1, w.grants())
}
