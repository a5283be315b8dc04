package awscli

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/ebsim/ebsim/internal/awsapi"
)

// identity is who asks, where, and what their profile prefers.
type identity struct {
	creds  awsapi.Credentials
	region string
	output string
	assume *assumption // a role to take on with creds first
}

// assumption is a profile's role_arn and what goes with it.
type assumption struct{ role, session, externalID string }

// section is one [name] of a credentials or config file.
type section map[string]string

// identity finds credentials and region as "Configuration settings and
// precedence" in the AWS CLI user guide orders them: a profile named on the
// command line, then the environment, then the profile of the environment.
func (c *command) identity() (*identity, error) {
	name, named := c.globals["profile"], c.globals.has("profile")
	chosen := named
	for _, v := range []string{"AWS_PROFILE", "AWS_DEFAULT_PROFILE"} {
		if !chosen && c.getenv(v) != "" {
			name, chosen = c.getenv(v), true
		}
	}
	if name == "" {
		name = "default"
	}
	files, err := c.readProfiles()
	if err != nil {
		return nil, err
	}
	prof, inFiles := files[name]
	declared, isDeclared := c.cfg.Profiles[name]
	if chosen && !inFiles && !isDeclared {
		return nil, failure(ExitInternal, "The config profile (%s) could not be found", name)
	}

	id := &identity{output: first(c.globals["output"], c.getenv("AWS_DEFAULT_OUTPUT"), prof["output"], "json")}
	id.region = first(c.globals["region"], c.getenv("AWS_REGION"), c.getenv("AWS_DEFAULT_REGION"), prof["region"], c.cfg.DefaultRegion)

	key, secret := c.getenv("AWS_ACCESS_KEY_ID"), c.getenv("AWS_SECRET_ACCESS_KEY")
	switch {
	case !named && key != "":
		if secret == "" {
			return nil, failure(ExitConfig, "Partial credentials found in env, missing: AWS_SECRET_ACCESS_KEY")
		}
		id.creds = awsapi.Credentials{AccessKeyID: key, SecretAccessKey: secret, SessionToken: c.getenv("AWS_SESSION_TOKEN")}
	case isDeclared:
		id.creds = declared
	default:
		err = c.profileCredentials(id, files, name)
	}
	return id, err
}

// profileCredentials takes them from the files, through source_profile where
// the profile names a role.
func (c *command) profileCredentials(id *identity, files map[string]section, name string) error {
	prof := files[name]
	if role := prof["role_arn"]; role != "" {
		source := prof["source_profile"]
		if source == "" {
			return failure(ExitConfig, "Partial credentials found in assume-role, missing: source_profile or credential_source")
		}
		if source != name {
			if d, ok := c.cfg.Profiles[source]; ok {
				id.creds = d
			} else if s, ok := files[source]; !ok {
				return failure(ExitConfig, "The source_profile \"%s\" referenced in the profile \"%s\" does not exist.", source, name)
			} else if s["role_arn"] != "" {
				return failure(ExitConfig, "The source_profile \"%s\" referenced in the profile \"%s\" is itself a role: "+
					"chains of roles are not supported.", source, name)
			} else if err := c.staticCredentials(id, s, source); err != nil {
				return err
			}
		} else if err := c.staticCredentials(id, prof, name); err != nil {
			return err
		}
		id.assume = &assumption{role: role, session: first(prof["role_session_name"], "botocore-session"), externalID: prof["external_id"]}
		return nil
	}
	return c.staticCredentials(id, prof, name)
}

func (c *command) staticCredentials(id *identity, s section, name string) error {
	key, secret := s["aws_access_key_id"], s["aws_secret_access_key"]
	switch {
	case key == "":
		return failure(ExitConfig, "Unable to locate credentials. You can configure credentials by running \"aws configure\".")
	case secret == "":
		return failure(ExitConfig, "Partial credentials found in shared-credentials-file, missing: aws_secret_access_key")
	}
	id.creds = awsapi.Credentials{AccessKeyID: key, SecretAccessKey: secret, SessionToken: s["aws_session_token"]}
	return nil
}

// readProfiles reads the config file and, over it, the credentials file. A
// file that is not there has no profiles.
func (c *command) readProfiles() (map[string]section, error) {
	profiles := map[string]section{}
	for _, f := range []struct {
		env, name string
		config    bool
	}{{"AWS_CONFIG_FILE", "config", true}, {"AWS_SHARED_CREDENTIALS_FILE", "credentials", false}} {
		name := c.getenv(f.env)
		if name == "" {
			if c.cfg.HomeDir == "" {
				continue
			}
			name = filepath.Join(c.cfg.HomeDir, ".aws", f.name)
		}
		data, err := c.readFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, failure(ExitConfig, "Unable to parse config file: %s: %s", name, fileError(name, err))
		}
		sections, err := parseINI(string(data))
		if err != nil {
			return nil, failure(ExitConfig, "Unable to parse config file: %s: %v", name, err)
		}
		for title, s := range sections {
			if f.config {
				short, isProfile := strings.CutPrefix(title, "profile ")
				if !isProfile && title != "default" {
					continue
				}
				title = strings.Trim(strings.TrimSpace(short), `"'`)
			}
			if profiles[title] == nil {
				profiles[title] = section{}
			}
			for k, v := range s {
				profiles[title][k] = v
			}
		}
	}
	return profiles, nil
}

// parseINI reads the sections of a credentials or config file. Values nested
// under a key (indented lines) are left out: nothing here needs them.
func parseINI(text string) (map[string]section, error) {
	sections := map[string]section{}
	var cur section
	for i, line := range strings.Split(text, "\n") {
		nested := strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t")
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#' || line[0] == ';':
		case line[0] == '[':
			title, _, ok := strings.Cut(line[1:], "]")
			if !ok {
				return nil, fmt.Errorf("line %d: a section has no closing bracket", i+1)
			}
			title = strings.TrimSpace(title)
			if sections[title] == nil {
				sections[title] = section{}
			}
			cur = sections[title]
		case nested:
		default:
			key, value, ok := strings.Cut(line, "=")
			if !ok || cur == nil {
				return nil, fmt.Errorf("line %d: expected a section or a key and its value", i+1)
			}
			if at := strings.Index(value, " #"); at >= 0 {
				value = value[:at]
			}
			cur[strings.ToLower(strings.TrimSpace(key))] = strings.TrimSpace(value)
		}
	}
	return sections, nil
}

// first gives the first text that is not empty.
func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
