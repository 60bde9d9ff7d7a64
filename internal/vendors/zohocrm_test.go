package vendors_test

import (
	"context"
	"slices"
	"testing"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/sandbox/kit"
)

func TestZohoFields(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "zoho-crm")
	c := ada()
	c.EmailAddresses = append(c.EmailAddresses, contact.Email{Email: "ada@home.example"})
	c.PhoneNumbers = []contact.Phone{{Number: "020/7946 0018"}, {Number: "+1 800 FLOWERS", Type: "mobile"}}
	c.Account, c.Owner = &contact.Reference{ID: "5725767000007910001"}, &contact.Reference{ID: "5725767000000411009"}
	c.Tags = []contact.Tag{{Name: "VIP"}}
	c.CustomFields = map[string]any{
		"My Field": 7, "Favourite_Number": "42", "Score": "7.5", "Is_VIP": "no", "Met_On": "2026-11-23T09:30:00Z", "Met_At": "2026-11-23",
		"Tier": "Gold level", "Interests": "Engines;Poetry", "Homepage": "ada.example.com",
	}
	for _, account := range []string{"acme", "approval"} {
		made := carry(t, w.session(t, spec, account, c), spec)
		if len(made.EmailAddresses) != 2 || made.PhoneNumbers[1].Number != "+18003569377" || made.Account.ID != c.Account.ID ||
			made.Owner.ID != c.Owner.ID || len(made.Tags) != 1 || len(made.CustomFields) != len(c.CustomFields) || made.CreatedAt == nil {
			t.Errorf("%s: made %+v", account, *made)
		}
		again := w.session(t, spec, account, contact.Contact{Tags: []contact.Tag{{Name: "vip"}, {Name: "Press"}}})
		if _, err := again.Update(context.Background(), made.ID, send); err != nil {
			t.Errorf("%s: %v", account, err)
		}
		if read, err := again.Read(context.Background(), made.ID); err != nil || len(read.Contact.Tags) != 2 || read.Contact.Title != "Analyst" {
			t.Errorf("%s: updated %+v, %v", account, read.Contact, err)
		}
	}
}

func TestZohoNarrowScope(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "zoho-crm")
	c := ada()
	c.CustomFields = map[string]any{"My_Field": "x"}
	s := w.session(t, spec, "narrow", c)
	if who, err := s.Probe(context.Background()); err != nil || who != (connector.Identity{}) {
		t.Errorf("probe: %+v, %v", who, err)
	}
	if made := carry(t, s, spec); made.CustomFields["My_Field"] != "x" {
		t.Errorf("made %+v", *made)
	}
	who, err := w.session(t, spec, "acme", c).Probe(context.Background())
	if err != nil || who.ID == "" || who.Name != "acme" {
		t.Errorf("probe: %+v, %v", who, err)
	}
}

func TestZohoUnknownField(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "zoho-crm")
	c := ada()
	c.CustomFields = map[string]any{"Nothing": "x"}
	_, err := w.session(t, spec, "acme", c).Create(context.Background(), send)
	if f := fault.From(err); f == nil || f.Kind != fault.Invalid || !slices.Equal(f.Fields, []string{"custom_fields/Nothing"}) {
		t.Errorf("refused: %+v", f)
	}
	s := w.session(t, spec, "lax", c)
	if _, err := s.Create(context.Background(), send); err != nil || len(s.Warnings()) != 1 || s.Warnings()[0].Field != "custom_fields/Nothing" {
		t.Errorf("ignored: %v, %v", s.Warnings(), err)
	}
}

func TestZohoUniqueEmail(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "zoho-crm")
	ctx := context.Background()
	first, err := w.session(t, spec, "unique", ada()).Create(ctx, send)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.session(t, spec, "unique", ada()).Create(ctx, send)
	if f := fault.From(err); f == nil || f.Kind != fault.Duplicate || f.RemoteID != first.Contact.ID {
		t.Errorf("the same again: %+v", f)
	}
	lead := ada()
	lead.EmailAddresses[0].Email = "ada@leads.example"
	_, err = w.session(t, spec, "unique", lead).Create(ctx, send)
	if f := fault.From(err); f == nil || f.Kind != fault.Duplicate || f.RemoteID != "" {
		t.Errorf("a lead: %+v", f)
	}
}

func TestZohoRights(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "zoho-crm")
	for _, account := range []string{"noright", "nopermission"} {
		_, err := w.session(t, spec, account, ada()).Create(context.Background(), send)
		if kind := fault.KindOf(err); kind != fault.Forbidden {
			t.Errorf("%s: %v", account, err)
		}
	}
	_, err := w.session(t, spec, "layout", contact.Contact{Name: "Ada Lovelace"}).Create(context.Background(), send)
	if f := fault.From(err); f == nil || f.Kind != fault.Invalid || !slices.Equal(f.Fields, []string{"phone_numbers"}) {
		t.Errorf("a mandatory phone: %+v", f)
	}
}

func TestZohoUpsert(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "zoho-crm")
	_, settings := w.world.Connect(spec.ID, "keyed", "")
	settings["external_id_field"] = "External_Key"
	acc := connector.Account{ID: "keyed", Settings: settings, Credential: connector.Credential{
		Scheme: connector.OAuth2, Values: map[string]string{connector.AccessToken: kit.Token(spec.ID, "keyed")},
	}}
	s, err := w.client.Session(spec, acc, connector.Job{Input: contact.Normalize(contact.Input{Contact: ada()}), Key: "key-1"})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for range 2 {
		a, err := s.Create(context.Background(), send)
		if err != nil || s.Idempotency().Kind != connector.ExternalKey {
			t.Fatal(err, s.Idempotency())
		}
		ids = append(ids, a.Contact.ID)
	}
	answers, err := connector.CreateBatch(context.Background(), []*connector.Session{s}, send)
	if err != nil || answers[0].Err != nil {
		t.Fatal(err, answers)
	}
	if ids = append(ids, answers[0].Contact.ID); len(slices.Compact(ids)) != 1 || w.world.CRM(spec.ID).Count("keyed") != 1 {
		t.Errorf("repeating the key gave %v", ids)
	}
}

func TestZohoFindsItsOwnByName(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "zoho-crm")
	c := ada()
	c.EmailAddresses = nil
	s := w.session(t, spec, "nameonly", c)
	made, err := s.Create(context.Background(), send)
	if err != nil {
		t.Fatal(err)
	}
	if found, err := s.Find(context.Background()); err != nil || len(found.Matches) != 1 || found.Matches[0].ID != made.Contact.ID {
		t.Errorf("found %+v, %v", found.Matches, err)
	}
	if s.CanFindPerson() {
		t.Error("a name is no person")
	}
}
