package e2e

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fleet"
	"crmferry/internal/sandbox"
	"crmferry/internal/sandbox/kit"
	"crmferry/internal/vendors"
)

// peculiar is what a test must know of one CRM beside its Spec.
type peculiar struct {
	// with completes a contact by references to records that the imitation has.
	with map[string]any
	// invalid is the field by which the CRM refuses a contact; it must be named
	// as the one to blame, unless the vendor names none.
	invalid   map[string]any
	blameless bool
	// accepted: a second contact with the same e-mail is taken.
	accepted bool
	// nameless: the refusal of a duplicate does not lead to the record.
	nameless bool
	// untold: the CRM tells no creation time, so that a lost create stays unknown.
	untold bool
	// forbidden is the kind of a missing scope where it is not "forbidden".
	forbidden string
}

// TestEveryCRM sends contacts to every CRM through API, Redis and worker, and
// makes each of them misbehave.
func TestEveryCRM(t *testing.T) {
	t.Parallel()
	f := launch(t, sandbox.Options{})
	f.StartWorker()
	known := peculiarities()
	for _, spec := range vendors.All() {
		p, ok := known[spec.ID]
		if !ok {
			t.Errorf("%s: the test knows nothing of it", spec.ID)
			continue
		}
		t.Run(spec.ID, func(t *testing.T) {
			t.Parallel()
			visit{f.with(t), spec, p}.all()
		})
	}
}

type visit struct {
	*ferry
	spec *connector.Spec
	p    peculiar
}

func (v visit) all() {
	account := v.Connect(v.spec.ID, "main")
	full := v.settle(account, v.full("Full"))
	v.want(full, "full", "succeeded", "")
	v.want(v.settle(account, v.minimal("Minimal")), "minimal", "succeeded", "")
	v.duplicate(account, full)
	v.invalid(account)
	v.required()
	v.want(v.settle(v.Connect(v.spec.ID, "expired"), v.minimal("Expired")), "expired token", "failed", "unauthorized")
	v.want(v.settle(v.Connect(v.spec.ID, "noscope"), v.minimal("Noscope")), "missing scope", "failed", v.missingScope())
	v.limited(v.Connect(v.spec.ID, "main")) // which waits from then on as a whole
	v.broken(account)
}

func (v visit) missingScope() string {
	if v.p.forbidden != "" {
		return v.p.forbidden
	}
	return "forbidden"
}

// settle posts a contact and waits for the end of its job.
func (v visit) settle(account string, person map[string]any, options ...string) job {
	v.Helper()
	return v.Await(v.Post(v.path(account, options...), person).ID, time.Minute)
}

func (v visit) path(account string, options ...string) string {
	_, settings := v.World.Connect(v.spec.ID, "main", "")
	if v.spec.Workspace != "" {
		options = append(options, "workspace[id]", settings[v.spec.Workspace])
	}
	return fleet.Contacts(account, options...)
}

func (v visit) want(j job, what, status, kind string) {
	v.Helper()
	if j.Status != status || j.Error.Kind != kind {
		v.Errorf("%s: %s %s, want %s %s: %+v", what, j.Status, j.Error.Kind, status, kind, j.Error)
	}
	if status == "succeeded" && j.Result.ID == "" {
		v.Errorf("%s: no remote id", what)
	}
}

// minimal is the least that the CRM requires.
func (v visit) minimal(name string) map[string]any {
	all := v.full(name)
	c := map[string]any{}
	for _, field := range v.spec.Fields.Requires {
		c[string(field)] = all[string(field)]
	}
	c["last_name"], c["first_name"] = all["last_name"], all["first_name"]
	c["email_addresses"] = all["email_addresses"]
	return c
}

func (v visit) full(name string) map[string]any {
	c := fleet.Person(name)
	maps.Copy(c, map[string]any{
		"title": "Analyst", "description": "Met at the engine demonstration",
		"phone_numbers": []any{map[string]any{"number": "+44 20 7946 0018", "type": "work"}, map[string]any{"number": "+44 7911 123456", "type": "mobile"}},
		"addresses": []any{map[string]any{
			"street_1": "12 St James's Square", "street_2": "Flat 2", "city": "London", "state": "London", "postal_code": "SW1Y 4JH", "country": "GB", "type": "work",
		}},
		"urls": []any{map[string]any{"url": "https://ada.example.com", "type": "website"}},
		"tags": []any{map[string]any{"name": "VIP"}},
	})
	maps.Copy(c, v.p.with)
	return c
}

func (v visit) duplicate(account string, first job) {
	v.Helper()
	again := v.full("Full")
	if v.p.accepted {
		v.want(v.settle(account, again), "accepted duplicate", "succeeded", "")
	} else {
		j := v.settle(account, again)
		v.want(j, "duplicate", "failed", "duplicate")
		if !v.p.nameless && j.Error.RemoteID != first.Result.ID {
			v.Errorf("duplicate: names %q, want %q", j.Error.RemoteID, first.Result.ID)
		}
	}
	var view struct {
		OnDuplicate []string `json:"on_duplicate"`
	}
	v.Must(http.StatusOK, "GET", "/crms/"+v.spec.ID, nil).Decode(v, &view)
	for choice, outcome := range map[string]string{"return_existing": "matched", "update": "updated"} {
		if !slices.Contains(view.OnDuplicate, choice) {
			v.Must(http.StatusUnprocessableEntity, "POST", v.path(account, "on_duplicate", choice), again)
			continue
		}
		if j := v.settle(account, again, "on_duplicate", choice); j.Status != "succeeded" || j.Outcome != outcome {
			v.Errorf("on_duplicate=%s: %s %s: %+v", choice, j.Status, j.Outcome, j.Error)
		} else if !v.p.accepted && j.Result.ID != first.Result.ID {
			v.Errorf("on_duplicate=%s: record %q, want %q", choice, j.Result.ID, first.Result.ID)
		}
	}
}

func (v visit) invalid(account string) {
	v.Helper()
	c := v.minimal("Invalid")
	maps.Copy(c, v.p.invalid)
	j := v.settle(account, c)
	v.want(j, "invalid", "failed", "invalid")
	for field := range v.p.invalid {
		named := slices.ContainsFunc(j.Error.Fields, func(path string) bool { return path == field || strings.HasPrefix(path, field+"/") })
		if !named && !v.p.blameless {
			v.Errorf("invalid: blames %v, want %s", j.Error.Fields, field)
		}
	}
	if j.Error.RemoteStatus == 0 || j.Error.Message == "" {
		v.Errorf("invalid: %+v", j.Error)
	}
}

// required leaves out each field that the CRM requires: the API says so, and
// the CRM hears nothing.
func (v visit) required() {
	v.Helper()
	account := v.Connect(v.spec.ID, "required")
	for _, field := range v.spec.Fields.Requires {
		if v.spec.Fields.Defaults[field] != "" {
			continue // a setting of the account stands in for it
		}
		c := v.full("Required")
		delete(c, string(field))
		switch field { // names fill each other
		case contact.Name:
			delete(c, "first_name")
			delete(c, "last_name")
		case contact.FirstName, contact.LastName:
			delete(c, "name")
		}
		p := v.problem(http.StatusUnprocessableEntity, "POST", v.path(account), c)
		if len(p.Errors) != 1 || p.Errors[0].Pointer != "/"+string(field) || !strings.Contains(p.Errors[0].Message, v.spec.Name) {
			v.Errorf("without %s: %+v", field, p.Errors)
		}
	}
	if n := len(v.World.CRM(v.spec.ID).Requests("required")); n != 0 {
		v.Errorf("%d requests were made for contacts that were not accepted", n)
	}
}

// strike makes the CRM answer the create of one contact badly, once.
func (v visit) strike(name string, fault kit.Fault) *kit.Injected {
	// The address stands in the body of the create, and in no other body.
	fault.Match = kit.Match{Account: "main", Body: regexp.MustCompile(strings.ToLower(name) + `(@|%40|\\u0040)`)}
	fault.Times = 1
	return v.World.CRM(v.spec.ID).Inject(fault)
}

// limited: the job waits as long as the CRM asks for; here it is cancelled.
func (v visit) limited(account string) {
	v.Helper()
	before := v.World.CRM(v.spec.ID).Count("main")
	v.strike("Limited", kit.Fault{Do: kit.Status, Vendor: kit.VendorLimited})
	j := v.Post(v.path(account), v.minimal("Limited"))
	v.Eventually(30*time.Second, "the job to wait for the limit", func() bool {
		v.Must(http.StatusOK, "GET", "/jobs/"+j.ID, nil).Decode(v, &j)
		return j.Status == "waiting" || j.Over()
	})
	if len(j.Timeline) == 0 || j.Timeline[0].Result != "rate_limited" || j.NextAttemptAt.Before(j.CreatedAt) {
		v.Errorf("limited: %+v", j)
	}
	v.Must(http.StatusOK, "POST", "/jobs/"+j.ID+"/cancel", nil)
	if n := v.World.CRM(v.spec.ID).Count("main") - before; n != 0 {
		v.Errorf("limited: %d contacts were made", n)
	}
}

// broken: the CRM stores the contact and answers with a fault of its own; the
// job finds out, and the contact is there once.
func (v visit) broken(account string) {
	v.Helper()
	crm := v.World.CRM(v.spec.ID)
	before, struck := crm.Count("main"), v.strike("Broken", kit.Fault{Do: kit.WriteThenStatus, Vendor: kit.VendorServerError})
	j := v.settle(account, v.minimal("Broken"))
	if v.p.untold {
		v.want(j, "broken", "unknown", "outcome_unknown")
	} else {
		v.want(j, "broken", "succeeded", "")
	}
	if struck.Struck() != 1 || len(j.Timeline) == 0 || j.Timeline[0].Result != "outcome_unknown" {
		v.Errorf("broken: struck %d times, timeline %+v", struck.Struck(), j.Timeline)
	}
	if n := crm.Count("main") - before; n != 1 {
		v.Errorf("broken: %d contacts were made", n)
	}
}

// peculiarities has one entry for each CRM.
func peculiarities() map[string]peculiar {
	unknown := func(name string) map[string]any {
		return map[string]any{"custom_fields": map[string]any{name: "x"}}
	}
	same := func(field, id string) map[string]any { return map[string]any{field: map[string]any{"id": id}} }
	return map[string]peculiar{
		"affinity":           {invalid: same("account", "1687404"), untold: true},
		"attio":              {invalid: unknown("nope")},
		"capsule":            {invalid: same("owner", "404"), accepted: true},
		"close":              {with: same("account", "lead_abcdefghij1234567890"), invalid: same("account", "lead_abcdefghij1234567404"), accepted: true},
		"copper":             {invalid: same("owner", "404")},
		"dynamics-365-sales": {invalid: unknown("new_nope"), accepted: true},
		"freshsales":         {invalid: unknown("cf_nope")},
		"highlevel":          {invalid: same("owner", "404")},
		"hubspot":            {with: same("account", "9001"), invalid: unknown("nope")},
		"insightly":          {invalid: unknown("Nope__c"), accepted: true},
		"keap":               {invalid: same("owner", "404"), accepted: true},
		"monday-crm":         {invalid: unknown("nope"), accepted: true},
		"nutshell":           {invalid: same("account", "404-accounts"), accepted: true},
		"onepagecrm":         {invalid: same("owner", "5f1e9c2b7d3a4e6f8a9b0404"), accepted: true},
		"outreach":           {invalid: same("owner", "404")},
		"pipedrive":          {invalid: same("owner", "404"), accepted: true},
		"pipeliner":          {with: same("owner", "00000000-0000-0000-0000-000000008e97"), invalid: same("owner", "00000000-0000-0000-0000-000000000404"), accepted: true},
		"planhat":            {with: same("account", "5f1e9c2b7d3a4e6f8a9b0c1d"), invalid: same("account", "5f1e9c2b7d3a4e6f8a9b0404"), accepted: true},
		"salesflare":         {invalid: unknown("nope"), accepted: true},
		"salesforce":         {with: same("account", "001D000000IqhSLIAZ"), invalid: unknown("Nope__c"), accepted: true},
		"teamleader":         {invalid: unknown("aaaaaaaa-794d-421d-9b2c-1f71dcd22404"), accepted: true, blameless: true},
		"wix":                {invalid: unknown("custom.nope")},
		"zendesk-sell":       {invalid: unknown("Nope"), accepted: true},
		"zoho-crm":           {with: same("account", "4150868000000624001"), invalid: unknown("Nope"), accepted: true},
	}
}
