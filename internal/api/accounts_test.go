package api

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/connector"
	"crmferry/internal/fault"
)

func TestConnectAccount(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	const id = "11111111-1111-4111-8111-111111111111"
	body := `{"id":"` + id + `","crm":"spaces","name":"Acme production","external_ref":"cust-17",
		"auth":{"scheme":"access_token","access_token":"` + secret + `"},"settings":{"space_id":"abc"},
		"limits":{"windows":[{"requests":100,"per_seconds":10}],"concurrency":5}}`
	a := h.ask(t, "POST", "/integrated-accounts", body).wantStatus(t, 201)
	want := map[string]any{
		"id": id, "crm": "spaces", "name": "Acme production", "external_ref": "cust-17", "status": "active",
		"auth": map[string]any{"scheme": "access_token"}, "settings": map[string]any{"space_id": "abc"},
		"limits":     map[string]any{"windows": []any{map[string]any{"requests": 100.0, "per_seconds": 10.0}}, "concurrency": 5.0},
		"created_at": "2026-03-04T05:06:07Z", "updated_at": "2026-03-04T05:06:07Z", "created_by": "ci",
	}
	if diff := cmp.Diff(want, a.json); diff != "" {
		t.Error(diff)
	}
	if got := a.Header().Get("Location"); got != "/integrated-accounts/"+id {
		t.Errorf("Location %q", got)
	}
	if got := h.ask(t, "GET", "/integrated-accounts/"+id, "").wantStatus(t, 200); cmp.Diff(want, got.json) != "" {
		t.Error(cmp.Diff(want, got.json))
	}
	h.ask(t, "POST", "/integrated-accounts", body).wantStatus(t, 409)
	h.ask(t, "DELETE", "/integrated-accounts/"+id, "").wantStatus(t, 204)
	h.ask(t, "GET", "/integrated-accounts/"+id, "").wantStatus(t, 404)
	h.ask(t, "DELETE", "/integrated-accounts/"+id, "").wantStatus(t, 404)
	if strings.Contains(h.log.String(), secret) {
		t.Error("the secret is logged")
	}
}

func TestConnectAccountRefuses(t *testing.T) {
	t.Parallel()
	good := func(auth string) string { return `{"crm":"full","auth":` + auth + `}` }
	tests := map[string]struct {
		body   string
		status int
		want   []string
	}{
		"misspelt key":        {good(`{"scheme":"access_token","acess_token":"` + secret + `"}`), 422, []string{"/auth/acess_token unknown_field"}},
		"missing key":         {good(`{"scheme":"access_token"}`), 422, []string{"/auth/access_token required"}},
		"missing scheme":      {good(`{"access_token":"` + secret + `"}`), 422, []string{"/auth/scheme required"}},
		"unknown scheme":      {good(`{"scheme":"` + secret + `"}`), 422, []string{"/auth/scheme unknown_scheme"}},
		"secret as scheme":    {good(`"` + secret + `"`), 422, []string{"/auth wrong_type"}},
		"secret as key":       {good(`{"scheme":"access_token","access_token":"a","` + secret + `":1}`), 422, []string{"/auth unknown_field"}},
		"secret at the top":   {`{"crm":"full","access_token":"` + secret + `","auth":{"scheme":"access_token","access_token":"a"}}`, 422, []string{"/access_token unknown_field"}},
		"secret as top key":   {`{"crm":"full","` + secret + `":1,"auth":{"scheme":"access_token","access_token":"a"}}`, 422, []string{" unknown_field"}},
		"no auth, no crm":     {`{}`, 422, []string{"/crm required"}},
		"no auth":             {`{"crm":"full"}`, 422, []string{"/auth required"}},
		"unknown crm":         {`{"crm":"` + secret + `","auth":{"scheme":"access_token","access_token":"a"}}`, 422, []string{"/crm unknown_crm"}},
		"id is no UUID":       {`{"id":"` + secret + `","crm":"full","auth":{"scheme":"access_token","access_token":"a"}}`, 422, []string{"/id invalid_id"}},
		"crm of another type": {`{"crm":7,"auth":{"scheme":"access_token","access_token":"a"}}`, 422, []string{"/crm wrong_type"}},
		"misspelt limit":      {`{"crm":"full","auth":{"scheme":"access_token","access_token":"a"},"limits":{"concurency":1}}`, 422, []string{"/limits/concurency unknown_field"}},
		"half a window":       {`{"crm":"full","auth":{"scheme":"access_token","access_token":"a"},"limits":{"windows":[{"requests":5}]}}`, 422, []string{"/limits/windows/0/per_seconds required"}},
		"window of text":      {`{"crm":"full","auth":{"scheme":"access_token","access_token":"a"},"limits":{"windows":[{"requests":"` + secret + `","per_seconds":1}]}}`, 422, []string{"/limits/windows/0/requests wrong_type"}},
		"not JSON":            {`{"crm":"full","auth":` + secret, 400, []string{" invalid_json"}},
		"a list":              {`["` + secret + `"]`, 422, []string{" wrong_type"}},
		"null":                {`null`, 422, []string{" wrong_type"}},
		"too large":           {`{"crm":"full","name":"` + strings.Repeat("x", 64<<10) + `"}`, 413, []string{}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			a := h.ask(t, "POST", "/integrated-accounts", test.body).wantStatus(t, test.status)
			if diff := cmp.Diff(test.want, a.faults()); diff != "" {
				t.Error(diff, a.Body)
			}
			if answer := fmt.Sprint(a.Body, a.Header(), h.log); strings.Contains(answer, secret) {
				t.Errorf("the value is repeated: %s", answer)
			}
			if n := len(idsOf(h.ask(t, "GET", "/integrated-accounts", ""))); n != 4 {
				t.Errorf("%d accounts, want 4", n)
			}
		})
	}
}

func TestConnectAccountNeedsItsScope(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	a := h.ask(t, "POST", "/integrated-accounts", `{}`, "Authorization", "Bearer "+readToken).wantStatus(t, 403)
	if got := a.Header().Get("WWW-Authenticate"); !strings.Contains(got, `scope="accounts:write"`) {
		t.Errorf("WWW-Authenticate %q", got)
	}
	h.ask(t, "GET", "/jobs", "", "Authorization", "Bearer "+readToken).wantStatus(t, 200)
	h.ask(t, "GET", "/crms", "", "Authorization", "Bearer "+readToken).wantStatus(t, 200)
}

func TestListAccounts(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	var seen []any
	target := "/integrated-accounts?limit=3"
	for pages := 0; target != "" && pages < 5; pages++ {
		a := h.ask(t, "GET", target, "").wantStatus(t, 200)
		seen = append(seen, idsOf(a)...)
		target = ""
		if next, ok := a.json["next_cursor"].(string); ok {
			target = "/integrated-accounts?limit=3&cursor=" + next
		}
	}
	if len(seen) != 4 {
		t.Errorf("saw %v", seen)
	}
	if diff := cmp.Diff([]any{plainAccount}, idsOf(h.ask(t, "GET", "/integrated-accounts?crm=plain", "").wantStatus(t, 200))); diff != "" {
		t.Error(diff)
	}
	h.ask(t, "GET", "/integrated-accounts?cursor=x", "").wantStatus(t, 422)
	h.ask(t, "GET", "/integrated-accounts?limit=1000", "").wantStatus(t, 422)
	h.ask(t, "GET", "/integrated-accounts?name=x", "").wantStatus(t, 422)
}

func TestCheckAccount(t *testing.T) {
	t.Parallel()
	t.Run("taken", func(t *testing.T) {
		t.Parallel()
		h := newHarness(t)
		h.prober.who = connector.Identity{ID: "org-1", Name: "Acme"}
		want := map[string]any{"ok": true, "identity": map[string]any{"id": "org-1", "name": "Acme"}}
		a := h.ask(t, "POST", "/integrated-accounts/"+fullAccount+"/check", "").wantStatus(t, 200)
		if diff := cmp.Diff(want, a.json); diff != "" {
			t.Error(diff)
		}
		a = h.ask(t, "GET", "/integrated-accounts/"+fullAccount, "").wantStatus(t, 200)
		if diff := cmp.Diff(want["identity"], a.json["identity"]); diff != "" {
			t.Error(diff)
		}
		h.prober.who = connector.Identity{ID: "org-2"}
		h.ask(t, "POST", "/integrated-accounts/"+fullAccount+"/check", "").wantStatus(t, 409)
	})
	for kind, status := range map[fault.Kind]int{fault.Unauthorized: 502, fault.Forbidden: 502, fault.RateLimited: 503, fault.Unavailable: 503, fault.BadResponse: 502} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			h.prober.err = &fault.Error{Kind: kind, Code: "NOPE", Message: "no", Status: 401}
			a := h.ask(t, "POST", "/integrated-accounts/"+fullAccount+"/check", "").wantStatus(t, status)
			if a.json["kind"] != string(kind) || a.json["code"] != "NOPE" || a.json["type"] != "/problems/check-failed" || a.json["remote_status"] != 401.0 {
				t.Error(a.Body)
			}
		})
	}
}
