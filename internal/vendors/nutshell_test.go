package vendors_test

import (
	"context"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
)

func TestNutshellEverything(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "nutshell")
	c := ada()
	c.FirstName, c.LastName = "Ludwig", "van Beethoven"
	c.EmailAddresses = append(c.EmailAddresses, contact.Email{Email: "ada@home.example", Type: "home"})
	c.PhoneNumbers = append(c.PhoneNumbers, contact.Phone{Number: "020 7946 0019", Extension: "7", Type: "mobile"})
	c.URLs, c.Account = []contact.URL{{URL: "https://ada.example.com"}}, &contact.Reference{ID: "15"}
	c.Owner, c.Tags = &contact.Reference{ID: "2"}, []contact.Tag{{Name: "vip"}, {Name: "New one"}, {ID: "4"}}
	c.CustomFields = map[string]any{"Favorite Number": 7}
	for _, account := range []string{"full", "flat", "noaddress", "legacy"} {
		s := w.session(t, spec, account, c)
		made := carry(t, s, spec)
		if made.FirstName != "Ludwig" || made.LastName != "van Beethoven" || made.Title != "Analyst" || len(made.EmailAddresses) != 2 ||
			len(made.PhoneNumbers) != 2 || len(made.Addresses) != 1 || made.Addresses[0].City != "London" || len(made.URLs) != 1 ||
			made.Account.ID != "15-accounts" || made.Owner.ID != "2-users" || len(made.Tags) != 3 || made.Tags[0].ID != "5-tags" {
			t.Errorf("%s: made %+v", account, *made)
		}
		if again := carry(t, w.session(t, spec, account, c), spec); again.Tags[1].ID != made.Tags[1].ID {
			t.Errorf("%s: the tag %s was made twice", account, made.Tags[1].Name)
		}
		read, err := s.Read(context.Background(), made.ID)
		if err != nil || len(read.Contact.Addresses) != 1 && account != "flat" || read.Contact.Title != "Analyst" {
			t.Errorf("%s: read %+v, %v", account, read.Contact, err)
		}
	}
}

func TestNutshellKnowsItsKey(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "nutshell")
	ctx, s := context.Background(), w.sessionWith(t, spec, "keyed", map[string]string{"external_id_field": "Source Key"}, ada())
	if found, err := s.Find(ctx); err != nil || !found.Marker || len(found.Matches) != 0 {
		t.Errorf("before: %+v, %v", found, err)
	}
	twin := w.session(t, spec, "keyed", ada())
	if _, err := twin.Create(ctx, send); err != nil {
		t.Fatal(err)
	}
	made, err := s.Create(ctx, send)
	if err != nil {
		t.Fatal(err)
	}
	if found, err := s.Find(ctx); err != nil || len(found.Matches) != 1 || found.Matches[0].ID != made.Contact.ID {
		t.Errorf("after: %+v, %v", found, err)
	}
	if found, err := s.FindPerson(ctx); err != nil || len(found.Matches) != 2 {
		t.Errorf("the person: %+v, %v", found, err)
	}
}

func TestNutshellExtendsLists(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "nutshell")
	ctx := context.Background()
	made := carry(t, w.session(t, spec, "update", ada()), spec)
	s := w.session(t, spec, "update", contact.Contact{
		Title: "Countess", EmailAddresses: []contact.Email{{Email: "augusta@example.com"}}, CustomFields: map[string]any{"Tier": "Gold"},
		PhoneNumbers: []contact.Phone{{Number: "+442079460018"}}, URLs: []contact.URL{{URL: "https://ada.example.com"}},
		Addresses: []contact.Address{{City: "Ockham", Country: "GB"}},
	})
	if _, err := s.Update(ctx, made.ID, send); err != nil {
		t.Fatal(err)
	}
	read, err := s.Read(ctx, made.ID)
	if c := read.Contact; err != nil || c.Title != "Countess" || len(c.EmailAddresses) != 2 || len(c.PhoneNumbers) != 1 ||
		len(c.Addresses) != 2 || len(c.URLs) != 1 || c.Name != "Ada Lovelace" || c.Description == "" {
		t.Errorf("read %+v, %v", c, err)
	}
}

func TestNutshellRefusals(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "nutshell")
	c := ada()
	c.CustomFields = map[string]any{"Nope": "x"}
	for _, account := range []string{"hard", "soft"} { // which refuses within success
		_, err := w.session(t, spec, account, c).Create(context.Background(), send)
		if f := fault.From(err); f == nil || f.Kind != fault.Invalid || !slices.Equal(f.Fields, []string{"custom_fields"}) {
			t.Errorf("%s: %+v", account, f)
		}
	}
	c = ada()
	c.Account = &contact.Reference{ID: "404"}
	_, err := w.session(t, spec, "hard", c).Create(context.Background(), send)
	if f := fault.From(err); f == nil || f.Kind != fault.Invalid || !slices.Equal(f.Fields, []string{"account"}) {
		t.Errorf("unknown account: %+v", f)
	}
}

// sessionWith opens a conversation with an account that has further settings.
func (w *town) sessionWith(t *testing.T, spec *connector.Spec, account string, more map[string]string, c contact.Contact) *connector.Session {
	t.Helper()
	auth, settings := w.world.Connect(spec.ID, account, "")
	maps.Copy(settings, more)
	s, err := w.client.Session(spec,
		connector.Account{ID: account, Settings: settings, Credential: connector.Credential{Scheme: auth["scheme"], Values: auth}},
		connector.Job{Input: contact.Normalize(contact.Input{Contact: c}), Key: uuid.NewString(), At: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	return s
}
