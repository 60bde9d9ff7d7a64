package vendors_test

import (
	"context"
	"slices"
	"testing"

	"crmferry/internal/contact"
	"crmferry/internal/fault"
)

func TestCapsuleLists(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "capsule")
	c := ada()
	c.EmailAddresses = append(c.EmailAddresses, contact.Email{Email: "ada@home.example", Type: "home"}, contact.Email{Email: "ada@x.example", Type: "other"})
	c.PhoneNumbers = append(c.PhoneNumbers, contact.Phone{Number: "+447400123456", Type: "mobile"}, contact.Phone{Number: "+442079460019", Type: "pager"})
	c.Addresses = append(c.Addresses, contact.Address{City: "Springfield", Country: "USA", Type: "billing"}, contact.Address{City: "Prague", Country: "CZE"})
	c.URLs = []contact.URL{{URL: "https://ada.example.com"}, {URL: "linkedin.com/in/ada"}, {URL: "https://x.com/ada"}}
	c.Account, c.Owner = &contact.Reference{Name: "Analytical Engines"}, &contact.Reference{ID: "7"}
	c.Tags = []contact.Tag{{Name: "vip"}, {ID: "21"}, {Name: "Press"}}
	c.CustomFields = map[string]any{
		"contract NO": 1842, "Renewal": "2026-12-01", "97": "Gold", "Newsletter": "no", "Seats": "12", "Profile": "https://ada.example.com", "Badge": "A",
	}
	made := carry(t, w.session(t, spec, "acme", c), spec)
	if len(made.EmailAddresses) != 3 || len(made.PhoneNumbers) != 3 || len(made.Addresses) != 3 || made.Addresses[0].Country != "United Kingdom" ||
		made.Addresses[1].Country != "United States" || len(made.URLs) != 3 || made.Account.Name != "Analytical Engines" || made.Owner.ID != "7" ||
		len(made.Tags) != 3 || made.Tags[0].Name != "VIP" || len(made.CustomFields) != len(c.CustomFields) || made.CustomFields["Newsletter"] != false {
		t.Errorf("made %+v", *made)
	}
	c.EmailAddresses, c.Tags = append(c.EmailAddresses, contact.Email{Email: "new@x.example"}), []contact.Tag{{Name: "PRESS"}}
	a, err := w.session(t, spec, "acme", c).Update(context.Background(), made.ID, send)
	if got := a.Contact; err != nil || len(got.EmailAddresses) != 4 || len(got.PhoneNumbers) != 3 || len(got.Addresses) != 3 || len(got.URLs) != 3 || len(got.Tags) != 3 {
		t.Errorf("an update adds what is new: %+v, %v", got, err)
	}
}

func TestCapsuleBlamesFields(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "capsule")
	for field, change := range map[string]func(*contact.Contact){
		"account":       func(c *contact.Contact) { c.Account = &contact.Reference{ID: "404"} },
		"owner":         func(c *contact.Contact) { c.Owner = &contact.Reference{ID: "404"} },
		"tags":          func(c *contact.Contact) { c.Tags = []contact.Tag{{ID: "1"}} },
		"custom_fields": func(c *contact.Contact) { c.CustomFields = map[string]any{"Tier": "Bronze"} },
	} {
		c := ada()
		change(&c)
		_, err := w.session(t, spec, "acme", c).Create(context.Background(), send)
		if f := fault.From(err); f == nil || f.Kind != fault.Invalid || !slices.Equal(f.Fields, []string{field}) {
			t.Errorf("%s: %+v", field, f)
		}
	}
}

func TestCapsuleLooksUp(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "capsule")
	ctx := context.Background()
	made, err := w.session(t, spec, "acme", ada()).Create(ctx, send)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []contact.Contact{{PhoneNumbers: ada().PhoneNumbers}, {Name: "ada lovelace"}} {
		if found, err := w.session(t, spec, "acme", c).Find(ctx); err != nil || len(found.Matches) != 1 || found.Matches[0].ID != made.Contact.ID {
			t.Errorf("by %v: %+v, %v", c.Present(), found.Matches, err)
		}
	}
}
