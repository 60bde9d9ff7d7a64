package connector

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/contact"
	"crmferry/internal/fault"
)

func TestAddress(t *testing.T) {
	t.Parallel()
	settings := map[string]string{"instance_url": "https://acme.my.crm.example", "space": "s1"}
	tests := []struct {
		name, base, path string
		query            url.Values
		override         string
		want             string
	}{
		{name: "below the base", base: "https://api.acme.example/v1", path: "/people", want: "https://api.acme.example/v1/people"},
		{name: "the base itself", base: "https://api.acme.example/v2", want: "https://api.acme.example/v2"},
		{name: "settings", base: "{instance_url}/spaces/{space}", path: "/people", want: "https://acme.my.crm.example/spaces/s1/people"},
		{name: "whole", base: "https://api.acme.example", path: "https://notes.acme.example/n", want: "https://notes.acme.example/n"},
		{name: "whole by a setting", base: "https://api.acme.example", path: "{instance_url}/n", want: "https://acme.my.crm.example/n"},
		{name: "colon in the path", base: "https://api.acme.example", path: "/people:search", want: "https://api.acme.example/people:search"},
		{
			name: "query joins query", base: "https://api.acme.example", path: "/people?a=1",
			query: url.Values{"b": {"x y&z"}}, want: "https://api.acme.example/people?a=1&b=x+y%26z",
		},
		{
			name: "escapes stay", base: "https://api.acme.example", path: "/people/a%2Fb%40c%7Bd%7D",
			want: "https://api.acme.example/people/a%2Fb%40c%7Bd%7D",
		},
		{
			name: "moved", base: "https://api.acme.example/v1", path: "/people", query: url.Values{"q": {"1"}},
			override: "http://127.0.0.1:9000", want: "http://127.0.0.1:9000/v1/people?q=1",
		},
		{
			name: "moved below a path", base: "{instance_url}/v1", path: "/people/a%2Fb",
			override: "http://127.0.0.1:9000/acme/", want: "http://127.0.0.1:9000/acme/v1/people/a%2Fb",
		},
		{
			name: "a whole address moves too", base: "https://api.acme.example", path: "https://notes.acme.example/n",
			override: "https://proxy.example/x", want: "https://proxy.example/x/n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			spec := acme()
			spec.BaseURL = tt.base
			spec.Settings = []Setting{{Key: "instance_url"}, {Key: "space"}}
			acc := account()
			acc.Settings = settings
			override := func(string) *url.URL { return nil }
			if tt.override != "" {
				override = func(crm string) *url.URL {
					if crm != spec.ID {
						t.Errorf("override asked for %q", crm)
					}
					return address(t, tt.override)
				}
			}
			s := sessionOf(t, NewClient(&script{}, override, nil), spec, acc, ada())
			got, err := s.address(Request{Path: tt.path, Query: tt.query})
			if err != nil || got != tt.want {
				t.Errorf("address = %q, %v; want %q", got, err, tt.want)
			}
		})
	}
}

func TestAddressOfMissingSetting(t *testing.T) {
	t.Parallel()
	spec := acme()
	spec.BaseURL = "{instance_url}/v1"
	s, http := open(t, spec, ada())
	_, err := s.Create(context.Background(), unmarked)
	if f := faultOf(t, err); f.Kind != fault.Invalid || f.CRM != "acme" || f.Op != OpCreate {
		t.Errorf("fault = %+v", f)
	}
	if len(http.seen) != 0 {
		t.Error("a request was made all the same")
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	spec := acme()
	spec.Settings = []Setting{{Key: "version", Default: "7"}, {Key: "space", Default: "none"}}
	spec.Workspace = "space"
	acc := account()
	acc.Settings = map[string]string{"space": "own", "stranger": "x"}
	in := ada()
	for workspace, want := range map[string]string{"": "own", "asked": "asked"} {
		in.Workspace = workspace
		s := sessionOf(t, NewClient(&script{}, nil, nil), spec, acc, in)
		if diff := cmp.Diff(Settings{"version": "7", "space": want}, s.call.Settings); diff != "" {
			t.Errorf("workspace %q: %s", workspace, diff)
		}
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	spec := acme()
	spec.ContentType = "application/vnd.api+json"
	spec.Settings = []Setting{{Key: "version", Default: "2026-10"}}
	spec.Headers = map[string]string{"Acme-Version": "v{version}"}
	spec.Create.Request = func(c *Call) (Request, error) {
		return Request{Method: "POST", Path: "/people", Body: person{Name: "<Ada> & Co"}, Header: map[string]string{"Acme-Key": c.Key}}, nil
	}
	var marked Draft
	s, http := open(t, spec, ada(), ok(`{"id":"1"}`))
	_, err := s.Create(context.Background(), func(d Draft) (time.Time, error) { marked = d; return unmarked(d) })
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"Accept": "application/json", "Content-Type": "application/vnd.api+json",
		"Acme-Version": "v2026-10", "Acme-Key": testKey,
	}
	if diff := cmp.Diff(want, marked.Header); diff != "" {
		t.Errorf("headers of the draft: %s", diff)
	}
	sent := http.seen[0]
	if got := sent.Header.Get("Authorization"); got != "Bearer "+secret {
		t.Errorf("Authorization = %q", got)
	}
	if string(sent.Body) != `{"name":"<Ada> & Co"}` {
		t.Errorf("body = %s", sent.Body)
	}
	if sent.Label != "acme/create" {
		t.Errorf("label = %q", sent.Label)
	}
}

func TestNoBodyNoContentType(t *testing.T) {
	t.Parallel()
	s, http := open(t, acme(), ada(), ok(`{"id":"1"}`))
	if _, err := s.Read(context.Background(), "1"); err != nil {
		t.Fatal(err)
	}
	if sent := http.seen[0]; sent.Header.Get("Content-Type") != "" || sent.Body != nil {
		t.Errorf("a GET went out with a body or its type: %v", sent.Header)
	}
}

func TestMarkRefuses(t *testing.T) {
	t.Parallel()
	refused := errors.New("superseded")
	s, http := open(t, acme(), ada())
	_, err := s.Create(context.Background(), func(Draft) (time.Time, error) { return time.Time{}, refused })
	if !errors.Is(err, refused) || len(http.seen) != 0 {
		t.Errorf("err = %v after %d requests", err, len(http.seen))
	}
}

func TestResendIsIdentical(t *testing.T) {
	t.Parallel()
	s, http := open(t, acme(), ada(), ok(`{"id":"1"}`), ok(`{"id":"1"}`))
	var d Draft
	if _, err := s.Create(context.Background(), func(m Draft) (time.Time, error) { d = m; return unmarked(m) }); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Resend(context.Background(), d, unmarked); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(http.seen[0], http.seen[1]); diff != "" {
		t.Error(diff)
	}
}

func TestRemoteDataAndQuery(t *testing.T) {
	t.Parallel()
	in := ada()
	in.RemoteData = map[string]any{"name": "Countess", "deep": map[string]any{"b": "2"}, "links": []any{"x"}}
	in.RemoteQuery = url.Values{"dry": {"1"}, "own": {"theirs"}}
	nested := map[string]any{"data": map[string]any{"name": "Ada", "deep": map[string]any{"a": "1"}}}
	tests := []struct {
		name string
		at   string
		top  []string
		body any
		want map[string]any
	}{
		{
			name: "top level", body: person{Name: "Ada"},
			want: map[string]any{"name": "Countess", "deep": map[string]any{"b": "2"}, "links": []any{"x"}},
		},
		{
			name: "inside", at: "data", top: []string{"links"}, body: nested,
			want: map[string]any{"links": []any{"x"}, "data": map[string]any{
				"name": "Countess", "deep": map[string]any{"a": "1", "b": "2"},
			}},
		},
		{
			name: "beside", at: "data.deep", top: []string{"data.links", "name"}, body: nested,
			want: map[string]any{"name": "Countess", "data": map[string]any{
				"name": "Ada", "deep": map[string]any{"a": "1", "deep": map[string]any{"b": "2"}}, "links": []any{"x"},
			}},
		},
		{
			name: "in a list of one", at: "rows", body: map[string]any{"rows": []any{map[string]any{"name": "Ada", "title": "Analyst"}}},
			want: map[string]any{"rows": []any{map[string]any{
				"name": "Countess", "title": "Analyst", "deep": map[string]any{"b": "2"}, "links": []any{"x"},
			}}},
		},
		{
			name: "where nothing is yet", at: "a.b", body: person{Name: "Ada"},
			want: map[string]any{"name": "Ada", "a": map[string]any{"b": map[string]any{
				"name": "Countess", "deep": map[string]any{"b": "2"}, "links": []any{"x"},
			}}},
		},
		{name: "by hand", at: RemoteDataByHand, body: person{Name: "Ada"}, want: map[string]any{"name": "Ada"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			spec := acme()
			spec.RemoteDataAt, spec.RemoteDataTop = tt.at, tt.top
			spec.Create.Request = func(*Call) (Request, error) {
				return Request{Method: "POST", Path: "/people", Body: tt.body, Query: url.Values{"own": {"ours"}, "fields": {"all"}}}, nil
			}
			s, http := open(t, spec, in, ok(`{"id":"1"}`))
			if _, err := s.Create(context.Background(), unmarked); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, tree(t, http.seen[0].Body)); diff != "" {
				t.Errorf("body: %s", diff)
			}
			want := url.Values{"own": {"theirs"}, "fields": {"all"}, "dry": {"1"}}
			if tt.at == RemoteDataByHand {
				want = url.Values{"own": {"ours"}, "fields": {"all"}}
			}
			if diff := cmp.Diff(want, address(t, http.seen[0].URL).Query()); diff != "" {
				t.Errorf("query: %s", diff)
			}
		})
	}
}

func TestRemoteDataStaysOutOfOtherCalls(t *testing.T) {
	t.Parallel()
	spec := acme()
	spec.Update = &Operation{Request: encodeAcme, Decode: decodeAcme}
	in := ada()
	in.RemoteData, in.RemoteQuery = map[string]any{"x": "1"}, url.Values{"dry": {"1"}}
	s, http := open(t, spec, in, ok(`{"id":"1"}`))
	if _, err := s.Update(context.Background(), "1", unmarked); err != nil {
		t.Fatal(err)
	}
	if sent := http.seen[0]; string(sent.Body) != `{"name":"Ada Lovelace"}` || strings.Contains(sent.URL, "dry") {
		t.Errorf("update sent %s to %s", sent.Body, sent.URL)
	}
}

func TestRemoteDataKeepsLongNumbers(t *testing.T) {
	t.Parallel()
	var in contact.Input
	if err := in.UnmarshalJSON([]byte(`{"name":"Ada","remote_data":{"owner":9007199254740993}}`)); err != nil {
		t.Fatal(err)
	}
	s, http := open(t, acme(), in, ok(`{"id":"1"}`))
	if _, err := s.Create(context.Background(), unmarked); err != nil {
		t.Fatal(err)
	}
	if want := `{"name":"Ada","owner":9007199254740993}`; string(http.seen[0].Body) != want {
		t.Errorf("body = %s, want %s", http.seen[0].Body, want)
	}
}
