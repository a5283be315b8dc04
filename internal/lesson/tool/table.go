package tool

// All gives a fresh table of the tools by name. What a POSIX shell has built
// in (echo, printf, test, true, false, cd, read and their like) is not among
// them: the interpreter has those.
func All() map[string]Command {
	table := map[string]Command{}
	for _, s := range []spec{
		{name: "cat", flags: "nu", run: cat},
		{name: "head", flags: "q", values: "nc", number: 'n', run: head,
			long: map[string]string{"lines": "n", "bytes": "c", "quiet": "q"}},
		{name: "tail", flags: "q", values: "nc", number: 'n', run: tail,
			long: map[string]string{"lines": "n", "bytes": "c", "quiet": "q"}},
		{name: "wc", flags: "lwcm", run: wc, long: map[string]string{"lines": "l", "words": "w", "bytes": "c", "chars": "m"}},
		{name: "tee", flags: "a", run: tee, long: map[string]string{"append": "a"}},
		{name: "seq", flags: "w", values: "s", run: seq, number: 0},
		{name: "cut", flags: "s", values: "dfcb", run: cut,
			long: map[string]string{"delimiter": "d", "fields": "f", "characters": "c", "bytes": "b", "only-delimited": "s"}},
		{name: "tr", flags: "dscC", run: tr, long: map[string]string{"delete": "d", "squeeze-repeats": "s", "complement": "c"}},
		{name: "sort", flags: "nrufbs", values: "kto", usage: 2, run: sortLines,
			long: map[string]string{"numeric-sort": "n", "reverse": "r", "unique": "u", "key": "k", "field-separator": "t"}},
		{name: "uniq", flags: "cdui", run: uniq, long: map[string]string{"count": "c", "repeated": "d", "unique": "u", "ignore-case": "i"}},
		{name: "grep", flags: "qcvinEFolLhHwxs", values: "eAmf", usage: 2, run: grep,
			long: map[string]string{"quiet": "q", "count": "c", "invert-match": "v", "ignore-case": "i", "line-number": "n",
				"extended-regexp": "E", "fixed-strings": "F", "only-matching": "o", "regexp": "e"}},
		{name: "sed", flags: "nEr", values: "e", run: sed,
			long: map[string]string{"quiet": "n", "regexp-extended": "E", "expression": "e"}},
		{name: "cmp", flags: "s", values: "n", usage: 2, run: cmpFiles, long: map[string]string{"silent": "s", "quiet": "s", "bytes": "n"}},
		{name: "diff", flags: "q", usage: 2, run: diff, long: map[string]string{"brief": "q"}},
		{name: "sha256sum", flags: "c", run: sha256sum, long: map[string]string{"check": "c", "quiet": "q"}},
		{name: "base64", flags: "d", values: "w", run: base64Text, long: map[string]string{"decode": "d", "wrap": "w"}},
		{name: "od", flags: "vcx", values: "AtNj", run: od, long: map[string]string{"address-radix": "A", "format": "t"}},
		{name: "xxd", flags: "p", values: "lsc", run: xxd},
		{name: "hexdump", flags: "Cv", values: "ns", run: hexdump},
		{name: "mkdir", flags: "p", run: mkdir, long: map[string]string{"parents": "p"}},
		{name: "rm", flags: "rRf", run: rm, long: map[string]string{"recursive": "r", "force": "f"}},
		{name: "rmdir", run: rmdir},
		{name: "cp", flags: "rRf", run: cp, long: map[string]string{"recursive": "r"}},
		{name: "mv", flags: "f", run: mv},
		{name: "touch", run: touch},
		{name: "ls", flags: "la1A", usage: 2, run: ls, long: map[string]string{"all": "a"}},
		{name: "date", flags: "u", run: date, long: map[string]string{"utc": "u"}},
		{name: "sleep", run: sleep},
		{name: "basename", run: basename},
		{name: "dirname", run: dirname},
		{name: "env", run: env},
	} {
		table[s.name] = s.command()
	}
	return table
}
