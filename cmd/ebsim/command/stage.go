package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/ebsim/ebsim/account"
	"github.com/ebsim/ebsim/account/arn"
	"github.com/ebsim/ebsim/account/audit"
	"github.com/ebsim/ebsim/account/policy"
	"github.com/ebsim/ebsim/internal/awsapi"
	"github.com/ebsim/ebsim/internal/clock"
	"github.com/ebsim/ebsim/internal/cloud"
	"github.com/ebsim/ebsim/internal/id"
	"github.com/ebsim/ebsim/internal/lesson"
	"github.com/ebsim/ebsim/internal/state"
	"github.com/ebsim/ebsim/kms"
)

// stage is where a lesson plays: a fresh world in memory under a virtual
// clock, with the lesson's accounts as profiles, and a scratch folder.
type stage struct {
	world    *world
	runner   *lesson.Runner
	folder   string
	keep     bool
	accounts map[arn.AccountID]string // the lesson's names for them
	seen     map[arn.AccountID]string // the last event shown
}

func newStage(ctx context.Context, l *lesson.Lesson, seed uint64) (*stage, error) {
	folder, err := os.MkdirTemp("", "ebsim-"+l.Name+"-")
	if err != nil {
		return nil, err
	}
	c, err := cloud.Open(cloud.Options{Clock: clock.Virtual(cloud.VirtualStart()), IDs: id.Seeded(seed)})
	if err != nil {
		return nil, err
	}
	st := &stage{folder: folder, accounts: map[arn.AccountID]string{}, seen: map[arn.AccountID]string{}}
	st.world = &world{cloud: c, api: awsapi.New(c), profiles: map[string]awsapi.Credentials{}, region: "us-east-1", lesson: true}
	if len(l.Regions) > 0 {
		st.world.region = l.Regions[0]
	}
	if err := st.cast(ctx, l); err != nil {
		return nil, errors.Join(err, st.close())
	}
	st.runner = &lesson.Runner{
		Scratch: folder, Clock: c.Clock(), Timeout: time.Minute,
		Commands: map[string]lesson.Command{
			"aws": func(ctx context.Context, io lesson.IO, args []string) int {
				return st.run(ctx, io, append([]string{"aws"}, args...))
			},
			"ebsim": st.run,
		},
		Sleep: st.sleep,
	}
	return st, nil
}

// cast makes the lesson's accounts and users known as profiles.
func (st *stage) cast(ctx context.Context, l *lesson.Lesson) error {
	c := st.world.cloud
	for _, a := range l.Accounts {
		number := arn.AccountID(a.ID)
		if a.User == "" {
			st.accounts[number] = a.Name
			st.world.profiles[a.Profile()] = awsapi.Credentials{AccessKeyID: a.ID, SecretAccessKey: account.SandboxSecret}
			continue
		}
		err := c.Setup(ctx, func(tx *state.Tx) error {
			if _, err := c.Accounts.CreateUser(tx, number, a.User, ""); err != nil {
				return err
			}
			k, secret, err := c.Accounts.CreateAccessKey(tx, number, a.User)
			if err == nil {
				st.world.profiles[a.Profile()] = awsapi.Credentials{AccessKeyID: k.ID, SecretAccessKey: secret}
			}
			return err
		})
		if err != nil {
			return err
		}
		if st.accounts[number] == "" {
			st.accounts[number] = a.Name
		}
	}
	return nil
}

// run is ebsim, and aws, as a lesson's shell calls them.
func (st *stage) run(ctx context.Context, io lesson.IO, args []string) int {
	return Run(ctx, args, Env{Stdin: io.Stdin, Stdout: io.Stdout, Stderr: io.Stderr, Getenv: io.Getenv, HomeDir: "/lesson",
		files: scratch{io}, world: st.world})
}

// sleep moves the virtual clock and runs the jobs that come due.
func (st *stage) sleep(ctx context.Context, d time.Duration) error {
	c := st.world.cloud
	end := c.Clock().Now().Add(d)
	if err := c.Wait(ctx); err != nil {
		return err
	}
	c.Clock().AdvanceTo(end)
	return c.Wait(ctx)
}

func (st *stage) close() error {
	err := st.world.cloud.Close()
	if !st.keep {
		err = errors.Join(err, os.RemoveAll(st.folder))
	}
	return err
}

// aside tells the KMS calls that a statement caused, the refusals in short.
func (st *stage) aside(ctx context.Context, _ lesson.Statement) string {
	c := st.world.cloud
	if c.Sync(ctx) != nil {
		return ""
	}
	var news []audit.Event
	for _, account := range slices.Sorted(maps.Keys(st.accounts)) {
		var all []audit.Event
		err := c.View(ctx, func(tx *state.Tx) (err error) {
			all, err = c.Trail.Lookup(tx, audit.Filter{Account: account, Newer: st.seen[account]})
			return err
		})
		if err != nil || len(all) == 0 {
			continue
		}
		st.seen[account] = all[0].ID
		news = append(news, all...)
	}
	slices.SortFunc(news, func(a, b audit.Event) int { return cmp.Compare(a.Seq, b.Seq) })
	var lines []string
	for i := range news {
		if e := &news[i]; e.Own() && (e.Source == "kms.amazonaws.com" || e.Failure != nil) {
			lines = append(lines, st.tell(e)...)
		}
	}
	return strings.Join(lines, "\n")
}

// tell says one event in a line or a few.
func (st *stage) tell(e *audit.Event) []string {
	who := st.name(e.Identity.ARN)
	switch {
	case e.Identity.ARN == "":
		who = "the EBS service"
	case e.Identity.Type == "AssumedRole":
		who = "the instance"
	case e.Identity.InvokedBy != "":
		who += " through EC2"
	}
	line := fmt.Sprintf("%s %s as %s", strings.TrimSuffix(e.Source, ".amazonaws.com"), e.Name, who)
	for _, r := range e.Resources {
		line += " on " + st.name(r.ARN)
	}
	context, ok := e.Request["encryptionContext"].(map[string]any)
	if constraints, grant := e.Request["constraints"].(map[string]any); grant {
		line += fmt.Sprintf(", for %v,", e.Request["operations"])
		context, ok = constraints["encryptionContextSubset"].(map[string]any)
	}
	if ok {
		for k, v := range context {
			line += fmt.Sprintf(" {%s: %v}", k, v)
		}
	}
	if e.Failure != nil && e.Failure.Kind != kms.ErrDryRun {
		return append([]string{line + ": REFUSED", "  " + st.name(e.Failure.Message)}, st.fixes(e)...)
	}
	if e.Failure != nil {
		line += " (dry run)"
	}
	return []string{line + ": allowed" + because(e)}
}

// because says which layers allowed a call.
func because(e *audit.Event) string {
	var by []string
	for _, d := range e.Decisions {
		for _, l := range d.Layers {
			said := string(l.Kind)
			if l.Answer == policy.Enables {
				said += " (for the account)"
			}
			if (l.Answer == policy.Allows || l.Answer == policy.Enables) && !slices.Contains(by, said) {
				by = append(by, said)
			}
		}
	}
	switch {
	case len(by) > 0:
		return " by " + strings.Join(by, " and ")
	case strings.HasPrefix(e.Note, "allowed by the grant"):
		return " by the grant made for this"
	case e.Note != "":
		return " (" + e.Note[:strings.IndexAny(e.Note+":", ":,")] + ")"
	}
	return ""
}

// fixes tells the smallest change to each layer that refused.
func (st *stage) fixes(e *audit.Event) []string {
	var out []string
	lead := "  smallest fix: "
	for _, d := range e.Decisions {
		for _, p := range d.Proposals {
			if !p.Alternative {
				out = append(out, lead+"add to "+st.name(p.Where), "    "+oneLine(p.Statement))
				lead = "  and: "
			}
		}
	}
	return append(out, "  ebsim explain "+e.RequestID)
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

var arnForm = regexp.MustCompile(`arn:aws:(iam|kms):([a-z0-9-]*):([0-9]{12}):(root|user/[\w+=,.@/-]+|key/([0-9a-f]{8})[0-9a-f-]{28})`)

// name puts the lesson's names in the place of ARNs that are long to read.
func (st *stage) name(text string) string {
	return arnForm.ReplaceAllStringFunc(text, func(found string) string {
		m := arnForm.FindStringSubmatch(found)
		who := st.accounts[arn.AccountID(m[3])]
		switch {
		case who == "":
			return found
		case m[5] != "":
			return fmt.Sprintf("%s's key %s… in %s", who, m[5], m[2])
		case m[4] == "root":
			return who
		}
		return who + "/" + m[4][strings.LastIndexByte(m[4], '/')+1:]
	})
}
