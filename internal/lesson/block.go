package lesson

import (
	"errors"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// statement is one top-level command of a block.
type statement struct {
	node *syntax.Stmt
	text string   // as written, here-documents included
	note []string // the comment lines before it
	line int      // in the file
	// calls holds the lines of the simple commands in it, by where they
	// stand, so that a failure inside a function or a loop names its line.
	calls map[position]uint
}

// position tells a command of the file from one that eval made: an offset
// and a line of the file, which differ by block.
type position struct{ offset, line uint }

// parseBlock parses a part's code and keeps its statements. Lines are the
// file's: the parser is given the lines before the block as empty ones.
func (l *Lesson) parseBlock(p *Part) error {
	src := strings.Repeat("\n", p.Line-1) + p.Text
	file, err := syntax.NewParser(syntax.KeepComments(true)).Parse(strings.NewReader(src), l.File)
	if err != nil {
		var pe syntax.ParseError
		if errors.As(err, &pe) {
			return l.errorf(int(pe.Pos.Line()), "%s", pe.Text)
		}
		var le syntax.LangError
		if errors.As(err, &le) {
			return l.errorf(int(le.Pos.Line()), "%v", le)
		}
		return l.errorf(p.Line, "%v", err)
	}
	if ps := processSubst(file); ps != nil {
		return l.errorf(int(ps.Pos().Line()), "%s", noProcessSubst)
	}
	lines := strings.Split(src, "\n")
	done := p.Line - 1 // lines that earlier statements took
	for _, stmt := range file.Stmts {
		st := statement{node: stmt, line: int(stmt.Pos().Line()), text: stmtText(src, stmt), calls: map[position]uint{}}
		for i := done; i < st.line-1 && i < len(lines); i++ {
			if t := strings.TrimSpace(lines[i]); strings.HasPrefix(t, "#") {
				st.note = append(st.note, t)
			}
		}
		done = max(done, st.line-1+strings.Count(st.text, "\n")+1)
		syntax.Walk(stmt, func(n syntax.Node) bool {
			if call, ok := n.(*syntax.CallExpr); ok && len(call.Args) > 0 {
				pos := call.Args[0].Pos()
				st.calls[position{pos.Offset(), pos.Line()}] = pos.Line()
			}
			return true
		})
		rewrite(stmt)
		p.statements = append(p.statements, st)
	}
	return nil
}

const noProcessSubst = "process substitution needs a pipe outside the lesson's folder: use a file"

// processSubst finds a <(…) or >(…), or nil.
func processSubst(n syntax.Node) (found *syntax.ProcSubst) {
	syntax.Walk(n, func(n syntax.Node) bool {
		if ps, ok := n.(*syntax.ProcSubst); ok && found == nil {
			found = ps
		}
		return found == nil
	})
	return found
}

// stmtText is a statement as written. A here-document's closing line is not
// part of its node and is added.
func stmtText(src string, stmt *syntax.Stmt) string {
	from, to := int(stmt.Pos().Offset()), int(stmt.End().Offset())
	syntax.Walk(stmt, func(n syntax.Node) bool {
		r, ok := n.(*syntax.Redirect)
		if !ok || (r.Op != syntax.Hdoc && r.Op != syntax.DashHdoc) {
			return true
		}
		delim, _ := wordText(r.Word)
		at := int(r.Pos().Offset())
		if r.Hdoc != nil {
			at = int(r.Hdoc.End().Offset())
		}
		for at < len(src) {
			end := strings.IndexByte(src[at:], '\n')
			line := src[at:]
			if end >= 0 {
				line = src[at : at+end]
			}
			if strings.TrimLeft(line, "\t") == delim {
				to = max(to, at+len(line))
				return true
			}
			if end < 0 {
				return true
			}
			at += end + 1
		}
		return true
	})
	return strings.TrimRight(src[from:min(to, len(src))], " \t\n;")
}

// wordText is a word with its quotes taken off, where it is plain.
func wordText(w *syntax.Word) (string, bool) {
	var b strings.Builder
	for _, part := range w.Parts {
		switch part := part.(type) {
		case *syntax.Lit:
			b.WriteString(strings.ReplaceAll(part.Value, `\`, ""))
		case *syntax.SglQuoted:
			b.WriteString(part.Value)
		case *syntax.DblQuoted:
			inner, ok := wordText(&syntax.Word{Parts: part.Parts})
			if !ok {
				return "", false
			}
			b.WriteString(inner)
		default:
			return "", false
		}
	}
	return b.String(), true
}
