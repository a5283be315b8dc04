// Package tool holds the small tools of a lesson's shell, in Go: cat, grep,
// sed, sort, sha256sum and their like, with the options that scripts commonly
// use. An option that a tool does not have is an error that names it.
//
// A tool is a [Command]: it is given its streams, its variables and its files
// by an [IO] and returns an exit status. Files are reached only through the
// IO, whose paths are confined to one folder by an os.Root; a tool never runs
// another program and never looks at the machine's own environment.
//
// Output follows the GNU tools byte for byte where a script could depend on
// it. What differs: patterns are translated to RE2, so there are no
// back-references; sort compares bytes, as under LC_ALL=C; ls -l shows no
// owner.
package tool
