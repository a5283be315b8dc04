// Package audit is what happened: one event for each request and for each KMS
// call that a request caused, shaped as CloudTrail shapes them, and why each
// was allowed or denied.
//
// The nouns: a Caller is who asked and how; an Event is what the trail of one
// account says of one call; a Kind names one way to fail; the Trail keeps
// events and finds them again.
//
// One flow: a method of a domain package authorizes, acts and records in one
// transaction, so that effect and event commit together. When it is refused,
// the transaction is undone; it therefore returns its event inside a *Failed
// error, and Trail.Do records that by itself.
//
// No secret, nonce or ciphertext is ever in an event.
package audit
