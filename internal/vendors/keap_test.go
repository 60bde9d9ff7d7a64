package vendors_test

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
)

// adaInFull fills every place that Keap has.
func adaInFull() contact.Contact {
	c := ada()
	c.EmailAddresses = append(c.EmailAddresses, contact.Email{Email: "ada@home.example"}, contact.Email{Email: "ada@x.example"})
	c.PhoneNumbers = append(c.PhoneNumbers, contact.Phone{Number: "4155550101", Extension: "12", Type: "mobile"}, contact.Phone{Number: "4155550103", Type: "fax"},
		contact.Phone{Number: "+44 20 7946 0099", Type: "assistant"})
	c.Addresses = append(c.Addresses, contact.Address{City: "Phoenix", State: "Arizona", Country: "US", Type: "shipping"})
	c.URLs = []contact.URL{{URL: "https://ada.example.com"}, {URL: "https://linkedin.com/in/ada"}}
	c.Account, c.Owner = &contact.Reference{Name: "Analytical Engines"}, &contact.Reference{ID: "47"}
	c.Tags = []contact.Tag{{Name: "vip"}, {ID: "103"}, {Name: "Press"}}
	c.CustomFields = map[string]any{"Engine notes": 7, "tier": "gold", "10": "maths; Engines", "_Score": "42"}
	return c
}

func TestKeapHoldsAll(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "keap")
	c := adaInFull()
	for _, account := range []string{"acme", "oauth-app", "legacy"} {
		if account == "legacy" { // which does not tell the names of fields
			c.CustomFields = map[string]any{"Engine notes": "7", "tier": "Gold", "10": []any{"Maths", "Engines"}, "Score": "42"}
		}
		made := carry(t, w.session(t, spec, account, c), spec)
		if len(made.EmailAddresses) != 3 || len(made.PhoneNumbers) != 4 || made.PhoneNumbers[1].Extension != "12" || len(made.Addresses) != 2 ||
			made.Addresses[1].State != "Arizona" || len(made.URLs) != 2 || made.URLs[1].URL != "https://www.linkedin.com/in/ada" ||
			made.Account.ID != "100" || made.Owner.ID != "47" || len(made.Tags) != 3 || len(made.CustomFields) != 4 ||
			made.Description != c.Description || made.CreatedAt == nil || made.UpdatedAt == nil {
			t.Errorf("%s: made %+v", account, *made)
		}
		if counts := w.world.CRM(spec.ID).Counts(account).FollowUps; counts["tag"] != 3 || counts["new_tag"] != 1 || counts["note"] != 1 {
			t.Errorf("%s: calls of their own %v", account, counts)
		}
	}
}

func TestKeapUpdatesKeepTheRest(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "keap")
	made := carry(t, w.session(t, spec, "acme", adaInFull()), spec)
	change := contact.Contact{
		EmailAddresses: []contact.Email{{Email: "ada@example.com"}, {Email: "fourth@example.com"}}, PhoneNumbers: []contact.Phone{{Number: "4155550177", Type: "home"}},
		Addresses: []contact.Address{{City: "Turin", Country: "Italy"}}, URLs: []contact.URL{{URL: "https://x.com/ada"}}, CustomFields: map[string]any{"Tier": "Silver"},
	}
	s := w.session(t, spec, "acme", change)
	updated, err := s.Update(context.Background(), made.ID, send)
	if got := updated.Contact; err != nil || len(got.EmailAddresses) != 3 || len(got.PhoneNumbers) != 5 || len(got.Addresses) != 3 || len(got.URLs) != 3 ||
		got.Addresses[1] != (contact.Address{ID: "OTHER", City: "Turin", Country: "ITA", Type: "other"}) {
		t.Errorf("updated %+v, %v", got, err)
	}
	if warnings := s.Warnings(); len(warnings) != 1 || warnings[0].Field != "email_addresses/1" {
		t.Errorf("warnings %v", warnings)
	}
	read, err := w.session(t, spec, "acme", contact.Contact{}).Read(context.Background(), made.ID)
	if got := read.Contact.CustomFields; err != nil || got["8"] != "Silver" || got["6"] != "7" || len(got) != 4 {
		t.Errorf("read %v, %v", got, err)
	}
}

func TestKeapBlamesFields(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "keap")
	for field, change := range map[string]func(*contact.Contact){
		"email_addresses": func(c *contact.Contact) { c.EmailAddresses, c.PhoneNumbers = nil, nil },
		"account":         func(c *contact.Contact) { c.Account = &contact.Reference{ID: "404"} },
		"owner":           func(c *contact.Contact) { c.Owner = &contact.Reference{ID: "404"} },
		"phone_numbers":   func(c *contact.Contact) { c.PhoneNumbers[0].Number = strings.Repeat("1", 41) },
		"addresses":       func(c *contact.Contact) { c.Addresses[0].PostalCode = strings.Repeat("1", 21) },
		"urls": func(c *contact.Contact) {
			c.URLs = []contact.URL{{URL: "https://" + strings.Repeat("x", 100) + ".example"}}
		},
		"custom_fields": func(c *contact.Contact) { c.CustomFields = map[string]any{"Tier": "Bronze"} },
	} {
		c := ada()
		change(&c)
		_, err := w.session(t, spec, "acme", c).Create(context.Background(), send)
		if f := fault.From(err); f == nil || f.Kind != fault.Invalid || !slices.Contains(f.Fields, field) {
			t.Errorf("%s: %+v", field, f)
		}
	}
}

func TestKeapTagsThatDoNotTake(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "keap")
	c := ada()
	c.Tags = []contact.Tag{{Name: "VIP"}}
	s := w.session(t, spec, "untaggable", c)
	made, err := s.Create(context.Background(), send)
	if err != nil {
		t.Fatal(err)
	}
	steps, err := s.Steps(context.Background(), made.Contact)
	if err != nil || len(steps) != 2 {
		t.Fatal(steps, err)
	}
	if err := s.Do(context.Background(), steps[0], send); err != nil {
		t.Error(err)
	}
	if done, err := s.Applied(context.Background(), steps[0]); err != nil || !done {
		t.Errorf("the note: %v, %v", done, err)
	}
	if f := fault.From(s.Do(context.Background(), steps[1], send)); f == nil || f.Kind != fault.Invalid || f.Code != "FAILURE" {
		t.Errorf("the tag: %+v", f)
	}
}

func TestKeapLooksUp(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "keap")
	ctx := context.Background()
	person := contact.Contact{Name: "Ada Lovelace", PhoneNumbers: []contact.Phone{{Number: "+1 415 555 0101"}, {Number: "+44 20 7946 0018"}}}
	made, err := w.session(t, spec, "acme", person).Create(ctx, send)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []contact.Contact{
		{PhoneNumbers: person.PhoneNumbers[:1]}, {Name: "ada lovelace"}, {Name: "Ada Lovelace", PhoneNumbers: person.PhoneNumbers[1:]},
	} {
		if found, err := w.session(t, spec, "acme", c).Find(ctx); err != nil || len(found.Matches) != 1 || found.Matches[0].ID != made.Contact.ID {
			t.Errorf("by %v: %+v, %v", c.Present(), found.Matches, err)
		}
	}
	other := contact.Contact{Name: "Ada Lovelace", PhoneNumbers: []contact.Phone{{Number: "+44 20 7946 0099"}}}
	if found, err := w.session(t, spec, "acme", other).Find(ctx); err != nil || len(found.Matches) != 0 {
		t.Errorf("a namesake: %+v, %v", found.Matches, err)
	}
}

func TestKeapUpsertsWhereAsked(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "keap")
	auth, settings := w.world.Connect(spec.ID, "acme", "")
	acc := connector.Account{ID: "acme", Settings: settings, Credential: connector.Credential{Scheme: auth["scheme"], Values: auth}}
	in := contact.Normalize(contact.Input{Contact: ada(), RemoteQuery: url.Values{"duplicate_option": {"Email"}}})
	for range 2 {
		s, err := w.client.Session(spec, acc, connector.Job{Input: in, Key: "key-1", At: time.Now()})
		if err != nil {
			t.Fatal(err)
		}
		if a, err := s.Create(context.Background(), send); err != nil || len(a.Contact.EmailAddresses) != 1 {
			t.Errorf("%+v, %v", a.Contact, err)
		}
	}
	if counts := w.world.CRM(spec.ID).Counts("acme"); counts.Records != 1 {
		t.Errorf("the CRM counts %+v", counts)
	}
}
