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

func TestCopperEverything(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "copper")
	ctx, c := context.Background(), ada()
	c.EmailAddresses = append(c.EmailAddresses, contact.Email{Email: "ada@home.example", Type: "home"}, contact.Email{Email: "ada@club.example", Type: "club"})
	c.PhoneNumbers = append(c.PhoneNumbers, contact.Phone{Number: "+447700900123", Extension: "7", Type: "mobile"}, contact.Phone{Number: "+442079460019", Type: "fax"})
	c.Account, c.Owner, c.Tags = &contact.Reference{ID: "9607580"}, &contact.Reference{ID: "137658"}, []contact.Tag{{Name: "VIP"}}
	c.URLs = []contact.URL{{URL: "linkedin.com/in/ada"}, {URL: "https://ada.example.com"}, {URL: "https://github.com/ada"}}
	c.CustomFields = map[string]any{
		"colour": "Red", "103481": 7, "Fruits": "Fruits A", "Segments": "Segments A;2082351", "Score": "7", "Newsletter": "no", "Birthday": "1815-12-10",
		"Budget": 9.5, "Share": "20", "Page": "https://x.example",
	}
	made := carry(t, w.session(t, spec, "acme", c), spec)
	if len(made.EmailAddresses) != 3 || len(made.PhoneNumbers) != 3 || made.PhoneNumbers[1].Extension != "7" || len(made.URLs) != 3 ||
		made.Account.ID != "9607580" || made.Owner.ID != "137658" || len(made.Tags) != 1 || len(made.CustomFields) != len(c.CustomFields) ||
		made.Addresses[0].Country != "GB" || made.Description == "" {
		t.Errorf("made %+v", *made)
	}
	update := w.session(t, spec, "acme", contact.Contact{
		LastName: "Byron", EmailAddresses: []contact.Email{{Email: "new@example.com"}}, PhoneNumbers: []contact.Phone{{Number: "+442079460020"}},
		Tags: []contact.Tag{{Name: "Press"}}, URLs: []contact.URL{{URL: "https://b.example.com"}}, CustomFields: map[string]any{"Score": 8},
	})
	a, err := update.Update(ctx, made.ID, send)
	if got := a.Contact; err != nil || got.Name != "Ada Byron" || len(got.EmailAddresses) != 4 || len(got.PhoneNumbers) != 4 || len(got.Tags) != 2 ||
		len(got.URLs) != 4 || len(got.CustomFields) != len(c.CustomFields) {
		t.Errorf("updated %+v, %v", got, err)
	}
}

func TestCopperLooksUp(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "copper")
	ctx := context.Background()
	c := contact.Contact{Name: "Ada Lovelace", PhoneNumbers: []contact.Phone{{Number: "+44 20 7946 0018", Extension: "7"}}}
	made, err := w.session(t, spec, "sparse", c).Create(ctx, send)
	if err != nil {
		t.Fatal(err)
	}
	s := w.session(t, spec, "sparse", c)
	for name, find := range map[string]func(context.Context) (connector.Found, error){"by name": s.Find, "by phone": s.FindPerson} {
		if found, err := find(ctx); err != nil || len(found.Matches) != 1 || found.Matches[0].ID != made.Contact.ID || found.Lag != time.Minute {
			t.Errorf("%s: %+v, %v", name, found, err)
		}
	}
	if w.session(t, spec, "sparse", contact.Contact{Name: "Ada Lovelace"}).CanFindPerson() {
		t.Error("a name alone finds a person")
	}
}

// The people of others may be hidden, though their e-mails are taken.
func TestCopperHidesPeople(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "copper")
	ctx, c := context.Background(), ada()
	w.world.CRM(spec.ID).Seed("team", kit.Person{FirstName: "Ada", Email: "hidden@example.com"}, time.Now().Add(-time.Hour))
	c.EmailAddresses = append(c.EmailAddresses, contact.Email{Email: "hidden@example.com"})
	s := w.session(t, spec, "team", c)
	_, err := s.Create(ctx, send)
	if f := fault.From(err); f == nil || f.Kind != fault.Duplicate || f.RemoteID != "" || !slices.Equal(f.Fields, []string{"email_addresses"}) {
		t.Errorf("fault %+v", f)
	}
	if found, err := s.Find(ctx); err != nil || len(found.Matches) != 0 {
		t.Errorf("found %+v, %v", found, err)
	}
}

func TestCopperRefusals(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "copper")
	for field, change := range map[string]func(*contact.Contact){
		"account":       func(c *contact.Contact) { c.Account = &contact.Reference{ID: "404"} },
		"owner":         func(c *contact.Contact) { c.Owner = &contact.Reference{ID: "404"} },
		"custom_fields": func(c *contact.Contact) { c.CustomFields = map[string]any{"Fruits": "Durian"} },
	} {
		c := ada()
		change(&c)
		_, err := w.session(t, spec, "acme", c).Create(context.Background(), send)
		if f := fault.From(err); f == nil || f.Kind != fault.Invalid || !slices.Equal(f.Fields, []string{field}) {
			t.Errorf("%s: %+v", field, f)
		}
	}
}

// A token travels without the headers of the other scheme.
func TestCopperTakesTokens(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "copper")
	for _, scheme := range []string{connector.AccessToken, connector.OAuth2} {
		acc := connector.Account{ID: scheme, Settings: map[string]string{"user_email": "grace@sandbox.example"}, Credential: connector.Credential{
			Scheme: scheme, Values: map[string]string{connector.AccessToken: kit.Token(spec.ID, "acme")},
		}}
		s, err := w.client.Session(spec, acc, connector.Job{})
		if err != nil {
			t.Fatal(err)
		}
		if who, err := s.Probe(context.Background()); err != nil || who.Name != "acme" || who.ID == "" {
			t.Errorf("%s: %+v, %v", scheme, who, err)
		}
	}
}
