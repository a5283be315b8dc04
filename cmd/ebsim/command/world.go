package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/ebsim/ebsim/account/arn"
	"github.com/ebsim/ebsim/internal/awsapi"
	"github.com/ebsim/ebsim/internal/awscli"
	"github.com/ebsim/ebsim/internal/cloud"
	"github.com/ebsim/ebsim/internal/rootkey"
	"github.com/ebsim/ebsim/internal/state"
)

// world is an open cloud and how commands reach it.
type world struct {
	cloud    *cloud.Cloud
	api      *awsapi.API
	profiles map[string]awsapi.Credentials
	region   string // the default one
	lesson   bool   // it lasts longer than the command
}

// open gives the world that the command acts on: the lesson's, or the one in
// the data directory.
func (s *shell) open() (*world, error) {
	if s.env.world != nil {
		return s.env.world, nil
	}
	dir := s.data
	if dir == "" {
		dir = s.env.Getenv("EBSIM_DATA")
	}
	if dir == "" {
		return nil, usageError{errors.New("which world? Name a data directory with --data DIR or EBSIM_DATA (a new one is made)")}
	}
	key, err := s.rootKey()
	if err != nil {
		return nil, err
	}
	c, err := cloud.Open(cloud.Options{Dir: dir, RootKey: key, Failed: func(err error) { fmt.Fprintln(s.env.Stderr, "ebsim: trying again:", err) }})
	if errors.Is(err, state.ErrLocked) {
		return nil, fmt.Errorf("%w: two processes never open one data directory", err)
	}
	if err != nil {
		return nil, err
	}
	return &world{cloud: c, api: awsapi.New(c)}, nil
}

func (s *shell) rootKey() (*rootkey.Key, error) {
	text := s.env.Getenv("EBSIM_ROOT_KEY")
	if s.rootKeyFile != "" {
		b, err := os.ReadFile(s.rootKeyFile)
		if err != nil {
			return nil, fmt.Errorf("root key: %w", err)
		}
		text = string(b)
	}
	if text == "" {
		return nil, nil
	}
	return rootkey.Parse(text)
}

// close ends a one-shot command: the jobs that are due are finished first.
func (w *world) close(ctx context.Context) error {
	if w.lesson {
		return nil
	}
	return errors.Join(w.cloud.Wait(ctx), w.cloud.Close())
}

// with opens the world for the time of fn.
func (s *shell) with(ctx context.Context, fn func(*world) error) error {
	w, err := s.open()
	if err != nil {
		return err
	}
	return errors.Join(fn(w), w.close(ctx))
}

// cli is the built-in aws command on a world.
func (s *shell) cli(w *world) awscli.Config {
	e := s.env
	cfg := awscli.Config{
		Table: w.api.Table, Do: w.api.Do, Getenv: e.Getenv, HomeDir: e.HomeDir,
		Stdin: e.Stdin, Stdout: e.Stdout, Stderr: e.Stderr, Profiles: w.profiles, DefaultRegion: w.region,
		ReadFile: func(name string) ([]byte, error) {
			f, _, err := e.files.open(name)
			if err != nil {
				return nil, err
			}
			defer f.Close()
			return io.ReadAll(f)
		},
		WriteFile: func(name string, b []byte) error {
			f, err := e.files.create(name)
			if err != nil {
				return err
			}
			_, err = f.Write(b)
			return errors.Join(err, f.Close())
		},
		Hint: hint,
	}
	if w.cloud.Clock().IsVirtual() {
		cfg.Wait = func(ctx context.Context, _ int) error {
			more, err := w.cloud.Advance(ctx)
			if err == nil && !more { // nothing will change it but time
				w.cloud.Clock().AdvanceTo(w.cloud.Clock().Now().Add(time.Second))
			}
			return err
		}
	}
	return cfg
}

// hint tells how to learn why a request was refused.
func hint(err *awsapi.Error) string {
	switch err.Code {
	case "AccessDeniedException", "UnauthorizedOperation", "AccessDenied", "CustomerKeyHasBeenRevoked", "AuthFailure":
		return "To see why: ebsim explain " + err.RequestID
	}
	return ""
}

// call authenticates the caller of a verb that has no AWS operation.
func (s *shell) call(ctx context.Context, w *world) (call cloud.Call, err error) {
	cfg := s.cli(w)
	creds, region, err := awscli.Resolve(cfg, s.profile, s.region)
	if err != nil {
		return call, err
	}
	call = cloud.Call{Region: arn.Region(region), RequestID: w.cloud.IDs().UUID()}
	if !w.cloud.HasRegion(call.Region) {
		return call, fmt.Errorf("this world has no region %q: it has %s", region, strings.Trim(fmt.Sprint(w.cloud.Regions()), "[]"))
	}
	call.Caller, err = w.cloud.Authenticate(ctx, creds.AccessKeyID, creds.SecretAccessKey)
	call.Caller.SourceIP, call.Caller.UserAgent = "127.0.0.1", "ebsim"
	return call, err
}
