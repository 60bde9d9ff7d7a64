package affinity_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/sandbox/affinity"
	"crmferry/internal/sandbox/kit"
	"crmferry/internal/sandbox/kit/kittest"
)

type want = map[string]string

func run(t *testing.T, steps ...kittest.Step) *kit.CRM {
	t.Helper()
	return kittest.Run(t, kittest.Suite{Spec: affinity.Spec()}, steps...)
}

func TestAuthentication(t *testing.T) {
	t.Parallel()
	run(t,
		kittest.Step{Name: "none", Token: "-", Path: "/v2/auth/whoami", Status: 401, Want: want{"errors.0.code": `"authentication"`}},
		kittest.Step{Name: "foreign", Token: "sbx_hubspot_acme", Path: "/persons/1", Status: 401},
		kittest.Step{Name: "revoked", Account: "expired", Path: "/persons/1", Status: 401},
		kittest.Step{Name: "no right", Account: "noscope", Path: "/persons", Body: `{"first_name":"A","last_name":"B","emails":[]}`, Status: 403,
			Want: want{"errors.0.code": `"authorization"`}},
		kittest.Step{Name: "probe", Path: "/v2/auth/whoami", Want: want{"grant.type": `"api-key"`, "tenant.name": `"acme"`}},
		kittest.Step{Name: "probe of version 1", Path: "/auth/whoami", Want: want{"grant.scope": `"external_api"`}},
		kittest.Step{Name: "no such path", Path: "/people", Status: 404, Want: want{"message": `"Not found"`}},
		kittest.Step{Name: "wrong method", Method: "DELETE", Path: "/persons", Status: 405},
	)
	basic := kittest.Suite{Spec: affinity.Spec(), Authorize: func(r *http.Request, token string) { r.SetBasicAuth("", token) }}
	kittest.Run(t, basic,
		kittest.Step{Name: "basic", Path: "/auth/whoami"},
		kittest.Step{Name: "basic in version 2", Path: "/v2/auth/whoami", Status: 401},
	)
	basic.Authorize = func(r *http.Request, token string) { r.SetBasicAuth("user", token) }
	kittest.Run(t, basic, kittest.Step{Name: "basic with a user", Path: "/auth/whoami", Status: 401})
}

func TestPersons(t *testing.T) {
	t.Parallel()
	crm := run(t,
		kittest.Step{Name: "create", Path: "/persons",
			Body: `{"first_name":"Ada","last_name":"Lovelace","emails":["Ada@x.example","ada@home.example"],"organization_ids":[1687449]}`,
			Want: want{"type": "0", "primary_email": `"Ada@x.example"`, "emails.1": `"ada@home.example"`, "organization_ids": "[1687449]", "created_at": "-"},
			Save: want{"id": "id"}},
		kittest.Step{Name: "second e-mail taken", Path: "/persons", Body: `{"first_name":"A","last_name":"L","emails":["ADA@home.example"]}`, Status: 422,
			Want: want{"0": "~email address in emails is already in use"}},
		kittest.Step{Name: "without e-mail", Path: "/persons", Body: `{"first_name":"Ada","last_name":"","emails":[]}`,
			Want: want{"primary_email": "null", "organization_ids": "[]"}, Save: want{"other": "id"}},
		kittest.Step{Name: "read", Path: "/persons/{{id}}?with_interaction_dates=true", Want: want{"last_name": `"Lovelace"`, "interaction_dates.last_interaction_date": "null"}},
		kittest.Step{Name: "read none", Path: "/persons/1", Status: 404},
		kittest.Step{Name: "update", Method: "PUT", Path: "/persons/{{id}}", Body: `{"emails":["ada@x.example"]}`, Want: want{"emails": `["ada@x.example"]`, "first_name": `"Ada"`}},
		kittest.Step{Name: "update to a taken e-mail", Method: "PUT", Path: "/persons/{{other}}", Body: `{"emails":["ada@x.example"]}`, Status: 422},
		kittest.Step{Name: "freed by the update", Path: "/persons", Body: `{"first_name":"A","last_name":"L","emails":["ada@home.example"]}`},
		kittest.Step{Name: "note", Path: "/notes", Body: `{"person_ids":[{{id}}],"content":"x"}`, Want: want{"content": `"x"`, "updated_at": "null"}},
		kittest.Step{Name: "note on none", Path: "/notes", Body: `{"person_ids":[1],"content":"x"}`, Status: 422},
	)
	want := kit.Counts{Records: 3, Creates: 3, Requests: 10, FollowUps: map[string]int{"update": 1, "note": 1}}
	if diff := cmp.Diff(want, crm.Counts("acme")); diff != "" {
		t.Error(diff)
	}
}

func TestValidation(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ body, want string }{
		"no first name":        {`{"last_name":"L","emails":[]}`, `["Missing first_name."]`},
		"null last name":       {`{"first_name":"A","last_name":null,"emails":[]}`, `["Missing last_name."]`},
		"no e-mails":           {`{"first_name":"A","last_name":"L"}`, `["Missing emails."]`},
		"e-mails no list":      {`{"first_name":"A","last_name":"L","emails":"a@x.example"}`, `["Invalid type for emails."]`},
		"invalid e-mail":       {`{"first_name":"A","last_name":"L","emails":["a@"]}`, `["Invalid email address in emails."]`},
		"organization as text": {`{"first_name":"A","last_name":"L","emails":[],"organization_ids":["1"]}`, `["Invalid type for organization_ids."]`},
		"unknown organization": {`{"first_name":"A","last_name":"L","emails":[],"organization_ids":[1404]}`, `["organization_id: 1404 does not exist"]`},
		"merged organization":  {`{"first_name":"A","last_name":"L","emails":[],"organization_ids":[1301]}`, `["organization_id: 1301 no longer exists as it has been merged into 1302"]`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if n := run(t, kittest.Step{Path: "/persons", Body: test.body, Status: 422, Want: want{"": test.want}}).Count(""); n != 0 {
				t.Errorf("%d persons stored", n)
			}
		})
	}
	run(t, kittest.Step{Name: "no JSON", Path: "/persons", Body: `{`, Status: 400, Want: want{"errors.0.code": `"bad-request"`}})
}

func TestFieldValues(t *testing.T) {
	t.Parallel()
	post := func(name, field, value string, status int, wants want) kittest.Step {
		return kittest.Step{Name: name, Path: "/field-values", Status: status, Want: wants,
			Body: `{"field_id":{{` + field + `}},"entity_id":{{id}},"value":` + value + `}`}
	}
	run(t,
		kittest.Step{Path: "/persons", Body: `{"first_name":"A","last_name":"L","emails":[]}`, Save: want{"id": "id"}},
		kittest.Step{Name: "fields", Path: "/persons/fields",
			Want: want{"0.name": `"Job Titles"`, "0.allows_multiple": "true", "2.value_type": "5", "7.dropdown_options.0.text": `"Investor"`, "0.list_id": "-"},
			Save: want{"titles": "0.id", "phone": "1.id", "place": "2.id", "role": "4.id", "score": "5.id", "birthday": "6.id", "segment": "7.id", "tier": "8.id"}},
		kittest.Step{Name: "all fields", Path: "/fields?entity_type=0", Want: want{"0.enrichment_source": `"affinity-data"`, "4.enrichment_source": `"none"`, "4.list_id": "null"}},
		kittest.Step{Name: "fields of organizations", Path: "/fields?entity_type=1", Want: want{"": "[]"}},
		post("text", "role", `"Analyst"`, 200, want{"value": `"Analyst"`, "list_entry_id": "null", "updated_at": "null", "created_at": `"2026-11-24T08:00:00.000-04:00"`}),
		post("text again", "role", `"Boss"`, 422, want{"0": "~does not allow multiple"}),
		post("number as text", "score", `"7"`, 422, nil),
		post("number", "score", `7`, 200, want{"value": "7"}),
		post("first phone", "phone", `"+1"`, 200, nil),
		post("second phone", "phone", `"+2"`, 200, nil),
		post("place as text", "place", `"London"`, 422, nil),
		post("place", "place", `{"street_address":"1 St","city":"London","state":null,"country":"UK"}`, 200, want{"value.continent": `"Unknown"`, "value.city": `"London"`}),
		post("date", "birthday", `"2000-01-02"`, 200, want{"value": `"2000-01-02T00:00:00.000-08:00"`}),
		post("option by text", "tier", `"Gold"`, 422, nil),
		post("option by id", "tier", `81`, 200, want{"value.text": `"Gold"`}),
		post("option", "segment", `"Investor"`, 200, nil),
		kittest.Step{Name: "no such field", Path: "/field-values", Body: `{"field_id":1,"entity_id":{{id}},"value":"x"}`, Status: 422},
		kittest.Step{Name: "no such person", Path: "/field-values", Body: `{"field_id":{{role}},"entity_id":1,"value":"x"}`, Status: 422},
		kittest.Step{Name: "values", Path: "/field-values?person_id={{id}}", Want: want{"0.value": `"Analyst"`, "3.value": `"+2"`, "8": "-"}, Save: want{"value": "0.id"}},
		kittest.Step{Name: "change", Method: "PUT", Path: "/field-values/{{value}}", Body: `{"value":"Boss"}`, Want: want{"value": `"Boss"`, "updated_at": "~2026"}},
		kittest.Step{Name: "values of nothing", Path: "/field-values", Status: 422},
		kittest.Step{Name: "fields of another account", Account: "other", Path: "/persons", Body: `{"first_name":"A","last_name":"L","emails":[]}`, Save: want{"else": "id"}},
		kittest.Step{Name: "foreign field", Account: "other", Path: "/field-values", Body: `{"field_id":{{role}},"entity_id":{{else}},"value":"x"}`, Status: 422},
	)
}

func TestSearch(t *testing.T) {
	t.Parallel()
	suite := kittest.Suite{Spec: affinity.Spec(), Options: kit.Options{IndexLag: time.Minute}, Clock: kittest.NewClock()}
	suite.Prepare = func(crm *kit.CRM) {
		for _, name := range []string{"Ada", "Adam", "Bob"} {
			crm.Seed("acme", kit.Person{FirstName: name, LastName: "Lovelace", Email: name + "@x.example"}, suite.Clock.Now().Add(-time.Hour))
		}
	}
	kittest.Run(t, suite,
		kittest.Step{Name: "part of the e-mail", Path: "/persons?term=ada&page_size=100", Want: want{"persons.1.first_name": `"Adam"`, "persons.2": "-",
			"persons.0.organization_ids": "-", "next_page_token": "null"}},
		kittest.Step{Name: "page", Path: "/persons?term=lovelace&page_size=2", Want: want{"persons.2": "-", "next_page_token": `"2"`}},
		kittest.Step{Name: "next page", Path: "/persons?term=lovelace&page_size=2&page_token=2", Want: want{"persons.0.first_name": `"Bob"`, "persons.1": "-", "next_page_token": "null"}},
		kittest.Step{Name: "page too large", Path: "/persons?page_size=501", Status: 422},
		kittest.Step{Path: "/persons", Body: `{"first_name":"Eve","last_name":"L","emails":["eve@x.example"]}`},
		kittest.Step{Name: "not indexed", Path: "/persons?term=eve%40x.example", Want: want{"persons": "[]"}},
		kittest.Step{Name: "indexed", Advance: time.Minute, Path: "/persons?term=eve%40x.example", Want: want{"persons.0.first_name": `"Eve"`}},
	)
}

func TestLimits(t *testing.T) {
	t.Parallel()
	limits := func(o ...kit.Override) kittest.Suite {
		return kittest.Suite{Spec: affinity.Spec(), Prepare: func(crm *kit.CRM) {
			if err := crm.SetLimits(o...); err != nil {
				t.Error(err)
			}
		}}
	}
	kittest.Run(t, limits(kit.Override{Name: "user", Requests: 2}),
		kittest.Step{Path: "/persons", WantHeader: want{"X-Ratelimit-Limit-User": "2", "X-Ratelimit-Limit-User-Remaining": "1", "X-Ratelimit-Limit-Org": "100000"}},
		kittest.Step{Path: "/rate-limit", Want: want{"rate.api_key_per_minute.remaining": "0", "rate.org_monthly.used": "1"}},
		kittest.Step{Path: "/persons", Status: 429, Advance: 20 * time.Second, Want: want{"errors.0.code": `"rate-limit"`},
			WantHeader: want{"X-Ratelimit-Limit-User-Reset": "40", "X-Ratelimit-Limit-Org-Remaining": "99999"}},
		kittest.Step{Path: "/persons", Advance: 40 * time.Second},
	)
	kittest.Run(t, limits(kit.Override{Name: "month", Requests: 1}),
		kittest.Step{Path: "/persons"},
		kittest.Step{Path: "/persons", Status: 429, WantHeader: want{"X-Ratelimit-Limit-Org-Remaining": "0", "X-Ratelimit-Limit-Org-Reset": "561600"}},
		kittest.Step{Path: "/v2/auth/whoami"},
	)
}
