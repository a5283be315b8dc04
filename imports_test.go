package ebsim_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/ebsim/ebsim"

// everyone may import these, beside what the table below allows.
var leaves = []string{"account/arn", "internal/id", "internal/clock", "internal/rootkey", "internal/fault", "internal/price"}

// mayImport is the house rule: which of our packages a package may import.
// "" is the root package; a key covers its subpackages unless they have a key
// of their own. It is policy: a build that breaks it is mended, not the table.
var mayImport = map[string][]string{
	"account/arn":      {},
	"internal/id":      {},
	"internal/clock":   {},
	"internal/rootkey": {},
	"internal/blob":    {},
	"volume/xts":       {},
	"account/policy":   {"account/arn"},
	"internal/state":   {},
	"internal/job":     {"internal/state"},
	"account/audit":    {"account/policy", "internal/state"},
	"account":          {"account/policy", "account/audit", "internal/state"},
	"kms":              {"account/policy", "account/audit", "internal/state"},
	"volume/disk":      {"volume/xts"},
	"volume":           {"account/audit", "internal/state"},
	"snapshot/content": {"internal/blob"},
	"snapshot":         {"account/audit", "internal/state"},
	"internal/cloud": {"account", "account/policy", "account/audit", "kms", "volume", "volume/disk", "snapshot",
		"snapshot/content", "internal/state", "internal/job", "internal/blob"},
	"internal/awsapi": {"internal/cloud", "account", "account/policy", "account/audit", "kms", "volume", "snapshot"},
	"internal/awscli": {"internal/awsapi"},
	"internal/lesson": {},
	"":                {"internal/cloud", "internal/awsapi", "account/policy", "account/audit"},
	"cmd":             {"*"},
	"docs/lessons":    {},
}

// never lists imports from outside that a package must not have.
var never = map[string][]string{
	"account/policy": {"time", "os", "net", "context", "io/fs"},
	"internal/cloud": {"net/http"},
}

// TestImports reads the imports of every file from its source, tests aside.
func TestImports(t *testing.T) {
	seen := map[string]bool{}
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || file != "." && strings.HasPrefix(d.Name(), ".")) {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		pkg := path.Dir(filepath.ToSlash(file))
		if pkg == "." {
			pkg = ""
		}
		rule, ok := ruleFor(pkg)
		if !ok {
			t.Errorf("%s: package %q has no rule in mayImport: every room has its place", file, pkg)
			return nil
		}
		seen[rule] = true
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range f.Imports {
			imported, _ := strconv.Unquote(spec.Path.Value)
			for _, bad := range never[rule] {
				if imported == bad || strings.HasPrefix(imported, bad+"/") {
					t.Errorf("%s imports %s, which %s must never do", file, imported, rule)
				}
			}
			own, inside := strings.CutPrefix(imported, module+"/")
			if !inside || own == pkg || allowed(rule, own) {
				continue
			}
			t.Errorf("%s imports %s: %q may import only %v and the leaves", file, own, rule, mayImport[rule])
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(seen) < 10 {
		t.Fatalf("only %d packages were found: the test looks in the wrong place", len(seen))
	}
}

func ruleFor(pkg string) (string, bool) {
	for p := pkg; ; p = path.Dir(p) {
		if _, ok := mayImport[p]; ok && (p == pkg || p != "") {
			return p, true
		}
		if p == "." || p == "" || p == "/" {
			return "", false
		}
	}
}

func allowed(rule, imported string) bool {
	ok := append(append([]string{rule}, leaves...), mayImport[rule]...)
	for _, p := range ok {
		if p == "*" || imported == p || p == rule && rule != "" && strings.HasPrefix(imported, rule+"/") && nearest(imported) == rule {
			return true
		}
	}
	return false
}

// nearest is the rule that covers a package: a subpackage without a rule of
// its own belongs to its parent.
func nearest(pkg string) string { r, _ := ruleFor(pkg); return r }
