package connectortest

import (
	"cmp"
	"context"
	"io/fs"
	"slices"
	"testing"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
)

// bench is a connector before a CRM that answers as it did in testdata.
type bench struct {
	spec *connector.Spec
	acc  connector.Account
	// lines is what was spoken in testdata, and crm answers out of them.
	lines []line
	crm   connector.Exchanger
	// example has, for each field, a value that testdata's CRM knows.
	example contact.Contact
	// least is what the CRM requires, in values of the example.
	least contact.Input
	// record is an id of the CRM's form.
	record string
}

// openBench plays the conversations of testdata, and makes a bench of them.
func openBench(t testing.TB, spec *connector.Spec, files fs.FS) (*bench, []Conversation) {
	t.Helper()
	all := conversations(t, spec, files)
	var lines []line
	for _, c := range all {
		lines = append(lines, play(t, spec, c)...)
	}
	return newBench(t, spec, all, lines), all
}

// newBench makes a bench of the conversations of testdata, full.json first,
// and of what was spoken in them.
func newBench(t testing.TB, spec *connector.Spec, conversations []Conversation, lines []line) *bench {
	t.Helper()
	full := conversations[0]
	b := &bench{spec: spec, acc: account(spec, full), lines: lines, crm: echo{lines}, record: "1"}
	if full.Want.Contact != nil {
		b.record = full.Want.Contact.ID
	}
	for _, c := range conversations {
		if c.Op != connector.OpCreate {
			continue
		}
		in, err := input(c.Input)
		if err != nil {
			t.Fatal(err)
		}
		b.example = fill(b.example, in.Contact)
	}
	for _, f := range []contact.Field{contact.Account, contact.Owner, contact.Tags, contact.CustomFields, contact.Addresses} {
		if slices.Contains(spec.Fields.Accepts, f) && !slices.Contains(b.example.Present(), f) {
			t.Errorf("no create in testdata has a usable value of %s", f)
		}
	}
	b.example = fill(b.example, anybody())
	for _, f := range spec.Fields.Requires {
		b.least.Contact = set(b.least.Contact, f, b.example)
	}
	return b
}

// anybody has the fields that a CRM does not know, and testdata need not name.
func anybody() contact.Contact {
	return contact.Contact{
		FirstName: "Ada", LastName: "Lovelace", Name: "Ada Lovelace", Title: "Analyst",
		EmailAddresses: []contact.Email{{Email: "ada@example.com"}}, PhoneNumbers: []contact.Phone{{Number: "+442079460001"}},
		Addresses: []contact.Address{{City: "London", State: "London", PostalCode: "SW1Y 4JH", Country: "GB"}},
		URLs:      []contact.URL{{URL: "https://ada.example.com"}},
		Account:   &contact.Reference{ID: "190777"}, Owner: &contact.Reference{ID: "190778"},
		Tags: []contact.Tag{{Name: "Okapi"}}, CustomFields: map[string]any{"okapi": "yes"},
	}
}

// fill adds to c what it lacks and other has; linked records need an id.
func fill(c, other contact.Contact) contact.Contact {
	for _, f := range other.Present() {
		linked := f == contact.Account && other.Account.ID == "" || f == contact.Owner && other.Owner.ID == ""
		if !linked && !slices.Contains(c.Present(), f) {
			c = set(c, f, other)
		}
	}
	return c
}

// over is in with the fields of c in place of its own. A name that c sets
// decides about the two others.
func over(in contact.Input, c contact.Contact) contact.Input {
	if c.FirstName != "" || c.LastName != "" || c.Name != "" {
		in.Name = ""
	}
	if c.Name != "" {
		in.FirstName, in.LastName = "", ""
	}
	for _, f := range c.Present() {
		in.Contact = set(in.Contact, f, c)
	}
	return in
}

// set is c with the field f as in from.
func set(c contact.Contact, f contact.Field, from contact.Contact) contact.Contact {
	switch f {
	case contact.FirstName:
		c.FirstName = from.FirstName
	case contact.LastName:
		c.LastName = from.LastName
	case contact.Name:
		c.Name = from.Name
	case contact.Title:
		c.Title = from.Title
	case contact.Description:
		c.Description = from.Description
	case contact.EmailAddresses:
		c.EmailAddresses = from.EmailAddresses
	case contact.PhoneNumbers:
		c.PhoneNumbers = from.PhoneNumbers
	case contact.Addresses:
		c.Addresses = from.Addresses
	case contact.URLs:
		c.URLs = from.URLs
	case contact.Account:
		c.Account = from.Account
	case contact.Owner:
		c.Owner = from.Owner
	case contact.Tags:
		c.Tags = from.Tags
	case contact.CustomFields:
		c.CustomFields = from.CustomFields
	case contact.CreatedAt:
		c.CreatedAt = from.CreatedAt
	}
	return c
}

// session opens a conversation about a contact with crm.
func (b *bench) session(t testing.TB, crm connector.Exchanger, in contact.Input) *connector.Session {
	t.Helper()
	return b.talk(t, connector.NewClient(crm, nil, At), contact.Normalize(in))
}

// talk opens a conversation about a normalised contact.
func (b *bench) talk(t testing.TB, client *connector.Client, in contact.Input) *connector.Session {
	t.Helper()
	s, err := client.Session(b.spec, b.acc, connector.Job{Input: in, Key: Key, At: At()})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// create carries a contact across.
func (b *bench) create(t testing.TB, in contact.Input) sent {
	t.Helper()
	p := &tape{Exchanger: b.crm}
	_, warnings, err := Carry(context.Background(), b.session(t, p, in), b.spec)
	return sent{p.spoken(), read(p.spoken()), warnings, err}
}

// update writes a contact to a record.
func (b *bench) update(t testing.TB, in contact.Input) sent {
	t.Helper()
	p := &tape{Exchanger: b.crm}
	s := b.session(t, p, in)
	_, err := s.Update(context.Background(), cmp.Or(b.record, "1"), send)
	return sent{p.spoken(), read(p.spoken()), s.Warnings(), err}
}
