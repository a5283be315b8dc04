package volume

import (
	"github.com/ebsim/ebsim/account/arn"
	"github.com/ebsim/ebsim/internal/state"
)

// Settings are an account's encryption settings in one region. (AWS: "Amazon
// EBS encryption by default".)
type Settings struct {
	ByDefault  bool   // every new volume and copy is encrypted
	DefaultKey string `json:",omitempty"` // ARN, or empty: alias/aws/ebs
}

// LoadSettings gives an account's settings; the zero value where nothing was
// set.
func LoadSettings(tx *state.Tx, region arn.Region, account arn.AccountID) (Settings, error) {
	s, _, err := state.Load[Settings](tx, settings, state.Key(string(region), string(account)), version)
	return s, err
}

// Save writes an account's settings.
func (s Settings) Save(tx *state.Tx, region arn.Region, account arn.AccountID) error {
	return state.Save(tx, settings, state.Key(string(region), string(account)), version, s)
}
