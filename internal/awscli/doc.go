// Package awscli is the built-in aws command: it reads an aws command line,
// builds the input of an operation from internal/awsapi's table, has it done,
// and prints the answer as the AWS CLI version 2 does.
//
// Nouns: an option is a member of the operation's input under its command-line
// name; a shape is what an option's Go type says about it (string, list,
// structure …); a page is one answer of an operation that answers in parts; a
// waiter is an operation asked again until its answer shows a wanted state.
//
// One flow: Run splits the arguments into global options, service, operation
// and options; each option's text becomes a plain value (shorthand syntax,
// JSON, file://); the values are checked against the input's type and put into
// it; credentials and region are found; Config.Do is called, page after page;
// the output becomes plain values again, --query picks from them, and a
// formatter prints.
//
// Nothing here reads the process's environment, files or clock except through
// Config, so that a scenario's command and a real terminal's are one code
// path. What a value marked sensitive holds is never repeated in an error.
package awscli
