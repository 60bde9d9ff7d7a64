package api

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// openapi is as much of an OpenAPI document as the tests look at.
type openapi struct {
	OpenAPI    string                          `json:"openapi"`
	Paths      map[string]map[string]operation `json:"paths"`
	Components struct {
		Schemas         map[string]json.RawMessage `json:"schemas"`
		SecuritySchemes map[string]any             `json:"securitySchemes"`
	} `json:"components"`
}

type operation struct {
	OperationID string `json:"operationId"`
	Parameters  []struct {
		Name, In, Description string
	} `json:"parameters"`
	RequestBody struct {
		Content map[string]json.RawMessage `json:"content"`
	} `json:"requestBody"`
	Responses map[string]struct {
		Content map[string]json.RawMessage `json:"content"`
	} `json:"responses"`
	Security []map[string][]string `json:"security"`
}

func documentOf(t *testing.T) (openapi, string) {
	t.Helper()
	a := newHarness(t).ask(t, "GET", "/openapi.json", "", "Authorization", "").wantStatus(t, 200)
	var doc openapi
	check(t, json.Unmarshal(a.Body.Bytes(), &doc))
	return doc, a.Body.String()
}

func TestDocumentListsEveryRoute(t *testing.T) {
	t.Parallel()
	doc, _ := documentOf(t)
	var got []string
	for path, item := range doc.Paths {
		for method := range item {
			got = append(got, strings.ToUpper(method)+" "+path)
		}
	}
	slices.Sort(got)
	want := []string{
		"DELETE /imports/{id}", "DELETE /integrated-accounts/{id}", "DELETE /jobs/{id}", "GET /crms", "GET /crms/{crm}", "GET /healthz",
		"GET /imports", "GET /imports/{id}", "GET /imports/{id}/events", "GET /imports/{id}/results",
		"GET /integrated-accounts", "GET /integrated-accounts/{id}", "GET /integrated-accounts/{id}/limits", "GET /jobs", "GET /jobs/{id}", "GET /jobs/{id}/result", "GET /readyz",
		"POST /imports/{id}/cancel", "POST /imports/{id}/pause", "POST /imports/{id}/resume", "POST /imports/{id}/retry", "POST /imports/{id}/start",
		"POST /integrated-accounts", "POST /integrated-accounts/{id}/check", "POST /jobs/{id}/cancel", "POST /jobs/{id}/retry",
		"POST /unified/crm/contacts", "POST /unified/crm/contacts/imports",
		"GET /webhook-endpoints", "POST /webhook-endpoints", "GET /webhook-endpoints/{id}", "PATCH /webhook-endpoints/{id}", "DELETE /webhook-endpoints/{id}",
		"POST /webhook-endpoints/{id}/rotate-secret", "POST /webhook-endpoints/{id}/test", "POST /webhook-endpoints/{id}/recover",
		"GET /webhook-deliveries", "GET /webhook-deliveries/{id}", "POST /webhook-deliveries/{id}/redeliver",
		"GET /callback-secret", "POST /callback-secret", "POST /callback-secret/rotate",
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if doc.OpenAPI != "3.1.0" || doc.Components.SecuritySchemes["bearer"] == nil {
		t.Errorf("openapi %s, security %v", doc.OpenAPI, doc.Components.SecuritySchemes)
	}
}

func TestDocumentIsConsistent(t *testing.T) {
	t.Parallel()
	doc, text := documentOf(t)
	for _, ref := range regexp.MustCompile(`"\$ref":"#/components/schemas/([^"]+)"`).FindAllStringSubmatch(text, -1) {
		if doc.Components.Schemas[ref[1]] == nil {
			t.Errorf("there is no schema %s", ref[1])
		}
	}
	for _, foreign := range []string{"ErrorModel", "ErrorDetail", "$schema"} {
		if strings.Contains(text, foreign) {
			t.Errorf("it mentions %s", foreign)
		}
	}
	for path, item := range doc.Paths {
		for method, op := range item {
			if strings.HasSuffix(path, "z") {
				continue
			}
			if len(op.Security) != 1 || op.Security[0]["bearer"] == nil {
				t.Errorf("%s %s: security %v", method, path, op.Security)
			}
			for status, response := range op.Responses {
				if media, isProblem := response.Content["application/problem+json"]; (status >= "4") != isProblem || isProblem && !strings.Contains(string(media), "schemas/Problem") {
					t.Errorf("%s %s %s: %s", method, path, status, media)
				}
			}
			for _, p := range op.Parameters {
				if p.Description == "" && p.In != "path" && !slices.Contains([]string{"limit", "status", "client_ref", "crm", "external_ref"}, p.Name) {
					t.Errorf("%s %s: %s is not described", method, path, p.Name)
				}
			}
		}
	}
}

func TestDocumentOfTheCreate(t *testing.T) {
	t.Parallel()
	doc, _ := documentOf(t)
	op := doc.Paths[contactsPath]["post"]
	var query []string
	for _, p := range op.Parameters {
		if p.In == "query" {
			query = append(query, p.Name)
		}
	}
	slices.Sort(query)
	want := append(createOptions(), optionExclude+"[]", optionRemoteQuery)
	slices.Sort(want)
	if diff := cmp.Diff(want, query); diff != "" {
		t.Errorf("what is documented is not what is read: %s", diff)
	}
	if body := string(op.RequestBody.Content["application/json"]); !strings.Contains(body, "schemas/ContactRequest") || len(op.RequestBody.Content) != 1 {
		t.Errorf("body: %s", body)
	}
	var request, answered struct {
		Properties map[string]any `json:"properties"`
		Additional any            `json:"additionalProperties"`
	}
	check(t, json.Unmarshal(doc.Components.Schemas["ContactRequest"], &request))
	check(t, json.Unmarshal(doc.Components.Schemas["Contact"], &answered))
	for _, name := range []string{"first_name", "email_addresses", "remote_data", "metadata", "client_ref", "phone_numbesr"} {
		if request.Properties[name] == nil {
			t.Errorf("a request has no %s", name)
		}
	}
	for _, name := range []string{"id", "etag", "updated_at"} {
		if request.Properties[name] != nil || answered.Properties[name] == nil {
			t.Errorf("%s is for answers alone", name)
		}
	}
	if request.Additional != false || answered.Additional != nil {
		t.Errorf("additional members: %v in requests, %v in answers", request.Additional, answered.Additional)
	}
}

func TestDocumentOfTheImport(t *testing.T) {
	t.Parallel()
	doc, _ := documentOf(t)
	op := doc.Paths[importsPath]["post"]
	var query []string
	for _, p := range op.Parameters {
		if p.In == "query" {
			query = append(query, p.Name)
		}
	}
	slices.Sort(query)
	want := append(importOptionNames(), optionColumns)
	slices.Sort(want)
	if diff := cmp.Diff(want, query); diff != "" {
		t.Errorf("what is documented is not what is read: %s", diff)
	}
	for _, media := range []string{"application/x-ndjson", "application/json", "text/csv", "text/vcard", "multipart/form-data"} {
		if op.RequestBody.Content[media] == nil {
			t.Errorf("there is no body %s", media)
		}
	}
	if body := string(op.Responses["200"].Content["application/json"]); !strings.Contains(body, "schemas/ImportReport") {
		t.Errorf("the answer is %s", body)
	}
}

func TestDocsWorkOffline(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	a := h.ask(t, "GET", "/docs", "", "Authorization", "").wantStatus(t, 200)
	page := a.Body.String()
	if media := a.Header().Get("Content-Type"); media != "text/html; charset=utf-8" {
		t.Errorf("Content-Type %q", media)
	}
	if found := regexp.MustCompile(`(src|href)="?(https?:)?//`).FindString(page); found != "" || strings.Contains(page, "<script") {
		t.Errorf("it loads something: %s", found)
	}
	for _, text := range []string{
		"/unified/crm/contacts", "truto_response_format", "Idempotency-Key", "/jobs/{id}/result", "scope contacts:write",
		"/problems/idempotency-key-reused", "/problems/job-outcome-unknown", `id="schema-Job"`, `href="#schema-Contact"`,
	} {
		if !strings.Contains(page, text) {
			t.Errorf("it does not mention %s", text)
		}
	}
}

func TestProblemTypesLeadToTheirDescription(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	page := h.ask(t, "GET", "/docs", "").Body.String()
	seen := map[string]bool{}
	for _, p := range problemTypes() {
		if seen[p.Name] || p.Title == "" || p.Meaning == "" || p.Status < 400 {
			t.Errorf("%+v", p)
		}
		seen[p.Name] = true
		a := h.ask(t, "GET", p.Path(), "", "Authorization", "").wantStatus(t, 302)
		_, fragment, _ := strings.Cut(a.Header().Get("Location"), "#")
		if !strings.Contains(page, `id="`+fragment+`"`) {
			t.Errorf("%s leads nowhere: %q", p.Name, fragment)
		}
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	h := newHarness(t, func(d *Deps) { d.Ready = func(context.Context) error { return errors.New("no Redis at 10.0.0.1") } })
	if a := h.ask(t, "GET", "/healthz", "", "Authorization", "").wantStatus(t, 200); a.json["status"] != "ok" {
		t.Error(a.Body)
	}
	a := h.ask(t, "GET", "/readyz", "", "Authorization", "").wantStatus(t, 503)
	if strings.Contains(a.Body.String(), "10.0.0.1") || a.Header().Get("Retry-After") == "" {
		t.Errorf("%s %v", a.Body, a.Header())
	}
	newHarness(t).ask(t, "GET", "/readyz", "", "Authorization", "").wantStatus(t, 200)
	h.ask(t, "HEAD", "/healthz", "", "Authorization", "").wantStatus(t, 200)
}
