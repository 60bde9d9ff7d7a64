package connectortest

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/fault"
	"crmferry/internal/transport"
)

// refusal is an answer that makes no contact.
type refusal struct {
	name   string
	status int
	header map[string]string
	body   string
	// want is what the status means; a Spec's tables may know better, unless
	// it is sure.
	want fault.Kind
	sure bool
	// wait is what the answer asks for, within a second or two; 0 is not looked at.
	wait time.Duration
}

const asked = 7 * time.Second

// refusals lists what a CRM, or the network's middle, may answer to a create.
func refusals(s *connector.Spec, made line) []refusal {
	const no, html = `{"message":"no"}`, `<html><body>Bad gateway</body></html>`
	list := []refusal{
		{name: "400", status: 400, body: no, want: fault.Invalid},
		{name: "400 without a body", status: 400, want: fault.Invalid},
		{name: "400 in plain text", status: 400, body: "no", want: fault.Invalid},
		{name: "401", status: 401, body: no, want: fault.Unauthorized},
		{name: "401 in HTML", status: 401, body: html, want: fault.Unauthorized},
		{name: "403", status: 403, body: no, want: fault.Forbidden},
		{name: "404", status: 404, body: no, want: fault.NotFound},
		{name: "409", status: 409, body: no, want: fault.Duplicate},
		{name: "422", status: 422, body: no, want: fault.Invalid},
		{name: "429", status: 429, body: no, want: fault.RateLimited, sure: true, wait: s.Limits.DefaultWait},
		{name: "429 until a date", status: 429, body: no, want: fault.RateLimited, sure: true, wait: asked,
			header: map[string]string{"Retry-After": time.Now().Add(asked).UTC().Format(http.TimeFormat)}},
		{name: "500", status: 500, body: no, want: fault.OutcomeUnknown, sure: true},
		{name: "502 in HTML", status: 502, body: html, want: fault.OutcomeUnknown, sure: true},
		{name: "503", status: 503, body: no, want: fault.OutcomeUnknown},
		{name: "504 without a body", status: 504, want: fault.OutcomeUnknown, sure: true},
		{name: "503 with Retry-After", status: 503, body: no, want: fault.Unavailable, sure: true, wait: asked,
			header: map[string]string{"Retry-After": spell(asked, connector.Auto)}},
		{name: "redirect", status: 302, want: fault.BadResponse, sure: true, header: map[string]string{"Location": "http://evil.example/"}},
		{name: "empty 200", status: 200, want: fault.OutcomeUnknown, sure: true},
		{name: "empty 201", status: 201, want: fault.OutcomeUnknown, sure: true},
		{name: "empty 202", status: 202, want: fault.OutcomeUnknown, sure: true},
		{name: "HTML 200", status: 200, body: html, want: fault.OutcomeUnknown, sure: true},
		{name: "truncated JSON", status: made.reply.Status, body: string(made.reply.Body[:len(made.reply.Body)/2]),
			want: fault.OutcomeUnknown, sure: true},
	}
	for _, w := range append([]connector.WaitHeader{{Name: "Retry-After", Form: formOf(s, "Retry-After")}}, s.Limits.Wait...) {
		list = append(list, refusal{
			name: "429 with " + w.Name, status: 429, body: no, want: fault.RateLimited, sure: true, wait: asked,
			header: map[string]string{w.Name: spell(asked, w.Form)},
		})
	}
	return list
}

// formOf is the form in which a CRM writes a header.
func formOf(s *connector.Spec, name string) connector.WaitForm {
	for _, w := range s.Limits.Wait {
		if strings.EqualFold(w.Name, name) {
			return w.Form
		}
	}
	return connector.Auto
}

// spell writes a wait in a header's form.
func spell(wait time.Duration, form connector.WaitForm) string {
	switch at := time.Now().Add(wait); form {
	case connector.Millis:
		return fmt.Sprint(wait.Milliseconds())
	case connector.EpochSecond:
		return fmt.Sprint(at.Unix())
	case connector.EpochMillis:
		return fmt.Sprint(at.UnixMilli())
	default:
		return fmt.Sprint(int(wait.Seconds()))
	}
}

// kind is what a connector must make of the answer.
func (r refusal) kind(s *connector.Spec) fault.Kind {
	if r.sure {
		return r.want
	}
	parse := s.Errors.Parse
	if parse == nil {
		parse = connector.LenientError
	}
	ve := parse(connector.Reply{Status: r.status, Header: http.Header{}, Body: []byte(r.body)})
	if ve.Kind != "" {
		return ve.Kind
	}
	for code, kind := range s.Errors.Codes {
		if strings.EqualFold(code, ve.Code) {
			return kind
		}
	}
	if kind, ok := s.Errors.Statuses[r.status]; ok {
		return kind
	}
	return r.want
}

func (r refusal) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	for name, value := range r.header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(r.status)
	_, _ = w.Write([]byte(r.body))
}

// failures answers the create in every wrong way, over a real socket: each
// becomes the right kind of fault, and none a contact.
func failures(t testing.TB, b *bench) {
	t.Helper()
	lab := newLab(t, b)
	made, ok := lab.made()
	if !ok {
		t.Fatal("no create in testdata succeeds")
	}
	var slow sync.WaitGroup
	slow.Go(func() { lab.slow(100 * time.Millisecond) })
	for _, r := range refusals(b.spec, made) {
		lab.try(r.name, r, r.kind(b.spec), r.wait)
		lab.tryBatch(r)
	}
	lab.network(made)
	slow.Wait()
}

// lab is a bench whose creates go over a real socket to a server that fails.
type lab struct {
	*bench
	t      testing.TB
	client *transport.Client
}

func newLab(t testing.TB, b *bench) *lab {
	t.Helper()
	l := &lab{bench: b, t: t, client: transport.New(transport.Options{AllowPrivate: true, MaxBody: tooMuch / 11})}
	t.Cleanup(l.client.CloseIdle)
	return l
}

// made is a create that succeeded in testdata.
func (l *lab) made() (line, bool) {
	for _, said := range l.lines {
		if said.op == connector.OpCreate && said.well && said.reply != nil && len(said.reply.Body) > 1 {
			return said, true
		}
	}
	return line{}, false
}

// diversion sends creates to a server, and leaves all else to testdata.
type diversion struct {
	connector.Exchanger
	server string
	client *transport.Client
}

func (d diversion) Do(ctx context.Context, r transport.Request) (*transport.Response, error) {
	if op(r) != connector.OpCreate {
		return d.Exchanger.Do(ctx, r)
	}
	_, rest, _ := strings.Cut(r.URL, "://")
	if at := strings.IndexByte(rest, '/'); at >= 0 {
		rest = rest[at:]
	} else {
		rest = "/"
	}
	r.URL = d.server + rest
	return d.client.Do(ctx, r)
}

// try demands a kind of fault, and a wait, of a create that a handler answers.
func (l *lab) try(name string, h http.Handler, want fault.Kind, wait time.Duration) {
	l.t.Helper()
	count := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		count++
		h.ServeHTTP(w, r)
	}))
	s := l.session(l.t, diversion{l.crm, server.URL, l.client}, l.least)
	a, err := s.Create(context.Background(), send)
	server.Close()
	l.verdict(name, a, err, want)
	if f := fault.From(err); wait > 0 && f != nil && (f.RetryAfter < wait-2*time.Second || f.RetryAfter > wait+2*time.Second) {
		l.t.Errorf("%s: the wait is %v, want about %v", name, f.RetryAfter, wait)
	}
	if count != 1 {
		l.t.Errorf("%s: the CRM was asked %d times", name, count)
	}
}

func (l *lab) verdict(name string, a connector.Answer, err error, want fault.Kind) {
	l.t.Helper()
	f := fault.From(err)
	if f == nil || a.Contact.ID != "" {
		l.t.Errorf("%s: taken for the contact %q", name, a.Contact.ID)
		return
	}
	if f.Kind != want || f.CRM != l.spec.ID || f.Op != connector.OpCreate {
		l.t.Errorf("%s: %s of %s, %s (%v), want %s", name, f.Kind, f.CRM, f.Op, err, want)
	}
}

// tryBatch demands of a batch that nobody is made, and nobody is surely not
// made where a single create would not know.
func (l *lab) tryBatch(r refusal) {
	l.t.Helper()
	if l.spec.Batch == nil || r.name == "truncated JSON" {
		return
	}
	crm := exchangerFunc(func(ctx context.Context, req transport.Request) (*transport.Response, error) {
		if op(req) != connector.OpCreate {
			return l.crm.Do(ctx, req)
		}
		header := http.Header{}
		for name, value := range r.header {
			header.Set(name, value)
		}
		return &transport.Response{Status: r.status, Header: header, Body: []byte(r.body)}, nil
	})
	sessions := []*connector.Session{l.session(l.t, crm, l.least), l.session(l.t, crm, l.least)}
	answers, err := connector.CreateBatch(context.Background(), sessions, send)
	for i, a := range answers {
		if err == nil {
			l.verdict(fmt.Sprintf("batch, %s, record %d", r.name, i), a.Answer, a.Err, r.kind(l.spec))
		}
	}
	if err != nil {
		l.verdict("batch, "+r.name, connector.Answer{}, err, r.kind(l.spec))
	}
}

type exchangerFunc func(context.Context, transport.Request) (*transport.Response, error)

func (f exchangerFunc) Do(ctx context.Context, r transport.Request) (*transport.Response, error) {
	return f(ctx, r)
}
