package awscli

import (
	"context"
	"encoding/base64"
	"slices"
	"strconv"

	"github.com/ebsim/ebsim/internal/awsapi"
)

// pager says how an operation gives its answer in pages.
type pager struct {
	in, out string   // members with the token
	more    string   // member that tells whether there is a next page, "" where the token does
	limit   string   // input member for the size of a page, "" for none
	results []string // lists that are joined; the first is counted
	keep    []string // structures kept from the first page
}

// pagerOf reads from an operation's members whether and how it pages, by the
// three conventions of the services here; nil if it does not. The operations
// that carry a token but have no paginator in botocore are named.
func pagerOf(op *awsapi.Operation) *pager {
	switch {
	case op.Service == "ebs", op.Name == "DescribeLockedSnapshots", op.Name == "ListVolumesInRecycleBin":
		return nil
	}
	in, out := shapeOf(op.Input), shapeOf(op.Output)
	has := func(s shape, name string) bool { _, ok := s.member(name); return ok }
	p := &pager{}
	switch {
	case has(in, "NextToken") && has(out, "NextToken"):
		p.in, p.out = "NextToken", "NextToken"
	case has(in, "Marker") && has(out, "NextMarker") && has(out, "Truncated"):
		p.in, p.out, p.more = "Marker", "NextMarker", "Truncated"
	case has(in, "Marker") && has(out, "Marker") && has(out, "IsTruncated"):
		p.in, p.out, p.more = "Marker", "Marker", "IsTruncated"
	default:
		return nil
	}
	for _, limit := range []string{"MaxResults", "Limit", "MaxItems"} {
		if has(in, limit) {
			p.limit = limit
			break
		}
	}
	for _, m := range out.members() {
		switch m.shape.kind() {
		case kindList:
			p.results = append(p.results, m.name)
		case kindStruct:
			p.keep = append(p.keep, m.name)
		}
	}
	if len(p.results) == 0 {
		return nil
	}
	return p
}

// manual tells whether params page by hand, which turns following off.
func (p *pager) manual(params *object) bool {
	_, token := params.get(p.in)
	_, limit := params.get(p.limit)
	return token || limit
}

// paging is what the unified paging options said.
type paging struct {
	start    string
	maxItems int64 // 0 for all
	pageSize int64 // 0 for the service's own
}

// pages calls an operation page by page. Each page holds only the joined
// lists and, the first, the kept structures. resume is the token to go on
// from where maxItems cut, or "".
func (p *pager) pages(ctx context.Context, params *object, opt paging,
	do func(context.Context, *object) (*object, error)) (pages []*object, resume string, err error) {
	token, skip := startingToken(opt.start, p.in)
	if opt.pageSize > 0 {
		params.set(p.limit, opt.pageSize)
	}
	total := int64(0)
	for {
		if token != "" {
			params.set(p.in, token)
		}
		out, err := do(ctx, params)
		if err != nil {
			return nil, "", err
		}
		page := p.part(out, len(pages) == 0, skip)
		first := page.fields[p.results[0]].([]any)
		pages = append(pages, page)
		if over := total + int64(len(first)) - opt.maxItems; opt.maxItems > 0 && over > 0 {
			kept := len(first) - int(over)
			page.set(p.results[0], first[:kept])
			return pages, p.resumeToken(token, kept+skip), nil
		}
		skip = 0
		total += int64(len(first))
		next := p.next(out)
		if next == "" {
			return pages, "", nil
		}
		if opt.maxItems > 0 && total == opt.maxItems {
			return pages, p.resumeToken(next, 0), nil
		}
		if next == token {
			return nil, "", failure(ExitInternal, "Error during pagination: The same next token was received twice: {%s: %s}",
				pyRepr(p.in), pyRepr(next))
		}
		token = next
	}
}

// part takes from an answer what is joined, and what only the first page
// gives.
func (p *pager) part(out *object, first bool, skip int) *object {
	page := newObject()
	for i, key := range p.results {
		v, ok := out.get(key)
		list, _ := v.([]any)
		if list == nil {
			list = []any{}
		}
		switch {
		case i == 0:
			list = slices.Clone(list[min(skip, len(list)):])
		case skip > 0:
			list = []any{} // the page before it was cut has given these
		case !ok:
			continue
		}
		page.set(key, list)
	}
	for _, key := range p.keep {
		if v, ok := out.get(key); ok && first {
			page.set(key, v)
		}
	}
	return page
}

func (p *pager) next(out *object) string {
	if p.more != "" {
		if more, _ := out.get(p.more); more != true {
			return ""
		}
	}
	v, _ := out.get(p.out)
	s, _ := v.(string)
	return s
}

// join makes one answer of all pages.
func (p *pager) join(pages []*object, resume string) *object {
	all := newObject()
	for _, page := range pages {
		for _, key := range p.results {
			more, ok := page.fields[key].([]any)
			if !ok {
				continue
			}
			have, _ := all.fields[key].([]any)
			all.set(key, append(have, more...))
			if have == nil && len(more) == 0 {
				all.set(key, []any{})
			}
		}
	}
	for _, key := range p.keep {
		if v, ok := pages[0].get(key); ok {
			all.set(key, v)
		}
	}
	if resume != "" {
		all.set("NextToken", resume)
	}
	return all
}

// A resume token is botocore's: the service's token and how many items of its
// page were given, as JSON in base64.
func (p *pager) resumeToken(token string, given int) string {
	o := newObject()
	o.set(p.in, nil)
	if token != "" {
		o.set(p.in, token)
	}
	if given > 0 {
		o.set("boto_truncate_amount", int64(given))
	}
	return base64.StdEncoding.EncodeToString([]byte(formatJSON(o, -1)))
}

// startingToken reads a resume token; any other text is the service's own.
func startingToken(text, member string) (token string, skip int) {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return text, 0
	}
	v, err := parseJSON(string(raw))
	o, ok := v.(*object)
	if err != nil || !ok {
		return text, 0
	}
	if n, ok := o.fields["boto_truncate_amount"].(int64); ok {
		skip = int(max(n, 0))
	}
	token, _ = o.fields[member].(string)
	return token, skip
}

// pagingNames are the unified paging options.
func pagingNames() []string { return []string{"starting-token", "page-size", "max-items"} }

// readPaging reads those of opts that were given, and lists them as typed.
func readPaging(g *given, opts []option) (opt paging, typed []string, err error) {
	for _, o := range opts {
		w, name := g.words[o.name], o.name
		if !o.paging || len(w) == 0 {
			continue
		}
		typed = append(typed, "--"+name)
		if name == "starting-token" {
			opt.start = w[0]
			continue
		}
		n, err := strconv.ParseInt(w[0], 10, 64)
		if err != nil {
			return opt, nil, wrongUsage("argument --%s: invalid int value: %s", name, pyRepr(w[0]))
		}
		if n <= 0 {
			return opt, nil, wrongUsage("argument --%s: %d is not a positive number", name, n)
		}
		if name == "page-size" {
			opt.pageSize = n
		} else {
			opt.maxItems = n
		}
	}
	return opt, typed, nil
}
