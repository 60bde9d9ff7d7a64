package vendors_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"crmferry/internal/contact"
	"crmferry/internal/fault"
)

func TestPlanhatEverything(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "planhat")
	c := ada()
	c.Description, c.Addresses = "", nil
	c.EmailAddresses = append(c.EmailAddresses, contact.Email{Email: "ada@home.example"})
	c.Account, c.Tags = &contact.Reference{ID: "extid-bravo"}, []contact.Tag{{Name: "vip"}, {Name: "press"}}
	c.CustomFields = map[string]any{"tier": "Gold", "Score": "7", "Approved": "yes", "Since": "2026-01-05"}
	at := time.Date(2020, time.January, 2, 3, 4, 5, 0, time.UTC)
	c.CreatedAt = &at
	made := carry(t, w.session(t, spec, "acme", c), spec)
	if len(made.EmailAddresses) != 2 || made.Account.Name != "Bravo" || len(made.Tags) != 2 || len(made.CustomFields) != 4 || !made.CreatedAt.Equal(at) {
		t.Errorf("made %+v", *made)
	}
	ctx := context.Background()
	changed := contact.Contact{
		Title: "Countess", EmailAddresses: []contact.Email{{Email: "ada@example.com"}, {Email: "ada@work.example"}}, Tags: []contact.Tag{{Name: "VIP"}, {Name: "new"}},
	}
	a, err := w.session(t, spec, "acme", changed).Update(ctx, made.ID, send)
	if got := a.Contact; err != nil || got.Title != "Countess" || len(got.EmailAddresses) != 3 || len(got.Tags) != 3 || got.Account.Name != "Bravo" {
		t.Errorf("updated %+v, %v", got, err)
	}
	// The same address in another company is another end user.
	elsewhere := c
	elsewhere.Account = &contact.Reference{ID: "extid-acme"}
	for _, tt := range []struct {
		sought contact.Contact
		want   int
	}{{c, 1}, {elsewhere, 0}} {
		if found, err := w.session(t, spec, "acme", tt.sought).FindPerson(ctx); err != nil || len(found.Matches) != tt.want {
			t.Errorf("in %s: %+v, %v", tt.sought.Account.ID, found.Matches, err)
		}
	}
}

func TestPlanhatDropsInSilence(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "planhat")
	c := ada()
	c.Account = &contact.Reference{ID: "5e15901391025d870eec1404"}
	_, err := w.session(t, spec, "acme", c).Create(context.Background(), send)
	if f := fault.From(err); f == nil || f.Kind != fault.Invalid || !f.MaybeApplied || !slices.Equal(f.Fields, []string{"account"}) {
		t.Errorf("no such company: %+v", f)
	}
	c = ada()
	c.EmailAddresses, c.CustomFields = append(c.EmailAddresses, contact.Email{Email: "ada@home.example"}), map[string]any{"Hobby": "chess"}
	s := w.session(t, spec, "legacy", c)
	if _, err := s.Create(context.Background(), send); err != nil {
		t.Fatal(err)
	}
	var lost []string
	for _, warning := range s.Warnings() {
		if warning.Code == "not_stored" {
			lost = append(lost, warning.Field)
		}
	}
	if !slices.Equal(lost, []string{"email_addresses/1", "custom_fields/Hobby"}) {
		t.Errorf("reported as lost: %v", lost)
	}
}
