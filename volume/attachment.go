package volume

import (
	"regexp"
	"slices"
	"time"

	"github.com/ebsim/ebsim/account/arn"
	"github.com/ebsim/ebsim/internal/state"
)

// AttachmentState is how far an attachment is.
type AttachmentState string

// The states of an attachment.
const (
	Attaching AttachmentState = "attaching"
	Attached  AttachmentState = "attached"
	Detaching AttachmentState = "detaching"
	Detached  AttachmentState = "detached"
)

// Attachment is a volume's place at an instance.
type Attachment struct {
	Instance string
	Device   string
	State    AttachmentState
	Since    time.Time
	GrantID  string `json:",omitempty"` // under which the instance decrypts
	DeleteOn bool   `json:",omitempty"` // delete with the instance
	Impaired string `json:",omitempty"` // why I/O fails: the key was refused at a restart
}

// At gives the attachment, or nil: a volume has one at most.
func (v *Volume) At() *Attachment {
	if len(v.Attachments) == 0 {
		return nil
	}
	return &v.Attachments[0]
}

// Attachable checks that the volume can be attached to an instance under a
// device name. It fails with ErrInUse, ErrIncorrectState, ErrZoneMismatch and
// ErrInvalidParameter.
func (v *Volume) Attachable(tx *state.Tx, i *Instance, device string) error {
	switch {
	case v.State == InUse:
		return ErrInUse.Errorf("%s is already attached to an instance", v.ID)
	case v.State != Available:
		return ErrIncorrectState.Errorf("Volume '%s' is in the '%s' state.", v.ID, v.State)
	case i.State != Running && i.State != Stopped:
		return ErrIncorrectState.Errorf("Instance '%s' is not 'running'.", i.ID)
	case i.Zone != v.Zone:
		return ErrZoneMismatch.Errorf("The volume '%s' is not in the same availability zone as instance '%s'", v.ID, i.ID)
	case !deviceForm.MatchString(device):
		return ErrInvalidParameter.Errorf("Value (%s) for parameter device is invalid. %s is not a valid EBS device name.", device, device)
	}
	taken, err := AttachedTo(tx, i)
	for _, o := range taken {
		if o.At().Device == device && err == nil {
			err = ErrInvalidParameter.Errorf("Invalid value '%s' for unixDevice. Attachment point %s is already in use", device, device)
		}
	}
	return err
}

var deviceForm = regexp.MustCompile(`^(/dev/)?(sd[a-z][0-9]{0,2}|xvd[a-z]{1,2}[0-9]{0,2}|nvme[0-9]+n1)$`)

// AttachedTo gives the volumes attached to an instance, by device.
func AttachedTo(tx *state.Tx, i *Instance) ([]Volume, error) {
	all, err := state.All[Volume](tx, volumes, state.Key(string(i.Region)), version)
	var at []Volume
	for _, v := range all {
		if a := v.At(); a != nil && a.Instance == i.ID && v.Account == i.Account {
			at = append(at, v)
		}
	}
	slices.SortFunc(at, func(a, b Volume) int {
		if a.At().Device < b.At().Device {
			return -1
		}
		return 1
	})
	return at, err
}

// InstanceState is the state of an instance.
type InstanceState string

// The states of an instance.
const (
	Pending    InstanceState = "pending"
	Running    InstanceState = "running"
	Stopped    InstanceState = "stopped"
	Terminated InstanceState = "terminated"
)

// Instance is a name to attach volumes to; nothing runs on it.
type Instance struct {
	ID       string
	Account  arn.AccountID
	Region   arn.Region
	Zone     string
	Image    string
	Type     string
	State    InstanceState
	Reason   string `json:",omitempty"` // StateReason code
	Message  string `json:",omitempty"`
	Launched time.Time
	Ended    time.Time `json:",omitzero"`
	Tags     []Tag     `json:",omitempty"`
}

// ARN names the instance.
func (i *Instance) ARN() string {
	return arn.New("ec2", i.Region, i.Account, "instance/"+i.ID).String()
}

// Save writes the record.
func (i *Instance) Save(tx *state.Tx) error {
	return state.Save(tx, instances, state.Key(string(i.Region), i.ID), version, i)
}

var instanceForm = regexp.MustCompile(`^i-([0-9a-f]{8}|[0-9a-f]{17})$`)

// FindInstance gives an account's instance. It fails with
// ErrInstanceMalformed and ErrInstanceNotFound.
func FindInstance(tx *state.Tx, region arn.Region, account arn.AccountID, id string) (*Instance, error) {
	if !instanceForm.MatchString(id) {
		return nil, ErrInstanceMalformed.Errorf("Invalid id: %q", id)
	}
	i, ok, err := state.Load[Instance](tx, instances, state.Key(string(region), id), version)
	if err == nil && (!ok || i.Account != account) {
		err = ErrInstanceNotFound.Errorf("The instance ID '%s' does not exist", id)
	}
	if err != nil {
		return nil, err
	}
	return &i, nil
}

// Instances gives an account's instances in a region by id.
func Instances(tx *state.Tx, region arn.Region, account arn.AccountID) ([]Instance, error) {
	all, err := state.All[Instance](tx, instances, state.Key(string(region)), version)
	return slices.DeleteFunc(all, func(i Instance) bool { return i.Account != account }), err
}
