package awscli

import "github.com/ebsim/ebsim/internal/awsapi"

// answers gives one output after another, the last one again and again; an
// error among them is a refusal.
func answers(outs ...any) func(*awsapi.Operation, any) (any, error) {
	i := -1
	return func(*awsapi.Operation, any) (any, error) {
		i = min(i+1, len(outs)-1)
		if err, ok := outs[i].(error); ok {
			return nil, err
		}
		return outs[i], nil
	}
}
