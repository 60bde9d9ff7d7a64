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

const pipelinerAccount = "0bc376a4-c579-413a-9221-e86e4a134766"

func TestPipelinerEverything(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "pipeliner")
	ctx, c := context.Background(), ada()
	c.EmailAddresses = append(c.EmailAddresses, contact.Email{Email: "ada@home.example"})
	c.PhoneNumbers = append(c.PhoneNumbers, contact.Phone{Number: "+447400123456", Type: "mobile"})
	c.Account, c.Owner = &contact.Reference{ID: pipelinerAccount}, &contact.Reference{Name: "Alan@sandbox.example"}
	c.Tags = []contact.Tag{{Name: "VIP"}, {Name: "Engines"}, {Name: "vip"}}
	c.URLs = []contact.URL{{URL: "linkedin.com/in/ada"}, {URL: "https://vimeo.com/ada"}}
	c.CustomFields = map[string]any{"Tier": "Gold", "Segment": "option 2", "Score": "7", "cf_rating": "4.5", "Since": "2026-01-05T09:30:00Z", "Approved": "no", "Loyalty": "high"}
	s := w.session(t, spec, "acme", c)
	made := carry(t, s, spec)
	if len(made.EmailAddresses) != 2 || len(made.PhoneNumbers) != 2 || made.Account.ID != pipelinerAccount || made.Owner.ID[35:] != "8" ||
		len(made.Tags) != 2 || len(made.URLs) != 2 || len(made.CustomFields) != len(c.CustomFields) || made.Addresses[0].Country != "United Kingdom" || made.ETag == "" {
		t.Errorf("made %+v", *made)
	}
	read, err := s.Read(ctx, made.ID)
	if got := read.Contact; err != nil || len(got.Tags) != 2 || got.Tags[0].Name != "vip" || got.Tags[1].Name != "Engines" || len(got.URLs) != 2 {
		t.Errorf("read %+v, %v", got, err)
	}
	steps, err := s.Steps(ctx, contact.Contact{ID: made.ID})
	if err != nil || len(steps) != 4 {
		t.Fatalf("steps %+v, %v", steps, err)
	}
	for _, step := range steps {
		if applied, err := s.Applied(ctx, step); !applied || err != nil {
			t.Errorf("%s: applied %v, %v", step.ID, applied, err)
		}
	}
	if counts := w.world.CRM(spec.ID).Counts("acme"); counts.FollowUps["tag"] != 1 || len(counts.FollowUps) != 1 {
		t.Errorf("the CRM counts %+v", counts)
	}
}

func TestPipelinerMakesUpForLinks(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "pipeliner")
	ctx := context.Background()
	made, err := w.session(t, spec, "acme", ada()).Create(ctx, send)
	if err != nil {
		t.Fatal(err)
	}
	c := ada()
	c.Account, c.Tags, c.URLs = &contact.Reference{ID: pipelinerAccount}, []contact.Tag{{Name: "vip"}}, []contact.URL{{URL: "linkedin.com/in/ada"}}
	s := w.session(t, spec, "acme", c)
	steps, err := s.Steps(ctx, made.Contact)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range steps {
		if applied, err := s.Applied(ctx, step); applied || err != nil {
			t.Errorf("%s: applied before it was sent: %v, %v", step.ID, applied, err)
		}
		if err := s.Do(ctx, step, send); err != nil {
			t.Errorf("%s: %v", step.ID, err)
		}
	}
	if read, err := s.Read(ctx, made.Contact.ID); err != nil || read.Contact.Account == nil || len(read.Contact.Tags) != 1 || len(read.Contact.URLs) != 1 {
		t.Errorf("read %+v, %v", read.Contact, err)
	}
}

func TestPipelinerLooksUp(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "pipeliner")
	ctx := context.Background()
	made, err := w.session(t, spec, "acme", ada()).Create(ctx, send)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []contact.Contact{{PhoneNumbers: ada().PhoneNumbers}, {Name: "ADA Lovelace"}, {EmailAddresses: ada().EmailAddresses}} {
		if found, err := w.session(t, spec, "acme", c).Find(ctx); err != nil || len(found.Matches) != 1 || found.Matches[0].ID != made.Contact.ID {
			t.Errorf("by %v: %+v, %v", c.Present(), found.Matches, err)
		}
	}
}

func TestPipelinerOwnKey(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "pipeliner")
	auth, settings := w.world.Connect(spec.ID, "acme", "")
	settings["external_id_field"] = "cf_job_key"
	acc := connector.Account{ID: "acme", Settings: settings, Credential: connector.Credential{
		Scheme: auth["scheme"], Values: map[string]string{"username": "us_app", "password": kit.Token(spec.ID, "acme")},
	}}
	s, err := w.client.Session(spec, acc, connector.Job{Input: contact.Normalize(contact.Input{Contact: ada()}), Key: "key-1"})
	if err != nil {
		t.Fatal(err)
	}
	made, err := s.Create(context.Background(), send)
	if err != nil {
		t.Fatal(err)
	}
	if found, err := s.Find(context.Background()); err != nil || !found.Marker || len(found.Matches) != 1 || found.Matches[0].ID != made.Contact.ID {
		t.Errorf("found %+v, %v", found, err)
	}
	_, err = s.Create(context.Background(), send)
	if f := fault.From(err); f == nil || f.Kind != fault.Duplicate || f.RemoteID != "" {
		t.Errorf("the same key again: %+v", f)
	}
}

func TestPipelinerBlamesFields(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "pipeliner")
	for field, change := range map[string]func(*contact.Contact){
		"owner":                func(c *contact.Contact) { c.Owner = &contact.Reference{ID: "00000000-0000-0000-0000-000000011404"} },
		"account":              func(c *contact.Contact) { c.Account = &contact.Reference{ID: "00000000-0000-0000-0000-000000011404"} },
		"tags":                 func(c *contact.Contact) { c.Tags = []contact.Tag{{ID: "nothing"}} },
		"custom_fields/cf_no":  func(c *contact.Contact) { c.CustomFields = map[string]any{"cf_no": "x"} },
		"custom_fields/gender": func(c *contact.Contact) { c.CustomFields = map[string]any{"gender": 7} },
	} {
		c := ada()
		change(&c)
		_, err := w.session(t, spec, "acme", c).Create(context.Background(), send)
		if f := fault.From(err); f == nil || f.Kind != fault.Invalid || !slices.Equal(f.Fields, []string{field}) || f.Code != "ERROR_ENTITY_VALIDATION" {
			t.Errorf("%s: %+v", field, f)
		}
	}
	_, err := w.session(t, spec, "demanding", ada()).Create(context.Background(), send)
	if f := fault.From(err); f == nil || f.Kind != fault.Invalid {
		t.Errorf("what an admin demands: %+v", f)
	}
}

func TestPipelinerBatchWithoutWords(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "pipeliner")
	w.batchOf(t, spec, "legacy", []string{"a@example.com", "b@", "c@example.com"}, []fault.Kind{"", fault.Invalid, ""})
	w.batchOf(t, spec, "strict", []string{"a@example.com", "A@example.com"}, []fault.Kind{"", fault.Duplicate})
}

func (w *town) batchOf(t *testing.T, spec *connector.Spec, account string, emails []string, want []fault.Kind) {
	t.Helper()
	var sessions []*connector.Session
	for _, email := range emails {
		c := ada()
		c.EmailAddresses = []contact.Email{{Email: email}}
		sessions = append(sessions, w.session(t, spec, account, c))
	}
	answers, err := connector.CreateBatch(context.Background(), sessions, send)
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range answers {
		if kind := fault.KindOf(a.Err); a.Err != nil && kind != want[i] || a.Err == nil && want[i] != "" {
			t.Errorf("%s, row %d: %+v, %v", account, i, a.Contact, a.Err)
		}
	}
}
