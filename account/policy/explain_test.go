package policy_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ebsim/ebsim/account/policy"
)

var update = flag.Bool("update", false, "rewrite testdata/explain")

// TestExplain holds the prose of some cases of the truth table.
func TestExplain(t *testing.T) {
	for name, at := range map[string]string{
		"allowed":          "same-account/account statement enables an identity policy that allows",
		"cross-account":    "cross-account/neither half",
		"identity-missing": "cross-account/key half alone, named by the account",
		"explicit-deny":    "conditions/deny for all but a list, asked by another",
		"aws-managed":      "same-account/deny of an AWS managed policy is named",
		"via-service":      "conditions/refused through the service: what is proposed keeps to it",
		"ebs-managed-key":  "conditions/managed key of EBS, directly",
		"grant":            "grants/subset not met",
		"instance":         "grants/infrastructure session by a grant for another instance",
		"ec2":              "identity/resources have case",
		"not-principal":    "conditions/NotPrincipal spares the one named",
		"root-locked-out":  "same-account/root user is locked out of a key that does not name the account",
	} {
		t.Run(name, func(t *testing.T) {
			file, caseName, _ := strings.Cut(at, "/")
			for _, c := range table(t)[file] {
				if c.Name != caseName {
					continue
				}
				d := policy.Decide(c.ask(t))
				got := d.Explain() + "\nWithout the documents:\n" + d.Compact().Explain(nil)
				golden := filepath.Join("testdata", "explain", name+".txt")
				if *update {
					require.NoError(t, os.MkdirAll(filepath.Dir(golden), 0o755))
					require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
				}
				want, err := os.ReadFile(golden)
				require.NoError(t, err)
				require.Equal(t, string(want), got)
				return
			}
			t.Fatalf("no case %q", at)
		})
	}
}
