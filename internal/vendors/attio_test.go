package vendors_test

import (
	"context"
	"slices"
	"testing"

	"crmferry/internal/contact"
	"crmferry/internal/fault"
)

func TestAttioAttributes(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "attio")
	c := ada()
	c.EmailAddresses = append(c.EmailAddresses, contact.Email{Email: "ada@home.example"})
	c.PhoneNumbers = append(c.PhoneNumbers, contact.Phone{Number: "020 7946 0019"})
	c.Account, c.Owner = &contact.Reference{ID: "99a03ff3-0435-47da-95cc-76b2caeb4dab"}, &contact.Reference{ID: "grace@sandbox.example"}
	c.Tags, c.URLs = []contact.Tag{{Name: "VIP"}, {Name: "Press"}}, []contact.URL{{URL: "linkedin.com/in/ada"}, {URL: "https://x.com/ada"}}
	c.CustomFields = map[string]any{
		"loyalty_tier": "Gold", "segments": "Investor", "lead_stage": "Won", "score": "7", "rating": 4, "newsletter": "yes",
		"birthday": "1815-12-10", "last_meeting": "2026-01-02T03:04:05Z", "annual_spend": "99.5", "external_key": 17,
	}
	s := w.session(t, spec, "full", c)
	made := carry(t, s, spec)
	if len(made.EmailAddresses) != 2 || len(made.PhoneNumbers) != 2 || made.PhoneNumbers[1].Number != "+442079460019" || len(made.URLs) != 2 ||
		made.Account.ID != c.Account.ID || made.Owner == nil || len(made.Tags) != 2 || len(made.CustomFields) != len(c.CustomFields) {
		t.Errorf("made %+v", *made)
	}
	updated := w.session(t, spec, "full", contact.Contact{Title: "Countess", PhoneNumbers: []contact.Phone{{Number: "+442079460020"}}})
	if a, err := updated.Update(context.Background(), made.ID, send); err != nil || a.Contact.Title != "Countess" || len(a.Contact.PhoneNumbers) != 3 {
		t.Errorf("updated %+v, %v", a.Contact, err)
	}
}

func TestAttioLooksUp(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "attio")
	ctx := context.Background()
	made, err := w.session(t, spec, "sparse", ada()).Create(ctx, send)
	if err != nil || made.Contact.CreatedAt == nil || len(made.Contact.PhoneNumbers) != 1 {
		t.Fatalf("made %+v, %v", made.Contact, err)
	}
	for _, c := range []contact.Contact{{PhoneNumbers: ada().PhoneNumbers}, {Name: "Ada Lovelace"}} {
		if found, err := w.session(t, spec, "sparse", c).Find(ctx); err != nil || len(found.Matches) != 1 || found.Matches[0].ID != made.Contact.ID {
			t.Errorf("by %v: %+v, %v", c.Present(), found.Matches, err)
		}
	}
}

func TestAttioBlamesFields(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "attio")
	for field, change := range map[string]func(*contact.Contact){
		"custom_fields/loyalty":      func(c *contact.Contact) { c.CustomFields = map[string]any{"loyalty": "Gold"} },
		"custom_fields/loyalty_tier": func(c *contact.Contact) { c.CustomFields = map[string]any{"loyalty_tier": "Bronze"} },
		"account":                    func(c *contact.Contact) { c.Account = &contact.Reference{ID: "00000000-0000-4000-8000-000000000404"} },
		"owner":                      func(c *contact.Contact) { c.Owner = &contact.Reference{ID: "nobody@sandbox.example"} },
		"tags":                       func(c *contact.Contact) { c.Tags = []contact.Tag{{Name: "Nothing"}} },
	} {
		c := ada()
		change(&c)
		_, err := w.session(t, spec, "full", c).Create(context.Background(), send)
		if f := fault.From(err); f == nil || f.Kind != fault.Invalid || !slices.Contains(f.Fields, field) {
			t.Errorf("%s: %+v", field, f)
		}
	}
	_, err := w.session(t, spec, "noscope", ada()).Probe(context.Background())
	if f := fault.From(err); f == nil || f.Kind != fault.Forbidden {
		t.Errorf("probe without the scope: %v", err)
	}
}
