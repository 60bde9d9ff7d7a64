package webhook

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

const (
	// MaxEndpoints is how many a tenant may have.
	MaxEndpoints   = 50
	maxDescription = 500 // bytes
	// DefaultOverlap is for how long an old secret signs beside a new one.
	DefaultOverlap = 24 * time.Hour
	// MaxOverlap bounds what may be asked for.
	MaxOverlap = 7 * 24 * time.Hour
)

// Invalid lists what is wrong with a request.
type Invalid struct{ Faults []Fault }

func (e *Invalid) Error() string { return "webhook: invalid request" }

// Draft is what a caller wants an endpoint to be; nil leaves a member as it is.
type Draft struct {
	URL         *string
	Events      *[]Type
	Payload     *Payload
	Description *string
	Enabled     *bool
}

// Service is what callers can do about webhooks.
type Service struct {
	Endpoints  Endpoints
	Deliveries Deliveries
	Relay      *Relay
	Sealer     Sealer
	// Private: http and private addresses are allowed.
	Private bool
	Now     func() time.Time
}

// Create makes an endpoint, and gives its secret this once.
func (s *Service) Create(ctx context.Context, tenant, createdBy string, d Draft) (Endpoint, string, error) {
	now := s.now()
	e := Endpoint{
		ID: NewEndpointID(), Tenant: tenant, Payload: Full, Enabled: true, CreatedAt: now, UpdatedAt: now, CreatedBy: createdBy,
	}
	if d.URL == nil {
		d.URL = new(string)
	}
	if err := s.apply(&e, d); err != nil {
		return e, "", err
	}
	keys, secret, err := Keyring(nil).rotate(s.Sealer, endpointContext(tenant, e.ID), now, 0)
	if err != nil {
		return e, "", err
	}
	e.Keys = keys
	return e, secret, s.Endpoints.Create(ctx, e)
}

// apply changes e as the draft says, with all that is wrong with it as one error.
func (s *Service) apply(e *Endpoint, d Draft) error {
	var faults []Fault
	if d.URL != nil {
		e.URL = *d.URL
		if f := CheckURL("url", e.URL, s.Private); f != nil {
			faults = append(faults, *f)
		}
	}
	if d.Events != nil {
		e.Events = slices.Compact(slices.Sorted(slices.Values(*d.Events)))
		for n, t := range *d.Events {
			if !t.known() {
				faults = append(faults, Fault{"events/" + strconv.Itoa(n), CodeUnknown, "is no type of event"})
			}
		}
	}
	if d.Payload != nil {
		if e.Payload = *d.Payload; e.Payload != Full && e.Payload != Thin {
			faults = append(faults, Fault{"payload", CodeInvalid, "must be one of full, thin"})
		}
	}
	if d.Description != nil {
		e.Description = strings.TrimSpace(*d.Description)
		if len(e.Description) > maxDescription || strings.ContainsFunc(e.Description, unicode.IsControl) {
			faults = append(faults, Fault{"description", CodeInvalid, "may have at most 500 bytes, and no control characters"})
		}
	}
	if d.Enabled != nil && *d.Enabled != e.Enabled {
		e.Enabled, e.Disabled = *d.Enabled, ""
		if !e.Enabled {
			e.Disabled = BecauseAsked
		}
	}
	if len(faults) > 0 {
		return &Invalid{faults}
	}
	return nil
}

// Get gives a tenant's endpoint.
func (s *Service) Get(ctx context.Context, tenant, id string) (Endpoint, error) {
	return s.Endpoints.Endpoint(ctx, tenant, id)
}

// List gives all of a tenant's endpoints, the oldest first.
func (s *Service) List(ctx context.Context, tenant string) ([]Endpoint, error) {
	return s.Endpoints.Endpoints(ctx, tenant)
}

// Change changes an endpoint. Switching it on, and another URL, forget that it
// failed.
func (s *Service) Change(ctx context.Context, tenant, id string, d Draft) (Endpoint, error) {
	e, err := s.Endpoints.Endpoint(ctx, tenant, id)
	if err != nil {
		return e, err
	}
	was := e.Clone()
	if err := s.apply(&e, d); err != nil {
		return e, err
	}
	e.UpdatedAt = s.now()
	fresh := e.Enabled && !was.Enabled || e.URL != was.URL
	if fresh {
		e.FailingSince = time.Time{}
	}
	return e, s.Endpoints.Put(ctx, e, fresh)
}

// Delete forgets an endpoint; deliveries that wait for it fail.
func (s *Service) Delete(ctx context.Context, tenant, id string) error {
	return s.Endpoints.Delete(ctx, tenant, id)
}

// Rotate gives an endpoint a new secret, shown this once. The old one signs
// beside it until the overlap is over.
func (s *Service) Rotate(ctx context.Context, tenant, id string, overlap time.Duration) (Endpoint, string, error) {
	e, err := s.Endpoints.Endpoint(ctx, tenant, id)
	if err != nil {
		return e, "", err
	}
	keys, secret, err := e.Keys.rotate(s.Sealer, endpointContext(tenant, id), s.now(), overlap)
	if err != nil {
		return e, "", tooManyKeys(err)
	}
	e.Keys, e.UpdatedAt = keys, s.now()
	return e, secret, s.Endpoints.Put(ctx, e, false)
}

func tooManyKeys(err error) error {
	if errors.Is(err, errTooManyKeys) {
		return &Invalid{[]Fault{{"overlap_seconds", CodeInvalid, "must be 0 here: five secrets are in use already"}}}
	}
	return err
}

// Test sends a test event to an endpoint; within one second it is the same one.
func (s *Service) Test(ctx context.Context, tenant, id string) (Delivery, error) {
	e, err := s.Endpoints.Endpoint(ctx, tenant, id)
	if err != nil {
		return Delivery{}, err
	}
	if !e.Enabled {
		return Delivery{}, ErrDisabled
	}
	now := s.now()
	ev, err := endpointEvent(e, EndpointTest, strconv.FormatInt(now.Unix(), 10), now)
	if err != nil {
		return Delivery{}, err
	}
	body, err := ev.body(Full)
	if err != nil {
		return Delivery{}, err
	}
	p := Parcel{ev.bill(e.queue(), e.ID, ""), body}
	if err := s.add(ctx, p); err != nil {
		return Delivery{}, err
	}
	return s.Deliveries.Delivery(ctx, tenant, p.ID)
}

func (s *Service) add(ctx context.Context, p Parcel) error {
	err := s.Deliveries.Add(ctx, []Parcel{p})
	if err == nil {
		s.Relay.Made([]Queue{p.Queue()})
	}
	return err
}

const recoverPage = 200

// Recover sends again what failed at an endpoint since a time, and says how
// much that is.
func (s *Service) Recover(ctx context.Context, tenant, id string, since time.Time) (int, error) {
	e, err := s.Endpoints.Endpoint(ctx, tenant, id)
	if err != nil {
		return 0, err
	}
	if !e.Enabled {
		return 0, ErrDisabled
	}
	f, n := Filter{Endpoint: id, Status: Failed, Since: since, Limit: recoverPage}, 0
	for {
		list, next, err := s.Deliveries.List(ctx, tenant, f)
		if err != nil {
			return n, err
		}
		for _, d := range list {
			err := s.Deliveries.Again(ctx, d.ID)
			if err == nil {
				n++
			} else if !errors.Is(err, ErrUnderWay) && !errors.Is(err, ErrNotFound) {
				return n, err
			}
		}
		if f.Cursor = next; next == "" {
			s.Relay.Made([]Queue{e.queue()})
			return n, nil
		}
	}
}

// Redeliver sends a delivery that is over once more.
func (s *Service) Redeliver(ctx context.Context, tenant, id string) (Delivery, error) {
	d, err := s.Deliveries.Delivery(ctx, tenant, id)
	if err != nil {
		return d, err
	}
	if d.Endpoint != "" {
		e, err := s.Endpoints.Endpoint(ctx, tenant, d.Endpoint)
		if err != nil {
			return d, err
		}
		if !e.Enabled {
			return d, ErrDisabled
		}
	}
	if err := s.Deliveries.Again(ctx, id); err != nil {
		return d, err
	}
	s.Relay.Made([]Queue{d.Queue()})
	return s.Deliveries.Delivery(ctx, tenant, id)
}

// Callback tells of the secret that signs a tenant's callbacks; its Keys are
// empty while there is none.
func (s *Service) Callback(ctx context.Context, tenant string) (Callbacks, error) {
	c, err := s.Endpoints.Callbacks(ctx, tenant)
	c.Keys = c.Keys.current(s.now())
	return c, err
}

// MakeCallback makes a tenant's first callback secret, shown this once.
func (s *Service) MakeCallback(ctx context.Context, tenant string) (Callbacks, string, error) {
	c, err := s.Callback(ctx, tenant)
	if err != nil {
		return c, "", err
	}
	if len(c.Keys) > 0 {
		return c, "", ErrExists
	}
	return s.newCallback(ctx, tenant, c, 0)
}

// RotateCallback replaces it, or makes the first.
func (s *Service) RotateCallback(ctx context.Context, tenant string, overlap time.Duration) (Callbacks, string, error) {
	c, err := s.Callback(ctx, tenant)
	if err != nil {
		return c, "", err
	}
	return s.newCallback(ctx, tenant, c, overlap)
}

func (s *Service) newCallback(ctx context.Context, tenant string, c Callbacks, overlap time.Duration) (Callbacks, string, error) {
	keys, secret, err := c.Keys.rotate(s.Sealer, callbackContext(tenant), s.now(), overlap)
	if err != nil {
		return c, "", tooManyKeys(err)
	}
	c.Keys = keys
	return c, secret, s.Endpoints.PutCallbacks(ctx, tenant, c)
}

// CheckCallback says what is wrong with a callback_url of a request, nil for
// nothing.
func (s *Service) CheckCallback(ctx context.Context, tenant, target string) (*Fault, error) {
	if f := CheckURL("callback_url", target, s.Private); f != nil {
		return f, nil
	}
	c, err := s.Callback(ctx, tenant)
	if err != nil || len(c.Keys) > 0 {
		return nil, err
	}
	return &Fault{"callback_url", CodeNoSecret, "needs a secret to sign with: make one with POST /callback-secret"}, nil
}

func (s *Service) now() time.Time {
	if s.Now != nil {
		return s.Now().UTC()
	}
	return time.Now().UTC()
}
