package policy

// DocumentKind says where a document is attached.
type DocumentKind int

// The kinds of document. A resource policy names principals; an identity
// policy must not.
const (
	IdentityPolicy DocumentKind = iota
	ResourcePolicy
)

// String names the kind.
func (k DocumentKind) String() string {
	if k == ResourcePolicy {
		return "resource policy"
	}
	return "identity policy"
}

// Document is a parsed policy. It does not change and is safe for concurrent
// use.
type Document struct {
	kind       DocumentKind
	text, hash string
	id         string
	variables  bool // Version 2012-10-17
	statements []statement
}

// Hash is the hex SHA-256 of the text.
func (d *Document) Hash() string { return d.hash }

// Text is the document as it was given.
func (d *Document) Text() string { return d.text }

// Kind is what the document was parsed as.
func (d *Document) Kind() DocumentKind { return d.kind }

// Len is the number of statements.
func (d *Document) Len() int { return len(d.statements) }

// Principals gives every AWS principal that the document names, ARN, account
// number or unique id, as written and each once, "*" left out. A key policy's
// are checked for existence by whoever stores it.
func (d *Document) Principals() []string {
	var out []string
	seen := map[string]bool{"*": true}
	for _, s := range d.statements {
		for _, n := range s.principals {
			if !n.service && !seen[n.text] {
				seen[n.text] = true
				out = append(out, n.text)
			}
		}
	}
	return out
}
