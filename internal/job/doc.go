// Package job runs slow work that must survive a restart.
//
// The nouns: a Record is a piece of work that was committed with the request
// that asked for it; a Queue runs records that are due, by the handler of
// their kind.
//
// One flow: a request's transaction calls Enqueue; after it committed, Kick
// wakes the queue; the handler works, and its last transaction calls Done
// together with the effect. A handler that is killed in the middle is called
// again after the next Start, so it must be idempotent.
//
// Under a real clock jobs run on a few goroutines, those with the same Serial
// one after the other. Under a virtual clock nothing runs until Advance is
// called, which runs one job: so the same script gives the same order of
// events.
package job
