// Package kms keeps the keys that wrap data keys: their lifecycle, policies,
// grants and aliases, and the envelope operations.
//
// The nouns: a Key is a KMS key with its policy and its material, sealed under
// the root key; an alias is a name for one; a Grant lets one principal use a
// key for some operations, perhaps only with some encryption context. A Call
// says who asks, in which region, and on whose behalf.
//
// One flow, Decrypt: the ciphertext names its key and material; in one view
// the caller is authorized (key policy, identity policies, grants), the key's
// state is checked and its material read; outside it the ciphertext is opened
// with the encryption context as associated data; then the event is made
// durable, and only then the plaintext is answered.
//
// Whatever changes records (CreateKey, CreateGrant) authorizes, acts and
// records its event in one transaction. Refusals leave their event too, see
// package audit.
//
// The names are those of the AWS KMS API Reference.
package kms
