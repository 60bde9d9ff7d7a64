package keap_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/sandbox/keap"
	"crmferry/internal/sandbox/kit"
	"crmferry/internal/sandbox/kit/kittest"
)

const (
	root     = "/crm/rest/v2"
	contacts = root + "/contacts"
)

type want = map[string]string

func run(t *testing.T, steps ...kittest.Step) *kit.CRM {
	t.Helper()
	return kittest.Run(t, kittest.Suite{Spec: keap.Spec(), Options: kit.Options{Unlimited: true}}, steps...)
}

func TestAuthentication(t *testing.T) {
	t.Parallel()
	probe := root + "/oauth/connect/userinfo"
	code := func(code string) want { return want{"fault.detail.errorcode": `"` + code + `"`} }
	kittest.Run(t, kittest.Suite{Spec: keap.Spec()},
		kittest.Step{Name: "none", Token: "-", Path: "/nowhere", Status: 401, Want: code("oauth.v2.InvalidAccessToken")},
		kittest.Step{Name: "invalid", Token: "sbx_wix_acme", Path: probe, Status: 401, Want: code("keymanagement.service.invalid_access_token")},
		kittest.Step{Name: "expired", Account: "expired", Path: probe, Status: 401, Want: code("keymanagement.service.access_token_expired")},
		kittest.Step{Name: "permission", Account: "noscope", Path: contacts, Body: `{"email_addresses":[{"email":"a@x.example","field":"EMAIL1"}]}`, Status: 403,
			Want: want{"code": "403", "status": `"PERMISSION_DENIED"`}},
		kittest.Step{Name: "probe", Path: probe, Want: want{"given_name": `"Grace"`}, WantHeader: want{
			"x-keap-product-quota-limit": "30000", "x-keap-product-quota-expiry-time": "1795564800000", "x-keap-product-throttle-available": "239",
			"x-keap-tenant-throttle-limit": "10000|250000", "x-keap-tenant-throttle-time-unit": "minute|day", "x-keap-tenant-throttle-interval": "1|1"}},
		kittest.Step{Name: "no such path", Path: root + "/people", Status: 404, WantHeader: want{"Content-Type": "text/html"}},
		kittest.Step{Name: "wrong method", Method: "DELETE", Path: contacts, Status: 405, WantHeader: want{"Allow": "GET, POST"}},
		kittest.Step{Name: "body on GET", Method: "GET", Path: contacts, Body: `{}`, Status: 400, WantHeader: want{"Content-Type": "text/html"}},
		kittest.Step{Name: "media type", Path: contacts, Body: "a=b", Header: want{"Content-Type": "text/plain"}, Status: 415},
	)
	kittest.Run(t, kittest.Suite{Spec: keap.Spec(), Authorize: func(r *http.Request, key string) { r.Header.Set("X-Keap-API-Key", key) }}, kittest.Step{Path: probe})
	for account, scheme := range map[string]string{"acme": "api_key", "oauth-app": "oauth2"} {
		auth, settings := keap.Spec().Connect(account, "http://127.0.0.1:9000/keap")
		if auth["scheme"] != scheme || settings["instance_url"] != "http://127.0.0.1:9000/keap" {
			t.Errorf("%s: %v %v", account, auth, settings)
		}
	}
}

func TestContacts(t *testing.T) {
	t.Parallel()
	full := `{"given_name":"Ada","family_name":"Lovelace","company":{"id":"100"},"owner_id":"45","custom_fields":[{"id":"10","content":["Maths"]}],
		"email_addresses":[{"email":"Ada@x.example","field":"EMAIL1","opt_in_reason":"x"},{"email":"ada@home.example","field":"EMAIL2"}],
		"phone_numbers":[{"number":"4155550101","type":"Work","field":"PHONE1","extension":"12"},{"number":"+44 20 7946 0001","field":"PHONE2"}],
		"addresses":[{"field":"BILLING","line1":"1 St","region_code":"US-AZ","country_code":"USA","postal_code":"85001"}]}`
	crm := run(t,
		kittest.Step{Name: "without fields", Path: contacts, Body: full, Status: 201, Want: want{"given_name": `"Ada"`, "email_addresses": "-", "create_time": "-"}},
		kittest.Step{Name: "with them", Path: contacts + "?fields=email_addresses,phone_numbers,addresses,company,owner_id,custom_fields,tag_ids,create_time,website", Body: full, Status: 201,
			Want: want{"create_time": `"2026-11-24T12:00:00Z"`, "website": "null", "owner_id": `"45"`, "company": `{"company_name":"Analytical Engines","id":"100"}`,
				"email_addresses.0.email_opt_status": `"UNENGAGED_MARKETABLE"`, "phone_numbers.0.number": `"(415) 555-0101"`, "phone_numbers.0.number_e164": `"+14155550101"`,
				"phone_numbers.1.number": `"+44 20 7946 0001"`, "addresses.0.region": `"Arizona"`, "addresses.0.country": `"United States"`, "tag_ids": "[]",
				"custom_fields.0": `{"content":null,"id":"6"}`, "custom_fields.2.content": `["Maths"]`, "family_name": `"Lovelace"`},
			Save: want{"id": "id"}},
		kittest.Step{Name: "unknown property", Path: contacts + "?fields=emails", Body: full, Status: 400},
		kittest.Step{Name: "read", Path: contacts + "/{{id}}?fields=score_value", Want: want{"": `{"family_name":"Lovelace","given_name":"Ada","id":"{{id}}","score_value":"0"}`}},
		kittest.Step{Name: "read none", Path: contacts + "/1", Status: 404, Want: want{"": `{"message":"Unable to find this Contact"}`}},
		kittest.Step{Name: "update", Method: "PATCH", Path: contacts + "/{{id}}?fields=email_addresses,update_time", Advance: time.Minute,
			Body: `{"email_addresses":[{"email":"b@x.example","field":"EMAIL1"}]}`, Want: want{"email_addresses.1": "-", "update_time": `"2026-11-24T12:01:00Z"`}},
		kittest.Step{Name: "masked", Method: "PATCH", Path: contacts + "/{{id}}?fields=job_title&update_mask=job_title", Body: `{"job_title":"Analyst","given_name":"B"}`,
			Want: want{"job_title": `"Analyst"`, "given_name": `"Ada"`}},
		kittest.Step{Name: "upsert", Path: contacts + "?duplicate_option=Email&fields=phone_numbers", Body: `{"email_addresses":[{"email":"B@x.example","field":"EMAIL1"}],"phone_numbers":[]}`,
			Want: want{"id": `"{{id}}"`, "phone_numbers": "[]"}},
		kittest.Step{Name: "upsert of another name", Path: contacts + "?duplicate_option=EmailAndName", Body: `{"given_name":"B","email_addresses":[{"email":"b@x.example","field":"EMAIL1"}]}`, Status: 201},
		kittest.Step{Name: "unknown option", Path: contacts + "?duplicate_option=Phone", Body: full, Status: 400},
		kittest.Step{Name: "note", Path: contacts + "/{{id}}/notes", Body: `{"title":"Description","text":"x","user_id":"45"}`, Status: 201, Want: want{"contact_id": `"{{id}}"`}},
		kittest.Step{Name: "notes", Path: contacts + "/{{id}}/notes?filter=title%3D%3DDescription", Want: want{"notes.0.text": `"x"`, "notes.1": "-"}},
		kittest.Step{Name: "other notes", Path: contacts + "/{{id}}/notes?filter=title%3D%3DCall", Want: want{"notes": "[]"}},
		kittest.Step{Name: "notes of none", Path: contacts + "/1/notes", Status: 404},
		kittest.Step{Name: "note of nobody", Path: contacts + "/{{id}}/notes", Body: `{"title":"Description","text":"x"}`, Status: 400},
		kittest.Step{Name: "note without title", Path: contacts + "/{{id}}/notes", Body: `{"text":"x","user_id":"45"}`, Status: 400},
		kittest.Step{Name: "note on none", Path: contacts + "/1/notes", Body: `{"title":"x","user_id":"45"}`, Status: 404},
		kittest.Step{Name: "legacy times", Account: "legacy", Path: contacts + "?fields=create_time", Body: full, Status: 201, Want: want{"create_time": `"2026-11-24T12:01:00.000+0000"`}},
	)
	counts := kit.Counts{Records: 3, Creates: 3, Requests: 17, FollowUps: map[string]int{"update": 3, "note": 1}}
	if diff := cmp.Diff(counts, crm.Counts("acme")); diff != "" {
		t.Error(diff)
	}
}

func TestValidation(t *testing.T) {
	t.Parallel()
	with := func(more string) string {
		return `{"email_addresses":[{"email":"a@x.example","field":"EMAIL1"}],` + more + `}`
	}
	for name, test := range map[string]struct {
		body   string
		status int
		want   string
	}{
		"nobody":              {`{"given_name":"Ada"}`, 400, `"Contact must contain an e-mail address or phone number"`},
		"address alone":       {`{"addresses":[{"field":"BILLING","line1":"1 St"}]}`, 400, `"Contact must contain an e-mail address or phone number"`},
		"long name":           {with(`"given_name":"` + strings.Repeat("x", 41) + `"`), 400, `"given_name: size must be between 0 and 40"`},
		"unknown key":         {with(`"tag_ids":["101"]`), 400, `"Unrecognized field \"tag_ids\""`},
		"read only":           {with(`"create_time":"2026-01-01T00:00:00Z"`), 400, `~create_time`},
		"e-mail":              {`{"email_addresses":[{"email":"a@","field":"EMAIL1"}]}`, 400, `"email_addresses.0.email must be a well-formed email address"`},
		"no slot":             {`{"email_addresses":[{"email":"a@x.example"}]}`, 400, `"email_addresses.0.field must not be blank"`},
		"zero slot":           {`{"email_addresses":[{"email":"a@x.example","field":"EMAIL_FIELD_UNSPECIFIED"}]}`, 400, `~email_addresses.0.field must be one of`},
		"slot twice":          {with(`"phone_numbers":[{"number":"1","field":"PHONE1"},{"number":"2","field":"PHONE1"}]`), 400, `~PHONE1 is used twice`},
		"long number":         {with(`"phone_numbers":[{"number":"` + strings.Repeat("1", 21) + `","field":"PHONE4"}]`), 400, `~phone_numbers.0.number: size`},
		"assistant":           {with(`"assistant_phone":"+44 20 7946 000123"`), 400, `~assistant_phone: size`},
		"long line":           {with(`"addresses":[{"field":"BILLING","line1":"` + strings.Repeat("x", 76) + `"}]`), 400, `~addresses.0.line1: size`},
		"region alone":        {with(`"addresses":[{"field":"OTHER","region":"Arizona"}]`), 400, `"addresses.0: country_code is required when region is provided"`},
		"alpha-2":             {with(`"addresses":[{"field":"OTHER","country_code":"US"}]`), 400, `~alpha-3`},
		"region of another":   {with(`"addresses":[{"field":"OTHER","country_code":"GBR","region_code":"US-AZ"}]`), 400, `~ISO 3166-2`},
		"unknown company":     {with(`"company":{"id":"1404"}`), 404, `"Unable to find this Company"`},
		"company as number":   {with(`"company":{"id":100}`), 400, `~company.id`},
		"unknown owner":       {with(`"owner_id":"404"`), 404, `"Unable to find this User"`},
		"unknown custom":      {with(`"custom_fields":[{"id":"7","content":"x"}]`), 400, `~no custom field has the id \"7\"`},
		"option":              {with(`"custom_fields":[{"id":"8","content":"Lead"}]`), 400, `~not valid for DROPDOWN`},
		"list box as text":    {with(`"custom_fields":[{"id":"10","content":"Maths"}]`), 400, `~not valid for LIST_BOX`},
		"source":              {with(`"source_type":"FERRY"`), 400, `~source_type must be one of`},
		"kind of profile":     {with(`"social_accounts":[{"type":"LINKEDIN","name":"ada"}]`), 400, `~social_accounts.0.type`},
		"description":         {with(`"notes":"x"`), 400, `~notes`},
		"list as an object":   {`{"email_addresses":{"email":"a@x.example"}}`, 400, `"email_addresses has a value of the wrong type"`},
		"not JSON":            {`{`, 400, `"JSON parse error"`},
		"e-mail as a text":    {`{"email_addresses":["a@x.example"]}`, 400, `"email_addresses.0 has a value of the wrong type"`},
		"address without use": {with(`"addresses":[{"line1":"1 St"}]`), 400, `"addresses.0.field must not be blank"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if n := run(t, kittest.Step{Path: contacts, Body: test.body, Status: test.status, Want: want{"message": test.want}}).Count(""); n != 0 {
				t.Errorf("%d contacts stored", n)
			}
		})
	}
}

func TestTags(t *testing.T) {
	t.Parallel()
	create := func(account string) kittest.Step {
		return kittest.Step{Account: account, Path: contacts, Body: `{"phone_numbers":[{"number":"1","field":"PHONE1"}]}`, Status: 201, Save: want{"id": "id"}}
	}
	apply := func(name, account, tag, contact string, status int, wants want) kittest.Step {
		return kittest.Step{Name: name, Account: account, Path: root + "/tags/" + tag + "/contacts:applyTags", Body: `{"contact_ids":["` + contact + `"]}`, Status: status, Want: wants}
	}
	crm := run(t,
		create("acme"),
		kittest.Step{Name: "by name", Path: root + "/tags?filter=name%3D%3DVIP", Want: want{"tags.0.id": `"101"`, "tags.1": "-"}},
		kittest.Step{Name: "ignored", Path: root + "/tags?name=VIP", Want: want{"tags.1.name": `"Newsletter"`}},
		kittest.Step{Name: "new", Path: root + "/tags", Body: `{"name":"Lead"}`, Status: 201, Save: want{"tag": "id"}},
		kittest.Step{Name: "again", Path: root + "/tags", Body: `{"name":"lead"}`, Status: 409},
		kittest.Step{Name: "nameless", Path: root + "/tags", Body: `{}`, Status: 400},
		apply("apply", "", "{{tag}}", "{{id}}", 200, want{"results": `{"{{id}}":"SUCCESS"}`}),
		apply("apply again", "", "{{tag}}", "{{id}}", 200, nil),
		apply("to nobody", "", "101", "1", 200, want{"results.1": `"CONTACT_DOES_NOT_EXIST"`}),
		apply("no tag", "", "999", "{{id}}", 404, want{"message": `"Unable to find this Tag"`}),
		kittest.Step{Name: "ids", Path: contacts + "/{{id}}?fields=tag_ids", Want: want{"tag_ids": `["{{tag}}"]`}},
		kittest.Step{Name: "names", Path: contacts + "/{{id}}/tags", Want: want{"tags.0.name": `"Lead"`, "tags.1": "-"}},
		create("untaggable"),
		apply("in vain", "untaggable", "101", "{{id}}", 200, want{"results": `{"{{id}}":"FAILURE"}`}),
	)
	if diff := cmp.Diff(map[string]int{"tag": 2, "new_tag": 1}, crm.Counts("").FollowUps); diff != "" {
		t.Error(diff)
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	s := kittest.Suite{Spec: keap.Spec(), Clock: kittest.NewClock(), Options: kit.Options{IndexLag: 2 * time.Second, Unlimited: true}}
	s.Prepare = func(crm *kit.CRM) {
		crm.Seed("acme", kit.Person{FirstName: "Bob", Email: "bob@x.example", Phone: "+14155550101"}, s.Clock.Now().Add(-time.Hour))
	}
	email := contacts + "?filter=email%3D%3Dada%40x.example&fields=id,email_addresses&order_by=id%20desc&page_size=10"
	kittest.Run(t, s,
		kittest.Step{Path: contacts, Body: `{"given_name":"Ada","family_name":"Lovelace","email_addresses":[{"email":"Ada@x.example","field":"EMAIL1"}]}`, Status: 201, Save: want{"id": "id"}},
		kittest.Step{Name: "not indexed", Path: email, Want: want{"": `{"contacts":[],"next_page_token":null}`}},
		kittest.Step{Name: "e-mail", Advance: 2 * time.Second, Path: email, Want: want{"contacts.0.id": `"{{id}}"`, "contacts.0.email_addresses.0.field": `"EMAIL1"`, "contacts.1": "-"}},
		kittest.Step{Name: "everybody", Path: contacts + "?email=ada%40x.example&order_by=id%20desc", Want: want{"contacts.0.id": `"{{id}}"`, "contacts.1.given_name": `"Bob"`}},
		kittest.Step{Name: "page", Path: contacts + "?page_size=1", Want: want{"contacts.1": "-", "next_page_token": `"1"`}},
		kittest.Step{Name: "next page", Path: contacts + "?page_size=1&page_token=1", Want: want{"contacts.0.id": `"{{id}}"`, "next_page_token": "null"}},
		kittest.Step{Name: "name", Path: contacts + "?filter=given_name%3D%3DAda%3Bfamily_name%3D%3DLove*", Want: want{"contacts.0.id": `"{{id}}"`}},
		kittest.Step{Name: "phone", Path: contacts + "?filter=phone_number%3D%3D4155550101%3Bphone_fields%3D%3DPHONE1,PHONE2&fields=phone_numbers",
			Want: want{"contacts.0.phone_numbers.0.number": `"(415) 555-0101"`}},
		kittest.Step{Name: "other slot", Path: contacts + "?filter=phone_number%3D%3D4155550101%3Bphone_fields%3D%3DPHONE2", Want: want{"contacts": "[]"}},
		kittest.Step{Name: "no slots", Path: contacts + "?filter=phone_number%3D%3D4155550101", Status: 400},
		kittest.Step{Name: "unknown criterion", Path: contacts + "?filter=phone%3D%3D1", Status: 400},
		kittest.Step{Name: "fields", Path: contacts + "/model", Want: want{"custom_fields.1.options.0.label": `"Gold"`, "custom_fields.1.field_name": `"_Tier"`}},
		kittest.Step{Name: "legacy fields", Account: "legacy", Path: contacts + "/model", Want: want{"custom_fields.1.label": `"Tier"`, "custom_fields.1.field_name": "null", "custom_fields.1.options": "null"}},
		kittest.Step{Name: "companies", Path: root + "/companies?filter=company_name%3D%3DAnalytical%20Engines", Want: want{"companies.0.id": `"100"`, "companies.1": "-"}},
		kittest.Step{Name: "users", Path: root + "/users", Want: want{"users.0.id": `"45"`}},
	)
}

func TestLimits(t *testing.T) {
	t.Parallel()
	suite := func(o ...kit.Override) kittest.Suite {
		return kittest.Suite{Spec: keap.Spec(), Prepare: func(crm *kit.CRM) {
			if err := crm.SetLimits(o...); err != nil {
				t.Error(err)
			}
		}}
	}
	get := func(account string, status int, advance time.Duration, wants, headers want) kittest.Step {
		return kittest.Step{Account: account, Path: root + "/users", Status: status, Advance: advance, Want: wants, WantHeader: headers}
	}
	quota := want{"": `{"code":"429","details":null,"message":"Quota Exceeded","status":"Request Throttled"}`}
	kittest.Run(t, suite(kit.Override{Name: "second", Requests: 1}, kit.Override{Name: "minute", Requests: 2}, kit.Override{Name: "day", Requests: 3}),
		get("", 200, 0, nil, nil),
		get("", 429, 0, quota, want{"Retry-After": "-", "x-keap-product-throttle-available": "1"}),
		get("", 200, time.Second, nil, nil),
		get("", 429, time.Second, quota, want{"Retry-After": "58", "x-keap-product-throttle-available": "0"}),
		get("", 200, time.Minute, nil, nil),
		get("", 429, time.Minute, quota, want{"x-keap-product-quota-available": "0"}),
		get("", 200, 12*time.Hour, nil, nil),
	)
	kittest.Run(t, suite(kit.Override{Name: "client_minute", Requests: 2}, kit.Override{Name: "second", Requests: 1}),
		get("oauth-a", 200, 0, nil, nil), get("oauth-a", 200, 0, nil, want{"x-keap-product-throttle-limit": "2", "x-keap-product-quota-limit": "150000"}),
		get("oauth-b", 429, 0, quota, nil), get("acme", 200, 0, nil, nil),
	)
	kittest.Run(t, suite(kit.Override{Name: "spike", Requests: 1}),
		get("", 200, 0, nil, nil), get("", 429, 0, want{"fault.detail.errorcode": `"policies.ratelimit.QuotaViolation"`}, nil))
}
