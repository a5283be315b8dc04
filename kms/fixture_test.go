package kms_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ebsim/ebsim/account"
	"github.com/ebsim/ebsim/account/arn"
	"github.com/ebsim/ebsim/account/audit"
	"github.com/ebsim/ebsim/internal/clock"
	"github.com/ebsim/ebsim/internal/id"
	"github.com/ebsim/ebsim/internal/rootkey"
	"github.com/ebsim/ebsim/internal/state"
	"github.com/ebsim/ebsim/kms"
)

const (
	alice = arn.AccountID("111122223333")
	bob   = arn.AccountID("444455556666")
	carol = arn.AccountID("777788889999")

	here  = arn.Region("eu-central-1")
	there = arn.Region("us-east-1")
)

var (
	ctx   = context.Background()
	start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

// world is KMS with the accounts and the trail that it needs.
type world struct {
	*kms.Service
	t        *testing.T
	store    *state.Store
	trail    *audit.Trail
	accounts *account.Service
	clock    *clock.Clock
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return openWorld(t, state.OpenMemory())
}

func openWorld(t *testing.T, store *state.Store) *world {
	t.Helper()
	t.Cleanup(func() { store.Close() })
	w := &world{t: t, store: store, clock: clock.Virtual(start)}
	ids, root := id.Seeded(1), rootkey.Generate()
	w.trail = audit.New(store, w.clock, ids, audit.Options{})
	w.accounts = account.New(root, w.clock, ids, true)
	w.Service = kms.New(store, w.trail, w.accounts, root, w.clock, ids)
	return w
}

// root is a direct call of an account's root user.
func root(a arn.AccountID) kms.Call {
	return kms.Call{Caller: audit.Caller{Principal: account.Root(a), AccessKeyID: string(a), SourceIP: "192.0.2.1", UserAgent: "test"}, Region: here}
}

// user makes a user with one inline policy of the statements, and gives a
// direct call of it.
func (w *world) user(a arn.AccountID, name string, statements ...string) kms.Call {
	w.t.Helper()
	var u *account.User
	w.update(func(tx *state.Tx) (err error) {
		if u, err = w.accounts.CreateUser(tx, a, name, "/"); err != nil || len(statements) == 0 {
			return err
		}
		return w.accounts.PutUserPolicy(tx, a, name, "p", document(statements...))
	})
	return kms.Call{Caller: audit.Caller{Principal: u.Principal(), AccessKeyID: "AKIA" + strings.ToUpper(name)}, Region: here}
}

func (w *world) update(fn func(*state.Tx) error) {
	w.t.Helper()
	require.NoError(w.t, w.store.Update(ctx, fn))
}

// key makes a key of Alice's root user. Without statements it has the default
// policy; else it has these, and the check against lockout is left out.
func (w *world) key(statements ...string) *kms.Key {
	w.t.Helper()
	o := kms.CreateKeyOptions{BypassCheck: true}
	if len(statements) > 0 {
		o.Policy = document(statements...)
	}
	k, err := w.CreateKey(ctx, root(alice), o)
	require.NoError(w.t, err)
	return k
}

func document(statements ...string) string {
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
}

// allow is a statement of an identity policy for all resources.
func allow(actions ...string) string {
	return fmt.Sprintf(`{"Effect":"Allow","Action":%s,"Resource":"*"}`, text(actions))
}

// permit is a statement of a key policy. Condition is a JSON object or empty.
func permit(principal, condition string, actions ...string) string {
	return statement("Allow", principal, condition, actions...)
}

func forbid(principal, condition string, actions ...string) string {
	return statement("Deny", principal, condition, actions...)
}

func statement(effect, principal, condition string, actions ...string) string {
	if condition != "" {
		condition = `,"Condition":` + condition
	}
	return fmt.Sprintf(`{"Effect":%q,"Principal":{"AWS":%q},"Action":%s,"Resource":"*"%s}`, effect, principal, text(actions), condition)
}

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// name names a key by its ARN.
func name(k *kms.Key) kms.KeyName { return kms.KeyName(k.ARN()) }

// events gives an account's trail, oldest first.
func (w *world) events(a arn.AccountID) []audit.Event {
	w.t.Helper()
	all := w.lookup(audit.Filter{Account: a})
	slices.Reverse(all)
	return all
}

// last gives the newest event of an account's trail.
func (w *world) last(a arn.AccountID) audit.Event {
	w.t.Helper()
	newest := w.lookup(audit.Filter{Account: a, Limit: 1})
	require.NotEmpty(w.t, newest, "the trail of %s is empty", a)
	return newest[0]
}

func (w *world) lookup(f audit.Filter) (found []audit.Event) {
	w.t.Helper()
	require.NoError(w.t, w.store.Sync(ctx))
	require.NoError(w.t, w.store.View(ctx, func(tx *state.Tx) (err error) {
		found, err = w.trail.Lookup(tx, f)
		return err
	}))
	return found
}

// fails asks that an error is of a kind, with a text, and that the trail of
// the account ends with just that failure.
func (w *world) fails(a arn.AccountID, err error, kind audit.Kind, text string) {
	w.t.Helper()
	require.Error(w.t, err)
	require.Equal(w.t, kind, audit.KindOf(err), "%v", err)
	if text != "" {
		require.EqualError(w.t, err, text)
	}
	e := w.last(a)
	require.NotNil(w.t, e.Failure, "%s", e.Name)
	require.Equal(w.t, kind, e.Failure.Kind)
	require.Nil(w.t, e.Response)
}

func (w *world) encrypt(c kms.Call, n kms.KeyName, plaintext string, context map[string]string) []byte {
	w.t.Helper()
	b, _, err := w.Encrypt(ctx, c, n, []byte(plaintext), kms.CryptoOptions{Context: context})
	require.NoError(w.t, err)
	return b
}

func vague(c kms.Call, action string) string {
	return "User: " + c.Caller.ARN + " is not authorized to perform: kms:" + action + " on this resource because the resource " +
		"does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access"
}

func vagueCiphertext(c kms.Call, action string) string {
	return strings.Replace(vague(c, action), "on this resource", "on the resource associated with this ciphertext", 1)
}

func silent(c kms.Call, k *kms.Key, action, side string) string {
	return "User: " + c.Caller.ARN + " is not authorized to perform: kms:" + action + " on resource: " + k.ARN() +
		" because no " + side + "-based policy allows the kms:" + action + " action"
}
