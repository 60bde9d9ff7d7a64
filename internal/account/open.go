package account

import (
	"context"
	"errors"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/fault"
)

// parkedWait is how long work for an account that is out of use waits before
// it looks again.
const parkedWait = time.Minute

// Describe gives an account and its CRM from the cache; for every request of
// the API. It fails with ErrNotFound and ErrUnknownCRM.
func (s *Service) Describe(ctx context.Context, tenant, id string) (Account, *connector.Spec, error) {
	r, err := s.recent(ctx, tenant, id)
	if err != nil {
		return Account{}, nil, err
	}
	spec, ok := s.catalogue.Lookup(r.CRM)
	if !ok {
		return Account{}, nil, ErrUnknownCRM
	}
	return r.Account.Clone(), spec, nil
}

// recent is the record as it is or was up to 2 seconds ago.
func (s *Service) recent(ctx context.Context, tenant, id string) (Record, error) {
	id, ok := canonicalID(id)
	if !ok {
		return Record{}, ErrNotFound
	}
	return s.cache.get(ctx, cacheKey{tenant, id})
}

// Open gives an account with its credentials, for a call to its CRM. Its error
// is a *fault.Error: account_gone (final), account_disabled and
// reauthorization_required (to be tried again in a minute),
// credentials_unreadable (final), or accounts_unavailable when the Store fails.
func (s *Service) Open(ctx context.Context, tenant, id string) (connector.Account, error) {
	r, err := s.recent(ctx, tenant, id)
	if err != nil {
		return connector.Account{}, unopened(err)
	}
	switch r.Status {
	case Disabled:
		return connector.Account{}, parked("account_disabled", "the integrated account is disabled")
	case ReauthorizationRequired:
		return connector.Account{}, parked("reauthorization_required", "the integrated account must be authorized anew")
	}
	return s.sealer.unseal(r)
}

func unopened(err error) *fault.Error {
	switch {
	case errors.Is(err, ErrNotFound):
		f := fault.New(fault.NotFound, "account_gone", "the integrated account does not exist any more")
		f.Final, f.Err = true, err
		return f
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fault.From(err)
	default:
		f := fault.New(fault.Unavailable, "accounts_unavailable", "the integrated account could not be read")
		f.Err = err
		return f
	}
}

func parked(code, message string) *fault.Error {
	f := fault.New(fault.Unavailable, code, message)
	f.RetryAfter = parkedWait
	return f
}
