package lesson

import (
	"fmt"
	"path"
	"strings"
)

// Lesson is a parsed lesson or scenario.
type Lesson struct {
	File     string // as given to Parse; failures name it
	Name     string // the file's base name without its ending
	Title    string // from the front matter, else the first heading, else Name
	Summary  string
	Minutes  int // about how long a reader takes; 0 if not said
	Accounts []Account
	Regions  []string // empty: the caller's default
	Steps    []Step

	script bool // a plain shell script
}

// Account is an account, or a user in one, that a lesson asks for.
type Account struct {
	Name string // "alice"
	User string // "dev" for a named user, else "" for the account's root user
	ID   string // twelve digits
}

// Profile is the name by which `aws --profile` means the account: "alice",
// or "bob/dev" for a user.
func (a Account) Profile() string {
	if a.User == "" {
		return a.Name
	}
	return a.Name + "/" + a.User
}

// Step is what stands under one second-level heading. What stands before the
// first one is a step with no heading.
type Step struct {
	Heading string
	Line    int
	Parts   []Part
}

// Kind says what a part of a step is.
type Kind int

const (
	Prose   Kind = iota // Markdown
	Code                // shell, run
	Setup               // shell, run but not shown
	Predict             // a question to the reader about the code that follows
	Hint                // help with that question, shown when asked for
)

// Part is one piece of a step.
type Part struct {
	Kind Kind
	Text string // without fence or quote marks; ends in a newline
	Line int    // of Text's first line in the file, from 1

	statements []statement
}

// ParseError is a fault in a lesson's text.
type ParseError struct {
	File string
	Line int
	Err  error
}

func (e *ParseError) Error() string { return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err) }

func (e *ParseError) Unwrap() error { return e.Err }

// Parse reads a lesson. file ends in .md for Markdown with front matter, else
// the text is a shell script with a comment header. Errors are *ParseError.
func Parse(file string, text []byte) (*Lesson, error) {
	base := path.Base(strings.ReplaceAll(file, `\`, "/"))
	l := &Lesson{File: file, Name: strings.TrimSuffix(base, path.Ext(base))}
	body := strings.ReplaceAll(string(text), "\r\n", "\n")
	var err error
	if strings.EqualFold(path.Ext(base), ".md") {
		err = l.parseMarkdown(body)
	} else {
		err = l.parseScript(body)
	}
	if err != nil {
		return nil, err
	}
	if l.Title == "" {
		l.Title = l.Name
	}
	return l, nil
}

func (l *Lesson) errorf(line int, format string, args ...any) error {
	return &ParseError{File: l.File, Line: line, Err: fmt.Errorf(format, args...)}
}

// addAccount checks and keeps one account, written "alice" or "bob/dev".
func (l *Lesson) addAccount(line int, name, number string) error {
	a := Account{ID: number}
	a.Name, a.User, _ = strings.Cut(name, "/")
	if a.Name == "" || strings.HasSuffix(name, "/") || strings.ContainsAny(name, " \t=:") || strings.Count(name, "/") > 1 {
		return l.errorf(line, "account name %q: want a name such as alice, or bob/dev for a user", name)
	}
	if len(number) != 12 || strings.Trim(number, "0123456789") != "" {
		return l.errorf(line, "account %s: %q is not an account id of 12 digits", name, number)
	}
	for _, other := range l.Accounts {
		if other.Profile() == a.Profile() {
			return l.errorf(line, "account %s is given twice", name)
		}
		if other.Name == a.Name && other.ID != a.ID {
			return l.errorf(line, "account %s: %s has the id %s elsewhere", name, a.Name, other.ID)
		}
	}
	l.Accounts = append(l.Accounts, a)
	return nil
}
