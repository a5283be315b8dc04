// Package snapshot keeps snapshots as resources: their records, states and
// lineage, with whom they are shared, and what copying them did.
//
// The nouns: a Snapshot is one snapshot's record: its wrapped data key, its
// ring of content keys, and the root of its content; a Report says what a copy
// did. The sealed blocks themselves are in snapshot/content.
//
// One flow: CreateSnapshot puts a record in state pending; a job seals what
// changed and sets, in one transaction, completed, the root and the volume's
// next base. A record is authenticated (see Save): one that was edited or
// swapped in the store is refused when it is read.
//
// The package has rules and records, and no I/O.
package snapshot
