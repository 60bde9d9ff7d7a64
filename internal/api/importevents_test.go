package api

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"crmferry/internal/imports"
)

// event is one server-sent event.
type event struct {
	name, id string
	imp      importView
}

// listener reads the events of an import.
type listener struct {
	t    *testing.T
	body *bufio.Scanner
}

func listen(t *testing.T, srv *httptest.Server, id string, headers ...string) *listener {
	t.Helper()
	a, err := srv.Client().Do(request(t, "GET", srv.URL+importsRoot+"/"+id+"/events", headers...))
	check(t, err)
	t.Cleanup(func() { _ = a.Body.Close() })
	if a.StatusCode != http.StatusOK || a.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%d %v", a.StatusCode, a.Header)
	}
	return &listener{t, bufio.NewScanner(a.Body)}
}

// next gives the next event; false at the end of the stream.
func (l *listener) next() (e event, ok bool) {
	l.t.Helper()
	for l.body.Scan() {
		name, value, _ := strings.Cut(l.body.Text(), ": ")
		switch name {
		case "id":
			e.id = value
		case "event":
			e.name = value
		case "data":
			check(l.t, json.Unmarshal([]byte(value), &e.imp))
		case "":
			if e.name != "" {
				return e, true
			}
		}
	}
	return e, false
}

// until reads events until one is as wanted.
func (l *listener) until(is func(event) bool) event {
	l.t.Helper()
	for {
		e, ok := l.next()
		if !ok {
			l.t.Fatal("the stream has ended")
		}
		if is(e) {
			return e
		}
	}
}

// TestEvents: two listen for longer than a short answer may take.
func TestEvents(t *testing.T) {
	t.Parallel()
	h := newImportHarness(t)
	id := h.kept(t, imports.Running, 10, rowsOfPeople(4))
	srv := h.served(t)
	one, two := listen(t, srv, id), listen(t, srv, id)
	first, _ := one.next()
	if first.name != "progress" || first.imp.Counts.Pending != 4 || first.id == "" || first.imp.Report != nil {
		t.Errorf("%+v", first)
	}
	h.store.await(2) // longer than the time for short answers
	h.carry(t, id, 2, created)
	for _, l := range []*listener{one, two} {
		l.until(func(e event) bool { return e.name == "progress" && e.imp.Counts.Succeeded == 2 })
	}
	h.carry(t, id, 2, created)
	h.end(t, id)
	for _, l := range []*listener{one, two} {
		end := l.until(func(e event) bool { return e.name == "end" })
		if end.imp.Status != imports.Completed {
			t.Errorf("%+v", end)
		}
		if e, more := l.next(); more {
			t.Errorf("after the end: %+v", e)
		}
	}
}

func TestEventsAreTakenUpAgain(t *testing.T) {
	t.Parallel()
	h := newImportHarness(t)
	id := h.kept(t, imports.Running, 10, rowsOfPeople(4))
	srv := h.served(t)
	seen, _ := listen(t, srv, id).next()
	again := listen(t, srv, id, "Last-Event-ID", seen.id)
	h.carry(t, id, 4, created)
	h.end(t, id)
	if e, _ := again.next(); e.imp.Counts.Pending == 4 {
		t.Errorf("it was seen before: %+v", e)
	}
	end := listen(t, srv, id).until(func(e event) bool { return e.name == "end" })
	if a := h.ask(t, "GET", importsRoot+"/"+id+"/events", "", "Last-Event-ID", end.id); a.Code != http.StatusNoContent {
		t.Errorf("%d %s", a.Code, a.Body)
	}
}

func TestOneReaderServesAllWhoWatch(t *testing.T) {
	t.Parallel()
	h := newImportHarness(t)
	id := h.kept(t, imports.Running, 10, rowsOfPeople(1))
	w := newWatches(h.store)
	var all []<-chan sighting
	for range 50 {
		news, leave := w.join("acme", id)
		defer leave()
		all = append(all, news)
	}
	for _, news := range all {
		<-news
	}
	if n := h.store.gets.Load(); n > 3 {
		t.Errorf("%d readings for 50 listeners", n)
	}
	_, leave := w.join("umbrella", id)
	leave()
	if len(w.open) != 1 {
		t.Errorf("%d readers stay", len(w.open))
	}
}

func TestEventsEndWithTheServiceTheImportAndTheToken(t *testing.T) {
	t.Parallel()
	closing := make(chan struct{})
	h := newImportHarness(t, func(d *Deps) { d.Closing = closing })
	srv := h.served(t)
	gone := h.kept(t, imports.Running, 10, rowsOfPeople(1))
	l := listen(t, srv, gone)
	l.next()
	check(t, h.db.Del(t.Context(), "ferry:1:{i"+strings.TrimPrefix(gone, "imp_")+"}:import").Err())
	if e, more := l.next(); more {
		t.Errorf("one that is gone: %+v", e)
	}
	l = listen(t, srv, h.kept(t, imports.Running, 10, rowsOfPeople(1)))
	l.next()
	close(closing)
	if e, more := l.next(); more {
		t.Errorf("after the end of the service: %+v", e)
	}
	for bearer, want := range map[string]bool{token: true, "revoked": false} {
		c, _ := gin.CreateTestContext(httptest.NewRecorder())
		c.Request = request(t, "GET", "/", "Authorization", "Bearer "+bearer)
		tokens, err := NewStaticTokens(principals())
		check(t, err)
		e := &eventStream{server: &server{Deps: Deps{Tokens: tokens}}, c: c}
		ctx := withExchange(context.Background(), &exchange{principal: principals()[token]})
		if got := e.mayStay(ctx); got != want {
			t.Errorf("%s: %v", bearer, got)
		}
	}
}
