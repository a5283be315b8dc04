package policy

import (
	"slices"
	"strings"
)

// env is what a request's condition keys are looked up in: the request's own
// context, and what follows from its principal, action and encryption context.
type env struct {
	Request
	keys   map[string][]string // by lower-case name
	action string              // in lower case
}

func (e *env) values(key string) []string { return e.keys[strings.ToLower(key)] }

// newEnv adds the keys that every signed request has. A key in the request's
// Context wins over the one that would be added. Encryption context keys that
// differ only in case come together under one condition key.
func newEnv(r Request) *env {
	e := &env{Request: r, keys: make(map[string][]string, len(r.Context)+8), action: strings.ToLower(r.Action)}
	for _, key := range sortedKeys(r.Context) {
		if values := r.Context[key]; len(values) > 0 {
			lower := strings.ToLower(key)
			e.keys[lower] = append(e.keys[lower], values...)
		}
	}
	own := make(map[string]bool, len(e.keys))
	for key := range e.keys {
		own[key] = true
	}
	add := func(key string, values ...string) {
		if key = strings.ToLower(key); !own[key] && values[0] != "" {
			e.keys[key] = append(e.keys[key], values...)
		}
	}
	p := r.Principal
	switch p.Kind {
	case Service:
		add("aws:PrincipalServiceName", p.ARN)
	case Root:
		add("aws:PrincipalType", "Account")
	case User:
		add("aws:PrincipalType", "User")
		add("aws:username", p.Name)
	default:
		add("aws:PrincipalType", "AssumedRole")
	}
	if p.Kind != Service {
		add("aws:PrincipalArn", p.Lasting())
		add("aws:PrincipalAccount", string(p.Account))
		add("aws:userid", p.ID)
	}
	if strings.HasPrefix(e.action, "kms:") {
		add("kms:CallerAccount", string(p.Account))
		if len(r.EncryptionContext) > 0 {
			names := sortedKeys(r.EncryptionContext)
			add("kms:EncryptionContextKeys", names...)
			for _, name := range names {
				key := strings.ToLower("kms:EncryptionContext:" + name)
				if !own[key] {
					e.keys[key] = append(e.keys[key], r.EncryptionContext[name])
				}
			}
		}
	}
	return e
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
