// Package ebsim is an encrypted block-volume and snapshot simulator: a small,
// exact copy of one corner of AWS, for teaching, benchmarking and testing.
package ebsim
