package freshsales_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/sandbox/freshsales"
	"crmferry/internal/sandbox/kit"
	"crmferry/internal/sandbox/kit/kittest"
)

const (
	base     = "/crm/sales/api"
	contacts = base + "/contacts"
)

type want = map[string]string

func suite() kittest.Suite {
	return kittest.Suite{Spec: freshsales.Spec(), Authorize: func(r *http.Request, key string) {
		r.Header.Set("Authorization", "Token token="+key)
	}}
}

func contact(fields string) string { return `{"contact":{` + fields + `}}` }

func TestAuthentication(t *testing.T) {
	t.Parallel()
	kittest.Run(t, suite(),
		kittest.Step{Name: "none", Token: "-", Path: contacts + "/1", Status: 401, Want: want{"login": `"failed"`}},
		kittest.Step{Name: "gone", Account: "expired", Path: contacts + "/1", Status: 401},
		kittest.Step{Name: "role", Account: "noscope", Path: contacts, Body: contact(`"email":"a@x.example"`), Status: 403, Want: want{"errors.message.0": `"Access denied"`}},
		kittest.Step{Name: "owners", Path: base + "/selector/owners", Want: want{"users.0.id": "70000012345", "users.0.is_active": "true"}},
		kittest.Step{Name: "wrong base", Path: "/api/selector/owners", Status: 404, WantHeader: want{"Content-Type": "~text/html"}},
		kittest.Step{Name: "no api", Path: "/crm/sales/contacts/filters", Status: 404, WantHeader: want{"Content-Type": "~text/html"}},
		kittest.Step{Name: "no list", Path: contacts, Status: 404},
		kittest.Step{Name: "classic", Account: "classic1", Path: "/api/selector/owners"},
		kittest.Step{Name: "classic at the new base", Account: "classic1", Path: base + "/selector/owners", Status: 404},
		kittest.Step{Name: "media type", Path: contacts, Body: "a=b", Header: want{"Content-Type": "application/x-www-form-urlencoded"}, Status: 415},
	)
	for _, form := range []string{"Bearer ", "Token ", "token token="} {
		wrong := suite()
		wrong.Authorize = func(r *http.Request, key string) { r.Header.Set("Authorization", form+key) }
		kittest.Run(t, wrong, kittest.Step{Name: form, Path: base + "/selector/owners", Status: 401})
	}
	for account, aliases := range map[string][2]string{
		"acme":    {"acme.myfreshworks.com/crm/sales", "127.0.0.1:9000/freshsales/crm/sales"},
		"classic": {"classic.freshsales.io", "127.0.0.1:9000/freshsales/api"},
	} {
		for i, under := range []string{"", "http://127.0.0.1:9000/freshsales"} {
			if _, settings := freshsales.Spec().Connect(account, under); settings["bundle_alias"] != aliases[i] {
				t.Errorf("%s: %v", account, settings)
			}
		}
	}
}

func TestContacts(t *testing.T) {
	t.Parallel()
	crm := kittest.Run(t, suite(),
		kittest.Step{Name: "create", Path: contacts + "?include=sales_accounts", Status: 201, Save: want{"id": "contact.id"},
			Body: contact(`"first_name":"Ada","last_name":"Lovelace","email":"Ada@x.example","owner_id":70000012345,"tags":["vip"],
				"sales_accounts":[{"id":70003771198,"is_primary":true}],"custom_field":{"cf_contract_no":"AE-1","cf_tier":2}`),
			Want: want{"contact.display_name": `"Ada Lovelace"`, "contact.email": `"Ada@x.example"`, "contact.emails.0.is_primary": "true",
				"contact.created_at": `"2026-11-24T08:00:00-04:00"`, "contact.owner_id": "-", "contact.sales_accounts.0.is_primary": "true",
				"contact.custom_field": `{"cf_contract_no":"AE-1","cf_score":null,"cf_tier":"Silver","cf_vip":null}`, "contact.record_type_id": `"71010794476"`}},
		kittest.Step{Name: "same e-mail", Path: contacts, Body: contact(`"email":"ada@x.example"`), Status: 400,
			Want: want{"": `{"errors":{"code":3002,"message":"Contact is not unique"}}`}},
		kittest.Step{Name: "same mobile", Path: contacts, Body: contact(`"mobile_number":"1"`), Status: 201, Want: want{"contact.email": "null", "contact.display_name": "null"}},
		kittest.Step{Path: contacts, Body: contact(`"mobile_number":"1"`), Status: 201},
		kittest.Step{Name: "several e-mails", Path: contacts, Body: contact(`"emails":["b@x.example",{"value":"c@x.example","is_primary":false}]`), Status: 201,
			Want: want{"contact.email": `"b@x.example"`, "contact.emails.1.value": `"c@x.example"`, "contact.display_name": `"b@x.example"`}},
		kittest.Step{Name: "second of them", Path: contacts, Body: contact(`"emails":"C@x.example"`), Status: 400},
		kittest.Step{Name: "read", Path: contacts + "/{{id}}", Want: want{"contact.sales_accounts": "-", "contact.tags": `["vip"]`}},
		kittest.Step{Name: "read none", Path: contacts + "/1", Status: 404, Want: want{"errors.code": `"404"`}},
		kittest.Step{Name: "update", Method: "PUT", Path: contacts + "/{{id}}", Body: contact(`"job_title":"Analyst","custom_field":{"cf_score":3}`),
			Want: want{"contact.job_title": `"Analyst"`, "contact.email": `"Ada@x.example"`, "contact.custom_field.cf_contract_no": `"AE-1"`}},
		kittest.Step{Name: "update none", Method: "PUT", Path: contacts + "/1", Body: contact(``), Status: 404},
		kittest.Step{Name: "note", Path: base + "/notes", Body: `{"note":{"description":"x","targetable_type":"Contact","targetable_id":{{id}}}}`, Status: 201},
		kittest.Step{Name: "note on none", Path: base + "/notes", Body: `{"note":{"description":"x","targetable_type":"Contact","targetable_id":1}}`, Status: 404},
		kittest.Step{Name: "note on a deal", Path: base + "/notes", Body: `{"note":{"description":"x","targetable_type":"Deal","targetable_id":{{id}}}}`, Status: 400},
		kittest.Step{Name: "upsert old", Path: contacts + "/upsert", Body: `{"unique_identifier":{"emails":"ada@x.example"},"contact":{"city":"London"}}`,
			Want: want{"contact.id": "{{id}}", "contact.city": `"London"`}},
		kittest.Step{Name: "upsert new", Path: contacts + "/upsert", Body: `{"unique_identifier":{"mobile_number":"2"},"contact":{"mobile_number":"2"}}`},
		kittest.Step{Name: "upsert by nothing", Path: contacts + "/upsert", Body: `{"unique_identifier":{"id":1},"contact":{}}`, Status: 400},
		kittest.Step{Name: "classic", Account: "classic", Path: "/api/contacts", Body: contact(`"email":"a@x.example"`),
			Want: want{"contact.owner_id": "70000012345", "contact.created_at": `"2026-11-24T12:00:00Z"`}},
		kittest.Step{Name: "duplicates allowed", Account: "dupes", Path: contacts, Body: contact(`"email":"a@x.example"`), Status: 201},
		kittest.Step{Name: "and taken", Account: "dupes", Path: contacts, Body: contact(`"email":"a@x.example"`), Status: 201},
		kittest.Step{Name: "mobile demanded", Account: "mobile", Path: contacts, Body: contact(`"email":"a@x.example"`), Status: 400, Want: want{"errors.message.0": "~Need to fill this Mobile"}},
		kittest.Step{Name: "mobile", Account: "mobile", Path: contacts, Body: contact(`"mobile_number":"1"`), Status: 201},
		kittest.Step{Name: "mobile taken", Account: "mobile", Path: contacts, Body: contact(`"mobile_number":"1"`), Status: 422,
			Want: want{"": `{"errors":{"code":"422","message":["Mobile number has already been taken"]}}`}},
	)
	counts := kit.Counts{Records: 5, Creates: 5, Requests: 16, FollowUps: map[string]int{"update": 2, "note": 1}}
	if diff := cmp.Diff(counts, crm.Counts("acme")); diff != "" {
		t.Error(diff)
	}
}

func TestValidation(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ fields, want string }{
		"nobody":           {`"first_name":"Ada"`, `"Need to fill this Email or Mobile"`},
		"e-mail":           {`"email":"ada@"`, `"email is not a valid email"`},
		"e-mails":          {`"emails":[1]`, `"The type for emails is invalid."`},
		"unknown key":      {`"email":"a@x.example","name":"Ada"`, `"Unknown field name"`},
		"read only":        {`"email":"a@x.example","created_at":"2026-01-01T00:00:00Z"`, `"created_at is read only"`},
		"owner as text":    {`"email":"a@x.example","owner_id":"70000012345"`, `"The type for owner_id is invalid."`},
		"unknown owner":    {`"email":"a@x.example","owner_id":1404`, `"Owner is invalid"`},
		"accounts as ids":  {`"email":"a@x.example","sales_accounts":[1]`, `"The type for sales_accounts is invalid."`},
		"account as text":  {`"email":"a@x.example","sales_accounts":[{"id":"1","is_primary":true}]`, `"The type for sales_accounts is invalid."`},
		"unknown account":  {`"email":"a@x.example","sales_accounts":[{"id":1404,"is_primary":true}]`, `"sales_accounts.0 does not exist"`},
		"no primary":       {`"email":"a@x.example","sales_accounts":[{"id":1}]`, `"Exactly one of the sales_accounts must be primary"`},
		"eleven accounts":  {`"email":"a@x.example","sales_accounts":[{"id":1,"is_primary":true}` + strings.Repeat(`,{"id":2}`, 10) + `]`, `~at most 10`},
		"tags as objects":  {`"email":"a@x.example","tags":[{"name":"vip"}]`, `"The type for tags is invalid."`},
		"plural":           {`"email":"a@x.example","custom_fields":{"cf_score":1}`, `"Unknown field custom_fields"`},
		"unknown cf":       {`"email":"a@x.example","custom_field":{"cf_shoe":1}`, `"Unknown field custom_field.cf_shoe"`},
		"number as text":   {`"email":"a@x.example","custom_field":{"cf_score":"1"}`, `"The type for custom_field.cf_score is invalid."`},
		"choice":           {`"email":"a@x.example","custom_field":{"cf_tier":"Lead"}`, `"custom_field.cf_tier is not included in the list"`},
		"too long a title": {`"email":"a@x.example","job_title":"` + strings.Repeat("x", 256) + `"`, "~job_title is too long"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			step := kittest.Step{Path: contacts, Body: contact(test.fields), Status: 400, Want: want{"errors.code": "400", "errors.message.0": test.want}}
			if n := kittest.Run(t, suite(), step).Count(""); n != 0 {
				t.Errorf("%d contacts stored", n)
			}
		})
	}
	kittest.Run(t, suite(), kittest.Step{Name: "no envelope", Path: contacts, Body: `{"email":"a@x.example"}`, Status: 400})
}

func TestFind(t *testing.T) {
	t.Parallel()
	s := suite()
	s.Clock, s.Options.IndexLag = kittest.NewClock(), 3*time.Second
	kittest.Run(t, s,
		kittest.Step{Path: contacts, Body: contact(`"first_name":"Ada","email":"Ada@x.example","mobile_number":"+44 1","custom_field":{"cf_contract_no":"AE-1"}`), Status: 201, Save: want{"id": "contact.id"}},
		kittest.Step{Name: "not indexed", Path: base + "/lookup?q=ada%40x.example&f=email&entities=contact", Want: want{"contacts.contacts": "[]", "contacts.meta.total": "0"}},
		kittest.Step{Name: "nor searched", Path: base + "/search?q=ada&include=contact", Want: want{"": "[]"}},
		kittest.Step{Name: "e-mail", Advance: 3 * time.Second, Path: base + "/lookup?q=ada%40x.example&f=email&entities=contact", Want: want{"contacts.contacts.0.id": "{{id}}", "contacts.meta.total": "1"}},
		kittest.Step{Name: "mobile", Path: base + "/lookup?q=%2B44%201&f=mobile_number&entities=contact", Want: want{"contacts.contacts.0.id": "{{id}}"}},
		kittest.Step{Name: "unescaped plus", Path: base + "/lookup?q=+44%201&f=mobile_number&entities=contact", Want: want{"contacts.contacts": "[]"}},
		kittest.Step{Name: "custom field", Path: base + "/lookup?q=AE-1&f=cf_contract_no&entities=contact", Want: want{"contacts.contacts.0.id": "{{id}}"}},
		kittest.Step{Name: "unknown field", Path: base + "/lookup?q=1&f=external_id&entities=contact", Status: 400},
		kittest.Step{Name: "search", Path: base + "/search?q=ada&include=contact&per_page=1", Want: want{"0.id": `"{{id}}"`, "0.record_type_id": "71010794476", "0.owner.id": "70000012345"}},
		kittest.Step{Name: "search for nothing", Path: base + "/search?q=ada", Status: 400},
		kittest.Step{Name: "views", Path: contacts + "/filters", Save: want{"view": "filters.0.id"}},
		kittest.Step{Name: "view", Path: contacts + "/view/{{view}}?page=1", Want: want{"contacts.0.id": "{{id}}", "contacts.0.owner_id": "70000012345", "meta.total_pages": "1"}},
		kittest.Step{Name: "no view", Path: contacts + "/view/1", Status: 404},
		kittest.Step{Name: "fields", Path: base + "/settings/contacts/fields", Want: want{"": `~"choices":[{"id":1,"value":"Gold"},{"id":2,"value":"Silver"}]`}},
	)
}

func TestLimits(t *testing.T) {
	t.Parallel()
	s := suite()
	s.Prepare = func(crm *kit.CRM) {
		if err := crm.SetLimits(kit.Override{Name: "minute", Requests: 1}, kit.Override{Name: "hour", Requests: 2}); err != nil {
			t.Error(err)
		}
	}
	path := base + "/selector/owners"
	kittest.Run(t, s,
		kittest.Step{Path: path},
		kittest.Step{Path: path, Status: 429, Advance: 20 * time.Second, Want: want{"errors.message": "~per minute"}, WantHeader: want{"Retry-After": "40"}},
		kittest.Step{Path: path, Advance: 40 * time.Second},
		kittest.Step{Path: path, Status: 429, Advance: time.Minute, Want: want{"errors.message": "~per hour"}, WantHeader: want{"Retry-After": "-"}},
		kittest.Step{Path: path, Advance: time.Hour},
	)
}
