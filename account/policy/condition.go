package policy

import (
	"fmt"
	"slices"
	"strings"
)

// operator is a condition operator with its prefix and suffix taken apart.
type operator struct {
	name     string // as written: "ForAnyValue:StringLikeIfExists"
	set      setKind
	ifExists bool
	base     string // "StringLike"
	negated  bool
	family   family
}

type setKind int

const (
	noSet setKind = iota
	forAll
	forAny
)

type family int

const (
	stringExact family = iota
	stringFold
	stringLike
	arnLike
	boolean
	null
)

// operators are those that are evaluated. (AWS: "IAM JSON policy elements:
// Condition operators"; ArnEquals is ArnLike there.)
var operators = []struct {
	name    string
	family  family
	negated bool
}{
	{"StringEquals", stringExact, false},
	{"StringNotEquals", stringExact, true},
	{"StringEqualsIgnoreCase", stringFold, false},
	{"StringNotEqualsIgnoreCase", stringFold, true},
	{"StringLike", stringLike, false},
	{"StringNotLike", stringLike, true},
	{"ArnEquals", arnLike, false},
	{"ArnNotEquals", arnLike, true},
	{"ArnLike", arnLike, false},
	{"ArnNotLike", arnLike, true},
	{"Bool", boolean, false},
	{"Null", null, false},
}

const supported = "String*, Arn*, Bool and Null, with ForAllValues:, ForAnyValue: and IfExists"

// refused are AWS's operators that are not evaluated.
var refused = []string{
	"NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan",
	"NumericGreaterThanEquals", "DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals",
	"DateGreaterThan", "DateGreaterThanEquals", "BinaryEquals", "IpAddress", "NotIpAddress",
}

func readOperator(name string) (operator, error) {
	op := operator{name: name, base: name}
	if rest, ok := strings.CutPrefix(op.base, "ForAllValues:"); ok {
		op.set, op.base = forAll, rest
	} else if rest, ok := strings.CutPrefix(op.base, "ForAnyValue:"); ok {
		op.set, op.base = forAny, rest
	}
	op.base, op.ifExists = strings.CutSuffix(op.base, "IfExists")
	for _, o := range operators {
		if o.name == op.base {
			op.family, op.negated = o.family, o.negated
			if op.family == null && op.name != "Null" {
				return op, fmt.Errorf("the operator Null takes no ForAllValues:, ForAnyValue: or IfExists")
			}
			return op, nil
		}
		if strings.EqualFold(o.name, op.base) {
			return op, fmt.Errorf("%q is not an operator; did you mean %q?", name, o.name)
		}
	}
	if slices.ContainsFunc(refused, func(r string) bool { return strings.EqualFold(r, op.base) }) {
		return op, fmt.Errorf("the operator %q is not supported; supported are %s", name, supported)
	}
	return op, fmt.Errorf("%q is not an operator; supported are %s", name, supported)
}

// condition is one key under one operator.
type condition struct {
	op     operator
	key    string
	values []pattern
}

// eval matches the condition. Operators and keys are joined by AND, values by
// OR; under a negated operator no value may match. An absent key fails, but
// for negated operators, IfExists and ForAllValues. ForAnyValue fails on an
// absent key even when negated. (AWS: "Conditions with multiple context keys
// or values", "Set operators for multivalued context keys".)
func (c condition) eval(e *env) Element {
	values := e.values(c.key)
	el := Element{Name: "Condition", Op: c.op.name, Key: c.key, Values: values}
	if c.op.family == null {
		for _, v := range c.values {
			if (v.fixed == "true") == (len(values) == 0) {
				el.Matched, el.Pattern = true, v.text
			}
		}
		return el
	}
	if len(values) == 0 {
		el.Matched = c.op.ifExists || c.op.set == forAll || c.op.set == noSet && c.op.negated
		return el
	}
	met := 0
	for _, value := range values {
		pattern, ok, err := c.meets(value, e)
		if err != nil {
			el.Problem = err.Error()
			return el
		}
		if ok {
			met++
			if el.Pattern == "" {
				el.Pattern = pattern
			}
		}
	}
	switch {
	case c.op.set == forAny && c.op.negated:
		el.Matched = met < len(values)
	case c.op.set == forAll && !c.op.negated:
		el.Matched = met == len(values)
	case c.op.negated:
		el.Matched = met == 0
	default:
		el.Matched = met > 0
	}
	return el
}

// meets reports whether one of the policy's values is met, the negation left
// aside. Every value is looked at, so that a variable without a value is found
// wherever it stands.
func (c condition) meets(value string, e *env) (met string, ok bool, err error) {
	for _, p := range c.values {
		hit := false
		switch c.op.family {
		case stringLike, arnLike:
			g, err := p.expand(e)
			if err != nil {
				return "", false, err
			}
			if c.op.family == arnLike {
				hit = g.matchARN(value)
			} else {
				hit = g.match(value)
			}
		default:
			text, err := p.literal(e)
			if err != nil {
				return "", false, err
			}
			if c.op.family == stringExact {
				hit = text == value
			} else {
				hit = strings.EqualFold(text, value)
			}
		}
		if hit && !ok {
			met, ok = p.text, true
		}
	}
	return met, ok, nil
}
