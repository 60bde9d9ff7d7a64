package job_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/job"
	"crmferry/internal/transport"
)

// shelf keeps one job in memory, by a clock that the test moves.
type shelf struct {
	mu     sync.Mutex
	j      job.Job
	in     contact.Input
	result *job.Result
	now    time.Time
	owners map[string]string
	trail  []string // the states that the job passed through
	joined []job.Waiter
}

func (s *shelf) Claim(_ context.Context, ref job.Ref, _ time.Duration) (job.Claimed, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ref.Epoch != s.j.Epoch || s.j.Place != job.InQueue {
		return job.Claimed{}, job.ErrStale
	}
	s.j.Attempt++
	s.j.Place = job.AtWorker
	if s.j.Status != job.Verifying {
		s.j.Status = job.Running
	}
	s.note()
	return job.Claimed{Job: clone(s.j), Input: s.in, Kept: s.result, Now: s.now}, nil
}

func (s *shelf) ClaimInLine(context.Context, string, time.Duration) (job.Claimed, error) {
	return job.Claimed{}, job.ErrStale
}

func (s *shelf) current(j job.Job) bool {
	return j.Epoch == s.j.Epoch && j.Attempt == s.j.Attempt && s.j.Place == job.AtWorker
}

func (s *shelf) Save(_ context.Context, j job.Job, r *job.Result) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.current(j) {
		return job.ErrStale
	}
	s.j = clone(j)
	if r != nil {
		s.result = r
	}
	s.note()
	return nil
}

func (s *shelf) Finish(_ context.Context, j job.Job, r *job.Result) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.current(j) {
		return job.ErrStale
	}
	s.j, s.result = clone(j), r
	s.j.Place = ""
	s.note()
	return nil
}

func (s *shelf) Join(_ context.Context, w job.Waiter) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.joined = append(s.joined, w)
	return nil
}

func (s *shelf) Has(context.Context, job.Waiter) (bool, error) { return true, nil }

func (s *shelf) note() {
	if n := len(s.trail); n == 0 || s.trail[n-1] != string(s.j.Status) {
		s.trail = append(s.trail, string(s.j.Status))
	}
}

func (s *shelf) Owners(context.Context, string, []string) (map[string]string, error) {
	return s.owners, nil
}

func (s *shelf) Own(_ context.Context, _, id, j string) (bool, error) {
	if owner := s.owners[id]; owner != "" && owner != j {
		return false, nil
	}
	s.owners[id] = j
	return true, nil
}

// clone goes through JSON, as a real store does.
func clone(j job.Job) job.Job {
	raw, err := json.Marshal(j.State)
	if err != nil {
		panic(err)
	}
	j.State = job.State{}
	if err := json.Unmarshal(raw, &j.State); err != nil {
		panic(err)
	}
	return j
}

// crm imitates a CRM as a connector.Exchanger. Each create takes the next of
// its moods.
type crm struct {
	mu      sync.Mutex
	clock   func() time.Time
	lag     time.Duration // of look-ups
	unique  bool
	byKey   map[string]string // answers remembered by idempotency key
	records []record
	moods   []string
	steps   []string // moods of follow-up calls
	noted   []string // follow-up calls that took effect
	creates int
	calls   []string
}

type record struct {
	ID, Email, First, Key string
	At                    time.Time
}

func lost(sent bool) error {
	return &transport.Error{Sent: sent, Reason: transport.Reset, Err: errors.New("reset")}
}

func answer(status int, body string) (*transport.Response, error) {
	return &transport.Response{Status: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(body)}, nil
}

func (c *crm) Do(_ context.Context, r transport.Request) (*transport.Response, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	u, _ := url.Parse(r.URL)
	c.calls = append(c.calls, r.Method+" "+u.Path)
	switch {
	case r.Method == "POST" && u.Path == "/contacts":
		return c.create(r, "")
	case r.Method == "PUT" && strings.HasPrefix(u.Path, "/contacts/"):
		return c.create(r, strings.TrimPrefix(u.Path, "/contacts/"))
	case r.Method == "GET" && u.Path == "/contacts":
		return c.search(u.Query().Get("email"))
	case r.Method == "GET" && u.Path == "/notes":
		return answer(200, fmt.Sprintf(`{"count":%d}`, len(c.noted)))
	case r.Method == "GET":
		return c.read(strings.TrimPrefix(u.Path, "/contacts/"))
	case r.Method == "PATCH":
		return c.read(strings.TrimPrefix(u.Path, "/contacts/"))
	default:
		return c.note()
	}
}

func next(moods *[]string) string {
	if len(*moods) == 0 {
		return ""
	}
	mood := (*moods)[0]
	*moods = (*moods)[1:]
	return mood
}

func (c *crm) create(r transport.Request, id string) (*transport.Response, error) {
	c.creates++
	var in struct{ Email, First string }
	_ = json.Unmarshal(r.Body, &in)
	store := func() (*transport.Response, error) { return c.store(r.Header.Get("X-Key"), id, in.Email, in.First) }
	switch mood := next(&c.moods); mood {
	case "":
		return store()
	case "refused":
		return nil, lost(false)
	case "reset":
		return nil, lost(true)
	case "write then reset":
		_, _ = store()
		return nil, lost(true)
	case "write then 500":
		_, _ = store()
		return answer(500, `{}`)
	case "write then nonsense":
		_, _ = store()
		return answer(201, `<html>`)
	case "write then 422":
		_, _ = store()
		return answer(422, `{"code":"maybe","message":"perhaps"}`)
	case "429":
		resp, err := answer(429, `{}`)
		resp.Header.Set("Retry-After", "30")
		return resp, err
	case "503 later":
		resp, err := answer(503, `{}`)
		resp.Header.Set("Retry-After", "5")
		return resp, err
	default:
		var status int
		_, _ = fmt.Sscan(mood, &status)
		return answer(status, `{"code":"c","message":"no","field":"mail"}`)
	}
}

func (c *crm) store(key, id, email, first string) (*transport.Response, error) {
	if body := c.byKey[key]; key != "" && body != "" {
		return answer(201, body)
	}
	for _, r := range c.records {
		if c.unique && r.Email == email || id != "" && r.ID == id {
			return answer(409, fmt.Sprintf(`{"code":"exists","id":%q}`, r.ID))
		}
	}
	if id == "" {
		id = fmt.Sprint("r", len(c.records)+1)
	}
	r := record{ID: id, Email: email, First: first, Key: key, At: c.clock()}
	c.records = append(c.records, r)
	body, _ := json.Marshal(r)
	if key != "" && c.byKey != nil {
		c.byKey[key] = string(body)
	}
	return answer(201, string(body))
}

func (c *crm) search(email string) (*transport.Response, error) {
	var hits []record
	for _, r := range c.records {
		if r.Email == email && !c.clock().Before(r.At.Add(c.lag)) {
			hits = append(hits, r)
		}
	}
	body, _ := json.Marshal(hits)
	return answer(200, string(body))
}

func (c *crm) read(id string) (*transport.Response, error) {
	for _, r := range c.records {
		if r.ID == id {
			body, _ := json.Marshal(r)
			return answer(200, string(body))
		}
	}
	return answer(404, `{}`)
}

func (c *crm) note() (*transport.Response, error) {
	switch next(&c.steps) {
	case "write then reset":
		c.noted = append(c.noted, "note")
		return nil, lost(true)
	case "reset":
		return nil, lost(true)
	case "400":
		return answer(400, `{"code":"bad_note","message":"no"}`)
	case "429":
		return answer(429, `{}`)
	default:
		c.noted = append(c.noted, "note")
		return answer(200, `{}`)
	}
}

func decode(_ *connector.Call, r connector.Reply) (contact.Contact, error) {
	rec, err := connector.DecodeJSON[record](r)
	return rec.contact(), err
}

func (r record) contact() contact.Contact {
	at := r.At
	return contact.Contact{ID: r.ID, FirstName: r.First, EmailAddresses: []contact.Email{{Email: r.Email}}, CreatedAt: &at}
}

// spec makes the descriptor of an imaginary CRM; change makes it the kind that
// a test is about.
func spec(lag time.Duration, change func(*connector.Spec)) *connector.Spec {
	body := func(c *connector.Call) map[string]string {
		return map[string]string{"email": c.Input.EmailAddresses[0].Email, "first": c.Input.FirstName}
	}
	s := &connector.Spec{
		ID: "fake", Name: "Fake", BaseURL: "https://crm.example",
		Schemes: []connector.Scheme{connector.Bearer(connector.AccessToken)},
		Fields:  connector.Fields{Accepts: []contact.Field{contact.FirstName, contact.EmailAddresses}},
		Create: connector.Operation{Decode: decode, Request: func(c *connector.Call) (connector.Request, error) {
			return connector.Request{Method: "POST", Path: "/contacts", Body: body(c)}, nil
		}},
		Read: &connector.Operation{Decode: decode, Request: func(c *connector.Call) (connector.Request, error) {
			return connector.Request{Method: "GET", Path: "/contacts/" + c.RemoteID}, nil
		}},
		Find: []connector.Finder{{
			By: contact.EmailAddresses, Lag: lag,
			Request: func(c *connector.Call) (connector.Request, error) {
				return connector.Request{Method: "GET", Path: "/contacts", Query: url.Values{"email": {c.Input.EmailAddresses[0].Email}}}, nil
			},
			Decode: func(_ *connector.Call, r connector.Reply) ([]contact.Contact, error) {
				list, err := connector.DecodeJSON[[]record](r)
				var out []contact.Contact
				for _, rec := range list {
					out = append(out, rec.contact())
				}
				return out, err
			},
		}},
		Errors: connector.Errors{
			Parse: func(r connector.Reply) connector.VendorError {
				e, _ := connector.DecodeJSON[struct{ Code, Message, Field, ID string }](r)
				return connector.VendorError{
					Code: e.Code, Message: e.Message, Fields: []string{e.Field}, RemoteID: e.ID, MaybeApplied: e.Code == "maybe",
				}
			},
			Fields: map[string]contact.Field{"mail": contact.EmailAddresses},
		},
		Duplicates: connector.Duplicates{Detection: connector.DetectLookup},
		Adoption:   connector.Adoption{Compare: []contact.Field{contact.FirstName, contact.EmailAddresses}},
	}
	if change != nil {
		change(s)
	}
	return s
}
