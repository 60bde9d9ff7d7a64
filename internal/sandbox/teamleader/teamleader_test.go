package teamleader_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/sandbox/kit"
	"crmferry/internal/sandbox/kit/kittest"
	"crmferry/internal/sandbox/teamleader"
)

type want = map[string]string

const company = "4da20f00-0628-4336-b885-aa90e580dd85"

func newest() want { return want{"X-Api-Version": "2023-09-26"} }

// call is one request; every one of them is a POST.
func call(name, action, body string, status int, wants want) kittest.Step {
	return kittest.Step{Name: name, Method: "POST", Path: "/" + action, Body: body, Header: newest(), Status: status, Want: wants}
}

func run(t *testing.T, steps ...kittest.Step) *kit.CRM {
	t.Helper()
	return kittest.Run(t, kittest.Suite{Spec: teamleader.Spec(), Clock: kittest.NewClock()}, steps...)
}

func as(account string, s kittest.Step) kittest.Step {
	s.Account = account
	return s
}

func saving(s kittest.Step, save want) kittest.Step {
	s.Save = save
	return s
}

func TestAuthentication(t *testing.T) {
	t.Parallel()
	none, foreign := call("none", "users.me", "", 401, want{"errors.0.title": `"Unauthorized"`}), call("foreign", "users.me", "", 401, nil)
	none.Token, foreign.Token = "-", "sbx_wix_acme"
	wrongType := call("wrong type", "contacts.add", "a=b", 415, nil)
	wrongType.Header = want{"Content-Type": "text/plain"}
	unknown := call("unknown version", "users.me", "", 400, nil)
	unknown.Header = want{"X-Api-Version": "2031-01-01"}
	run(t, none, foreign, wrongType, unknown,
		as("expired", call("expired", "users.me", "", 401, nil)),
		as("noscope", call("no scope", "contacts.add", `{"last_name":"A"}`, 403, want{"errors.0.status": "403"})),
		call("probe", "users.me", "", 200, want{"data.email": `"grace@acme.sandbox.example"`}),
		call("no such path", "people.add", "{}", 404, nil),
		kittest.Step{Name: "every call is a POST", Path: "/contacts.info", Status: 405},
	)
}

func TestTokens(t *testing.T) {
	t.Parallel()
	refresh := func(name, token string, status int, wants want) kittest.Step {
		return kittest.Step{Name: name, Token: "-", Path: "/oauth2/access_token", Status: status, Want: wants,
			Body: `{"grant_type":"refresh_token","refresh_token":"` + token + `","client_id":"sandbox-client","client_secret":"sandbox-secret"}`}
	}
	run(t,
		refresh("first", "sbx_teamleader_acme", 200, want{"access_token": `"sbx_teamleader_acme"`, "refresh_token": `"sbx_teamleader_acme~2"`, "expires_in": "3600"}),
		refresh("again", "sbx_teamleader_acme", 400, want{"errors.0.title": `"invalid_grant"`, "errors.0.meta.hint": `"Token has been revoked"`}),
		refresh("second", "sbx_teamleader_acme~2", 200, nil),
		refresh("expired", "sbx_teamleader_expired", 400, nil),
	)
}

func TestContacts(t *testing.T) {
	t.Parallel()
	later := call("update", "contacts.update", `{"id":"{{id}}","custom_fields":[{"id":"{{number}}","value":7}],"custom_fields_update_strategy":"partial"}`, 204, nil)
	later.Advance = time.Minute
	old := call("old version", "contacts.info", `{"id":"{{id}}"}`, 200, want{"data.tags": `["vip","new"]`})
	old.Header = nil
	old.WantHeader = want{"X-Api-Version": "2021-06-15"}
	link := `{"id":"{{id}}","company_id":"` + company + `","position":"Chief"}`
	crm := run(t,
		saving(call("fields", "customFieldDefinitions.list", `{"filter":{"context":"contact"},"page":{"size":100,"number":1}}`, 200,
			want{"data.0.label": `"Lead origin"`, "data.2.configuration.options.0.value": `"Gold"`, "data.0.configuration": "{}"}),
			want{"origin": "data.0.id", "number": "data.1.id", "interests": "data.3.id"}),
		saving(call("areas", "levelTwoAreas.list", `{"country":"BE"}`, 200, want{"data.0.name": `"Antwerp"`, "data.2": "-"}), want{"area": "data.0.id"}),
		saving(call("create", "contacts.add", `{"first_name":"Ada","last_name":"Lovelace","emails":[{"type":"primary","email":"Ada@x.example"}],
			"telephones":[{"type":"mobile","number":"+44"}],"tags":["VIP"],"custom_fields":[{"id":"{{origin}}","value":"Expo"},{"id":"{{interests}}","value":["Poetry"]}],
			"addresses":[{"type":"primary","address":{"line_1":"1 St","postal_code":null,"city":null,"country":"BE","area_level_two_id":"{{area}}"}}]}`,
			201, want{"data.type": `"contact"`, "data.first_name": "-"}), want{"id": "data.id"}),
		call("read", "contacts.info", `{"id":"{{id}}"}`, 200, want{
			"data.emails.0.email": `"Ada@x.example"`, "data.salutation": "null", "data.companies": "[]", "data.tags": `["VIP"]`, "data.vat_number": "null",
			"data.addresses.0.address.area_level_two.id": `"{{area}}"`, "data.addresses.0.address.area_level_two_id": "-", "data.addresses.0.address.city": "null",
			"data.custom_fields.0": `{"definition":{"id":"{{origin}}","type":"customFieldDefinition"},"value":"Expo"}`, "data.added_at": `"2026-11-24T12:00:00+00:00"`}),
		call("duplicates are fine", "contacts.add", `{"last_name":"L","emails":[{"type":"primary","email":"ada@x.example"}]}`, 201, nil),
		call("link", "contacts.linkToCompany", link, 204, nil),
		call("link again", "contacts.linkToCompany", link, 400, want{"errors.0": `{"title":"Contact is already linked to the company"}`}),
		call("change the link", "contacts.updateCompanyLink", `{"id":"{{id}}","company_id":"`+company+`","decision_maker":true}`, 204, nil),
		call("change no link", "contacts.updateCompanyLink", `{"id":"{{id}}","company_id":"4da20f00-0628-4336-b885-aa90e580dd86"}`, 400, nil),
		call("link to none", "contacts.linkToCompany", `{"id":"{{id}}","company_id":"4da20f00-0628-4336-b885-aa90e5800404"}`, 400, want{"errors.0.status": "-"}),
		call("tag", "contacts.tag", `{"id":"{{id}}","tags":["vip","New"]}`, 204, nil),
		later,
		call("updated", "contacts.info", `{"id":"{{id}}"}`, 200, want{
			"data.companies.0.position": `"Chief"`, "data.companies.0.decision_maker": "true", "data.companies.0.company.id": `"` + company + `"`,
			"data.tags": `["VIP","New"]`, "data.custom_fields.2.value": `["Poetry"]`, "data.updated_at": `"2026-11-24T12:01:00+00:00"`}),
		old,
		call("update replaces", "contacts.update", `{"id":"{{id}}","custom_fields":[],"tags":[]}`, 204, nil),
		call("replaced", "contacts.info", `{"id":"{{id}}"}`, 200, want{"data.custom_fields": "[]", "data.tags": "[]"}),
		call("read none", "contacts.info", `{"id":"`+company+`"}`, 404, nil),
		call("no id", "contacts.info", `{"id":"7"}`, 400, want{"errors.0.title": `"id invalid uuid"`, "errors.0.meta.field": `"id"`}),
	)
	counts := kit.Counts{Records: 2, Creates: 2, Requests: 18, FollowUps: map[string]int{"company": 2, "update": 3}}
	if diff := cmp.Diff(counts, crm.Counts("acme")); diff != "" {
		t.Error(diff)
	}
}

func TestValidation(t *testing.T) {
	t.Parallel()
	address := func(kind, parts string) string {
		return `{"last_name":"L","addresses":[{"type":"` + kind + `","address":{` + parts + `}}]}`
	}
	for name, test := range map[string]struct {
		body  string
		wants want
	}{
		"no last name":      {`{"first_name":"A"}`, want{"errors.0": `{"code":0,"meta":{"field":"last_name"},"status":400,"title":"last_name must not be empty"}`}},
		"unknown key":       {`{"last_name":"L","name":"A"}`, want{"errors.0.meta.field": `"name"`}},
		"wrong type":        {`{"last_name":7}`, want{"errors.0.title": `"last_name has an invalid type"`}},
		"e-mail":            {`{"last_name":"L","emails":[{"type":"primary","email":"a@"}]}`, want{"errors.0.meta.field": `"oneOf"`}},
		"e-mail type":       {`{"last_name":"L","emails":[{"type":"work","email":"a@x.example"}]}`, want{"errors.0.title": "~must be one of primary"}},
		"two e-mails":       {`{"last_name":"L","emails":[{"type":"primary","email":"a@x.example"},{"type":"primary","email":"b@x.example"}]}`, want{"errors.0.meta.field": `"emails"`}},
		"telephone type":    {`{"last_name":"L","telephones":[{"type":"work","number":"1"}]}`, want{"errors.0.title": "~phone, mobile, fax"}},
		"key of an address": {address("primary", `"line_1":"x","city":"y","country":"GB"`), want{"errors.0.title": "~postal_code must be present", "errors.1": "-"}},
		"no country":        {address("primary", `"line_1":"x","postal_code":null,"city":"y","country":null`), want{"errors.0.title": "~country must be"}},
		"country name":      {address("primary", `"line_1":"x","postal_code":null,"city":"y","country":"Belgium"`), want{"errors.0.meta.field": `"oneOf"`}},
		"addressee":         {address("primary", `"addressee":"A","line_1":"x","postal_code":null,"city":"y","country":"BE"`), want{"errors.0.title": "~addressee"}},
		"state as text":     {address("primary", `"line_1":"x","postal_code":null,"city":"y","country":"BE","area_level_two_id":"Antwerp"`), want{"errors.0.title": "~area_level_two_id"}},
		"address type":      {address("home", `"line_1":"x","postal_code":null,"city":"y","country":"BE"`), want{"errors.0.title": "~primary, invoicing"}},
		"gender":            {`{"last_name":"L","gender":"x"}`, want{"errors.0.meta.field": `"gender"`}},
		"tag":               {`{"last_name":"L","tags":[{"name":"x"}]}`, want{"errors.0.meta.field": `"tags"`}},
		"field by name":     {`{"last_name":"L","custom_fields":[{"id":"Lead origin","value":"x"}]}`, want{"errors.0.title": `"id invalid uuid"`}},
		"unknown field":     {`{"last_name":"L","custom_fields":[{"id":"` + company + `","value":"x"}]}`, want{"errors.0": `{"title":"Custom field definition not found"}`}},
		"several":           {`{"gender":"x","nope":1}`, want{"errors.2.meta.field": `"nope"`}},
		"no JSON":           {`{`, want{"errors.0.title": "~JSON"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if n := run(t, call("", "contacts.add", test.body, 400, test.wants)).Count(""); n != 0 {
				t.Errorf("%d contacts stored", n)
			}
		})
	}
}

func TestCustomValues(t *testing.T) {
	t.Parallel()
	steps := []kittest.Step{saving(call("fields", "customFieldDefinitions.list", "{}", 200, nil), want{
		"text": "data.0.id", "integer": "data.1.id", "select": "data.2.id", "multi": "data.3.id", "bool": "data.4.id", "date": "data.5.id", "company": "data.6.id"})}
	for field, values := range map[string][2]string{
		"text": {`"x"`, `7`}, "integer": {`7`, `"7"`}, "select": {`"Gold"`, `"Tin"`}, "multi": {`["Engines"]`, `"Engines"`}, "bool": {`true`, `"yes"`},
		"date": {`"2026-01-02"`, `"2/1/26"`}, "company": {`{"type":"company","id":"` + company + `"}`, `"` + company + `"`},
	} {
		body := `{"last_name":"L","custom_fields":[{"id":"{{` + field + `}}","value":`
		steps = append(steps, call(field, "contacts.add", body+values[0]+"}]}", 201, nil),
			call("no "+field, "contacts.add", body+values[1]+"}]}", 400, want{"errors.0.meta.field": `"custom_fields"`}))
	}
	old := call("old options", "customFieldDefinitions.list", "{}", 200, want{"data.2.configuration.options": `["Gold","Silver"]`})
	old.Header = nil
	run(t, append(steps, old, as("required", call("required", "contacts.add", `{"last_name":"L"}`, 400, want{"errors.0.title": "~Lead origin is required"})))...)
}

func TestList(t *testing.T) {
	t.Parallel()
	suite := kittest.Suite{Spec: teamleader.Spec(), Options: kit.Options{IndexLag: time.Minute}, Clock: kittest.NewClock()}
	suite.Prepare = func(crm *kit.CRM) {
		for i, name := range []string{"Ada", "Bob"} {
			crm.Seed("acme", kit.Person{FirstName: name, LastName: "Lovelace", Email: name + "@x.example", Phone: "+44" + name}, suite.Clock.Now().Add(time.Duration(i-2)*time.Hour))
		}
	}
	indexed := call("indexed", "contacts.list", `{"filter":{"term":"eve","updated_since":"2026-11-24T11:59:00+00:00"}}`, 200, want{"data.0.last_name": `"Eve"`, "data.1": "-"})
	indexed.Advance = time.Minute
	kittest.Run(t, suite,
		call("by e-mail", "contacts.list", `{"filter":{"email":{"type":"primary","email":"ADA@x.example"}}}`, 200,
			want{"data.0.first_name": `"Ada"`, "data.1": "-", "data.0.remarks": "-", "data.0.companies": "-", "data.0.primary_address": "null", "data.0.custom_fields": "-"}),
		call("newest first", "contacts.list", `{"page":{"size":1,"number":1},"sort":[{"field":"added_at","order":"desc"}],"includes":"custom_fields"}`, 200,
			want{"data.0.first_name": `"Bob"`, "data.1": "-", "data.0.custom_fields": "[]"}),
		call("page", "contacts.list", `{"page":{"size":1,"number":2}}`, 200, want{"data.0.first_name": `"Bob"`}),
		call("by telephone", "contacts.list", `{"filter":{"term":"+44ada"}}`, 200, want{"data.0.first_name": `"Ada"`, "data.1": "-"}),
		call("by both names", "contacts.list", `{"filter":{"term":"Ada Lovelace"}}`, 200, want{"data": "[]"}),
		call("no such filter", "contacts.list", `{"filter":{"phone":"1"}}`, 400, nil),
		call("page too large", "contacts.list", `{"page":{"size":101}}`, 400, nil),
		call("create", "contacts.add", `{"last_name":"Eve"}`, 201, nil),
		call("not indexed", "contacts.list", `{"filter":{"term":"eve"}}`, 200, want{"data": "[]"}),
		indexed,
	)
}

func TestLimits(t *testing.T) {
	t.Parallel()
	suite := kittest.Suite{Spec: teamleader.Spec(), Prepare: func(crm *kit.CRM) {
		if err := crm.SetLimits(kit.Override{Name: "minute", Requests: 2}); err != nil {
			t.Error(err)
		}
	}}
	first, second, refused, free := call("", "users.me", "", 200, nil), call("", "users.me", "", 200, nil), call("", "users.me", "", 429, nil), call("", "users.me", "", 200, nil)
	first.WantHeader = want{"X-RateLimit-Remaining": "1", "X-RateLimit-Reset": "2026-11-24T13:01:00+01:00", "X-RateLimit-Limit": "2"}
	second.Advance = 10 * time.Second
	refused.Want = want{"errors.0": `{"status":429,"title":"Rate limit exceeded"}`}
	refused.WantHeader = want{"X-RateLimit-Reset": "2026-11-24T13:01:00.000+0100", "Retry-After": "-"}
	free.Advance = 50 * time.Second
	kittest.Run(t, suite, first, second, refused, free)
}
