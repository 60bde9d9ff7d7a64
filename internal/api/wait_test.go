package api

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/fault"
	"crmferry/internal/job"
)

// working is a harness whose jobs end as soon as they are queued.
func working(t *testing.T, end func(h *harness, id string), adjust ...func(*Deps)) *harness {
	t.Helper()
	h := newHarness(t, adjust...)
	h.jobs.onEnqueue = func(ref job.Ref) { end(h, ref.ID) }
	return h
}

func TestWaitingAnswerOfASuccess(t *testing.T) {
	t.Parallel()
	for outcome, status := range map[job.Outcome]int{job.Created: 201, job.Matched: 200, job.Updated: 200} {
		h := working(t, func(h *harness, id string) { h.succeed(id, outcome) })
		a := h.create(t, "", ada, "Prefer", "wait=10").wantStatus(t, status)
		if a.json["id"] != "512" {
			t.Errorf("%s: not the contact: %s", outcome, a.Body)
		}
		for name, want := range map[string]string{
			"Preference-Applied": "wait=10", "Vary": "Prefer", "Ferry-Job-Id": "job_0001", "Content-Type": "application/json",
		} {
			if got := a.Header().Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", outcome, name, got, want)
			}
		}
	}
}

func TestWaitingAnswerOfAFailure(t *testing.T) {
	t.Parallel()
	want := map[fault.Kind]int{
		fault.Invalid: 422, fault.Duplicate: 409, fault.Cancelled: 409, fault.Unauthorized: 502, fault.Forbidden: 502,
		fault.NotFound: 502, fault.BadResponse: 502, fault.RateLimited: 503, fault.Unavailable: 503,
		fault.OutcomeUnknown: 504, fault.Expired: 504, fault.Internal: 500,
	}
	if len(want) != len(fault.Kinds()) {
		t.Fatalf("%d kinds are tested, there are %d", len(want), len(fault.Kinds()))
	}
	for kind, status := range want {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			ending := job.Failed
			switch kind {
			case fault.Cancelled:
				ending = job.Cancelled
			case fault.OutcomeUnknown:
				ending = job.Unknown
			}
			f := &fault.Error{
				Kind: kind, Code: "VENDOR_42", Message: "the CRM says no", Status: 409, RemoteID: "77",
				Fields: []string{"email_addresses/0"}, Candidates: []string{"78"},
			}
			h := working(t, func(h *harness, id string) { h.fail(id, ending, f) })
			a := h.create(t, "", ada, "Prefer", "wait=10").wantStatus(t, status)
			members := map[string]any{}
			for _, name := range []string{"type", "detail", "kind", "code", "retryable", "remote_status", "remote_id", "fields", "candidates", "job_id"} {
				members[name] = a.json[name]
			}
			wanted := map[string]any{
				"type": "/problems/job-" + strings.ReplaceAll(string(kind), "_", "-"), "detail": "the CRM says no", "kind": string(kind),
				"code": "VENDOR_42", "retryable": kind.Retryable(), "remote_status": 409.0, "remote_id": "77",
				"fields": []any{"email_addresses/0"}, "candidates": []any{"78"}, "job_id": "job_0001",
			}
			if diff := cmp.Diff(wanted, members); diff != "" {
				t.Error(diff)
			}
			if a.Header().Get("Ferry-Job-Id") != "job_0001" || a.Header().Get("Preference-Applied") != "wait=10" {
				t.Errorf("headers: %v", a.Header())
			}
			result := h.ask(t, "GET", "/jobs/job_0001/result", "").wantStatus(t, status)
			if diff := cmp.Diff(a.json["detail"], result.json["detail"]); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWithoutPreferenceAlways202(t *testing.T) {
	t.Parallel()
	for _, prefer := range []string{"", "respond-async", "wait=0", "wait=-1", "wait=soon", "return=minimal"} {
		h := working(t, func(h *harness, id string) { h.succeed(id, job.Created) })
		h.create(t, "", ada, "Prefer", prefer).wantStatus(t, 202)
	}
}

func TestWaitThatRunsOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(t)
		start := time.Now()
		a := h.create(t, "", ada, "Prefer", "respond-async, wait=300").wantStatus(t, 202)
		if took := time.Since(start); took != 60*time.Second {
			t.Errorf("waited %v", took)
		}
		if got := a.Header().Get("Preference-Applied"); got != "wait=60" {
			t.Errorf("Preference-Applied %q", got)
		}
		if a.json["status"] != "queued" || a.Header().Get("Location") != "/jobs/"+a.id(t) {
			t.Errorf("not the job: %s", a.Body)
		}
	})
}

func TestWaitEndsWithTheJob(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(t)
		go func() {
			time.Sleep(3 * time.Second) // of the bubble's clock
			h.succeed("job_0001", job.Created)
		}()
		start := time.Now()
		h.create(t, "", ada, "Prefer", "wait=30").wantStatus(t, 201)
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("waited %v", took)
		}
	})
}

func TestWaitEndsWhenTheServiceCloses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		closing := make(chan struct{})
		h := newHarness(t, func(d *Deps) { d.Closing = closing })
		time.AfterFunc(2*time.Second, func() { close(closing) })
		start := time.Now()
		h.create(t, "", ada, "Prefer", "wait=30").wantStatus(t, 202)
		if took := time.Since(start); took != 2*time.Second {
			t.Errorf("waited %v", took)
		}
	})
}

func TestWaitEndsWhenTheCallerIsGone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		r := httptest.NewRequestWithContext(ctx, "POST", contactsPath+"?integrated_account_id="+fullAccount, strings.NewReader(ada))
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Prefer", "wait=30")
		start := time.Now()
		h.send(r)
		if took := time.Since(start); took != time.Second {
			t.Errorf("waited %v", took)
		}
	})
}

func TestDefaultWaitOfAToken(t *testing.T) {
	t.Parallel()
	patient := map[string]Principal{token: {Tenant: "acme", Name: "ci", Scopes: []Scope{ScopeAll}, DefaultWait: 20 * time.Second}}
	for prefer, status := range map[string]int{"": 201, "return=minimal": 201, "respond-async": 202, "wait=0": 202} {
		h := working(t, func(h *harness, id string) { h.succeed(id, job.Created) }, func(d *Deps) {
			tokens, err := NewStaticTokens(patient)
			check(t, err)
			d.Tokens = tokens
		})
		a := h.create(t, "", ada, "Prefer", prefer).wantStatus(t, status)
		if got := a.Header().Get("Preference-Applied"); got != "" && prefer != "wait=0" {
			t.Errorf("%q: Preference-Applied %q", prefer, got)
		}
	}
}

func TestReplayThatWaits(t *testing.T) {
	t.Parallel()
	h := working(t, func(h *harness, id string) { h.succeed(id, job.Created) })
	h.create(t, "", ada, "Idempotency-Key", "k").wantStatus(t, 202)
	a := h.create(t, "&truto_response_format=raw", ada, "Idempotency-Key", "k", "Prefer", "wait=5").wantStatus(t, 201)
	if a.Header().Get("Idempotency-Replayed") != "true" || a.Body.String() != string(vendor().Raw) {
		t.Errorf("%s %v", a.Body, a.Header())
	}
	// Without waiting it is the job, and that it is over already shows.
	a = h.create(t, "", ada, "Idempotency-Key", "k").wantStatus(t, 202)
	if a.json["status"] != "succeeded" || a.json["result"] == nil {
		t.Errorf("%s", a.Body)
	}
}

func TestParsePrefer(t *testing.T) {
	t.Parallel()
	tests := []struct {
		headers []string
		want    string
	}{
		{nil, "0s false false"},
		{[]string{"wait=10"}, "10s true false"},
		{[]string{`wait="10"`}, "10s true false"},
		{[]string{"WAIT = 10 ; x=y, respond-async"}, "10s true true"},
		{[]string{"respond-async", "wait=5"}, "5s true true"},
		{[]string{"wait=5, wait=7"}, "5s true false"},
		{[]string{"wait=99999"}, "1m0s true false"},
		{[]string{"wait=99999999999999999999"}, "0s false false"},
		{[]string{"wait", "wait=", "wait=1.5", "wait=-2", "handling=lenient"}, "0s false false"},
	}
	for _, test := range tests {
		p := parsePrefer(test.headers)
		if got := fmt.Sprint(p.wait, p.waits, p.async); got != test.want {
			t.Errorf("%q: %s, want %s", test.headers, got, test.want)
		}
	}
}
