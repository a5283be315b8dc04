package audit_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/ebsim/ebsim/account/audit"
	"github.com/ebsim/ebsim/account/policy"
)

func code(source string, kind audit.Kind) string { return source + "/" + string(kind) }

// TestCloudTrail holds a whole record, as AWS shapes it.
func TestCloudTrail(t *testing.T) {
	e := audit.Event{
		ID: "event", RequestID: "request", SharedID: "shared", Time: start.Add(123 * time.Millisecond), Account: alice, Region: "eu-central-1",
		Type: audit.AwsApiCall, Source: "kms.amazonaws.com", Name: "Decrypt", ReadOnly: true,
		Identity: audit.Identity{Type: "IAMUser", PrincipalID: "AIDA", ARN: "arn:aws:iam::111122223333:user/dev", AccountID: alice, AccessKeyID: "AKIA", UserName: "dev"},
		SourceIP: "192.0.2.1", UserAgent: "aws-cli", Cause: "not told", Note: "not told",
		Request:    audit.Fields{"keyId": "k", "encryptionContext": map[string]string{"aws:ebs:id": "vol-1"}},
		Additional: audit.Fields{"keyMaterialId": "m"},
		Resources:  []audit.Resource{{AccountID: alice, Type: "AWS::KMS::Key", ARN: "arn:aws:kms:eu-central-1:111122223333:key/k"}},
		Decisions:  []policy.Compact{{Outcome: policy.Allowed}},
	}
	b, err := e.CloudTrail(code)
	require.NoError(t, err)
	require.Equal(t, `{"eventVersion":"1.11",`+
		`"userIdentity":{"type":"IAMUser","principalId":"AIDA","arn":"arn:aws:iam::111122223333:user/dev","accountId":"111122223333","accessKeyId":"AKIA","userName":"dev"},`+
		`"eventTime":"2026-03-01T12:00:00Z","eventSource":"kms.amazonaws.com","eventName":"Decrypt","awsRegion":"eu-central-1",`+
		`"sourceIPAddress":"192.0.2.1","userAgent":"aws-cli",`+
		`"requestParameters":{"encryptionContext":{"aws:ebs:id":"vol-1"},"keyId":"k"},"responseElements":null,"additionalEventData":{"keyMaterialId":"m"},`+
		`"requestID":"request","eventID":"event","readOnly":true,`+
		`"resources":[{"accountId":"111122223333","type":"AWS::KMS::Key","ARN":"arn:aws:kms:eu-central-1:111122223333:key/k"}],`+
		`"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333","sharedEventID":"shared","eventCategory":"Management"}`, string(b))
}

func record(t *testing.T, e audit.Event) map[string]any {
	t.Helper()
	b, err := e.CloudTrail(code)
	require.NoError(t, err)
	var m map[string]any
	require.NoError(t, json.Unmarshal(b, &m))
	return m
}

func TestCloudTrailOfAFailure(t *testing.T) {
	e := audit.Event{Source: "ec2.amazonaws.com", Failure: &audit.Failure{Kind: "in use", Message: "vol-1 is in use"}}
	m := record(t, e)
	require.Equal(t, "ec2.amazonaws.com/in use", m["errorCode"])
	require.Equal(t, "vol-1 is in use", m["errorMessage"])
	require.Contains(t, m, "requestParameters")
	require.Nil(t, m["requestParameters"])
	require.Nil(t, m["responseElements"])
	for _, absent := range []string{"additionalEventData", "resources", "sharedEventID", "serviceEventDetails", "vpcEndpointId", "requestID"} {
		require.NotContains(t, m, absent)
	}
	for _, n := range []int{1023, 1024, 1025} {
		e.Failure.Message = strings.Repeat("x", n)
		require.Len(t, record(t, e)["errorMessage"], min(n, 1024))
	}
	e.Failure.Message = "x" + strings.Repeat("ü", 600)
	cut := record(t, e)["errorMessage"].(string)
	require.True(t, utf8.ValidString(cut))
	require.Len(t, cut, 1023, "no half of a character")
	e.Failure = nil
	require.NotContains(t, record(t, e), "errorCode")
}

func TestCloudTrailOfServices(t *testing.T) {
	forwarded := audit.Caller{Principal: policy.Principal{Kind: policy.Root, Account: alice, ARN: alice.Root(), ID: string(alice)},
		SourceIP: "192.0.2.1", AccessKeyID: "AKIA"}.Through("ec2-frontend-api.amazonaws.com")
	e := audit.Event{Type: audit.AwsApiCall, Identity: forwarded.Identity("eu-central-1"), SourceIP: forwarded.SourceIP, UserAgent: forwarded.UserAgent}
	m := record(t, e)
	require.Equal(t, "AWS Internal", m["vpcEndpointId"])
	require.Equal(t, "AWS Internal", m["vpcEndpointAccountId"])
	require.Equal(t, "ec2-frontend-api.amazonaws.com", m["sourceIPAddress"])
	require.Equal(t, map[string]any{"type": "Root", "principalId": string(alice), "arn": alice.Root(), "accountId": string(alice),
		"accessKeyId": "AKIA", "invokedBy": "ec2-frontend-api.amazonaws.com"}, m["userIdentity"])

	e = audit.Event{Type: audit.AwsServiceEvent, Identity: audit.Service("ebs.amazonaws.com").Identity("eu-central-1"), Service: audit.Fields{"snapshotId": "snap-1"}}
	m = record(t, e)
	require.NotContains(t, m, "vpcEndpointId")
	require.Equal(t, map[string]any{"snapshotId": "snap-1"}, m["serviceEventDetails"])
	require.Equal(t, map[string]any{"type": "AWSService", "invokedBy": "ebs.amazonaws.com"}, m["userIdentity"])
	require.Equal(t, "AwsServiceEvent", m["eventType"])

	m = record(t, audit.Event{Type: audit.AwsApiCall, Identity: audit.Infrastructure(alice, "i-1").Identity("eu-central-1")})
	require.Equal(t, map[string]any{"type": "AssumedRole", "principalId": "111122223333:aws:ec2-infrastructure:i-1",
		"arn": "arn:aws:sts::111122223333:assumed-role/aws:ec2-infrastructure/i-1", "accountId": "111122223333", "invokedBy": "AWS Internal",
		"sessionContext": map[string]any{"sessionIssuer": map[string]any{"type": "Role", "principalId": "111122223333:aws:ec2-infrastructure",
			"arn": "arn:aws:iam::111122223333:role/aws:ec2-infrastructure", "accountId": "111122223333", "userName": "aws:ec2-infrastructure"}},
		"inScopeOf": map[string]any{"issuerType": "AWS::EC2::Instance", "credentialsIssuedTo": "arn:aws:ec2:eu-central-1:111122223333:instance/i-1"},
	}, m["userIdentity"])
}

func TestKinds(t *testing.T) {
	const kind audit.Kind = "thing: is missing"
	err := fmt.Errorf("while looking: %w", kind.Errorf("no %s", "x"))
	require.ErrorIs(t, err, kind)
	require.Equal(t, kind, audit.KindOf(err))
	require.Equal(t, kind, audit.KindOf(&audit.Failed{Event: &audit.Event{}, Err: err}))
	require.Equal(t, audit.Internal, audit.KindOf(errors.New("disk full")))
	require.Equal(t, audit.Kind(""), audit.KindOf(nil))
	require.EqualError(t, kind.Errorf(""), string(kind), "an error is never without a text")
	denied := policy.Decide(policy.Request{Principal: policy.Principal{Kind: policy.User}, Action: "kms:ListKeys"}, policy.Policies{}).Err()
	require.Equal(t, audit.Denied, audit.KindOf(fmt.Errorf("x: %w", denied)))

	e := audit.Event{Response: audit.Fields{"a": 1}}
	e.Fail(err)
	require.Equal(t, kind, e.Failure.Kind)
	require.Equal(t, "no x", e.Failure.Message)
	require.Nil(t, e.Response)
}

func TestUsernames(t *testing.T) {
	for want, id := range map[string]audit.Identity{
		"dev":               {Type: "IAMUser", ARN: "arn:aws:iam::111122223333:user/team/dev", UserName: "dev"},
		"root":              {Type: "Root", ARN: alice.Root()},
		"i-1":               {Type: "AssumedRole", ARN: "arn:aws:sts::111122223333:assumed-role/aws:ec2-infrastructure/i-1"},
		"ebs.amazonaws.com": {Type: "AWSService", InvokedBy: "ebs.amazonaws.com"},
	} {
		e := audit.Event{Identity: id}
		require.Equal(t, want, e.Username())
	}
}
