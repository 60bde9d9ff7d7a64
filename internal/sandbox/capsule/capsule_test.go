package capsule_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/sandbox/capsule"
	"crmferry/internal/sandbox/kit"
	"crmferry/internal/sandbox/kit/kittest"
)

type want = map[string]string

const parties = "/api/v2/parties"

func run(t *testing.T, steps ...kittest.Step) *kit.CRM {
	t.Helper()
	return kittest.Run(t, kittest.Suite{Spec: capsule.Spec()}, steps...)
}

// create posts the keys of a person.
func create(name, keys string, status int, wants want) kittest.Step {
	return kittest.Step{Name: name, Path: parties + "?embed=tags,fields", Body: `{"party":{"type":"person",` + keys + `}}`, Status: status, Want: wants}
}

func TestAuthentication(t *testing.T) {
	t.Parallel()
	readOnly := create("read-only token", `"firstName":"Ada"`, 403, want{"error": `"insufficient_scope"`})
	readOnly.Account, readOnly.WantHeader = "noscope", want{"WWW-Authenticate": "~insufficient_scope"}
	refresh := kittest.Step{Name: "refresh", Token: "-", Path: "/oauth/token", Header: want{"Content-Type": "application/x-www-form-urlencoded"},
		Body: "grant_type=refresh_token&refresh_token=sbx_capsule_acme&client_id=sandbox-client&client_secret=sandbox-secret",
		Want: want{"token_type": `"bearer"`, "expires_in": "604799", "subdomain": `"acme"`, "refresh_token": `"sbx_capsule_acme~2"`}}
	again := refresh
	again.Status, again.Want = 400, want{"error": `"invalid_grant"`}
	run(t,
		kittest.Step{Name: "none", Token: "-", Path: parties, Status: 401, Want: want{"message": "~invalid"}, WantHeader: want{"WWW-Authenticate": "~Bearer"}},
		kittest.Step{Name: "expired", Account: "expired", Path: parties, Status: 401, Want: want{"error": `"invalid_token"`}},
		readOnly, refresh, again,
		kittest.Step{Name: "who", Path: "/api/v2/users/current", Want: want{"user.id": "6"}},
		kittest.Step{Name: "no such path", Path: "/api/v2/people", Status: 404, Want: want{"message": `"Could not find resource"`}},
		kittest.Step{Name: "wrong method", Method: "PATCH", Path: parties, Status: 405, Want: want{"message": `"Method not allowed"`}},
		kittest.Step{Name: "media type", Path: parties, Body: "x", Header: want{"Content-Type": "text/plain"}, Status: 415},
	)
}

func TestCreate(t *testing.T) {
	t.Parallel()
	whole := create("create", `"firstName":"Ada","lastName":"Lovelace","name":"ignored","jobTitle":"Analyst","about":"","organisation":{"id":11586},
		"emailAddresses":[{"type":"Work","address":"ada@x.example"},{"type":null,"address":"ada@home.example"}],
		"phoneNumbers":[{"number":"+44 20 7946 0101"}],
		"addresses":[{"type":"Office","street":"1 St\nFloor 2","country":"USA"},{"city":"London","country":""}],
		"websites":[{"address":"https://x.example"},{"service":"LINKED_IN","address":"ada"}],
		"tags":[{"name":"vip"},{"id":21},{"name":"New"}],
		"fields":[{"definition":{"id":95},"value":"AE-1"},{"definition":{"id":98},"value":false},{"definition":{"id":99},"value":7}]`, 201, want{
		"party.type": `"person"`, "party.title": "null", "party.about": "null", "party.name": "-", "party.enrichment": "null", "party.createdAt": `"2026-11-24T12:00:00Z"`,
		"party.emailAddresses.1.type": "null", "party.phoneNumbers.0.type": "null", "party.addresses.0.country": `"United States"`, "party.addresses.1.country": "null",
		"party.websites.0.service": `"URL"`, "party.websites.1.url": `"https://www.linkedin.com/in/ada"`, "party.organisation.id": "11586", "party.owner.username": `"grace"`,
		"party.tags.0.name": `"VIP"`, "party.tags.2.name": `"New"`, "party.fields.0.definition.name": `"Contract no"`, "party.fields.1.value": `"7"`, "party.fields.2": "-",
	})
	whole.Save, whole.WantHeader = want{"id": "party.id", "email": "party.emailAddresses.0.id"}, want{"Location": "~https://api.capsulecrm.com" + parties + "/"}
	bare := create("duplicate, nothing embedded", `"lastName":"Lovelace","emailAddresses":[{"address":"ada@x.example"}],"organisation":{"name":"Acme"},"owner":{"id":9}`, 201,
		want{"party.tags": "-", "party.fields": "-", "party.phoneNumbers": "[]", "party.owner.id": "9", "party.organisation.name": `"Acme"`})
	bare.Path, bare.Save = parties, want{"org": "party.organisation.id", "other": "party.id"}
	put := func(name, keys string, status int, wants want) kittest.Step {
		return kittest.Step{Name: name, Method: "PUT", Path: parties + "/{{id}}?embed=tags", Body: `{"party":{` + keys + `}}`, Status: status, Want: wants}
	}
	crm := run(t, whole, bare,
		create("organisation of that name", `"firstName":"A","organisation":{"name":"ACME"}`, 201, want{"party.organisation.id": "{{org}}"}),
		put("rows are added", `"emailAddresses":[{"address":"ada@x.example"}],"tags":[{"name":"VIP"}]`, 200,
			want{"party.emailAddresses.2.address": `"ada@x.example"`, "party.firstName": `"Ada"`, "party.tags.2.name": `"VIP"`, "party.tags.3": "-", "party.addresses.1.city": `"London"`}),
		put("rows are deleted by id", `"emailAddresses":[{"id":{{email}},"_delete":true}],"jobTitle":""`, 200,
			want{"party.emailAddresses.0.address": `"ada@home.example"`, "party.emailAddresses.2": "-", "party.jobTitle": "null"}),
		put("refused", `"emailAddresses":[{"address":"x"}]`, 422, nil),
		kittest.Step{Name: "read", Path: parties + "/{{id}}?embed=fields", Want: want{"party.fields.0.value": `"AE-1"`, "party.tags": "-"}},
		kittest.Step{Name: "read two", Path: parties + "/{{id}},{{other}}", Want: want{"parties.1.id": "{{other}}"}},
		kittest.Step{Name: "read none", Path: parties + "/1", Status: 404},
	)
	want := kit.Counts{Records: 3, Creates: 3, Requests: 9, FollowUps: map[string]int{"update": 2}}
	if diff := cmp.Diff(want, crm.Counts("acme")); diff != "" {
		t.Error(diff)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ keys, resource, field, message string }{
		"no name":             {`"name":"Ada Lovelace"`, "party", "firstName", "first name or last name is required"},
		"job as title":        {`"firstName":"A","title":"Analyst"`, "party", "title", "unknown title"},
		"country as code":     {`"firstName":"A","addresses":[{"country":"GB"}]`, "address", "country", "unknown country"},
		"country not listed":  {`"firstName":"A","addresses":[{"country":"Britain"}]`, "address", "country", "unknown country"},
		"website under url":   {`"firstName":"A","websites":[{"url":"https://x.example"}]`, "website", "address", "address is required"},
		"empty number":        {`"firstName":"A","phoneNumbers":[{"number":""}]`, "phoneNumber", "number", "number is required"},
		"type of phone":       {`"firstName":"A","phoneNumbers":[{"number":"1","type":"mobile"}]`, "phoneNumber", "type", "unknown type"},
		"e-mail":              {`"firstName":"A","emailAddresses":[{"address":"a@"}]`, "emailAddress", "address", "invalid email address"},
		"unknown key":         {`"firstName":"A","nickname":"B"`, "party", "nickname", "unknown field"},
		"date as text":        {`"firstName":"A","fields":[{"definition":{"id":96},"value":"1/2/26"}]`, "field", "value", "invalid type for field"},
		"null boolean":        {`"firstName":"A","fields":[{"definition":{"id":98},"value":null}]`, "field", "value", "invalid type for field"},
		"option not listed":   {`"firstName":"A","fields":[{"definition":{"id":97},"value":"Bronze"}]`, "field", "value", "invalid type for field"},
		"unknown definition":  {`"firstName":"A","fields":[{"definition":{"id":1},"value":"x"}]`, "field", "definition", "field definition not found"},
		"definition by name":  {`"firstName":"A","fields":[{"definition":{"name":"Tier"},"value":"Gold"}]`, "field", "id", "id is required"},
		"owner not in team":   {`"firstName":"A","team":{"id":31},"owner":{"id":6}`, "party", "owner", "owner is not a member of the team"},
		"owner unknown":       {`"firstName":"A","owner":{"id":404}`, "party", "owner", "owner not found"},
		"tag by unknown id":   {`"firstName":"A","tags":[{"id":1}]`, "tag", "id", "tag not found"},
		"not a person at all": {`"firstName":"A","type":"company"`, "party", "type", "unknown type"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			step := create(name, test.keys, 422, want{"message": `"Validation Failed"`, "errors.0.resource": `"` + test.resource + `"`,
				"errors.0.field": `"` + test.field + `"`, "errors.0.message": `"` + test.message + `"`})
			if n := run(t, step).Count(""); n != 0 {
				t.Errorf("%d parties stored", n)
			}
		})
	}
	run(t,
		create("unknown organisation", `"firstName":"A","organisation":{"id":404}`, 404, want{"message": `"organisation not found"`}),
		create("id as text", `"firstName":"A","organisation":{"id":"7"}`, 400, nil),
		create("not JSON", ``, 400, nil),
		kittest.Step{Name: "no envelope", Path: parties, Body: `{"type":"person","firstName":"A"}`, Status: 400},
	)
}

func TestFind(t *testing.T) {
	t.Parallel()
	suite := kittest.Suite{Spec: capsule.Spec(), Options: kit.Options{IndexLag: 5 * time.Second}, Clock: kittest.NewClock()}
	suite.Prepare = func(crm *kit.CRM) {
		crm.Seed("acme", kit.Person{FirstName: "Ada", LastName: "Lovelace", Email: "ada@x.example", Phone: "+44 20"}, suite.Clock.Now().Add(-48*time.Hour))
	}
	find := func(name, field, operator, value, count string) kittest.Step {
		wants := want{"parties": "[]"}
		if count == "1" {
			wants = want{"parties.0.firstName": `"Ada"`, "parties.1": "-"}
		}
		return kittest.Step{Name: name, Path: parties + "/filters/results?perPage=10", Want: wants,
			Body: `{"filter":{"conditions":[{"field":"type","operator":"is","value":"person"},{"field":"` + field + `","operator":"` + operator + `","value":"` + value + `"}]}}`}
	}
	wrong := find("name of the answer", "createdAt", "is after", "2026-11-24", "")
	wrong.Status, wrong.Want = 422, want{"errors.0.message": `"invalid field name"`}
	instant := find("instant", "addedOn", "is after", "2026-11-24T12:00:00Z", "")
	instant.Status, instant.Want = 422, nil
	kittest.Run(t, suite,
		create("fresh", `"firstName":"Ada","emailAddresses":[{"address":"ADA@x.example"}]`, 201, nil),
		find("e-mail", "email", "is", "Ada@x.example", "1"), find("phone", "phone", "is", "+44 20", "1"),
		find("name", "name", "contains", "lovelace", "1"), find("day", "addedOn", "is after", "2026-11-23", ""), wrong, instant,
		kittest.Step{Name: "search", Path: parties + "/search?q=ada%20love", Want: want{"parties.0.lastName": `"Lovelace"`, "parties.1": "-"}},
		kittest.Step{Name: "since, not shown yet", Path: parties + "?since=" + url.QueryEscape("2026-11-24T12:00:00Z"), Want: want{"parties": "[]"}},
		kittest.Step{Name: "since", Advance: 5 * time.Second, Path: parties + "?since=2026-11-24T12:00:00Z", Want: want{"parties.0.lastName": "null"}},
		kittest.Step{Name: "page", Path: parties + "?perPage=1&q=nobody", Want: want{"parties.1": "-"}, WantHeader: want{"Link": `~page=2&perPage=1&q=nobody>; rel="next"`}},
		kittest.Step{Name: "next page", Path: parties + "?perPage=1&page=2", Want: want{"parties.0.lastName": "null"}, WantHeader: want{"Link": "-"}},
	)
}

func TestDiscovery(t *testing.T) {
	t.Parallel()
	run(t,
		kittest.Step{Path: parties + "/fields/definitions?perPage=100", Want: want{"definitions.2.options": `["Gold","Silver"]`, "definitions.6.tag.name": `"Delegate"`}},
		kittest.Step{Path: parties + "/tags", Want: want{"tags.0.name": `"VIP"`}},
		kittest.Step{Path: "/api/v2/countries", Want: want{"": `~"name":"United Kingdom"`}},
		kittest.Step{Path: "/api/v2/users", Want: want{"users.1.name": `"Alan"`}},
		kittest.Step{Path: "/api/v2/site", Want: want{"site.subdomain": `"acme"`}},
		kittest.Step{Path: parties + "/tags?perPage=101", Status: 400},
		kittest.Step{Path: parties + "/tags?page=9223372036854775807", Status: 400},
		kittest.Step{Path: parties + "/tags?page=1000", Want: want{"tags": "[]"}},
	)
}

func TestLimits(t *testing.T) {
	t.Parallel()
	suite := kittest.Suite{Spec: capsule.Spec(), Prepare: func(crm *kit.CRM) {
		if err := crm.SetLimits(kit.Override{Name: "hour", Requests: 1}); err != nil {
			t.Error(err)
		}
	}}
	get := kittest.Step{Path: parties, WantHeader: want{"X-RateLimit-Limit": "1", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1795525200"}}
	refused, later := get, get
	refused.Status, refused.Want = 429, want{"error": `"rate limit reached"`, "message": "-"}
	later.Advance, later.WantHeader = time.Hour, nil
	kittest.Run(t, suite, get, refused, later)
}
