package lesson

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
)

type junitSuite struct {
	XMLName  xml.Name    `xml:"testsuite"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Time     string      `xml:"time,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	File    string        `xml:"file,attr"`
	Time    string        `xml:"time,attr"`
	Failure *junitFailure `xml:"failure"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

// WriteJUnit writes results as JUnit XML, one test case each, the form that
// most CI systems read (the common subset of the Ant and Surefire schemas).
func WriteJUnit(w io.Writer, results []Result) error {
	suite := junitSuite{Name: "ebsim", Tests: len(results)}
	total := 0.0
	for _, r := range results {
		c := junitCase{Name: r.Name, Class: "ebsim.run", File: r.File, Time: fmt.Sprintf("%.3f", r.Duration.Seconds())}
		if r.Failure != nil {
			suite.Failures++
			c.Failure = &junitFailure{Message: printable(r.Failure.Error()), Type: "expectation", Text: printable(r.Failure.Report())}
		}
		total += r.Duration.Seconds()
		suite.Cases = append(suite.Cases, c)
	}
	suite.Time = fmt.Sprintf("%.3f", total)
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(suite); err != nil {
		return fmt.Errorf("junit: %w", err)
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// printable drops the control characters that XML 1.0 cannot hold, such as
// the escape of a terminal's colours.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s)
}
