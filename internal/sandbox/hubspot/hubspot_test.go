package hubspot_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/sandbox/hubspot"
	"crmferry/internal/sandbox/kit"
	"crmferry/internal/sandbox/kit/kittest"
)

const contacts = "/crm/objects/2026-09/contacts"

func run(t *testing.T, steps ...kittest.Step) *kit.CRM {
	t.Helper()
	return kittest.Run(t, kittest.Suite{Spec: hubspot.Spec()}, steps...)
}

func TestAuthentication(t *testing.T) {
	t.Parallel()
	run(t,
		kittest.Step{Name: "none", Token: "-", Path: contacts + "/1", Status: 401,
			Want: map[string]string{"category": `"INVALID_AUTHENTICATION"`, "status": `"error"`}},
		kittest.Step{Name: "foreign", Token: "sbx_salesforce_acme", Path: contacts + "/1", Status: 401,
			Want: map[string]string{"category": `"INVALID_AUTHENTICATION"`}},
		kittest.Step{Name: "expired", Account: "expired", Path: contacts + "/1", Status: 401,
			Want: map[string]string{"category": `"EXPIRED_AUTHENTICATION"`, "message": "~expired 7 second(s) ago"}},
		kittest.Step{Name: "no scope", Account: "noscope", Path: contacts, Body: `{"properties":{"lastname":"A"}}`, Status: 403,
			Want: map[string]string{"category": `"MISSING_SCOPES"`, "errors.0.context.requiredGranularScopes.0": `"crm.objects.contacts.write"`}},
		kittest.Step{Name: "probe", Path: "/account-info/v3/details", Want: map[string]string{"uiDomain": `"app.hubspot.com"`}},
		kittest.Step{Name: "no such path", Path: "/crm/v3/contacts", Status: 404, Want: map[string]string{"status": `"error"`}},
		kittest.Step{Name: "mixed versions", Path: "/crm/objects/v3/contacts/1", Status: 404},
		kittest.Step{Name: "wrong method", Method: "PUT", Path: contacts, Status: 405, WantHeader: map[string]string{"Allow": "POST"}},
		kittest.Step{Name: "wrong type", Path: contacts, Body: "a=b", Header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, Status: 415},
	)
}

func TestCreate(t *testing.T) {
	t.Parallel()
	crm := run(t,
		kittest.Step{Name: "full", Path: contacts, Status: 201,
			Body: `{"properties":{"firstname":"Ada","lastname":"Lovelace","email":"Ada@Example.com","lead_score":"42","hubspot_owner_id":"1234567"},
				"associations":[{"to":{"id":"9001"},"types":[{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":279}]}]}`,
			Want: map[string]string{
				"properties.email": `"ada@example.com"`, "properties.lead_score": `"42"`, "properties.phone": "-",
				"properties.createdate": `"2026-11-24T12:00:00.000Z"`, "properties.hs_full_name_or_email": `"Ada Lovelace"`,
				"createdAt": `"2026-11-24T12:00:00.000Z"`, "archived": "false", "associations": "-", "url": "~/record/0-1/",
			},
			WantHeader: map[string]string{"Location": "~" + contacts + "/", "X-HubSpot-RateLimit-Remaining": "99", "X-HubSpot-RateLimit-Daily": "250000"},
			Save:       map[string]string{"id": "id"}},
		kittest.Step{Name: "same e-mail", Path: contacts, Body: `{"properties":{"email":"ADA@example.com"}}`, Status: 409,
			Want: map[string]string{"category": `"CONFLICT"`, "message": `"Contact already exists. Existing ID: {{id}}"`}},
		kittest.Step{Name: "same e-mail elsewhere", Account: "other", Path: contacts, Body: `{"properties":{"email":"ada@example.com"}}`, Status: 201},
		kittest.Step{Name: "by e-mail", Path: contacts + "/ada%40example.com?idProperty=email&properties=phone,lead_score&associations=companies",
			Want: map[string]string{"id": `"{{id}}"`, "properties.phone": "null", "properties.lead_score": `"42"`,
				"properties.jobtitle": "-", "associations.companies.results.0.id": `"9001"`}},
		kittest.Step{Name: "associations", Path: contacts + "/{{id}}/associations/companies", Want: map[string]string{"results.0.toObjectId": "9001"}},
		kittest.Step{Name: "absent", Path: contacts + "/bob%40example.com?idProperty=email", Status: 404, Want: map[string]string{"category": `"OBJECT_NOT_FOUND"`}},
		kittest.Step{Name: "legacy version", Path: "/crm/v3/objects/contacts/{{id}}", Want: map[string]string{"properties.firstname": `"Ada"`}},
		kittest.Step{Name: "update", Method: "PATCH", Path: contacts + "/{{id}}", Body: `{"properties":{"jobtitle":"Analyst","lead_score":""}}`,
			Advance: time.Minute,
			Want: map[string]string{"properties.jobtitle": `"Analyst"`, "properties.lead_score": "-",
				"updatedAt": `"2026-11-24T12:01:00.000Z"`, "createdAt": `"2026-11-24T12:00:00.000Z"`}},
		kittest.Step{Name: "secondary e-mail", Method: "PUT", Path: "/contacts/v1/secondary-email/{{id}}/email/ada%40home.example",
			Want: map[string]string{"secondaryEmails": `["ada@home.example"]`}},
		kittest.Step{Name: "secondary e-mail again", Method: "PUT", Path: "/contacts/v1/secondary-email/{{id}}/email/ada%40home.example",
			Want: map[string]string{"secondaryEmails": `["ada@home.example"]`}},
		kittest.Step{Name: "secondary e-mail taken", Path: contacts, Body: `{"properties":{"email":"ada@home.example"}}`, Status: 409},
		kittest.Step{Name: "note", Path: "/crm/objects/2026-09/notes", Status: 201,
			Body: `{"properties":{"hs_timestamp":"2026-11-23T09:30:00Z","hs_note_body":"x"},"associations":[{"to":{"id":"{{id}}"},"types":[{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":202}]}]}`},
		kittest.Step{Name: "company link", Method: "PUT", Path: contacts + "/{{id}}/associations/default/companies/9002"},
		kittest.Step{Name: "unique key", Path: contacts, Body: `{"properties":{"lastname":"B","external_key":"k1"}}`, Status: 201, Save: map[string]string{"b": "id"}},
		kittest.Step{Name: "unique key again", Path: contacts, Body: `{"properties":{"lastname":"B","external_key":"k1"}}`, Status: 409,
			Want: map[string]string{"message": "~{{b}}"}},
		kittest.Step{Name: "by unique key", Path: contacts + "/k1?idProperty=external_key", Want: map[string]string{"id": `"{{b}}"`}},
	)
	want := kit.Counts{Records: 2, Creates: 2, Requests: 15, FollowUps: map[string]int{"update": 2, "note": 1, "company": 1}}
	if diff := cmp.Diff(want, crm.Counts("acme")); diff != "" {
		t.Error(diff)
	}
	entry := crm.Ledger("acme")[0]
	if entry.Email != "ada@example.com" || entry.Name != "Ada Lovelace" || entry.Op != "create" {
		t.Errorf("ledger: %+v", entry)
	}
}

func TestValidation(t *testing.T) {
	t.Parallel()
	link := `"associations":[{"to":{"id":%q},"types":[{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":%d}]}]`
	for name, test := range map[string]struct {
		body string
		want map[string]string
	}{
		"unknown property": {`{"properties":{"lastname":"A","shoe_size":"9"}}`, map[string]string{
			"message": `~\"error\":\"PROPERTY_DOESNT_EXIST\",\"name\":\"shoe_size\"`, "category": `"VALIDATION_ERROR"`,
			"errors.0.code": `"PROPERTY_DOESNT_EXIST"`, "errors.0.context.propertyName": `["shoe_size"]`}},
		"invalid e-mail":    {`{"properties":{"email":"ada@"}}`, map[string]string{"errors.0.code": `"INVALID_EMAIL"`}},
		"invalid option":    {`{"properties":{"lastname":"A","lead_kind":"x"}}`, map[string]string{"errors.0.code": `"INVALID_OPTION"`}},
		"read only":         {`{"properties":{"lastname":"A","createdate":"2026-01-01T00:00:00Z"}}`, map[string]string{"errors.0.code": `"READ_ONLY_VALUE"`}},
		"number":            {`{"properties":{"lastname":"A","lead_score":"many"}}`, map[string]string{"errors.0.code": `"INVALID_LONG"`}},
		"value no string":   {`{"properties":{"lastname":"A","lead_score":42}}`, map[string]string{"message": "~Invalid input JSON"}},
		"no properties":     {`{"firstname":"Ada"}`, map[string]string{"message": "~Invalid input JSON"}},
		"nothing to go by":  {`{"properties":{"phone":"1"}}`, map[string]string{"message": "~At least one"}},
		"unknown owner":     {`{"properties":{"lastname":"A","hubspot_owner_id":"404"}}`, map[string]string{"errors.0.context.propertyName": `["hubspot_owner_id"]`}},
		"unknown company":   {`{"properties":{"lastname":"A"},` + fmt.Sprintf(link, "1404", 279) + `}`, map[string]string{"message": "~INVALID_OBJECT_IDS"}},
		"wrong association": {`{"properties":{"lastname":"A"},` + fmt.Sprintf(link, "9001", 5) + `}`, map[string]string{"category": `"VALIDATION_ERROR"`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			crm := run(t, kittest.Step{Path: contacts, Body: test.body, Status: 400, Want: test.want})
			if n := crm.Count(""); n != 0 {
				t.Errorf("%d contacts stored", n)
			}
		})
	}
}

func TestBatch(t *testing.T) {
	t.Parallel()
	crm := run(t,
		kittest.Step{Name: "all", Path: contacts + "/batch/create", Status: 201,
			Body: `{"inputs":[{"objectWriteTraceId":"0","properties":{"email":"a@x.example"}},{"objectWriteTraceId":"1","properties":{"email":"b@x.example"}}]}`,
			Want: map[string]string{"status": `"COMPLETE"`, "results.1.properties.email": `"b@x.example"`, "results.0.objectWriteTraceId": "-", "numErrors": "-"},
			Save: map[string]string{"a": "results.0.id"}},
		kittest.Step{Name: "partly", Path: contacts + "/batch/create", Status: 207,
			Body: `{"inputs":[{"objectWriteTraceId":"0","properties":{"email":"c@x.example"}},{"objectWriteTraceId":"1","properties":{"email":"A@x.example"}},{"objectWriteTraceId":"2","properties":{"nope":"1"}}]}`,
			Want: map[string]string{"numErrors": "2", "results.0.properties.email": `"c@x.example"`, "results.1": "-",
				"errors.0.category": `"CONFLICT"`, "errors.0.context": `{"existingId":["{{a}}"],"objectWriteTraceId":["1"]}`,
				"errors.1.context.objectWriteTraceId": `["2"]`, "errors.1.category": `"VALIDATION_ERROR"`}},
		kittest.Step{Name: "untraced", Path: contacts + "/batch/create", Status: 409,
			Body: `{"inputs":[{"properties":{"email":"d@x.example"}},{"properties":{"email":"a@x.example"}}]}`,
			Want: map[string]string{"message": `"Contact already exists"`}},
		kittest.Step{Name: "untraced twins", Path: contacts + "/batch/create", Status: 409,
			Body: `{"inputs":[{"properties":{"email":"d@x.example"}},{"properties":{"email":"D@x.example"}}]}`},
		kittest.Step{Name: "too many", Path: contacts + "/batch/create", Status: 400,
			Body: `{"inputs":[` + strings.Repeat(`{"properties":{}},`, 100) + `{"properties":{}}]}`},
		kittest.Step{Name: "read", Path: contacts + "/batch/read", Status: 207,
			Body: `{"idProperty":"email","properties":["email"],"propertiesWithHistory":[],"inputs":[{"id":"a@x.example"},{"id":"z@x.example"}]}`,
			Want: map[string]string{"results.0.id": `"{{a}}"`, "errors.0.category": `"OBJECT_NOT_FOUND"`, "errors.0.context.ids": `["z@x.example"]`}},
		kittest.Step{Name: "read without history key", Path: contacts + "/batch/read", Status: 400, Body: `{"idProperty":"email","inputs":[{"id":"a@x.example"}]}`},
		kittest.Step{Name: "upsert", Path: contacts + "/batch/upsert",
			Body: `{"inputs":[{"idProperty":"email","id":"a@x.example","objectWriteTraceId":"0","properties":{"city":"London"}},{"idProperty":"email","id":"e@x.example","objectWriteTraceId":"1","properties":{}}]}`,
			Want: map[string]string{"results.0.new": "false", "results.0.properties.city": `"London"`, "results.1.new": "true"}},
	)
	if n := crm.Count("acme"); n != 4 {
		t.Errorf("%d contacts, want 4", n)
	}
}

func TestSearch(t *testing.T) {
	t.Parallel()
	suite := kittest.Suite{Spec: hubspot.Spec(), Options: kit.Options{IndexLag: 5 * time.Second}, Clock: kittest.NewClock()}
	suite.Prepare = func(crm *kit.CRM) {
		crm.Seed("acme", kit.Person{FirstName: "Ada", LastName: "Lovelace", Phone: "+44"}, suite.Clock.Now().Add(-24*time.Hour))
	}
	body := `{"filterGroups":[{"filters":[{"propertyName":"phone","operator":"EQ","value":"+44"},{"propertyName":"lastname","operator":"EQ","value":"lovelace"}%s]}],"sorts":["-createdate"],"limit":10,"after":"0"}`
	since := `,{"propertyName":"createdate","operator":"GTE","value":"2026-11-24T11:59:00Z"}`
	kittest.Run(t, suite,
		kittest.Step{Name: "create", Path: contacts, Body: `{"properties":{"lastname":"Lovelace","phone":"+44"}}`, Status: 201, Save: map[string]string{"id": "id"}},
		kittest.Step{Name: "not indexed", Path: contacts + "/search", Body: fmt.Sprintf(body, ""), Want: map[string]string{"total": "1"},
			WantHeader: map[string]string{"X-HubSpot-RateLimit-Max": "-"}},
		kittest.Step{Name: "readable", Path: contacts + "/{{id}}"},
		kittest.Step{Name: "indexed", Advance: 5 * time.Second, Path: contacts + "/search", Body: fmt.Sprintf(body, ""),
			Want: map[string]string{"total": "2", "results.0.id": `"{{id}}"`}},
		kittest.Step{Name: "fresh alone", Path: contacts + "/search", Body: fmt.Sprintf(body, since), Want: map[string]string{"total": "1"}},
		kittest.Step{Name: "unknown property", Path: contacts + "/search", Status: 400,
			Body: `{"filterGroups":[{"filters":[{"propertyName":"nope","operator":"EQ","value":"1"}]}]}`},
	)
}

func TestDiscovery(t *testing.T) {
	t.Parallel()
	run(t,
		kittest.Step{Path: "/crm/properties/2026-09/contacts", Want: map[string]string{"": `~"name":"my_custom_field"`}},
		kittest.Step{Path: "/crm/v3/properties/contacts", Want: map[string]string{"": `~"name":"external_key"`}},
		kittest.Step{Path: "/crm/owners/2026-09?email=grace@sandbox.example", Want: map[string]string{"results.0.id": `"1234567"`}},
		kittest.Step{Path: "/crm/owners/2026-09?email=nobody@sandbox.example", Want: map[string]string{"results": "[]"}},
	)
}

func TestLimits(t *testing.T) {
	t.Parallel()
	suite := kittest.Suite{Spec: hubspot.Spec(), Prepare: func(crm *kit.CRM) {
		err := crm.SetLimits(kit.Override{Name: "ten_secondly", Requests: 2}, kit.Override{Name: "search", Requests: 1})
		if err != nil {
			t.Error(err)
		}
	}}
	get := kittest.Step{Path: "/account-info/v3/details"}
	refused := kittest.Step{Path: "/account-info/v3/details", Status: http.StatusTooManyRequests,
		Want:       map[string]string{"policyName": `"TEN_SECONDLY_ROLLING"`, "errorType": `"RATE_LIMIT"`},
		WantHeader: map[string]string{"Retry-After": "10", "X-HubSpot-RateLimit-Remaining": "0"}}
	search := kittest.Step{Path: contacts + "/search", Body: `{}`}
	again := kittest.Step{Path: contacts + "/search", Body: `{}`, Status: 429,
		Want: map[string]string{"policyName": `"SECONDLY"`}, WantHeader: map[string]string{"Retry-After": "-"}}
	elsewhere, later := get, get
	elsewhere.Account, later.Advance = "other", 10*time.Second
	crm := kittest.Run(t, suite, get, get, refused, search, again, elsewhere, later)
	if n := crm.Counts("acme").Limited; n != 2 {
		t.Errorf("%d refusals counted, want 2", n)
	}
}
