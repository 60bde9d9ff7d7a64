package webhook

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

const (
	secretPrefix = "whsec_"
	secretBytes  = 32
	// maxKeys bounds the secrets that are in use at the same time.
	maxKeys = 5
)

// Sealer encrypts secrets; an *account.Sealer is one.
type Sealer interface {
	Seal(plain []byte, context string) ([]byte, error)
	Open(sealed []byte, context string) ([]byte, error)
}

// Key is one sealed secret. A key with an Until counts no more after it.
type Key struct {
	Sealed []byte    `json:"sealed"`
	Since  time.Time `json:"since"`
	Until  time.Time `json:"until,omitzero"`
}

// Keyring holds the secrets of a receiver, the newest first. While a secret is
// being replaced, the old one signs as well.
type Keyring []Key

var errTooManyKeys = errors.New("webhook: too many secrets are still in use")

// rotate puts a new secret in front, and gives it; those before sign until the
// overlap is over. context names whose they are.
func (k Keyring) rotate(s Sealer, context string, now time.Time, overlap time.Duration) (Keyring, string, error) {
	var raw [secretBytes]byte
	_, _ = rand.Read(raw[:]) // never fails, says crypto/rand
	secret := secretPrefix + base64.StdEncoding.EncodeToString(raw[:])
	sealed, err := s.Seal([]byte(secret), context)
	if err != nil {
		return nil, "", err
	}
	next := Keyring{{Sealed: sealed, Since: now}}
	for _, old := range k.current(now) {
		if end := now.Add(overlap); old.Until.IsZero() || old.Until.After(end) {
			old.Until = end
		}
		if old.Until.After(now) {
			next = append(next, old)
		}
	}
	if len(next) > maxKeys {
		return nil, "", errTooManyKeys
	}
	return next, secret, nil
}

// current leaves out what counts no more.
func (k Keyring) current(now time.Time) Keyring {
	var out Keyring
	for _, key := range k {
		if key.Until.IsZero() || key.Until.After(now) {
			out = append(out, key)
		}
	}
	return out
}

// sign gives the headers of one try: each current secret makes a signature.
func (k Keyring) sign(s Sealer, context, id string, body []byte, now time.Time) (http.Header, error) {
	var signatures []string
	for _, key := range k.current(now) {
		secret, err := s.Open(key.Sealed, context)
		if err != nil {
			return nil, err
		}
		signer, err := standardwebhooks.NewWebhook(string(secret))
		if err != nil {
			return nil, errors.New("webhook: a stored secret is damaged")
		}
		signature, err := signer.Sign(id, now, body)
		if err != nil {
			return nil, err
		}
		signatures = append(signatures, signature)
	}
	if len(signatures) == 0 {
		return nil, errors.New("webhook: there is no secret to sign with")
	}
	h := http.Header{"Content-Type": {"application/json"}}
	h.Set(standardwebhooks.HeaderWebhookID, id)
	h.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	h.Set(standardwebhooks.HeaderWebhookSignature, strings.Join(signatures, " "))
	return h, nil
}

// The contexts under which secrets are sealed: none opens as another's.
func endpointContext(tenant, id string) string { return "ferry:webhook:" + tenant + ":" + id }
func callbackContext(tenant string) string     { return "ferry:callback:" + tenant }
