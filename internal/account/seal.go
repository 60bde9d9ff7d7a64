package account

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/aead/aesgcm"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/insecuresecretdataaccess"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/secretdata"
)

// Errors of a Sealer.
var (
	// ErrUnreadable: sealed under another key or for another context, or damaged.
	ErrUnreadable = errors.New("account: the sealed value does not open")
	// ErrWrongKey: the master key is not the one that this data was sealed with.
	ErrWrongKey = errors.New("account: the master key is not the one that the stored credentials were sealed with")
)

const keyBytes = 32

// Sealer encrypts secrets with authentication. It is safe for concurrent use.
// Its key is within functions, where no way of printing reaches it, not even
// that of a value which holds a Sealer.
type Sealer struct {
	encrypt, decrypt func(text, associatedData []byte) ([]byte, error)
}

// NewSealer takes the master key: base64 of 32 bytes (AES-256-GCM), or a Tink
// key set of AEAD keys as cleartext JSON. A key set seals with its primary key
// and opens with every enabled one; to move from a single key to a key set, put
// the single key into it as an AesGcmKey with the output prefix RAW. An error
// says what is wrong with the key and holds nothing of it.
func NewSealer(masterKey string) (*Sealer, error) {
	masterKey = strings.TrimSpace(masterKey)
	handle, err := keySet(masterKey)
	if err != nil {
		return nil, err
	}
	primitive, err := aead.New(handle)
	if err != nil {
		return nil, errors.New("account: the master key's Tink key set holds keys that are not for AEAD")
	}
	return &Sealer{encrypt: primitive.Encrypt, decrypt: primitive.Decrypt}, nil
}

// keySet leaves out what Tink and the decoders say: it could quote the key.
func keySet(masterKey string) (*keyset.Handle, error) {
	switch {
	case masterKey == "":
		return nil, errors.New("account: the master key is empty")
	case strings.HasPrefix(masterKey, "{"):
		handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(strings.NewReader(masterKey)))
		if err != nil {
			return nil, errors.New("account: the master key is not a cleartext Tink key set with an enabled primary key")
		}
		return handle, nil
	}
	raw, ok := decodeBase64(masterKey)
	if !ok {
		return nil, errors.New("account: the master key is neither base64 nor a Tink key set")
	}
	if len(raw) != keyBytes {
		return nil, fmt.Errorf("account: the master key has %d bytes; it must have %d", len(raw), keyBytes)
	}
	return singleKey(raw)
}

// decodeBase64 takes both alphabets, with and without padding.
func decodeBase64(text string) ([]byte, bool) {
	text = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(text, "="))
	raw, err := base64.RawStdEncoding.DecodeString(text)
	return raw, err == nil
}

// singleKey makes a key set of one key, whose ciphertexts carry no key id.
func singleKey(raw []byte) (*keyset.Handle, error) {
	params, err := aesgcm.NewParameters(aesgcm.ParametersOpts{
		KeySizeInBytes: keyBytes, IVSizeInBytes: 12, TagSizeInBytes: 16, Variant: aesgcm.VariantNoPrefix,
	})
	if err != nil {
		return nil, err
	}
	key, err := aesgcm.NewKey(secretdata.NewBytesFromData(raw, insecuresecretdataaccess.Token{}), 0, params)
	if err != nil {
		return nil, err
	}
	manager := keyset.NewManager()
	id, err := manager.AddKey(key)
	if err != nil {
		return nil, err
	}
	if err := manager.SetPrimary(id); err != nil {
		return nil, err
	}
	return manager.Handle()
}

// Seal encrypts plain for a context: it opens under the same context alone.
func (s *Sealer) Seal(plain []byte, context string) ([]byte, error) {
	sealed, err := s.encrypt(plain, []byte(context))
	if err != nil {
		return nil, errors.New("account: sealing failed")
	}
	return sealed, nil
}

// Open gives back what was sealed for the context, else ErrUnreadable.
func (s *Sealer) Open(sealed []byte, context string) ([]byte, error) {
	plain, err := s.decrypt(sealed, []byte(context))
	if err != nil {
		return nil, ErrUnreadable
	}
	return plain, nil
}

const (
	checkContext = "ferry:master-key-check"
	checkText    = "this is the right master key"
)

// SealCheck makes a value to store beside the first sealed data; OpenCheck
// tells at the next start whether the master key still fits.
func (s *Sealer) SealCheck() ([]byte, error) { return s.Seal([]byte(checkText), checkContext) }

// OpenCheck fails with ErrWrongKey if check was made with another master key.
func (s *Sealer) OpenCheck(check []byte) error {
	plain, err := s.Open(check, checkContext)
	if err != nil || !bytes.Equal(plain, []byte(checkText)) {
		return ErrWrongKey
	}
	return nil
}
