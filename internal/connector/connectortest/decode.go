package connectortest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"testing"
	"unicode/utf8"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
)

// Fuzz hands the connectors of specs answers of any kind, beginning with those
// of testdata: none may panic, take nonsense for a record, or hand on text that
// is not UTF-8.
func Fuzz(f *testing.F, specs []*connector.Spec, files func(id string) fs.FS) {
	var benches []*bench
	for i, spec := range specs {
		b, all := openBench(f, spec, files(spec.ID))
		benches = append(benches, b)
		for _, c := range typical(all) {
			for _, x := range c.Exchange {
				if !x.Response.Lost {
					f.Add(i, x.Response.Status, plain(x.Response.Body))
				}
			}
		}
	}
	f.Fuzz(func(t *testing.T, i, status int, body []byte) {
		if i < 0 || i >= len(benches) || status < 200 || status > 599 {
			return // no such connector or status
		}
		benches[i].decode(t, status, body)
	})
}

// typical are a good and a bad create, and one conversation of each other kind.
func typical(all []Conversation) []Conversation {
	var list []Conversation
	for _, c := range all {
		known := slices.ContainsFunc(list, func(other Conversation) bool { return other.Op == c.Op })
		if !known || c.name == "invalid.json" {
			list = append(list, c)
		}
	}
	return list
}

// decode lets the CRM answer everything with one body.
func (b *bench) decode(t testing.TB, status int, body []byte) {
	t.Helper()
	for _, op := range append(ops(b.spec), connector.OpPrepare, connector.OpFollow, connector.OpCheck) {
		b.chew(t, op, b.instead(op, status, body), body)
	}
}

// instead answers the requests of one operation with a body, and all others as
// in testdata.
func (b *bench) instead(of string, status int, body []byte) connector.Exchanger {
	if of == opBatch {
		of = connector.OpCreate
	}
	return b.otherwise(map[string]connector.Reply{of: {Status: status, Body: body}})
}

// chew does one operation of the connector before a CRM that gives body for it.
func (b *bench) chew(t testing.TB, op string, crm connector.Exchanger, body []byte) {
	t.Helper()
	ctx := context.Background()
	s := b.session(t, crm, contact.Input{Contact: b.example})
	switch op {
	case connector.OpUpdate:
		a, err := s.Update(ctx, b.record, send)
		b.sane(t, op, body, a.Contact, err, true)
	case connector.OpRead:
		a, err := s.Read(ctx, b.record)
		b.sane(t, op, body, a.Contact, err, readableJSON(body))
	case connector.OpProbe:
		who, err := s.Probe(ctx)
		b.sane(t, op, body, contact.Contact{ID: who.ID, Name: who.Name}, err, true)
	case connector.OpFind:
		for _, f := range b.spec.Find {
			b.chewFinder(t, crm, f, body)
		}
	case connector.OpFollow, connector.OpCheck:
		b.chewSteps(t, s, body)
	case opBatch:
		b.chewBatch(t, crm, body)
	default:
		a, err := s.Create(ctx, send)
		b.sane(t, op, body, a.Contact, err, op == connector.OpPrepare || readableJSON(body))
	}
}

func (b *bench) chewSteps(t testing.TB, s *connector.Session, body []byte) {
	t.Helper()
	ctx := context.Background()
	steps, err := s.Steps(ctx, contact.Contact{ID: b.record})
	b.sane(t, "steps", body, contact.Contact{}, err, true)
	for _, step := range steps {
		b.sane(t, "step "+step.ID, body, contact.Contact{}, s.Do(ctx, step, send), true)
		if step.Check != nil {
			_, err := s.Applied(ctx, step)
			b.sane(t, "check of "+step.ID, body, contact.Contact{}, err, true)
		}
	}
}

func (b *bench) chewFinder(t testing.TB, crm connector.Exchanger, f connector.Finder, body []byte) {
	t.Helper()
	alone := *b
	spec := *b.spec
	f.Applies = nil
	spec.Find = []connector.Finder{f}
	alone.spec = &spec
	found, err := alone.session(t, crm, contact.Input{Contact: b.example}).Find(context.Background())
	for _, match := range found.Matches {
		b.sane(t, "find by "+string(f.By), body, match, err, readableJSON(body))
	}
	b.sane(t, "find by "+string(f.By), body, contact.Contact{}, err, true)
}

func (b *bench) chewBatch(t testing.TB, crm connector.Exchanger, body []byte) {
	t.Helper()
	in := contact.Input{Contact: b.example}
	sessions := []*connector.Session{b.session(t, crm, in), b.session(t, crm, in)}
	answers, err := connector.CreateBatch(context.Background(), sessions, send)
	b.sane(t, "batch", body, contact.Contact{}, err, true)
	for _, a := range answers {
		b.sane(t, "batch", body, a.Contact, a.Err, readableJSON(body))
	}
}

// sane demands that what came of a body is text, and that a body which is no
// JSON names no record.
func (b *bench) sane(t testing.TB, what string, body []byte, c contact.Contact, err error, named bool) {
	t.Helper()
	if err == nil && c.ID != "" && !named {
		t.Errorf("%s, %s: %.200q names the record %q", b.spec.ID, what, body, c.ID)
	}
	if err != nil {
		if text := fmt.Sprint(err); !utf8.ValidString(text) {
			t.Errorf("%s, %s: of %.200q comes the fault %q", b.spec.ID, what, body, text)
		}
		return
	}
	for _, text := range texts(c) {
		if !utf8.ValidString(text) {
			t.Errorf("%s, %s: of %.200q comes the text %q", b.spec.ID, what, body, text)
		}
	}
}

// texts lists the strings of a contact that do not come from a JSON decoder's
// untyped values.
func texts(c contact.Contact) []string {
	list := []string{c.ID, c.FirstName, c.LastName, c.Name, c.Title, c.Description, c.ETag}
	for _, e := range c.EmailAddresses {
		list = append(list, e.ID, e.Email, e.Type)
	}
	for _, p := range c.PhoneNumbers {
		list = append(list, p.ID, p.Number, p.Extension, p.Type)
	}
	for _, a := range c.Addresses {
		list = append(list, a.ID, a.Street1, a.Street2, a.City, a.State, a.PostalCode, a.Country, a.Type)
	}
	for _, u := range c.URLs {
		list = append(list, u.URL, u.Type)
	}
	for _, tag := range c.Tags {
		list = append(list, tag.ID, tag.Name)
	}
	for _, r := range []*contact.Reference{c.Account, c.Owner} {
		if r != nil {
			list = append(list, r.ID, r.Name)
		}
	}
	return list
}

// readableJSON says whether a body begins with a JSON value.
func readableJSON(body []byte) bool {
	var v any
	return json.NewDecoder(bytes.NewReader(body)).Decode(&v) == nil
}
