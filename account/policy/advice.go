package policy

import (
	"fmt"
	"strings"
)

// proposals writes what would allow the request.
func (w *writer) proposals() {
	if len(w.c.Proposals) == 0 {
		return
	}
	w.line(0, "What would allow it:")
	for _, p := range w.c.Proposals {
		switch p.Kind {
		case AddStatement:
			w.line(1, "add to %s:", p.Where)
			w.block(p.Statement)
		case NarrowStatement:
			which := fmt.Sprintf("[%d]", p.Index)
			if p.Sid != "" {
				which += fmt.Sprintf(" %q", p.Sid)
			}
			w.line(1, "narrow statement %s of %s so that it spares the caller:", which, p.Where)
			w.block(p.Statement)
		case AddGrant:
			if p.Grant == nil {
				continue
			}
			or := ""
			if p.Alternative {
				or = "or, in place of what is added, "
			}
			line := fmt.Sprintf("%smake a grant on %s to %s for %s", or, p.Where, p.Grant.Grantee, strings.Join(p.Grant.Operations, ", "))
			if len(p.Grant.ContextSubset) > 0 {
				line += " with encryption context subset " + strings.Join(pairs(p.Grant.ContextSubset), ", ")
			}
			w.line(1, "%s", line)
		}
		if p.Note != "" {
			w.line(2, "%s", p.Note)
		}
	}
}

func (w *writer) block(text string) {
	for line := range strings.Lines(text) {
		w.line(2, "%s", strings.TrimSuffix(line, "\n"))
	}
}
