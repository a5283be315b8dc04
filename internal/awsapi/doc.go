// Package awsapi holds the AWS operations, each declared once: input, output,
// handler, IAM action, resources and condition keys. The built-in aws command
// calls them in process; the HTTP handler serves the same table.
package awsapi
