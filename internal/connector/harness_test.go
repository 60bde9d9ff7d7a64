package connector

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/transport"
)

// reply is one answer of the scripted CRM; err wins.
type reply struct {
	status int
	header http.Header
	body   string
	err    error
}

// script answers requests one after the other and keeps them.
type script struct {
	mu      sync.Mutex
	replies []reply
	seen    []transport.Request
}

func (s *script) Do(_ context.Context, r transport.Request) (*transport.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.seen)
	s.seen = append(s.seen, r)
	if n >= len(s.replies) {
		return nil, fmt.Errorf("request %d was not expected", n)
	}
	a := s.replies[n]
	if a.err != nil {
		return nil, a.err
	}
	return &transport.Response{Status: a.status, Header: a.header, Body: []byte(a.body)}, nil
}

const (
	secret  = "tok-0123456789"
	testKey = "6f1d2a52-0c0e-4c38-9c40-1a4b8a0a2f11"
)

// acme is a CRM with plain habits; tests change what they are about.
func acme() *Spec {
	return &Spec{
		ID: "acme", Name: "Acme", BaseURL: "https://api.acme.example/v1",
		Schemes: []Scheme{Bearer(AccessToken)},
		Fields: Fields{
			Accepts:  []contact.Field{contact.FirstName, contact.LastName, contact.Name, contact.CustomFields},
			Requires: []contact.Field{contact.LastName},
		},
		Create: Operation{Request: encodeAcme, Decode: decodeAcme},
		Read: &Operation{
			Request: func(c *Call) (Request, error) { return Request{Method: "GET", Path: "/people/" + c.RemoteID}, nil },
			Decode:  decodeAcme,
		},
	}
}

type person struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

func encodeAcme(c *Call) (Request, error) {
	return Request{Method: "POST", Path: "/people", Body: person{Name: c.Input.Name}}, nil
}

func decodeAcme(_ *Call, r Reply) (contact.Contact, error) {
	p, err := DecodeJSON[person](r)
	return contact.Contact{ID: p.ID, Name: p.Name}, err
}

func ada() contact.Input {
	return contact.Input{Contact: contact.Contact{FirstName: "Ada", LastName: "Lovelace", Name: "Ada Lovelace"}}
}

func account() Account {
	return Account{
		ID: "acc", Revision: "1",
		Credential: Credential{Scheme: AccessToken, Values: map[string]string{AccessToken: secret}},
	}
}

// open starts a session of spec in front of a script.
func open(t *testing.T, spec *Spec, in contact.Input, replies ...reply) (*Session, *script) {
	t.Helper()
	http := &script{replies: replies}
	return sessionOf(t, NewClient(http, nil, nil), spec, account(), in), http
}

func sessionOf(t *testing.T, c *Client, spec *Spec, acc Account, in contact.Input) *Session {
	t.Helper()
	s, err := c.Session(spec, acc, Job{Input: in, Key: testKey, At: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// go on with whatever is about to be sent.
func unmarked(Draft) (time.Time, error) { return time.Time{}, nil }

func ok(body string) reply { return reply{status: http.StatusOK, body: body} }

func faultOf(t *testing.T, err error) *fault.Error {
	t.Helper()
	f := fault.From(err)
	if f == nil {
		t.Fatal("no error")
	}
	return f
}

func address(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func tree(t *testing.T, body []byte) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatalf("body %q: %v", body, err)
	}
	return v
}
