package connectortest

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
)

// person is what Acme holds.
type person struct {
	ID     string         `json:"id,omitempty"`
	First  string         `json:"first,omitempty"`
	Last   string         `json:"last,omitempty"`
	Name   string         `json:"name,omitempty"`
	Email  string         `json:"email,omitempty"`
	Title  string         `json:"title,omitempty"`
	Owner  string         `json:"owner,omitempty"`
	Custom map[string]any `json:"custom,omitempty"`
}

func (p person) contact() contact.Contact {
	c := contact.Contact{ID: p.ID, FirstName: p.First, LastName: p.Last, Name: p.Name, Title: p.Title}
	if p.Email != "" {
		c.EmailAddresses = []contact.Email{{Email: p.Email}}
	}
	return c
}

func toPerson(c *connector.Call) person {
	in := c.Input
	p := person{First: in.FirstName, Last: in.LastName, Name: in.Name, Title: in.Title, Custom: in.CustomFields}
	for i, e := range in.EmailAddresses {
		if i == 0 {
			p.Email = e.Email
			continue
		}
		c.Warn(fmt.Sprintf("email_addresses/%d", i), "no_room", "Acme holds one")
	}
	return p
}

// acme is a small CRM that passes the suite.
func acme() *connector.Spec {
	s := spec()
	s.Fields = connector.Fields{
		Accepts: []contact.Field{
			contact.FirstName, contact.LastName, contact.Name, contact.EmailAddresses, contact.Title, contact.CustomFields,
		},
		Requires: []contact.Field{contact.Name},
		Returns:  []contact.Field{contact.ID, contact.FirstName, contact.LastName, contact.Name, contact.EmailAddresses, contact.Title},
	}
	write := func(method, path string) func(*connector.Call) (connector.Request, error) {
		return func(c *connector.Call) (connector.Request, error) {
			return connector.Request{Method: method, Path: path + c.RemoteID, Body: toPerson(c)}, nil
		}
	}
	s.Create.Request = write("POST", "/people")
	s.Create.Decode = func(_ *connector.Call, r connector.Reply) (contact.Contact, error) {
		p, err := connector.DecodeJSON[person](r)
		return p.contact(), err
	}
	s.Update = &connector.Operation{Request: write("PATCH", "/people/"), Decode: s.Create.Decode}
	return s
}

// acmeFiles are Acme's conversations.
func acmeFiles() fstest.MapFS {
	const form = `{"source": "https://acme.example/docs", "op": %q, "id": %q, "input": %s,
		"exchange": [{"request": {"method": %q, "path": %q, "body": %s}, "response": {"status": %d, "body": %s}}], "want": %s}`
	file := func(op, id, input, method, path, body string, status int, answer, want string) *fstest.MapFile {
		return &fstest.MapFile{Data: fmt.Appendf(nil, form, op, id, input, method, path, body, status, answer, want)}
	}
	const ada = `{"first": "Ada", "last": "Lovelace", "name": "Ada Lovelace", "email": "ada@example.com", "title": "Analyst", "custom": {"a": 1}}`
	const made = `{"id": "1", "first": "Ada", "last": "Lovelace", "name": "Ada Lovelace", "email": "ada@example.com", "title": "Analyst"}`
	const want = `{"contact": {"id": "1", "first_name": "Ada", "last_name": "Lovelace", "name": "Ada Lovelace",
		"email_addresses": [{"email": "ada@example.com"}], "title": "Analyst"}}`
	small := func(status int, answer, want string) *fstest.MapFile {
		return file("", "", `{"name": "Ada Lovelace", "email_addresses": ["ada@example.com"]}`, "POST", "/v1/people",
			`{"first": "Ada", "last": "Lovelace", "name": "Ada Lovelace", "email": "ada@example.com"}`, status, answer, want)
	}
	return fstest.MapFS{
		"full.json": file("", "", `{"name": "Ada Lovelace", "email_addresses": ["ada@example.com"], "title": "Analyst", "custom_fields": {"a": 1}}`,
			"POST", "/v1/people", ada, 201, made, want),
		"minimal.json":   small(201, `{"id": "2", "name": "Ada"}`, `{"contact": {"id": "2", "name": "Ada"}}`),
		"duplicate.json": small(409, `{"code": "taken"}`, `{"error": {"kind": "duplicate", "code": "taken"}}`),
		"invalid.json":   small(422, `{"code": "bad"}`, `{"error": {"kind": "invalid", "code": "bad"}}`),
		"update.json":    file("update", "1", `{"title": "Countess"}`, "PATCH", "/v1/people/1", `{"title": "Countess"}`, 200, `{"id": "1"}`, `{"contact": {"id": "1"}}`),
		"probe.json":     file("probe", "", "{}", "GET", "/v1/me", "null", 200, "{}", `{"identity": {}}`),
	}
}

// hire opens a bench of Acme and spoils its connector.
func hire(t *testing.T, spoil func(*connector.Spec)) *bench {
	t.Helper()
	b, _ := openBench(t, acme(), acmeFiles())
	if spoil != nil {
		spoil(b.spec)
	}
	return b
}

// rewrite changes what Acme's creates and updates send.
func rewrite(change func(*connector.Call, *person)) func(*connector.Spec) {
	return func(s *connector.Spec) {
		for _, o := range []*connector.Operation{&s.Create, s.Update} {
			request := o.Request
			o.Request = func(c *connector.Call) (connector.Request, error) {
				req, err := request(c)
				p, _ := req.Body.(person)
				change(c, &p)
				req.Body = p
				return req, err
			}
		}
	}
}

// parts are the parts of the suite that need nothing but a bench.
func parts() map[string]func(testing.TB, *bench) {
	return map[string]func(testing.TB, *bench){
		"coverage": coverage, "silence": silence, "updates": updates, "required": required, "failures": failures,
		"secrets": secrets, "purity": purity, "mutations": func(t testing.TB, b *bench) { mutations(t, b, b.lines) },
	}
}

func TestAcmePasses(t *testing.T) {
	t.Parallel()
	Run(t, inTheMatrix(acme()), acmeFiles())
	for name, part := range parts() {
		r := &recorder{TB: t}
		part(r, hire(t, nil))
		r.expect(t, name)
	}
}

// inTheMatrix gives a Spec the name of a CRM of which the matrix asks little.
func inTheMatrix(s *connector.Spec) *connector.Spec {
	s.ID = "salesflare"
	s.Fields.Requires = []contact.Field{contact.FirstName, contact.LastName, contact.EmailAddresses}
	return s
}

func TestPartsFindFaults(t *testing.T) {
	t.Parallel()
	var count atomic.Int64
	tests := []struct {
		part, name string
		spoil      func(*connector.Spec)
		want       string
	}{
		{"coverage", "a field that is not sent", rewrite(func(_ *connector.Call, p *person) { p.Title = "" }), "title is accepted, but does not reach"},
		{"coverage", "a field that is not accepted", func(s *connector.Spec) { s.Fields.Accepts = s.Fields.Accepts[:4] }, "title is not accepted, but reaches"},
		{"silence", "an e-mail without a word", func(s *connector.Spec) {
			s.Create.Request = func(c *connector.Call) (connector.Request, error) {
				return connector.Request{Method: "POST", Path: "/people", Body: person{Name: c.Input.Name}}, nil
			}
		}, "email_addresses/1 is lost in silence"},
		{"silence", "a custom field without a word", rewrite(func(_ *connector.Call, p *person) { p.Custom = nil }), "custom_fields/a is lost in silence"},
		{"updates", "a field without a word", rewrite(func(_ *connector.Call, p *person) { p.Title = "" }), "update: title is lost in silence"},
		{"updates", "an emptied field", func(s *connector.Spec) {
			s.Update.Request = func(c *connector.Call) (connector.Request, error) {
				p := toPerson(c)
				return connector.Request{Method: "PATCH", Path: "/people/1", Body: map[string]any{"person": p, "owner": nil}}, nil
			}
		}, "empties other fields"},
		{"failures", "everything is a record", func(s *connector.Spec) {
			s.Create.Decode = func(*connector.Call, connector.Reply) (contact.Contact, error) { return contact.Contact{ID: "7"}, nil }
		}, "empty 200: taken for the contact"},
		{"failures", "a 500 that stored nothing", func(s *connector.Spec) { s.Errors.Statuses = map[int]fault.Kind{500: fault.Unavailable} }, "500: unavailable"},
		{"failures", "a wait in another form", func(s *connector.Spec) {
			s.Limits.Wait = []connector.WaitHeader{{Name: "Retry-After", Form: connector.Millis}}
		}, ""},
		{"secrets", "no credentials", func(s *connector.Spec) { s.Schemes[0].Headers = nil }, "goes without credentials"},
		{"purity", "another request each time", rewrite(func(_ *connector.Call, p *person) { p.Owner = fmt.Sprint(count.Add(1)) }), "the request differs"},
		{"purity", "a changed input", func(s *connector.Spec) {
			decode := s.Create.Decode
			s.Create.Decode = func(c *connector.Call, r connector.Reply) (contact.Contact, error) {
				c.Input.CustomFields["a"] = "changed"
				return decode(c, r)
			}
		}, "the input was changed"},
		{"mutations", "nonsense is a record", func(s *connector.Spec) {
			s.Create.Decode = func(*connector.Call, connector.Reply) (contact.Contact, error) { return contact.Contact{ID: "7"}, nil }
		}, "names the record"},
		{"mutations", "broken text", func(s *connector.Spec) {
			s.Create.Decode = func(*connector.Call, connector.Reply) (contact.Contact, error) {
				return contact.Contact{ID: "7", Name: "\xff"}, nil
			}
		}, "comes the text"},
	}
	for _, tt := range tests {
		t.Run(tt.part+": "+tt.name, func(t *testing.T) {
			t.Parallel()
			r := &recorder{TB: t}
			parts()[tt.part](r, hire(t, tt.spoil))
			found := slices.ContainsFunc(r.failures, func(text string) bool { return strings.Contains(text, tt.want) })
			if found != (tt.want != "") {
				t.Errorf("failures %q, want %q", r.failures, tt.want)
			}
		})
	}
}
