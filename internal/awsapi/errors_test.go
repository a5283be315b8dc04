package awsapi

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ebsim/ebsim/account/audit"
)

// Every kind of failure that a domain package declares has its wire code.
func TestEveryKindHasACode(t *testing.T) {
	n := 0
	for _, file := range []string{"../../kms/errors.go", "../../volume/errors.go", "../../snapshot/errors.go", "../../account/errors.go"} {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		require.NoError(t, err)
		ast.Inspect(f, func(node ast.Node) bool {
			spec, ok := node.(*ast.ValueSpec)
			if !ok {
				return true
			}
			text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			require.NoError(t, err)
			n++
			for _, service := range []string{"kms", "ec2", "iam", "sts", "cloudtrail"} {
				require.NotEqual(t, "InternalFailure", codeOf(service, audit.Kind(text)).code, "%s: %s", file, spec.Names[0])
			}
			return true
		})
	}
	require.Greater(t, n, 40)
}

func TestTrailCodes(t *testing.T) {
	require.Equal(t, "AccessDenied", TrailCode("kms.amazonaws.com", audit.Denied))
	require.Equal(t, "Client.UnauthorizedOperation", TrailCode("ec2.amazonaws.com", audit.Denied))
	require.Equal(t, "InternalFailure", TrailCode("kms.amazonaws.com", "something else"))
}
