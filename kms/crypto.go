package kms

import (
	"context"
	"crypto/rand"

	"github.com/ebsim/ebsim/account/audit"
	"github.com/ebsim/ebsim/internal/state"
)

// maxPlaintext is the most that Encrypt takes, in bytes.
const maxPlaintext = 4096

// CryptoOptions are what the cryptographic operations have in common.
type CryptoOptions struct {
	Context map[string]string // the encryption context
	Tokens  []string          // grant tokens
	DryRun  bool
}

func (o CryptoOptions) fields(f audit.Fields) audit.Fields {
	if len(o.Context) > 0 {
		f["encryptionContext"] = o.Context
	}
	if o.DryRun {
		f["dryRun"] = true
	}
	return f
}

// use finds a key, authorizes one cryptographic operation with it, checks its
// state and gives its material.
func (r *request) use(tx *state.Tx, k *Key, named KeyName, operation string, o CryptoOptions) ([]byte, error) {
	r.touch(k)
	for _, t := range o.Tokens { // grants are there at once, so a token is only checked
		if _, _, err := r.readToken(t); err != nil {
			return nil, err
		}
	}
	if err := r.authorize(tx, ask{operation: operation, key: k, named: named, context: o.Context,
		extra: map[string][]string{"kms:EncryptionAlgorithm": {Algorithm}}}); err != nil {
		return nil, err
	}
	if err := k.usable(); err != nil {
		return nil, err
	}
	if o.DryRun {
		return nil, errDryRun()
	}
	return k.open(r.root)
}

// useNamed is use for a key that the request names.
func (r *request) useNamed(ctx context.Context, name KeyName, operation string, o CryptoOptions) (k *Key, material []byte, err error) {
	err = r.read(ctx, func(tx *state.Tx) error {
		if k, err = r.resolve(tx, name, operation, true); err != nil {
			return err
		}
		material, err = r.use(tx, k, name, operation, o)
		return err
	})
	if err == nil {
		r.event.Additional = audit.Fields{"keyMaterialId": k.MaterialID}
	}
	return k, material, err
}

// Encrypt wraps up to 4096 bytes under a key.
func (s *Service) Encrypt(ctx context.Context, c Call, name KeyName, plaintext []byte, o CryptoOptions) (ciphertext []byte, k *Key, err error) {
	r := s.begin(c, "Encrypt", true, o.fields(audit.Fields{"keyId": name, "encryptionAlgorithm": Algorithm}))
	if n := len(plaintext); n < 1 || n > maxPlaintext {
		than, limit := "greater", 1
		if n > maxPlaintext {
			than, limit = "less", maxPlaintext
		}
		return nil, nil, r.refuse(ErrValidation.Errorf("1 validation error detected: Value at 'plaintext' failed to satisfy constraint: Member must have length %s than or equal to %d", than, limit))
	}
	k, material, err := r.useNamed(ctx, name, "Encrypt", o)
	if err != nil {
		return nil, nil, err
	}
	ciphertext = k.encrypt(material, plaintext, o.Context)
	clear(material)
	return ciphertext, k, r.commit(ctx)
}

// Decrypt unwraps what any of the key's materials wrapped, with the same
// context. Name may be empty: the ciphertext names its key.
func (s *Service) Decrypt(ctx context.Context, c Call, name KeyName, ciphertext []byte, o CryptoOptions) (plaintext []byte, k *Key, err error) {
	f := audit.Fields{"encryptionAlgorithm": Algorithm}
	if name != "" {
		f["keyId"] = name
	}
	r := s.begin(c, "Decrypt", true, o.fields(f))
	plaintext, k, err = r.decrypt(ctx, name, ciphertext, "Decrypt", o)
	if err != nil {
		return nil, nil, err
	}
	if err := r.commit(ctx); err != nil {
		clear(plaintext)
		return nil, nil, err
	}
	return plaintext, k, nil
}

// decrypt is Decrypt, and the first half of ReEncrypt, up to the event.
func (r *request) decrypt(ctx context.Context, name KeyName, ciphertext []byte, operation string, o CryptoOptions) ([]byte, *Key, error) {
	var k *Key
	var material []byte
	b, err := parseBlob(ciphertext)
	if err != nil {
		return nil, nil, r.refuse(err)
	}
	err = r.read(ctx, func(tx *state.Tx) error {
		var err error
		named := name
		if name == "" {
			named = byCiphertext
			k, err = r.named(tx, b, operation)
		} else if k, err = r.resolve(tx, name, operation, true); err == nil && (k.ID != b.keyID || k.Account != b.account) {
			r.touch(k)
			if err = r.authorize(tx, ask{operation: operation, key: k, named: named, context: o.Context}); err == nil {
				err = ErrIncorrectKey.Errorf("The key ID in the request does not identify a CMK that can perform this operation.")
			}
		}
		if err != nil {
			return err
		}
		material, err = r.use(tx, k, named, operation, o)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	plaintext, err := k.decrypt(material, b, o.Context)
	clear(material)
	if err != nil {
		return nil, nil, r.refuse(err)
	}
	r.event.Additional = audit.Fields{"keyMaterialId": b.material}
	return plaintext, k, nil
}

// named finds the key that a ciphertext names, in the region of the call.
func (r *request) named(tx *state.Tx, b blob, operation string) (*Key, error) {
	k, ok, err := state.Load[Key](tx, keys, state.Key(string(r.call.Region), string(b.account), b.keyID), version)
	if err != nil {
		return nil, err
	}
	if !ok || k.MaterialID != b.material {
		if b.account == r.call.Caller.Account {
			return nil, ErrInvalidCiphertext.Errorf("")
		}
		return nil, audit.Denied.Errorf("%s", vague(r, operation))
	}
	return &k, nil
}

// ReEncrypt unwraps a ciphertext and wraps it again, under another key or with
// another context; the plaintext never leaves KMS.
func (s *Service) ReEncrypt(ctx context.Context, c Call, source KeyName, ciphertext []byte, from CryptoOptions, destination KeyName, to map[string]string) (out []byte, src, dst *Key, err error) {
	f := audit.Fields{"destinationKeyId": destination, "sourceEncryptionAlgorithm": Algorithm, "destinationEncryptionAlgorithm": Algorithm}
	if source != "" {
		f["sourceKeyId"] = source
	}
	if len(from.Context) > 0 {
		f["sourceEncryptionContext"] = from.Context
	}
	if len(to) > 0 {
		f["destinationEncryptionContext"] = to
	}
	if from.DryRun {
		f["dryRun"] = true
	}
	r := s.begin(c, "ReEncrypt", true, f)
	dry := from.DryRun
	from.DryRun = false
	plaintext, src, err := r.decrypt(ctx, source, ciphertext, "ReEncryptFrom", from)
	if err != nil {
		return nil, nil, nil, err
	}
	defer clear(plaintext)
	unwrapped := r.event.Additional["keyMaterialId"]
	dst, material, err := r.useNamed(ctx, destination, "ReEncryptTo", CryptoOptions{Context: to, Tokens: from.Tokens, DryRun: dry})
	if err != nil {
		return nil, nil, nil, err
	}
	out = dst.encrypt(material, plaintext, to)
	clear(material)
	r.event.Additional = audit.Fields{"sourceKeyMaterialId": unwrapped, "destinationKeyMaterialId": dst.MaterialID}
	if err := r.commit(ctx); err != nil {
		return nil, nil, nil, err
	}
	return out, src, dst, nil
}

// DataKey is a data key: its ciphertext, and its plaintext where asked for.
type DataKey struct {
	Plaintext  []byte
	Ciphertext []byte
	Key        *Key
}

// DataKeyOptions say how long a data key is: either bytes or a spec.
type DataKeyOptions struct {
	CryptoOptions
	NumberOfBytes int64  // 1 to 1024
	KeySpec       string // "AES_256", "AES_128"
}

// GenerateDataKey makes a data key and wraps it under a key.
func (s *Service) GenerateDataKey(ctx context.Context, c Call, name KeyName, o DataKeyOptions) (*DataKey, error) {
	return s.generateDataKey(ctx, c, "GenerateDataKey", name, o)
}

// GenerateDataKeyWithoutPlaintext makes a data key that nobody has seen, to be
// unwrapped when it is first needed.
func (s *Service) GenerateDataKeyWithoutPlaintext(ctx context.Context, c Call, name KeyName, o DataKeyOptions) (*DataKey, error) {
	d, err := s.generateDataKey(ctx, c, "GenerateDataKeyWithoutPlaintext", name, o)
	if err != nil {
		return nil, err
	}
	clear(d.Plaintext)
	d.Plaintext = nil
	return d, nil
}

func (s *Service) generateDataKey(ctx context.Context, c Call, operation string, name KeyName, o DataKeyOptions) (*DataKey, error) {
	f := o.fields(audit.Fields{"keyId": name})
	n := o.NumberOfBytes
	if n != 0 {
		f["numberOfBytes"] = n
	}
	if o.KeySpec != "" {
		f["keySpec"] = o.KeySpec
	}
	r := s.begin(c, operation, true, f)
	switch {
	case (n != 0) == (o.KeySpec != ""):
		return nil, r.refuse(ErrValidation.Errorf("Please specify either number of bytes or key spec."))
	case o.KeySpec == "AES_256":
		n = 32
	case o.KeySpec == "AES_128":
		n = 16
	case o.KeySpec != "":
		return nil, r.refuse(ErrValidation.Errorf("1 validation error detected: Value '%s' at 'keySpec' failed to satisfy constraint: Member must satisfy enum value set: [AES_256, AES_128]", o.KeySpec))
	}
	if err := checkBytes(n); err != nil {
		return nil, r.refuse(err)
	}
	k, material, err := r.useNamed(ctx, name, operation, o.CryptoOptions)
	if err != nil {
		return nil, err
	}
	plaintext := make([]byte, n)
	rand.Read(plaintext)
	d := &DataKey{Plaintext: plaintext, Ciphertext: k.encrypt(material, plaintext, o.Context), Key: k}
	clear(material)
	if err := r.commit(ctx); err != nil {
		clear(plaintext)
		return nil, err
	}
	return d, nil
}

func checkBytes(n int64) error {
	than, limit := "", 0
	switch {
	case n < 1:
		than, limit = "greater", 1
	case n > 1024:
		than, limit = "less", 1024
	default:
		return nil
	}
	return ErrValidation.Errorf("1 validation error detected: Value '%d' at 'numberOfBytes' failed to satisfy constraint: Member must have value %s than or equal to %d", n, than, limit)
}

// GenerateRandom gives 1 to 1024 random bytes.
func (s *Service) GenerateRandom(ctx context.Context, c Call, n int64) ([]byte, error) {
	r := s.begin(c, "GenerateRandom", true, audit.Fields{"numberOfBytes": n})
	if err := checkBytes(n); err != nil {
		return nil, r.refuse(err)
	}
	if err := r.view(ctx, func(tx *state.Tx) error { return r.authorize(tx, ask{operation: "GenerateRandom"}) }); err != nil {
		return nil, err
	}
	b := make([]byte, n)
	rand.Read(b)
	return b, nil
}
