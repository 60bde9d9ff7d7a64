package connectortest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/transport"
)

// recorder takes the failures of a suite that is itself under test.
type recorder struct {
	testing.TB
	failures []string
}

func (r *recorder) Helper()           {}
func (r *recorder) Error(args ...any) { r.failures = append(r.failures, fmt.Sprint(args...)) }
func (r *recorder) Errorf(format string, args ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

// expect demands one failure for each of the texts, in order.
func (r *recorder) expect(t *testing.T, name string, texts ...string) {
	t.Helper()
	if len(r.failures) != len(texts) {
		t.Errorf("%s: %d failures, want %d: %q", name, len(r.failures), len(texts), r.failures)
		return
	}
	for i, text := range texts {
		if !strings.Contains(r.failures[i], text) {
			t.Errorf("%s: failure %q does not speak of %q", name, r.failures[i], text)
		}
	}
}

type people struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

func spec() *connector.Spec {
	return &connector.Spec{
		ID: "acme", Name: "Acme", Docs: "https://acme.example/docs", BaseURL: "https://api.acme.example/v1",
		Schemes: []connector.Scheme{connector.Bearer(connector.AccessToken)},
		Fields: connector.Fields{
			Accepts: []contact.Field{contact.FirstName, contact.LastName, contact.Name}, Requires: []contact.Field{contact.Name},
			Returns: []contact.Field{contact.ID, contact.Name},
		},
		Create: connector.Operation{
			Request: func(c *connector.Call) (connector.Request, error) {
				return connector.Request{Method: "POST", Path: "/people", Body: people{Name: c.Input.Name}}, nil
			},
			Decode: func(_ *connector.Call, r connector.Reply) (contact.Contact, error) {
				p, err := connector.DecodeJSON[people](r)
				return contact.Contact{ID: p.ID, Name: p.Name}, err
			},
		},
		Probe: connector.Probe{Request: func(*connector.Call) (connector.Request, error) {
			return connector.Request{Method: "GET", Path: "/me"}, nil
		}},
		Duplicates: connector.Duplicates{Detection: connector.DetectNone},
		Limits:     connector.Limits{Windows: []connector.Window{{Requests: 1, Per: time.Second}}, Concurrency: 1},
	}
}

func TestSound(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		spoil func(*connector.Spec)
		want  []string
	}{
		{"sound", func(*connector.Spec) {}, nil},
		{"id", func(s *connector.Spec) { s.ID = "Acme CRM" }, []string{"id"}},
		{"docs", func(s *connector.Spec) { s.Docs = "http://acme.example" }, []string{"docs"}},
		{"hole without a setting", func(s *connector.Spec) { s.Headers = map[string]string{"X": "{site}"} }, []string{"site"}},
		{"hole in the host", func(s *connector.Spec) {
			s.BaseURL = "https://{site}.acme.example"
			s.Settings = []connector.Setting{{Key: "site", Label: "Site", Example: "a", Format: "^[a-z]+$"}}
		}, []string{"site decides the host"}},
		{"open format", func(s *connector.Spec) {
			s.Settings = []connector.Setting{{Key: "site", Label: "Site", Example: "a", Format: "[a-z]+"}}
		}, []string{"not anchored"}},
		{"example of another format", func(s *connector.Spec) {
			s.Settings = []connector.Setting{{Key: "site", Label: "Site", Example: "1", Format: "^[a-z]+$"}}
		}, []string{"not of its format"}},
		{"foreign parameter", func(s *connector.Spec) {
			s.Schemes = []connector.Scheme{connector.Header(connector.APIKey, "X", "{token}")}
		}, []string{"token"}},
		{"client auth", func(s *connector.Spec) {
			s.Schemes = []connector.Scheme{connector.BearerOAuth(connector.OAuth{TokenURL: "https://acme.example"})}
		}, []string{"client auth"}},
		{"a token answer for no setting", func(s *connector.Spec) {
			s.Schemes = []connector.Scheme{connector.BearerOAuth(connector.OAuth{
				TokenURL: "https://acme.example", ClientAuth: "form", Takes: map[string]string{"host": "site"},
			})}
		}, []string{"goes to the setting site"}},
		{"requires more than it accepts", func(s *connector.Spec) {
			s.Fields.Requires = []contact.Field{contact.Title}
		}, []string{"requires: title"}},
		{"accepts a name in one form only", func(s *connector.Spec) {
			s.Fields.Accepts = []contact.Field{contact.FirstName, contact.Name}
		}, []string{"no last_name"}},
		{"returns no id", func(s *connector.Spec) { s.Fields.Returns = nil }, []string{"no id"}},
		{"incomplete operations", func(s *connector.Spec) {
			s.ReadBack, s.Find, s.Batch = true, []connector.Finder{{}}, &connector.Batch{}
		}, []string{"read-back", "finder 0", "batch"}},
		{"unknown kinds", func(s *connector.Spec) {
			s.Errors.Codes, s.Errors.Statuses = map[string]fault.Kind{"x": "bad"}, map[int]fault.Kind{42: fault.Invalid}
			s.Errors.Stale = []string{""}
		}, []string{"code", "status 42", "stale"}},
		{"no detection", func(s *connector.Spec) { s.Duplicates.Detection = "" }, []string{"no way of detection"}},
		{"a default that is no setting", func(s *connector.Spec) {
			s.Fields.Defaults = map[contact.Field]string{contact.Name: "default_name"}
		}, []string{"default_name"}},
		{"no limits", func(s *connector.Spec) { s.Limits = connector.Limits{} }, []string{"no window"}},
	}
	for _, tt := range tests {
		s, r := spec(), &recorder{TB: t}
		tt.spoil(s)
		sound(r, s)
		r.expect(t, tt.name, tt.want...)
	}
}

func TestOdd(t *testing.T) {
	t.Parallel()
	s, r := spec(), &recorder{TB: t}
	odd(r, s)
	r.expect(t, "careful")
	s.Create.Decode = func(*connector.Call, connector.Reply) (contact.Contact, error) { return contact.Contact{ID: "7"}, nil }
	odd(r, s)
	if len(r.failures) == 0 {
		t.Error("a connector that takes anything for a record passes")
	}
}

const good = `{
	"source": "https://acme.example/docs", "input": {"name": "Ada"},
	"exchange": [{
		"request": {"method": "POST", "path": "/v1/people", "headers": {"Authorization": "Bearer test-access-token"}, "body": {"name": "Ada"}},
		"response": {"status": 200, "body": {"id": "1", "name": "Ada"}}
	}],
	"want": {"contact": {"id": "1", "name": "Ada"}}
}`

func TestPlay(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		old, new string
		want     []string
	}{
		{"good", "", "", nil},
		{"no source", `"https://acme.example/docs"`, `""`, []string{"source"}},
		{"another body", `{"name": "Ada"}}`, `{"name": "Ada", "x": 1}}`, []string{"request 1", "outcome"}},
		{"a number for a text", `"body": {"name": "Ada"}}`, `"body": {"name": 1}}`, []string{"request 1", "outcome"}},
		{"another path", `/v1/people`, `/v1/people?x=1`, []string{"request 1", "outcome"}},
		{"another host", `"/v1/people"`, `"https://other.example/v1/people"`, []string{"request 1", "outcome"}},
		{"another header", `Bearer test-access-token`, `Bearer x`, []string{"request 1", "outcome"}},
		{"a request that does not come", `}],`, `}, {"request": {"method": "GET", "path": "/v1/people/1"}, "response": {"status": 200}}],`,
			[]string{"never requested"}},
		{"another outcome", `"contact": {"id": "1"`, `"contact": {"id": "2"`, []string{"outcome"}},
		{"a fault for a contact", `"status": 200`, `"status": 400`, []string{"outcome"}},
		{"a warning is missing", `"want"`, `"warnings": [{"field": "tags", "code": "unsupported"}], "want"`, []string{"warnings"}},
		{"a warning too many", `{"name": "Ada"},`, `{"name": "Ada", "tags": ["VIP"]},`, []string{"warnings"}},
		{"an input that the API would refuse", `"input": {"name": "Ada"}`, `"input": {"title": "Analyst"}`, []string{"lacks [name]", "request 1", "outcome", "warnings"}},
	}
	for _, tt := range tests {
		text := strings.Replace(good, tt.old, tt.new, 1)
		c, err := load(fstest.MapFS{"x.json": {Data: []byte(text)}}, "x.json")
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		r := &recorder{TB: t}
		play(r, spec(), c)
		r.expect(t, tt.name, tt.want...)
	}
}

func TestTranscript(t *testing.T) {
	t.Parallel()
	r := &recorder{TB: t}
	script := &transcript{t: r, base: "https://api.acme.example", secrets: []string{"test-access-token"}}
	script.left = make([]Exchange, 2)
	script.left[0].Request.Method, script.left[0].Request.Path = "GET", "/a?b=1&a=2"
	script.left[0].Response.Status, script.left[0].Response.Body = 503, json.RawMessage(`"slow down"`)
	script.left[1].Request.Method, script.left[1].Request.Path = "GET", "/a?token=test-access-token"
	script.left[1].Response.Lost = true

	resp, err := script.Do(context.Background(), transport.Request{Method: "GET", URL: "https://api.acme.example/a?a=2&b=1"})
	if err != nil || resp.Status != 503 || string(resp.Body) != "slow down" || resp.Header.Get("Content-Type") == "" {
		t.Errorf("%+v, %v", resp, err)
	}
	r.expect(t, "as agreed")
	_, err = script.Do(context.Background(), transport.Request{Method: "GET", URL: "https://api.acme.example/a?token=test-access-token"})
	if te, ok := err.(*transport.Error); !ok || !te.Sent {
		t.Errorf("lost: %v", err)
	}
	r.expect(t, "credential", "carries a credential")
	_, err = script.Do(context.Background(), transport.Request{Method: "POST", URL: "https://api.acme.example/a", Header: http.Header{}})
	if te, ok := err.(*transport.Error); !ok || te.Sent {
		t.Errorf("too many: %v", err)
	}
	r.expect(t, "one too many", "carries a credential", "one too many")
}

func TestLoadIsStrict(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`{"sauce": "x"}`, `[`, ``} {
		if _, err := load(fstest.MapFS{"x.json": {Data: []byte(text)}}, "x.json"); err == nil {
			t.Errorf("%q was loaded", text)
		}
	}
	if _, err := load(fstest.MapFS{}, "x.json"); err == nil {
		t.Error("a missing file was loaded")
	}
}

// lossy answers the create, loses the step, and tells whether it took effect.
type lossy struct{ applied bool }

func (l lossy) Do(_ context.Context, r transport.Request) (*transport.Response, error) {
	switch {
	case strings.HasSuffix(r.URL, "/notes") && r.Method == "POST":
		return nil, &transport.Error{Reason: transport.Reset, Sent: true, Err: errLost}
	case strings.HasSuffix(r.URL, "/notes"):
		return &transport.Response{Status: 200, Body: fmt.Append(nil, l.applied)}, nil
	default:
		return &transport.Response{Status: 200, Body: []byte(`{"id":"1"}`)}, nil
	}
}

func TestCarryAsksAboutLostSteps(t *testing.T) {
	t.Parallel()
	for _, applied := range []bool{true, false} {
		s := spec()
		s.Follow = func(*connector.Call, contact.Contact) []connector.Step {
			return []connector.Step{{
				ID: "note", Path: "description", Request: connector.Request{Method: "POST", Path: "/notes"},
				Check: &connector.Check{
					Request: connector.Request{Method: "GET", Path: "/notes"},
					Applied: func(r connector.Reply) (bool, error) { return connector.DecodeJSON[bool](r) },
				},
				Done: func(out *contact.Contact) { out.Description = "noted" },
			}}
		}
		session := session(t, connector.NewClient(lossy{applied}, nil, nil), s, account(s, Conversation{}), json.RawMessage(`{"name":"Ada"}`))
		out, warnings, err := Carry(context.Background(), session, s)
		if err != nil || (out.Description == "noted") != applied || (len(warnings) == 0) != applied {
			t.Errorf("applied %v: %+v, %v, %v", applied, out, warnings, err)
		}
		if !applied && warnings[0].Code != string(fault.OutcomeUnknown) {
			t.Errorf("warnings %v", warnings)
		}
	}
}
