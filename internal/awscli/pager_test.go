package awscli

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/ebsim/ebsim/internal/awsapi"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// served answers ListKeys with n keys, size a page unless Limit says.
func served(n, size int) func(*awsapi.Operation, any) (any, error) {
	return func(_ *awsapi.Operation, in any) (any, error) {
		q := in.(*listKeysIn)
		at, _ := strconv.Atoi(q.Marker)
		step := size
		if q.Limit != nil {
			step = int(*q.Limit)
		}
		out := &listKeysOut{Keys: []keyEntry{}}
		for i := at; i < min(at+step, n); i++ {
			out.Keys = append(out.Keys, keyEntry{KeyId: strconv.Itoa(i)})
		}
		if at+step < n {
			out.Truncated, out.NextMarker = true, strconv.Itoa(at+step)
		}
		return out, nil
	}
}

func TestPages(t *testing.T) {
	w := newWorld(t)
	w.answer = served(5, 2)
	require.Equal(t, "0\t1\t2\t3\t4\n", strings.ReplaceAll(w.ok("kms", "list-keys", "--query", "Keys[].KeyId", "--output", "text"), "\n", "\t")[:9]+"\n")
	require.Equal(t, 3, w.calls)
	require.Equal(t, "0\t1\n2\t3\n4\n", w.ok("kms", "list-keys", "--query", "Keys[].KeyId", "--output", "text"), "text is printed page by page")
	require.Equal(t, "5\n", w.ok("kms", "list-keys", "--query", "length(Keys)"), "anything else at once")
	require.NotContains(t, w.ok("kms", "list-keys"), "Truncated")

	one := w.ok("kms", "list-keys", "--no-paginate")
	require.Equal(t, 1, w.calls)
	require.Contains(t, one, `"NextMarker": "2"`)
	require.Contains(t, one, `"Truncated": true`)

	require.Contains(t, w.ok("kms", "list-keys", "--limit", "4"), `"NextMarker": "4"`, "paging by hand turns following off")
	require.Contains(t, w.ok("kms", "list-keys", "--cli-input-json", `{"Marker":"1"}`), `"NextMarker": "3"`)

	w.ok("kms", "list-keys", "--page-size", "1")
	require.Equal(t, 5, w.calls)
}

func TestMaxItems(t *testing.T) {
	w := newWorld(t)
	w.answer = served(5, 2)
	require.Equal(t, "\"eyJNYXJrZXIiOiAiMiIsICJib3RvX3RydW5jYXRlX2Ftb3VudCI6IDF9\"\n", w.ok("kms", "list-keys", "--max-items", "3", "--query", "NextToken"),
		`that is {"Marker": "2", "boto_truncate_amount": 1}`)
	require.Equal(t, "KEYS\t0\nNEXTTOKEN\teyJNYXJrZXIiOiBudWxsLCAiYm90b190cnVuY2F0ZV9hbW91bnQiOiAxfQ==\n",
		strings.ReplaceAll(w.ok("kms", "list-keys", "--max-items", "1", "--output", "text"), "\t\t", "\t"))
	require.Equal(t, "[\n    \"3\",\n    \"4\"\n]\n", w.ok("kms", "list-keys", "--starting-token", "3", "--query", "Keys[].KeyId"),
		"a token that is not the command's own is the service's")
	w.fails(ExitUsage, "kms", "list-keys", "--max-items", "0")
	w.fails(ExitUsage, "kms", "list-keys", "--page-size", "x")
}

// Whatever the sizes, going on from each NextToken gives every key once, in
// order.
func TestResumeProperty(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n, size := rapid.IntRange(0, 12).Draw(r, "keys"), rapid.IntRange(1, 5).Draw(r, "page")
		items := rapid.IntRange(1, 6).Draw(r, "items")
		w := newWorld(t)
		w.answer = served(n, size)
		var got []string
		token := ""
		for range 20 {
			args := []string{"kms", "list-keys", "--max-items", strconv.Itoa(items), "--query", "[Keys[].KeyId, NextToken]"}
			if token != "" {
				args = append(args, "--starting-token", token)
			}
			v, err := parseJSON(w.ok(args...))
			require.NoError(t, err)
			keys := v.([]any)[0].([]any)
			require.LessOrEqual(t, len(keys), items)
			for _, k := range keys {
				got = append(got, k.(string))
			}
			next, more := v.([]any)[1].(string)
			if !more {
				break
			}
			token = next
		}
		require.Len(t, got, n)
		for i, k := range got {
			require.Equal(t, strconv.Itoa(i), k)
		}
	})
}

func TestPagesByConvention(t *testing.T) {
	w := newWorld(t)
	w.answer = answers(&getGroupOut{Group: tag{"g", "1"}, Users: []tag{{"u", "1"}}, IsTruncated: true, Marker: "m"},
		&getGroupOut{Group: tag{"g", "1"}, Users: []tag{{"u", "2"}}})
	require.Equal(t, "[\n    \"Users\",\n    \"Group\"\n]\n", w.ok("iam", "get-group", "--group-name", "g", "--query", "keys(@)"))
	require.Equal(t, 2, w.calls)
	require.Equal(t, "m", w.in.(*getGroupIn).Marker)
	require.Equal(t, "us-east-1", func() string {
		w.env["AWS_REGION"] = ""
		w.ok("iam", "get-group", "--group-name", "g")
		return w.region
	}())

	w.answer = nil
	w.ok("iam", "get-group", "--group-name", "g", "--max-items", "7")
	require.Nil(t, w.in.(*getGroupIn).MaxItems, "the unified option")
	w.ok("iam", "get-group", "--group-name", "g", "--max-items", "7", "--no-paginate")
	require.EqualValues(t, 7, *w.in.(*getGroupIn).MaxItems, "IAM's own")

	w.env["AWS_REGION"] = "eu-west-1"
	w.answer = answers(&describeSnapshotsOut{NextToken: "same"})
	require.Contains(t, w.fails(ExitInternal, "ec2", "describe-snapshots"), "The same next token was received twice: {'NextToken': 'same'}")
}

func TestStartingToken(t *testing.T) {
	enc := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	for _, c := range []struct {
		in, token string
		skip      int
	}{
		{"", "", 0}, {"plain", "plain", 0}, {enc("[]"), enc("[]"), 0}, {enc(`{"Marker": "x"}`), "x", 0},
		{enc(`{"Marker": null, "boto_truncate_amount": 4}`), "", 4}, {enc(`{"Marker": "x", "boto_truncate_amount": -4}`), "x", 0},
	} {
		token, skip := startingToken(c.in, "Marker")
		require.Equal(t, fmt.Sprint(c.token, c.skip), fmt.Sprint(token, skip), c.in)
	}
}
