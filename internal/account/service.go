package account

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/google/uuid"

	"crmferry/internal/connector"
)

// The sizes of a List's page.
const (
	DefaultLimit = 50
	MaxLimit     = 1000
)

// Catalogue knows the CRMs.
type Catalogue interface {
	Lookup(crm string) (*connector.Spec, bool)
}

// Prober asks a CRM whose credentials these are. Its errors are *fault.Error.
type Prober interface {
	Probe(ctx context.Context, spec *connector.Spec, acc connector.Account) (connector.Identity, error)
}

// Deps is what a Service works with; all but Now are needed.
type Deps struct {
	Store     Store
	Sealer    *Sealer
	Catalogue Catalogue
	Prober    Prober
	Now       func() time.Time // nil is time.Now
}

// Service connects, opens and removes accounts. An id that is no UUID is
// ErrNotFound everywhere. Changes by other processes show in Open and Describe
// after 2 seconds at the latest, those made here at once.
type Service struct {
	store     Store
	sealer    *Sealer
	catalogue Catalogue
	prober    Prober
	now       func() time.Time
	cache     *cache
}

// NewService makes a Service.
func NewService(d Deps) *Service {
	if d.Now == nil {
		d.Now = time.Now
	}
	return &Service{
		store: d.Store, sealer: d.Sealer, catalogue: d.Catalogue, prober: d.Prober, now: d.Now,
		cache: newCache(d.Store.Get, d.Now),
	}
}

// Create connects an account without asking the CRM. Its error is a
// *contact.Invalid with all problems of the request, ErrExists, or the Store's.
func (s *Service) Create(ctx context.Context, tenant, createdBy string, req CreateRequest) (Account, error) {
	v, err := validate(s.catalogue, req)
	if err != nil {
		return Account{}, err
	}
	r := Record{Account: v.account}
	if r.ID == "" {
		id, err := uuid.NewV7()
		if err != nil {
			return Account{}, fmt.Errorf("account: making an id: %w", err)
		}
		r.ID = id.String()
	}
	r.Tenant, r.CreatedBy, r.Status = tenant, createdBy, Active
	r.CreatedAt = s.time()
	r.UpdatedAt = r.CreatedAt
	r.Revision = rand.Text()
	if err := s.sealer.seal(&r, v.credential); err != nil {
		return Account{}, err
	}
	if err := s.store.Create(ctx, r); err != nil {
		return Account{}, err
	}
	s.cache.forget(cacheKey{tenant, r.ID})
	return r.Account.Clone(), nil
}

// time is now as it is stored: UTC, in milliseconds, so that every Store can
// keep and compare it exactly.
func (s *Service) time() time.Time { return s.now().UTC().Truncate(time.Millisecond) }

// Get reads an account as it is stored now.
func (s *Service) Get(ctx context.Context, tenant, id string) (Account, error) {
	r, err := s.stored(ctx, tenant, id)
	return r.Account, err
}

func (s *Service) stored(ctx context.Context, tenant, id string) (Record, error) {
	id, ok := canonicalID(id)
	if !ok {
		return Record{}, ErrNotFound
	}
	return s.store.Get(ctx, tenant, id)
}

// List gives a page of a tenant's accounts by creation; next is "" at the end.
// A limit of 0 is DefaultLimit, one above MaxLimit is MaxLimit.
func (s *Service) List(ctx context.Context, tenant string, f Filter) (accounts []Account, next string, err error) {
	if f.Limit <= 0 {
		f.Limit = DefaultLimit
	}
	f.Limit = min(f.Limit, MaxLimit)
	records, next, err := s.store.List(ctx, tenant, f)
	if err != nil {
		return nil, "", err
	}
	accounts = make([]Account, len(records))
	for i, r := range records {
		accounts[i] = r.Account
	}
	return accounts, next, nil
}

// Delete removes an account and its sealed credential at once.
func (s *Service) Delete(ctx context.Context, tenant, id string) error {
	id, ok := canonicalID(id)
	if !ok {
		return ErrNotFound
	}
	// Also after an error: the Store may have deleted and not been able to say so.
	defer s.cache.forget(cacheKey{tenant, id})
	return s.store.Delete(ctx, tenant, id)
}
