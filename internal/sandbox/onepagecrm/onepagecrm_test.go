package onepagecrm_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/sandbox/kit"
	"crmferry/internal/sandbox/kit/kittest"
	"crmferry/internal/sandbox/onepagecrm"
)

const (
	contacts = "/api/v3/contacts"
	user     = "5aba31e99007ba0f570c92a5"
	other    = "5aba31e99007ba0f570c92a6"
	company  = "55e5ae7b1787fa4578000a07"
)

type want = map[string]string

func suite() kittest.Suite {
	return kittest.Suite{Spec: onepagecrm.Spec(), Clock: kittest.NewClock(), Options: kit.Options{Unlimited: true},
		Authorize: func(r *http.Request, token string) { r.SetBasicAuth(user, token) }}
}

func run(t *testing.T, steps ...kittest.Step) *kit.CRM {
	t.Helper()
	return kittest.Run(t, suite(), steps...)
}

// discover saves the ids of the custom fields of acme.
func discover() []kittest.Step {
	return []kittest.Step{
		{Name: "custom fields", Path: "/api/v3/custom_fields", Want: want{"data.total_count": "12", "data.max_page": "2", "data.custom_fields.10": "-",
			"data.custom_fields.2.custom_field.choices": `["Gold","Silver"]`},
			Save: want{"tier": "data.custom_fields.0.custom_field.id", "score": "data.custom_fields.1.custom_field.id", "segment": "data.custom_fields.2.custom_field.id",
				"interests": "data.custom_fields.3.custom_field.id", "date": "data.custom_fields.4.custom_field.id", "divider": "data.custom_fields.7.custom_field.id"}},
		{Name: "second page", Path: "/api/v3/custom_fields.json?page=2", Want: want{"data.custom_fields.1.custom_field.type": `"external_id"`},
			Save: want{"key": "data.custom_fields.1.custom_field.id"}},
	}
}

func TestAuthentication(t *testing.T) {
	t.Parallel()
	run(t,
		kittest.Step{Name: "none", Token: "-", Path: contacts, Status: 401, Want: want{"status": "401", "error_name": `"authorization_data_not_found"`, "errors": "{}"}},
		kittest.Step{Name: "foreign", Token: "sbx_hubspot_acme", Path: contacts, Status: 401},
		kittest.Step{Name: "expired", Account: "expired", Path: contacts, Status: 401},
		kittest.Step{Name: "no right", Account: "noscope", Path: contacts, Body: `{"last_name":"A"}`, Status: 403, Want: want{"status": "403"}, WantHeader: want{"Content-Type": "~json"}},
		kittest.Step{Name: "lapsed", Account: "lapsed", Path: contacts, Status: 402},
		kittest.Step{Name: "no such path", Path: "/api/v3/people", Status: 404, Want: want{"error_name": `"resource_not_found"`}},
		kittest.Step{Name: "wrong method", Method: "DELETE", Path: contacts, Status: 405},
		kittest.Step{Name: "wrong type", Path: contacts, Body: "x", Header: want{"Content-Type": "text/plain"}, Status: 415},
		kittest.Step{Name: "no length", Method: "PUT", Path: contacts + "/x/assign_tag/y", Status: 411},
	)
	s := suite()
	s.Authorize = func(r *http.Request, token string) { r.SetBasicAuth("ada@example.com", token) }
	kittest.Run(t, s, kittest.Step{Name: "user is no id", Path: contacts, Status: 401})
}

func TestCreateAndUpdate(t *testing.T) {
	t.Parallel()
	const at = "data.contact."
	length := want{"Content-Length": "0"}
	crm := run(t, append(discover(),
		kittest.Step{Name: "create", Path: contacts + ".json", Status: 201,
			Body: `{"first_name":"Ada","last_name":"Lovelace","company_id":"` + company + `","tags":["vip"],"address_list":[{"city":"London","country_code":"GB"}],
				"emails":[{"type":"work","value":"ada@x.example"}],"custom_fields":[{"custom_field":{"id":"{{tier}}"},"value":"Gold"},{"custom_field":{"id":"{{score}}"},"value":"7"},
				{"custom_field":{"id":"{{interests}}"},"value":["Art"]},{"custom_field":{"id":"{{key}}"},"value":"k1"}]}`,
			Want: want{"status": "0", "message": `"Created"`, at + "company_id": `""`, at + "job_title": `""`, at + "title": `""`, at + "letter": `"l"`, at + "owner_id": `"` + user + `"`,
				at + "custom_fields.0.custom_field.name": `"Tier"`, at + "custom_fields.1.value": "7", at + "created_at": `"2026-11-24T12:00:00Z"`,
				at + "address_list.0": `{"address":"","city":"London","country_code":"GB","state":"","type":"work","zip_code":""}`,
				"data.company":        "-", "team_stream": "{}"},
			Save: want{"id": at + "id"}},
		kittest.Step{Name: "same external id", Path: contacts, Body: `{"last_name":"B","custom_fields":[{"custom_field":{"id":"{{key}}"},"value":"k1"}]}`, Status: 400,
			Want: want{"errors.customfields": "~already been taken"}},
		kittest.Step{Name: "same e-mail", Path: contacts, Body: `{"company_name":"Acme Ltd","last_name":"","emails":[{"type":"work","value":"ada@x.example"}]}`, Status: 201,
			Want: want{at + "company_name": `"Acme Ltd"`, "data.company.name": `"Acme Ltd"`, at + "address_list.0.type": "-", at + "address_list.0.city": `""`},
			Save: want{"company": at + "company_id", "second": at + "id"}},
		kittest.Step{Name: "same company", Path: contacts, Body: `{"company_name":"ACME LTD"}`, Status: 201, Want: want{at + "company_id": `"{{company}}"`}},
		kittest.Step{Name: "link", Method: "PUT", Path: contacts + "/{{id}}?partial=true", Body: `{"company_id":"` + company + `"}`,
			Want: want{at + "company_id": `"` + company + `"`, at + "company_name": `"Company 000a07"`, "data.company.id": `"` + company + `"`, at + "tags": `["vip"]`}},
		kittest.Step{Name: "link to none", Method: "PUT", Path: contacts + "/{{id}}?partial=true", Body: `{"company_id":"55e5ae7b1787fa4578000404"}`, Status: 400},
		kittest.Step{Name: "tag", Method: "PUT", Path: contacts + "/{{id}}/assign_tag/new%20one", Header: length, Want: want{at + "tags": `["vip","new one"]`}},
		kittest.Step{Name: "owner", Method: "PUT", Path: contacts + "/{{id}}/change_owner/" + other + ".json", Header: length, Want: want{at + "owner_id": `"` + other + `"`}},
		kittest.Step{Name: "replace", Method: "PUT", Path: contacts + "/{{id}}", Body: `{"last_name":"King"}`, Advance: time.Minute,
			Want: want{at + "first_name": `""`, at + "tags": "[]", at + "company_id": `""`, at + "owner_id": `"` + other + `"`, at + "modified_at": `"2026-11-24T12:01:00Z"`}},
		kittest.Step{Name: "replace by nothing", Method: "PUT", Path: contacts + "/{{id}}", Body: `{}`, Status: 400},
		kittest.Step{Name: "company", Path: "/api/v3/companies/{{company}}", Want: want{"data.company.name": `"Acme Ltd"`}},
		kittest.Step{Name: "no company", Path: "/api/v3/companies/55e5ae7b1787fa4578000404", Status: 404},
		kittest.Step{Name: "read none", Path: contacts + "/" + user, Status: 404},
		kittest.Step{Name: "legacy", Account: "legacy", Path: contacts, Body: `{"last_name":"A"}`, Status: 201, Want: want{at + "company_id": "null", at + "created_at": `"2026-11-24T12:01:00.000Z"`}},
		kittest.Step{Name: "statuses", Path: "/api/v3/statuses", Want: want{"data.statuses.0.status.text": `"Lead"`}},
		kittest.Step{Name: "countries", Path: "/api/v3/countries", Want: want{"data.countries": `~"GB"`}},
	)...)
	if diff := cmp.Diff(kit.Counts{Records: 3, Creates: 3, Requests: 17, FollowUps: map[string]int{"update": 4}}, crm.Counts("acme")); diff != "" {
		t.Error(diff)
	}
}

func TestValidation(t *testing.T) {
	t.Parallel()
	custom := func(field, value string) string {
		return `{"last_name":"A","custom_fields":[{"custom_field":{"id":"{{` + field + `}}"},"value":` + value + `}]}`
	}
	for name, test := range map[string]struct {
		body string
		want want
	}{
		"nameless":         {`{"first_name":"Ada","last_name":""}`, want{"errors.lastname": "~Either last name", "errors.company": "~Either last name", "message": `"Invalid request data"`}},
		"long name":        {`{"first_name":"` + strings.Repeat("é", 26) + `","last_name":"A"}`, want{"errors": `{"firstname":"is too long"}`}},
		"long company":     {`{"company_name":"` + strings.Repeat("x", 56) + `"}`, want{"errors": `{"company":"is too long"}`}},
		"job as title":     {`{"last_name":"A","title":"Analyst"}`, want{"errors": `{"title":"is invalid"}`}},
		"e-mail":           {`{"last_name":"A","emails":[{"type":"work","value":"a@"}]}`, want{"errors.emails": "~invalid"}},
		"phone type":       {`{"last_name":"A","phones":[{"type":"assistant","value":"1"}]}`, want{"errors.phones": "~invalid"}},
		"three addresses":  {`{"last_name":"A","address_list":[{"city":"A"},{"city":"B"},{"city":"C"}]}`, want{"errors.addresslist": "~two"}},
		"country":          {`{"last_name":"A","address_list":[{"country_code":"UK"}]}`, want{"errors.addresslist": "~country_code"}},
		"small country":    {`{"last_name":"A","address_list":[{"country_code":"gb"}]}`, want{"errors.addresslist": "~country_code"}},
		"tags":             {`{"last_name":"A","tags":[{"name":"vip"}]}`, want{"errors.tags": "~strings"}},
		"owner":            {`{"last_name":"A","owner_id":"42"}`, want{"errors.ownerid": "~exist"}},
		"no custom field":  {custom("nope", `"x"`), want{"errors.customfields": "~no such"}},
		"number":           {custom("score", `"many"`), want{"errors.customfields": "~Score"}},
		"option":           {custom("segment", `"Tin"`), want{"errors.customfields": "~Segment"}},
		"choices as text":  {custom("interests", `"Art"`), want{"errors.customfields": "~Interests"}},
		"date":             {custom("date", `"24.11.2026"`), want{"errors.customfields": "~Renewal"}},
		"heading":          {custom("divider", `"x"`), want{"errors.customfields": "~Marketing"}},
		"text as a number": {custom("tier", `7`), want{"errors.customfields": "~Tier"}},
		"no JSON":          {`{`, want{"error_name": `"invalid_request_data"`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if n := run(t, append(discover(), kittest.Step{Path: contacts, Body: test.body, Status: 400, Want: test.want})...).Count(""); n != 0 {
				t.Errorf("%d contacts stored", n)
			}
		})
	}
}

func TestSearch(t *testing.T) {
	t.Parallel()
	s := suite()
	s.Options.IndexLag = 2 * time.Second
	s.Prepare = func(crm *kit.CRM) {
		crm.Seed("acme", kit.Person{FirstName: "Ada", LastName: "Lovelace", Email: "ada@x.example", Phone: "+44 1"}, s.Clock.Now().Add(-time.Hour))
	}
	found := func(query, total string) kittest.Step {
		return kittest.Step{Name: query, Path: contacts + "?" + query, Want: want{"data.total_count": total}}
	}
	later := found("email=ADA%40x.example&team=true&sort_by=created_at&order=desc&per_page=1", "2")
	later.Advance, later.Want["data.contacts.0.contact.id"], later.Want["data.max_page"] = 2*time.Second, `"{{id}}"`, "2"
	kittest.Run(t, s, append(discover(),
		kittest.Step{Path: contacts, Body: `{"last_name":"L","emails":[{"type":"work","value":"ada@x.example"}],"custom_fields":[{"custom_field":{"id":"{{key}}"},"value":"k1"}]}`,
			Status: 201, Save: want{"id": "data.contact.id"}},
		found("email=ada%40x.example&team=true", "1"), later,
		found("email=ada%40x.example", "1"), found("phone=441&team=true", "1"), found("search=ada%20love&team=true", "1"), found("search=nobody&team=true", "0"),
		found("custom_field_id={{key}}&custom_field_value=k1&team=true", "1"), found("custom_field_id={{key}}&custom_field_value=k2&team=true", "0"),
		kittest.Step{Path: contacts + "?per_page=101", Status: 400},
	)...)
}

func TestThrottle(t *testing.T) {
	t.Parallel()
	s := suite()
	s.Options.Unlimited = false
	pass, hammer := kittest.Step{Path: contacts}, kittest.Step{Account: "other", Path: contacts, Status: 403, Want: want{"": "~Rate Limit Exceeded"},
		WantHeader: want{"Content-Type": "text/plain; charset=utf-8", "Retry-After": "-"}}
	var steps []kittest.Step
	for range 9 {
		steps = append(steps, pass)
	}
	for range 30 {
		steps = append(steps, hammer)
	}
	hammer.Advance = 4 * time.Second
	steps = append(steps, hammer, pass)
	steps[len(steps)-1].Advance = 5 * time.Second
	kittest.Run(t, s, steps...)
}
