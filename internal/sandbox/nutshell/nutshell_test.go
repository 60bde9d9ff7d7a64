package nutshell_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/sandbox/kit"
	"crmferry/internal/sandbox/kit/kittest"
	"crmferry/internal/sandbox/nutshell"
)

const contacts = "/rest/contacts"

type want = map[string]string

func suite() kittest.Suite {
	return kittest.Suite{Spec: nutshell.Spec(), Clock: kittest.NewClock(),
		Authorize: func(r *http.Request, token string) { r.SetBasicAuth("grace@sandbox.example", token) }}
}

func run(t *testing.T, steps ...kittest.Step) *kit.CRM {
	t.Helper()
	return kittest.Run(t, suite(), steps...)
}

func patch(id, body string) kittest.Step {
	return kittest.Step{Method: "PATCH", Path: contacts + "/" + id, Body: body, Header: want{"Content-Type": "application/json-patch+json"}, Status: 204}
}

func in(account string, s kittest.Step) kittest.Step {
	s.Account = account
	return s
}

func TestAuthentication(t *testing.T) {
	t.Parallel()
	run(t,
		kittest.Step{Name: "none", Token: "-", Path: contacts, Status: 401, Want: want{"": "~An Error Occurred: Unauthorized"}, WantHeader: want{"Content-Type": "~text/html"}},
		kittest.Step{Name: "foreign", Token: "sbx_hubspot_acme", Path: contacts, Status: 401},
		kittest.Step{Name: "expired", Account: "expired", Path: contacts, Status: 401},
		kittest.Step{Name: "no right", Account: "noscope", Path: contacts, Body: `{"contacts":[{"name":"A"}]}`, Status: 403},
		kittest.Step{Name: "probe", Path: "/rest/users", Want: want{"users.0.id": `"1-users"`}, WantHeader: want{"x-nutshell-request-id": "~-"}},
		kittest.Step{Name: "no such path", Path: "/rest/people", Status: 404, Want: want{"": "~Not Found"}},
		kittest.Step{Name: "wrong method", Method: "DELETE", Path: contacts, Status: 405, Want: want{"": `"Internal Error"`}},
		kittest.Step{Name: "wrong type", Path: contacts, Body: `{"contacts":[{"name":"A"}]}`, Header: want{"Content-Type": "text/plain"}, Status: 415},
	)
	s := suite()
	s.Authorize = func(r *http.Request, token string) { r.SetBasicAuth("grace", token) }
	kittest.Run(t, s, kittest.Step{Name: "user is no e-mail", Path: contacts, Status: 401})
}

func TestCreate(t *testing.T) {
	t.Parallel()
	const body = `{"contacts":[{"name":"Ada King Lovelace","description":"","emails":[{"value":"ada@x.example","name":"work"},{"value":"a@y.example"}],
		"phones":[{"value":{"countryCode":"1","number":"4155550101","extension":"12"}},{"value":"+14155550102"},{"value":"+442079460001"}],
		"addresses":[{"name":"work","value":{"city":"London","country":"GB"},"city":"London","country":"GB"}],
		"customFields":{"Tier":"Gold"},"links":{"accounts":[15],"owner":"2-users","tags":["5-tags"]}}]}`
	fresh := kittest.Step{Path: contacts, Body: body, Want: want{
		"contacts.0.id": `~-contacts"`, "contacts.0.firstName": `"Ada King"`, "contacts.0.lastName": `"Lovelace"`, "contacts.0.description": "null",
		"contacts.0.jobTitle": "null", "contacts.0.emails.0": `{"isPrimary":true,"name":"work","value":"ada@x.example"}`, "contacts.0.emails.1.name": `"email"`,
		"contacts.0.phones.0.value.E164": `"+14155550101"`, "contacts.0.phones.1.value.number": `"4155550102"`, "contacts.0.phones.2.value": `"+442079460001"`,
		"contacts.0.addresses.0.value.city": `"London"`, "contacts.0.addresses.0.city": "-", "contacts.0.urls": "[]", "contacts.0.customFields": "-",
		"contacts.0.links.accounts": `["15-accounts"]`, "contacts.0.links.owner": `"2-users"`, "contacts.0.createdTime": "-",
		"links": `~"type":"accounts"`,
	}, Save: want{"id": "contacts.0.id"}}
	flat, lost := kittest.Step{Account: "flat-1", Path: contacts, Body: body}, kittest.Step{Account: "noaddress", Path: contacts, Body: body}
	flat.Want = want{"contacts.0.addresses.0.city": `"London"`, "contacts.0.addresses.0.value": "-"}
	lost.Want, lost.Save = want{"contacts.0.addresses": "[]"}, want{"lost": "contacts.0.id"}
	media := patch("{{id}}", `[]`)
	media.Header, media.Status, media.Want = nil, 400, want{"": "~json-patch+json is required"}
	bare := patch("{{id}}", `{"op":"replace","path":"/contacts/0/jobTitle","value":"x"}`)
	bare.Status, bare.Want = 400, want{"errors.0.title": `"Invalid patch"`}
	crm := run(t, fresh,
		patch("{{id}}", `[{"op":"replace","path":"/contacts/0/jobTitle","value":"Analyst"},{"op":"replace","path":"/contacts/0/lastName","value":"King"},
			{"op":"replace","path":"/contacts/0/Favorite Number","value":"7"},{"op":"add","path":"/contacts/0/emails/-","value":{"value":"c@x.example"}}]`),
		kittest.Step{Name: "read", Path: contacts + "/{{id}},1-contacts", Want: want{"contacts.0.jobTitle": `"Analyst"`, "contacts.0.name": `"Ada King King"`,
			"contacts.0.emails.2.value": `"c@x.example"`, "contacts.1": "-"}},
		kittest.Step{Name: "custom values", Path: contacts + "/{{id}}/customfields", Want: want{"customFields": `{"Favorite Number":"7","Tier":"Gold"}`}},
		kittest.Step{Name: "read none", Path: contacts + "/1-contacts", Status: 404, Want: want{"message": "~not found"}},
		kittest.Step{Name: "duplicate", Path: contacts, Body: body},
		media, bare, flat, lost,
		in("noaddress", patch("{{lost}}", `[{"op":"replace","path":"/contacts/0/addresses","value":[{"value":{"city":"Rome"},"city":"Rome"}]}]`)),
		kittest.Step{Account: "noaddress", Path: contacts + "/{{lost}}", Want: want{"contacts.0.addresses.0.value.city": `"Rome"`}},
		kittest.Step{Account: "legacy", Path: contacts, Body: body, Want: want{"contacts.0.firstName": "-"}},
	)
	if diff := cmp.Diff(kit.Counts{Records: 2, Creates: 2, Requests: 8, FollowUps: map[string]int{"update": 1}}, crm.Counts("acme")); diff != "" {
		t.Error(diff)
	}
}

func TestValidation(t *testing.T) {
	t.Parallel()
	const only = `"You may only create one contacts resource per request."`
	for name, test := range map[string]struct {
		body string
		want want
	}{
		"two":                  {`{"contacts":[{"name":"A"},{"name":"B"}]}`, want{"errors.0.title": only, "contacts": "[]", "errors.0.status": `"400"`, "errors.0.detail": "null"}},
		"none":                 {`{"contacts":[]}`, want{"errors.0.title": only}},
		"bare":                 {`{"name":"A"}`, want{"errors.0.title": only}},
		"no name":              {`{"contacts":[{"emails":[]}]}`, want{"errors.0.field": `"name"`}},
		"job title":            {`{"contacts":[{"name":"A","jobTitle":"x"}]}`, want{"errors.0.field": `"jobTitle"`}},
		"invalid e-mail":       {`{"contacts":[{"name":"A","emails":[{"value":"ada@"}]}]}`, want{"errors.0.field": `"emails"`}},
		"phone with signs":     {`{"contacts":[{"name":"A","phones":[{"value":{"number":"415-555"}}]}]}`, want{"errors.0.field": `"phones"`}},
		"country name":         {`{"contacts":[{"name":"A","addresses":[{"value":{"country":"Italy"}}]}]}`, want{"errors.0.field": `"addresses"`}},
		"custom number":        {`{"contacts":[{"name":"A","customFields":{"Favorite Number":12}}]}`, want{"errors.0.field": `"customFields"`}},
		"custom unknown":       {`{"contacts":[{"name":"A","customFields":{"favorite number":"12"}}]}`, want{"errors.0.field": `"customFields"`}},
		"tag of accounts":      {`{"contacts":[{"name":"A","links":{"tags":["3-tags"]}}]}`, want{"errors.0.field": `"tags"`}},
		"tag name":             {`{"contacts":[{"name":"A","links":{"tags":["VIP"]}}]}`, want{"errors.0.field": `"tags"`}},
		"user as an account":   {`{"contacts":[{"name":"A","links":{"accounts":["1-users"]}}]}`, want{"errors.0.field": `"accounts"`}},
		"unknown owner":        {`{"contacts":[{"name":"A","links":{"owner":"404-users"}}]}`, want{"errors.0.field": `"owner"`}},
		"several owners":       {`{"contacts":[{"name":"A","links":{"owner":["1-users"]}}]}`, want{"errors.0.field": `"owner"`}},
		"description a number": {`{"contacts":[{"name":"A","description":1}]}`, want{"errors.0.detail": `"description has the wrong type"`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			soft := kittest.Step{Account: "soft", Path: contacts, Body: test.body, Want: test.want}
			if n := run(t, kittest.Step{Path: contacts, Body: test.body, Status: 400, Want: test.want}, soft).Count(""); n != 0 {
				t.Errorf("%d contacts stored", n)
			}
		})
	}
}

func TestTagsAndCustomFields(t *testing.T) {
	t.Parallel()
	run(t,
		kittest.Step{Path: "/rest/tags?q=vip", Want: want{"tags.0.id": `"3-tags"`, "tags.0.tagType": `"accounts"`}},
		kittest.Step{Path: "/rest/tags?q=vip&filter%5BtagType%5D=contacts", Want: want{"tags.0.name": `"VIP customers"`, "tags.1.id": `"5-tags"`, "tags.2": "-"}},
		kittest.Step{Name: "no type", Path: "/rest/tags", Body: `{"tags":[{"name":"New"}]}`, Status: 400, Want: want{"errors.0.field": `"tagType"`}},
		kittest.Step{Name: "new", Path: "/rest/tags", Body: `{"tags":[{"name":"New","tagType":"2"}]}`, Want: want{"tags.0.name": `"New"`}, Save: want{"tag": "tags.0.id"}},
		kittest.Step{Name: "used", Path: contacts, Body: `{"contacts":[{"name":"A","links":{"tags":["{{tag}}"]}}]}`, Want: want{"contacts.0.links.tags": `["{{tag}}"]`}},
		kittest.Step{Path: contacts + "/customfields/attributes", Want: want{"0.name": `"Favorite Number"`}},
		kittest.Step{Account: "legacy", Path: contacts + "/customfields/attributes", Want: want{"customFields.0.name": `"Favorite Number"`}},
	)
}

func TestSearch(t *testing.T) {
	t.Parallel()
	s := suite()
	s.Options.IndexLag = 3 * time.Second
	s.Prepare = func(crm *kit.CRM) {
		crm.Seed("acme", kit.Person{FirstName: "Ada", LastName: "Lovelace", Email: "ada@x.example", Phone: "+14155550101"}, s.Clock.Now().Add(-time.Hour))
	}
	found := func(query, total string) kittest.Step {
		return kittest.Step{Name: query, Path: contacts + "?" + query, Want: want{"meta.total": total}}
	}
	both := found("email=ADA%40x.example&sort=-createdTime", "2")
	both.Advance, both.Want["contacts.0.id"], both.Want["contacts.0.createdTime"] = 3*time.Second, `"{{id}}"`, "1795521600"
	kittest.Run(t, s,
		kittest.Step{Path: contacts, Body: `{"contacts":[{"name":"Ada Byron","emails":[{"value":"ada@x.example"}],"customFields":{"Source Key":"k1"}}]}`, Save: want{"id": "contacts.0.id"}},
		found("email=ada%40x.example", "1"), both,
		found("filter%5Bphone%5D=4155550101", "1"), found("filter%5Bname%5D=ada%20lovelace", "1"), found("q=Ada%20Lovelace", "2"),
		found("filter%5BSource%20Key%5D=k1", "1"), found("filter%5BcreatedTime%5D=2026-11-24T11:30:00%20TO%202026-11-24T13:00:00", "1"),
		found("email=nobody%40x.example", "0"), found("page%5Bpage%5D=1&page%5Blimit%5D=1", "2"),
		kittest.Step{Path: contacts + "?filter%5Bnope%5D=1", Status: 400, Want: want{"errors.0.title": `"Invalid filter"`}},
		kittest.Step{Path: contacts + "?page%5Bpage%5D=-1", Status: 400, Want: want{"errors.0.detail": `"Invalid page number: -1"`}},
	)
}

func TestLimit(t *testing.T) {
	t.Parallel()
	s := suite()
	s.Prepare = func(crm *kit.CRM) {
		if err := crm.SetLimits(kit.Override{Name: "second", Requests: 1}); err != nil {
			t.Error(err)
		}
	}
	kittest.Run(t, s, kittest.Step{Path: "/rest/users"},
		kittest.Step{Path: "/rest/users", Status: 429, WantHeader: want{"Retry-After": "-"}},
		kittest.Step{Path: "/rest/users", Advance: time.Second})
}
