package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/account"
	"crmferry/internal/connector"
)

func TestRequestID(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	for sent, kept := range map[string]bool{
		"abc-DEF_1.2": true, strings.Repeat("x", 128): true, strings.Repeat("x", 129): false, "": false,
		"a b": false, "a\"b": false, "ä": false, "<script>": false,
	} {
		got := h.ask(t, "GET", "/healthz", "", "X-Request-Id", sent).Header().Get("X-Request-Id")
		if got == "" || (got == sent) != kept {
			t.Errorf("%q became %q", sent, got)
		}
	}
	a := h.ask(t, "GET", "/nope", "", "X-Request-Id", "mine").wantStatus(t, 404)
	if a.json["request_id"] != "mine" {
		t.Error(a.Body)
	}
}

func TestAccessLine(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.create(t, "&client_ref="+secret, strings.Replace(ada, "Lovelace", secret, 1), "X-Request-Id", "r1", "Idempotency-Key", secret).wantStatus(t, 202)
	h.ask(t, "GET", "/jobs/job_0001?wait=0", "").wantStatus(t, 200)
	h.ask(t, "GET", "/"+secret, "").wantStatus(t, 404)
	lines := strings.Split(strings.TrimSpace(h.log.String()), "\n")
	if len(lines) != 3 || strings.Contains(h.log.String(), secret) {
		t.Fatalf("%d lines: %s", len(lines), h.log)
	}
	var line map[string]any
	check(t, json.Unmarshal([]byte(lines[0]), &line))
	ms, timed := line["ms"].(float64)
	delete(line, "ms")
	delete(line, "time")
	want := map[string]any{
		"level": "INFO", "msg": "request", "method": "POST", "route": contactsPath, "status": 202.0, "request_id": "r1", "tenant": "acme",
	}
	if diff := cmp.Diff(want, line); diff != "" || !timed || ms < 0 {
		t.Error(diff, ms)
	}
	if diff := cmp.Diff([]string{"POST " + contactsPath + " 202", "GET /jobs/:id 200", "GET unmatched 404"}, h.seen.list); diff != "" {
		t.Error(diff)
	}
}

// panicking is a set of accounts that panics with a value.
type panicking struct {
	Accounts
	with any
}

func (p panicking) Describe(context.Context, string, string) (account.Account, *connector.Spec, error) {
	panic(p.with)
}

func TestPanic(t *testing.T) {
	t.Parallel()
	var none map[string]int
	for name, with := range map[string]any{"text": "contact " + secret, "error": errors.New(secret), "runtime": func() (r any) {
		defer func() { r = recover() }()
		none[secret]++
		return nil
	}()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t, func(d *Deps) { d.Accounts = panicking{d.Accounts, with} })
			a := h.create(t, "", ada).wantStatus(t, 500)
			if strings.Contains(a.Body.String()+h.log.String(), secret) {
				t.Errorf("the value is repeated: %s %s", a.Body, h.log)
			}
			if !strings.Contains(h.log.String(), "contacts.go") {
				t.Errorf("the stack is not logged: %s", h.log)
			}
			if h.jobs.stored() != 0 || len(h.seen.list) != 1 {
				t.Errorf("%d jobs, observed %v", h.jobs.stored(), h.seen.list)
			}
		})
	}
}

// breaking is a writer whose caller is gone in the middle of the answer.
type breaking struct{ *httptest.ResponseRecorder }

func (b breaking) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestCallerWhoIsGoneIsNoFaultOfOurs(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	for _, target := range []string{"/jobs", "/crms", "/jobs/nope", "/integrated-accounts"} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
		r.Header.Set("Authorization", "Bearer "+token)
		h.handler.ServeHTTP(breaking{httptest.NewRecorder()}, r)
	}
	if strings.Contains(h.log.String(), "panic") || strings.Contains(h.log.String(), "ERROR") {
		t.Errorf("log: %s", h.log)
	}
}

type failingTokens struct{}

func (failingTokens) Authenticate(context.Context, string) (Principal, error) {
	return Principal{}, errors.New("no connection")
}

func TestTokensThatCannotBeChecked(t *testing.T) {
	t.Parallel()
	h := newHarness(t, func(d *Deps) { d.Tokens = failingTokens{} })
	if a := h.ask(t, "GET", "/jobs", "").wantStatus(t, 503); a.Header().Get("Retry-After") == "" {
		t.Errorf("headers: %v", a.Header())
	}
}

func TestStaticTokens(t *testing.T) {
	t.Parallel()
	s, err := NewStaticTokens(map[string]Principal{"a": {Tenant: "1"}, "b": {Tenant: "2"}})
	check(t, err)
	for text, tenant := range map[string]string{"a": "1", "b": "2"} {
		if p, err := s.Authenticate(t.Context(), text); err != nil || p.Tenant != tenant {
			t.Errorf("%s: %+v %v", text, p, err)
		}
	}
	for _, text := range []string{"", "c", "ab", "A"} {
		if _, err := s.Authenticate(t.Context(), text); !errors.Is(err, ErrUnknownToken) {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, bad := range []map[string]Principal{{"": {Tenant: "1"}}, {"a": {}}} {
		if _, err := NewStaticTokens(bad); err == nil {
			t.Errorf("%v was taken", bad)
		}
	}
}

func TestNewNeedsItsDeps(t *testing.T) {
	t.Parallel()
	if _, err := New(Deps{}); err == nil {
		t.Error("nothing was enough")
	}
	broken := testCatalogue()
	broken[2].Settings[0].Format = "("
	if _, err := compileFormats(broken); err == nil {
		t.Error("a pattern that is none was taken")
	}
}
