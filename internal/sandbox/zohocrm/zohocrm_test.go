package zohocrm_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/sandbox/kit"
	"crmferry/internal/sandbox/kit/kittest"
	"crmferry/internal/sandbox/zohocrm"
)

type want = map[string]string

const contacts = "/crm/v8/Contacts"

func suite() kittest.Suite {
	return kittest.Suite{Spec: zohocrm.Spec(), Clock: kittest.NewClock(), Authorize: func(r *http.Request, token string) {
		r.Header.Set("Authorization", "Zoho-oauthtoken "+token)
	}}
}

func run(t *testing.T, steps ...kittest.Step) *kit.CRM {
	t.Helper()
	return kittest.Run(t, suite(), steps...)
}

// one is a body of one record.
func one(record string) string { return `{"data":[{` + record + `}]}` }

func code(name string) want { return want{"code": `"` + name + `"`, "status": `"error"`, "data": "-"} }

func TestAuthentication(t *testing.T) {
	t.Parallel()
	ada := one(`"Last_Name":"L"`)
	run(t,
		kittest.Step{Name: "none", Token: "-", Path: contacts + "/1", Status: 401, Want: want{"": `{"code":"INVALID_TOKEN","details":{},"message":"invalid oauth token","status":"error"}`}},
		kittest.Step{Name: "bearer", Path: contacts + "/1", Header: want{"Authorization": "Bearer sbx_zoho-crm_acme"}, Status: 401, Want: code("INVALID_TOKEN")},
		kittest.Step{Name: "foreign", Token: "sbx_hubspot_acme", Path: contacts + "/1", Status: 401},
		kittest.Step{Name: "expired", Account: "expired", Path: contacts + "/1", Status: 401, Want: code("INVALID_TOKEN")},
		kittest.Step{Name: "no scope", Account: "noscope", Path: contacts, Body: ada, Status: 401, Want: code("OAUTH_SCOPE_MISMATCH")},
		kittest.Step{Name: "no right", Account: "noright", Path: contacts, Body: ada, Status: 400, Want: code("AUTHORIZATION_FAILED")},
		kittest.Step{Name: "no permission", Account: "nopermission", Path: contacts + "/upsert", Body: ada, Status: 403, Want: want{"details.permissions.0": `"Crm_Implied_Create_Contacts"`}},
		kittest.Step{Name: "contacts alone", Account: "narrow", Path: contacts, Body: ada, Status: 201},
		kittest.Step{Name: "no query", Account: "narrow", Path: "/crm/v8/coql", Body: `{"select_query":"x"}`, Status: 401, Want: code("OAUTH_SCOPE_MISMATCH")},
		kittest.Step{Name: "probe", Path: "/crm/v8/org", Want: want{"org.0.company_name": `"acme"`}},
		kittest.Step{Name: "users", Path: "/crm/v8/users?type=CurrentUser", Want: want{"users.0.full_name": `"Patricia Boyle"`}},
		kittest.Step{Name: "no such version", Path: "/crm/v9/Contacts/1", Status: 404, Want: code("INVALID_URL_PATTERN")},
		kittest.Step{Name: "no such path", Path: "/crm/v8/a/b/c", Status: 404, Want: code("INVALID_URL_PATTERN")},
		kittest.Step{Name: "no such module", Path: "/crm/v8/Kontakte", Body: ada, Status: 400, Want: code("INVALID_MODULE")},
		kittest.Step{Name: "wrong method", Method: "DELETE", Path: contacts, Status: 405},
		kittest.Step{Name: "wrong type", Path: contacts, Body: ada, Header: want{"Content-Type": "text/plain"}, Status: 415},
	)
}

func TestTokens(t *testing.T) {
	t.Parallel()
	ask := func(token string, wants want) kittest.Step {
		return kittest.Step{Method: "POST", Token: "-", Want: wants,
			Path: "/oauth/v2/token?grant_type=refresh_token&client_id=sandbox-client&client_secret=sandbox-secret&refresh_token=" + token}
	}
	asJSON := kittest.Step{Token: "-", Path: "/oauth/v2/token", Body: `{"grant_type":"refresh_token","refresh_token":"sbx_zoho-crm_other","client_id":"sandbox-client","client_secret":"sandbox-secret"}`,
		Want: want{"": `{"error":"invalid_client"}`}}
	steps := []kittest.Step{ask("sbx_zoho-crm_expired", want{"": `{"error":"invalid_code"}`}), asJSON}
	for range 10 {
		steps = append(steps, ask("sbx_zoho-crm_acme", want{"access_token": `"sbx_zoho-crm_acme"`, "refresh_token": "-", "api_domain": `"https://www.zohoapis.com"`, "expires_in": "3600"}))
	}
	tooMany, later := ask("sbx_zoho-crm_acme", want{"error": `"Access Denied"`}), ask("sbx_zoho-crm_acme", nil)
	tooMany.Status, later.Advance = 400, 10*time.Minute
	run(t, append(steps, tooMany, later)...)
}

func TestContacts(t *testing.T) {
	t.Parallel()
	crm := run(t,
		kittest.Step{Name: "full", Path: contacts, Status: 201,
			Body: `{"data":[{"First_Name":"Ada","Last_Name":"Lovelace","Email":"Ada@x.example","Phone":"+44 (20) 79","Account_Name":{"id":"5725767000007910001"},
				"Owner":{"id":"5725767000000411009"},"Tag":[{"name":"VIP"}],"Favourite_Number":7,"Interests":["Poetry"],"Met_At":"2026-01-02T03:04:05+01:00","Tier":"Gold"}],"trigger":["workflow"]}`,
			Want: want{"data.0.code": `"SUCCESS"`, "data.0.status": `"success"`, "data.0.message": `"record added"`, "data.0.details.Created_Time": `"2026-11-24T05:00:00-07:00"`,
				"data.0.details.$approval_state": `"approved"`, "data.0.details.Last_Name": "-"},
			Save: want{"id": "data.0.details.id"}},
		kittest.Step{Name: "read", Path: contacts + "/{{id}}?fields=Last_Name,Email,Fax,Account_Name,Owner,Tag,Nope", Want: want{
			"data.0.id": `"{{id}}"`, "data.0.Email": `"Ada@x.example"`, "data.0.Fax": "null", "data.0.Nope": "-", "data.0.First_Name": "-",
			"data.0.Account_Name": `{"id":"5725767000007910001","name":"Account 5725767000007910001"}`, "data.0.Owner.id": `"5725767000000411009"`, "data.0.Tag.0.color_code": "null"}},
		kittest.Step{Name: "read all", Path: contacts + "/{{id}}", Want: want{"data.0.Full_Name": `"Ada Lovelace"`, "data.0.$editable": "true", "data.0.Interests": `["Poetry"]`}},
		kittest.Step{Name: "read none", Path: contacts + "/5725767000000524157", Status: 204, Want: want{"": `""`}},
		kittest.Step{Name: "duplicates are fine", Path: contacts, Body: one(`"Last_Name":"L","Email":"ada@x.example"`), Status: 201},
		kittest.Step{Name: "update", Method: "PUT", Path: contacts + "/{{id}}", Body: one(`"Title":"Chief","Tier":null`), Advance: time.Minute,
			Want: want{"data.0.message": `"record updated"`, "data.0.details.Modified_Time": `"2026-11-24T05:01:00-07:00"`}},
		kittest.Step{Name: "update none", Method: "PUT", Path: contacts + "/1", Body: one(`"Title":"Chief"`), Status: 400},
		kittest.Step{Name: "tags", Path: contacts + "/{{id}}/actions/add_tags", Body: `{"tags":[{"name":"vip"},{"name":"New"}],"over_write":false}`,
			Want: want{"data.0.details.tags.0.name": `"VIP"`, "data.0.details.tags.1.name": `"New"`, "data.0.details.tags.2": "-", "success_count": `"1"`}},
		kittest.Step{Name: "no tags", Path: contacts + "/{{id}}/actions/add_tags", Body: `{"tags":["VIP"]}`, Status: 400},
		kittest.Step{Name: "updated", Path: contacts + "/{{id}}", Want: want{"data.0.Title": `"Chief"`, "data.0.Tier": "null", "data.0.Tag.1.name": `"New"`}},
	)
	counts := kit.Counts{Records: 2, Creates: 2, Requests: 10, FollowUps: map[string]int{"update": 2}}
	if diff := cmp.Diff(counts, crm.Counts("acme")); diff != "" {
		t.Error(diff)
	}
	if id := crm.Records("acme")[0].ID; len(id) != 19 {
		t.Errorf("id %s has %d digits", id, len(id))
	}
}

func TestValidation(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ record, details string }{
		"unknown":        {`"Nickname":"A"`, `{"api_name":"Nickname","json_path":"$.data[0].Nickname"}`},
		"read-only":      {`"Created_Time":"2026-01-01T00:00:00Z"`, `{"api_name":"Created_Time","json_path":"$.data[0].Created_Time"}`},
		"integer":        {`"Favourite_Number":"7"`, `{"api_name":"Favourite_Number","expected_data_type":"integer","json_path":"$.data[0].Favourite_Number"}`},
		"e-mail":         {`"Email":"ada@"`, `{"api_name":"Email","expected_data_type":"email","json_path":"$.data[0].Email"}`},
		"phone":          {`"Mobile":"+44 ext. x"`, `{"api_name":"Mobile","expected_data_type":"phone","json_path":"$.data[0].Mobile"}`},
		"long phone":     {`"Phone":"+44 20 7946 0001 (switchboard)1"`, `~"api_name":"Phone"`},
		"long name":      {`"First_Name":"` + strings.Repeat("x", 41) + `"`, `{"api_name":"First_Name","json_path":"$.data[0].First_Name","maximum_length":40}`},
		"date":           {`"Met_On":"1/2/26"`, `~"expected_data_type":"date"`},
		"fraction":       {`"Met_At":"2026-01-02T03:04:05.678Z"`, `~"expected_data_type":"datetime"`},
		"picklist label": {`"Tier":"Gold level"`, `~"supported_values":["Gold","Silver"]`},
		"list":           {`"Interests":"Poetry"`, `~"expected_data_type":"jsonarray"`},
		"boolean":        {`"Is_VIP":"true"`, `~"expected_data_type":"boolean"`},
		"website":        {`"Homepage":"none"`, `~"expected_data_type":"website"`},
		"bare account":   {`"Account_Name":"5725767000007910001"`, `~"expected_data_type":"jsonobject"`},
		"number as id":   {`"Account_Name":{"id":5725767000007910001}`, `~"api_name":"Account_Name"`},
		"no account":     {`"Account_Name":{"id":"5725767000007910404"}`, `{"api_name":"Account_Name","json_path":"$.data[0].Account_Name"}`},
		"tag as text":    {`"Tag":["VIP"]`, `~"api_name":"Tag"`},
		"long tag":       {`"Tag":[{"name":"` + strings.Repeat("x", 26) + `"}]`, `{"api_name":"Tag","json_path":"$.data[0].Tag","maximum_length":25}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			step := kittest.Step{Path: contacts, Body: one(`"Last_Name":"L",` + test.record), Status: 400,
				Want: want{"data.0.code": `"INVALID_DATA"`, "data.0.status": `"error"`, "data.0.details": test.details}}
			if n := run(t, step).Count(""); n != 0 {
				t.Errorf("%d contacts stored", n)
			}
		})
	}
	run(t,
		kittest.Step{Name: "no last name", Path: contacts, Body: one(`"First_Name":"Ada"`), Status: 400,
			Want: want{"data.0": `{"code":"MANDATORY_NOT_FOUND","details":{"api_name":"Last_Name","json_path":"$.data[0].Last_Name"},"message":"required field not found","status":"error"}`}},
		kittest.Step{Name: "several", Path: contacts, Body: one(`"Email":"x"`), Status: 400,
			Want: want{"data.0.code": `"MULTIPLE_OR_MULTI_ERRORS"`, "data.0.details.errors.1.details.api_name": `"Email"`}},
		kittest.Step{Name: "mandatory by layout", Account: "layout", Path: contacts, Body: one(`"Last_Name":"L"`), Status: 400, Want: want{"data.0.details.api_name": `"Phone"`}},
		kittest.Step{Name: "no array", Path: contacts, Body: `{"data":{"Last_Name":"L"}}`, Status: 400, Want: code("INVALID_DATA")},
		kittest.Step{Name: "no data", Path: contacts, Body: `{"Last_Name":"L"}`, Status: 400, Want: code("INVALID_DATA")},
		kittest.Step{Name: "empty", Path: contacts, Body: `{}`, Status: 400, Want: code("MANDATORY_NOT_FOUND")},
		kittest.Step{Name: "no JSON", Path: contacts, Body: `{`, Status: 400},
		kittest.Step{Name: "no record", Path: contacts, Body: `{"data":["L"]}`, Status: 400, Want: want{"data.0.details.expected_data_type": `"jsonobject"`}},
		kittest.Step{Name: "lax", Account: "lax", Path: contacts, Body: one(`"Last_Name":"L","Nickname":"A"`), Status: 201},
		kittest.Step{Name: "old version", Path: "/crm/v4/Contacts", Body: one(`"First_Name":"A"`), Status: 400, Want: want{"data.0.details": `{"api_name":"Last_Name"}`}},
		kittest.Step{Name: "oldest version", Path: "/crm/v2/Contacts", Body: one(`"First_Name":"A"`), Status: 202},
	)
}

func TestDuplicates(t *testing.T) {
	t.Parallel()
	in := func(name, record string, status int, wants want) kittest.Step {
		return kittest.Step{Name: name, Account: "unique", Path: contacts, Body: one(`"Last_Name":"L",` + record), Status: status, Want: wants}
	}
	first, second := in("first", `"Email":"ada@x.example"`, 201, nil), in("second", `"External_Key":"k1"`, 201, nil)
	first.Save, second.Save = want{"id": "data.0.details.id"}, want{"keyed": "data.0.details.id"}
	run(t, first, second,
		in("e-mail", `"Email":"ADA@x.example"`, 400, want{"data.0.code": `"DUPLICATE_DATA"`, "data.0.details.duplicate_record.id": `"{{id}}"`, "data.0.details.id": `"{{id}}"`,
			"data.0.details.api_name": `"Email"`, "data.0.details.duplicate_record.module.api_name": `"Contacts"`, "data.0.details.more_records": "false"}),
		in("both", `"Email":"ada@x.example","External_Key":"K1"`, 400, want{"data.0.code": `"MULTIPLE_OR_MULTI_ERRORS"`, "data.0.details.errors.0.code": `"DUPLICATE_DATA"`,
			"data.0.details.errors.1.details.duplicate_record.id": `"{{keyed}}"`, "data.0.details.errors.0.details.id": "-"}),
		in("lead", `"Email":"eve@leads.example"`, 400, want{"data.0.details.duplicate_record.module.api_name": `"Leads"`}),
		kittest.Step{Name: "key in any org", Path: contacts, Body: `{"data":[{"Last_Name":"A","External_Key":"k"},{"Last_Name":"B","External_Key":"k"}]}`, Status: 207,
			Want: want{"data.0.status": `"success"`, "data.1.code": `"DUPLICATE_DATA"`, "data.1.details.json_path": `"$.data[1].External_Key"`}},
	)
}

func TestBatchAndUpsert(t *testing.T) {
	t.Parallel()
	crm := run(t,
		kittest.Step{Name: "all", Path: contacts, Body: `{"data":[{"Last_Name":"A"},{"Last_Name":"B"}]}`, Status: 201, Want: want{"data.1.status": `"success"`}},
		kittest.Step{Name: "mixed", Path: contacts, Body: `{"data":[{"First_Name":"C"},{"Last_Name":"D"}]}`, Status: 207, Want: want{"data.0.status": `"error"`, "data.1.status": `"success"`}},
		kittest.Step{Name: "none", Path: contacts, Body: `{"data":[{"First_Name":"C"},{"First_Name":"D"}]}`, Status: 400, Want: want{"data.1.details.json_path": `"$.data[1].Last_Name"`}},
		kittest.Step{Name: "too many", Path: contacts, Body: `{"data":[` + strings.Repeat(`{"Last_Name":"A"},`, 100) + `{"Last_Name":"A"}]}`, Status: 400, Want: want{"details.maximum_length": "100"}},
		kittest.Step{Name: "insert", Path: contacts + "/upsert", Body: `{"data":[{"Last_Name":"E","Email":"e@x.example"}],"duplicate_check_fields":["Email"]}`,
			Want: want{"data.0.action": `"insert"`, "data.0.duplicate_field": "null"}, Save: want{"id": "data.0.details.id"}},
		kittest.Step{Name: "update", Path: contacts + "/upsert", Body: `{"data":[{"Email":"e@x.example","Title":"T"},{"Title":"none"}]}`, Status: 207,
			Want: want{"data.0.action": `"update"`, "data.0.duplicate_field": `"Email"`, "data.0.details.id": `"{{id}}"`, "data.1.code": `"MANDATORY_NOT_FOUND"`}},
		kittest.Step{Name: "strange check", Path: contacts + "/upsert", Body: `{"data":[{"Last_Name":"E"}],"duplicate_check_fields":["Title"]}`, Status: 400},
	)
	if n := crm.Count("acme"); n != 4 {
		t.Errorf("%d contacts, want 4", n)
	}
}

func seeded(o kit.Options) kittest.Suite {
	s := suite()
	s.Options = o
	s.Prepare = func(crm *kit.CRM) {
		for i, name := range []string{"Ada", "Bob"} {
			crm.Seed("acme", kit.Person{FirstName: name, LastName: "O'Hara (x)", Email: name + "@x.example", Phone: "+44 1" + fmt.Sprint(i)}, s.Clock.Now().Add(time.Duration(i-2)*time.Hour))
		}
	}
	return s
}

func TestSearch(t *testing.T) {
	t.Parallel()
	search := func(name, query string, status int, wants want) kittest.Step {
		return kittest.Step{Name: name, Path: contacts + "/search?" + query, Status: status, Want: wants}
	}
	criteria := func(text string) string { return "per_page=200&criteria=" + url.QueryEscape(text) }
	ada := want{"data.0.First_Name": `"Ada"`, "data.1": "-"}
	indexed := search("indexed", "email=eve%40x.example&per_page=200", 200, want{"info.count": "1"})
	indexed.Advance = time.Minute
	waiting := search("waiting for approval", "word=wait&per_page=200", 204, nil)
	waiting.Account, waiting.Advance = "approval", time.Minute
	all := search("all", "word=wait&per_page=200&approved=both", 200, want{"data.0.$approval_state": `"approval_process_pending"`})
	all.Account = "approval"
	kittest.Run(t, seeded(kit.Options{IndexLag: time.Minute}),
		search("by e-mail", "email=ADA%40x.example&fields=id,First_Name&per_page=200", 200, want{"data.0.First_Name": `"Ada"`, "data.0.Email": "-", "info": `{"count":1,"more_records":false,"page":1,"per_page":200}`}),
		search("none", "email=x%40x.example&per_page=200", 204, want{"": `""`}),
		search("by telephone", "phone=%2B4410&per_page=200", 200, ada),
		search("page", "word=hara&per_page=1", 200, want{"data.1": "-", "info.more_records": "true"}),
		search("by name", criteria(`((Last_Name:equals:O'Hara \(x\))and(First_Name:starts_with:ad))`), 200, ada),
		search("either", criteria(`((First_Name:equals:Ada)or(First_Name:equals:Bob))`), 200, want{"data.1.First_Name": `"Bob"`}),
		search("not escaped", criteria(`(Last_Name:equals:O'Hara (x))`), 400, code("INVALID_QUERY")),
		search("unknown field", criteria(`(Name:equals:x)`), 400, code("INVALID_QUERY")),
		search("two ways", "email=a&phone=1&per_page=200", 400, code("INVALID_QUERY")),
		search("no page size", "email=a", 400, code("REQUIRED_PARAM_MISSING")),
		kittest.Step{Path: contacts, Body: one(`"Last_Name":"Eve","Email":"eve@x.example"`), Status: 201},
		search("not indexed", "email=eve%40x.example&per_page=200", 204, nil),
		indexed,
		kittest.Step{Account: "approval", Path: contacts, Body: one(`"Last_Name":"Wait"`), Status: 201, Want: want{"data.0.details.$approval_state": `"approval_process_pending"`}},
		waiting, all,
		kittest.Step{Name: "fields", Path: "/crm/v8/settings/fields?module=Contacts", Want: want{"": `~"api_name":"My_Field"`}},
		kittest.Step{Name: "fields of nothing", Path: "/crm/v8/settings/fields", Status: 400},
	)
}

func TestCOQL(t *testing.T) {
	t.Parallel()
	coql := func(name, query string, status int, wants want) kittest.Step {
		return kittest.Step{Name: name, Path: "/crm/v8/coql", Body: fmt.Sprintf(`{"select_query":%q}`, query), Status: status, Want: wants}
	}
	kittest.Run(t, seeded(kit.Options{IndexLag: time.Hour}),
		kittest.Step{Path: contacts, Body: one(`"Last_Name":"Eve","Email":"eve@x.example"`), Status: 201},
		coql("fresh", "select id, Email, Created_Time from Contacts where Email = 'eve@x.example' limit 0, 5", 200,
			want{"data.0.Email": `"eve@x.example"`, "data.0.Last_Name": "-", "info.count": "1"}),
		coql("since", "select id from Contacts where Last_Name = 'Eve' and Created_Time >= '2026-11-24T11:59:00+00:00'", 200, want{"data.1": "-"}),
		coql("before", "select id from Contacts where Last_Name = 'Eve' and Created_Time >= '2026-11-24T12:00:01+00:00'", 204, nil),
		coql("quote", `select First_Name from Contacts where (Last_Name = 'O\'Hara (x)' or Email in ('a','b')) and Fax is null order by Created_Time desc limit 1`, 200,
			want{"data.0.First_Name": `"Bob"`, "info.more_records": "true"}),
		coql("like", "select id from Contacts where Email like 'ad%'", 204, nil),
		coql("unknown column", "select id, Name from Contacts where id is not null", 400, want{"details.reason": "~Name"}),
		coql("no condition", "select id from Contacts", 400, code("INVALID_QUERY")),
		coql("fraction", "select id from Contacts where Created_Time > '2026-11-24T11:59:00.5+00:00'", 400, code("INVALID_QUERY")),
		coql("trailing", "select id from Contacts where Fax is null nonsense", 400, code("INVALID_QUERY")),
		kittest.Step{Name: "no query", Path: "/crm/v8/coql", Body: `{}`, Status: 400, Want: code("MANDATORY_NOT_FOUND")},
	)
}

func TestLimits(t *testing.T) {
	t.Parallel()
	s := suite()
	s.Prepare = func(crm *kit.CRM) {
		if err := crm.SetLimits(kit.Override{Name: "credits", Requests: 4}); err != nil {
			t.Error(err)
		}
	}
	kittest.Run(t, s,
		kittest.Step{Name: "eleven cost two", Path: contacts, Body: `{"data":[` + strings.Repeat(`{"Last_Name":"A"},`, 10) + `{"Last_Name":"A"}]}`, Status: 201, WantHeader: want{"X-API-CREDITS-REMAINING": "-"}},
		kittest.Step{Name: "one", Path: contacts, Body: one(`"Last_Name":"A"`), Status: 201, WantHeader: want{"X-API-CREDITS-REMAINING": "1"}},
		kittest.Step{Name: "two left over", Path: contacts, Body: `{"data":[` + strings.Repeat(`{"Last_Name":"A"},`, 10) + `{"Last_Name":"A"}]}`, Status: 429,
			Want: want{"code": `"TOO_MANY_REQUESTS"`, "details.retry_after": "86400"}, WantHeader: want{"Retry-After": "-"}},
		kittest.Step{Name: "another day", Path: "/crm/v8/org", Advance: 24 * time.Hour},
	)
}
