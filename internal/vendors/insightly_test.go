package vendors_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/sandbox/kit"
)

func TestInsightlyHoldsAll(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "insightly")
	c := ada()
	c.PhoneNumbers = append(c.PhoneNumbers, contact.Phone{Number: "+447400123456", Type: "mobile"}, contact.Phone{Number: "+442079460019", Type: "pager"})
	c.Addresses = append(c.Addresses, contact.Address{City: "Springfield", Country: "USA"})
	c.URLs = []contact.URL{{URL: "https://linkedin.com/in/ada"}, {URL: "https://x.com/ada"}}
	c.Account, c.Owner = &contact.Reference{ID: "789012"}, &contact.Reference{ID: "2240727"}
	c.Tags = []contact.Tag{{Name: "VIP"}, {Name: "Beta"}}
	c.CustomFields = map[string]any{
		"Hobby": "Chess", "tier": "gold", "Interests__c": []any{"music", "Travel"}, "Score": "7", "Vip__c": "yes", "Since": "2026-11-23",
	}
	for account, calls := range map[string]int{"acme": 2, "tags": 0} { // one loses tags on create
		made := carry(t, w.session(t, spec, account, c), spec)
		if len(made.PhoneNumbers) != 3 || len(made.Addresses) != 2 || made.Addresses[1].Country != "United States" || len(made.URLs) != 2 ||
			made.Account.ID != "789012" || made.Owner.ID != "2240727" || len(made.Tags) != 2 || len(made.CustomFields) != len(c.CustomFields) ||
			made.Description != c.Description || made.ETag == "" || made.CreatedAt == nil {
			t.Errorf("%s: made %+v", account, *made)
		}
		if got := w.world.CRM(spec.ID).Counts(account).FollowUps["tag"]; got != calls {
			t.Errorf("%s: %d tags were put on by calls of their own", account, got)
		}
	}
}

func TestInsightlyBlamesFields(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "insightly")
	for field, change := range map[string]func(*contact.Contact){
		"account":               func(c *contact.Contact) { c.Account = &contact.Reference{ID: "404"} },
		"owner":                 func(c *contact.Contact) { c.Owner = &contact.Reference{ID: "404"} },
		"phone_numbers":         func(c *contact.Contact) { c.PhoneNumbers[0].Number = strings.Repeat("1", 256) },
		"custom_fields":         func(c *contact.Contact) { c.CustomFields = map[string]any{"Tier": "Bronze"} },
		"custom_fields/Shoe__c": func(c *contact.Contact) { c.CustomFields = map[string]any{"Shoe__c": "39"} },
	} {
		c := ada()
		change(&c)
		_, err := w.session(t, spec, "acme", c).Create(context.Background(), send)
		if f := fault.From(err); f == nil || f.Kind != fault.Invalid || !slices.Contains(f.Fields, field) {
			t.Errorf("%s: %+v", field, f)
		}
	}
	for account, want := range map[string]fault.Kind{"full": fault.Forbidden, "noplan": fault.Forbidden} {
		_, err := w.session(t, spec, account, ada()).Create(context.Background(), send)
		if got := fault.KindOf(err); got != want {
			t.Errorf("account %s: %v, want %s", account, err, want)
		}
	}
}

func TestInsightlyLooksUp(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "insightly")
	ctx := context.Background()
	mobile := []contact.Phone{{Number: "+447400123456", Type: "mobile"}}
	made, err := w.session(t, spec, "acme", contact.Contact{Name: "Ada Lovelace", PhoneNumbers: mobile}).Create(ctx, send)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []contact.Contact{{PhoneNumbers: mobile}, {Name: "ada lovelace"}} {
		s := w.session(t, spec, "acme", c)
		for _, find := range []func(context.Context) (connector.Found, error){s.Find, s.FindPerson} {
			if found, err := find(ctx); err != nil || len(found.Matches) != 1 || found.Matches[0].ID != made.Contact.ID {
				t.Errorf("by %v: %+v, %v", c.Present(), found.Matches, err)
			}
		}
	}
}

func TestInsightlyKnowsItsOwnByKey(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "insightly")
	acc := connector.Account{ID: "acme", Settings: connector.Settings{"pod": "na1", "external_id_field": "Sync_Key__c"}, Credential: connector.Credential{
		Scheme: connector.APIKey, Values: map[string]string{connector.APIKey: kit.Token(spec.ID, "acme")},
	}}
	for _, key := range []string{"key-1", "key-2"} {
		s, err := w.client.Session(spec, acc, connector.Job{Input: contact.Normalize(contact.Input{Contact: ada()}), Key: key})
		if err != nil {
			t.Fatal(err)
		}
		made, err := s.Create(context.Background(), send)
		if err != nil {
			t.Fatal(err)
		}
		found, err := s.Find(context.Background())
		if err != nil || !found.Marker || len(found.Matches) != 1 || found.Matches[0].ID != made.Contact.ID {
			t.Errorf("%s: %+v, %v", key, found, err)
		}
	}
}

func TestInsightlyReplacesWholeAddresses(t *testing.T) {
	t.Parallel()
	w, spec := open(t, "insightly")
	made := carry(t, w.session(t, spec, "acme", ada()), spec)
	moved := contact.Contact{Addresses: []contact.Address{{City: "Turin", Country: "Italy"}}}
	updated, err := w.session(t, spec, "acme", moved).Update(context.Background(), made.ID, send)
	if err != nil || len(updated.Contact.Addresses) != 1 || updated.Contact.Addresses[0] != (contact.Address{City: "Turin", Country: "Italy", Type: "mailing"}) ||
		updated.Contact.Title != "Analyst" || updated.Contact.FirstName != "Ada" {
		t.Errorf("updated %+v, %v", updated.Contact, err)
	}
}

func TestInsightlyPods(t *testing.T) {
	t.Parallel()
	_, spec := open(t, "insightly")
	clean := spec.Settings[0].Clean
	for text, want := range map[string]string{
		" NA1 ": "na1", "https://api.eu1.insightly.com/v3.1/": "eu1", "crm.au1.insightly.com": "au1",
		"https://na1.insightly.com.evil.example": "https://na1.insightly.com.evil.example",
	} {
		if got := clean(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}
