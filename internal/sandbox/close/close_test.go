package close_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/sandbox/close"
	"crmferry/internal/sandbox/kit"
	"crmferry/internal/sandbox/kit/kittest"
)

type want = map[string]string

const (
	contacts = "/api/v1/contact/"
	leads    = "/api/v1/lead/"
	lead     = "lead_QyNaWw4fdSwxl5Mc5daMFf3Y27PpIcH0awPbC9l7uyo"
)

func suite() kittest.Suite {
	return kittest.Suite{Spec: close.Spec(), Authorize: func(r *http.Request, token string) { r.SetBasicAuth(token, "") }}
}

func run(t *testing.T, steps ...kittest.Step) *kit.CRM {
	t.Helper()
	return kittest.Run(t, suite(), steps...)
}

func create(name, body string, status int, wants want) kittest.Step {
	return kittest.Step{Name: name, Path: contacts, Body: body, Status: status, Want: wants}
}

func TestAuthentication(t *testing.T) {
	t.Parallel()
	noRight, unpaid := create("no right", `{}`, 403, want{"": `"Forbidden"`}), create("unpaid", `{}`, 402, nil)
	noRight.Account, noRight.WantHeader, unpaid.Account = "noscope", want{"Content-Type": "application/json"}, "unpaid"
	run(t,
		kittest.Step{Name: "none", Token: "-", Path: "/api/v1/me/", Status: 401, Want: want{"error": "~"}},
		kittest.Step{Name: "expired", Account: "expired", Path: "/api/v1/me/", Status: 401, Want: want{"": `"Unauthorized"`}},
		noRight, unpaid,
		kittest.Step{Name: "probe", Path: "/api/v1/me/", Want: want{"organizations.0.name": `"acme"`}},
		kittest.Step{Name: "no slash", Path: "/api/v1/me", Status: 404, Want: want{"error": "~requested URL was not found"}},
		kittest.Step{Name: "wrong method", Method: "PATCH", Path: contacts, Status: 405},
		kittest.Step{Name: "media type", Path: contacts, Body: "x", Header: want{"Content-Type": "text/plain"}, Status: 415},
	)
	refresh := kittest.Step{Path: "/oauth2/token/", Header: want{"Content-Type": "application/x-www-form-urlencoded"},
		Body: "grant_type=refresh_token&refresh_token=sbx_close_acme&client_id=sandbox-client&client_secret=sandbox-secret",
		Want: want{"scope": `"all.full_access offline_access"`, "refresh_token": `"sbx_close_acme~2"`, "organization_id": `~"orga_`}}
	again := refresh
	again.Status, again.Want = 400, nil
	bearer := kittest.Suite{Spec: close.Spec()}
	kittest.Run(t, bearer, kittest.Step{Name: "bearer", Path: "/api/v1/me/"}, refresh, again)
}

func TestContacts(t *testing.T) {
	t.Parallel()
	whole := create("create", `{"lead_id":"`+lead+`","name":"Ada Lovelace","title":"Analyst",
		"emails":[{"email":"ada@x.example","type":"office"},{"email":"ada@home.example"}],"phones":[{"phone":"+44 20 7946 0018"},{"phone":"(650) 253-0000","type":"mobile"}],
		"urls":[{"url":"https://x.example"}],"date_created":"2024-01-15T10:00:00+00:00"}`, 200, want{
		"display_name": `"Ada Lovelace"`, "lead_id": `"` + lead + `"`, "emails.0.is_unsubscribed": "false", "phones.0.phone": `"+442079460018"`, "phones.0.country": `"GB"`,
		"phones.1.phone": `"+16502530000"`, "timezone": `"Europe/London"`, "timezone_source": `"inferred_from_phone_number"`,
		"date_created": `"2024-01-15T10:00:00+00:00"`, "date_updated": `"2026-11-24T12:00:00.000000+00:00"`, "integration_links": "[]", "id": `~"cont_`,
	})
	whole.Save = want{"id": "id"}
	alone := create("alone", `{"emails":[{"email":"ada@x.example"}]}`, 200, want{"name": "null", "display_name": `"ada@x.example"`, "phones": "[]", "lead_id": `~"lead_`})
	alone.Save = want{"lead": "lead_id"}
	lean := create("lean", `{"name":"Ada"}`, 200, want{"lead_id": "-", "emails": "-", "name": `"Ada"`})
	lean.Account = "lean"
	crm := run(t, whole, alone, lean,
		kittest.Step{Name: "its lead", Path: leads + "{{lead}}/", Want: want{"name": `"ada@x.example"`, "contacts.0.lead_id": `"{{lead}}"`, "addresses": "[]"}},
		kittest.Step{Name: "update", Method: "PUT", Path: contacts + "{{id}}/", Body: `{"emails":[{"email":"new@x.example"}]}`,
			Want: want{"emails.0.email": `"new@x.example"`, "emails.1": "-", "title": `"Analyst"`, "phones.1.type": `"mobile"`}},
		kittest.Step{Name: "read", Path: contacts + "{{id}}/?_fields=id,name", Want: want{"": `{"id":"{{id}}","name":"Ada Lovelace"}`}},
		kittest.Step{Name: "read none", Path: contacts + "cont_x/", Status: 404},
		kittest.Step{Name: "list", Path: contacts + "?lead_id=" + lead + "&_limit=1", Want: want{"data.0.id": `"{{id}}"`, "has_more": "false"}},
		kittest.Step{Name: "lead that was there", Path: leads + lead + "/?_fields=addresses,contacts", Want: want{"addresses.0.city": `"Springfield"`, "contacts.0.id": `"{{id}}"`, "name": "-"}},
		kittest.Step{Name: "addresses of the lead", Method: "PUT", Path: leads + lead + "/", Body: `{"addresses":[{"label":"office","country":"GB"}],"description":"x"}`,
			Want: want{"addresses.1": "-", "description": `"x"`}},
		kittest.Step{Name: "no such lead", Method: "PUT", Path: leads + "lead_00000000404/", Body: `{}`, Status: 404},
		kittest.Step{Name: "lead with contact", Path: leads, Body: `{"name":"Ada","addresses":[],"contacts":[{"name":"Ada","emails":[{"email":"a@x.example"}]}]}`,
			Want: want{"id": `~"lead_`, "contacts.0.name": `"Ada"`, "contacts.0.id": `~"cont_`}},
		kittest.Step{Name: "lead with a bad contact", Path: leads, Body: `{"name":"Ada","contacts":[{"emails":[{"email":"a@"}]}]}`, Status: 400,
			Want: want{"field-errors.contacts.errors.0.field-errors.emails.errors.0.field-errors.email": `"Invalid email address."`}},
	)
	want := kit.Counts{Records: 3, Creates: 3, Requests: 12, FollowUps: map[string]int{"update": 1, "lead": 2, "lead_update": 1}}
	if diff := cmp.Diff(want, crm.Counts("acme")); diff != "" {
		t.Error(diff)
	}
}

func TestCustomFields(t *testing.T) {
	t.Parallel()
	set := func(name, field, value string, status int, wants want) kittest.Step {
		return create(name, `{"name":"Ada","custom.{{`+field+`}}":`+value+`}`, status, wants)
	}
	no := func(text string) want { return want{"field-errors": "~" + text} }
	suite := suite()
	suite.Options.Unlimited = true
	kittest.Run(t, suite,
		kittest.Step{Path: "/api/v1/custom_field/contact/", Want: want{"data.3.accepts_multiple_values": "true"},
			Save: want{"text": "data.0.id", "score": "data.1.id", "tier": "data.2.id", "segments": "data.3.id", "birthday": "data.4.id", "manager": "data.5.id"}},
		kittest.Step{Path: "/api/v1/custom_field/lead/", Want: want{"data.0.type": `"user"`}, Save: want{"owner": "data.0.id"}},
		kittest.Step{Path: "/api/v1/custom_field/deal/", Status: 404},
		set("text", "text", `"x"`, 200, want{"name": `"Ada"`}), set("number", "score", "7", 200, nil), set("number as text", "score", `"7"`, 400, nil),
		set("choice", "tier", `"Gold"`, 200, nil), set("no choice", "tier", `"Bronze"`, 400, no("Not a valid choice.")), set("choices", "tier", `["Gold"]`, 400, nil),
		set("several", "segments", `["Investor","Press"]`, 200, nil), set("one of several", "segments", `"Press"`, 400, nil),
		set("date", "birthday", `"2000-01-02"`, 200, nil), set("no date", "birthday", `"1/2/00"`, 400, nil),
		set("user", "manager", `"user_0123456789"`, 200, nil), set("no user", "manager", `"grace"`, 400, no("Object does not exist.")),
		set("object", "text", `{"a":1}`, 400, nil), set("field of leads", "owner", `"user_0123456789"`, 400, nil),
		kittest.Step{Name: "owner of a lead", Method: "PUT", Path: leads + lead + "/", Body: `{"custom.{{owner}}":"user_0123456789"}`},
	)
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ body, path, message string }{
		"unknown key":     {`{"first_name":"Ada"}`, "first_name", "Unexpected field."},
		"nested custom":   {`{"custom":{"Tier":"Gold"}}`, "custom", "Unexpected field."},
		"custom by name":  {`{"custom.Tier":"Gold"}`, "", `"custom.Tier":"Object does not exist."`},
		"unknown lead":    {`{"lead_id":"lead_00000000404"}`, "lead", "Object does not exist."},
		"lead of no form": {`{"lead_id":"12345"}`, "lead", "Object does not exist."},
		"second e-mail":   {`{"emails":[{"email":"a@x.example"},{"email":"a@"}]}`, "emails.errors.1.field-errors.email", "Invalid email address."},
		"e-mail missing":  {`{"emails":[{"type":"office"}]}`, "emails.errors.0.field-errors.email", "This field is required."},
		"phone":           {`{"phones":[{"phone":"call me"}]}`, "phones.errors.0.field-errors.phone", "Invalid phone number."},
		"url":             {`{"urls":[{"url":"x.example"}]}`, "urls.errors.0.field-errors.url", "Invalid URL."},
		"time":            {`{"date_created":"yesterday"}`, "date_created", "Invalid ISO 8601 datetime."},
		"long":            {`{"title":"` + strings.Repeat("x", 1001) + `"}`, "title", "The value must be no longer than 1000 characters."},
		"type":            {`{"name":7}`, "name", "Value has the wrong type."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wants := want{"errors": "[]", "field-errors." + test.path: `"` + test.message + `"`}
			if test.path == "" {
				wants = want{"field-errors": "~" + test.message}
			}
			if n := run(t, create(name, test.body, 400, wants)).Count(""); n != 0 {
				t.Errorf("%d contacts stored", n)
			}
		})
	}
	run(t, create("not JSON", "{", 400, want{"error": "~not a valid JSON"}))
}

func TestEvents(t *testing.T) {
	t.Parallel()
	const log = "/api/v1/event/?object_type=contact&action=created"
	suite := suite()
	suite.Options.IndexLag = time.Minute
	kittest.Run(t, suite,
		create("first", `{"name":"Ada","lead_id":"`+lead+`"}`, 200, nil),
		kittest.Step{Name: "list lags", Path: contacts + "?lead_id=" + lead, Want: want{"data": "[]"}},
		kittest.Step{Name: "log does not", Path: log, Want: want{"data.0.data.name": `"Ada"`, "data.0.action": `"created"`, "data.0.date_created": `"2026-11-24T12:00:00.000000"`,
			"data.0.data.date_created": `"2026-11-24T12:00:00.000000+00:00"`, "data.1": "-", "cursor_next": "null"}},
		kittest.Step{Name: "second", Advance: time.Second, Path: contacts, Body: `{"name":"Bob"}`},
		kittest.Step{Name: "newest first", Path: log + "&_limit=1", Want: want{"data.0.data.name": `"Bob"`, "cursor_next": `"1"`}},
		kittest.Step{Name: "next page", Path: log + "&_limit=1&_cursor=1", Want: want{"data.0.data.name": `"Ada"`, "cursor_next": "null"}},
		kittest.Step{Name: "since", Path: log + "&date_updated__gte=2026-11-24T12:00:01Z", Want: want{"data.0.data.name": `"Bob"`, "data.1": "-"}},
		kittest.Step{Name: "of the lead", Path: log + "&lead_id=" + lead, Want: want{"data.0.data.name": `"Ada"`, "data.1": "-"}},
		kittest.Step{Name: "other mix", Path: "/api/v1/event/?action=created&lead_id=" + lead, Status: 400},
		kittest.Step{Name: "too many", Path: log + "&_limit=100", Status: 400},
		kittest.Step{Name: "time", Path: log + "&date_updated__gte=x", Status: 400},
	)
}

func TestSearch(t *testing.T) {
	t.Parallel()
	suite := suite()
	suite.Options.IndexLag, suite.Clock = time.Minute, kittest.NewClock()
	suite.Prepare = func(crm *kit.CRM) {
		crm.Seed("acme", kit.Person{FirstName: "Ada", LastName: "Lovelace", Email: "Ada@x.example", Phone: "+442079460018"}, suite.Clock.Now().Add(-time.Hour))
	}
	find := func(name, query string, found bool) kittest.Step {
		wants := want{"data": "[]"}
		if found {
			wants = want{"data.0.__object_type": `"contact"`, "data.0.name": `"Ada Lovelace"`, "data.0.title": "null", "data.0.phones": "-", "data.1": "-"}
		}
		return kittest.Step{Name: name, Path: "/api/v1/data/search/", Want: wants,
			Body: `{"query":{"type":"and","queries":[{"type":"object_type","object_type":"contact"},` + query + `]},"_fields":{"contact":["id","name","title"]},"_limit":10}`}
	}
	related := func(object, field, mode, value string) string {
		return `{"type":"has_related","this_object_type":"contact","related_object_type":"` + object + `","related_query":` + plain(object, field, mode, value) + `}`
	}
	wrong := find("unknown mode", plain("contact", "name", "fuzzy", "Ada"), false)
	wrong.Status, wrong.Want = 400, want{"errors.0": "~Invalid query"}
	kittest.Run(t, suite,
		create("fresh", `{"name":"Ada Lovelace","emails":[{"email":"ada@x.example"}]}`, 200, nil),
		find("e-mail", related("contact_email", "email", "phrase", "ada@x.example"), true),
		find("exact e-mail", related("contact_email", "email", "exact_value", "ada@x.example"), true),
		find("exact e-mail as typed", related("contact_email", "email", "exact_value", "Ada@x.example"), false),
		find("phone", related("contact_phone", "phone", "phrase", "+442079460018"), true),
		find("name", plain("contact", "name", "full_words", "lovelace ada"), true),
		find("phrase", plain("contact", "name", "phrase", "lovelace ada"), false),
		find("custom field", `{"type":"field_condition","field":{"type":"custom_field","custom_field_id":"cf_x"},"condition":{"type":"text","mode":"phrase","value":"x"}}`, false),
		wrong,
	)
}

func plain(object, field, mode, value string) string {
	return `{"type":"field_condition","field":{"type":"regular_field","object_type":"` + object + `","field_name":"` + field + `"},"condition":{"type":"text","mode":"` + mode + `","value":"` + value + `"}}`
}

func TestLimits(t *testing.T) {
	t.Parallel()
	suite := suite()
	suite.Prepare = func(crm *kit.CRM) {
		for _, name := range []string{"contact writes", "contact reads", "search", "events"} {
			if err := crm.SetLimits(kit.Override{Name: name, Requests: 2, Per: kit.Duration(1500 * time.Millisecond)}); err != nil {
				t.Error(err)
			}
		}
	}
	twice := func(step, refused kittest.Step) []kittest.Step {
		refused.Path, refused.Body, refused.Status = step.Path, step.Body, 429
		step.WantHeader = want{"RateLimit": "limit=2, remaining=1, reset=1.500"}
		last := step
		last.WantHeader = want{"RateLimit": "-"}
		return []kittest.Step{step, last, refused}
	}
	var steps []kittest.Step
	both := kittest.Step{WantHeader: want{"RateLimit": "limit=2, remaining=0, reset=1.500", "Retry-After": "2"}}
	steps = append(steps, twice(create("create", `{}`, 200, nil), both)...)
	steps = append(steps, twice(kittest.Step{Path: contacts}, both)...)
	steps = append(steps, twice(kittest.Step{Path: "/api/v1/event/"}, kittest.Step{WantHeader: want{"RateLimit": "~remaining=0", "Retry-After": "-"}})...)
	steps = append(steps, twice(kittest.Step{Path: "/api/v1/data/search/", Body: `{"query":{"type":"object_type","object_type":"contact"}}`},
		kittest.Step{WantHeader: want{"RateLimit": "-", "Retry-After": "2"}})...)
	kittest.Run(t, suite, append(steps, kittest.Step{Name: "later", Path: contacts, Advance: 1500 * time.Millisecond})...)
}
