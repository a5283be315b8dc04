package awscli

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"gopkg.in/yaml.v3"
)

// formatYAML writes block style as the AWS CLI version 2 does: keys sorted,
// lists not indented under their key, text that would read as anything else
// in single quotes.
func formatYAML(v any) string {
	var b strings.Builder
	writeYAML(&b, v, 0, false)
	return b.String()
}

// writeYAML writes a value at the given depth. inline tells that the cursor
// already stands where the value starts ("- " was written).
func writeYAML(b *strings.Builder, v any, depth int, inline bool) {
	pad := strings.Repeat("  ", depth)
	switch v := v.(type) {
	case *object:
		if len(v.keys) == 0 {
			b.WriteString("{}\n")
			return
		}
		for i, k := range v.sorted() {
			if i > 0 || !inline {
				b.WriteString(pad)
			}
			b.WriteString(yamlScalar(k) + ":")
			switch e := v.fields[k].(type) {
			case *object:
				if len(e.keys) == 0 {
					b.WriteString(" {}\n")
					continue
				}
				b.WriteString("\n")
				writeYAML(b, e, depth+1, false)
			case []any:
				if len(e) == 0 {
					b.WriteString(" []\n")
					continue
				}
				b.WriteString("\n")
				writeYAML(b, e, depth, false)
			default:
				b.WriteString(" " + yamlScalar(e) + "\n")
			}
		}
	case []any:
		if len(v) == 0 {
			b.WriteString("[]\n")
			return
		}
		for i, e := range v {
			if i > 0 || !inline {
				b.WriteString(pad)
			}
			b.WriteString("- ")
			writeYAML(b, e, depth+1, true)
		}
	default:
		b.WriteString(yamlScalar(v) + "\n")
	}
}

func yamlScalar(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return fmt.Sprint(v)
	case string:
		return yamlString(v)
	}
	return pyString(v)
}

// yamlString quotes a string where it would not come back as itself.
func yamlString(s string) string {
	for _, r := range s {
		if !unicode.IsPrint(r) && r != ' ' {
			return strconv.QuoteToASCII(s) // YAML knows all of Go's escapes
		}
	}
	var back any
	err := yaml.Unmarshal([]byte("k: "+s), &back)
	m, ok := back.(map[string]any)
	if err == nil && ok && len(m) == 1 && m["k"] == s && !yaml11(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}

// yaml11 names the words that YAML 1.1 reads as truth values or merges.
func yaml11(s string) bool {
	switch strings.ToLower(s) {
	case "y", "n", "yes", "no", "on", "off", "=", "<<":
		return true
	}
	return false
}
