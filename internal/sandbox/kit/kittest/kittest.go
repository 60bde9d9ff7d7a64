// Package kittest runs tables of requests against an imitation CRM.
package kittest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"crmferry/internal/sandbox/kit"
)

// Clock is a time that tests move.
type Clock struct{ at time.Time }

// NewClock starts at noon of a day in 2026.
func NewClock() *Clock {
	return &Clock{time.Date(2026, time.November, 24, 12, 0, 0, 0, time.UTC)}
}

// Now is the clock's time.
func (c *Clock) Now() time.Time { return c.at }

// Advance moves the clock. It must not race with a request.
func (c *Clock) Advance(d time.Duration) { c.at = c.at.Add(d) }

// Step is one request and what must come back.
type Step struct {
	Name    string
	Account string // default "acme"
	Token   string // instead of the account's credential; "-" sends none
	Method  string // default GET, or POST with a Body
	Path    string
	Body    string
	Header  map[string]string
	Advance time.Duration // on the clock, before the request

	Status int // default 200
	// Want maps a dotted path into the JSON answer ("errors.0.code"; "" is
	// all of it) to its value as compact JSON, to "~" and a part of it, or to
	// "-" where nothing may be. An answer that is no JSON is one string.
	Want map[string]string
	// WantHeader maps a header to its value, "~part" of it, or "-".
	WantHeader map[string]string
	// Save keeps values of the answer, by path, for {{name}} in Path and Body
	// of later steps.
	Save map[string]string
}

// Suite is an imitation under test.
type Suite struct {
	Spec    kit.Spec
	Options kit.Options
	Clock   *Clock
	// Authorize puts the credential into the request; the default is Bearer.
	Authorize func(*http.Request, string)
	// Prepare may seed or change the fresh imitation. Optional.
	Prepare func(*kit.CRM)
}

// Run takes the steps one after the other on a fresh imitation, and returns
// it.
func Run(t *testing.T, s Suite, steps ...Step) *kit.CRM {
	t.Helper()
	if s.Clock == nil {
		s.Clock = NewClock()
	}
	s.Options.Now = s.Clock.Now
	crm := kit.New(s.Spec, s.Options)
	if s.Prepare != nil {
		s.Prepare(crm)
	}
	saved := map[string]string{}
	for i, step := range steps {
		name := step.Name
		if name == "" {
			name = strconv.Itoa(i)
		}
		s.Clock.Advance(step.Advance)
		w := s.do(crm, step, saved)
		if !check(t, name, step, w, saved) {
			t.Fatalf("%s: body: %s", name, w.Body.String())
		}
	}
	return crm
}

func (s Suite) do(crm *kit.CRM, step Step, saved map[string]string) *httptest.ResponseRecorder {
	body := fill(step.Body, saved)
	method := step.Method
	if method == "" {
		method = http.MethodGet
		if body != "" {
			method = http.MethodPost
		}
	}
	r := httptest.NewRequest(method, fill(step.Path, saved), strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	s.authorize(r, step)
	for name, value := range step.Header {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	crm.ServeHTTP(w, r)
	return w
}

func (s Suite) authorize(r *http.Request, step Step) {
	token := step.Token
	switch {
	case token == "-":
		return
	case token == "" && step.Account == "":
		token = kit.Token(s.Spec.Slug, "acme")
	case token == "":
		token = kit.Token(s.Spec.Slug, step.Account)
	}
	if s.Authorize != nil {
		s.Authorize(r, token)
		return
	}
	r.Header.Set("Authorization", "Bearer "+token)
}

func check(t *testing.T, name string, step Step, w *httptest.ResponseRecorder, saved map[string]string) bool {
	t.Helper()
	status := step.Status
	if status == 0 {
		status = http.StatusOK
	}
	ok := w.Code == status
	if !ok {
		t.Errorf("%s: status %d, want %d", name, w.Code, status)
	}
	var body any = w.Body.String()
	var parsed any
	if kit.Decode(w.Body.Bytes(), &parsed) == nil {
		body = parsed
	}
	for path, want := range step.Want {
		got, there := lookup(body, path)
		ok = agrees(t, name+": "+path, got, there, fill(want, saved)) && ok
	}
	for header, want := range step.WantHeader {
		got := w.Header().Get(header)
		ok = agrees(t, name+": "+header, got, got != "", fill(want, saved)) && ok
	}
	for key, path := range step.Save {
		value, there := lookup(body, path)
		if !there {
			t.Errorf("%s: nothing at %s to save", name, path)
			return false
		}
		saved[key] = strings.Trim(value, `"`)
	}
	return ok
}

func agrees(t *testing.T, what, got string, there bool, want string) bool {
	t.Helper()
	part, partly := strings.CutPrefix(want, "~")
	switch {
	case want == "-" && !there:
	case want != "-" && there && partly && strings.Contains(got, part):
	case want != "-" && there && got == want:
	case there:
		t.Errorf("%s: got %s, want %s", what, got, want)
		return false
	default:
		t.Errorf("%s: missing, want %s", what, want)
		return false
	}
	return true
}

// lookup renders what stands at a dotted path as compact JSON.
func lookup(body any, path string) (string, bool) {
	for _, key := range strings.FieldsFunc(path, func(r rune) bool { return r == '.' }) {
		switch at := body.(type) {
		case map[string]any:
			value, ok := at[key]
			if !ok {
				return "", false
			}
			body = value
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(at) {
				return "", false
			}
			body = at[i]
		default:
			return "", false
		}
	}
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(body) != nil {
		return "", false
	}
	return strings.TrimSuffix(b.String(), "\n"), true
}

func fill(text string, saved map[string]string) string {
	for name, value := range saved {
		text = strings.ReplaceAll(text, "{{"+name+"}}", value)
	}
	return text
}
