package api

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"crmferry/internal/account"
	"crmferry/internal/connector"
	"crmferry/internal/imports"
	"crmferry/internal/job"
	"crmferry/internal/webhook"
)

// forgetful is a store that keeps nothing, so that the API alone is measured.
type forgetful struct{ *memory }

func (forgetful) Accept(_ context.Context, a job.Acceptance) (job.Ref, string, bool, error) {
	return job.Ref{ID: a.ID, Epoch: 1}, a.Fingerprint, true, nil
}

func (forgetful) Enqueue(context.Context, job.Ref) error { return nil }

// oneAccount always gives the same account.
type oneAccount struct {
	Accounts
	spec *connector.Spec
}

func (o oneAccount) Describe(context.Context, string, string) (account.Account, *connector.Spec, error) {
	return account.Account{ID: fullAccount, Tenant: "acme", CRM: o.spec.ID}, o.spec, nil
}

type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}

// BenchmarkCreate is the whole way of a create through the API, with an access
// line, without a store.
func BenchmarkCreate(b *testing.B) {
	tokens, err := NewStaticTokens(principals())
	if err != nil {
		b.Fatal(err)
	}
	store := forgetful{newMemory()}
	handler, err := New(Deps{
		Jobs:     &job.Service{Store: store, Queue: store, Gate: gate{}, Accepted: func(string) {}},
		Accounts: oneAccount{spec: testCatalogue()[0]}, Catalogue: testCatalogue(), Tokens: tokens, NewKey: uuid.NewString,
		Pace: pacemaker{}, Imports: &imports.Service{}, Webhooks: &webhook.Service{},
		Logger: slog.New(slog.NewJSONHandler(io.Discard, nil)),
	})
	if err != nil {
		b.Fatal(err)
	}
	const body = `{"first_name":"Ada","last_name":"Lovelace","email_addresses":[{"email":"ada@example.com","type":"work"}],
		"phone_numbers":[{"number":"+44 20 7946 0018","type":"mobile"}],"addresses":[{"city":"London","country":"United Kingdom"}]}`
	b.ReportAllocs()
	for b.Loop() {
		r, _ := http.NewRequestWithContext(b.Context(), http.MethodPost, contactsPath+"?integrated_account_id="+fullAccount, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", "order-1")
		handler.ServeHTTP(discard{http.Header{}}, r)
	}
}
