package awsapi

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/ebsim/ebsim/account/audit"
	"github.com/ebsim/ebsim/internal/cloud"
)

type lookupAttribute struct {
	AttributeKey   string `required:"true" enum:"EventId|EventName|ReadOnly|Username|ResourceType|ResourceName|EventSource|AccessKeyId"`
	AttributeValue string `required:"true"`
}

type lookupEventsInput struct {
	LookupAttributes []lookupAttribute
	StartTime        *time.Time
	EndTime          *time.Time
	MaxResults       *int64
	NextToken        string
}

type eventResource struct{ ResourceType, ResourceName string }

type event struct {
	EventId         string
	EventName       string
	ReadOnly        string
	AccessKeyId     string
	EventTime       time.Time
	EventSource     string
	Username        string
	Resources       []eventResource
	CloudTrailEvent string
}

type lookupEventsOutput struct {
	Events    []event
	NextToken string
}

// filter reads a request. (AWS: "LookupEvents".)
func (in *lookupEventsInput) filter(c *Call) (audit.Filter, error) {
	f := audit.Filter{Account: c.Caller.Account, Region: c.Region, After: in.NextToken, Limit: int(or(in.MaxResults, 50))}
	if f.Limit < 1 || f.Limit > 50 {
		return f, errValidation.Errorf("Invalid value for MaxResults: %d. It is 1 to 50.", f.Limit)
	}
	if in.StartTime != nil {
		f.From = *in.StartTime
	}
	if in.EndTime != nil {
		f.To = in.EndTime.Add(time.Nanosecond) // inclusive
	}
	if len(in.LookupAttributes) > 1 {
		return f, errValidation.Errorf("You can specify only one attribute in a lookup request.")
	}
	for _, a := range in.LookupAttributes {
		switch v := a.AttributeValue; a.AttributeKey {
		case "EventId":
			f.ID = v
		case "EventName":
			f.Name = v
		case "ReadOnly":
			b, err := strconv.ParseBool(v)
			if err != nil {
				return f, errValidation.Errorf("Invalid value for ReadOnly: %s", v)
			}
			f.ReadOnly = &b
		case "Username":
			f.Principal = v
		case "ResourceType":
			f.Type = v
		case "ResourceName":
			f.Resource = v
		case "EventSource":
			f.Source = v
		case "AccessKeyId":
			f.AccessKey = v
		default:
			return f, errValidation.Errorf("Invalid lookup attribute %s", a.AttributeKey)
		}
	}
	return f, nil
}

func eventOf(e *audit.Event) (event, error) {
	text, err := e.CloudTrail(TrailCode)
	out := event{EventId: e.ID, EventName: e.Name, ReadOnly: strconv.FormatBool(e.ReadOnly), AccessKeyId: e.Identity.AccessKeyID,
		EventTime: e.Time, EventSource: e.Source, Username: e.Username(), CloudTrailEvent: string(text)}
	for _, r := range e.Resources {
		name := r.ARN
		if !strings.HasPrefix(r.Type, "AWS::KMS") {
			name = name[strings.LastIndexByte(name, '/')+1:]
		}
		out.Resources = append(out.Resources, eventResource{r.Type, name})
	}
	return out, err
}

func cloudtrailOperations() []*Operation {
	return []*Operation{
		declare("cloudtrail", "LookupEvents", "Finds events of the account in the region, newest first.", func(ctx context.Context, c *Call, in *lookupEventsInput) (*lookupEventsOutput, error) {
			out := &lookupEventsOutput{Events: []event{}}
			f, err := in.filter(c)
			if err != nil {
				return nil, err
			}
			if err := c.Sync(ctx); err != nil {
				return nil, err
			}
			return out, c.asks(ctx, true, nil, func(tx *cloud.Tx) error {
				all, err := c.Trail.Lookup(tx.Tx, f)
				if err != nil {
					return err
				}
				for i := range all {
					e, err := eventOf(&all[i])
					if err != nil {
						return err
					}
					out.Events = append(out.Events, e)
				}
				if len(all) == f.Limit {
					out.NextToken = all[len(all)-1].ID
				}
				return nil
			})
		}),
	}
}
