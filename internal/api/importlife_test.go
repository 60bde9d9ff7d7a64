package api

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/imports"
	"crmferry/internal/job"
)

// inState makes an import of three rows in a state.
func (h *importHarness) inState(t *testing.T, s imports.Status) string {
	t.Helper()
	rows := rowsOfPeople(3)
	switch s {
	case imports.Receiving, imports.Ready, imports.Running:
		return h.kept(t, s, 2, rows)
	case imports.Waiting:
		id := h.kept(t, imports.Running, 2, rows)
		check(t, h.store.Rest(t.Context(), h.turn(t, id), job.ForQuota, clock().Add(time.Hour)))
		return id
	case imports.Paused:
		id := h.kept(t, imports.Running, 2, rows)
		check(t, h.store.Pause(t.Context(), id))
		return id
	case imports.Completed:
		id := h.kept(t, imports.Running, 2, rows)
		h.carry(t, id, 3, created)
		h.end(t, id)
		return id
	case imports.Cancelled:
		id := h.kept(t, imports.Running, 2, rows)
		check(t, h.store.Withdraw(t.Context(), id))
		h.end(t, id)
		return id
	default:
		id := h.kept(t, imports.Receiving, 2, rows)
		i, err := h.store.Load(t.Context(), id)
		check(t, err)
		check(t, h.store.Fail(t.Context(), i, failed(0).Error))
		return id
	}
}

func allStates() []imports.Status {
	return []imports.Status{
		imports.Receiving, imports.Ready, imports.Running, imports.Waiting, imports.Paused, imports.Completed, imports.Cancelled, imports.Failed,
	}
}

func TestWhatEachStateAllows(t *testing.T) {
	t.Parallel()
	h := newImportHarness(t)
	steps := map[string]map[imports.Status]string{
		"start":  {imports.Ready: "200 running"},
		"pause":  {imports.Running: "200 paused", imports.Waiting: "200 paused"},
		"resume": {imports.Paused: "200 running"},
		"cancel": {
			imports.Receiving: "202 receiving", imports.Ready: "200 cancelled", imports.Running: "200 cancelled", imports.Waiting: "200 cancelled",
			imports.Paused: "200 cancelled",
		},
	}
	for step, allowed := range steps {
		for _, state := range allStates() {
			id := h.inState(t, state)
			if got := h.show(t, id).json["status"]; got != string(state) {
				t.Fatalf("it is %v, want %s", got, state)
			}
			turns := h.line.count()
			a := h.ask(t, "POST", importsRoot+"/"+id+"/"+step, "")
			want, ok := allowed[state]
			if !ok {
				a.wantStatus(t, 409)
				continue
			}
			if got := fmt.Sprintf("%d %v", a.Code, a.json["status"]); got != want {
				t.Errorf("%s of one that is %s: %s, want %s: %s", step, state, got, want, a.Body)
			}
			if runs := a.json["status"] == "running"; runs != (h.line.count() > turns) {
				t.Errorf("%s of one that is %s: it made %d turns", step, state, h.line.count()-turns)
			}
		}
	}
}

func TestDeletingAnImport(t *testing.T) {
	t.Parallel()
	h := newImportHarness(t)
	for _, state := range allStates() {
		id := h.inState(t, state)
		if !state.Terminal() {
			h.ask(t, "DELETE", importsRoot+"/"+id, "").wantStatus(t, 409)
			continue
		}
		h.ask(t, "DELETE", importsRoot+"/"+id, "").wantStatus(t, 204)
		h.ask(t, "GET", importsRoot+"/"+id, "").wantStatus(t, 404)
		h.ask(t, "DELETE", importsRoot+"/"+id, "").wantStatus(t, 404)
		left, err := h.db.Keys(t.Context(), "*"+strings.TrimPrefix(id, "imp_")+"*").Result()
		check(t, err)
		if len(left) > 0 {
			t.Errorf("%s: it leaves %v", state, left)
		}
		for _, index := range []string{"ferry:1:{tacme}:imports", "ferry:1:{a" + fullAccount + "}:imports", "ferry:1:imports"} {
			if members := h.db.ZRange(t.Context(), index, 0, -1).Val(); slices.Contains(members, id) {
				t.Errorf("%s: it stays in %s", state, index)
			}
		}
	}
}

func TestImportsOfOthersAreNotThere(t *testing.T) {
	t.Parallel()
	h := newImportHarness(t)
	for _, state := range []imports.Status{imports.Ready, imports.Running, imports.Completed} {
		id := h.inState(t, state)
		for _, route := range []string{
			"GET ", "GET /results", "GET /results?format=original", "GET /events", "POST /start", "POST /pause", "POST /resume", "POST /cancel", "POST /retry", "DELETE ",
		} {
			method, rest, _ := strings.Cut(route, " ")
			h.ask(t, method, importsRoot+"/"+id+rest, "", "Authorization", "Bearer "+otherToken).wantStatus(t, 404)
		}
		if got := h.show(t, id).json["status"]; got != string(state) {
			t.Errorf("it is %v now, and was %s", got, state)
		}
	}
	if a := h.ask(t, "GET", importsRoot, "", "Authorization", "Bearer "+otherToken).wantStatus(t, 200); len(a.json["result"].([]any)) != 0 {
		t.Errorf("another tenant's list: %s", a.Body)
	}
	for _, id := range []string{"imp_0", "job_0001", "imp_" + strings.Repeat("z", 26), "imp_" + strings.Repeat("!", 26)} {
		h.ask(t, "GET", importsRoot+"/"+id+"/results", "").wantStatus(t, 404)
	}
}

func TestScopesOfImports(t *testing.T) {
	t.Parallel()
	h := newImportHarness(t)
	id := h.inState(t, imports.Running)
	reader := []string{"Authorization", "Bearer " + readToken}
	h.ask(t, "GET", importsRoot+"/"+id, "", reader...).wantStatus(t, 200)
	for _, route := range []string{"GET /results", "POST /pause", "POST /cancel", "POST /retry", "DELETE "} {
		method, rest, _ := strings.Cut(route, " ")
		h.ask(t, method, importsRoot+"/"+id+rest, "", reader...).wantStatus(t, 403)
	}
}

func TestCancelTellsWhatWasNotAttempted(t *testing.T) {
	t.Parallel()
	h := newImportHarness(t)
	id := h.kept(t, imports.Running, 4, rowsOfPeople(10))
	h.carry(t, id, 5, every(2))
	a := h.ask(t, "POST", importsRoot+"/"+id+"/cancel", "").wantStatus(t, 200)
	if got := a.counts(); got != "total 10, succeeded 2, failed 3, cancelled 5, created 2" {
		t.Error(got)
	}
	if a.json["finished_at"] == nil {
		t.Errorf("no end: %s", a.Body)
	}
}

func TestCancelWaitsForRowsUnderWay(t *testing.T) {
	t.Parallel()
	h := newImportHarness(t)
	id := h.kept(t, imports.Running, 4, rowsOfPeople(10))
	turn := h.turn(t, id)
	slice, ok, err := h.store.Take(t.Context(), turn, 2, nil)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	a := h.ask(t, "POST", importsRoot+"/"+id+"/cancel", "").wantStatus(t, 202)
	if a.json["status"] != "running" || a.json["cancel_requested"] != true {
		t.Error(a.Body)
	}
	h.ask(t, "POST", importsRoot+"/"+id+"/pause", "").wantStatus(t, 409)
	h.ask(t, "POST", importsRoot+"/"+id+"/cancel", "").wantStatus(t, 202)
	results := []imports.Result{created(0), created(1)}
	results[1].Index = 1
	live, err := h.store.Write(t.Context(), turn, slice, imports.Writing{Results: results})
	if err != nil || live {
		t.Fatal(live, err)
	}
	_, _, err = h.store.Take(t.Context(), turn, 2, &slice)
	check(t, err)
	h.end(t, id)
	if a := h.show(t, id); a.counts() != "total 10, succeeded 2, cancelled 8, created 2" || a.json["status"] != "cancelled" {
		t.Error(a.Body)
	}
}

// TestResumeLiftsTheRule: what paused an import by itself does not do so again.
func TestResumeLiftsTheRule(t *testing.T) {
	t.Parallel()
	h := newImportHarness(t)
	three := 3
	for name, c := range map[string]struct {
		base  func(*imports.Base)
		rows  int
		carry int
	}{
		"max_failed":     {func(b *imports.Base) { b.MaxFailed = &three }, 20, 3},
		"the first rows": {func(*imports.Base) {}, 1200, 500},
	} {
		id := h.kept(t, imports.Running, 1000, rowsOfPeople(c.rows), c.base)
		h.carry(t, id, c.carry, failed)
		if a := h.show(t, id); a.json["status"] != "paused" || a.json["paused_because"] != "max_failed" {
			t.Fatalf("%s: %s", name, a.Body)
		}
		h.ask(t, "POST", importsRoot+"/"+id+"/resume", "").wantStatus(t, 200)
		h.carry(t, id, c.rows-c.carry, failed)
		h.end(t, id)
		if a := h.show(t, id); a.json["status"] != "completed" {
			t.Errorf("%s: %s", name, a.Body)
		}
	}
	id := h.kept(t, imports.Running, 1000, rowsOfPeople(10), func(b *imports.Base) { b.StopAfter = 4 })
	h.carry(t, id, 4, created)
	if _, ok, err := h.store.Take(t.Context(), h.turn(t, id), 5, nil); ok || err != nil {
		t.Fatal(ok, err)
	}
	if a := h.show(t, id); a.json["paused_because"] != "stop_after" {
		t.Fatal(a.Body)
	}
	h.ask(t, "POST", importsRoot+"/"+id+"/resume", "").wantStatus(t, 200)
	h.carry(t, id, 6, created)
}

func TestListingImports(t *testing.T) {
	t.Parallel()
	h := newImportHarness(t)
	var ids []string
	for k := range 7 {
		ids = append(ids, h.kept(t, imports.Running, 10, rowsOfPeople(1), func(b *imports.Base) {
			b.CreatedAt = clock().Add(time.Duration(k/2) * time.Second) // some at the very same time
			if k%2 == 1 {
				b.AccountID, b.CreatedBy = plainAccount, "cron"
			}
		}))
	}
	slices.Reverse(ids)
	page := func(query string) (got []string, next string) {
		a := h.ask(t, "GET", importsRoot+query, "").wantStatus(t, 200)
		for _, one := range a.json["result"].([]any) {
			got = append(got, one.(map[string]any)["id"].(string))
		}
		next, _ = a.json["next_cursor"].(string)
		return got, next
	}
	first, next := page("?limit=3")
	newer := h.kept(t, imports.Running, 10, rowsOfPeople(1), func(b *imports.Base) { b.CreatedAt = clock().Add(time.Minute) })
	second, next2 := page("?limit=3&cursor=" + next)
	third, end := page("?limit=3&cursor=" + next2)
	if diff := cmp.Diff(ids, slices.Concat(first, second, third)); diff != "" || end != "" {
		t.Errorf("pages: %s %q", diff, end)
	}
	if got, _ := page("?limit=1"); got[0] != newer {
		t.Errorf("the newest is %v", got)
	}
	for query, want := range map[string]int{
		"?integrated_account_id=" + plainAccount: 3, "?created_by=cron": 3, "?status=running": 8, "?status=paused": 0,
		"?created_after=2026-03-04T05:06:09Z": 4, "?created_before=2026-03-04T05:06:09Z": 4,
	} {
		if got, _ := page(query); len(got) != want {
			t.Errorf("%s: %d, want %d", query, len(got), want)
		}
	}
	h.ask(t, "GET", importsRoot+"?cursor=nonsense", "").wantStatus(t, 422)
	h.ask(t, "GET", importsRoot+"?state=running", "").wantStatus(t, 422)
}

// served is the API on a connection, with short times for short answers.
func (h *importHarness) served(t *testing.T) *httptest.Server {
	t.Helper()
	srv := httptest.NewUnstartedServer(h.handler)
	srv.Config.ReadTimeout, srv.Config.WriteTimeout = 300*time.Millisecond, 300*time.Millisecond
	srv.Start()
	t.Cleanup(srv.Close)
	return srv
}

func request(t *testing.T, method, url string, headers ...string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	check(t, err)
	r.Header.Set("Authorization", "Bearer "+token)
	for k := 0; k+1 < len(headers); k += 2 {
		r.Header.Set(headers[k], headers[k+1])
	}
	return r
}

// TestWaitingForAnImport: a request waits for the pause.
func TestWaitingForAnImport(t *testing.T) {
	t.Parallel()
	h := newImportHarness(t)
	id := h.kept(t, imports.Running, 10, rowsOfPeople(3))
	srv := httptest.NewServer(h.handler)
	t.Cleanup(srv.Close)
	changed := make(chan error, 1)
	go func() {
		h.store.await(3) // it has been waited for
		changed <- h.store.Pause(t.Context(), id)
	}()
	a, err := srv.Client().Do(request(t, "GET", srv.URL+importsRoot+"/"+id, "Prefer", "wait=20"))
	check(t, err)
	defer func() { _ = a.Body.Close() }()
	check(t, <-changed)
	var v importView
	check(t, decodeBody(a, &v))
	if v.Status != imports.Paused || v.PausedBecause != imports.PauseRequested || a.Header.Get("Preference-Applied") != "wait=20" {
		t.Errorf("%+v %v", v, a.Header)
	}
}

func TestImportETag(t *testing.T) {
	t.Parallel()
	h := newImportHarness(t)
	id := h.kept(t, imports.Running, 10, rowsOfPeople(3))
	a := h.show(t, id)
	tag := a.Header().Get("ETag")
	if !strings.HasPrefix(tag, `W/"`) || a.Header().Get("Retry-After") == "" {
		t.Fatal(a.Header())
	}
	h.ask(t, "GET", importsRoot+"/"+id, "", "If-None-Match", tag).wantStatus(t, 304)
	h.carry(t, id, 1, created)
	if b := h.ask(t, "GET", importsRoot+"/"+id, "", "If-None-Match", tag).wantStatus(t, 200); b.Header().Get("ETag") == tag {
		t.Error("the tag stays while the counts change")
	}
}
