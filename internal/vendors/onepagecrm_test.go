package vendors_test

import (
	"context"
	"maps"
	"slices"
	"testing"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/sandbox"
)

const onePageCompany = "55e5ae7b1787fa4578000a07"

func TestOnePageCRMEverything(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "onepagecrm")
	c := ada()
	c.EmailAddresses = append(c.EmailAddresses, contact.Email{Email: "ada@club.example", Type: "club"})
	c.PhoneNumbers = append(c.PhoneNumbers, contact.Phone{Number: "+44 7700 900123", Extension: "7", Type: "assistant"})
	c.Addresses = append(c.Addresses, contact.Address{City: "Ockham", Country: "United Kingdom", Type: "mailing"})
	c.URLs = []contact.URL{{URL: "https://ada.example.com"}, {URL: "linkedin.com/in/ada"}, {URL: "github.com/ada"}, {URL: "x.example", Type: "blog"}}
	c.Account, c.Owner = &contact.Reference{ID: onePageCompany}, &contact.Reference{ID: "5aba31e99007ba0f570c92a5"}
	c.Tags = []contact.Tag{{Name: "vip"}, {Name: "new one"}}
	c.CustomFields = map[string]any{
		"Tier": "Gold", "Score": 7, "Segment": "gold", "Interests": "Art; wine", "Renewal": "2026-12-01T10:00:00Z", "Region": true,
	}
	for _, account := range []string{"full", "legacy"} {
		s := w.session(t, spec, account, c)
		made := carry(t, s, spec)
		if len(made.EmailAddresses) != 2 || len(made.PhoneNumbers) != 2 || made.PhoneNumbers[1].Extension != "7" || len(made.Addresses) != 2 ||
			len(made.URLs) != 4 || made.Account.ID != onePageCompany || made.Owner.ID != c.Owner.ID || len(made.Tags) != 2 ||
			len(made.CustomFields) != len(c.CustomFields) || made.Title != "Analyst" || made.Description != c.Description || made.CreatedAt == nil {
			t.Errorf("%s: made %+v", account, *made)
		}
		change := contact.Contact{
			Title: "Countess", EmailAddresses: []contact.Email{{Email: "c@example.com"}}, Tags: []contact.Tag{{Name: "VIP"}, {Name: "late"}},
			CustomFields: map[string]any{"Tier": "Silver"},
		}
		if _, err := w.session(t, spec, account, change).Update(context.Background(), made.ID, send); err != nil {
			t.Errorf("%s: %v", account, err)
		}
		read, err := s.Read(context.Background(), made.ID)
		if got := read.Contact; err != nil || got.Account.ID != onePageCompany || got.Title != "Countess" || len(got.EmailAddresses) != 3 || len(got.Tags) != 3 ||
			len(got.Addresses) != 2 || len(got.CustomFields) != len(c.CustomFields) || got.CustomFields["Tier"] != "Silver" || got.LastName != "Lovelace" {
			t.Errorf("%s: read %+v, %v", account, got, err)
		}
	}
}

func TestOnePageCRMAccounts(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "onepagecrm")
	for name, c := range map[string]contact.Contact{
		"by id alone":   {FirstName: "Ada", Account: &contact.Reference{ID: onePageCompany}},
		"by name":       {Name: "Ada Lovelace", Account: &contact.Reference{Name: "Analytical Engines"}},
		"by name alone": {Account: &contact.Reference{Name: "ANALYTICAL engines"}},
	} {
		made := carry(t, w.session(t, spec, "acme", c), spec)
		if made.Account == nil || made.Account.ID == "" || c.Account.ID != "" && made.Account.ID != c.Account.ID {
			t.Errorf("%s: made %+v", name, *made)
		}
	}
}

func TestOnePageCRMKnowsItsKey(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "onepagecrm")
	ctx := context.Background()
	var key string // the id of the account's field of type external_id
	asked := w.session(t, spec, "keyed", contact.Contact{Name: "X", CustomFields: map[string]any{"Source Key": "x"}})
	probe, err := asked.Create(ctx, send)
	if err != nil || len(probe.Contact.CustomFields) != 1 {
		t.Fatal(probe.Contact.CustomFields, err)
	}
	plain, err := w.session(t, spec, "keyed", contact.Contact{}).Read(ctx, probe.Contact.ID)
	if keys := slices.Collect(maps.Keys(plain.Contact.CustomFields)); err != nil || len(keys) != 1 || len(keys[0]) != 24 {
		t.Fatal(keys, err)
	} else {
		key = keys[0]
	}
	s := w.sessionWith(t, spec, "keyed", map[string]string{"external_id_field": key}, ada())
	if _, err := w.session(t, spec, "keyed", ada()).Create(ctx, send); err != nil {
		t.Fatal(err)
	}
	if found, err := s.Find(ctx); err != nil || len(found.Matches) != 0 || !found.Marker {
		t.Errorf("before: %+v, %v", found, err)
	}
	made, err := s.Create(ctx, send)
	if err != nil {
		t.Fatal(err)
	}
	if found, err := s.Find(ctx); err != nil || len(found.Matches) != 1 || found.Matches[0].ID != made.Contact.ID {
		t.Errorf("after: %+v, %v", found, err)
	}
	_, err = s.Create(ctx, send)
	if fault.KindOf(err) != fault.Duplicate {
		t.Errorf("the key again: %v", err)
	}
	if _, err := w.sessionWith(t, spec, "keyed", map[string]string{"external_id_field": key}, contact.Contact{CustomFields: map[string]any{"Tier": "Gold"}}).
		Update(ctx, made.Contact.ID, send); err != nil {
		t.Fatal(err)
	}
	if found, err := s.Find(ctx); err != nil || len(found.Matches) != 1 {
		t.Errorf("after an update: %+v, %v", found, err)
	}
}

func TestOnePageCRMRefusals(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "onepagecrm")
	for field, change := range map[string]func(*contact.Contact){
		"owner":         func(c *contact.Contact) { c.Owner = &contact.Reference{ID: "42"} },
		"custom_fields": func(c *contact.Contact) { c.CustomFields = map[string]any{"Score": "many"} },
	} {
		c := ada()
		change(&c)
		_, err := w.session(t, spec, "acme", c).Create(context.Background(), send)
		if f := fault.From(err); f == nil || f.Kind != fault.Invalid || !slices.Equal(f.Fields, []string{field}) {
			t.Errorf("%s: %+v", field, f)
		}
	}
	if _, err := w.session(t, spec, "lapsed", ada()).Create(context.Background(), send); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("lapsed: %v", err)
	}
}

func TestOnePageCRMThrottle(t *testing.T) {
	t.Parallel()
	w := newTownWith(t, sandbox.Options{})
	_, spec := open(t, "onepagecrm")
	var err error
	for range 20 {
		if _, err = w.session(t, spec, "acme", ada()).Create(context.Background(), send); err != nil {
			break
		}
	}
	if f := fault.From(err); f == nil || f.Kind != fault.RateLimited || f.RetryAfter != spec.Limits.DefaultWait || spec.Limits.Scope != connector.PerIP {
		t.Errorf("%+v", f)
	}
}
