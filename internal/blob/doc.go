// Package blob keeps objects by name.
//
// An object is a few bytes to a few megabytes, written once and never
// changed. A name is a path of slash-separated elements. Two stores are here:
// Folder, one file for each object, and Memory, for worlds that leave nothing
// behind; Within narrows either to the names under a prefix.
//
// Writing is two steps: any number of Puts, then one Sync that makes what
// they wrote durable together. What was put and never synced may be lost, or
// be there and be shorter or garbled, after a power cut; so whoever names an
// object in a record syncs first, and whoever finds an object that he did not
// write and sync checks its bytes. The store itself checks nothing.
package blob
