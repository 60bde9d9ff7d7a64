package vendors_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/sandbox/kit"
)

func TestPipedriveEverything(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "pipedrive")
	c, at := ada(), time.Date(2020, 1, 2, 3, 4, 5, 678, time.UTC)
	c.EmailAddresses = append(c.EmailAddresses, contact.Email{Email: "ada@club.example", Type: "club"})
	c.PhoneNumbers = append(c.PhoneNumbers, contact.Phone{Number: "+44 7700 900123", Extension: "7", Type: "assistant"})
	c.Account, c.Owner, c.CreatedAt = &contact.Reference{ID: "789"}, &contact.Reference{ID: "456"}, &at
	c.Tags = []contact.Tag{{Name: "hot"}, {ID: "6"}}
	c.CustomFields = map[string]any{
		"My Text": 7, "Score": "7.5", "Tier": "gold", "Interests": "Art; golf", "Renewal": "2026-12-01", "Best Time": "09:00:00", "Site": "Paris",
		"Budget": map[string]any{"value": 500, "currency": "EUR"},
	}
	s := w.session(t, spec, "sync", c)
	made := carry(t, s, spec)
	if made.Title != "Analyst" || made.Description != c.Description || len(made.EmailAddresses) != 2 || len(made.PhoneNumbers) != 2 ||
		made.PhoneNumbers[1].Extension != "7" || len(made.Addresses) != 1 || made.Account.ID != "789" || made.Owner.ID != "456" ||
		len(made.Tags) != 2 || made.Tags[1].Name != "Cold" || len(made.CustomFields) != len(c.CustomFields) || !made.CreatedAt.Equal(at.Truncate(time.Second)) {
		t.Errorf("made %+v", *made)
	}
	found, err := s.Find(context.Background())
	if err != nil || len(found.Matches) != 1 || time.Since(*found.Matches[0].CreatedAt) > time.Hour {
		t.Errorf("what was made just now is older: %+v, %v", found.Matches, err)
	}
	change := contact.Contact{
		Title: "Countess", EmailAddresses: []contact.Email{{Email: "c@example.com"}}, Tags: []contact.Tag{{Name: "Cold"}},
		PhoneNumbers: []contact.Phone{{Number: "020 7946 0018"}}, CustomFields: map[string]any{"Tier": "Silver"},
	}
	a, err := w.session(t, spec, "sync", change).Update(context.Background(), made.ID, send)
	if got := a.Contact; err != nil || got.Title != "Countess" || len(got.EmailAddresses) != 3 || len(got.PhoneNumbers) != 2 || len(got.Tags) != 2 ||
		got.Description != c.Description {
		t.Errorf("updated %+v, %v", got, err)
	}
	again, err := s.Read(context.Background(), made.ID)
	if err != nil || again.Contact.CustomFields["Score"] == nil || again.Contact.Tags[0].Name != "Hot" {
		t.Errorf("read %+v, %v", again.Contact, err)
	}
}

func TestPipedriveWithoutContactSync(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "pipedrive")
	for _, account := range []string{"acme", "legacy"} {
		c := contact.Contact{Name: "Ada Lovelace", Description: "a < b", Tags: []contact.Tag{{Name: "Cold"}}}
		made := carry(t, w.session(t, spec, account, c), spec)
		if made.Description != c.Description || len(made.Tags) != 1 || w.world.CRM(spec.ID).Counts(account).FollowUps["note"] != 1 {
			t.Errorf("%s: made %+v", account, *made)
		}
	}
}

func TestPipedriveRefusals(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "pipedrive")
	at := time.Now()
	for name, tt := range map[string]struct {
		account string
		change  func(*contact.Contact)
		kind    fault.Kind
		fields  []string
	}{
		"organization": {"acme", func(c *contact.Contact) { c.Account = &contact.Reference{ID: "404"} }, fault.Invalid, []string{"account"}},
		"owner":        {"acme", func(c *contact.Contact) { c.Owner = &contact.Reference{ID: "404"} }, fault.Invalid, []string{"owner"}},
		"label":        {"acme", func(c *contact.Contact) { c.Tags = []contact.Tag{{ID: "9"}} }, fault.Invalid, []string{"tags"}},
		"option":       {"acme", func(c *contact.Contact) { c.CustomFields = map[string]any{"Tier": "Tin"} }, fault.Invalid, nil},
		"no admin":     {"nonadmin", func(c *contact.Contact) { c.CreatedAt = &at }, fault.Forbidden, []string{"created_at"}},
		"unpaid":       {"unpaid", func(*contact.Contact) {}, fault.Forbidden, nil},
	} {
		c := ada()
		tt.change(&c)
		_, err := w.session(t, spec, tt.account, c).Create(context.Background(), send)
		if f := fault.From(err); f == nil || f.Kind != tt.kind || !slices.Equal(f.Fields, tt.fields) {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

func TestPipedriveLooksUp(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "pipedrive")
	ctx := context.Background()
	made, err := w.session(t, spec, "acme", ada()).Create(ctx, send)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]contact.Contact{
		"e-mail": {Name: "X", EmailAddresses: []contact.Email{{Email: "ADA@example.com"}}},
		"phone":  {Name: "X", PhoneNumbers: []contact.Phone{{Number: "+44 20 7946 0018"}}},
		"name":   {Name: "ada lovelace"},
	} {
		found, err := w.session(t, spec, "acme", c).FindPerson(ctx)
		if err != nil || len(found.Matches) != 1 || found.Matches[0].ID != made.Contact.ID {
			t.Errorf("by %s: %+v, %v", name, found.Matches, err)
		}
	}
}

func TestPipedriveKnowsItsKey(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "pipedrive")
	ctx := context.Background()
	asked, err := w.session(t, spec, "keyed", contact.Contact{Name: "X", CustomFields: map[string]any{"My Text": "x"}}).Create(ctx, send)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := connector.DecodeJSON[struct {
		Data struct {
			Custom map[string]any `json:"custom_fields"`
		} `json:"data"`
	}](connector.Reply{Body: asked.Raw})
	var key string
	for name, value := range answer.Data.Custom {
		if value == "x" {
			key = name
		}
	}
	if err != nil || key == "" {
		t.Fatal(answer, err)
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
}

func TestPipedriveOAuth(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "pipedrive")
	s, err := w.client.Session(spec, connector.Account{ID: "acme", Credential: connector.Credential{
		Scheme: connector.OAuth2, Values: map[string]string{connector.AccessToken: kit.Token(spec.ID, "acme")},
	}}, connector.Job{Input: contact.Normalize(contact.Input{Contact: contact.Contact{Name: "Ada Lovelace"}}), Key: "key-1", At: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	if a, err := s.Create(context.Background(), send); err != nil || a.Contact.ID == "" { // answers 200, not 201
		t.Errorf("%+v, %v", a.Contact, err)
	}
	for text, want := range map[string]string{
		"acme": "acme", " https://Acme.pipedrive.com/ ": "acme", "acme.pipedrive.com": "acme", "https://api.pipedrive.com": "api",
	} {
		if got := spec.Settings[0].Clean(text); got != want {
			t.Errorf("Clean(%q) = %q, want %q", text, got, want)
		}
	}
}
