package api

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"crmferry/internal/account"
	"crmferry/internal/account/accounttest"
	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/imports"
	"crmferry/internal/job"
	"crmferry/internal/webhook"
)

const (
	token      = "token-of-acme"
	otherToken = "token-of-umbrella"
	readToken  = "token-that-reads"

	fullAccount  = "62f44730-dd91-461e-bd6a-aedd9e0ad79d"
	plainAccount = "7b0c2f0e-3d0a-4c53-9d0e-0f6a3a1f1a11"
	spaceAccount = "0e4b7a6a-9f0d-4a7e-8a49-1f6de6b4c222"
	noSpace      = "5d9f0f3c-1c6e-4b36-b1f1-8f9f6d1e7333"
)

// catalogue holds three CRMs that differ in what they can do.
type catalogue []*connector.Spec

func (c catalogue) All() []*connector.Spec { return c }

func (c catalogue) Lookup(id string) (*connector.Spec, bool) {
	for _, s := range c {
		if s.ID == id {
			return s, true
		}
	}
	return nil, false
}

func testCatalogue() catalogue {
	return catalogue{
		{
			ID: "full", Name: "Full CRM", Docs: "https://full.example/docs",
			Schemes: []connector.Scheme{connector.Bearer(connector.AccessToken)},
			Fields: connector.Fields{
				Accepts:  []contact.Field{contact.FirstName, contact.LastName, contact.Name, contact.EmailAddresses, contact.PhoneNumbers, contact.Addresses},
				Requires: []contact.Field{contact.EmailAddresses},
				Returns:  []contact.Field{contact.FirstName, contact.LastName, contact.EmailAddresses},
				Notes:    map[contact.Field]string{contact.CreatedAt: "Full CRM sets created_at itself"},
			},
			Find:        []connector.Finder{{By: contact.EmailAddresses, Lag: 5 * time.Second}},
			Update:      &connector.Operation{},
			Batch:       &connector.Batch{Max: 100},
			Duplicates:  connector.Duplicates{Detection: connector.DetectLookup},
			Limits:      connector.Limits{Windows: []connector.Window{{Requests: 100, Per: 10 * time.Second}}, Concurrency: 5},
			Idempotency: connector.Idempotency{Kind: connector.KeyHeader, Life: time.Hour},
		},
		{
			ID: "plain", Name: "Plain CRM", Schemes: []connector.Scheme{connector.Header(connector.APIKey, "X-Key", "{api_key}")},
			Fields: connector.Fields{
				Accepts:  []contact.Field{contact.FirstName, contact.LastName, contact.Name},
				Requires: []contact.Field{contact.LastName, contact.Title},
			},
		},
		{
			ID: "spaces", Name: "Spaces CRM", Schemes: []connector.Scheme{connector.Bearer(connector.AccessToken)},
			Workspace:  "space_id",
			Settings:   []connector.Setting{{Key: "space_id", Label: "Space", Required: true, Format: "[a-z0-9]{1,8}", Example: "abc123"}},
			Fields:     connector.Fields{Accepts: []contact.Field{contact.FirstName}},
			Duplicates: connector.Duplicates{Detection: connector.DetectNative},
		},
	}
}

// harness is the API over memory, with two tenants.
type harness struct {
	handler http.Handler
	jobs    *memory
	prober  *prober
	log     *lockedBuffer
	seen    *observations
}

type prober struct {
	who connector.Identity
	err error
}

func (p *prober) Probe(context.Context, *connector.Spec, connector.Account) (connector.Identity, error) {
	return p.who, p.err
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

type observations struct {
	mu   sync.Mutex
	list []string
}

func (o *observations) add(route, method string, status int, _ time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.list = append(o.list, fmt.Sprintf("%s %s %d", method, route, status))
}

func clock() time.Time { return time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC) }

func principals() map[string]Principal {
	return map[string]Principal{
		token:      {Tenant: "acme", Name: "ci", Scopes: []Scope{ScopeAll}},
		otherToken: {Tenant: "umbrella", Name: "ops", Scopes: []Scope{ScopeAll}},
		readToken:  {Tenant: "acme", Name: "reader", Scopes: []Scope{ScopeJobsRead}},
	}
}

func newHarness(t testing.TB, adjust ...func(*Deps)) *harness {
	t.Helper()
	h := &harness{jobs: newMemory(), prober: &prober{}, log: &lockedBuffer{}, seen: &observations{}}
	tokens, err := NewStaticTokens(principals())
	check(t, err)
	d := Deps{
		Jobs:     &job.Service{Store: h.jobs, Queue: h.jobs, Gate: gate{}, Accepted: func(string) {}},
		Accounts: h.accounts(t), Catalogue: testCatalogue(), Tokens: tokens, Pace: pacemaker{}, Imports: &imports.Service{}, Webhooks: &webhook.Service{},
		Logger: slog.New(slog.NewJSONHandler(h.log, nil)), Observe: h.seen.add, Now: clock, NewKey: uuid.NewString,
	}
	for _, f := range adjust {
		f(&d)
	}
	h.handler, err = New(d)
	check(t, err)
	return h
}

// accounts is the real service, with an account of each CRM for acme, and one
// that lacks a setting which its CRM came to require later.
func (h *harness) accounts(t testing.TB) *account.Service {
	t.Helper()
	sealer, err := account.NewSealer(base64.StdEncoding.EncodeToString(make([]byte, 32)))
	check(t, err)
	store := accounttest.NewMemoryStore()
	service := account.NewService(account.Deps{Store: store, Sealer: sealer, Catalogue: testCatalogue(), Prober: h.prober, Now: clock})
	for _, req := range []account.CreateRequest{
		{ID: fullAccount, CRM: "full", Auth: account.Opaque(`{"scheme":"access_token","access_token":"s3cret"}`)},
		{ID: plainAccount, CRM: "plain", Auth: account.Opaque(`{"scheme":"api_key","api_key":"s3cret"}`)},
		{ID: spaceAccount, CRM: "spaces", Auth: account.Opaque(`{"scheme":"access_token","access_token":"s3cret"}`), Settings: account.Opaque(`{"space_id":"abc"}`)},
	} {
		_, err := service.Create(t.Context(), "acme", "ci", req)
		check(t, err)
	}
	check(t, store.Create(t.Context(), account.Record{Account: account.Account{
		ID: noSpace, Tenant: "acme", CRM: "spaces", Status: account.Active, Scheme: "access_token", CreatedAt: clock(), UpdatedAt: clock(),
	}}))
	return service
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// answered is an answer, its body read as JSON where it is an object.
type answered struct {
	*httptest.ResponseRecorder
	json map[string]any
}

// ask sends a request; headers are pairs of name and value and may override
// the token and the content type.
func (h *harness) ask(t *testing.T, method, target, body string, headers ...string) answered {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Del(headers[i])
		if headers[i+1] != "" {
			r.Header.Set(headers[i], headers[i+1])
		}
	}
	return h.send(r)
}

func (h *harness) send(r *http.Request) answered {
	a := answered{ResponseRecorder: httptest.NewRecorder()}
	h.handler.ServeHTTP(a, r)
	_ = json.Unmarshal(a.Body.Bytes(), &a.json) // some answers are no objects
	return a
}

// create posts a contact to the account of the full CRM.
func (h *harness) create(t *testing.T, query, body string, headers ...string) answered {
	t.Helper()
	return h.ask(t, "POST", contactsPath+"?integrated_account_id="+fullAccount+query, body, headers...)
}

const ada = `{"first_name":"Ada","last_name":"Lovelace","email_addresses":[{"email":"Ada@Example.com"}]}`

// wantStatus fails unless the status is as wanted; errors must be problems.
func (a answered) wantStatus(t *testing.T, want int) answered {
	t.Helper()
	if a.Code != want {
		t.Fatalf("status %d, want %d: %s", a.Code, want, a.Body)
	}
	if want >= 400 {
		a.wantProblem(t, want)
	}
	return a
}

func (a answered) wantProblem(t *testing.T, status int) {
	t.Helper()
	if media := a.Header().Get("Content-Type"); media != problemMedia {
		t.Errorf("Content-Type %q, want %q", media, problemMedia)
	}
	for _, member := range []string{"type", "title", "instance", "request_id"} {
		if text, _ := a.json[member].(string); text == "" {
			t.Errorf("the problem has no %s: %s", member, a.Body)
		}
	}
	if a.json["status"] != float64(status) {
		t.Errorf("the problem's status is %v, want %d", a.json["status"], status)
	}
	if a.json["request_id"] != a.Header().Get("X-Request-Id") {
		t.Errorf("request_id %v, but the header is %q", a.json["request_id"], a.Header().Get("X-Request-Id"))
	}
}

// faults lists the problem's errors as "pointer code".
func (a answered) faults() []string {
	out := []string{}
	list, _ := a.json["errors"].([]any)
	for _, one := range list {
		f, _ := one.(map[string]any)
		out = append(out, fmt.Sprintf("%v %v", f["pointer"], f["code"]))
	}
	return out
}

// warnings lists a job's warnings as "field code".
func (a answered) warnings() []string {
	out := []string{}
	list, _ := a.json["warnings"].([]any)
	for _, one := range list {
		w, _ := one.(map[string]any)
		out = append(out, fmt.Sprintf("%v %v", w["field"], w["code"]))
	}
	return out
}

func (a answered) id(t *testing.T) string {
	t.Helper()
	id, _ := a.json["id"].(string)
	if id == "" {
		t.Fatalf("no id: %s", a.Body)
	}
	return id
}

// vendor is what the imitated CRM gave for Ada.
func vendor() *job.Result {
	created := time.Date(2026, 3, 4, 7, 6, 8, 0, time.FixedZone("", 2*3600))
	return &job.Result{
		Contact: contact.Contact{
			ID: "512", FirstName: "Ada", EmailAddresses: []contact.Email{{Email: "Ada@Example.com"}},
			PhoneNumbers: []contact.Phone{{Number: "+44 20 7946 0018"}},
			Addresses:    []contact.Address{{Country: "United Kingdom"}}, CreatedAt: &created,
		},
		Raw: []byte(`{"vid": 512,  "props": {"x":1}}`), ContentType: "application/vnd.full+json",
	}
}

// succeed ends a job as a worker would.
func (h *harness) succeed(id string, outcome job.Outcome) {
	h.jobs.change(id, func(j *job.Job) {
		j.Status, j.Outcome, j.RemoteID, j.FinishedAt, j.StartedAt = job.Succeeded, outcome, "512", clock(), clock()
	}, vendor())
}

func (h *harness) fail(id string, status job.Status, f *fault.Error) {
	h.jobs.change(id, func(j *job.Job) { j.Status, j.Error, j.FinishedAt = status, f, clock() }, nil)
}
