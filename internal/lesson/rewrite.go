package lesson

import "mvdan.cc/sh/v3/syntax"

// rewrite changes a statement so that the interpreter does with it what POSIX
// says, where left alone it does not. Text and positions are taken before.
func rewrite(stmt *syntax.Stmt) {
	spellOutCat(stmt)
	calmConditions(stmt)
	spellOutNot(stmt)
}

func call(words ...string) *syntax.CallExpr {
	c := &syntax.CallExpr{}
	for _, w := range words {
		c.Args = append(c.Args, &syntax.Word{Parts: []syntax.WordPart{&syntax.Lit{Value: w}}})
	}
	return c
}

// calmConditions begins every subshell within a condition with "set +e".
// POSIX ignores errexit in a condition all the way down; the interpreter
// forgets that in a subshell, a command substitution and the earlier stages
// of a pipeline.
func calmConditions(n syntax.Node) {
	found := map[syntax.Node]bool{}
	within := func(nodes ...*syntax.Stmt) {
		for _, n := range nodes {
			syntax.Walk(n, func(n syntax.Node) bool {
				switch n := n.(type) {
				case *syntax.Subshell, *syntax.CmdSubst:
					found[n] = true
				case *syntax.BinaryCmd:
					if n.Op == syntax.Pipe || n.Op == syntax.PipeAll {
						found[n] = true
					}
				}
				return true
			})
		}
	}
	syntax.Walk(n, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.IfClause:
			within(n.Cond...)
		case *syntax.WhileClause:
			within(n.Cond...)
		case *syntax.BinaryCmd:
			if n.Op == syntax.AndStmt || n.Op == syntax.OrStmt {
				within(n.X)
			}
		case *syntax.Stmt:
			if n.Negated {
				within(n)
			}
		}
		return true
	})
	calm := func(stmts []*syntax.Stmt) []*syntax.Stmt {
		if len(stmts) == 0 {
			return stmts
		}
		return append([]*syntax.Stmt{{Position: stmts[0].Position, Cmd: call("set", "+e")}}, stmts...)
	}
	for n := range found {
		switch n := n.(type) {
		case *syntax.Subshell:
			n.Stmts = calm(n.Stmts)
		case *syntax.CmdSubst:
			n.Stmts = calm(n.Stmts)
		case *syntax.BinaryCmd:
			n.X = &syntax.Stmt{Position: n.X.Position, Cmd: &syntax.Block{Stmts: calm([]*syntax.Stmt{n.X})}}
		}
	}
}

// spellOutCat makes $(<file) into $(cat <file): the interpreter forgets the
// status of the short form when the file cannot be read.
func spellOutCat(n syntax.Node) {
	syntax.Walk(n, func(n syntax.Node) bool {
		cs, ok := n.(*syntax.CmdSubst)
		if ok && len(cs.Stmts) == 1 && cs.Stmts[0].Cmd == nil && len(cs.Stmts[0].Redirs) == 1 {
			cs.Stmts[0].Cmd = call("cat")
		}
		return true
	})
}

// spellOutNot makes "! command" into "! if command; then :; else ! :; fi",
// which means the same. POSIX ignores errexit in what is negated, functions
// and groups included; the interpreter does so only in a condition.
func spellOutNot(n syntax.Node) {
	var negated []*syntax.Stmt
	syntax.Walk(n, func(n syntax.Node) bool {
		if st, ok := n.(*syntax.Stmt); ok && st.Negated && st.Cmd != nil {
			negated = append(negated, st)
		}
		return true
	})
	for _, st := range negated {
		pos := st.Cmd.Pos()
		st.Cmd = &syntax.IfClause{
			Position: pos,
			Cond:     []*syntax.Stmt{{Position: pos, Cmd: st.Cmd}},
			Then:     []*syntax.Stmt{{Position: pos, Cmd: call(":")}},
			Else: &syntax.IfClause{
				Position: pos,
				Then:     []*syntax.Stmt{{Position: pos, Cmd: call(":"), Negated: true}},
			},
		}
	}
}
