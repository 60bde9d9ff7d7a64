package account

import (
	"context"
	"errors"

	"crmferry/internal/connector"
)

// SessionProber probes with a connector's Client.
type SessionProber struct{ Client *connector.Client }

// Probe makes the CRM's cheapest authenticated call.
func (p SessionProber) Probe(ctx context.Context, spec *connector.Spec, acc connector.Account) (connector.Identity, error) {
	session, err := p.Client.Session(spec, acc, connector.Job{})
	if err != nil {
		return connector.Identity{}, err
	}
	return session.Probe(ctx)
}

// Check asks the CRM whether it takes the account's credentials, and whose
// they are; an empty identity means that it does not tell. What is learned of
// the identity is stored. It fails with ErrNotFound, ErrUnknownCRM, a
// *fault.Error of the probe, ErrIdentityChanged (with the new identity), or
// ErrChanged when the account got other credentials meanwhile.
func (s *Service) Check(ctx context.Context, tenant, id string) (connector.Identity, error) {
	r, err := s.stored(ctx, tenant, id)
	if err != nil {
		return connector.Identity{}, err
	}
	spec, ok := s.catalogue.Lookup(r.CRM)
	if !ok {
		return connector.Identity{}, ErrUnknownCRM
	}
	acc, err := s.sealer.unseal(r)
	if err != nil {
		return connector.Identity{}, err
	}
	who, err := s.prober.Probe(ctx, spec, acc)
	if err != nil {
		return connector.Identity{}, err
	}
	return who, s.learn(ctx, r, who)
}

// learn stores what is new about the identity behind the record's credentials.
func (s *Service) learn(ctx context.Context, r Record, who connector.Identity) error {
	const tries = 5
	probed := r.Revision
	for range tries {
		merged, err := mergeIdentity(r.Identity, who)
		if err != nil || merged == r.Identity {
			return err
		}
		r.Identity, r.UpdatedAt = merged, s.time()
		err = s.store.Put(ctx, r)
		s.cache.forget(cacheKey{r.Tenant, r.ID})
		if !errors.Is(err, ErrChanged) {
			return err
		}
		if r, err = s.store.Get(ctx, r.Tenant, r.ID); err != nil {
			return err
		}
		if r.Revision != probed {
			return ErrChanged
		}
	}
	return ErrChanged
}

// mergeIdentity adds what a probe told to what is known. Only ids prove that
// two identities differ: names change.
func mergeIdentity(known, told connector.Identity) (connector.Identity, error) {
	if known.ID != "" && told.ID != "" && known.ID != told.ID {
		return known, ErrIdentityChanged
	}
	if told.ID == "" {
		told.ID = known.ID
	}
	if told.Name == "" {
		told.Name = known.Name
	}
	return told, nil
}
