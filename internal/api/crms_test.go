package api

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCRM(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	a := h.ask(t, "GET", "/crms/full", "").wantStatus(t, 200)
	got := map[string]any{}
	for _, name := range []string{"id", "name", "docs", "schemes", "settings", "limits", "batch_size", "duplicate_detection", "on_duplicate", "idempotency", "unknown_outcome"} {
		got[name] = a.json[name]
	}
	want := map[string]any{
		"id": "full", "name": "Full CRM", "docs": "https://full.example/docs",
		"schemes": []any{map[string]any{"scheme": "access_token", "parameters": []any{
			map[string]any{"name": "access_token", "required": true, "secret": true},
		}}},
		"settings": []any{},
		"limits": map[string]any{
			"windows": []any{map[string]any{"requests": 100.0, "per_seconds": 10.0}}, "quotas": []any{}, "concurrency": 5.0, "shared_by": "account",
		},
		"batch_size": 100.0, "duplicate_detection": "lookup", "on_duplicate": []any{"fail", "return_existing", "update"},
		"idempotency":     map[string]any{"kind": "key_header", "life_seconds": 3600.0},
		"unknown_outcome": map[string]any{"resolved_by": []any{"idempotency", "lookup"}, "lookup_by": []any{"email_addresses"}, "lag_seconds": 5.0},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	fields, _ := a.json["fields"].(map[string]any)
	request, _ := fields["request"].(map[string]any)
	response, _ := fields["response"].(map[string]any)
	for name, want := range map[string]map[string]any{
		"email_addresses": {"supported": true, "required": true},
		"first_name":      {"supported": true, "required": false},
		"tags":            {"supported": false, "required": false},
		"created_at":      {"supported": false, "required": false, "note": "Full CRM sets created_at itself"},
		"remote_data":     {"supported": true, "required": false},
	} {
		if diff := cmp.Diff(want, request[name]); diff != "" {
			t.Errorf("request %s: %s", name, diff)
		}
	}
	for name, want := range map[string]bool{"id": true, "first_name": true, "tags": false, "remote_data": true} {
		if f, _ := response[name].(map[string]any); f["supported"] != want {
			t.Errorf("response %s: %v", name, f)
		}
	}
	if len(request) != 15 || len(response) != 19 {
		t.Errorf("%d request and %d response fields", len(request), len(response))
	}
}

func TestCRMThatCanDoLittle(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	a := h.ask(t, "GET", "/crms/plain", "").wantStatus(t, 200)
	want := map[string]any{
		"batch_size": 1.0, "duplicate_detection": "none", "on_duplicate": []any{"fail"}, "idempotency": map[string]any{"kind": "none"},
		"unknown_outcome": map[string]any{"resolved_by": []any{}, "lookup_by": []any{}},
	}
	for name, value := range want {
		if diff := cmp.Diff(value, a.json[name]); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	a = h.ask(t, "GET", "/crms/spaces", "").wantStatus(t, 200)
	setting := map[string]any{"key": "space_id", "label": "Space", "required": true, "format": "[a-z0-9]{1,8}", "example": "abc123"}
	if diff := cmp.Diff([]any{setting}, a.json["settings"]); diff != "" || a.json["workspace"] != "space_id" {
		t.Error(diff, a.json["workspace"])
	}
	h.ask(t, "GET", "/crms/nope", "").wantStatus(t, 404)
}

func TestCRMs(t *testing.T) {
	t.Parallel()
	a := newHarness(t).ask(t, "GET", "/crms", "").wantStatus(t, 200)
	if diff := cmp.Diff([]any{"full", "plain", "spaces"}, idsOf(a)); diff != "" {
		t.Error(diff)
	}
}
