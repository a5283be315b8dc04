// Package volume keeps volumes as resources: their records, states and
// attachments, the instances they are attached to, and encryption by default.
//
// The nouns: a Volume is one volume's record, with its wrapped data key and
// the ring of content keys that its snapshots are sealed with; an Attachment
// is its place at an Instance, which is only a name here; Settings are an
// account's encryption by default in one region.
//
// One flow: CreateVolume puts a record in state creating; a job makes or
// unwraps what it needs and sets available; attaching sets in-use.
//
// The package has rules and records, and no I/O: the bytes are in
// volume/disk, what crosses packages is in internal/cloud.
package volume
