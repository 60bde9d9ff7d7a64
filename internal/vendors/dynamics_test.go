package vendors_test

import (
	"context"
	"slices"
	"testing"

	"github.com/google/uuid"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
)

const (
	dynamicsAccount = "7eb682f1-ca75-e511-80d4-00155d2a68d1"
	dynamicsUser    = "412a1781-de11-ea11-a816-000d3aba9502"
)

// adaInDynamics fills every column that the connector writes.
func adaInDynamics() contact.Contact {
	c := ada()
	c.EmailAddresses = append(c.EmailAddresses, contact.Email{Email: "ada2@example.com"}, contact.Email{Email: "ada3@example.com"})
	c.PhoneNumbers = nil
	for i, kind := range []string{"work", "office", "mobile", "home", "home", "fax", "assistant", "pager"} {
		c.PhoneNumbers = append(c.PhoneNumbers, contact.Phone{Number: "+44 20 7946 002" + string(rune('0'+i)), Type: kind, Extension: "7"})
	}
	c.Addresses = append(c.Addresses, contact.Address{City: "Paris", Country: "FR"}, contact.Address{City: "Rome", Country: "IT"})
	c.URLs = []contact.URL{{URL: "ada.example.com"}, {URL: "https://files.example.com", Type: "ftp"}}
	c.Account, c.Owner = &contact.Reference{ID: dynamicsAccount}, &contact.Reference{ID: "teams(" + dynamicsUser + ")"}
	c.CustomFields = map[string]any{"new_loyaltytier": 100000001, "new_interests": []any{1, 3}, "new_vip": true, "new_since": "2026-11-23"}
	return c
}

func TestDynamicsColumns(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "dynamics-365-sales")
	c := adaInDynamics()
	s := w.session(t, spec, "acme", c)
	made := carry(t, s, spec)
	if len(made.EmailAddresses) != 3 || len(made.PhoneNumbers) != 8 || made.PhoneNumbers[0].Extension != "7" || len(made.Addresses) != 3 ||
		made.Addresses[0].Country != "United Kingdom" || len(made.URLs) != 2 || made.Account.ID != dynamicsAccount ||
		made.Owner.ID != c.Owner.ID || len(made.CustomFields) != 4 || made.CustomFields["new_interests"] != "1,3" || made.ETag == "" {
		t.Errorf("made %+v", *made)
	}
	moved := contact.Contact{Addresses: []contact.Address{{City: "Ockham"}}, Owner: &contact.Reference{ID: dynamicsUser}}
	a, err := w.session(t, spec, "acme", moved).Update(context.Background(), made.ID, send)
	if got := a.Contact; err != nil || got.Addresses[0] != (contact.Address{City: "Ockham", Type: "primary"}) || len(got.Addresses) != 3 ||
		got.Owner.ID != dynamicsUser || got.Title != "Analyst" {
		t.Errorf("moved %+v, %v", got, err)
	}
	byPhone := w.session(t, spec, "acme", contact.Contact{Name: "Ada Lovelace", PhoneNumbers: c.PhoneNumbers[3:4]})
	if found, err := byPhone.Find(context.Background()); err != nil || len(found.Matches) != 1 || found.Matches[0].ID != made.ID {
		t.Errorf("found by phone: %+v, %v", found.Matches, err)
	}
}

func TestDynamicsRepeatsACreate(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "dynamics-365-sales")
	ctx, s := context.Background(), w.session(t, spec, "acme", ada())
	first, err := s.Create(ctx, send)
	if err != nil || first.Contact.ID != s.ClientID() {
		t.Fatalf("made %s under the key %s: %v", first.Contact.ID, s.ClientID(), err)
	}
	if _, err := s.Create(ctx, send); fault.KindOf(err) != fault.Duplicate {
		t.Errorf("the create again: %v", err)
	}
	answers, err := connector.CreateBatch(ctx, []*connector.Session{s, w.session(t, spec, "acme", ada())}, send)
	if err != nil || fault.KindOf(answers[0].Err) != fault.Duplicate || answers[1].Err != nil {
		t.Errorf("the create again in a batch: %+v, %v", answers, err)
	}
	if n := w.world.CRM(spec.ID).Count("acme"); n != 2 {
		t.Errorf("%d records", n)
	}
	if _, err := s.Update(ctx, uuid.NewString(), send); fault.KindOf(err) != fault.NotFound {
		t.Errorf("update of nothing: %v", err)
	}
}

func TestDynamicsDuplicateRules(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "dynamics-365-sales")
	for _, account := range []string{"acme", "dup412"} {
		auth, settings := w.world.Connect(spec.ID, account, "")
		settings["suppress_duplicate_detection"] = "false"
		acc := connector.Account{ID: account, Settings: settings, Credential: connector.Credential{Scheme: auth["scheme"], Values: auth}}
		for i, want := range []fault.Kind{"", fault.Duplicate} {
			s, err := w.client.Session(spec, acc, connector.Job{Input: contact.Normalize(contact.Input{Contact: ada()}), Key: uuid.NewString()})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.Create(context.Background(), send); fault.KindOf(err) != want {
				t.Errorf("%s, create %d: %v", account, i, err)
			}
		}
	}
}

func TestDynamicsRefusals(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "dynamics-365-sales")
	created := connector.TimeOf("2024-01-15T10:30:00Z")
	tests := []struct {
		account string
		contact contact.Contact
		kind    fault.Kind
		fields  []string
	}{
		{"plugin", contact.Contact{}, fault.Invalid, nil},
		{"nooverride", contact.Contact{CreatedAt: created}, fault.Forbidden, []string{"created_at"}},
		{"acme", contact.Contact{Account: &contact.Reference{ID: dynamicsAccount[:33] + "404"}}, fault.Invalid, []string{"account"}},
		{"acme", contact.Contact{Owner: &contact.Reference{ID: dynamicsUser[:33] + "404"}}, fault.Invalid, []string{"owner"}},
		{"acme", contact.Contact{Owner: &contact.Reference{ID: "accounts(" + dynamicsUser + ")"}}, fault.Invalid, []string{"owner"}},
		{"acme", contact.Contact{CustomFields: map[string]any{"new_nothing": "x"}}, fault.Invalid, []string{"custom_fields/new_nothing"}},
		{"acme", contact.Contact{CustomFields: map[string]any{"new_loyaltytier": 7}}, fault.Invalid, []string{"custom_fields/new_loyaltytier"}},
	}
	for _, tt := range tests {
		tt.contact.FirstName, tt.contact.LastName = "Ada", "Lovelace"
		_, err := w.session(t, spec, tt.account, tt.contact).Create(context.Background(), send)
		if f := fault.From(err); f == nil || f.Kind != tt.kind || !slices.Equal(f.Fields, tt.fields) {
			t.Errorf("%s, %v: %+v", tt.account, tt.fields, f)
		}
	}
	c := ada()
	c.CreatedAt = created
	if made := carry(t, w.session(t, spec, "acme", c), spec); made.CreatedAt.Format("2006-01-02") != "2024-01-15" {
		t.Errorf("created at %v", made.CreatedAt)
	}
	if n := w.world.CRM(spec.ID).Count("plugin"); n != 0 {
		t.Errorf("%d records", n)
	}
}
