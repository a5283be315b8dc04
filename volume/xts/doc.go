// Package xts encrypts the sectors of a disk: AES-256 in XTS mode as IEEE
// 1619-2018 and NIST SP 800-38E define it, in runs of consecutive data units.
//
// A Cipher holds one 512-bit key and one unit size. EncryptSectors takes any
// number of whole units and the number of the first; the tweak of each is its
// number, 64 bits little-endian with the upper half zero, and wraps at 2^64.
// Callers hand over runs as long as they can, because fast implementations
// work on several units at once.
//
// XTS hides content, not equality of one sector over time, and does not
// notice tampering. Ciphertext stealing is left out: units are whole AES
// blocks.
package xts
