package awsapi

import "slices"

// Operations is the table of every operation.
func Operations() *Table {
	return NewTable(slices.Concat(kmsKeys(), kmsGrants(), kmsCrypto(), ec2Volumes(), ec2Snapshots(), ec2Settings(), ec2Instances(),
		stsOperations(), iamUsers(), iamPolicies(), cloudtrailOperations())...)
}
