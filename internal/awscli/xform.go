package awscli

import (
	"regexp"
	"strings"
)

// The three rules of botocore's xform_name, in its order: a plural of an
// acronym at the end (KeyARNs) is one word, a capital with small letters
// starts a word, and a small letter or digit before a capital ends one.
var (
	pluralAcronym = regexp.MustCompile(`[A-Z]{2,}s$`)
	wordStart     = regexp.MustCompile(`(.)([A-Z][a-z]+)`)
	wordEnd       = regexp.MustCompile(`([a-z0-9])([A-Z])`)
)

// xform gives a model name as the command line spells it: CopySnapshot is
// copy-snapshot, KmsKeyId is kms-key-id. Source: botocore, xform_name.
func xform(name string) string {
	if strings.Contains(name, "-") {
		return name
	}
	if m := pluralAcronym.FindString(name); m != "" {
		name = strings.TrimSuffix(name, m) + "-" + strings.ToLower(m)
	}
	name = wordStart.ReplaceAllString(name, "${1}-${2}")
	return strings.ToLower(wordEnd.ReplaceAllString(name, "${1}-${2}"))
}
