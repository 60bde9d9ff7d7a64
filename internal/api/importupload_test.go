package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"crmferry/internal/imports"
)

const importTarget = importsPath + "?integrated_account_id=" + fullAccount

// lines are n rows of NDJSON from the one with the number from.
func lines(from, n int) string {
	var b strings.Builder
	for k := range n {
		fmt.Fprintf(&b, `{"first_name":"Ada%d","email_addresses":"ada%d@example.com"}`+"\n", from+k, from+k)
	}
	return b.String()
}

// listed are the tenant's imports.
func (h *importHarness) listed(t *testing.T) (list []imports.Import) {
	t.Helper()
	page, err := h.store.List(t.Context(), "acme", imports.Filter{Limit: 100})
	check(t, err)
	return page.Imports
}

// wantNothingLeft checks that no rows are stored, that nobody has to look after
// anything, and that there are so many imports, all failed with that code.
func (h *importHarness) wantNothingLeft(t *testing.T, failed int, code string) {
	t.Helper()
	keys, err := h.db.Keys(t.Context(), "ferry:1:*").Result()
	check(t, err)
	for _, key := range keys {
		if strings.Contains(key, ":block:") || strings.Contains(key, ":col:") || strings.HasSuffix(key, ":sizes") || key == "ferry:1:imports" {
			t.Errorf("%s is left", key)
		}
	}
	list := h.listed(t)
	for _, i := range list {
		if i.Status != imports.Failed || i.Error == nil || i.Error.Code != code {
			t.Errorf("%s is %s, %+v, want %s", i.ID, i.Status, i.Error, code)
		}
	}
	if len(list) != failed || h.line.count() != 0 {
		t.Errorf("%d imports, %d turns", len(list), h.line.count())
	}
}

// slow is an upload whose body is written by the test.
type slow struct {
	*io.PipeWriter
	answer chan *http.Response
	text   string
}

// uploading begins an upload, and returns once it is known of.
func (h *importHarness) uploading(t *testing.T, server *httptest.Server, query string, headers ...string) (*slow, imports.Import) {
	t.Helper()
	r, w := io.Pipe()
	s := &slow{w, make(chan *http.Response, 1), ""}
	req, err := http.NewRequestWithContext(t.Context(), "POST", server.URL+importTarget+query, r)
	check(t, err)
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", ndjsonType)
	for k := 0; k+1 < len(headers); k += 2 {
		req.Header.Set(headers[k], headers[k+1])
	}
	go func() {
		resp, err := server.Client().Do(req)
		if err != nil {
			t.Error(err)
		}
		s.answer <- resp
	}()
	t.Cleanup(func() { _ = w.Close() })
	_, err = io.WriteString(w, lines(0, 200)) // enough to tell what it is
	check(t, err)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for late := time.After(10 * time.Second); ; {
		for _, i := range h.listed(t) {
			if i.Status == imports.Receiving && h.keyed(t, i) {
				return s, i
			}
		}
		select {
		case <-late:
			t.Fatal("the upload does not begin")
		case <-tick.C:
		}
	}
}

// end is what the upload was answered with.
func (s *slow) end(t *testing.T) *http.Response {
	t.Helper()
	select {
	case resp := <-s.answer:
		text, err := io.ReadAll(resp.Body)
		check(t, errors.Join(err, resp.Body.Close()))
		s.text = string(text)
		return resp
	case <-time.After(20 * time.Second):
		t.Fatal("there is no answer")
		return nil
	}
}

// TestUploadsWithOneKeyAtOnce make one import.
func TestUploadsWithOneKeyAtOnce(t *testing.T) {
	t.Parallel()
	h := newImportHarness(t)
	const many = 6
	answers := make(chan answered, many)
	for range many {
		go func() {
			r := httptest.NewRequestWithContext(t.Context(), "POST", importTarget, strings.NewReader(lines(0, 2500)))
			for name, v := range map[string]string{"Authorization": "Bearer " + token, "Content-Type": ndjsonType, idempotencyHeader: "once"} {
				r.Header.Set(name, v)
			}
			answers <- h.send(r)
		}()
	}
	ids, news := map[string]bool{}, 0
	for range many {
		switch a := <-answers; {
		case a.Code == http.StatusAccepted:
			ids[a.id(t)] = true
			if a.Header().Get(replayedHeader) == "" {
				news++
			}
		case a.Code != http.StatusConflict || a.Header().Get("Retry-After") == "":
			t.Errorf("%d %s", a.Code, a.Body)
		}
	}
	if list := h.listed(t); len(ids) != 1 || news != 1 || len(list) != 1 || list[0].Rows != 2500 {
		t.Errorf("%d ids, %d new ones, %d imports", len(ids), news, len(list))
	}
}

// TestAKeyIsOneFile however it is packed, and whatever else is asked for.
func TestAKeyIsOneFile(t *testing.T) {
	t.Parallel()
	h := newImportHarness(t)
	one, oneType := form(t, "on_duplicate=fail", "file="+sheet)
	two, twoType := form(t, "file="+sheet)
	first := h.ask(t, "POST", importTarget, sheet, "Content-Type", csvType, idempotencyHeader, "k").wantStatus(t, 202).id(t)
	for name, c := range map[string]struct {
		query, body string
		headers     []string
		status      int
	}{
		"again":           {"", sheet, []string{"Content-Type", csvType}, 202},
		"packed":          {"", zipped(t, sheet), []string{"Content-Type", csvType}, 202},
		"packed twice":    {"", zipped(t, zipped(t, sheet)), []string{"Content-Type", csvType, "Content-Encoding", "gzip"}, 202},
		"a form":          {"", one, []string{"Content-Type", oneType}, 202},
		"another form":    {"", two, []string{"Content-Type", twoType}, 202},
		"a packed form":   {"", zipped(t, two), []string{"Content-Type", twoType, "Content-Encoding", "gzip"}, 202},
		"longer":          {"&expires_in=3600", sheet, []string{"Content-Type", csvType}, 202},
		"said in words":   {"&on_invalid=skip&start=auto&delimiter=,", sheet, []string{"Content-Type", csvType}, 202},
		"what is unknown": {"&utm=1", sheet, []string{"Content-Type", csvType}, 202},
		"another row":     {"", sheet + "Eve,eve@example.com,36\n", []string{"Content-Type", csvType}, 422},
		"another option":  {"&on_invalid=reject", sheet, []string{"Content-Type", csvType}, 422},
		"not yet":         {"&start=manual", sheet, []string{"Content-Type", csvType}, 422},
		"other columns":   {"&columns[Shoe]=title", sheet, []string{"Content-Type", csvType}, 422},
	} {
		a := h.ask(t, "POST", importTarget+c.query, c.body, append(c.headers, idempotencyHeader, `"k"`)...)
		if a.Code != c.status {
			t.Errorf("%s: %d %s", name, a.Code, a.Body)
		} else if a.Code == 202 && (a.id(t) != first || a.Header().Get(replayedHeader) != "true") {
			t.Errorf("%s: %s", name, a.Body)
		}
	}
	h.ask(t, "POST", importTarget, sheet, "Content-Type", csvType).wantStatus(t, 202)
	if n := len(h.listed(t)); n != 2 {
		t.Errorf("%d imports", n)
	}
}

// keyed says whether an import has the key that came with it, if one did: it is
// given right after the import is begun.
func (h *importHarness) keyed(t *testing.T, i imports.Import) bool {
	t.Helper()
	if i.Idem == "" {
		return true
	}
	id, err := h.store.KeyOf(t.Context(), i.Idem)
	check(t, err)
	return id == i.ID
}

// TestABusyKey is told so before the body is read.
func TestABusyKey(t *testing.T) {
	t.Parallel()
	h := newImportHarness(t)
	server := h.served(t)
	u, i := h.uploading(t, server, "", idempotencyHeader, "k")
	r := httptest.NewRequestWithContext(t.Context(), "POST", importTarget, untouchable{t})
	for name, v := range map[string]string{"Authorization": "Bearer " + token, "Content-Type": ndjsonType, idempotencyHeader: "k"} {
		r.Header.Set(name, v)
	}
	a := h.send(r).wantStatus(t, http.StatusConflict)
	if a.Header().Get("Retry-After") == "" {
		t.Error(a.Header())
	}
	check(t, u.Close())
	if resp := u.end(t); resp.StatusCode != 202 || !strings.HasSuffix(resp.Header.Get("Location"), i.ID) {
		t.Errorf("%d %s", resp.StatusCode, u.text)
	}
}

// TestAKeyOfAFailedUpload goes to the next, and stays there when the failed
// import is deleted.
func TestAKeyOfAFailedUpload(t *testing.T) {
	t.Parallel()
	h := newImportHarness(t)
	h.ask(t, "POST", importTarget, "[{\"first_name\":\"Ada\"},", idempotencyHeader, "k").wantStatus(t, 400)
	h.wantNothingLeft(t, 1, "truncated")
	broken := h.listed(t)[0]
	next := h.ask(t, "POST", importTarget, lines(0, 3), "Content-Type", ndjsonType, idempotencyHeader, "k").wantStatus(t, 202).id(t)
	h.ask(t, "DELETE", importsRoot+"/"+broken.ID, "").wantStatus(t, 204)
	again := h.ask(t, "POST", importTarget, lines(0, 3), "Content-Type", ndjsonType, idempotencyHeader, "k").wantStatus(t, 202)
	if again.id(t) != next || len(h.listed(t)) != 1 {
		t.Errorf("%s and %s", next, again.id(t))
	}
}

// TestAKeyOfAKilledUpload goes to the next once nobody holds it any more.
func TestAKeyOfAKilledUpload(t *testing.T) {
	t.Parallel()
	h := newHeldHarness(t, 300*time.Millisecond)
	h.store.dead.Store(true)
	ctx, cancel := context.WithCancel(t.Context())
	h.store.stored = cancel
	r := httptest.NewRequestWithContext(ctx, "POST", importTarget, strings.NewReader(lines(0, 3000)))
	for name, v := range map[string]string{"Authorization": "Bearer " + token, "Content-Type": ndjsonType, idempotencyHeader: "k"} {
		r.Header.Set(name, v)
	}
	h.send(r)
	h.store.dead.Store(false)
	h.store.stored = nil
	ask := func() answered {
		return h.ask(t, "POST", importTarget, lines(0, 3), "Content-Type", ndjsonType, idempotencyHeader, "k")
	}
	a := ask()
	for late := time.After(10 * time.Second); a.Code == http.StatusConflict; a = ask() {
		select {
		case <-late:
			t.Fatal("the key is never free")
		default:
		}
	}
	id := a.wantStatus(t, 202).id(t)
	check(t, h.store.Delete(t.Context(), func() imports.Import {
		i, err := h.store.Load(t.Context(), id)
		check(t, err)
		i.Status = imports.Completed
		return i
	}()))
	if list := h.listed(t); len(list) != 1 || list[0].Status != imports.Failed {
		t.Errorf("%+v", list)
	}
	if keys := h.db.Keys(t.Context(), "*:block:*").Val(); len(keys) != 0 {
		t.Errorf("%q are left", keys)
	}
}

// TestUploadsThatComeToNothing: a clear problem, and nothing half-started.
func TestUploadsThatComeToNothing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		media, query, body string
		status, failed     int
		code               string
	}{
		"empty":           {csvType, "", "", 422, 0, "empty_file"},
		"header only":     {csvType, "", "First Name,Email\n", 422, 1, "header_only"},
		"wrong delimiter": {csvType, "", "First Name^Email\nAda^a@example.com\n", 422, 1, "wrong_delimiter"},
		"binary":          {csvType, "", "\x7fELF\x00\x00", 422, 0, "not_text"},
		"gzip bomb":       {csvType, "", zipped(t, "email\na@example.com\n"+strings.Repeat("\n", 16<<20)), 413, 1, "gzip_bomb"},
		"a line of 10 MB": {ndjsonType, "", lines(0, 1200) + `{"name":"` + strings.Repeat("x", 10<<20) + `"}`, 422, 1, "line_too_long"},
		"broken inside":   {jsonMedia, "", "[" + strings.Repeat(`{"email_addresses":"a@example.com"},`+"\n", 4999) + `{"name" "x"}]`, 422, 1, "malformed_json"},
		"without an end":  {jsonMedia, "", "[" + strings.Repeat(`{"email_addresses":"a@example.com"},`+"\n", 4999), 400, 1, "truncated"},
		"one bad row":     {ndjsonType, "&on_invalid=reject", lines(0, 1500) + "{\"email_addresses\":7}\n" + lines(0, 10), 422, 1, "invalid_rows"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newImportHarness(t)
			a := h.ask(t, "POST", importTarget+c.query, c.body, "Content-Type", c.media, idempotencyHeader, "k")
			a.wantProblem(t, c.status)
			h.wantNothingLeft(t, c.failed, c.code)
			h.ask(t, "POST", importTarget, lines(0, 3), "Content-Type", ndjsonType, idempotencyHeader, "k").wantStatus(t, 202)
		})
	}
}

// TestOnlyInvalidRows are an import all the same: its results tell what is wrong.
func TestOnlyInvalidRows(t *testing.T) {
	t.Parallel()
	h := newImportHarness(t)
	a := h.ask(t, "POST", importTarget, strings.Repeat("{\"email_addresses\":7}\n", 5000)+`{"name" "x"}`, "Content-Type", ndjsonType).wantStatus(t, 202)
	if got := h.show(t, a.id(t)).counts(); got != "total 5001, pending 5001" {
		t.Error(got)
	}
}

// TestCancelWhileItComesIn ends the upload at once, though its client is slow.
func TestCancelWhileItComesIn(t *testing.T) {
	t.Parallel()
	h := newImportHarness(t, func(d *Deps) { d.Imports.Intake.HoldEvery = 10 * time.Millisecond })
	u, i := h.uploading(t, h.served(t), "")
	h.ask(t, "POST", importsRoot+"/"+i.ID+"/cancel", "")
	if resp := u.end(t); resp.StatusCode != http.StatusConflict {
		t.Errorf("%d %s", resp.StatusCode, u.text)
	}
	h.wantNothingLeft(t, 1, "cancelled")
}

// TestASlowClientKeepsItsUpload for longer than one that is silent.
func TestASlowClientKeepsItsUpload(t *testing.T) {
	t.Parallel()
	const hold = 400 * time.Millisecond
	h := newHeldHarness(t, hold, func(d *Deps) { d.Imports.Intake.HoldEvery = 20 * time.Millisecond })
	u, i := h.uploading(t, h.served(t), "")
	lease := func() string {
		return h.db.HGet(t.Context(), "ferry:1:{i"+strings.TrimPrefix(i.ID, "imp_")+"}:import", "lease").Val()
	}
	for first, late := lease(), time.After(3*hold); late != nil; {
		select {
		case <-late:
			if late = nil; lease() == first {
				t.Error("the lease stands still")
			}
		case <-time.After(hold / 10):
			check(t, h.store.Abandon(t.Context(), i))
		}
	}
	check(t, u.Close())
	if resp := u.end(t); resp.StatusCode != 202 {
		t.Errorf("%d %s", resp.StatusCode, u.text)
	}
}

// TestTheEndOfARequestAroundTheSeal: before it nothing runs, after it all does.
func TestTheEndOfARequestAroundTheSeal(t *testing.T) {
	t.Parallel()
	send := func(t *testing.T, set func(h *importHarness, cancel func())) *importHarness {
		h := newImportHarness(t)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		set(h, cancel)
		r := httptest.NewRequestWithContext(ctx, "POST", importTarget, strings.NewReader(lines(0, 10)))
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Content-Type", ndjsonType)
		h.send(r)
		return h
	}
	h := send(t, func(h *importHarness, cancel func()) { h.store.stored = cancel })
	h.wantNothingLeft(t, 1, "broken_off")
	h = send(t, func(h *importHarness, cancel func()) { h.store.sealing = cancel })
	if list := h.listed(t); len(list) != 1 || list[0].Status != imports.Running || h.line.count() == 0 {
		t.Errorf("%+v, %d turns", list, h.line.count())
	}
}

// TestARedisThatFillsUp refuses the rest of an upload, and forgets its rows.
func TestARedisThatFillsUp(t *testing.T) {
	t.Parallel()
	h := newImportHarness(t, func(d *Deps) { d.Imports.Room = narrow{} })
	if h.db.ConfigSet(t.Context(), "maxmemory", "1gb").Err() != nil {
		t.Log("the Redis in memory is never full")
		return
	}
	u, _ := h.uploading(t, h.served(t), "", idempotencyHeader, "k")
	check(t, h.db.ConfigSet(t.Context(), "maxmemory", "1").Err())
	_, _ = io.WriteString(u, lines(200, 1500)) // no more is read then
	resp := u.end(t)
	var p Problem
	check(t, json.Unmarshal([]byte(u.text), &p))
	if resp.StatusCode != 503 || resp.Header.Get("Retry-After") != "42" {
		t.Errorf("%d %s %s", resp.StatusCode, resp.Header, u.text)
	}
	h.wantNothingLeft(t, 1, "no_room")
	h.ask(t, "POST", importTarget, lines(0, 3), "Content-Type", ndjsonType, idempotencyHeader, "k").wantStatus(t, 503)
	h.wantNothingLeft(t, 1, "no_room")
}

// TestNoRoomForAFile is told before it is read; a repeat is none that needs room.
func TestNoRoomForAFile(t *testing.T) {
	t.Parallel()
	var service *imports.Service
	h := newImportHarness(t, func(d *Deps) { service = d.Imports })
	first := h.ask(t, "POST", importTarget, lines(0, 3), "Content-Type", ndjsonType, idempotencyHeader, "k").wantStatus(t, 202).id(t)
	service.Room = narrow{refuses: true}
	r := httptest.NewRequestWithContext(t.Context(), "POST", importTarget, untouchable{t})
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", ndjsonType)
	if a := h.send(r).wantStatus(t, 503); a.Header().Get("Retry-After") != "42" {
		t.Error(a.Header())
	}
	if again := h.ask(t, "POST", importTarget, lines(0, 3), "Content-Type", ndjsonType, idempotencyHeader, "k").wantStatus(t, 202).id(t); again != first {
		t.Errorf("%s, not %s", again, first)
	}
}
