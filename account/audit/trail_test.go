package audit_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ebsim/ebsim/account/arn"
	"github.com/ebsim/ebsim/account/audit"
	"github.com/ebsim/ebsim/account/policy"
	"github.com/ebsim/ebsim/internal/clock"
	"github.com/ebsim/ebsim/internal/id"
	"github.com/ebsim/ebsim/internal/state"
)

const (
	alice = arn.AccountID("111122223333")
	bob   = arn.AccountID("444455556666")
)

var (
	ctx   = context.Background()
	start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

type world struct {
	*audit.Trail
	t     *testing.T
	store *state.Store
	clock *clock.Clock
}

func newWorld(t *testing.T, opt audit.Options) *world {
	t.Helper()
	w := &world{t: t, store: state.OpenMemory(), clock: clock.Virtual(start)}
	t.Cleanup(func() { w.store.Close() })
	w.Trail = audit.New(w.store, w.clock, id.Seeded(1), opt)
	return w
}

func (w *world) record(e audit.Event, docs ...*policy.Document) {
	w.t.Helper()
	require.NoError(w.t, w.store.Update(ctx, func(tx *state.Tx) error { return w.Record(tx, &e, docs...) }))
}

func (w *world) lookup(f audit.Filter) []audit.Event {
	w.t.Helper()
	require.NoError(w.t, w.store.Sync(ctx))
	var found []audit.Event
	require.NoError(w.t, w.store.View(ctx, func(tx *state.Tx) (err error) { found, err = w.Lookup(tx, f); return err }))
	return found
}

func (w *world) ids(f audit.Filter) []string {
	w.t.Helper()
	ids := []string{}
	for _, e := range w.lookup(f) {
		ids = append(ids, e.ID)
	}
	return ids
}

// pass moves the clock.
func (w *world) pass(d time.Duration) { w.clock.AdvanceTo(w.clock.Now().Add(d)) }

// rows counts what all of the trail's tables hold of an account.
func (w *world) rows() map[state.Table]int {
	w.t.Helper()
	n := map[state.Table]int{}
	require.NoError(w.t, w.store.View(ctx, func(tx *state.Tx) error {
		for _, table := range []state.Table{"event", "event.id", "event.request", "event.count", "policy.text", "policy.uses"} {
			err := tx.Scan(table, nil, nil, func(_, _ []byte) (bool, error) { n[table]++; return true, nil })
			if err != nil {
				return err
			}
		}
		return nil
	}))
	return n
}

func TestRecordFillsIn(t *testing.T) {
	w := newWorld(t, audit.Options{})
	given := audit.Event{Account: alice, RequestID: "r", Name: "Decrypt"}
	w.record(given)
	got := w.lookup(audit.Filter{Account: alice})[0]
	require.NotEmpty(t, got.ID)
	require.Equal(t, start, got.Time)
	require.Equal(t, audit.AwsApiCall, got.Type)
	require.Empty(t, given.ID, "the event that was handed in is left alone")

	at := start.Add(-time.Hour)
	w.record(audit.Event{ID: "own", Account: alice, RequestID: "r", Time: at, Type: audit.AwsServiceEvent})
	got = w.lookup(audit.Filter{Account: alice, ID: "own"})[0]
	require.Equal(t, at, got.Time)
	require.Equal(t, audit.AwsServiceEvent, got.Type)
}

func TestLookup(t *testing.T) {
	w := newWorld(t, audit.Options{})
	key := func(id string) []audit.Resource {
		return []audit.Resource{{AccountID: alice, Type: "AWS::KMS::Key", ARN: "arn:aws:kms:eu-central-1:111122223333:key/" + id}}
	}
	snapshot := []audit.Resource{{Type: "AWS::EC2::Volume", ARN: "arn:aws:ec2:eu-central-1:111122223333:volume/vol-1"},
		{Type: "AWS::EC2::Snapshot", ARN: "arn:aws:ec2:eu-central-1::snapshot/snap-1"}}
	dev := audit.Identity{Type: "IAMUser", ARN: "arn:aws:iam::111122223333:user/team/dev", AccountID: alice, UserName: "dev", AccessKeyID: "AKIA1"}
	root := audit.Identity{Type: "Root", ARN: alice.Root(), AccountID: alice, AccessKeyID: "AKIA2"}
	for i, e := range []audit.Event{
		{ID: "a", Region: "eu-central-1", Source: "kms.amazonaws.com", Name: "Decrypt", ReadOnly: true, Identity: dev, Resources: key("k1")},
		{ID: "b", Region: "eu-central-1", Source: "ec2.amazonaws.com", Name: "CreateSnapshot", Identity: root, Resources: snapshot},
		{ID: "c", Region: "us-east-1", Source: "kms.amazonaws.com", Name: "CreateGrant", Identity: dev, Resources: key("k2")},
		{ID: "d", Region: "eu-central-1", Source: "kms.amazonaws.com", Name: "Decrypt", ReadOnly: true,
			Identity: audit.Infrastructure(alice, "i-1").Identity("eu-central-1"), Resources: append(key("k1"), key("k2")...)},
		{ID: "e", Region: "eu-central-1", Source: "kms.amazonaws.com", Name: "Decrypt", ReadOnly: true, Identity: audit.Service("ebs.amazonaws.com").Identity("eu-central-1")},
	} {
		e.Account, e.RequestID, e.Time = alice, "r", start.Add(time.Duration(i)*time.Minute)
		w.record(e)
	}
	w.record(audit.Event{ID: "z", Account: bob, RequestID: "r", Name: "Decrypt", Identity: dev})
	yes, no := true, false
	for _, test := range []struct {
		title string
		f     audit.Filter
		want  []string
	}{
		{"all, newest first", audit.Filter{}, []string{"e", "d", "c", "b", "a"}},
		{"limit", audit.Filter{Limit: 2}, []string{"e", "d"}},
		{"limit above", audit.Filter{Limit: 9}, []string{"e", "d", "c", "b", "a"}},
		{"after", audit.Filter{After: "d", Limit: 2}, []string{"c", "b"}},
		{"after the last", audit.Filter{After: "a"}, []string{}},
		{"after, with a name", audit.Filter{After: "d", Name: "Decrypt"}, []string{"a"}},
		{"newer", audit.Filter{Newer: "b"}, []string{"e", "d", "c"}},
		{"newer than one that is not chosen", audit.Filter{Newer: "c", Name: "Decrypt"}, []string{"e", "d"}},
		{"newer than the newest", audit.Filter{Newer: "e"}, []string{}},
		{"after and newer", audit.Filter{After: "e", Newer: "b"}, []string{"d", "c"}},
		{"limit counts what is chosen", audit.Filter{Limit: 2, Name: "CreateGrant"}, []string{"c"}},
		{"from is inclusive", audit.Filter{From: start.Add(3 * time.Minute)}, []string{"e", "d"}},
		{"to is exclusive", audit.Filter{To: start.Add(2 * time.Minute)}, []string{"b", "a"}},
		{"from and to", audit.Filter{From: start.Add(time.Minute), To: start.Add(2 * time.Minute)}, []string{"b"}},
		{"from after to", audit.Filter{From: start.Add(2 * time.Minute), To: start}, []string{}},
		{"region", audit.Filter{Region: "us-east-1"}, []string{"c"}},
		{"id", audit.Filter{ID: "b"}, []string{"b"}},
		{"id in another trail", audit.Filter{ID: "z"}, []string{}},
		{"name", audit.Filter{Name: "Decrypt"}, []string{"e", "d", "a"}},
		{"source", audit.Filter{Source: "ec2.amazonaws.com"}, []string{"b"}},
		{"read only", audit.Filter{ReadOnly: &yes}, []string{"e", "d", "a"}},
		{"not read only", audit.Filter{ReadOnly: &no}, []string{"c", "b"}},
		{"user name", audit.Filter{Principal: "dev"}, []string{"c", "a"}},
		{"ARN", audit.Filter{Principal: dev.ARN}, []string{"c", "a"}},
		{"root", audit.Filter{Principal: "root"}, []string{"b"}},
		{"service", audit.Filter{Principal: "ebs.amazonaws.com"}, []string{"e"}},
		{"session", audit.Filter{Principal: "i-1"}, []string{"d"}},
		{"access key", audit.Filter{AccessKey: "AKIA1"}, []string{"c", "a"}},
		{"resource", audit.Filter{Resource: "arn:aws:kms:eu-central-1:111122223333:key/k1"}, []string{"d", "a"}},
		{"id of a resource", audit.Filter{Resource: "k2"}, []string{"d", "c"}},
		{"part of an id", audit.Filter{Resource: "2"}, []string{}},
		{"second resource", audit.Filter{Resource: "snap-1"}, []string{"b"}},
		{"type", audit.Filter{Type: "AWS::EC2::Snapshot"}, []string{"b"}},
		{"type and resource of one", audit.Filter{Type: "AWS::EC2::Snapshot", Resource: "snap-1"}, []string{"b"}},
		{"type and resource of two", audit.Filter{Type: "AWS::EC2::Snapshot", Resource: "vol-1"}, []string{}},
		{"together", audit.Filter{Name: "Decrypt", Principal: "dev", Region: "eu-central-1"}, []string{"a"}},
	} {
		t.Run(test.title, func(t *testing.T) {
			test.f.Account = alice
			require.Equal(t, test.want, w.ids(test.f))
		})
	}
	require.Equal(t, []string{"z"}, w.ids(audit.Filter{Account: bob}))
	err := w.store.View(ctx, func(tx *state.Tx) error {
		_, err := w.Lookup(tx, audit.Filter{Account: alice, After: "none"})
		return err
	})
	require.ErrorIs(t, err, audit.ErrUnknownEvent)
}

// TestPages walks a trail page by page, events of one moment among them.
func TestPages(t *testing.T) {
	w := newWorld(t, audit.Options{})
	var want []string
	for i := range 25 {
		if i%5 == 0 {
			w.pass(time.Second)
		}
		w.record(audit.Event{ID: fmt.Sprint(i), Account: alice, RequestID: "r"})
		want = append([]string{fmt.Sprint(i)}, want...)
	}
	got, after := []string{}, ""
	for {
		page := w.ids(audit.Filter{Account: alice, Limit: 4, After: after})
		if len(page) == 0 {
			break
		}
		got, after = append(got, page...), page[len(page)-1]
	}
	require.Equal(t, want, got)
}

// TestRequest holds that a request's own event comes first, then those it
// caused in order of time, and no copies of other trails.
func TestRequest(t *testing.T) {
	w := newWorld(t, audit.Options{})
	dev := audit.Identity{Type: "IAMUser", ARN: "arn:aws:iam::111122223333:user/dev", AccountID: alice}
	w.record(audit.Event{ID: "k1", Account: alice, RequestID: "kms-1", Cause: "r", Name: "DescribeKey", Identity: dev})
	w.pass(time.Second)
	w.record(audit.Event{ID: "s1", Account: bob, RequestID: "kms-2", Cause: "r", Name: "Decrypt", Identity: audit.Identity{Type: "AWSService"}})
	w.pass(time.Second)
	w.record(audit.Event{ID: "k2", Account: alice, RequestID: "kms-3", Cause: "r", Name: "CreateGrant", Identity: dev})
	w.record(audit.Event{ID: "copy", Account: bob, RequestID: "kms-3", Cause: "r", Name: "CreateGrant", Identity: dev})
	w.pass(time.Second)
	w.record(audit.Event{ID: "own", Account: alice, RequestID: "r", Name: "CreateVolume", Identity: dev})
	w.record(audit.Event{ID: "same", Account: alice, RequestID: "r", Cause: "r", Name: "Decrypt", Identity: dev})
	w.record(audit.Event{ID: "else", Account: alice, RequestID: "r2", Name: "CreateVolume", Identity: dev})
	request := func(name string) (ids []string, err error) {
		err = w.store.View(ctx, func(tx *state.Tx) error {
			found, err := w.Request(tx, name)
			for _, e := range found {
				ids = append(ids, e.ID)
			}
			return err
		})
		return ids, err
	}
	for name, want := range map[string][]string{
		"r": {"own", "k1", "s1", "k2", "same"}, "r2": {"else"}, "kms-3": {"k2"}, "kms-1": {"k1"},
	} {
		got, err := request(name)
		require.NoError(t, err)
		require.Equal(t, want, got, name)
	}
	for _, bad := range []string{"", "none", "kms", "k1"} {
		_, err := request(bad)
		require.ErrorIs(t, err, audit.ErrUnknownEvent)
	}
}

func TestRetentionByCount(t *testing.T) {
	w := newWorld(t, audit.Options{MaxEvents: 3})
	for i := range 10 {
		w.pass(time.Second)
		w.record(audit.Event{ID: fmt.Sprint(i), Account: alice, RequestID: fmt.Sprint("r", i), Cause: "c"})
		w.record(audit.Event{ID: fmt.Sprint("b", i%2), Account: bob, RequestID: "r", Time: start.Add(time.Duration(i) * time.Second)})
		require.LessOrEqual(t, len(w.lookup(audit.Filter{Account: alice})), 3)
	}
	require.Equal(t, []string{"9", "8", "7"}, w.ids(audit.Filter{Account: alice}))
	require.Len(t, w.lookup(audit.Filter{Account: bob}), 3, "each account has its own")
	rows := w.rows()
	require.Equal(t, 6, rows["event"])
	require.Equal(t, 3*2+3, rows["event.request"], "what is forgotten is found by no request")
}

func TestRetentionByAge(t *testing.T) {
	w := newWorld(t, audit.Options{MaxAge: time.Hour})
	for i := range 6 {
		w.record(audit.Event{ID: fmt.Sprint(i), Account: alice, RequestID: fmt.Sprint("r", i)})
	}
	w.pass(time.Hour)
	w.record(audit.Event{ID: "6", Account: alice, RequestID: "r6"})
	require.Len(t, w.lookup(audit.Filter{Account: alice}), 7, "just old enough is kept")
	w.pass(time.Nanosecond)
	for i, left := range []int{6, 5, 4, 5} {
		w.record(audit.Event{ID: fmt.Sprint("new", i), Account: alice, RequestID: "r"})
		require.Len(t, w.lookup(audit.Filter{Account: alice}), left, "two at a time")
	}
	require.Equal(t, []string{"new3", "new2", "new1", "new0"}, w.ids(audit.Filter{Account: alice, Limit: 4}))
	err := w.store.View(ctx, func(tx *state.Tx) error { _, err := w.Request(tx, "r0"); return err })
	require.ErrorIs(t, err, audit.ErrUnknownEvent)
}

// decide makes a decision that names its policies.
func decide(t *testing.T, texts ...string) (policy.Compact, []*policy.Document) {
	t.Helper()
	var p policy.Policies
	for _, s := range texts {
		d, err := policy.Parse([]byte(s), policy.IdentityPolicy)
		require.NoError(t, err)
		p.Identity = append(p.Identity, policy.Source{Name: "p", Document: d})
	}
	d := policy.Decide(policy.Request{Principal: policy.Principal{Kind: policy.User, Account: alice}, Action: "kms:ListKeys"}, p)
	return d.Compact(), d.Documents()
}

func identityPolicy(action string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"` + action + `","Resource":"*"}]}`
}

// TestPolicyTexts holds that a policy is kept once, as long as an event names
// it, and no longer.
func TestPolicyTexts(t *testing.T) {
	w := newWorld(t, audit.Options{MaxEvents: 2})
	one, oneDocs := decide(t, identityPolicy("kms:*"))
	both, bothDocs := decide(t, identityPolicy("kms:*"), identityPolicy("ec2:*"))
	has := func(d *policy.Document) bool {
		found := false
		require.NoError(t, w.store.View(ctx, func(tx *state.Tx) error {
			got, ok := w.Document(tx, d.Hash())
			if found = ok; ok {
				require.Equal(t, d.Text(), got.Text())
			}
			return nil
		}))
		return found
	}
	shared, other := bothDocs[0], bothDocs[1]
	require.False(t, has(shared))
	w.record(audit.Event{Account: alice, RequestID: "1", Decisions: []policy.Compact{one, one}}, oneDocs...)
	w.record(audit.Event{Account: alice, RequestID: "2", Decisions: []policy.Compact{both}}, append(bothDocs, nil)...)
	require.True(t, has(shared))
	require.True(t, has(other))
	require.Equal(t, 2, w.rows()["policy.text"])
	w.record(audit.Event{Account: alice, RequestID: "3", Decisions: []policy.Compact{one}}, oneDocs...)
	require.True(t, has(shared), "two events still name it")
	w.record(audit.Event{Account: alice, RequestID: "4"})
	require.False(t, has(other), "the last event that named it is forgotten")
	require.True(t, has(shared))
	w.record(audit.Event{Account: alice, RequestID: "5"})
	require.False(t, has(shared))
	require.Equal(t, 0, w.rows()["policy.text"])
	require.Equal(t, 0, w.rows()["policy.uses"])

	key, err := policy.Parse([]byte(`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}]}`), policy.ResourcePolicy)
	require.NoError(t, err)
	d := policy.Decide(policy.Request{Principal: policy.Principal{Kind: policy.Root, Account: alice, ARN: alice.Root()}, Action: "kms:Decrypt",
		Resource: "arn:aws:kms:eu-central-1:111122223333:key/k", Owner: alice}, policy.Policies{Key: &policy.Source{Name: "key policy", Document: key}})
	w.record(audit.Event{Account: alice, RequestID: "6", Decisions: []policy.Compact{d.Compact()}}, d.Documents()...)
	require.True(t, has(key), "a resource policy too")
	kept := w.lookup(audit.Filter{Account: alice, Limit: 1})[0].Decisions
	require.Equal(t, []policy.Compact{d.Compact()}, kept, "a decision survives the store")
}

// TestDo holds that a failing function leaves the events of its failed calls,
// each once, and nothing else.
func TestDo(t *testing.T) {
	w := newWorld(t, audit.Options{})
	failed := func(id string, err error) *audit.Failed {
		return &audit.Failed{Event: &audit.Event{ID: id, Account: alice, RequestID: "r"}, Err: err}
	}
	refusal := audit.Denied.Errorf("no")
	do := func(fn func(*state.Tx) error) error { return w.Do(ctx, fn) }
	require.NoError(t, do(func(tx *state.Tx) error {
		return w.Record(tx, &audit.Event{ID: "well", Account: alice, RequestID: "r"})
	}))
	require.Equal(t, []string{"well"}, w.ids(audit.Filter{Account: alice}))

	inner := failed("inner", refusal)
	nested := failed("outer", fmt.Errorf("while attaching: %w", inner))
	err := do(func(tx *state.Tx) error {
		require.NoError(t, w.Record(tx, &audit.Event{ID: "undone", Account: alice, RequestID: "r"}))
		return fmt.Errorf("the job: %w", nested)
	})
	require.ErrorIs(t, err, refusal)
	require.EqualError(t, err, "the job: while attaching: no")
	require.ElementsMatch(t, []string{"well", "inner", "outer"}, w.ids(audit.Filter{Account: alice}))
	for range 3 {
		w.RecordFailed(err)
		w.RecordFailed(fmt.Errorf("again: %w", inner))
	}
	require.Len(t, w.lookup(audit.Filter{Account: alice}), 3, "each once, however often it is handed in")

	w.RecordFailed(errors.Join(failed("left", refusal), errors.New("x"), fmt.Errorf("%w, %w", failed("right", refusal), err)))
	require.Len(t, w.lookup(audit.Filter{Account: alice}), 5)
	w.RecordFailed(nil)
	w.RecordFailed(errors.New("nothing to record"))
	require.Len(t, w.lookup(audit.Filter{Account: alice}), 5)

	w.Append(func(tx *state.Tx) error {
		return w.Record(tx, &audit.Event{ID: "later", Account: alice, RequestID: "r"})
	})
	require.Contains(t, w.ids(audit.Filter{Account: alice}), "later")
}

// TestDoOnAClosedStore holds that a failure of the store is given as it is.
func TestDoOnAClosedStore(t *testing.T) {
	w := newWorld(t, audit.Options{})
	require.NoError(t, w.store.Close())
	require.ErrorIs(t, w.Do(ctx, func(*state.Tx) error { return nil }), state.ErrClosed)
}
