package vendors_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/sandbox/kit"
)

const closeLead = "lead_QyNaWw4fdSwxl5Mc5daMFf3Y27PpIcH0awPbC9l7uyo"

func closeContact() contact.Contact {
	c, made := ada(), time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	c.Description, c.Addresses, c.CreatedAt = "", nil, &made
	c.Account = &contact.Reference{ID: closeLead}
	return c
}

func TestCloseOnALead(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "close")
	ctx, c := context.Background(), closeContact()
	c.EmailAddresses = append(c.EmailAddresses, contact.Email{Email: "ada@home.example", Type: "home"})
	c.PhoneNumbers = append(c.PhoneNumbers, contact.Phone{Number: "+447400123456", Type: "mobile"})
	c.URLs = []contact.URL{{URL: "ada.example.com"}}
	c.CustomFields = map[string]any{"external key": 17, "Score": "7", "Tier": "gold", "Segments": "Press;Investor", "Birthday": "1815-12-10"}
	s := w.session(t, spec, "acme", c)
	made := carry(t, s, spec)
	if len(made.EmailAddresses) != 2 || len(made.PhoneNumbers) != 2 || len(made.URLs) != 1 || made.Account.ID != closeLead || len(made.CustomFields) != 5 ||
		!made.CreatedAt.Equal(*c.CreatedAt) {
		t.Errorf("made %+v", *made)
	}
	// The event log tells when it was really made.
	if found, err := s.Find(ctx); err != nil || len(found.Matches) != 1 || time.Since(*found.Matches[0].CreatedAt) > time.Minute {
		t.Errorf("in the event log: %+v, %v", found.Matches, err)
	}
	if found, err := s.FindPerson(ctx); err != nil || len(found.Matches) != 1 || found.Matches[0].ID != made.ID {
		t.Errorf("among the lead's contacts: %+v, %v", found.Matches, err)
	}
	other := w.session(t, spec, "acme", contact.Contact{
		FirstName: "Ada", Title: "Countess", PhoneNumbers: []contact.Phone{{Number: "+44 20 7946 0018"}}, URLs: []contact.URL{{URL: "https://b.example.com"}},
	})
	a, err := other.Update(ctx, made.ID, send)
	if got := a.Contact; err != nil || got.Name != "Ada Lovelace" || got.Title != "Countess" || len(got.PhoneNumbers) != 2 || len(got.URLs) != 2 {
		t.Errorf("updated %+v, %v", got, err)
	}
}

func TestCloseNamesItsNewLead(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "close")
	c := closeContact()
	c.Account = &contact.Reference{Name: "Analytical Engines"}
	made := carry(t, w.session(t, spec, "acme", c), spec)
	counts := w.world.CRM(spec.ID).Counts("acme")
	if made.Account.ID == "" || made.Account.Name != "Analytical Engines" || counts.FollowUps["lead_update"] != 1 {
		t.Errorf("account %+v, counts %+v", made.Account, counts)
	}
}

func TestCloseFindsItsKey(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "close")
	ctx := context.Background()
	auth, _ := w.world.Connect(spec.ID, "acme", "")
	session := func(c contact.Contact, key, field string) *connector.Session {
		s, err := w.client.Session(spec,
			connector.Account{ID: "acme" + field, Settings: map[string]string{"external_id_field": field}, Credential: connector.Credential{Scheme: auth["scheme"], Values: auth}},
			connector.Job{Input: contact.Normalize(contact.Input{Contact: c}), Key: key, At: time.Now()})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	probe := session(contact.Contact{FirstName: "Ada", CustomFields: map[string]any{"External Key": "x"}}, uuid.NewString(), "")
	first, err := probe.Create(ctx, send)
	if err != nil {
		t.Fatal(err)
	}
	field := ""
	for _, r := range w.world.CRM(spec.ID).Records("acme") {
		for key, value := range r.Data {
			if value == "x" {
				field = key[len("custom."):]
			}
		}
	}
	c, key := contact.Contact{FirstName: "Ada"}, uuid.NewString()
	made, err := session(c, key, field).Create(ctx, send)
	if err != nil || made.Contact.ID == first.Contact.ID {
		t.Fatal(err)
	}
	if found, err := session(c, key, field).Find(ctx); err != nil || !found.Marker || len(found.Matches) != 1 || found.Matches[0].ID != made.Contact.ID {
		t.Errorf("found %+v, %v", found, err)
	}
}

func TestCloseBlamesFields(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "close")
	for field, change := range map[string]func(*contact.Contact){
		"account":            func(c *contact.Contact) { c.Account = &contact.Reference{ID: "lead_" + kit.UUID("x", 1)} },
		"phone_numbers":      func(c *contact.Contact) { c.PhoneNumbers = []contact.Phone{{Number: "1234567890123456"}} },
		"custom_fields/cf_x": func(c *contact.Contact) { c.CustomFields = map[string]any{"cf_x": "1"} },
	} {
		c := closeContact()
		change(&c)
		_, err := w.session(t, spec, "acme", c).Create(context.Background(), send)
		if f := fault.From(err); f == nil || f.Kind != fault.Invalid || !slices.Contains(f.Fields, field) {
			t.Errorf("%s: %+v", field, f)
		}
	}
}
