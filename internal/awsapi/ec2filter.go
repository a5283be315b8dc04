package awsapi

import (
	"path"
	"strconv"
	"strings"

	"github.com/ebsim/ebsim/snapshot"
	"github.com/ebsim/ebsim/volume"
)

// values gives what a resource has under a filter's name; false where the
// name is not one of a filter.
type values func(name string) ([]string, bool)

// matches reports whether a resource meets all filters; of one filter's
// values any may match, with * and ?. An unknown filter is an error by name.
func matches(filters []filter, of values) (bool, error) {
	all := true
	for _, f := range filters {
		have, known := of(f.Name)
		if !known {
			return false, errFilter.Errorf("The filter '%s' is invalid", f.Name)
		}
		any := false
		for _, want := range f.Values {
			for _, h := range have {
				// path.Match's brackets mean nothing in a filter.
				p := strings.NewReplacer(`[`, `\[`, `]`, `\]`, "/", "\x00").Replace(want)
				ok, _ := path.Match(p, strings.ReplaceAll(h, "/", "\x00"))
				any = any || ok
			}
		}
		all = all && any
	}
	return all, nil
}

func tagValues[T ~struct{ Key, Value string }](name string, tags []T) ([]string, bool) {
	var have []string
	for _, t := range tags {
		t := struct{ Key, Value string }(t)
		if name == "tag-key" {
			have = append(have, t.Key)
		} else if name == "tag:"+t.Key {
			have = append(have, t.Value)
		}
	}
	return have, name == "tag-key" || strings.HasPrefix(name, "tag:")
}

func volumeFilter(v *volume.Volume) values {
	return func(name string) ([]string, bool) {
		at := v.At()
		if strings.HasPrefix(name, "attachment.") && at == nil {
			at = &volume.Attachment{}
		}
		switch name {
		case "volume-id":
			return []string{v.ID}, true
		case "status":
			return []string{string(v.State)}, true
		case "availability-zone":
			return []string{v.Zone}, true
		case "encrypted":
			return []string{strconv.FormatBool(v.Encrypted)}, true
		case "size":
			return []string{strconv.FormatInt(v.Size, 10)}, true
		case "snapshot-id":
			return []string{v.Source}, true
		case "volume-type":
			return []string{v.Type}, true
		case "attachment.instance-id":
			return []string{at.Instance}, true
		case "attachment.device":
			return []string{at.Device}, true
		case "attachment.status":
			return []string{string(at.State)}, true
		}
		return tagValues(name, v.Tags)
	}
}

func snapshotFilter(s *snapshot.Snapshot) values {
	return func(name string) ([]string, bool) {
		switch name {
		case "snapshot-id":
			return []string{s.ID}, true
		case "status":
			return []string{string(s.State)}, true
		case "volume-id":
			return []string{s.Volume}, true
		case "owner-id":
			return []string{string(s.Owner)}, true
		case "encrypted":
			return []string{strconv.FormatBool(s.Encrypted)}, true
		case "description":
			return []string{s.Description}, true
		case "volume-size":
			return []string{strconv.FormatInt(s.Size, 10)}, true
		case "progress":
			return []string{strconv.Itoa(s.Progress) + "%"}, true
		}
		return tagValues(name, s.Tags)
	}
}

// checkTags reports what EC2 refuses in tags. (AWS: "Tag your Amazon EC2
// resources", restrictions.)
func checkTags(tags []tag) error {
	seen := map[string]bool{}
	for _, t := range tags {
		switch {
		case strings.HasPrefix(strings.ToLower(t.Key), "aws:"):
			return volume.ErrInvalidParameter.Errorf("Tag keys starting with 'aws:' are reserved for internal use")
		case t.Key == "" || len([]rune(t.Key)) > 128:
			return volume.ErrInvalidParameter.Errorf("Tag key %q is invalid: it has 1 to 128 characters.", t.Key)
		case len([]rune(t.Value)) > 256:
			return volume.ErrInvalidParameter.Errorf("Tag value of %q is too long: it has at most 256 characters.", t.Key)
		case seen[t.Key]:
			return volume.ErrInvalidParameter.Errorf("Duplicate tag key '%s' specified.", t.Key)
		}
		seen[t.Key] = true
	}
	if len(tags) > 50 {
		return volume.ErrInvalidParameter.Errorf("A resource has at most 50 tags.")
	}
	return nil
}
