// Package state is the small transactional store that holds every record of a
// world: accounts, keys, volumes, snapshots, jobs and events.
//
// The nouns: a Store holds Tables of ordered key-value pairs; a Tx reads and
// writes them. One implementation lies in a file (bbolt), one in memory; they
// are one code path but for where the pairs are kept.
//
// One flow: Update queues a function; one goroutine, the committer, takes all
// that are queued, runs them one after the other on an overlay over the
// committed pairs, undoes what a failing one wrote, and commits the others
// together. So a hundred concurrent writers share one sync of the disk, and
// each still sees all that came before it.
//
// A function given to Update, View or Append must have no effect but through
// its Tx, and must not call the Store.
package state
