package awscli

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/jmespath-community/go-jmespath/pkg/parsing"
)

// query is a compiled --query. It is evaluated here and not by the library
// that parses it, because objects must keep their order and strings must
// compare, as in jmespath.py.
type query struct{ root parsing.ASTNode }

// compileQuery reads a JMESPath expression (jmespath.org, "Specification"),
// with jmespath.py's one extension: a literal in backticks that is not JSON
// is a string.
func compileQuery(text string) (*query, error) {
	root, err := parsing.NewParser().Parse(quoteLiterals(text))
	if err != nil {
		return nil, failure(ExitUsage, "Bad value for --query %s: %v", text, err)
	}
	if err := checkNode(root); err != nil {
		return nil, failure(ExitUsage, "Bad value for --query %s: %v", text, err)
	}
	return &query{root}, nil
}

// quoteLiterals makes JSON strings of the literals that are not JSON.
func quoteLiterals(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		quote := text[i]
		if quote != '\'' && quote != '"' && quote != '`' {
			b.WriteByte(quote)
			i++
			continue
		}
		end := i + 1
		for end < len(text) && text[end] != quote {
			if text[end] == '\\' {
				end++
			}
			end++
		}
		if end >= len(text) {
			return b.String() + text[i:]
		}
		body := text[i+1 : end]
		if quote == '`' {
			literal := strings.TrimSpace(strings.ReplaceAll(body, "\\`", "`"))
			if !json.Valid([]byte(literal)) {
				if quoted := `"` + literal + `"`; json.Valid([]byte(quoted)) {
					body = strings.ReplaceAll(quoted, "`", "\\`")
				}
			}
		}
		b.WriteByte(quote)
		b.WriteString(body)
		b.WriteByte(quote)
		i = end + 1
	}
	return b.String()
}

var errLoneExpression = errors.New("an & expression stands only as an argument of a function")

// checkNode refuses what the parser reads beyond the JMESPath of the AWS CLI,
// and functions that do not exist or get the wrong number of arguments.
func checkNode(n parsing.ASTNode) error {
	switch n.NodeType {
	case parsing.ASTArithmeticExpression, parsing.ASTArithmeticUnaryExpression, parsing.ASTLetExpression,
		parsing.ASTVariable, parsing.ASTBindings, parsing.ASTBinding, parsing.ASTRootNode:
		return fmt.Errorf("arithmetic, $ and let are not part of the AWS CLI's JMESPath")
	case parsing.ASTExpRef:
		return errLoneExpression
	case parsing.ASTFunctionExpression:
		f, ok := queryFuncs[n.Value.(string)]
		if !ok {
			return fmt.Errorf("Unknown function: %s()", n.Value)
		}
		if n := len(n.Children); n != len(f.args) && (!f.variadic || n < len(f.args)) {
			return fmt.Errorf("Expected %d arguments for function %s(), received %d", len(f.args), f.name, n)
		}
	}
	for _, child := range n.Children {
		if child.NodeType == parsing.ASTExpRef {
			if n.NodeType != parsing.ASTFunctionExpression {
				return errLoneExpression
			}
			child = child.Children[0]
		}
		if err := checkNode(child); err != nil {
			return err
		}
	}
	return nil
}

// search evaluates the query on a value. The error is a function that was
// given what it does not take.
func (q *query) search(v any) (any, error) { return eval(q.root, v) }

// expression is an & argument of a function.
type expression func(any) (any, error)

func eval(n parsing.ASTNode, v any) (any, error) {
	switch n.NodeType {
	case parsing.ASTIdentity, parsing.ASTCurrentNode:
		return v, nil
	case parsing.ASTLiteral:
		return fromPlain(n.Value), nil
	case parsing.ASTField:
		if o, ok := v.(*object); ok {
			return o.fields[n.Value.(string)], nil
		}
		return nil, nil
	case parsing.ASTIndex:
		list, _ := v.([]any)
		i := n.Value.(int)
		if i < 0 {
			i += len(list)
		}
		if i < 0 || i >= len(list) {
			return nil, nil
		}
		return list[i], nil
	case parsing.ASTSlice:
		if list, ok := v.([]any); ok {
			return slice(list, n.Value.([]*int))
		}
		return nil, nil
	case parsing.ASTPipe, parsing.ASTSubexpression, parsing.ASTIndexExpression, parsing.ASTKeyValPair:
		var err error
		for _, child := range n.Children {
			if v, err = eval(child, v); err != nil {
				return nil, err
			}
		}
		return v, nil
	case parsing.ASTProjection, parsing.ASTFilterProjection, parsing.ASTValueProjection, parsing.ASTFlatten:
		return evalMany(n, v)
	case parsing.ASTMultiSelectHash, parsing.ASTMultiSelectList:
		return evalSelect(n, v)
	case parsing.ASTExpRef:
		return expression(func(v any) (any, error) { return eval(n.Children[0], v) }), nil
	case parsing.ASTFunctionExpression:
		args := make([]any, len(n.Children))
		for i, child := range n.Children {
			var err error
			if args[i], err = eval(child, v); err != nil {
				return nil, err
			}
		}
		return queryFuncs[n.Value.(string)].call(args)
	}
	return evalLogic(n, v)
}

func evalLogic(n parsing.ASTNode, v any) (any, error) {
	if len(n.Children) == 0 {
		return nil, fmt.Errorf("unknown expression %v", n.NodeType)
	}
	left, err := eval(n.Children[0], v)
	if err != nil {
		return nil, err
	}
	switch n.NodeType {
	case parsing.ASTNotExpression:
		return !truth(left), nil
	case parsing.ASTOrExpression:
		if truth(left) {
			return left, nil
		}
		return eval(n.Children[1], v)
	case parsing.ASTAndExpression:
		if !truth(left) {
			return left, nil
		}
		return eval(n.Children[1], v)
	case parsing.ASTComparator:
		right, err := eval(n.Children[1], v)
		if err != nil {
			return nil, err
		}
		return compare(n.Value, left, right), nil
	}
	return nil, fmt.Errorf("unknown expression %v", n.NodeType)
}

// evalMany evaluates what walks over elements: results that are null drop
// out.
func evalMany(n parsing.ASTNode, v any) (any, error) {
	left, err := eval(n.Children[0], v)
	if err != nil {
		return nil, err
	}
	var elements []any
	switch n.NodeType {
	case parsing.ASTValueProjection:
		o, ok := left.(*object)
		if !ok {
			return nil, nil
		}
		for _, k := range o.keys {
			elements = append(elements, o.fields[k])
		}
	default:
		list, ok := left.([]any)
		if !ok {
			return nil, nil
		}
		elements = list
	}
	out := []any{}
	for _, e := range elements {
		if n.NodeType == parsing.ASTFlatten {
			if inner, ok := e.([]any); ok {
				out = append(out, inner...)
			} else {
				out = append(out, e)
			}
			continue
		}
		if n.NodeType == parsing.ASTFilterProjection {
			keep, err := eval(n.Children[2], e)
			if err != nil {
				return nil, err
			}
			if !truth(keep) {
				continue
			}
		}
		r, err := eval(n.Children[1], e)
		if err != nil {
			return nil, err
		}
		if r != nil {
			out = append(out, r)
		}
	}
	return out, nil
}

func evalSelect(n parsing.ASTNode, v any) (any, error) {
	if v == nil {
		return nil, nil
	}
	o, list := newObject(), []any{}
	for _, child := range n.Children {
		e, err := eval(child, v)
		if err != nil {
			return nil, err
		}
		if n.NodeType == parsing.ASTMultiSelectHash {
			o.set(child.Value.(string), e)
		} else {
			list = append(list, e)
		}
	}
	if n.NodeType == parsing.ASTMultiSelectHash {
		return o, nil
	}
	return list, nil
}
