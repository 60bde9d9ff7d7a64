package salesflare_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/sandbox/kit"
	"crmferry/internal/sandbox/kit/kittest"
	"crmferry/internal/sandbox/salesflare"
)

type want = map[string]string

func run(t *testing.T, steps ...kittest.Step) *kit.CRM {
	t.Helper()
	return kittest.Run(t, kittest.Suite{Spec: salesflare.Spec(), Clock: kittest.NewClock()}, steps...)
}

func TestAuthentication(t *testing.T) {
	t.Parallel()
	run(t,
		kittest.Step{Name: "none", Token: "-", Path: "/me", Status: 401, Want: want{"error": `"Unauthorized"`, "statusCode": "401"}},
		kittest.Step{Name: "foreign", Token: "sbx_wix_acme", Path: "/me", Status: 401},
		kittest.Step{Name: "expired", Account: "expired", Path: "/me", Status: 401, Want: want{"message": `"Invalid API key"`}},
		kittest.Step{Name: "no right", Account: "noscope", Path: "/contacts", Body: `{"name":"A"}`, Status: 403, Want: want{"error": `"Forbidden"`}},
		kittest.Step{Name: "probe", Path: "/me", Want: want{"team.name": `"acme"`}},
		kittest.Step{Name: "no such path", Path: "/people", Status: 404, Want: want{"": `{"error":"Not Found","message":"Not Found","statusCode":404}`}},
		kittest.Step{Name: "wrong method", Method: "PATCH", Path: "/contacts/1", Status: 405},
		kittest.Step{Name: "wrong type", Path: "/contacts", Body: "a=b", Header: want{"Content-Type": "text/plain"}, Status: 415},
	)
}

func TestCreate(t *testing.T) {
	t.Parallel()
	crm := run(t,
		kittest.Step{Name: "full", Path: "/contacts",
			Body: `{"firstname":"Ada","lastname":"Lovelace","email":" Ada@X.example","owner":4711,"account":90210,"phone_number":"+1","mobile_phone_number":"+2",
				"phone_numbers":[{"number":"+3","type":"other"}],"addresses":[{"street":"1 St","country":"United Kingdom","type":"work"}],
				"position":{"organisation":"AE","role":"Chief"},"social_profiles":["https://l.example/ada"],"birth_date":"1815-12-10T00:00:00Z",
				"tags":["VIP",{"id":77,"name":"Newsletter"}],"custom":{"favourite_number":7,"tier":"Gold"}}`,
			Want: want{"id": "~0000", "email": "-"}, Save: want{"id": "id"}},
		kittest.Step{Name: "read", Path: "/contacts/{{id}}", Want: want{
			"id": "{{id}}", "name": `"Ada Lovelace"`, "email": `"ada@x.example"`, "owner.id": "4711", "account.name": `"Account 90210"`, "middle": "null",
			"phone_numbers.2": `{"id":3,"number":"+3","type":"other"}`, "home_phone_number": "null", "addresses.0.id": "1", "role": `"Chief"`,
			"social_profiles.0.url": `"https://l.example/ada"`, "social_profiles.1.type": `"gravatar"`, "picture": "~photos", "tags.0.name": `"VIP"`, "tags.1.id": "77",
			"custom": `{"favourite_number":7,"tier":{"id":1,"name":"Gold"}}`, "birth_date": `"1815-12-10T00:00:00.000Z"`, "creation_date": `"2026-11-24T12:00:00.000Z"`}},
		kittest.Step{Name: "same e-mail", Path: "/contacts", Body: `{"email":"ada@x.example"}`, Save: want{"second": "id"}},
		kittest.Step{Name: "same e-mail unforced", Path: "/contacts?force=false", Body: `{"email":"ADA@x.example"}`, Want: want{"": "{}"}},
		kittest.Step{Name: "empty parts", Path: "/contacts/{{second}}", Want: want{"custom": "null", "addresses": "[]", "account": "null", "name": `""`, "owner.name": `"Grace Hopper"`}},
		kittest.Step{Name: "update", Method: "PUT", Path: "/contacts/{{id}}", Body: `{"account":null,"tags":["New",{"id":77,"_deleted":true}]}`, Advance: time.Minute},
		kittest.Step{Name: "updated", Path: "/contacts/{{id}}", Want: want{"account": "null", "tags.0.name": `"VIP"`, "tags.1.name": `"New"`, "tags.2": "-",
			"modification_date": `"2026-11-24T12:01:00.000Z"`}},
		kittest.Step{Name: "link", Path: "/accounts/15/contacts", Body: `{"id":{{id}}}`},
		kittest.Step{Name: "linked", Path: "/contacts/{{id}}", Want: want{"account.id": "15"}},
		kittest.Step{Name: "link to none", Path: "/accounts/404/contacts", Body: `{"id":{{id}}}`, Status: 404},
		kittest.Step{Name: "message", Path: "/messages", Body: `{"account":15,"body":"x"}`, Want: want{"id": "~0000"}},
		kittest.Step{Name: "read none", Path: "/contacts/1", Status: 404},
	)
	counts := kit.Counts{Records: 2, Creates: 2, Requests: 12, FollowUps: map[string]int{"update": 2, "message": 1}}
	if diff := cmp.Diff(counts, crm.Counts("acme")); diff != "" {
		t.Error(diff)
	}
}

func TestArray(t *testing.T) {
	t.Parallel()
	crm := run(t,
		kittest.Step{Name: "two", Path: "/contacts", Body: `[{"name":"A"},{"name":"B"}]`, Want: want{"0.id": "~0000", "1.id": "~0000", "2": "-"}},
		kittest.Step{Name: "one", Path: "/contacts", Body: `[{"name":"C"}]`, Want: want{"id": "~0000", "0": "-"}},
		kittest.Step{Name: "one is bad", Path: "/contacts", Body: `[{"name":"D"},{"email":"x"}]`, Status: 400, Want: want{"validation.errors.0.path": `"1.email"`}},
		kittest.Step{Name: "none", Path: "/contacts", Body: `[]`, Status: 400},
	)
	if n := crm.Count(""); n != 3 {
		t.Errorf("%d contacts, want 3", n)
	}
}

func TestValidation(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ body, path, message string }{
		"no name":            {`{"phone_number":"1"}`, "", `\"value\" must contain at least one of [name, email, prefix, firstname, middle, lastname, suffix]`},
		"unknown key":        {`{"name":"A","first_name":"A"}`, "first_name", `\"first_name\" is not allowed`},
		"e-mail":             {`{"email":"ada"}`, "email", "must be a valid email"},
		"e-mails":            {`{"email":["a@x.example"]}`, "email", "must be a string"},
		"account as text":    {`{"name":"A","account":"1"}`, "account", `\"account\" must be a number`},
		"account as object":  {`{"name":"A","account":{"id":1}}`, "account", "must be a number"},
		"unknown owner":      {`{"name":"A","owner":404}`, "owner", "does not exist"},
		"empty":              {`{"name":"A","lastname":""}`, "lastname", "not allowed to be empty"},
		"country":            {`{"name":"A","addresses":[{"country":"` + strings.Repeat("x", 51) + `"}]}`, "addresses.0.country", `\"country\" length must be`},
		"number missing":     {`{"name":"A","phone_numbers":[{"type":"x"}]}`, "phone_numbers.0.number", "is required"},
		"two kinds":          {`{"name":"A","address":{},"addresses":[]}`, "", "exclusive peers"},
		"custom":             {`{"name":"A","custom":{"shoe":1}}`, "custom.shoe", "not allowed"},
		"custom type":        {`{"name":"A","custom":{"favourite_number":"7"}}`, "custom.favourite_number", "must be a number"},
		"option":             {`{"name":"A","custom":{"tier":"Tin"}}`, "custom.tier", "must be one of [Gold, Silver]"},
		"date":               {`{"name":"A","birth_date":"1815"}`, "birth_date", "valid date"},
		"tag of no kind":     {`{"name":"A","tags":[1]}`, "tags.0", "must be a string"},
		"tag of no id":       {`{"name":"A","tags":[{"id":5}]}`, "tags", "does not exist"},
		"profile of no kind": {`{"name":"A","social_profiles":[{"link":"x"}]}`, "social_profiles.0.link", "not allowed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wants := want{"validation.errors.0.path": `"` + test.path + `"`, "message": "~" + test.message, "error": `"Bad Request"`, "validation.source": `"payload"`}
			if n := run(t, kittest.Step{Path: "/contacts", Body: test.body, Status: 400, Want: wants}).Count(""); n != 0 {
				t.Errorf("%d contacts stored", n)
			}
		})
	}
	run(t,
		kittest.Step{Name: "no JSON", Path: "/contacts", Body: `{`, Status: 400, Want: want{"validation": "-"}},
		kittest.Step{Name: "one label", Path: "/contacts", Body: `{"email":"ada@localhost"}`},
		kittest.Step{Name: "unknown parameter", Path: "/contacts?forced=1", Body: `{"name":"A"}`, Status: 400, Want: want{"validation.source": `"query"`}},
	)
}

func TestList(t *testing.T) {
	t.Parallel()
	suite := kittest.Suite{Spec: salesflare.Spec(), Options: kit.Options{IndexLag: time.Minute}, Clock: kittest.NewClock()}
	suite.Prepare = func(crm *kit.CRM) {
		for _, name := range []string{"Ada", "Granada"} {
			crm.Seed("acme", kit.Person{FirstName: name, Email: name + "@x.example", Phone: "+4420"}, suite.Clock.Now().Add(-time.Hour))
		}
	}
	kittest.Run(t, suite,
		kittest.Step{Name: "parts match", Path: "/contacts?email=ADA%40x.example", Want: want{"1.firstname": `"Granada"`, "2": "-"}},
		kittest.Step{Name: "page", Path: "/contacts?phone_number=%2B4420&limit=1&offset=1", Want: want{"0.firstname": `"Granada"`, "1": "-"}},
		kittest.Step{Path: "/contacts", Body: `{"name":"Ada B","account":7}`, Save: want{"id": "id"}},
		kittest.Step{Name: "not indexed", Path: "/contacts?name=Ada%20B", Want: want{"": "[]"}},
		kittest.Step{Name: "by id", Path: "/contacts?id={{id}}", Want: want{"0.id": "{{id}}"}},
		kittest.Step{Name: "indexed", Advance: time.Minute, Path: "/contacts?search=ada&account=7&creation_after=2026-11-24T11:59:00Z", Want: want{"0.id": "{{id}}", "1": "-"}},
		kittest.Step{Name: "unknown filter", Path: "/contacts?mail=x", Status: 400, Want: want{"message": `"\"mail\" is not allowed"`}},
		kittest.Step{Name: "no time", Path: "/contacts?creation_after=now", Status: 400},
		kittest.Step{Name: "fields", Path: "/customfields/contacts", Want: want{"0.api_field": `"favourite_number"`, "2.options.1.name": `"Silver"`}},
		kittest.Step{Name: "tags", Path: "/tags?name=news", Want: want{"0.id": "77"}},
		kittest.Step{Name: "tag", Path: "/tags", Body: `{"name":"newsletter"}`, Want: want{"": `{"id":77}`}},
		kittest.Step{Name: "users", Path: "/users", Want: want{"0.email": `"grace@sandbox.example"`}},
	)
}

func TestLimits(t *testing.T) {
	t.Parallel()
	suite := kittest.Suite{Spec: salesflare.Spec(), Prepare: func(crm *kit.CRM) {
		if err := crm.SetLimits(kit.Override{Name: "minute", Requests: 1}); err != nil {
			t.Error(err)
		}
	}}
	kittest.Run(t, suite,
		kittest.Step{Path: "/me"},
		kittest.Step{Path: "/me", Status: 429, Want: want{"error": `"Too Many Requests"`}, WantHeader: want{"Retry-After": "-"}},
		kittest.Step{Path: "/me", Advance: time.Minute},
	)
}
