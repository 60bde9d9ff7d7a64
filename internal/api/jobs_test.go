package api

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/fault"
	"crmferry/internal/job"
)

func TestJobView(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	id := h.create(t, "&client_ref=r1", strings.Replace(ada, "{", `{"metadata":{"a":[1]},`, 1)).wantStatus(t, 202).id(t)
	h.jobs.change(id, func(j *job.Job) {
		j.Status, j.Attempt, j.StartedAt = job.Waiting, 2, clock().Add(time.Second)
		j.NextAttemptAt, j.WaitingFor = clock().Add(41*time.Second), job.ForPace
		j.Error = &fault.Error{Kind: fault.RateLimited, Code: "TOO_MANY", Message: "slow down", Status: 429, Op: "create", MaybeApplied: true}
		j.Timeline = []job.Attempt{{Number: 1, StartedAt: clock(), EndedAt: clock().Add(time.Second), Step: "create", Result: "rate_limited",
			Code: "TOO_MANY", Remote: 429, Then: job.Waiting, Waiting: job.ForPace}}
		j.Durations = job.Durations{Queue: 1, Pace: 2, Quota: 3, Retry: 4, CRM: 5, Verify: 6}
		j.CancelRequested = true
	}, nil)
	a := h.ask(t, "GET", "/jobs/"+id, "").wantStatus(t, 200)
	want := map[string]any{
		"id": id, "status": "waiting", "integrated_account_id": fullAccount, "crm": "full", "attempts": 2.0,
		"created_at": "2026-03-04T05:06:07Z", "expires_at": "2026-03-07T05:06:07Z", "started_at": "2026-03-04T05:06:08Z",
		"next_attempt_at": "2026-03-04T05:06:48Z", "waiting_for": "pace", "waiting_until": "2026-03-04T05:06:48Z",
		"cancel_requested": true,
		"error":            map[string]any{"kind": "rate_limited", "code": "TOO_MANY", "message": "slow down", "remote_status": 429.0, "retryable": true},
		"warnings":         []any{},
		"timeline": []any{map[string]any{
			"number": 1.0, "started_at": "2026-03-04T05:06:07Z", "ended_at": "2026-03-04T05:06:08Z", "step": "create", "result": "rate_limited",
			"code": "TOO_MANY", "remote_status": 429.0, "then": "waiting", "waiting_for": "pace",
		}},
		"durations_ms": map[string]any{"queue": 1.0, "pace": 2.0, "quota": 3.0, "retry": 4.0, "crm": 5.0, "verify": 6.0},
		"client_ref":   "r1", "metadata": map[string]any{"a": []any{1.0}}, "created_by": "ci",
	}
	if diff := cmp.Diff(want, a.json); diff != "" {
		t.Error(diff)
	}
	if got := a.Header().Get("Retry-After"); got != "42" {
		t.Errorf("Retry-After %q", got)
	}
}

func TestJobShowsItsContact(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	id := h.create(t, "&truto_exclude_fields[]=addresses", ada).wantStatus(t, 202).id(t)
	h.succeed(id, job.Created)
	a := h.ask(t, "GET", "/jobs/"+id, "").wantStatus(t, 200)
	result, _ := a.json["result"].(map[string]any)
	if a.json["outcome"] != "created" || a.json["remote_id"] != "512" || result["id"] != "512" || result["addresses"] != nil || result["remote_data"] != nil {
		t.Error(a.Body)
	}
	if a.Header().Get("Retry-After") != "" {
		t.Error("Retry-After on a job that is over")
	}
	a = h.ask(t, "GET", "/jobs/"+id+"?truto_ignore_remote_data=false", "").wantStatus(t, 200)
	if result, _ := a.json["result"].(map[string]any); result["remote_data"] == nil {
		t.Errorf("no remote_data: %s", a.Body)
	}
}

func TestJobPastRetention(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	id := h.create(t, "", ada).wantStatus(t, 202).id(t)
	h.succeed(id, job.Created)
	delete(h.jobs.results, id)
	a := h.ask(t, "GET", "/jobs/"+id, "").wantStatus(t, 200)
	if a.json["result"] != nil || a.json["status"] != "succeeded" {
		t.Error(a.Body)
	}
	h.ask(t, "GET", "/jobs/"+id+"/result", "").wantStatus(t, 410)
}

func TestJobETag(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	id := h.create(t, "", ada).wantStatus(t, 202).id(t)
	first := h.ask(t, "GET", "/jobs/"+id, "").wantStatus(t, 200).Header().Get("ETag")
	if !strings.HasPrefix(first, `W/"`) {
		t.Fatalf("ETag %q", first)
	}
	for _, header := range []string{first, strings.TrimPrefix(first, "W/"), `"x", ` + first, "*"} {
		a := h.ask(t, "GET", "/jobs/"+id, "", "If-None-Match", header).wantStatus(t, 304)
		if a.Body.Len() > 0 || a.Header().Get("ETag") != first || a.Header().Get("Retry-After") == "" || a.Header().Get("Content-Type") != "" {
			t.Errorf("%s: %q %v", header, a.Body, a.Header())
		}
	}
	h.succeed(id, job.Created)
	a := h.ask(t, "GET", "/jobs/"+id, "", "If-None-Match", first).wantStatus(t, 200)
	if a.Header().Get("ETag") == first {
		t.Error("the state changed, the tag did not")
	}
}

func TestJobLongPoll(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		query, prefer, applied string
		took                   time.Duration
	}{
		"not at all":       {"", "", "", 0},
		"by query":         {"?wait=5", "", "", 5 * time.Second},
		"by header":        {"", "wait=7", "wait=7", 7 * time.Second},
		"by both":          {"?wait=5", "wait=7", "wait=7", 5 * time.Second},
		"clamped":          {"?wait=100000", "", "", time.Minute},
		"clamped, by head": {"", "wait=100000", "wait=60", time.Minute},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				h := newHarness(t)
				id := h.create(t, "", ada).wantStatus(t, 202).id(t)
				start := time.Now()
				a := h.ask(t, "GET", "/jobs/"+id+test.query, "", "Prefer", test.prefer).wantStatus(t, 200)
				if took := time.Since(start); took != test.took {
					t.Errorf("waited %v, want %v", took, test.took)
				}
				if got := a.Header().Get("Preference-Applied"); got != test.applied {
					t.Errorf("Preference-Applied %q", got)
				}
			})
		})
	}
	t.Run("until the end", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			h := newHarness(t)
			id := h.create(t, "", ada).wantStatus(t, 202).id(t)
			time.AfterFunc(4*time.Second, func() { h.succeed(id, job.Created) })
			a := h.ask(t, "GET", "/jobs/"+id+"?wait=30", "").wantStatus(t, 200)
			if a.json["status"] != "succeeded" {
				t.Error(a.Body)
			}
		})
	})
}

func TestDelay(t *testing.T) {
	t.Parallel()
	at := func(created, next time.Duration) job.Job {
		j := job.Job{Base: job.Base{CreatedAt: clock().Add(-created)}}
		if next != 0 {
			j.NextAttemptAt = clock().Add(next)
		}
		return j
	}
	tests := map[string]struct {
		job  job.Job
		want string
	}{
		"new":             {at(0, 0), "1"},
		"a minute old":    {at(time.Minute, 0), "6"},
		"an hour old":     {at(time.Hour, 0), "300"},
		"due soon":        {at(time.Hour, 1500*time.Millisecond), "3"},
		"overdue":         {at(time.Hour, -time.Minute), "1"},
		"due in a while":  {at(0, time.Hour), "300"},
		"of another time": {at(-time.Hour, 0), "1"},
	}
	for name, test := range tests {
		if got := seconds(delay(test.job, clock())); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

func TestResultOfAnUnfinishedJob(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	id := h.create(t, "&truto_response_format=raw", ada).wantStatus(t, 202).id(t)
	a := h.ask(t, "GET", "/jobs/"+id+"/result", "").wantStatus(t, 202)
	if a.id(t) != id || a.Header().Get("Location") != "/jobs/"+id || a.Header().Get("Retry-After") != "1" {
		t.Errorf("%s %v", a.Body, a.Header())
	}
}

func TestOtherTenantsSeeNothing(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	id := h.create(t, "", ada).wantStatus(t, 202).id(t)
	h.succeed(id, job.Created)
	for _, target := range []string{
		"GET /jobs/" + id, "GET /jobs/" + id + "?wait=1", "GET /jobs/" + id + "/result", "POST /jobs/" + id + "/cancel",
		"POST /jobs/" + id + "/retry", "DELETE /jobs/" + id, "GET /jobs/nope", "DELETE /jobs/nope", "GET /jobs/" + strings.Repeat("x", 100),
		"GET /integrated-accounts/" + fullAccount, "DELETE /integrated-accounts/" + fullAccount, "POST /integrated-accounts/" + fullAccount + "/check",
		"GET /integrated-accounts/nope",
	} {
		method, path, _ := strings.Cut(target, " ")
		h.ask(t, method, path, "", "Authorization", "Bearer "+otherToken).wantStatus(t, 404)
	}
	a := h.ask(t, "GET", "/jobs", "", "Authorization", "Bearer "+otherToken).wantStatus(t, 200)
	if diff := cmp.Diff(map[string]any{"result": []any{}, "next_cursor": nil}, a.json); diff != "" {
		t.Error(diff)
	}
}

func TestListJobs(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	for range 5 {
		h.create(t, "", ada).wantStatus(t, 202)
	}
	h.succeed("job_0002", job.Created)
	var pages []string
	for target := "/jobs?limit=2"; target != ""; {
		a := h.ask(t, "GET", target, "").wantStatus(t, 200)
		pages = append(pages, fmt.Sprint(idsOf(a)))
		target = ""
		if next, ok := a.json["next_cursor"].(string); ok {
			target = "/jobs?limit=2&cursor=" + next
		}
	}
	if diff := cmp.Diff([]string{"[job_0005 job_0004]", "[job_0003 job_0002]", "[job_0001]"}, pages); diff != "" {
		t.Error(diff)
	}
	a := h.ask(t, "GET", "/jobs?status=succeeded&integrated_account_id="+strings.ToUpper(fullAccount), "").wantStatus(t, 200)
	if diff := cmp.Diff([]any{"job_0002"}, idsOf(a)); diff != "" {
		t.Error(diff)
	}
	if strings.Contains(a.Body.String(), `"result":{`) {
		t.Errorf("a list shows contacts: %s", a.Body)
	}
}

func idsOf(a answered) []any {
	ids := []any{}
	list, _ := a.json["result"].([]any)
	for _, one := range list {
		ids = append(ids, one.(map[string]any)["id"])
	}
	return ids
}

func TestListJobsRefuses(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	for range 3 {
		h.create(t, "", ada).wantStatus(t, 202)
	}
	cursor, _ := h.ask(t, "GET", "/jobs?limit=1", "").json["next_cursor"].(string)
	if cursor == "" {
		t.Fatal("no cursor")
	}
	tests := map[string]string{
		"limit=0": "query.limit out_of_range", "limit=201": "query.limit out_of_range", "limit=x": "query.limit wrong_type",
		"status=done": "query.status invalid", "integrated_account_id=x": "query.integrated_account_id invalid_id",
		"created_after=yesterday": "query.created_after invalid_date_time", "finished_after=2026-01-01": "query.finished_after invalid_date_time",
		"stauts=failed": "query.stauts unknown_field", "cursor=hunter2": "query.cursor invalid", "cursor=" + cursor + "x": "query.cursor invalid",
		"status=failed&cursor=" + cursor: "query.cursor invalid",
	}
	for query, want := range tests {
		a := h.ask(t, "GET", "/jobs?"+query, "").wantStatus(t, 422)
		if diff := cmp.Diff([]string{want}, a.faults()); diff != "" {
			t.Errorf("%s: %s", query, diff)
		}
	}
	h.ask(t, "GET", "/jobs?limit=1&cursor="+cursor, "").wantStatus(t, 200)
}

func TestCancel(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	id := h.create(t, "", ada).wantStatus(t, 202).id(t)
	a := h.ask(t, "POST", "/jobs/"+id+"/cancel", "").wantStatus(t, 200)
	if a.json["status"] != "cancelled" {
		t.Error(a.Body)
	}
	h.ask(t, "POST", "/jobs/"+id+"/cancel", "").wantStatus(t, 409)

	id = h.create(t, "", ada).wantStatus(t, 202).id(t)
	h.jobs.change(id, func(j *job.Job) { j.Status, j.Place = job.Running, job.AtWorker }, nil)
	a = h.ask(t, "POST", "/jobs/"+id+"/cancel", "").wantStatus(t, 202)
	if a.json["status"] != "running" || a.json["cancel_requested"] != true || a.Header().Get("Retry-After") == "" {
		t.Errorf("%s %v", a.Body, a.Header())
	}
}

func TestRetry(t *testing.T) {
	t.Parallel()
	failed := func(status job.Status, kind fault.Kind) func(*job.Job) {
		return func(j *job.Job) { j.Status, j.Error = status, fault.New(kind, "", "") }
	}
	tests := map[string]struct {
		set    func(*job.Job)
		query  string
		status int
		kind   string
	}{
		"failed":                    {failed(job.Failed, fault.Unavailable), "", 202, ""},
		"cancelled":                 {failed(job.Cancelled, fault.Cancelled), "", 202, ""},
		"running":                   {func(j *job.Job) { j.Status = job.Running }, "", 409, "conflict"},
		"running, retried by force": {func(j *job.Job) { j.Status = job.Running }, "?accept_duplicate_risk=true", 409, "conflict"},
		"unknown":                   {failed(job.Unknown, fault.OutcomeUnknown), "", 409, "duplicate-risk"},
		"unknown, at a risk":        {failed(job.Unknown, fault.OutcomeUnknown), "?accept_duplicate_risk=true", 202, ""},
		"succeeded":                 {func(j *job.Job) { j.Status = job.Succeeded }, "", 409, "duplicate-risk"},
		"succeeded, at a risk":      {func(j *job.Job) { j.Status = job.Succeeded }, "?accept_duplicate_risk=true", 202, ""},
		"retried before":            {func(j *job.Job) { j.Status, j.RetriedAs = job.Failed, "job_9" }, "", 409, "duplicate-risk"},
		"no boolean":                {failed(job.Failed, fault.Unavailable), "?accept_duplicate_risk=maybe", 422, "validation"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			id := h.create(t, "&expires_in=2h&client_ref=r", ada).wantStatus(t, 202).id(t)
			key := h.jobs.last().Key
			h.jobs.change(id, test.set, nil)
			a := h.ask(t, "POST", "/jobs/"+id+"/retry"+test.query, "").wantStatus(t, test.status)
			if test.status != 202 {
				if a.json["type"] != "/problems/"+test.kind {
					t.Error(a.Body)
				}
				return
			}
			j := h.jobs.last()
			if a.id(t) == id || a.json["retry_of"] != id || j.Key == key || !j.ExpiresAt.Equal(clock().Add(2*time.Hour)) || j.ClientRef != "r" {
				t.Errorf("%s %+v", a.Body, j)
			}
			old := h.ask(t, "GET", "/jobs/"+id, "")
			if old.json["retried_as"] != a.id(t) || a.Header().Get("Location") != "/jobs/"+a.id(t) {
				t.Errorf("%s %v", old.Body, a.Header())
			}
		})
	}
}

func TestDeleteJob(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	id := h.create(t, "", ada).wantStatus(t, 202).id(t)
	h.ask(t, "DELETE", "/jobs/"+id, "").wantStatus(t, 409)
	h.succeed(id, job.Created)
	if a := h.ask(t, "DELETE", "/jobs/"+id, "").wantStatus(t, 204); a.Body.Len() > 0 {
		t.Errorf("a body: %s", a.Body)
	}
	h.ask(t, "GET", "/jobs/"+id, "").wantStatus(t, 404)
}

func TestStoreThatFails(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.jobs.broken = errors.New("connection refused")
	for _, a := range []answered{h.create(t, "", ada), h.ask(t, "GET", "/jobs/x", ""), h.ask(t, "GET", "/jobs", "")} {
		a.wantStatus(t, 500)
		if strings.Contains(a.Body.String(), "refused") {
			t.Errorf("the cause is shown: %s", a.Body)
		}
	}
	if !strings.Contains(h.log.String(), "connection refused") {
		t.Errorf("the cause is not logged: %s", h.log)
	}
}

func TestTimesAreInUTC(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("x", 3600)
	v := viewOf(job.Job{Base: job.Base{CreatedAt: clock().In(zone)}, State: job.State{StartedAt: clock().In(zone)}})
	if v.CreatedAt.Location() != time.UTC || v.StartedAt.Location() != time.UTC {
		t.Error("times are not in UTC")
	}
}
