package account_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"crmferry/internal/account"
	"crmferry/internal/account/accounttest"
	"crmferry/internal/connector"
	"crmferry/internal/contact"
)

// catalogue is a few CRMs, each of which is particular in one way.
type catalogue map[string]*connector.Spec

func (c catalogue) Lookup(crm string) (*connector.Spec, bool) {
	s, ok := c[crm]
	return s, ok
}

func crms() catalogue {
	apps := connector.BearerOAuth(connector.OAuth{Grant: "client_credentials"})
	return catalogue{
		"hubspot": {ID: "hubspot", Name: "HubSpot", Schemes: []connector.Scheme{
			connector.Bearer(connector.AccessToken), connector.BearerOAuth(connector.OAuth{}),
		}},
		"salesforce": {ID: "salesforce", Name: "Salesforce",
			Schemes: []connector.Scheme{connector.BearerOAuth(connector.OAuth{})},
			Settings: []connector.Setting{
				{
					Key: "instance_url", Required: true, Host: true, Example: "https://acme.my.salesforce.com",
					Format: `^https://[a-z0-9-]+(\.sandbox)?\.my\.salesforce\.com$`,
					Clean:  func(s string) string { return strings.TrimSuffix(strings.ToLower(s), "/") },
				},
				{Key: "api_version", Default: "67.0", Format: `[0-9]{2}\.0`, Example: "67.0"},
				{Key: "allow_duplicates", Format: `true|false`},
				{Key: "external_id_field"},
			},
		},
		"zendesk-sell": {ID: "zendesk-sell", Name: "Zendesk Sell", Schemes: []connector.Scheme{connector.Bearer(connector.AccessToken)}},
		"nutshell":     {ID: "nutshell", Name: "Nutshell", Schemes: []connector.Scheme{{ID: connector.Basic, BasicPair: [2]string{"{username}", "{password}"}}}},
		"wix":          {ID: "wix", Name: "Wix", Schemes: []connector.Scheme{connector.Bearer(connector.APIKey), apps}},
		"unguarded": {ID: "unguarded", Name: "Unguarded", Schemes: []connector.Scheme{connector.Bearer(connector.APIKey)},
			Settings: []connector.Setting{{Key: "instance_url", Host: true}}},
		"broken": {ID: "broken", Name: "Broken", Schemes: []connector.Scheme{connector.Bearer(connector.APIKey)},
			Settings: []connector.Setting{{Key: "region", Format: "("}}},
	}
}

// clock is a clock that stands until it is moved.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// prober answers for all CRMs, and keeps what it was asked with.
type prober struct {
	who   connector.Identity
	err   error
	asked []connector.Account
	// during runs while the CRM is being asked.
	during func()
}

func (p *prober) Probe(_ context.Context, spec *connector.Spec, acc connector.Account) (connector.Identity, error) {
	if spec == nil {
		return connector.Identity{}, errors.New("no spec")
	}
	p.asked = append(p.asked, acc)
	if p.during != nil {
		p.during()
	}
	return p.who, p.err
}

// spyStore counts reads, and fails while err is set.
type spyStore struct {
	*accounttest.MemoryStore
	mu   sync.Mutex
	gets int
	err  error
}

func (s *spyStore) Get(ctx context.Context, tenant, id string) (account.Record, error) {
	s.mu.Lock()
	s.gets++
	err := s.err
	s.mu.Unlock()
	if err != nil {
		return account.Record{}, err
	}
	return s.MemoryStore.Get(ctx, tenant, id)
}

func (s *spyStore) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

func (s *spyStore) reads() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gets
}

const tenant = "acme"

// bench is a Service with all that is around it.
type bench struct {
	*account.Service
	store  *spyStore
	prober *prober
	clock  *clock
	crms   catalogue
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{
		store:  &spyStore{MemoryStore: accounttest.NewMemoryStore()},
		prober: &prober{},
		clock:  &clock{at: time.Date(2026, 5, 4, 3, 2, 1, 123_456_789, time.FixedZone("", 7200))},
		crms:   crms(),
	}
	b.Service = b.service(t, masterKey(7))
	return b
}

// service makes another Service around the same things.
func (b *bench) service(t *testing.T, key string) *account.Service {
	t.Helper()
	return account.NewService(account.Deps{
		Store: b.store, Sealer: sealer(t, key), Catalogue: b.crms, Prober: b.prober, Now: b.clock.now,
	})
}

const token = "pat-na1-0123456789abcdef"

func hubspot() account.CreateRequest {
	return account.CreateRequest{
		CRM: "hubspot", Auth: account.Opaque(`{"scheme": "access_token", "access_token": "` + token + `"}`),
	}
}

// connect creates an account, with a token of HubSpot's unless said otherwise.
func (b *bench) connect(t *testing.T, change func(*account.CreateRequest)) account.Account {
	t.Helper()
	req := hubspot()
	if change != nil {
		change(&req)
	}
	a, err := b.Create(t.Context(), tenant, "tok_1", req)
	if err != nil {
		t.Fatalf("Create: %v", err)
	}
	return a
}

// problems are those of a *contact.Invalid.
func problems(t *testing.T, err error) []contact.Problem {
	t.Helper()
	var invalid *contact.Invalid
	if !errors.As(err, &invalid) {
		t.Fatalf("error %v, want a *contact.Invalid", err)
	}
	if invalid.Status != 422 {
		t.Errorf("status %d, want 422", invalid.Status)
	}
	return invalid.Problems
}
