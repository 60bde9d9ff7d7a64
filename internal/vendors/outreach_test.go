package vendors_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"crmferry/internal/contact"
	"crmferry/internal/fault"
)

func TestOutreachEverything(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "outreach")
	ctx, c := context.Background(), ada()
	at := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	c.EmailAddresses = append(c.EmailAddresses, contact.Email{Email: "ada@home.example"})
	c.PhoneNumbers = append(c.PhoneNumbers, contact.Phone{Number: "+447700900123", Type: "mobile"}, contact.Phone{Number: "+442079460019", Type: "fax"})
	c.Account, c.Owner, c.CreatedAt = &contact.Reference{ID: "101"}, &contact.Reference{ID: "7"}, &at
	c.Tags, c.URLs = []contact.Tag{{Name: "VIP"}}, []contact.URL{{URL: "linkedin.com/in/ada"}, {URL: "https://ada.example.com"}}
	c.CustomFields = map[string]any{"custom1": 7, "custom2": "1815-12-10", "custom3": "Gold"}
	made := carry(t, w.session(t, spec, "full", c), spec)
	if len(made.EmailAddresses) != 2 || len(made.PhoneNumbers) != 3 || len(made.URLs) != 2 || made.Account.ID != "101" || made.Owner.ID != "7" ||
		len(made.Tags) != 1 || len(made.CustomFields) != 3 || made.CreatedAt.Equal(at) || made.Description == "" || len(made.Addresses) != 1 {
		t.Errorf("made %+v", *made)
	}
	update := w.session(t, spec, "full", contact.Contact{
		EmailAddresses: []contact.Email{{Email: "new@example.com"}}, PhoneNumbers: []contact.Phone{{Number: "+442079460020", Type: "home"}},
		Addresses: []contact.Address{{City: "Paris"}}, Tags: []contact.Tag{{Name: "Press"}}, URLs: []contact.URL{{URL: "https://b.example.com"}},
	})
	a, err := update.Update(ctx, made.ID, send)
	if got := a.Contact; err != nil || len(got.EmailAddresses) != 3 || len(got.PhoneNumbers) != 4 || len(got.Tags) != 2 || len(got.URLs) != 3 ||
		got.Addresses[0] != (contact.Address{City: "Paris"}) || got.Title != "Analyst" || len(got.CustomFields) != 3 {
		t.Errorf("updated %+v, %v", got, err)
	}
}

// The address that is taken need not be the first one.
func TestOutreachFindsByAnyAddress(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "outreach")
	ctx := context.Background()
	made, err := w.session(t, spec, "acme", ada()).Create(ctx, send)
	if err != nil {
		t.Fatal(err)
	}
	other := contact.Contact{FirstName: "Ada", EmailAddresses: []contact.Email{{Email: "new@example.com"}, {Email: "ADA@example.com"}}}
	s := w.session(t, spec, "acme", other)
	_, err = s.Create(ctx, send)
	if f := fault.From(err); f == nil || f.Kind != fault.Duplicate || !slices.Equal(f.Fields, []string{"email_addresses"}) {
		t.Errorf("fault %+v", f)
	}
	if found, err := s.Find(ctx); err != nil || len(found.Matches) != 1 || found.Matches[0].ID != made.Contact.ID {
		t.Errorf("found %+v, %v", found.Matches, err)
	}
}

func TestOutreachRefusals(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "outreach")
	for name, tt := range map[string]struct {
		account string
		change  func(*contact.Contact)
		kind    fault.Kind
		field   string
	}{
		"a user's address":   {"acme", func(c *contact.Contact) { c.EmailAddresses[0].Email = "grace@sandbox.example" }, fault.Duplicate, "email_addresses"},
		"excluded address":   {"acme", func(c *contact.Contact) { c.EmailAddresses[0].Email = "ada@excluded.example" }, fault.Invalid, "email_addresses"},
		"no such option":     {"acme", func(c *contact.Contact) { c.CustomFields = map[string]any{"custom3": "Bronze"} }, fault.Invalid, "custom_fields/custom3"},
		"no such account":    {"acme", func(c *contact.Contact) { c.Account = &contact.Reference{ID: "404"} }, fault.Invalid, "account"},
		"governance profile": {"governed", func(*contact.Contact) {}, fault.Forbidden, ""},
	} {
		c := ada()
		tt.change(&c)
		_, err := w.session(t, spec, tt.account, c).Create(context.Background(), send)
		if f := fault.From(err); f == nil || f.Kind != tt.kind || tt.field != "" && !slices.Equal(f.Fields, []string{tt.field}) {
			t.Errorf("%s: %+v", name, f)
		}
	}
}
