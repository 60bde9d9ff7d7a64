package api

import (
	"net/http"
	"testing"
)

func TestLimitsOfAnAccount(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	a := h.ask(t, "GET", accountsPath+"/"+fullAccount+"/limits", "").wantStatus(t, http.StatusOK)
	window := a.json["windows"].([]any)[0].(map[string]any)
	day, rolling := a.json["quotas"].([]any)[0].(map[string]any), a.json["quotas"].([]any)[1].(map[string]any)
	backlog, frozen := a.json["backlog"].(map[string]any), a.json["frozen"].(map[string]any)
	for what, pair := range map[string][2]any{
		"windows":                {len(a.json["windows"].([]any)), 1},
		"left in the window":     {window["left"], 40.0},
		"left of the day":        {day["left"], 0.0},
		"left of 24 hours":       {rolling["left"], 860.0},
		"calls out":              {a.json["concurrency"].(map[string]any)["in_use"], 2.0},
		"waiting":                {backlog["waiting"], 30.0},
		"estimated wait":         {backlog["estimated_wait_seconds"], 63.0},
		"the reason of the halt": {frozen["reason"], "pace"},
		"who shares":             {a.json["shared_by"], "account"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: %v, want %v", what, pair[0], pair[1])
		}
	}
	h.ask(t, "GET", accountsPath+"/"+fullAccount+"/limits", "", "Authorization", "Bearer "+otherToken).wantStatus(t, http.StatusNotFound)
}

// TestAJobInLineTellsItsOutlook: what it waits for, and until when.
func TestAJobInLineTellsItsOutlook(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	made := h.create(t, "&client_ref=waits", ada).wantStatus(t, http.StatusAccepted)
	first := h.ask(t, "GET", jobsPath+"/"+made.json["id"].(string), "").wantStatus(t, http.StatusOK)
	for _, a := range []answered{made, first} {
		if a.json["status"] != "waiting" || a.json["waiting_for"] != "quota" || a.json["next_attempt_at"] != "2026-03-04T05:07:07Z" ||
			a.json["estimated_finish_at"] != "2026-03-04T05:08:07Z" {
			t.Errorf("a job in line: %v", a.json)
		}
		if a.Header().Get("Retry-After") != "61" {
			t.Errorf("Retry-After = %s", a.Header().Get("Retry-After"))
		}
	}
	h.ask(t, "GET", jobsPath+"/"+made.json["id"].(string), "", "If-None-Match", first.Header().Get("ETag")).wantStatus(t, http.StatusNotModified)
}

func TestAnAccountWithTooManyWaitingIs429(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	a := h.create(t, "&client_ref=one+too+many", ada).wantStatus(t, http.StatusTooManyRequests)
	if a.Header().Get("Retry-After") == "" || a.json["type"] != "/problems/too-many-waiting" {
		t.Errorf("%v %v", a.Header(), a.json)
	}
}
