package awscli

import (
	"bytes"
	"context"
	"io/fs"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/ebsim/ebsim/internal/awsapi"
	"github.com/stretchr/testify/require"
)

// The fake operations below have every kind of member between them.

type tag struct{ Key, Value string }

type filter struct {
	Name   string
	Values []string
}

type ebsDevice struct {
	VolumeSize          *int64
	Encrypted           *bool
	KmsKeyId            string
	DeleteOnTermination *bool
}

type deviceMapping struct {
	DeviceName string
	Ebs        *ebsDevice
}

type state struct {
	Name string
	Code int64
}

type snapshot struct {
	SnapshotId string
	State      string
	VolumeSize int64
	Encrypted  bool
	StartTime  time.Time
	Tags       []tag
	Progress   string
}

type attrBool struct{ Value *bool }

type (
	describeSnapshotsIn struct {
		Filters     []filter `wire:"Filter"`
		SnapshotIds []string
		OwnerIds    []string
		MaxResults  *int64
		NextToken   string
		DryRun      *bool
	}
	describeSnapshotsOut struct {
		Snapshots []snapshot
		NextToken string
	}
	describeVolumesIn struct {
		VolumeIds []string
		Filters   []filter
	}
	volume struct {
		VolumeId, State string
	}
	describeVolumesOut struct{ Volumes []volume }
	permission         struct{ UserId, Group string }
	permissionChange   struct{ Add, Remove []permission }
	modifyIn           struct {
		SnapshotId             string `required:"true"`
		Attribute              string `enum:"productCodes|createVolumePermission"`
		OperationType          string `enum:"add|remove"`
		UserIds                []string
		CreateVolumePermission *permissionChange
		AutoEnableIO           *attrBool
		DryRun                 *bool
	}
	runInstancesIn struct {
		BlockDeviceMappings []deviceMapping
		ImageId             string
		MinCount, MaxCount  int64 `required:"true"`
		DryRun              *bool
	}
	instance struct {
		InstanceId string
		State      *state
	}
	reservation          struct{ Instances []instance }
	runInstancesOut      struct{ Instances []instance }
	describeInstancesIn  struct{ InstanceIds []string }
	describeInstancesOut struct{ Reservations []reservation }
	empty                struct{}

	encryptIn struct {
		KeyId               string `required:"true"`
		Plaintext           []byte `required:"true" sensitive:"true"`
		EncryptionContext   map[string]string
		GrantTokens         []string
		EncryptionAlgorithm string `enum:"SYMMETRIC_DEFAULT|RSAES_OAEP_SHA_256"`
		DryRun              *bool
	}
	encryptOut struct {
		CiphertextBlob      []byte
		KeyId               string
		EncryptionAlgorithm string
	}
	listKeysIn struct {
		Limit  *int64
		Marker string
	}
	keyEntry    struct{ KeyId, KeyArn string }
	listKeysOut struct {
		Keys       []keyEntry
		NextMarker string
		Truncated  bool
	}
	lookupEventsIn struct {
		StartTime, EndTime time.Time
		Sample             *float64
	}
	lookupEventsOut struct {
		At      time.Time
		Context map[string]string
		Nothing *string
		Some    *string
		None    []string
		Empty   []string
		Size    int64
		Rate    float64
		Flag    bool
	}
	getGroupIn struct {
		GroupName string `required:"true"`
		Marker    string
		MaxItems  *int64
	}
	getGroupOut struct {
		Group       tag
		Users       []tag
		IsTruncated bool
		Marker      string
	}
	assumeRoleIn struct {
		RoleArn         string `required:"true"`
		RoleSessionName string `required:"true"`
		ExternalId      string
	}
	stsCredentials struct {
		AccessKeyId, SecretAccessKey, SessionToken string
		Expiration                                 time.Time
	}
	assumeRoleOut struct{ Credentials *stsCredentials }
	getBlockIn    struct {
		SnapshotId string `required:"true"`
		BlockIndex *int64 `required:"true"`
	}
	getBlockOut struct {
		DataLength int64
		BlockData  []byte
		Checksum   string
	}
	putBlockIn struct {
		BlockIndex *int64 `required:"true"`
		BlockData  []byte `required:"true" sensitive:"true"`
	}
)

func fakeOp[In, Out any](service, name string) *awsapi.Operation {
	return &awsapi.Operation{Service: service, Name: name, Doc: "Does " + name + ".",
		Input: reflect.TypeFor[In](), Output: reflect.TypeFor[Out]()}
}

func fakeTable() *awsapi.Table {
	return awsapi.NewTable(
		fakeOp[describeSnapshotsIn, describeSnapshotsOut]("ec2", "DescribeSnapshots"),
		fakeOp[describeVolumesIn, describeVolumesOut]("ec2", "DescribeVolumes"),
		fakeOp[describeInstancesIn, describeInstancesOut]("ec2", "DescribeInstances"),
		fakeOp[modifyIn, empty]("ec2", "ModifySnapshotAttribute"),
		fakeOp[runInstancesIn, runInstancesOut]("ec2", "RunInstances"),
		fakeOp[encryptIn, encryptOut]("kms", "Encrypt"),
		fakeOp[listKeysIn, listKeysOut]("kms", "ListKeys"),
		fakeOp[lookupEventsIn, lookupEventsOut]("cloudtrail", "LookupEvents"),
		fakeOp[getGroupIn, getGroupOut]("iam", "GetGroup"),
		fakeOp[assumeRoleIn, assumeRoleOut]("sts", "AssumeRole"),
		fakeOp[getBlockIn, getBlockOut]("ebs", "GetSnapshotBlock"),
		fakeOp[putBlockIn, empty]("ebs", "PutSnapshotBlock"),
	)
}

// world is what one command sees and leaves.
type world struct {
	t              *testing.T
	env            map[string]string
	files          map[string]string
	cfg            Config
	stdout, stderr bytes.Buffer

	in     any // the last input
	op     *awsapi.Operation
	creds  awsapi.Credentials
	region string
	calls  int
	answer func(op *awsapi.Operation, in any) (any, error)
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, files: map[string]string{}, env: map[string]string{
		"AWS_ACCESS_KEY_ID": "111111111111", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "eu-west-1"}}
	w.cfg = Config{
		Table:  fakeTable(),
		Getenv: func(k string) string { return w.env[k] },
		ReadFile: func(name string) ([]byte, error) {
			if s, ok := w.files[name]; ok {
				return []byte(s), nil
			}
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		},
		WriteFile: func(name string, data []byte) error { w.files[name] = string(data); return nil },
		HomeDir:   "/home/u",
		Stdin:     strings.NewReader("from stdin"),
		Stdout:    &w.stdout, Stderr: &w.stderr,
		Wait: func(context.Context, int) error { return nil },
		Do: func(_ context.Context, op *awsapi.Operation, creds awsapi.Credentials, region string, in any) (any, error) {
			w.op, w.creds, w.region, w.in = op, creds, region, in
			w.calls++
			if w.answer == nil {
				return reflect.New(op.Output).Interface(), nil
			}
			return w.answer(op, in)
		},
	}
	return w
}

// run does one command from its words.
func (w *world) run(args ...string) int {
	w.stdout.Reset()
	w.stderr.Reset()
	w.calls, w.in = 0, nil
	return Run(context.Background(), args, w.cfg)
}

// ok does one command that must succeed and gives what it printed.
func (w *world) ok(args ...string) string {
	w.t.Helper()
	require.Equal(w.t, ExitOK, w.run(args...), "stderr: %s", w.stderr.String())
	require.Empty(w.t, w.stderr.String())
	return w.stdout.String()
}

// fails does one command that must fail so, and gives its stderr.
func (w *world) fails(status int, args ...string) string {
	w.t.Helper()
	require.Equal(w.t, status, w.run(args...), "stdout: %s stderr: %s", w.stdout.String(), w.stderr.String())
	require.Empty(w.t, w.stdout.String())
	return w.stderr.String()
}

func ptr[T any](v T) *T { return &v }
