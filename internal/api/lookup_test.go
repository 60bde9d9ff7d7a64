package api

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"crmferry/internal/fault"
	prints "crmferry/internal/fingerprint"
	"crmferry/internal/imports"
	"crmferry/internal/job"
)

// people is a Lookup that knows one person of acme.
type people struct{ asked *imports.Sought }

func (p people) Lookup(_ context.Context, tenant string, q imports.Sought) (imports.Sightings, error) {
	*p.asked = q
	if tenant != "acme" {
		return imports.Sightings{}, nil
	}
	f := fault.New(fault.Invalid, "bad_phone", "no such phone")
	return imports.Sightings{List: []imports.Sighting{
		{JobID: "job_1", AccountID: fullAccount, CRM: "full", Status: "succeeded", Outcome: job.Created, RemoteID: "7", CreatedAt: clock()},
		{ImportID: "imp_1", Line: 5, AccountID: fullAccount, CRM: "full", Status: "failed", ClientRef: "r", CreatedAt: clock(), Error: f},
	}, Next: "1.job_1.0.0"}, nil
}

func lookupHarness(t *testing.T) (*harness, *imports.Sought) {
	var asked imports.Sought
	return newHarness(t, func(d *Deps) { d.Lookup, d.Imports = people{&asked}, &imports.Service{} }), &asked
}

func (h *harness) look(bearer, query string) (int, string) {
	r := httptest.NewRequest(http.MethodGet, "/lookup"+query, nil)
	r.Header.Set("Authorization", "Bearer "+bearer)
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func TestLookup(t *testing.T) {
	t.Parallel()
	h, asked := lookupHarness(t)
	for query, want := range map[string]imports.Sought{
		"?email=%20Ada%40Example.COM":       {Kind: prints.Email, Value: "ada@example.com", Limit: 50},
		"?phone=%2B44+20+7946+0018&limit=3": {Kind: prints.Phone, Value: "442079460018", Limit: 3},
		"?phone=+442079460018":              {Kind: prints.Phone, Value: "442079460018", Limit: 50},
		"?client_ref=A%20b":                 {Kind: prints.ClientRef, Value: "A b", Limit: 50},
		"?remote_id=00Q1&limit=200":         {Kind: prints.RemoteID, Value: "00Q1", Limit: 200},
		"?remote_id=1&integrated_account_id=" + strings.ToUpper(fullAccount): {Kind: prints.RemoteID, Value: "1", Limit: 50, AccountID: fullAccount},
	} {
		status, body := h.look(readToken, query)
		if status != http.StatusOK || *asked != want {
			t.Errorf("%s: %d, %+v", query, status, *asked)
		}
		for _, part := range []string{`"kind":"job","job_id":"job_1"`, `"kind":"import_row","import_id":"imp_1","line":5`, `"kind":"invalid"`, `"next_cursor":"`} {
			if !strings.Contains(body, part) {
				t.Errorf("%s: no %s in %s", query, part, body)
			}
		}
	}
	if status, body := h.look(otherToken, "?email=ada@example.com"); status != http.StatusOK || !strings.Contains(body, `"result":[],"next_cursor":null`) {
		t.Errorf("another tenant: %d %s", status, body)
	}
}

func TestBadLookups(t *testing.T) {
	t.Parallel()
	h, _ := lookupHarness(t)
	for query, pointer := range map[string]string{
		"":                              "query",
		"?limit=5":                      "query",
		"?email=hunter2&phone=hunter2":  "query",
		"?email=hunter2&email=hunter2":  "query",
		"?email=":                       "query.email",
		"?email=+":                      "query.email",
		"?phone=-":                      "query.phone",
		"?mail=hunter2":                 "query.mail",
		"?email=hunter2&limit=0":        "query.limit",
		"?email=hunter2&cursor=hunter2": "query.cursor",
		"?email=hunter2&integrated_account_id=hunter2": "query.integrated_account_id",
		"?client_ref=" + strings.Repeat("hunter2", 30): "query.client_ref",
	} {
		status, body := h.look(token, query)
		if status != http.StatusUnprocessableEntity || !strings.Contains(body, fmt.Sprintf(`"pointer":"%s"`, pointer)) {
			t.Errorf("%s: %d %s", query, status, body)
		}
		if strings.Contains(body, "hunter2") {
			t.Errorf("%s: the value is repeated: %s", query, body)
		}
	}
	if log := h.log.String(); strings.Contains(log, "hunter2") || !strings.Contains(log, `"/lookup"`) {
		t.Errorf("the log: %s", log)
	}
}

func TestACursorIsForOnePerson(t *testing.T) {
	t.Parallel()
	h, _ := lookupHarness(t)
	_, body := h.look(token, "?email=ada@example.com")
	_, rest, _ := strings.Cut(body, `"next_cursor":"`)
	cursor, _, _ := strings.Cut(rest, `"`)
	if status, _ := h.look(token, "?email=ADA@example.com&cursor="+cursor); status != http.StatusOK {
		t.Errorf("the next page: %d", status)
	}
	if status, _ := h.look(token, "?email=eve@example.com&cursor="+cursor); status != http.StatusUnprocessableEntity {
		t.Errorf("another person's cursor: %d", status)
	}
}
