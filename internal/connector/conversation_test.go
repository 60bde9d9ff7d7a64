package connector

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/transport"
)

func note(c *Call, created contact.Contact) []Step {
	return []Step{{
		ID: "note", Path: "description", OK: []int{200, 201},
		Request: Request{Method: "POST", Path: "/people/" + created.ID + "/notes", Body: person{Name: c.Input.Name}},
		Read: func(r Reply) error {
			if string(r.Body) == `{"ok":false}` {
				return &VendorError{Code: "closed"}
			}
			return nil
		},
		Check: &Check{
			Request: Request{Method: "GET", Path: "/people/" + created.ID + "/notes"},
			Applied: func(r Reply) (bool, error) { return DecodeJSON[bool](r) },
		},
	}}
}

func TestSteps(t *testing.T) {
	t.Parallel()
	spec := acme()
	spec.Follow = note
	tests := []struct {
		name  string
		reply reply
		want  fault.Kind // "" for success
	}{
		{"done", reply{status: 201, body: `{"ok":true}`}, ""},
		{"refused", reply{status: 422}, fault.Invalid},
		{"refused within success", ok(`{"ok":false}`), fault.Invalid},
		{"lost", reply{err: &transport.Error{Reason: transport.Reset, Sent: true}}, fault.OutcomeUnknown},
		{"accepted for later", reply{status: 202}, fault.OutcomeUnknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, script := open(t, spec, ada(), tt.reply)
			steps, err := s.Steps(context.Background(), contact.Contact{ID: "7"})
			if err != nil || len(steps) != 1 {
				t.Fatalf("steps %v, %v", steps, err)
			}
			err = s.Do(context.Background(), steps[0], unmarked)
			if got := fault.KindOf(err); got != tt.want {
				t.Errorf("kind %q, want %q", got, tt.want)
			}
			if diff := cmp.Diff([]string{"/people/7/notes"}, paths(script.seen)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNoSteps(t *testing.T) {
	t.Parallel()
	s, _ := open(t, acme(), ada())
	if steps, err := s.Steps(context.Background(), contact.Contact{ID: "7"}); steps != nil || err != nil {
		t.Errorf("%v, %v", steps, err)
	}
}

func TestStepIsNotSentUnmarked(t *testing.T) {
	t.Parallel()
	refused := errors.New("superseded")
	s, script := open(t, acme(), ada())
	err := s.Do(context.Background(), note(s.call, contact.Contact{ID: "7"})[0], func(Draft) (time.Time, error) { return time.Time{}, refused })
	if !errors.Is(err, refused) || len(script.seen) != 0 {
		t.Errorf("err = %v after %d requests", err, len(script.seen))
	}
}

func TestApplied(t *testing.T) {
	t.Parallel()
	s, _ := open(t, acme(), ada(), ok(`true`), ok(`false`), reply{status: 403}, ok(`rubbish`))
	step := note(s.call, contact.Contact{ID: "7"})[0]
	for _, want := range []bool{true, false} {
		if got, err := s.Applied(context.Background(), step); got != want || err != nil {
			t.Errorf("applied %v, %v; want %v", got, err, want)
		}
	}
	for _, want := range []fault.Kind{fault.Forbidden, fault.BadResponse} {
		if _, err := s.Applied(context.Background(), step); fault.KindOf(err) != want {
			t.Errorf("err = %v, want %s", err, want)
		}
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	finder := func(by contact.Field, path string) Finder {
		return Finder{
			By: by, Absent: []int{404}, Lag: time.Second,
			Request: func(*Call) (Request, error) { return Request{Method: "GET", Path: path}, nil },
			Decode: func(_ *Call, r Reply) ([]contact.Contact, error) {
				list, err := DecodeJSON[[]contact.Contact](r)
				return list, err
			},
		}
	}
	spec := acme()
	never := finder(contact.Name, "/never")
	never.Applies = func(*Call) bool { return false }
	spec.Find = []Finder{finder(contact.EmailAddresses, "/email"), never, finder(contact.Name, "/name")}
	s, script := open(t, spec, ada(), ok(`[{"id":"1"}]`), reply{status: 404}, reply{status: 500}, ok(`x`), ok(`[{}]`))
	found, err := s.Find(context.Background())
	if err != nil || len(found.Matches) != 1 || found.Lag != time.Second || found.Marker {
		t.Errorf("found %+v, %v", found, err)
	}
	if found, err = s.Find(context.Background()); err != nil || found.Matches != nil {
		t.Errorf("absent: %+v, %v", found, err)
	}
	for _, want := range []fault.Kind{fault.Unavailable, fault.BadResponse, fault.BadResponse} {
		if _, err := s.Find(context.Background()); fault.KindOf(err) != want {
			t.Errorf("err = %v, want %s", err, want)
		}
	}
	if script.seen[0].URL != "https://api.acme.example/v1/name" {
		t.Errorf("looked at %s", script.seen[0].URL)
	}
	if !s.CanFindPerson() {
		t.Error("the person cannot be looked for")
	}

	none, _ := open(t, acme(), ada())
	if _, err := none.Find(context.Background()); !errors.Is(err, ErrCannotFind) {
		t.Errorf("err = %v", err)
	}
	spec.Find[0].Marker = true
	marked, _ := open(t, spec, ada(), ok(`[]`))
	if found, err := marked.FindPerson(context.Background()); err != nil || found.Marker {
		t.Errorf("found our own key %+v, %v", found, err)
	}
	marked, _ = open(t, spec, ada(), ok(`[]`))
	if found, err := marked.Find(context.Background()); err != nil || !found.Marker {
		t.Errorf("found %+v, %v", found, err)
	}
	spec.Find[0].Marker, spec.Find[2].Recent = false, true
	recent, _ := open(t, spec, ada(), ok(`[{"id":"1"}]`))
	if found, err := recent.Find(context.Background()); err != nil || len(found.Matches) != 1 || recent.CanFindPerson() {
		t.Errorf("among recent records: %+v, %v, %v", found, err, recent.CanFindPerson())
	}
}

func TestProbe(t *testing.T) {
	t.Parallel()
	spec := acme()
	spec.Probe = Probe{
		Request:  func(*Call) (Request, error) { return Request{Method: "GET", Path: "/me"}, nil },
		Identity: func(r Reply) (Identity, error) { return DecodeJSON[Identity](r) },
	}
	s, _ := open(t, spec, contact.Input{}, ok(`{"id":"42","name":"Acme"}`), reply{status: 401}, ok(`[]`))
	if who, err := s.Probe(context.Background()); err != nil || who != (Identity{ID: "42", Name: "Acme"}) {
		t.Errorf("%+v, %v", who, err)
	}
	for _, want := range []fault.Kind{fault.Unauthorized, fault.BadResponse} {
		if _, err := s.Probe(context.Background()); fault.KindOf(err) != want {
			t.Errorf("err = %v, want %s", err, want)
		}
	}
	spec.Probe.Identity = nil
	mute, _ := open(t, spec, contact.Input{}, ok(`whatever`))
	if who, err := mute.Probe(context.Background()); err != nil || who != (Identity{}) {
		t.Errorf("%+v, %v", who, err)
	}
}

func TestIdempotency(t *testing.T) {
	t.Parallel()
	spec := acme()
	spec.Idempotency = Idempotency{
		Kind: ClientID, ID: func(c *Call) string { return c.Key },
		Applies: func(c *Call) bool { return c.Input.Name != "" },
	}
	s, _ := open(t, spec, ada())
	if s.Idempotency().Kind != ClientID || s.ClientID() != testKey {
		t.Errorf("%+v, %q", s.Idempotency(), s.ClientID())
	}
	s, _ = open(t, spec, contact.Input{})
	if s.Idempotency().Kind != NoIdempotency || s.ClientID() != "" {
		t.Errorf("%+v, %q", s.Idempotency(), s.ClientID())
	}
	spec.Idempotency = Idempotency{Kind: UniqueField, By: contact.EmailAddresses}
	in := ada()
	s, _ = open(t, spec, in)
	if s.Idempotency().Kind != NoIdempotency {
		t.Errorf("without the unique field: %+v", s.Idempotency())
	}
	in.EmailAddresses = []contact.Email{{Email: "ada@example.com"}}
	s, _ = open(t, spec, in)
	if s.Idempotency().Kind != UniqueField {
		t.Errorf("with the unique field: %+v", s.Idempotency())
	}
	spec.Idempotency = Idempotency{}
	if s.Idempotency().Kind != NoIdempotency || s.ClientID() != "" {
		t.Errorf("%+v, %q", s.Idempotency(), s.ClientID())
	}
}

func TestSchemes(t *testing.T) {
	t.Parallel()
	settings := Settings{"site": "s1"}
	tests := []struct {
		name   string
		scheme Scheme
		values map[string]string
		want   map[string]string
	}{
		{"bearer", Bearer(APIKey), map[string]string{"api_key": "k"}, map[string]string{"Authorization": "Bearer k"}},
		{"oauth", BearerOAuth(OAuth{}), map[string]string{"access_token": "a"}, map[string]string{"Authorization": "Bearer a"}},
		{"own header", Header(APIKey, "X-Key", "Token {api_key}"), map[string]string{"api_key": "k"}, map[string]string{"X-Key": "Token k"}},
		{"setting", Scheme{ID: APIKey, Headers: map[string]string{"X-Site": "{site}"}}, nil, map[string]string{"X-Site": "s1"}},
		{"pair", Scheme{ID: Basic, BasicPair: [2]string{"{username}", "{password}"}},
			map[string]string{"username": "u", "password": "p"}, map[string]string{"Authorization": "Basic dTpw"}},
		{"key as user", Scheme{ID: APIKey, BasicPair: [2]string{"{api_key}", ""}},
			map[string]string{"api_key": "k"}, map[string]string{"Authorization": "Basic azo="}},
	}
	for _, tt := range tests {
		got := tt.scheme.headers(Credential{Scheme: tt.scheme.ID, Values: tt.values}, settings)
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

func TestOAuthParams(t *testing.T) {
	t.Parallel()
	required := func(o OAuth) map[string]bool {
		list := map[string]bool{}
		for _, p := range BearerOAuth(o).Params() {
			if p.Required {
				list[p.Key] = true
			}
		}
		return list
	}
	tests := []struct {
		oauth OAuth
		want  map[string]bool
	}{
		{OAuth{}, map[string]bool{"access_token": true}},
		{OAuth{Grant: "none"}, map[string]bool{"access_token": true}},
		{OAuth{AppOnly: true}, map[string]bool{}},
		{OAuth{Grant: "client_credentials"}, map[string]bool{"client_id": true, "client_secret": true}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, required(tt.oauth)); diff != "" {
			t.Errorf("%+v: %s", tt.oauth, diff)
		}
	}
}

func TestCredentialNeverShows(t *testing.T) {
	t.Parallel()
	acc := account()
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(format, acc.Credential); text != "***" {
			t.Errorf("%s shows %s", format, text)
		}
	}
}

func TestUnknownScheme(t *testing.T) {
	t.Parallel()
	acc := account()
	acc.Credential.Scheme = APIKey
	_, err := NewClient(&script{}, nil, nil).Session(acme(), acc, Job{})
	if f := faultOf(t, err); f.Kind != fault.Internal || f.CRM != "acme" {
		t.Errorf("fault = %+v", f)
	}
}

func TestAnswerKeepsTheVendorsWords(t *testing.T) {
	t.Parallel()
	body := `{ "id": "1",  "name":"Ada" }`
	s, _ := open(t, acme(), ada(), reply{status: 201, header: http.Header{"Content-Type": {"application/hal+json"}}, body: body})
	a, err := s.Create(context.Background(), unmarked)
	want := Answer{Contact: contact.Contact{ID: "1", Name: "Ada"}, Raw: []byte(body), ContentType: "application/hal+json"}
	if diff := cmp.Diff(want, a); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
}

func TestUpdateReadsFirst(t *testing.T) {
	t.Parallel()
	spec := acme()
	var existing contact.Contact
	spec.ReadFirst, spec.Update = true, &Operation{Decode: decodeAcme, Request: func(c *Call) (Request, error) {
		existing = c.Existing
		return Request{Method: "PATCH", Path: "/people/" + c.RemoteID}, nil
	}}
	s, http := open(t, spec, ada(), ok(`{"id":"1","name":"Augusta"}`), ok(`{"id":"1","name":"Ada"}`))
	if _, err := s.Update(context.Background(), "1", unmarked); err != nil || existing.Name != "Augusta" || len(http.seen) != 2 {
		t.Errorf("existing %+v, %v, %d requests", existing, err, len(http.seen))
	}
	gone, http := open(t, spec, ada(), reply{status: 404})
	if _, err := gone.Update(context.Background(), "1", unmarked); fault.KindOf(err) != fault.NotFound || len(http.seen) != 1 {
		t.Errorf("a record that is gone: %v, %d requests", err, len(http.seen))
	}
}
