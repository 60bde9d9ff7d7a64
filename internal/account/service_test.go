package account_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"crmferry/internal/account"
	"crmferry/internal/connector"
)

func TestCreate(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	reserve := 10
	limits := &account.Limits{Windows: []account.Window{{Requests: 100, PerSeconds: 10}}, Concurrency: 5, Reserve: &reserve}
	a := b.connect(t, func(r *account.CreateRequest) {
		r.ID, r.Name, r.ExternalRef, r.Limits = "0190A5B8-7A9E-7C3E-9F00-000000000001", " Acme ", "cust-17", limits
	})
	at := time.Date(2026, 5, 4, 1, 2, 1, 123_000_000, time.UTC)
	want := account.Account{
		ID: "0190a5b8-7a9e-7c3e-9f00-000000000001", Tenant: tenant, CRM: "hubspot", Name: "Acme",
		ExternalRef: "cust-17", Status: account.Active, Scheme: connector.AccessToken, Limits: limits,
		CreatedAt: at, UpdatedAt: at, CreatedBy: "tok_1", Revision: a.Revision,
	}
	if diff := cmp.Diff(want, a); diff != "" {
		t.Errorf("created (-want +got):\n%s", diff)
	}
	if a.Revision == "" {
		t.Error("the account has no revision")
	}
	limits.Windows[0].Requests = 7 // the request is the caller's again
	for _, id := range []string{a.ID, strings.ToUpper(a.ID)} {
		got, err := b.Get(t.Context(), tenant, id)
		if diff := cmp.Diff(a, got); err != nil || diff != "" {
			t.Errorf("Get: error %v (-want +got):\n%s", err, diff)
		}
	}
}

func TestCreateChoosesID(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	first, second := b.connect(t, nil), b.connect(t, nil)
	for _, a := range []account.Account{first, second} {
		if u, err := uuid.Parse(a.ID); err != nil || u.String() != a.ID {
			t.Errorf("the id is no plain UUID: error %v", err)
		}
	}
	if first.ID == second.ID || first.Revision == second.Revision {
		t.Error("two accounts share their id or revision")
	}
}

func TestCreateWithTakenID(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	a := b.connect(t, nil)
	req := hubspot()
	req.ID = a.ID
	for _, who := range []string{tenant, "other"} {
		if _, err := b.Create(t.Context(), who, "", req); !errors.Is(err, account.ErrExists) {
			t.Errorf("tenant %s: error %v, want ErrExists", who, err)
		}
	}
}

func TestLimitsThatSayNothing(t *testing.T) {
	t.Parallel()
	a := newBench(t).connect(t, func(r *account.CreateRequest) { r.Limits = &account.Limits{} })
	if a.Limits != nil {
		t.Errorf("limits %+v, want none", *a.Limits)
	}
}

func TestNotFound(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	a := b.connect(t, nil)
	for name, place := range map[string]struct{ tenant, id string }{
		"unknown": {tenant, uuid.NewString()}, "another tenant's": {"other", a.ID},
		"no UUID": {tenant, "*"}, "empty": {tenant, ""}, "URN": {tenant, "urn:uuid:" + a.ID},
	} {
		calls := map[string]func(context.Context) error{
			"Get":      func(ctx context.Context) error { _, err := b.Get(ctx, place.tenant, place.id); return err },
			"Describe": func(ctx context.Context) error { _, _, err := b.Describe(ctx, place.tenant, place.id); return err },
			"Open":     func(ctx context.Context) error { _, err := b.Open(ctx, place.tenant, place.id); return err },
			"Check":    func(ctx context.Context) error { _, err := b.Check(ctx, place.tenant, place.id); return err },
			"Delete":   func(ctx context.Context) error { return b.Delete(ctx, place.tenant, place.id) },
		}
		for call, f := range calls {
			if err := f(t.Context()); !errors.Is(err, account.ErrNotFound) {
				t.Errorf("%s of an id that is %s: error %v, want ErrNotFound", call, name, err)
			}
		}
	}
	if _, err := b.Get(t.Context(), tenant, a.ID); err != nil {
		t.Errorf("the account itself: %v", err)
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var want []account.Account
	for i := range 60 {
		b.clock.advance(time.Second)
		want = append(want, b.connect(t, func(r *account.CreateRequest) { r.ExternalRef = fmt.Sprint(i % 2) }))
	}
	for name, test := range map[string]struct {
		filter account.Filter
		want   []account.Account
		more   bool
	}{
		"default": {account.Filter{}, want[:account.DefaultLimit], true},
		"all":     {account.Filter{Limit: account.MaxLimit + 1}, want, false},
		"some":    {account.Filter{Limit: 2, CRM: "hubspot", ExternalRef: "1"}, []account.Account{want[1], want[3]}, true},
		"none":    {account.Filter{CRM: "attio"}, []account.Account{}, false},
	} {
		got, next, err := b.List(t.Context(), tenant, test.filter)
		if err != nil || (next != "") != test.more {
			t.Errorf("%s: error %v, next page %t", name, err, next != "")
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if _, _, err := b.List(t.Context(), tenant, account.Filter{Cursor: "?"}); !errors.Is(err, account.ErrCursor) {
		t.Errorf("error %v, want ErrCursor", err)
	}
}

func TestDeleteForgetsAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	a := b.connect(t, nil)
	if _, err := b.Open(t.Context(), tenant, a.ID); err != nil { // now it is cached
		t.Fatalf("Open: %v", err)
	}
	if err := b.Delete(t.Context(), tenant, a.ID); err != nil {
		t.Fatalf("Delete: %v", err)
	}
	if _, err := b.Open(t.Context(), tenant, a.ID); !errors.Is(err, account.ErrNotFound) {
		t.Errorf("Open: error %v, want ErrNotFound", err)
	}
	if _, err := b.store.MemoryStore.Get(t.Context(), tenant, a.ID); !errors.Is(err, account.ErrNotFound) {
		t.Errorf("the Store still has the record: error %v", err)
	}
	again := b.connect(t, func(r *account.CreateRequest) { r.ID = a.ID }) // at once, past the negative answer
	if _, err := b.Open(t.Context(), tenant, again.ID); err != nil {
		t.Errorf("Open of the new account of that id: %v", err)
	}
}

func TestOpaqueJSON(t *testing.T) {
	t.Parallel()
	req := hubspot()
	text, err := json.Marshal(req)
	if want := `{"crm":"hubspot","auth":"***"}`; err != nil || string(text) != want {
		t.Errorf("the request encodes as %s, error %v; want %s", text, err, want)
	}
}

func TestSecretsNeverShow(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	req := hubspot()
	req.Settings = account.Opaque(`{"note": "` + token + `"}`)
	_, refused := b.Create(t.Context(), tenant, "tok_1", req)
	if refused == nil {
		t.Fatal("unknown settings were taken")
	}
	a := b.connect(t, nil)
	record, err := b.store.MemoryStore.Get(t.Context(), tenant, a.ID)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := b.Open(t.Context(), tenant, a.ID)
	if err != nil || opened.Credential.Values["access_token"] != token {
		t.Fatalf("Open gave another token, or the error %v", err)
	}
	_, unreadable := b.service(t, masterKey(8)).Open(t.Context(), tenant, a.ID)
	printed := map[string]any{
		"request": req, "request pointer": &req, "opaque": req.Auth, "account": a, "record": record,
		"refusal": refused, "unreadable": unreadable,
	}
	for name, v := range printed {
		wantNoToken(t, name+" as JSON", func(w *bytes.Buffer) { _ = json.NewEncoder(w).Encode(v) })
		wantNoToken(t, name+" in a JSON log", func(w *bytes.Buffer) { slog.New(slog.NewJSONHandler(w, nil)).Info("m", "v", v) })
	}
	printed["opened"] = opened
	for name, v := range printed {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
			wantNoToken(t, name+" as "+verb, func(w *bytes.Buffer) { fmt.Fprintf(w, verb, v) })
		}
		wantNoToken(t, name+" in a text log", func(w *bytes.Buffer) { slog.New(slog.NewTextHandler(w, nil)).Info("m", "v", v) })
	}
	for _, verb := range []string{"%d", "%o", "%t"} { // which String and GoString do not cover
		wantNoToken(t, "request as "+verb, func(w *bytes.Buffer) { fmt.Fprintf(w, verb, req) })
	}
}

// wantNoToken looks for the token as text, in hexadecimal and as the decimal
// bytes that fmt makes of a []byte.
func wantNoToken(t *testing.T, what string, write func(*bytes.Buffer)) {
	t.Helper()
	var buf bytes.Buffer
	write(&buf)
	if buf.Len() == 0 {
		t.Errorf("%s: nothing was written", what)
	}
	decimal := strings.Trim(fmt.Sprint([]byte(token)), "[]")
	for _, form := range []string{token, fmt.Sprintf("%x", token), decimal, strings.ReplaceAll(decimal, " ", ", ")} {
		if strings.Contains(buf.String(), form) {
			t.Errorf("%s shows the token", what)
		}
	}
}
