// Package lessons holds the lessons that `ebsim learn` plays.
package lessons

import "embed"

// Files are the lessons, by name with ".md".
//
//go:embed *.md
var Files embed.FS
