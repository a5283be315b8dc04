package awscli

import (
	"fmt"

	"gopkg.in/yaml.v3"
)

// yamlDepth bounds how deep a document may nest; aliases could make it
// endless.
const yamlDepth = 100

// fromYAML gives a YAML node as a value. Times stay the text they are.
func fromYAML(n *yaml.Node, depth int) (any, error) {
	if depth > yamlDepth {
		return nil, fmt.Errorf("line %d: nested too deep", n.Line)
	}
	switch n.Kind {
	case yaml.DocumentNode:
		return fromYAML(n.Content[0], depth+1)
	case yaml.AliasNode:
		return nil, fmt.Errorf("line %d: aliases are not read", n.Line)
	case yaml.SequenceNode:
		list := []any{}
		for _, child := range n.Content {
			v, err := fromYAML(child, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, nil
	case yaml.MappingNode:
		o := newObject()
		for i := 0; i+1 < len(n.Content); i += 2 {
			v, err := fromYAML(n.Content[i+1], depth+1)
			if err != nil {
				return nil, err
			}
			o.set(n.Content[i].Value, v)
		}
		return o, nil
	}
	return yamlValue(n)
}

func yamlValue(n *yaml.Node) (any, error) {
	switch n.ShortTag() {
	case "!!null":
		return nil, nil
	case "!!bool":
		var b bool
		err := n.Decode(&b)
		return b, err
	case "!!int":
		var i int64
		err := n.Decode(&i)
		return i, err
	case "!!float":
		var f float64
		err := n.Decode(&f)
		return f, err
	case "!!binary":
		var s string
		err := n.Decode(&s)
		return []byte(s), err
	}
	return n.Value, nil
}
