// Package arn holds the three names that every other package writes down:
// the ARN of a resource, the number of an account, the name of a region.
// It is a leaf and knows no service.
package arn
