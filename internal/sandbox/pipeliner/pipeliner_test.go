package pipeliner_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/sandbox/kit"
	"crmferry/internal/sandbox/kit/kittest"
	"crmferry/internal/sandbox/pipeliner"
)

const (
	space    = "/api/v100/rest/spaces/us_acme/entities"
	contacts = space + "/Contacts"
	owner    = `"owner_id":"00000000-0000-0000-0000-000000008e97"`
	company  = "0bc376a4-c579-413a-9221-e86e4a134766"
)

type want = map[string]string

func suite() kittest.Suite {
	return kittest.Suite{Spec: pipeliner.Spec(), Clock: kittest.NewClock(), Options: kit.Options{Unlimited: true},
		Authorize: func(r *http.Request, token string) { r.SetBasicAuth("us_app", token) }}
}

func run(t *testing.T, steps ...kittest.Step) *kit.CRM {
	t.Helper()
	return kittest.Run(t, suite(), steps...)
}

// in moves a step to another account and its space.
func in(account string, s kittest.Step) kittest.Step {
	s.Account, s.Path = account, strings.Replace(s.Path, "us_acme", "us_"+account, 1)
	return s
}

func TestAuthentication(t *testing.T) {
	t.Parallel()
	run(t,
		kittest.Step{Name: "none", Token: "-", Path: contacts, Status: 401, Want: want{"status": "401"}, WantHeader: want{"WWW-Authenticate": "~Basic realm="}},
		kittest.Step{Name: "foreign", Token: "sbx_hubspot_acme", Path: contacts, Status: 401},
		in("expired", kittest.Step{Name: "expired", Path: contacts, Status: 401}),
		in("noscope", kittest.Step{Name: "no right", Path: contacts, Body: `{"last_name":"A",` + owner + `}`, Status: 403, Want: want{"success": "false", "http_status": "403"}}),
		in("noscope", kittest.Step{Name: "no right to many", Path: contacts + "/batch-modify", Body: `[{}]`, Status: 403}),
		kittest.Step{Name: "space of another", Account: "other", Path: contacts, Status: 404, Want: want{"errorcode": "null", "traceback": "null"}},
		kittest.Step{Name: "singular", Path: space + "/Contact", Status: 404, Want: want{"name": `"ERROR_UNKNOWN_TYPE"`, "message": `"cannot determine entity type from Contact"`}},
		kittest.Step{Name: "no such path", Path: "/api/v99/x", Status: 404, Want: want{"status": "404"}},
		kittest.Step{Name: "wrong method", Method: "PUT", Path: contacts, Status: 405},
		kittest.Step{Name: "no JSON", Path: contacts, Body: `{`, Status: 400, Want: want{"": `{"code":117,"http_status":400,"message":"Missing or invalid JSON data.","name":"ERROR_PARAMETER_INVALID","success":false}`}},
		kittest.Step{Name: "bad level", Path: contacts + "?validation-level=x", Status: 400},
	)
	crm := run(t)
	_, settings := crm.Connect("acme", "http://127.0.0.1:1/pipeliner")
	if settings["instance_url"] != "http://127.0.0.1:1/pipeliner" || settings["space_id"] != "us_acme" {
		t.Errorf("settings: %v", settings)
	}
}

func TestContacts(t *testing.T) {
	t.Parallel()
	crm := run(t,
		kittest.Step{Name: "tags", Path: space + "/Tags?filter%5Bname%5D=vip&filter-op%5Bname%5D=icontains", Want: want{"data.0.name": `"vip club"`, "data.1.name": `"vip"`}, Save: want{"tag": "data.1.id"}},
		kittest.Step{Name: "create", Path: contacts, Status: 201,
			Body: `{"first_name":"Ada","last_name":"Lovelace",` + owner + `,"account_relations":[{"account_id":"` + company + `","is_primary":true}],"account_position":"Analyst",
				"email1":"ada@x.example","tags":[{"tag_id":"{{tag}}"}],"social_media":{"linkedin_url":"https://l.example"},"created":"2026-01-05T09:30:00","cf_tier":"Gold","country":"United Kingdom"}`,
			Want: want{"success": "true", "data.formatted_name": `"Ada Lovelace"`, "data.created": `"2026-01-05 09:30:00+00:00"`, "data.modified": `"2026-11-24 12:00:00+00:00"`,
				"data.primary_account": `~/us_acme/entities/Accounts/` + company, "data.account_relations.0": "~/ContactAccountRelations/", "data.owner": "~/Clients/0000",
				"data.tags.0": "~/TagRelations/", "data.social_media": "~/ContactSocialRelations/", "data.primary_account_position": `"Analyst"`, "data.position": "null",
				"data.title": "null", "data.email2": "null", "data.cf_tier": `"Gold"`, "data.unit_id": "~a358", "data.is_archived": "false"},
			Save: want{"id": "data.id"}},
		kittest.Step{Name: "duplicate", Path: contacts, Body: `{"last_name":"L",` + owner + `,"email1":"ada@x.example","account_position":"Boss"}`, Status: 201,
			Want: want{"data.position": `"Boss"`, "data.primary_account": "null", "data.tags": "[]"}, Save: want{"second": "data.id"}},
		kittest.Step{Name: "expanded", Path: contacts + "/{{id}}?expand=tags.tag,social_media", Want: want{"data.tags.0.tag.name": `"vip"`, "data.social_media.linkedin_url": `"https://l.example"`}},
		kittest.Step{Name: "update", Method: "PATCH", Path: contacts + "/{{id}}", Body: `{"title":"Dr"}`, Advance: 1500 * time.Millisecond,
			Want: want{"data.title": `"Dr"`, "data.modified": `"2026-11-24 12:00:01.500000+00:00"`, "data.email1": `"ada@x.example"`}},
		kittest.Step{Name: "update of none", Method: "PATCH", Path: contacts + "/" + company, Body: `{"title":"Dr"}`, Status: 404},
		kittest.Step{Name: "nameless update", Method: "PATCH", Path: contacts + "/{{second}}", Body: `{"last_name":null}`, Status: 422},
		kittest.Step{Name: "new tag", Path: space + "/Tags", Body: `{"name":"new","color":1,"supported_entities":1}`, Status: 201, Save: want{"new": "data.id"}},
		kittest.Step{Name: "new tag without colour", Path: space + "/Tags", Body: `{"name":"new"}`, Status: 422},
		kittest.Step{Name: "tag it", Path: space + "/TagRelations", Body: `{"contact_id":"{{second}}","tag_id":"{{new}}"}`, Status: 201},
		kittest.Step{Name: "tag none", Path: space + "/TagRelations", Body: `{"contact_id":"` + company + `","tag_id":"{{new}}"}`, Status: 422},
		kittest.Step{Name: "link", Path: space + "/ContactAccountRelations", Body: `{"contact_id":"{{second}}","account_id":"` + company + `","is_primary":true}`, Status: 201},
		kittest.Step{Name: "social", Path: space + "/ContactSocialRelations", Body: `{"id":"{{second}}","xing_url":"x"}`, Status: 201},
		kittest.Step{Name: "read", Path: contacts + "/{{second}}", Want: want{"data.primary_account": "~" + company, "data.tags.0": "~/", "data.social_media": "~/{{second}}"}},
		kittest.Step{Name: "owner", Path: space + "/Clients?filter%5Bemail%5D=alan%40sandbox.example&load-only=id,default_unit_id", Want: want{"data.0.id": "~8e98", "data.0.email": "-", "total": "1"}},
	)
	follow := map[string]int{"update": 1, "tag": 1, "tag_relation": 1, "account_relation": 1, "social_relation": 1}
	if diff := cmp.Diff(kit.Counts{Records: 2, Creates: 2, Requests: 15, FollowUps: follow}, crm.Counts("acme")); diff != "" {
		t.Error(diff)
	}
}

func TestValidation(t *testing.T) {
	t.Parallel()
	blames := func(field, inner string) want {
		return want{"name": `"ERROR_ENTITY_VALIDATION"`, "code": "40000", "field_errors.0.field_name": `"` + field + `"`, "field_errors.0.errors.0.code": inner, "entity_id": "~-", "entity_errors": "[]"}
	}
	for name, test := range map[string]struct {
		body string
		want want
	}{
		"no owner":        {`{"last_name":"A"}`, blames("owner_id", "119")},
		"no name":         {`{` + owner + `}`, want{"entity_errors.0.code": "119", "entity_errors.0.field_name": "-", "field_errors": "[]"}},
		"unknown owner":   {`{"last_name":"A","owner_id":"00000000-0000-0000-0000-000000000404"}`, blames("owner_id", "120")},
		"unknown field":   {`{"last_name":"A",` + owner + `,"cf_nope":"x"}`, blames("cf_nope", "117")},
		"read only":       {`{"last_name":"A",` + owner + `,"formatted_name":"x"}`, blames("formatted_name", "117")},
		"e-mail":          {`{"last_name":"A",` + owner + `,"email2":"a@"}`, blames("email2", "117")},
		"country code":    {`{"last_name":"A",` + owner + `,"country":"GB"}`, blames("country", "117")},
		"created":         {`{"last_name":"A",` + owner + `,"created":"yesterday"}`, blames("created", "117")},
		"number as text":  {`{"last_name":"A",` + owner + `,"cf_score":"7"}`, blames("cf_score", "117")},
		"option by name":  {`{"last_name":"A",` + owner + `,"cf_segment":"Option 1"}`, blames("cf_segment", "117")},
		"unknown account": {`{"last_name":"A",` + owner + `,"account_relations":[{"account_id":"42"}]}`, blames("account_relations", "120")},
		"tag by name":     {`{"last_name":"A",` + owner + `,"tags":[{"tag_id":"vip"}]}`, blames("tags", "120")},
		"social site":     {`{"last_name":"A",` + owner + `,"social_media":{"website_url":"x"}}`, blames("social_media", "117")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if n := run(t, kittest.Step{Path: contacts, Body: test.body, Status: 422, Want: test.want}).Count(""); n != 0 {
				t.Errorf("%d contacts stored", n)
			}
		})
	}
	keyed := kittest.Step{Path: contacts, Body: `{"last_name":"A",` + owner + `,"cf_job_key":"k1","email1":"a@x.example"}`, Status: 201}
	again, email := keyed, kittest.Step{Path: contacts, Body: `{"last_name":"A",` + owner + `,"email1":"A@x.example"}`, Status: 422}
	again.Status, again.Want, email.Want = 422, blames("cf_job_key", "121"), blames("email1", "121")
	plain := kittest.Step{Path: contacts, Body: `{"last_name":"A",` + owner + `}`, Status: 422, Want: blames("cf_tier", "119")}
	skipped := kittest.Step{Path: contacts + "?validation-level=4", Body: plain.Body, Status: 201}
	run(t, keyed, again, in("strict", keyed), in("strict", email), in("demanding", plain), in("demanding", skipped))
}

func TestBatch(t *testing.T) {
	t.Parallel()
	partly := kittest.Step{Name: "partly", Path: contacts + "/batch-modify?rollback-method=1", Body: `[{"last_name":"A",` + owner + `},{"last_name":"B"}]`,
		Want: want{"data.0": "~-", "data.1.entity_index": "1", "data.1.http_status": "422", "data.1.success": "false"}, Save: want{"id": "data.0"}}
	terse := in("legacy", partly)
	terse.Want, terse.Save = want{"data.1": `{"http_status":422,"success":false}`}, nil
	crm := run(t, partly, terse,
		kittest.Step{Name: "none", Path: contacts + "/batch-modify", Body: partly.Body, Status: 422, Want: want{"entity_index": "1"}},
		kittest.Step{Name: "twins", Path: contacts + "/batch-modify?rollback-method=0", Status: 422,
			Body: `[{"last_name":"A",` + owner + `,"cf_job_key":"k"},{"last_name":"A",` + owner + `,"cf_job_key":"K"}]`, Want: want{"entity_index": "1"}},
		kittest.Step{Name: "mixed", Path: contacts + "/batch-modify?rollback-method=0", Body: `[{"id":"{{id}}","title":"Dr"},{"last_name":"C",` + owner + `}]`, Want: want{"data.0": `"{{id}}"`}},
		kittest.Step{Name: "unknown id", Path: contacts + "/batch-modify?rollback-method=1", Body: `[{"id":"x"}]`, Want: want{"data.0.entity_errors.0.code": "2004"}},
		kittest.Step{Name: "too many", Path: contacts + "/batch-modify?rollback-method=1", Body: `[` + strings.Repeat(`{},`, 100) + `{}]`, Status: 400},
		kittest.Step{Name: "one object", Path: contacts + "/batch-modify?rollback-method=1", Body: `{}`, Status: 400},
	)
	if n := crm.Count("acme"); n != 2 || crm.Ledger("acme")[1].Op != "batch_create" {
		t.Errorf("%d contacts, ledger %+v", n, crm.Ledger("acme"))
	}
}

func TestSearch(t *testing.T) {
	t.Parallel()
	s := suite()
	s.Options.IndexLag = 2 * time.Second
	s.Prepare = func(crm *kit.CRM) {
		crm.Seed("acme", kit.Person{FirstName: "Ada", LastName: "Lovelace", Email: "ada@x.example", Phone: "+1"}, s.Clock.Now().Add(-time.Hour))
	}
	found := func(query, total string) kittest.Step {
		return kittest.Step{Name: query, Path: contacts + "?" + strings.NewReplacer("[", "%5B", "]", "%5D", "@", "%40", " ", "%20").Replace(query), Want: want{"total": total}}
	}
	later := found("filter[email1]=ADA@x.example&filter-op[email1]=ieq&order-by=-created&first=10", "2")
	later.Advance, later.Want["data.0.id"], later.Want["page_info.has_next_page"] = 2*time.Second, `"{{id}}"`, "false"
	kittest.Run(t, s,
		kittest.Step{Path: contacts, Body: `{"last_name":"Byron",` + owner + `,"email1":"ada@x.example"}`, Status: 201, Save: want{"id": "data.id"}},
		found("filter[email1]=ada@x.example", "1"), later,
		found("filter[email1]=ADA@x.example", "0"), found("filter[first_name]=Ada&filter[last_name]=Lovelace", "1"), found("filter[phone1]=%2B1", "1"),
		found("filter[created]=2026-11-24 11:30:00&filter-op[created]=gte", "1"), found("filter[first_name]=&filter-op[first_name]=not-null", "1"),
		kittest.Step{Name: "unknown field", Path: contacts + "?filter%5Bnope%5D=1", Status: 400},
		kittest.Step{Name: "page too large", Path: contacts + "?first=101", Status: 400},
		kittest.Step{Name: "fields", Path: space + "/Fields?filter%5Bentity_name%5D=Contact", Want: want{"data.30": "-", "page_info.has_next_page": "true", "data.0.entity_name": `"Contact"`}},
		kittest.Step{Name: "all fields", Path: space + "/Fields?filter%5Bentity_name%5D=Contact&first=60", Save: want{"after": "page_info.end_cursor"}},
		kittest.Step{Name: "more fields", Path: space + "/Fields?filter%5Bentity_name%5D=Contact&first=60&after={{after}}", Want: want{"page_info.has_next_page": "false", "data": `~"api_name":"cf_job_key"`}},
	)
}

func TestLimit(t *testing.T) {
	t.Parallel()
	s := suite()
	s.Options.Unlimited = false
	s.Prepare = func(crm *kit.CRM) {
		if err := crm.SetLimits(kit.Override{Name: "second", Requests: 1}); err != nil {
			t.Error(err)
		}
	}
	kittest.Run(t, s, kittest.Step{Path: contacts}, kittest.Step{Path: contacts, Status: 429, Want: want{"http_status": "429"}}, kittest.Step{Path: contacts, Advance: time.Second})
}
