package planhat_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/sandbox/kit"
	"crmferry/internal/sandbox/kit/kittest"
	"crmferry/internal/sandbox/planhat"
)

const (
	endusers = "/endusers"
	company  = `"companyId":"5e15901391025d870eec1236"`
)

type want = map[string]string

func run(t *testing.T, steps ...kittest.Step) *kit.CRM {
	t.Helper()
	return kittest.Run(t, kittest.Suite{Spec: planhat.Spec(), Options: kit.Options{Unlimited: true}}, steps...)
}

func TestAuthentication(t *testing.T) {
	t.Parallel()
	run(t,
		kittest.Step{Name: "none", Token: "-", Path: endusers, Status: 401, Want: want{"": `"Unauthorized"`}, WantHeader: want{"Content-Type": "~text/html"}},
		kittest.Step{Name: "foreign", Token: "sbx_hubspot_acme", Path: endusers, Status: 401},
		kittest.Step{Name: "expired", Account: "expired", Path: endusers, Status: 401},
		kittest.Step{Name: "no right", Account: "noscope", Path: endusers, Body: `{"email":"a@x.example",` + company + `}`, Status: 403, Want: want{"": `"Forbidden"`}},
		kittest.Step{Name: "no right to many", Account: "noscope", Method: "PUT", Path: endusers, Body: `[{}]`, Status: 403, Want: want{"permissionErrors.0.count": "1"}},
		kittest.Step{Name: "no such path", Path: "/contacts", Status: 404, Want: want{"": `""`}},
		kittest.Step{Name: "wrong method", Method: "DELETE", Path: endusers, Status: 405},
		kittest.Step{Name: "form", Path: endusers, Body: `a=b`, Header: want{"Content-Type": "text/plain"}, Status: 400},
	)
	basic := kittest.Suite{Spec: planhat.Spec(), Authorize: func(r *http.Request, token string) { r.SetBasicAuth(token, "") }}
	kittest.Run(t, basic, kittest.Step{Name: "basic", Path: endusers, Want: want{"": "[]"}, WantHeader: want{"X-Rate-Limit-Remaining": "199"}})
}

func TestEndusers(t *testing.T) {
	t.Parallel()
	crm := run(t,
		kittest.Step{Name: "create", Path: endusers,
			Body: `{"email":"ada@x.example","otherEmails":["a@y.example"],"firstName":"Ada","lastName":"Lovelace","name":"X","position":"Analyst","externalId":"k1","tags":["vip"],
				"createDate":"2026-01-05T09:30:00.000Z","custom":{"Tier":"Gold","Score":7,"tier":"lost"},"ownerId":"lost",` + company + `}`,
			Want: want{"_id": "~00000", "name": `"Ada Lovelace"`, "companyName": `"Company ec1236"`, "custom": `{"Score":7,"Tier":"Gold"}`, "ownerId": "-", "otherEmails": `["a@y.example"]`,
				"createDate": `"2026-01-05T09:30:00.000Z"`, "updatedAt": `"2026-11-24T12:00:00.000Z"`, "emailMd5": "~", "lastActive": "-", "phone": "-"},
			Save: want{"id": "_id"}},
		kittest.Step{Name: "same external id", Path: endusers, Body: `{"email":"b@x.example","externalId":"k1",` + company + `}`, Status: 400, Want: want{"": `"externalId duplicated"`}},
		kittest.Step{Name: "same e-mail", Path: endusers, Body: `{"email":"ADA@x.example",` + company + `}`, Status: 400, Want: want{"": `"email duplicated"`}},
		kittest.Step{Name: "same both", Path: endusers, Body: `{"email":"ada@x.example","externalId":"k1",` + company + `}`, Status: 400, Want: want{"": `"externalId,email duplicated"`}},
		kittest.Step{Name: "same e-mail, other external id", Path: endusers, Body: `{"email":"ada@x.example","externalId":"k2",` + company + `}`},
		kittest.Step{Name: "same external id elsewhere", Path: endusers, Body: `{"email":"ada@x.example","externalId":"k1","companyId":"extid-acme"}`, Want: want{"companyName": `"Acme"`}, Save: want{"acme": "companyId"}},
		kittest.Step{Name: "by domain", Path: endusers, Body: `{"email":"a@customer.example","firstName":"A"}`, Want: want{"companyId": `"{{acme}}"`}},
		kittest.Step{Name: "by name", Path: endusers, Body: `{"sourceId":"s1","name":"A B","companyId":"srcid-9"}`, Want: want{"name": `"A B"`, "emailMd5": "-"}},
		kittest.Step{Name: "no company", Path: endusers, Body: `{"email":"a@x.example"}`, Want: want{"_id": "-", "email": `"a@x.example"`}},
		kittest.Step{Name: "unknown company", Path: endusers, Body: `{"email":"a@x.example","companyId":"5e15901391025d870eec1404"}`, Want: want{"_id": "-"}},
		kittest.Step{Name: "legacy", Account: "legacy", Path: endusers, Body: `{"email":"a@x.example","otherEmails":["b@x.example"],` + company + `}`, Want: want{"otherEmails": "[]"}},
		kittest.Step{Name: "read", Path: endusers + "/{{id}}", Want: want{"externalId": `"k1"`}},
		kittest.Step{Name: "read by external id", Path: endusers + "/extid-k1", Want: want{"_id": `"{{id}}"`}},
		kittest.Step{Name: "read by source id", Path: endusers + "/srcid-s1", Want: want{"name": `"A B"`}},
		kittest.Step{Name: "read none", Path: endusers + "/extid-k9", Status: 404, Want: want{"": `""`}},
		kittest.Step{Name: "update", Method: "PUT", Path: endusers + "/{{id}}", Body: `{"lastName":"King","tags":["new"],"custom":{"City":"London"}}`,
			Want: want{"name": `"Ada King"`, "tags": `["new"]`, "custom": `{"City":"London","Score":7,"Tier":"Gold"}`}},
		kittest.Step{Name: "companies", Path: "/companies", Want: want{"0._id": `"{{acme}}"`, "0.domains.0": `"customer.example"`}},
		kittest.Step{Name: "company", Path: "/companies/extid-bravo", Want: want{"name": `"Bravo"`}},
		kittest.Step{Name: "fields", Path: "/customfields", Want: want{"3.name": `"Tier"`}},
		kittest.Step{Name: "users", Path: "/users", Want: want{"0.firstName": `"Grace"`}},
	)
	if diff := cmp.Diff(kit.Counts{Records: 5, Creates: 5, Requests: 19, FollowUps: map[string]int{"update": 1}}, crm.Counts("acme")); diff != "" {
		t.Error(diff)
	}
}

func TestValidation(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ body, want string }{
		"no identifier":   {`{"firstName":"A",` + company + `}`, "email is required"},
		"invalid e-mail":  {`{"email":"a@",` + company + `}`, "email is invalid"},
		"company as name": {`{"email":"a@x.example","companyId":"Acme"}`, "companyId is invalid"},
		"tags as objects": {`{"email":"a@x.example","tags":[{"name":"vip"}],` + company + `}`, "tags must be strings"},
		"phone as a list": {`{"email":"a@x.example","phone":["1"],` + company + `}`, "phone is invalid"},
		"date":            {`{"email":"a@x.example","createDate":"today",` + company + `}`, "createDate is invalid"},
		"number as text":  {`{"email":"a@x.example","custom":{"Score":"7"},` + company + `}`, "Score is invalid"},
		"no JSON":         {`{`, "Invalid JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if n := run(t, kittest.Step{Path: endusers, Body: test.body, Status: 400, Want: want{"error": `"` + test.want + `"`}}).Count(""); n != 0 {
				t.Errorf("%d end users stored", n)
			}
		})
	}
}

func TestBulk(t *testing.T) {
	t.Parallel()
	put := func(body string, status int, wants want) kittest.Step {
		return kittest.Step{Method: "PUT", Path: endusers, Body: body, Status: status, Want: wants}
	}
	first := put(`[{"email":"a@x.example","externalId":"1",`+company+`},{"email":"b@x.example","externalId":"2",`+company+`}]`, 200,
		want{"created": "2", "insertsKeys.0.externalId": `"2"`, "insertsKeys.1.externalId": `"1"`, "createdErrors": "[]", "upsertedIds.1": "~0"})
	first.Save = want{"a": "insertsKeys.1._id"}
	crm := run(t, first,
		put(`[{"email":"a@x.example","externalId":"9","lastName":"Other",`+company+`},{"email":"c@","externalId":"3",`+company+`},{"email":"d@x.example","externalId":"4"}]`, 206,
			want{"created": "0", "updated": "1", "updatesKeys.0._id": `"{{a}}"`, "createdErrors.0": `{"externalId":"3","message":"email is invalid"}`, "insertsKeys": "[]"}),
		kittest.Step{Name: "overwritten", Path: endusers + "/{{a}}", Want: want{"externalId": `"9"`, "lastName": `"Other"`}},
		put(`[{"firstName":"A",`+company+`}]`, 400, want{"createdErrors.0.message": `"email is required"`}),
		put(`[{"email":"d@x.example","externalId":"4"}]`, 200, want{"created": "0", "createdErrors": "[]"}),
		put(`{"email":"d@x.example"}`, 400, want{"error": `"An array is expected"`}),
		put(`[`+strings.Repeat(`{},`, 5000)+`{}]`, 400, want{"error": "~5000"}),
	)
	if n := crm.Count("acme"); n != 2 || crm.Ledger("acme")[0].Op != "batch_create" {
		t.Errorf("%d end users, ledger %+v", n, crm.Ledger("acme"))
	}
}

func TestSearch(t *testing.T) {
	t.Parallel()
	suite := kittest.Suite{Spec: planhat.Spec(), Options: kit.Options{IndexLag: 2 * time.Second}, Clock: kittest.NewClock()}
	suite.Prepare = func(crm *kit.CRM) {
		crm.Seed("acme", kit.Person{FirstName: "Ada", LastName: "Lovelace", Email: "lada@x.example"}, suite.Clock.Now().Add(-time.Hour))
	}
	kittest.Run(t, suite,
		kittest.Step{Path: endusers, Body: `{"email":"Ada@x.example",` + company + `}`, Save: want{"id": "_id"}},
		kittest.Step{Path: endusers, Body: `{"email":"old@x.example","archived":true,` + company + `}`},
		kittest.Step{Name: "not indexed", Path: endusers + "?email=ada%40x.example", Want: want{"0.email": `"lada@x.example"`, "0.relevance": "1", "1": "-"}},
		kittest.Step{Name: "indexed", Advance: 2 * time.Second, Path: endusers + "?email=ada%40x.example&sort=-createDate", Want: want{"0._id": `"{{id}}"`, "2": "-"}},
		kittest.Step{Name: "of a company", Path: endusers + "?companyId=x,5e15901391025d870eec1236&select=_id,email", Want: want{"0": `{"_id":"{{id}}","email":"Ada@x.example"}`, "1": "-"}},
		kittest.Step{Name: "ignored filter", Path: endusers + "?phone=1&limit=1&offset=1", Want: want{"0._id": `"{{id}}"`, "0.relevance": "-", "1": "-"}},
		kittest.Step{Name: "none", Path: endusers + "?email=nobody", Want: want{"": "[]"}},
		kittest.Step{Name: "page too large", Path: endusers + "?limit=5001", Status: 400},
	)
}

func TestLimit(t *testing.T) {
	t.Parallel()
	suite := kittest.Suite{Spec: planhat.Spec(), Prepare: func(crm *kit.CRM) {
		if err := crm.SetLimits(kit.Override{Name: "minute", Requests: 1}); err != nil {
			t.Error(err)
		}
	}}
	kittest.Run(t, suite, kittest.Step{Path: endusers, WantHeader: want{"X-Rate-Limit-Limit": "1"}},
		kittest.Step{Path: endusers, Status: 429, Want: want{"": `"Too Many Requests"`}, WantHeader: want{"Retry-After": "-", "X-Rate-Limit-Remaining": "0"}},
		kittest.Step{Path: endusers, Advance: time.Minute})
}
