package vendors_test

import (
	"context"
	"slices"
	"testing"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
)

func TestWixKeys(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "wix")
	ctx := context.Background()
	c := ada()
	c.EmailAddresses = append(c.EmailAddresses, contact.Email{Email: "ada@home.example", Type: "home"})
	c.PhoneNumbers = append(c.PhoneNumbers, contact.Phone{Number: "020 7946 0019", Type: "mobile"})
	c.Addresses = append(c.Addresses, contact.Address{City: "San Francisco", State: "California", Country: "USA", Type: "billing"})
	c.Description, c.Account = "", &contact.Reference{Name: "Analytical Engines"}
	c.Tags = []contact.Tag{{Name: "Newsletter"}, {Name: "Big Fish"}, {ID: "custom.vip"}}
	c.CustomFields = map[string]any{"Lead origin": 7, "custom.favourite-number": "42", "Met on": "2026-11-23T09:30:00Z", "Homepage": "ada.example.com"}
	s := w.session(t, spec, "acme", c)
	made := carry(t, s, spec)
	if len(made.EmailAddresses) != 2 || made.PhoneNumbers[1].Number != "+442079460019" || made.Addresses[1].State != "US-CA" ||
		made.Account.Name != "Analytical Engines" || len(made.Tags) != 3 || made.Tags[0].Name != "Newsletter" ||
		len(made.CustomFields) != len(c.CustomFields) || made.ETag != "1" {
		t.Errorf("made %+v", *made)
	}
	more := w.session(t, spec, "acme", contact.Contact{
		EmailAddresses: []contact.Email{{Email: "ada@club.example"}}, PhoneNumbers: []contact.Phone{{Number: "+442079460020"}},
		Addresses: []contact.Address{{City: "Paris", Country: "France"}}, Tags: []contact.Tag{{ID: "contacts.customers"}},
		CustomFields: map[string]any{"Lead origin": "Fair"},
	})
	a, err := more.Update(ctx, made.ID, send)
	if got := a.Contact; err != nil || len(got.EmailAddresses) != 3 || !contact.SameEmail(got.EmailAddresses[0].Email, "ada@example.com") ||
		len(got.PhoneNumbers) != 3 || len(got.Addresses) != 3 || len(got.Tags) != 4 || got.CustomFields["Lead origin"] != "Fair" ||
		len(got.CustomFields) != 4 || got.Name != "Ada Lovelace" || got.Title != "Analyst" || got.ETag != "2" {
		t.Errorf("updated %+v, %v", a.Contact, err)
	}
}

func TestWixUnknownKeys(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "wix")
	c := ada()
	c.Description, c.Tags, c.CustomFields = "", []contact.Tag{{Name: "New"}}, map[string]any{"Nothing": "x"}
	s := w.session(t, spec, "fulllabels", c)
	if _, err := s.Create(context.Background(), send); err != nil || len(s.Warnings()) != 2 {
		t.Errorf("%v, %v", s.Warnings(), err)
	}
	for field, change := range map[string]func(*contact.Contact){
		"tags":          func(c *contact.Contact) { c.Tags = []contact.Tag{{ID: "custom.nothing"}} },
		"custom_fields": func(c *contact.Contact) { c.CustomFields = map[string]any{"custom.nothing": "x"} },
	} {
		c := ada()
		change(&c)
		_, err := w.session(t, spec, "unknown", c).Create(context.Background(), send)
		if f := fault.From(err); f == nil || f.Kind != fault.Invalid || !slices.Contains(f.Fields, field) {
			t.Errorf("%s: %+v", field, f)
		}
	}
}

func TestWixDuplicates(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "wix")
	ctx := context.Background()
	byPhone := contact.Contact{Name: "Ada Lovelace", PhoneNumbers: []contact.Phone{{Number: "+442079460018"}}}
	for account, stored := range map[string]int{"ghost": 2, "acme": 1} {
		first, err := w.session(t, spec, account, byPhone).Create(ctx, send)
		if err != nil {
			t.Fatal(err)
		}
		s := w.session(t, spec, account, byPhone)
		_, err = s.Create(ctx, send)
		if f := fault.From(err); f == nil || f.Kind != fault.Duplicate || f.RemoteID != first.Contact.ID || !f.MaybeApplied {
			t.Errorf("%s: a phone again: %+v", account, f)
		}
		if found, err := s.Find(ctx); err != nil || len(found.Matches) != stored {
			t.Errorf("%s: found %+v, %v", account, found.Matches, err)
		}
	}
	for range 2 {
		_, err := w.session(t, spec, "mute", ada()).Create(ctx, send)
		if f := fault.From(err); f != nil && (f.Kind != fault.Duplicate || f.RemoteID != "" || f.MaybeApplied) {
			t.Errorf("a refusal without data: %+v", f)
		}
	}
	s := w.session(t, spec, "mute", ada())
	if found, err := s.Find(ctx); err != nil || len(found.Matches) != 1 || s.Idempotency().Kind != connector.UniqueField {
		t.Errorf("found %+v, %v", found.Matches, err)
	}
}

func TestWixAllowedDuplicates(t *testing.T) {
	t.Parallel()
	_, spec := open(t, "wix")
	allowed := &connector.Call{Input: contact.Input{Contact: ada(), RemoteData: map[string]any{"allowDuplicates": true}}}
	if spec.Idempotency.Applies(allowed) || !spec.Idempotency.Applies(&connector.Call{}) {
		t.Error("a create that allows duplicates cannot be repeated")
	}
}
