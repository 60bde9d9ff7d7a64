package zendesksell_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/sandbox/kit"
	"crmferry/internal/sandbox/kit/kittest"
	"crmferry/internal/sandbox/zendesksell"
)

type want = map[string]string

const contacts = "/v2/contacts"

// suite sends the headers that every call needs.
func suite() kittest.Suite {
	return kittest.Suite{Spec: zendesksell.Spec(), Clock: kittest.NewClock(), Options: kit.Options{Unlimited: true}, Authorize: func(r *http.Request, token string) {
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("User-Agent", "test")
		r.Header.Set("Accept", "application/json")
	}}
}

func run(t *testing.T, steps ...kittest.Step) *kit.CRM {
	t.Helper()
	return kittest.Run(t, suite(), steps...)
}

func code(name string) want { return want{"errors.0.error.code": `"` + name + `"`} }

func TestAuthentication(t *testing.T) {
	t.Parallel()
	run(t,
		kittest.Step{Name: "none", Token: "-", Path: contacts, Status: 401, WantHeader: want{"X-Request-Id": "~-"}, Want: want{
			"errors.0.error":   `{"code":"unauthorized","details":"Required access token is missing, malformed, expired, or invalid.","message":"Unauthorized"}`,
			"meta.http_status": `"401 Unauthorized"`, "meta.logref": "~-"}},
		kittest.Step{Name: "foreign", Token: "sbx_hubspot_acme", Path: contacts, Status: 401},
		kittest.Step{Name: "expired", Account: "expired", Path: contacts, Status: 401},
		kittest.Step{Name: "no scope", Account: "noscope", Path: contacts, Body: `{"data":{"last_name":"A"}}`, Status: 403, Want: code("insufficient_scope")},
		kittest.Step{Name: "no profile", Account: "noprofile", Path: "/v2/users/self", Status: 403},
		kittest.Step{Name: "other probe", Account: "noprofile", Path: contacts + "?per_page=1"},
		kittest.Step{Name: "probe", Path: "/v2/users/self", Want: want{"data.email": `"grace@acme.sandbox.example"`}},
		kittest.Step{Name: "account", Path: "/v2/accounts/self", Want: want{"data.name": `"acme"`}},
		kittest.Step{Name: "users", Path: "/v2/users", Want: want{"items.0.data.role": `"admin"`}},
		kittest.Step{Name: "no agent", Path: contacts, Header: want{"User-Agent": ""}, Status: 400, Want: code("invalid_user_agent")},
		kittest.Step{Name: "accepts nothing", Path: contacts, Header: want{"Accept": "text/html"}, Status: 400, Want: code("invalid_header")},
		kittest.Step{Name: "wrong type", Path: contacts, Body: "a=b", Header: want{"Content-Type": "text/plain"}, Status: 400, Want: code("invalid_header")},
		kittest.Step{Name: "no such path", Path: "/v2/people", Status: 404, Want: code("incorrect_path")},
		kittest.Step{Name: "wrong method", Method: "DELETE", Path: contacts, Status: 405},
	)
}

func TestTokens(t *testing.T) {
	t.Parallel()
	s := suite()
	s.Authorize = func(r *http.Request, _ string) { r.SetBasicAuth(kit.ClientID, kit.ClientSecret) }
	refresh := func(name, token string, status int, wants want) kittest.Step {
		return kittest.Step{Name: name, Path: "/oauth2/token", Body: "grant_type=refresh_token&refresh_token=" + token, Status: status, Want: wants,
			Header: want{"Content-Type": "application/x-www-form-urlencoded"}}
	}
	asJSON := refresh("as JSON", "", 400, nil)
	asJSON.Header, asJSON.Body = nil, `{"grant_type":"refresh_token","refresh_token":"sbx_zendesk-sell_acme~2"}`
	inBody := refresh("client in the body", "sbx_zendesk-sell_acme~2&client_id=sandbox-client&client_secret=sandbox-secret", 401, want{"error": `"invalid_client"`})
	inBody.Token = "-"
	kittest.Run(t, s,
		refresh("first", "sbx_zendesk-sell_acme", 200, want{"access_token": `"sbx_zendesk-sell_acme"`, "refresh_token": `"sbx_zendesk-sell_acme~2"`, "expires_in": "3600"}),
		refresh("again", "sbx_zendesk-sell_acme", 400, want{"error": `"invalid_grant"`}),
		asJSON, inBody,
	)
}

func TestContacts(t *testing.T) {
	t.Parallel()
	crm := run(t,
		kittest.Step{Name: "full", Path: contacts, Body: `{"data":{"is_organization":false,"first_name":"Ada","last_name":"Lovelace","contact_id":90210,"owner_id":4711,
			"email":"Ada@x.example","mobile":"+44","address":{"line1":"1 St","country":"GB"},"tags":["VIP"],"parent_organization_id":null,
			"custom_fields":{"Favourite Number":"7","Tier":"Gold","Interests":["Poetry"],"Newsletter":true,"Met On":"2026-01-02","Home":{"city":"London"}}}}`,
			Want: want{"data.name": `"Ada Lovelace"`, "data.contact_id": "90210", "data.owner_id": "4711", "data.phone": "null", "data.billing_address": "null",
				"data.custom_fields.Tier": `"Gold"`, "data.created_at": `"2026-11-24T12:00:00Z"`, "data.customer_status": `"none"`, "meta": `{"type":"contact","version":1}`},
			WantHeader: want{"X-Request-Id": "~-"}, Save: want{"id": "data.id"}},
		kittest.Step{Name: "duplicates are fine", Path: contacts, Body: `{"data":{"last_name":"L","email":"Ada@x.example","tags":[],"custom_fields":{}}}`, Want: want{"data.contact_id": "null"}},
		kittest.Step{Name: "read", Path: contacts + "/{{id}}", Want: want{"data.email": `"Ada@x.example"`}},
		kittest.Step{Name: "read none", Path: contacts + "/1", Status: 404, Want: code("not_found")},
		kittest.Step{Name: "read organization", Path: contacts + "/90210", Want: want{"data.is_organization": "true", "data.name": `"Analytical Engines"`}},
		kittest.Step{Name: "person as company", Path: contacts, Body: `{"data":{"last_name":"L","contact_id":{{id}}}}`, Status: 422, Want: want{"errors.0.error.field": `"/data/contact_id"`}},
		kittest.Step{Name: "update", Method: "PUT", Path: contacts + "/{{id}}", Body: `{"data":{"title":"Chief","tags":["New"],"custom_fields":{"Tier":"Silver"}}}`, Advance: time.Minute,
			Want: want{"data.tags": `["New"]`, "data.custom_fields.Tier": `"Silver"`, "data.custom_fields.Favourite Number": `"7"`, "meta.version": "2", "data.updated_at": `"2026-11-24T12:01:00Z"`}},
		kittest.Step{Name: "other kind", Method: "PUT", Path: contacts + "/{{id}}", Body: `{"data":{"is_organization":true,"name":"A"}}`, Status: 422},
		kittest.Step{Name: "emptied", Method: "PUT", Path: contacts + "/{{id}}", Body: `{"data":{"last_name":""}}`, Status: 422, Want: code("blank")},
		kittest.Step{Name: "organization", Path: contacts, Body: `{"data":{"is_organization":true,"name":"Acme"}}`, Want: want{"data.is_organization": "true"}},
	)
	counts := kit.Counts{Records: 2, Creates: 2, Requests: 10, FollowUps: map[string]int{"update": 1, "organization": 1}}
	if diff := cmp.Diff(counts, crm.Counts("acme")); diff != "" {
		t.Error(diff)
	}
}

func TestValidation(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ body, code, field string }{
		"nothing":           {`{"data":{}}`, "missing", "/data/last_name"},
		"blank":             {`{"data":{"last_name":""}}`, "blank", "/data/last_name"},
		"no envelope":       {`{"last_name":"L"}`, "incorrect_payload", "/data"},
		"nameless company":  {`{"data":{"is_organization":true,"last_name":"L"}}`, "missing", "/data/name"},
		"unknown attribute": {`{"data":{"last_name":"L","emails":[]}}`, "unknown", "/data/emails"},
		"read-only":         {`{"data":{"last_name":"L","created_at":"2026-01-01T00:00:00Z"}}`, "unknown", "/data/created_at"},
		"second line":       {`{"data":{"last_name":"L","address":{"line2":"x"}}}`, "unknown", "/data/address/line2"},
		"billing":           {`{"data":{"last_name":"L","billing_address":{"line1":"x"}}}`, "unknown", "/data/billing_address"},
		"owner as text":     {`{"data":{"last_name":"L","owner_id":"4711"}}`, "invalid_type", "/data/owner_id"},
		"no such owner":     {`{"data":{"last_name":"L","owner_id":404}}`, "incorrect_value", "/data/owner_id"},
		"no such company":   {`{"data":{"last_name":"L","contact_id":1404}}`, "incorrect_value", "/data/contact_id"},
		"parent":            {`{"data":{"last_name":"L","parent_organization_id":90210}}`, "incorrect_value", "/data/parent_organization_id"},
		"e-mail":            {`{"data":{"last_name":"L","email":"ada@"}}`, "incorrect_value", "/data/email"},
		"status":            {`{"data":{"last_name":"L","customer_status":"vip"}}`, "incorrect_value", "/data/customer_status"},
		"tag objects":       {`{"data":{"last_name":"L","tags":[{"name":"VIP"}]}}`, "invalid_type", "/data/tags"},
		"unknown field":     {`{"data":{"last_name":"L","custom_fields":{"favourite number":"7"}}}`, "unknown", "/data/custom_fields/favourite number"},
		"number":            {`{"data":{"last_name":"L","custom_fields":{"Favourite Number":7}}}`, "invalid_type", "/data/custom_fields/Favourite Number"},
		"choice":            {`{"data":{"last_name":"L","custom_fields":{"Tier":"Tin"}}}`, "incorrect_value", "/data/custom_fields/Tier"},
		"choices":           {`{"data":{"last_name":"L","custom_fields":{"Interests":"Poetry"}}}`, "invalid_type", "/data/custom_fields/Interests"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wants := code(test.code)
			wants["errors.0.error.field"], wants["errors.0.error.resource"], wants["errors.1"] = `"`+test.field+`"`, `"contact"`, "-"
			if n := run(t, kittest.Step{Path: contacts, Body: test.body, Status: 422, Want: wants}).Count(""); n != 0 {
				t.Errorf("%d contacts stored", n)
			}
		})
	}
	run(t,
		kittest.Step{Name: "no JSON", Path: contacts, Body: `{`, Status: 400, Want: code("invalid_payload")},
		kittest.Step{Name: "unknown parameter", Path: contacts + "?force=1", Body: `{"data":{"last_name":"L"}}`, Status: 400, Want: code("invalid_param")},
		kittest.Step{Name: "billing", Account: "billing", Path: contacts, Body: `{"data":{"last_name":"L","billing_address":{"line1":"x"}}}`, Want: want{"data.billing_address.line1": `"x"`}},
	)
}

func TestUpsert(t *testing.T) {
	t.Parallel()
	const byKey = contacts + "/upsert?custom_fields%5BSource%20Key%5D=k1"
	crm := run(t,
		kittest.Step{Name: "created", Path: byKey, Body: `{"data":{"last_name":"L","custom_fields":{"Source Key":"k1"}}}`, Want: want{"data.custom_fields": `{"Source Key":"k1"}`}, Save: want{"id": "data.id"}},
		kittest.Step{Name: "updated", Path: byKey, Advance: time.Second, Body: `{"data":{"last_name":"M"}}`, Want: want{"data.id": "{{id}}", "data.last_name": `"M"`, "data.updated_at": `"2026-11-24T12:00:01Z"`}},
		kittest.Step{Name: "filter not copied", Path: contacts + "/upsert?email=a%40x.example", Body: `{"data":{"last_name":"N"}}`, Want: want{"data.email": "null"}},
		kittest.Step{Name: "once more", Path: contacts + "/upsert?email=a%40x.example", Body: `{"data":{"last_name":"N"}}`},
		kittest.Step{Name: "several", Path: contacts + "/upsert?last_name=N&is_organization=false", Body: `{"data":{"title":"x"}}`, Status: 422},
		kittest.Step{Name: "no filter", Path: contacts + "/upsert", Body: `{"data":{"last_name":"N"}}`, Status: 400, Want: code("invalid_param")},
		kittest.Step{Name: "field without filter", Path: contacts + "/upsert?custom_fields[Tier]=Gold", Body: `{"data":{"last_name":"N"}}`, Status: 400},
		kittest.Step{Name: "no scope", Account: "noscope", Path: byKey, Body: `{"data":{"last_name":"L"}}`, Status: 403},
	)
	if entry := crm.Ledger("acme")[0]; crm.Count("acme") != 3 || entry.Op != "upsert" {
		t.Errorf("%d contacts, first by %s", crm.Count("acme"), entry.Op)
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	s := suite()
	s.Options.IndexLag = time.Minute
	s.Prepare = func(crm *kit.CRM) {
		for i, name := range []string{"Ada", "Bob"} {
			crm.Seed("acme", kit.Person{FirstName: name, LastName: "Lovelace", Email: name + "@x.example", Phone: "+44"}, s.Clock.Now().Add(time.Duration(i-2)*time.Hour))
		}
	}
	kittest.Run(t, s,
		kittest.Step{Name: "people and companies", Path: contacts, Want: want{"items.0.data.is_organization": "true", "items.2.data.first_name": `"Bob"`, "items.3": "-", "meta.count": "-"}},
		kittest.Step{Name: "by e-mail", Path: contacts + "?email=Ada%40x.example&is_organization=false&per_page=25", Want: want{"items.0.data.first_name": `"Ada"`, "items.1": "-"}},
		kittest.Step{Name: "to the letter", Path: contacts + "?email=ada%40x.example", Want: want{"items": "[]"}},
		kittest.Step{Name: "newest first", Path: contacts + "?last_name=Lovelace&sort_by=created_at:desc&per_page=1", Want: want{"items.0.data.first_name": `"Bob"`, "items.1": "-"}, Save: want{"bob": "items.0.data.id"}},
		kittest.Step{Name: "second page", Path: contacts + "?last_name=Lovelace&sort_by=first_name&per_page=1&page=2", Want: want{"items.0.data.first_name": `"Bob"`}},
		kittest.Step{Name: "by id", Path: contacts + "?ids=1,{{bob}}", Want: want{"items.0.data.first_name": `"Bob"`, "items.1": "-"}},
		kittest.Step{Name: "by telephone", Path: contacts + "?phone=%2B44", Status: 400, Want: code("invalid_param")},
		kittest.Step{Name: "by telephone, where it can be", Account: "phones", Path: contacts + "?phone=%2B44", Want: want{"items": "[]"}},
		kittest.Step{Name: "page too large", Path: contacts + "?per_page=101", Status: 400},
		kittest.Step{Name: "create", Path: contacts, Body: `{"data":{"last_name":"Eve","address":{"city":"London"},"contact_id":7}}`, Save: want{"eve": "data.id"}},
		kittest.Step{Name: "not indexed", Path: contacts + "?last_name=Eve", Want: want{"items": "[]"}},
		kittest.Step{Name: "readable", Path: contacts + "/{{eve}}"},
		kittest.Step{Name: "indexed", Advance: time.Minute, Path: contacts + "?address[city]=London&contact_id=7", Want: want{"items.0.data.last_name": `"Eve"`}},
		kittest.Step{Name: "fields", Path: "/v2/contact/custom_fields", Want: want{"items.0.data.name": `"Favourite Number"`, "items.3.data.choices.1.name": `"Silver"`}},
	)
}

func TestLimits(t *testing.T) {
	t.Parallel()
	s := suite()
	s.Options = kit.Options{}
	steps := []kittest.Step{}
	for range 10 {
		steps = append(steps, kittest.Step{Path: "/v2/users/self"})
	}
	kittest.Run(t, s, append(steps,
		kittest.Step{Path: "/v2/users/self", Status: 429, Want: code("rate_limit_exceeded"), WantHeader: want{"Retry-After": "-"}},
		kittest.Step{Path: "/v2/users/self", Advance: time.Second},
	)...)
}
