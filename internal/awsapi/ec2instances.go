package awsapi

import (
	"context"
	"time"

	"github.com/ebsim/ebsim/internal/cloud"
	"github.com/ebsim/ebsim/volume"
)

type placement struct {
	AvailabilityZone string `wire:"availabilityZone"`
}

type instanceState struct {
	Code int64  `wire:"code"`
	Name string `wire:"name"`
}

type instance struct {
	ImageId      string        `wire:"imageId"`
	InstanceId   string        `wire:"instanceId"`
	InstanceType string        `wire:"instanceType"`
	LaunchTime   time.Time     `wire:"launchTime"`
	Placement    placement     `wire:"placement"`
	State        instanceState `wire:"instanceState"`
	Tags         []tag         `wire:"tagSet"`
}

type reservation struct {
	OwnerId   string     `wire:"ownerId"`
	Instances []instance `wire:"instancesSet"`
}

type runInstancesInput struct {
	ImageId           string
	InstanceType      string
	MaxCount          int64 `required:"true"`
	MinCount          int64 `required:"true"`
	Placement         *placement
	TagSpecifications []tagSpecification `wire:"TagSpecification"`
	DryRun            bool               `wire:"dryRun"`
}

type instanceIDsInput struct {
	InstanceIds []string `wire:"InstanceId"`
	DryRun      bool     `wire:"dryRun"`
	Filters     []filter `wire:"Filter"`
}

type describeInstancesOutput struct {
	NextToken    string        `wire:"nextToken"`
	Reservations []reservation `wire:"reservationSet"`
}

type instanceStateChange struct {
	InstanceId    string        `wire:"instanceId"`
	CurrentState  instanceState `wire:"currentState"`
	PreviousState instanceState `wire:"previousState"`
}

type terminateInstancesOutput struct {
	TerminatingInstances []instanceStateChange `wire:"instancesSet"`
}

type terminateInstancesInput struct {
	InstanceIds []string `wire:"InstanceId" required:"true"`
	DryRun      bool     `wire:"dryRun"`
}

func stateOf(s volume.InstanceState) instanceState {
	code := map[volume.InstanceState]int64{volume.Pending: 0, volume.Running: 16, volume.Terminated: 48, volume.Stopped: 80}[s]
	return instanceState{code, string(s)}
}

func instanceOf(i *volume.Instance) instance {
	out := instance{ImageId: i.Image, InstanceId: i.ID, InstanceType: i.Type, LaunchTime: i.Launched,
		Placement: placement{i.Zone}, State: stateOf(i.State)}
	for _, t := range i.Tags {
		out.Tags = append(out.Tags, tag(t))
	}
	return out
}

func instanceFilter(i *volume.Instance) values {
	return func(name string) ([]string, bool) {
		switch name {
		case "instance-id":
			return []string{i.ID}, true
		case "instance-state-name":
			return []string{string(i.State)}, true
		case "availability-zone":
			return []string{i.Zone}, true
		case "image-id":
			return []string{i.Image}, true
		}
		return tagValues(name, i.Tags)
	}
}

func ec2Instances() []*Operation {
	return []*Operation{
		declare("ec2", "RunInstances", "Makes instances: names to attach volumes to.", func(ctx context.Context, c *Call, in *runInstancesInput) (*reservation, error) {
			tags, err := tagsFor(in.TagSpecifications, "instance")
			if err != nil {
				return nil, err
			}
			zone := ""
			if in.Placement != nil {
				zone = in.Placement.AvailabilityZone
			}
			made, err := c.RunInstances(ctx, c.Call, zone, in.ImageId, in.InstanceType, in.MaxCount, volumeTags(tags), in.DryRun)
			out := &reservation{OwnerId: string(c.Caller.Account)}
			for i := range made {
				out.Instances = append(out.Instances, instanceOf(&made[i]))
			}
			return out, err
		}),
		declare("ec2", "DescribeInstances", "Tells about instances.", func(ctx context.Context, c *Call, in *instanceIDsInput) (*describeInstancesOutput, error) {
			out := &describeInstancesOutput{Reservations: []reservation{}}
			return out, c.asks(ctx, true, nil, func(tx *cloud.Tx) error {
				all, err := volume.Instances(tx.Tx, c.Region, c.Caller.Account)
				if len(in.InstanceIds) > 0 {
					all = nil
					for _, id := range in.InstanceIds {
						i, err := volume.FindInstance(tx.Tx, c.Region, c.Caller.Account, id)
						if err != nil {
							return err
						}
						all = append(all, *i)
					}
				}
				for i := range all {
					ok, err := matches(in.Filters, instanceFilter(&all[i]))
					if err != nil {
						return err
					}
					if ok {
						out.Reservations = append(out.Reservations, reservation{string(c.Caller.Account), []instance{instanceOf(&all[i])}})
					}
				}
				if err == nil {
					err = tx.DryRun(in.DryRun)
				}
				return err
			})
		}),
		declare("ec2", "TerminateInstances", "Ends instances and frees their volumes.", func(ctx context.Context, c *Call, in *terminateInstancesInput) (*terminateInstancesOutput, error) {
			out := &terminateInstancesOutput{}
			for _, id := range in.InstanceIds {
				was, err := c.TerminateInstance(ctx, c.Call, id, in.DryRun)
				if err != nil {
					return nil, err
				}
				out.TerminatingInstances = append(out.TerminatingInstances, instanceStateChange{id, stateOf(volume.Terminated), stateOf(was.State)})
			}
			return out, nil
		}),
	}
}
