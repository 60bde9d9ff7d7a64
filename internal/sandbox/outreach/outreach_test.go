package outreach_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/sandbox/kit"
	"crmferry/internal/sandbox/kit/kittest"
	"crmferry/internal/sandbox/outreach"
)

type want = map[string]string

const prospects = "/api/v2/prospects"

func jsonAPI() want { return want{"Content-Type": "application/vnd.api+json"} }

func run(t *testing.T, steps ...kittest.Step) *kit.CRM {
	t.Helper()
	return kittest.Run(t, kittest.Suite{Spec: outreach.Spec()}, steps...)
}

// create posts the members of a prospect.
func create(name, members string, status int, wants want) kittest.Step {
	return kittest.Step{Name: name, Path: prospects, Header: jsonAPI(), Body: `{"data":{"type":"prospect",` + members + `}}`, Status: status, Want: wants}
}

func as(account string, step kittest.Step) kittest.Step {
	step.Name, step.Account = account+": "+step.Name, account
	return step
}

func TestAuthentication(t *testing.T) {
	t.Parallel()
	run(t,
		kittest.Step{Name: "none", Token: "-", Path: prospects, Status: 401, Want: want{"errors.0.id": "~"}, WantHeader: jsonAPI()},
		kittest.Step{Name: "expired", Account: "expired", Path: prospects, Status: 401, Want: want{"error": `"invalid_token"`}},
		as("noscope", create("no scope", `"attributes":{}`, 403, want{"errors.0.id": `"unauthorizedOauthScope"`, "errors.0.detail": "~'prospects.write'"})),
		as("governed", create("no right", `"attributes":{}`, 403, want{"errors.0.id": `"unauthorizedRequest"`, "errors.0.details": "~not authorized", "errors.0.detail": "-"})),
		kittest.Step{Name: "media type", Path: prospects, Body: `{"data":{"type":"prospect"}}`, Status: 415, Want: want{"errors.0.id": `"unsupportedMediaType"`}},
		kittest.Step{Name: "probe", Path: "/api/v2", Want: want{"meta.org.name": `"acme"`, "meta.user.id": "2"}},
		kittest.Step{Name: "users need a scope", Path: "/api/v2/users", Status: 403, Want: want{"errors.0.detail": "~users.read"}},
		as("full", kittest.Step{Path: "/api/v2/users", Want: want{"data.0.id": "2"}}),
		kittest.Step{Name: "no such path", Path: "/api/v2/persons", Status: 404, Want: want{"errors.0.id": `"routeNotFound"`}},
		kittest.Step{Name: "types", Path: "/api/v2/types", Want: want{"data.0.attributes.custom3.options": `["Gold","Silver"]`}},
	)
}

func TestTokens(t *testing.T) {
	t.Parallel()
	refresh := func(token string, status int, wants want) kittest.Step {
		return kittest.Step{Name: token, Token: "-", Path: "/oauth/token", Status: status, Want: wants, Header: want{"Content-Type": "application/x-www-form-urlencoded"},
			Body: "grant_type=refresh_token&refresh_token=" + token + "&client_id=sandbox-client&client_secret=sandbox-secret&redirect_uri=https%3A%2F%2Fx.example"}
	}
	tooSoon := refresh("sbx_outreach_acme~2", 429, want{"errors.0.id": `"rateLimitExceeded"`})
	tooSoon.WantHeader = want{"Retry-After": "1795521660"}
	later := refresh("sbx_outreach_acme~2", 200, want{"refresh_token": `"sbx_outreach_acme~3"`})
	later.Advance = time.Minute
	run(t,
		refresh("sbx_outreach_acme", 200, want{"access_token": `"sbx_outreach_acme"`, "refresh_token": `"sbx_outreach_acme~2"`, "expires_in": "7200", "created_at": "1795521600"}),
		tooSoon, later, refresh("sbx_outreach_expired", 400, want{"error": `"invalid_grant"`}),
	)
}

func TestProspects(t *testing.T) {
	t.Parallel()
	whole := create("create", `"attributes":{"firstName":"Ada","lastName":"Lovelace","emails":["Ada@x.example","ada@home.example"],"workPhones":["+44207"],"mobilePhones":["+447"],
		"tags":["vip"],"custom1":"x","custom2":"2026-01-02","custom3":"Gold","company":"Own","addedAt":"2026-01-05T09:30:00.000Z"},
		"relationships":{"account":{"data":{"type":"account","id":101}},"owner":{"data":null}}`, 201, want{
		"data.attributes.name": `"Ada Lovelace"`, "data.attributes.emails.0": `"Ada@x.example"`, "data.attributes.homePhones": "[]", "data.attributes.title": "null",
		"data.attributes.custom150": "null", "data.attributes.company": `"Account 101"`, "data.attributes.externalSource": `"outreach-api"`, "data.attributes.createdAt": `"2026-11-24T12:00:00.000Z"`,
		"data.relationships.account.data.id": "101", "data.relationships.owner.data": "null", "data.relationships.phoneNumbers.meta.count": "2", "data.relationships.tasks.data": "-",
	})
	whole.Save, whole.WantHeader = want{"id": "data.id"}, jsonAPI()
	patch := func(name, members string, status int, wants want) kittest.Step {
		s := create(name, `"id":{{id}},`+members, status, wants)
		s.Method, s.Path = "PATCH", prospects+"/{{id}}"
		return s
	}
	wrongID := patch("id as text", `"attributes":{}`, 422, want{"errors.0.source.pointer": `"/data/id"`})
	wrongID.Body = `{"data":{"type":"prospect","id":"{{id}}","attributes":{}}}`
	crm := run(t, whole,
		create("nameless", `"attributes":{}`, 201, want{"data.attributes.name": `""`, "data.relationships.account.data": "null"}),
		create("taken", `"attributes":{"emails":["free@x.example","ADA@home.example"]}`, 422, want{"errors.0.id": `"validationError"`,
			"errors.0.detail": `"Contacts email hash has already been taken."`, "errors.0.source.pointer": `"/data"`}),
		create("taken by a user", `"attributes":{"emails":["grace@sandbox.example"]}`, 422, want{"errors.0.detail": "~hash has already been taken"}),
		create("excluded", `"attributes":{"emails":["a@excluded.example"]}`, 422, want{"errors.0.detail": "~excluded email address", "errors.0.source.pointer": `"/data"`}),
		create("account by name", `"attributes":{"accountName":"Acme","company":"Own"}`, 201, want{"data.attributes.company": `"Acme"`, "data.relationships.account.data.type": `"account"`}),
		create("other", `"attributes":{"emails":["bob@x.example"]}`, 201, nil),
		patch("update", `"attributes":{"title":"Boss","custom1":null,"emails":["ada@x.example"]}`, 200, want{"data.attributes.title": `"Boss"`, "data.attributes.custom1": "null",
			"data.attributes.emails.1": "-", "data.attributes.firstName": `"Ada"`, "data.relationships.account.data.id": "101"}),
		patch("to a taken e-mail", `"attributes":{"emails":["bob@x.example"]}`, 422, want{"errors.0.id": `"validationDuplicateValueError"`}), wrongID,
		kittest.Step{Name: "read", Path: prospects + "/{{id}}?fields%5Bprospect%5D=title,tags", Want: want{"data.attributes": `{"tags":["vip"],"title":"Boss"}`}},
		kittest.Step{Name: "read none", Path: prospects + "/1", Status: 404, Want: want{"errors.0.id": `"resourceNotFound"`, "errors.0.detail": `"Could not find 'prospect' with ID '1'."`}},
	)
	want := kit.Counts{Records: 4, Creates: 4, Requests: 12, FollowUps: map[string]int{"update": 1}}
	if diff := cmp.Diff(want, crm.Counts("acme")); diff != "" {
		t.Error(diff)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ members, id, pointer string }{
		"unknown attribute":  {`"attributes":{"jobTitle":"x"}`, "validationError", "/data/attributes/jobTitle"},
		"read only":          {`"attributes":{"name":"Ada"}`, "validationError", "/data/attributes/name"},
		"long name":          {`"attributes":{"firstName":"` + strings.Repeat("x", 51) + `"}`, "validationDataTooLongError", "/data/attributes/firstName"},
		"one e-mail":         {`"attributes":{"emails":"a@x.example"}`, "validationError", "/data/attributes/emails"},
		"e-mail objects":     {`"attributes":{"emails":[{"email":"a@x.example"}]}`, "validationError", "/data/attributes/emails"},
		"invalid e-mail":     {`"attributes":{"emails":["a@"]}`, "validationError", "/data"},
		"custom as number":   {`"attributes":{"custom1":7}`, "validationError", "/data/attributes/custom1"},
		"no such custom":     {`"attributes":{"custom151":"x"}`, "validationError", "/data/attributes/custom151"},
		"not on the list":    {`"attributes":{"custom3":"Bronze"}`, "validationError", "/data/attributes/custom3"},
		"time":               {`"attributes":{"addedAt":"2026-01-05"}`, "validationError", "/data/attributes/addedAt"},
		"account id as text": {`"relationships":{"account":{"data":{"type":"account","id":"101"}}}`, "validationError", "/data/relationships/account"},
		"unknown account":    {`"relationships":{"account":{"data":{"type":"account","id":404}}}`, "validationError", "/data/relationships/account"},
		"owner's type":       {`"relationships":{"owner":{"data":{"type":"owner","id":7}}}`, "validationError", "/data/relationships/owner"},
		"other relationship": {`"relationships":{"company":{"data":{"type":"account","id":7}}}`, "validationError", "/data/relationships/company"},
		"id":                 {`"id":7`, "validationError", "/data/id"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			step := create(name, test.members, 422, want{"errors.0.id": `"` + test.id + `"`, "errors.0.source.pointer": `"` + test.pointer + `"`})
			if n := run(t, step).Count(""); n != 0 {
				t.Errorf("%d prospects stored", n)
			}
		})
	}
	included := create("options of a write", `"attributes":{}`, 400, nil)
	included.Path += "?include=account"
	run(t, included,
		kittest.Step{Name: "no envelope", Path: prospects, Header: jsonAPI(), Body: `{"firstName":"Ada"}`, Status: 400},
		kittest.Step{Name: "other type", Path: prospects, Header: jsonAPI(), Body: `{"data":{"type":"prospects"}}`, Status: 422, Want: want{"errors.0.source.pointer": `"/data/type"`}},
	)
}

func TestFind(t *testing.T) {
	t.Parallel()
	suite := kittest.Suite{Spec: outreach.Spec(), Options: kit.Options{IndexLag: 2 * time.Second}, Clock: kittest.NewClock()}
	suite.Prepare = func(crm *kit.CRM) {
		for i, name := range []string{"Ada", "Bob", "Eve..X"} {
			for _, account := range []string{"acme", "full"} {
				crm.Seed(account, kit.Person{FirstName: name, LastName: "Lovelace", Email: name + "@x.example", Phone: "+4420" + name}, suite.Clock.Now().Add(time.Duration(i-3)*time.Hour))
			}
		}
	}
	find := func(query, first string) kittest.Step {
		wants := want{"data.0.attributes.firstName": `"` + first + `"`, "data.1": "-"}
		if first == "" {
			wants = want{"data": "[]"}
		}
		return kittest.Step{Name: query, Path: prospects + "?" + strings.NewReplacer("[", "%5B", "]", "%5D", "@", "%40").Replace(query), Want: wants}
	}
	refused := func(query string) kittest.Step {
		s := find(query, "")
		s.Status, s.Want = 400, nil
		return s
	}
	newest := find("filter[lastName]=lovelace&sort=-createdAt&page[size]=1&count=true", "Eve..X")
	newest.Want["meta.count"], newest.Want["links.next"] = "3", "~page%5Bafter%5D"
	fresh := find("filter[emails]=new@x.example", "")
	late := find("filter[emails]=new@x.example", "New")
	late.Advance = 2 * time.Second
	phone := kittest.Step{Name: "phone", Account: "full", Path: "/api/v2/phoneNumbers?filter%5Bnumber%5D=%2B4420Bob",
		Want: want{"data.0.relationships.prospect.data.type": `"prospect"`, "data.0.attributes.phoneType": `"work"`, "data.1": "-"}}
	kittest.Run(t, suite,
		find("filter[emails]=ada@x.example", "Ada"), find("filter[emails]=nobody@x.example", ""), find("filter[firstName]=Bob&filter[lastName]=Lovelace", "Bob"),
		find("filter[emails]=nobody@x.example,bob@x.example", "Bob"), refused("filter[emails]=Eve..X@x.example"),
		find("newFilterSyntax=true&filter[emails][]=Eve..X@x.example", "Eve..X"), refused("filter[emails][]=Ada@x.example"),
		find("filter[createdAt]=neginf..2026-11-24T09:00:00Z", "Ada"), find("filter[createdAt]=2026-11-24T11:00:00Z..inf", "Eve..X"), find("filter[q]=bo", "Bob"),
		newest, refused("filter[externalId]=x"), refused("filter[createdAt]=x..inf"), refused("sort=name"), refused("filter[workPhones]=x"), refused("limit=5"),
		create("fresh", `"attributes":{"firstName":"New","emails":["new@x.example"]}`, 201, nil), fresh, late, phone,
		kittest.Step{Name: "phones need a scope", Path: "/api/v2/phoneNumbers?filter%5Bnumber%5D=x", Status: 403, Want: want{"errors.0.detail": "~phoneNumbers.read"}},
	)
}

func TestLimits(t *testing.T) {
	t.Parallel()
	suite := kittest.Suite{Spec: outreach.Spec(), Prepare: func(crm *kit.CRM) {
		if err := crm.SetLimits(kit.Override{Name: "hour", Requests: 1}); err != nil {
			t.Error(err)
		}
	}}
	get := kittest.Step{Path: prospects, WantHeader: want{"X-RateLimit-Limit": "1", "X-RateLimit-Remaining": "0, 1", "X-RateLimit-Reset": "1795525200"}}
	refused, later := get, get
	refused.Status, refused.WantHeader = 429, want{"Retry-After": "1795525200"}
	refused.Want = want{"errors.0.detail": "~try again at 2026-11-24T13:00:00."}
	later.Advance, later.WantHeader = time.Hour, nil
	kittest.Run(t, suite, get, refused, later)
}

func TestMaintenance(t *testing.T) {
	t.Parallel()
	suite := kittest.Suite{Spec: outreach.Spec(), Prepare: func(crm *kit.CRM) {
		crm.Inject(kit.Fault{Do: kit.Status, Vendor: kit.VendorUnavailable})
	}}
	kittest.Run(t, suite, kittest.Step{Path: prospects, Status: 503, Want: want{"errors.0.id": `"scheduledServerMaintenance"`}, WantHeader: want{"Retry-After": "2026-11-24T12:01:00"}})
}
