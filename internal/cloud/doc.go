// Package cloud is the world: it opens everything, holds the clock and the
// regions, and does what crosses packages.
//
// The nouns: a Cloud is one world; a Call is an authenticated request in a
// region; a ring is the set of content keys that a volume or snapshot needs,
// sealed under its data key.
//
// Every request goes through one door, Do: authorize, act, record. What needs
// several transactions (Attach) uses the same door step by step.
//
// One flow, a copy across regions to another key: CopySnapshot answers with
// the id of a pending snapshot and leaves a job. The job asks KMS as the
// caller for the source's data key and for a new one (kms-calls in
// docs/architecture.md), opens the source's ring with the one and seals it
// again under the other, copies the sealed objects, and completes the record,
// the grants retired, in one transaction.
package cloud
