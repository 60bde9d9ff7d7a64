package account_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/account"
	"crmferry/internal/connector"
	"crmferry/internal/fault"
	"crmferry/internal/transport"
)

func TestCheckLearnsIdentity(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	a := b.connect(t, nil)
	if _, _, err := b.Describe(t.Context(), tenant, a.ID); err != nil { // now it is cached
		t.Fatal(err)
	}
	steps := []struct {
		name         string
		told, stored connector.Identity
		want         error
	}{
		{"not told", connector.Identity{}, connector.Identity{}, nil},
		{"name alone", connector.Identity{Name: "Acme"}, connector.Identity{Name: "Acme"}, nil},
		{"id", connector.Identity{ID: "1"}, connector.Identity{ID: "1", Name: "Acme"}, nil},
		{"the same", connector.Identity{ID: "1", Name: "Acme"}, connector.Identity{ID: "1", Name: "Acme"}, nil},
		{"renamed", connector.Identity{ID: "1", Name: "Acme Ltd"}, connector.Identity{ID: "1", Name: "Acme Ltd"}, nil},
		{"another", connector.Identity{ID: "2", Name: "Evil"}, connector.Identity{ID: "1", Name: "Acme Ltd"}, account.ErrIdentityChanged},
		{"no more told", connector.Identity{}, connector.Identity{ID: "1", Name: "Acme Ltd"}, nil},
	}
	var before account.Account
	for _, step := range steps {
		b.clock.advance(time.Minute)
		b.prober.who = step.told
		who, err := b.Check(t.Context(), tenant, a.ID)
		if !errors.Is(err, step.want) || who != step.told {
			t.Errorf("%s: Check gave %+v and the error %v", step.name, who, err)
		}
		got, _, err := b.Describe(t.Context(), tenant, a.ID)
		if err != nil || got.Identity != step.stored || got.Revision != a.Revision {
			t.Errorf("%s: stored %+v in revision %s, error %v", step.name, got.Identity, got.Revision, err)
		}
		if changed := got.Identity != before.Identity; changed && !got.UpdatedAt.After(before.UpdatedAt) || !changed && step.name != "not told" && got.UpdatedAt != before.UpdatedAt {
			t.Errorf("%s: updated at %v, before at %v", step.name, got.UpdatedAt, before.UpdatedAt)
		}
		before = got
	}
	for _, acc := range b.prober.asked {
		if acc.Credential.Values["access_token"] != token || acc.Revision != a.Revision {
			t.Error("the probe was not made with the account's credentials")
		}
	}
}

func TestCheckFails(t *testing.T) {
	t.Parallel()
	refused := fault.New(fault.Unauthorized, "INVALID", "")
	broken := errors.New("connection refused")
	tests := map[string]struct {
		arrange func(b *bench)
		want    error
	}{
		"credentials refused": {func(b *bench) { b.prober.err = refused }, refused},
		"unknown CRM":         {func(b *bench) { delete(b.crms, "hubspot") }, account.ErrUnknownCRM},
		"another master key":  {func(b *bench) { b.Service = b.service(t, masterKey(8)) }, account.ErrUnreadable},
		"the store fails":     {func(b *bench) { b.store.fail(broken) }, broken},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			a := b.connect(t, nil)
			b.prober.who = connector.Identity{ID: "1"}
			test.arrange(b)
			if who, err := b.Check(t.Context(), tenant, a.ID); !errors.Is(err, test.want) || who.ID != "" {
				t.Errorf("Check gave %+v and the error %v, want %v", who, err, test.want)
			}
		})
	}
}

// What happens to the account while the CRM is being asked.
func TestCheckMeetsChanges(t *testing.T) {
	t.Parallel()
	rename := func(r *account.Record) { r.Name = "renamed" }
	tests := map[string]struct {
		during func(t *testing.T, b *bench, id string)
		want   error
		stored connector.Identity
	}{
		"renamed": {func(t *testing.T, b *bench, id string) { b.alter(t, id, rename) }, nil, connector.Identity{ID: "1"}},
		"other credentials": {
			func(t *testing.T, b *bench, id string) {
				b.alter(t, id, func(r *account.Record) { r.Revision = "other" })
			},
			account.ErrChanged, connector.Identity{},
		},
		"checked elsewhere, another identity": {
			func(t *testing.T, b *bench, id string) {
				b.alter(t, id, func(r *account.Record) { r.Identity.ID = "2" })
			},
			account.ErrIdentityChanged, connector.Identity{ID: "2"},
		},
		"deleted": {
			func(t *testing.T, b *bench, id string) {
				if err := b.Delete(t.Context(), tenant, id); err != nil {
					t.Error(err)
				}
			},
			account.ErrNotFound, connector.Identity{},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			a := b.connect(t, nil)
			b.prober.who = connector.Identity{ID: "1"}
			b.prober.during = func() { test.during(t, b, a.ID) }
			if _, err := b.Check(t.Context(), tenant, a.ID); !errors.Is(err, test.want) {
				t.Errorf("Check: error %v, want %v", err, test.want)
			}
			got, err := b.Get(t.Context(), tenant, a.ID)
			if deleted := name == "deleted"; deleted != errors.Is(err, account.ErrNotFound) {
				t.Fatalf("Get: error %v", err)
			}
			if diff := cmp.Diff(test.stored, got.Identity); diff != "" {
				t.Errorf("identity (-want +got):\n%s", diff)
			}
			if name == "renamed" && got.Name != "renamed" {
				t.Error("the check undid the other change")
			}
		})
	}
}

// crmAt answers each request as a CRM would.
type crmAt func(r transport.Request) *transport.Response

func (c crmAt) Do(_ context.Context, r transport.Request) (*transport.Response, error) {
	return c(r), nil
}

func TestSessionProber(t *testing.T) {
	t.Parallel()
	client := connector.NewClient(crmAt(func(r transport.Request) *transport.Response {
		want := "Basic " + base64.StdEncoding.EncodeToString([]byte("ada:s3cret"))
		if r.URL != "https://eu.example.com/me" || r.Header.Get("Authorization") != want {
			return &transport.Response{Status: http.StatusUnauthorized, Header: http.Header{}}
		}
		return &transport.Response{Status: http.StatusOK, Header: http.Header{}, Body: []byte(`{"id": "42"}`)}
	}), nil, time.Now)
	spec := &connector.Spec{
		ID: "example", Name: "Example", BaseURL: "https://{region}.example.com",
		Settings: []connector.Setting{{Key: "region"}},
		Schemes:  []connector.Scheme{{ID: connector.Basic, BasicPair: [2]string{"{username}", "{password}"}}},
		Probe: connector.Probe{
			Request: func(*connector.Call) (connector.Request, error) {
				return connector.Request{Method: http.MethodGet, Path: "/me"}, nil
			},
			Identity: func(r connector.Reply) (connector.Identity, error) {
				return connector.DecodeJSON[connector.Identity](r)
			},
		},
		Errors: connector.Errors{Statuses: map[int]fault.Kind{401: fault.Unauthorized}},
	}
	acc := connector.Account{ID: "1", Settings: map[string]string{"region": "eu"}, Credential: credential("basic", "username", "ada", "password", "s3cret")}
	prober := account.SessionProber{Client: client}
	who, err := prober.Probe(t.Context(), spec, acc)
	if err != nil || who.ID != "42" {
		t.Errorf("Probe gave %+v and the error %v", who, err)
	}
	acc.Credential.Values["password"] = "wrong"
	if _, err := prober.Probe(t.Context(), spec, acc); fault.KindOf(err) != fault.Unauthorized || strings.Contains(err.Error(), "wrong") {
		t.Errorf("Probe with a wrong password: error %v", err)
	}
	acc.Credential.Scheme = "oauth2"
	if _, err := prober.Probe(t.Context(), spec, acc); fault.KindOf(err) != fault.Internal {
		t.Errorf("Probe with a scheme that the CRM has not: error %v", err)
	}
}
