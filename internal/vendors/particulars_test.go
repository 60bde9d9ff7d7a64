package vendors_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/connector/connectortest"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/sandbox/kit"
	"crmferry/internal/vendors"
)

// open finds a connector, and makes a town in which to talk to its imitation.
func open(t *testing.T, crm string) (*town, *connector.Spec) {
	t.Helper()
	spec, ok := vendors.NewCatalogue().Lookup(crm)
	if !ok {
		t.Fatalf("no connector for %s", crm)
	}
	return newTown(t), spec
}

func carry(t *testing.T, s *connector.Session, spec *connector.Spec) *contact.Contact {
	t.Helper()
	made, warnings, err := connectortest.Carry(context.Background(), s, spec)
	if err != nil {
		t.Fatal(err)
	}
	if len(warnings) > 0 {
		t.Errorf("warnings %v", warnings)
	}
	return made
}

func TestHubSpotFollows(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "hubspot")
	c := ada()
	c.EmailAddresses = append(c.EmailAddresses, contact.Email{Email: "ada+2@example.com"})
	c.Account, c.Owner = &contact.Reference{ID: "9001"}, &contact.Reference{ID: "1234567"}
	c.URLs = []contact.URL{{URL: "https://ada.example.com"}}
	c.CustomFields = map[string]any{"my_custom_field": "x", "lead_score": 7}
	made := carry(t, w.session(t, spec, "acme", c), spec)
	if len(made.EmailAddresses) != 2 || made.Description != c.Description || made.Account.ID != "9001" || made.CustomFields["lead_score"] != "7" {
		t.Errorf("made %+v", *made)
	}
	other := contact.Contact{Name: "X", EmailAddresses: c.EmailAddresses[1:]}
	s := w.session(t, spec, "acme", other)
	if found, err := s.Find(context.Background()); err != nil || len(found.Matches) != 1 || found.Matches[0].Account.ID != "9001" {
		t.Errorf("found by the second e-mail: %+v, %v", found.Matches, err)
	}
	if counts := w.world.CRM(spec.ID).Counts("acme"); counts.FollowUps["note"] != 1 {
		t.Errorf("the CRM counts %+v", counts)
	}
}

func TestSalesforceTopicsAndRules(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "salesforce")
	c := ada()
	c.Tags = []contact.Tag{{Name: "VIP"}, {Name: "Beta's"}}
	s := w.session(t, spec, "strict", c)
	made := carry(t, s, spec)
	if len(made.Tags) != 2 || made.Description != c.Description || made.CreatedAt == nil {
		t.Errorf("made %+v", *made)
	}
	steps, err := s.Steps(context.Background(), *made)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range steps {
		if applied, err := s.Applied(context.Background(), step); !applied || err != nil {
			t.Errorf("%s: applied %v, %v", step.ID, applied, err)
		}
	}
	_, err = w.session(t, spec, "strict", ada()).Create(context.Background(), send)
	if f := fault.From(err); f == nil || f.Kind != fault.Duplicate || f.RemoteID != made.ID {
		t.Errorf("the org's rule: %+v", f)
	}
}

func TestSalesforceUpsert(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "salesforce")
	_, settings := w.world.Connect(spec.ID, "keyed", "")
	settings["external_id_field"] = "Ext_Id__c"
	acc := connector.Account{ID: "keyed", Settings: settings, Credential: connector.Credential{
		Scheme: connector.OAuth2, Values: map[string]string{connector.AccessToken: kit.Token(spec.ID, "keyed")},
	}}
	job := connector.Job{Input: contact.Normalize(contact.Input{Contact: ada()}), Key: "key-1"}
	var ids []string
	for range 2 {
		s, err := w.client.Session(spec, acc, job)
		if err != nil {
			t.Fatal(err)
		}
		a, err := s.Create(context.Background(), send)
		if err != nil || s.Idempotency().Kind != connector.ExternalKey {
			t.Fatalf("%v, %v", err, s.Idempotency())
		}
		ids = append(ids, a.Contact.ID)
	}
	s, err := w.client.Session(spec, acc, job)
	if err != nil {
		t.Fatal(err)
	}
	answers, err := connector.CreateBatch(context.Background(), []*connector.Session{s}, send)
	if err != nil || answers[0].Err != nil {
		t.Fatal(err, answers)
	}
	ids = append(ids, answers[0].Contact.ID)
	if len(slices.Compact(ids)) != 1 || w.world.CRM(spec.ID).Count("keyed") != 1 {
		t.Errorf("repeating the key gave %v", ids)
	}
}

func TestMondayEverything(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "monday-crm")
	c := ada()
	c.EmailAddresses = append(c.EmailAddresses, contact.Email{Email: "ada@home.example"})
	c.PhoneNumbers = []contact.Phone{{Number: "+14155550101", Type: "mobile"}, {Number: "020 7946 0018", Type: "work"}}
	c.Account, c.Owner = &contact.Reference{ID: "9876543210"}, &contact.Reference{ID: "4616627"}
	c.Tags, c.URLs = []contact.Tag{{Name: "VIP"}, {ID: "456"}}, []contact.URL{{URL: "linkedin.com/in/ada"}, {URL: "https://ada.example.com"}}
	c.Description = strings.Repeat("long ", 500)
	c.CustomFields = map[string]any{
		"Score": 42, "Birthday": "1815-12-10", "Subscribed": true, "Rating": 4, "Type": "Customer", "interests": []any{"Engines", "Poetry"}, "My field": "x",
	}
	for _, account := range []string{"acme", "nolink"} { // which loses links at first
		made := carry(t, w.session(t, spec, account, c), spec)
		if made.Account == nil || made.Account.ID != "9876543210" || made.Owner.ID != "4616627" || len(made.Tags) != 2 ||
			len(made.EmailAddresses) != 2 || len(made.PhoneNumbers) != 2 || len(made.URLs) != 2 || made.Description == "" ||
			made.FirstName != "Ada" || made.Title != "Analyst" || len(made.CustomFields) != len(c.CustomFields) || len(made.Addresses) != 1 {
			t.Errorf("%s: made %+v", account, *made)
		}
		if counts := w.world.CRM(spec.ID).Counts(account); counts.FollowUps["update_post"] != 1 {
			t.Errorf("%s: the CRM counts %+v", account, counts)
		}
	}
}

func TestMondayFindsItsBoard(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "monday-crm")
	acc := connector.Account{ID: "acme", Credential: connector.Credential{
		Scheme: connector.APIKey, Values: map[string]string{connector.APIKey: kit.Token(spec.ID, "acme")},
	}}
	s, err := w.client.Session(spec, acc, connector.Job{Input: contact.Input{Contact: contact.Contact{Name: "Ada"}}, Key: "key-1"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Create(context.Background(), send); err != nil {
		t.Fatal(err)
	}
}

func TestMondayRepeatsAKey(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "monday-crm")
	s := w.session(t, spec, "acme", ada())
	var draft connector.Draft
	first, err := s.Create(context.Background(), func(d connector.Draft) (time.Time, error) { draft = d; return send(d) })
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.Resend(context.Background(), draft, send)
	if err != nil || again.Contact.ID != first.Contact.ID || w.world.CRM(spec.ID).Count("acme") != 1 {
		t.Errorf("again %+v, %v", again.Contact, err)
	}
}

func TestMondayRefusesAnUnknownColumn(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "monday-crm")
	c := ada()
	c.CustomFields = map[string]any{"nothing": "x"}
	_, err := w.session(t, spec, "acme", c).Create(context.Background(), send)
	if f := fault.From(err); f == nil || f.Kind != fault.Invalid || !slices.Contains(f.Fields, "custom_fields/nothing") {
		t.Errorf("fault %+v", f)
	}
}

func TestAffinityFieldValues(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "affinity")
	c := ada()
	c.PhoneNumbers = append(c.PhoneNumbers, contact.Phone{Number: "+447400123456"})
	c.URLs, c.Account = []contact.URL{{URL: "https://linkedin.com/in/ada"}}, &contact.Reference{ID: "1687449"}
	c.CustomFields = map[string]any{"Role": "Boss", "Score": 7, "Birthday": "1815-12-10", "Segment": "Investor", "Tier": "Gold"}
	s := w.session(t, spec, "acme", c)
	made := carry(t, s, spec)
	if made.Title != "Analyst" || len(made.PhoneNumbers) != 2 || len(made.CustomFields) != 5 || made.Account.ID != "1687449" {
		t.Errorf("made %+v", *made)
	}
	if counts := w.world.CRM(spec.ID).Counts("acme"); counts.FollowUps["field_value"] != 10 || counts.FollowUps["note"] != 1 {
		t.Errorf("the CRM counts %+v", counts)
	}
	steps, err := s.Steps(context.Background(), *made)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range steps {
		if step.Check == nil {
			continue
		}
		if applied, err := s.Applied(context.Background(), step); !applied || err != nil {
			t.Errorf("%s of %s: applied %v, %v", step.ID, step.Path, applied, err)
		}
	}
}

func TestAffinityMergedOrganization(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "affinity")
	c := ada()
	c.Account = &contact.Reference{ID: "1301"}
	_, err := w.session(t, spec, "acme", c).Create(context.Background(), send)
	if f := fault.From(err); f == nil || f.Kind != fault.Invalid || !slices.Equal(f.Fields, []string{"account"}) {
		t.Errorf("fault %+v", f)
	}
}
