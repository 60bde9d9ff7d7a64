package fingerprint

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
)

// ErrKey: the tenant's key does not open with the present master key.
var ErrKey = errors.New("fingerprint: the tenant's key was sealed with another master key, or is damaged")

const secretBytes = 32

// Sealer encrypts for a context; an *account.Sealer is one.
type Sealer interface {
	Seal(plain []byte, context string) ([]byte, error)
	Open(sealed []byte, context string) ([]byte, error)
}

// Safe keeps the sealed keys.
type Safe interface {
	// Sealed gives the tenant's sealed key, nil where there is none yet.
	Sealed(ctx context.Context, tenant string) ([]byte, error)
	// Keep stores fresh unless there is a key already, and gives what is kept.
	Keep(ctx context.Context, tenant string, fresh []byte) ([]byte, error)
}

// Keys has the key of each tenant, which it makes when it is first needed and
// remembers. It is safe for concurrent use.
type Keys struct {
	sealer Sealer
	safe   Safe

	mu    sync.RWMutex
	known map[string]*Key
}

// NewKeys makes Keys.
func NewKeys(sealer Sealer, safe Safe) *Keys {
	return &Keys{sealer: sealer, safe: safe, known: map[string]*Key{}}
}

// For gives the tenant's key; ErrKey when it does not open.
func (ks *Keys) For(ctx context.Context, tenant string) (*Key, error) {
	ks.mu.RLock()
	key := ks.known[tenant]
	ks.mu.RUnlock()
	if key != nil {
		return key, nil
	}
	secret, err := ks.secret(ctx, tenant)
	if err != nil {
		return nil, err
	}
	key = NewKey(secret)
	ks.mu.Lock()
	defer ks.mu.Unlock()
	ks.known[tenant] = key
	return key, nil
}

// secret opens the tenant's key. Of several processes that make one at the same
// time all get that of the first.
func (ks *Keys) secret(ctx context.Context, tenant string) ([]byte, error) {
	sealed, err := ks.safe.Sealed(ctx, tenant)
	if err == nil && len(sealed) == 0 {
		fresh := make([]byte, secretBytes)
		_, _ = rand.Read(fresh) // never fails, says crypto/rand
		if fresh, err = ks.sealer.Seal(fresh, purpose(tenant)); err == nil {
			sealed, err = ks.safe.Keep(ctx, tenant, fresh)
		}
	}
	if err != nil {
		return nil, err
	}
	secret, err := ks.sealer.Open(sealed, purpose(tenant))
	if err != nil || len(secret) != secretBytes {
		return nil, ErrKey
	}
	return secret, nil
}

// purpose is the context of the seal: a key opens for its tenant alone.
func purpose(tenant string) string { return "ferry:fingerprint-key:" + tenant }
