package highlevel_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/sandbox/highlevel"
	"crmferry/internal/sandbox/kit"
	"crmferry/internal/sandbox/kit/kittest"
)

type want = map[string]string

func suite() kittest.Suite {
	return kittest.Suite{Spec: highlevel.Spec(), Authorize: func(r *http.Request, token string) {
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Version", "2021-07-28")
	}}
}

// at is the location of an account.
func at(account string) string {
	_, settings := highlevel.Spec().Connect(account, "")
	return settings["location_id"]
}

func contact(account, fields string) string {
	return `{"locationId":"` + at(account) + `",` + fields + `}`
}

func TestAuthentication(t *testing.T) {
	t.Parallel()
	ada := func(account string) string { return contact(account, `"email":"a@x.example"`) }
	kittest.Run(t, suite(),
		kittest.Step{Name: "none", Token: "-", Path: "/contacts/1", Status: 401},
		kittest.Step{Name: "invalid", Token: "sbx_keap_acme", Path: "/contacts/1", Status: 401, Want: want{"message": `"Invalid token: access token is invalid"`, "error": `"Unauthorized"`}},
		kittest.Step{Name: "expired", Account: "expired", Path: "/contacts/1", Status: 401, Want: want{"": `{"message":"Invalid JWT","statusCode":401}`}},
		kittest.Step{Name: "scope", Account: "noscope", Path: "/contacts/", Body: ada("noscope"), Status: 401, Want: want{"message": `"The token is not authorized for this scope."`}},
		kittest.Step{Name: "scope of an upsert", Account: "noscope", Path: "/contacts/upsert", Body: ada("noscope"), Status: 401},
		kittest.Step{Name: "class", Account: "agency", Path: "/contacts/", Body: ada("agency"), Status: 401, Want: want{"message": "~authClass"}},
		kittest.Step{Name: "other location", Path: "/contacts/", Body: ada("other"), Status: 403, Want: want{"message": `"The token does not have access to this location."`}},
		kittest.Step{Name: "stray header", Path: "/contacts/", Body: ada("acme"), Header: want{"Location-Id": at("acme")}, Status: 403},
		kittest.Step{Name: "version", Path: "/contacts/", Body: ada("acme"), Header: want{"Version": "2021-04-15"}, Status: 400, Want: want{"message": "~version header"}},
		kittest.Step{Name: "no slash", Path: "/contacts", Body: ada("acme"), Status: 404, Want: want{"message": `"Cannot POST /contacts"`}},
		kittest.Step{Name: "media type", Path: "/contacts/", Body: "a=b", Header: want{"Content-Type": "text/plain"}, Status: 415},
		kittest.Step{Name: "probe", Path: "/locations/" + at("acme"), Want: want{"location.name": `"acme"`}, WantHeader: want{
			"X-RateLimit-Max": "100", "X-RateLimit-Remaining": "94", "X-RateLimit-Interval-Milliseconds": "10000", "X-RateLimit-Daily-Reset": "-"}},
		kittest.Step{Name: "probe elsewhere", Path: "/locations/" + at("other"), Status: 403},
		kittest.Step{Name: "users", Path: "/users/?locationId=" + at("acme"), Want: want{"users.0.id": `"y0BeYjuRIlDwsDcOHOJo"`}},
		kittest.Step{Name: "users elsewhere", Path: "/users/?locationId=" + at("other"), Status: 403},
	)
	if len(at("acme")) != 20 || at("acme") == at("Acme") {
		t.Errorf("locations %s and %s", at("acme"), at("Acme"))
	}
}

func TestContacts(t *testing.T) {
	t.Parallel()
	crm := kittest.Run(t, suite(),
		kittest.Step{Name: "fields", Path: "/locations/" + at("acme") + "/customFields?model=contact",
			Want: want{"customFields.1.fieldKey": `"contact.interests"`, "customFields.1.picklistOptions.1": `"engines"`},
			Save: want{"contract": "customFields.0.id", "interests": "customFields.1.id"}},
		kittest.Step{Name: "create", Path: "/contacts/", Status: 201, Save: want{"id": "contact.id"},
			Body: contact("acme", `"firstName":"Ada","lastName":"Lovelace","email":"Ada@x.example","phone":"+442079460101","country":"GB","tags":["vip"],"assignedTo":"y0BeYjuRIlDwsDcOHOJo",
				"customFields":[{"id":"{{contract}}","key":"contract_no","field_value":"AE-1"},{"id":"{{interests}}","field_value":["maths"]}]`),
			Want: want{"contact.firstName": `"Ada"`, "contact.fullNameLowerCase": `"ada lovelace"`, "contact.name": "-", "contact.dateAdded": `"2026-11-24T12:00:00.000Z"`,
				"contact.businessId": "-", "contact.customFields": "~AE-1", "contact.additionalEmails": "[]", "contact.locationId": `"` + at("acme") + `"`, "traceId": "~-"}},
		kittest.Step{Name: "same e-mail", Path: "/contacts/", Body: contact("acme", `"email":"ada@X.example"`), Status: 400,
			Want: want{"": `{"message":"This location does not allow duplicated contacts.","meta":{"contactId":"{{id}}","contactName":"Ada Lovelace","matchingField":"email"},"statusCode":400}`}},
		kittest.Step{Name: "same phone", Path: "/contacts/", Body: contact("acme", `"phone":"+44 20 7946 0101"`), Status: 400,
			Want: want{"meta": `{"contactId":"{{id}}","matchingField":"phone"}`, "statusCode": "-"}},
		kittest.Step{Name: "duplicates allowed", Account: "dupes", Path: "/contacts/", Body: contact("dupes", `"email":"a@x.example"`), Status: 201},
		kittest.Step{Name: "and taken", Account: "dupes", Path: "/contacts/", Body: contact("dupes", `"email":"a@x.example"`), Status: 201},
		kittest.Step{Name: "read", Path: "/contacts/{{id}}", Want: want{"contact.firstName": `"ada"`, "contact.firstNameRaw": `"Ada"`, "contact.name": `"Ada Lovelace"`}},
		kittest.Step{Name: "read none", Path: "/contacts/1", Status: 404},
		kittest.Step{Name: "business", Path: "/contacts/bulk/business", Body: `{"locationId":"` + at("acme") + `","ids":["{{id}}"],"businessId":"63771dcac1116f0e21de8e12"}`,
			Want: want{"": `{"ids":["{{id}}"],"success":true}`}},
		kittest.Step{Name: "no business", Path: "/contacts/bulk/business", Body: `{"locationId":"` + at("acme") + `","ids":["{{id}}"],"businessId":"63771dcac1116f0e21de8404"}`, Status: 400},
		kittest.Step{Name: "business of none", Path: "/contacts/bulk/business", Body: `{"locationId":"` + at("acme") + `","ids":["1"],"businessId":null}`, Status: 404},
		kittest.Step{Name: "no word of a business", Path: "/contacts/bulk/business", Body: `{"locationId":"` + at("acme") + `","ids":["{{id}}"]}`, Status: 422},
		kittest.Step{Name: "tags", Path: "/contacts/{{id}}/tags", Body: `{"tags":["vip","b"]}`, Status: 201, Want: want{"tags": `["vip","b"]`, "tagsAdded": `["b"]`}},
		kittest.Step{Name: "note", Path: "/contacts/{{id}}/notes", Body: `{"body":"x"}`, Status: 201, Want: want{"note.contactId": `"{{id}}"`}},
		kittest.Step{Name: "empty note", Path: "/contacts/{{id}}/notes", Body: `{"body":""}`, Status: 422, Want: want{"message.0": `"body should not be empty"`}},
		kittest.Step{Name: "note on none", Path: "/contacts/1/notes", Body: `{"body":"x"}`, Status: 404},
		kittest.Step{Name: "update", Method: "PUT", Path: "/contacts/{{id}}", Body: `{"city":"London"}`, Want: want{"succeded": "true", "contact.city": `"London"`,
			"contact.businessId": `"63771dcac1116f0e21de8e12"`, "contact.tags": `["vip","b"]`}},
		kittest.Step{Name: "update with a location", Method: "PUT", Path: "/contacts/{{id}}", Body: contact("acme", `"city":"London"`), Status: 422,
			Want: want{"message.0": `"property locationId should not exist"`}},
		kittest.Step{Name: "upsert", Path: "/contacts/upsert", Body: contact("acme", `"email":"ada@x.example","tags":["c"]`), Want: want{"new": "false", "contact.tags": `["c"]`, "contact.name": `"Ada Lovelace"`}},
		kittest.Step{Name: "upsert a new one", Path: "/contacts/upsert", Body: contact("acme", `"email":"b@x.example","name":"Bob B Brown"`), Want: want{"new": "true", "contact.lastName": `"B Brown"`}},
	)
	counts := kit.Counts{Records: 2, Creates: 2, Requests: 18, FollowUps: map[string]int{"business": 1, "tags": 1, "note": 1, "update": 2}}
	if diff := cmp.Diff(counts, crm.Counts("acme")); diff != "" {
		t.Error(diff)
	}
}

func TestValidation(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ fields, want string }{
		"nobody":              {`"firstName":"Ada"`, `["email or phone should not be empty"]`},
		"e-mail":              {`"email":"ada@"`, `["email must be an email"]`},
		"empty e-mail":        {`"email":"","phone":"+1"`, `["email must be an email"]`},
		"unknown keys":        {`"email":"a@x.example","additionalEmails":[],"title":"x"`, `["property additionalEmails should not exist","property title should not exist"]`},
		"further phones":      {`"email":"a@x.example","additionalPhones":[{"phone":"+1"}]`, `["property additionalPhones should not exist"]`},
		"business":            {`"email":"a@x.example","businessId":"63771dcac1116f0e21de8e12"`, `["property businessId should not exist"]`},
		"country by name":     {`"email":"a@x.example","country":"United Kingdom"`, `["country must be a valid enum value"]`},
		"country in three":    {`"email":"a@x.example","country":"GBR"`, `["country must be a valid enum value"]`},
		"owner":               {`"email":"a@x.example","assignedTo":"1"`, `["assignedTo must be a valid user id"]`},
		"tags as objects":     {`"email":"a@x.example","tags":[{"name":"a"}]`, `["each value in tags must be a string"]`},
		"tags as text":        {`"email":"a@x.example","tags":"a"`, `["tags must be an array"]`},
		"dnd":                 {`"email":"a@x.example","dnd":"no"`, `["dnd must be a boolean value"]`},
		"phone as number":     {`"phone":1`, `["phone must be a string"]`},
		"custom by value":     {`"email":"a@x.example","customFields":[{"id":"{{id}}","value":1}]`, `["customFields.0.property value should not exist"]`},
		"custom without id":   {`"email":"a@x.example","customFields":[{"key":"contract_no","field_value":"x"}]`, `~customFields.0.id should not be empty`},
		"unknown custom":      {`"email":"a@x.example","customFields":[{"id":"x","field_value":"x"}]`, `["customFields.0.id must be the id of a custom field"]`},
		"number as text":      {`"email":"a@x.example","customFields":[{"id":"{{id}}","field_value":"1"}]`, `["customFields.0.field_value must be of type NUMERICAL"]`},
		"key of another":      {`"email":"a@x.example","customFields":[{"id":"{{id}}","key":"tier","field_value":1}]`, `["customFields.0.key must be the key of the custom field"]`},
		"location is missing": {`"locationId":null,"email":"a@x.example"`, `["locationId should not be empty"]`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			discover := func(account string) kittest.Step {
				return kittest.Step{Account: account, Path: "/locations/" + at(account) + "/customFields", Save: want{"id": "customFields.2.id"}}
			}
			refused := func(account string) kittest.Step {
				return kittest.Step{Account: account, Path: "/contacts/", Body: contact(account, test.fields), Status: 422,
					Want: want{"message": test.want, "error": `"Unprocessable Entity"`, "statusCode": "422"}}
			}
			if n := kittest.Run(t, suite(), discover("acme"), refused("acme")).Count(""); n != 0 {
				t.Errorf("%d contacts stored", n)
			}
			if n := kittest.Run(t, suite(), discover("ghost"), refused("ghost")).Count(""); n != 1 {
				t.Errorf("%d contacts stored in spite of the refusal, want 1", n)
			}
		})
	}
	kittest.Run(t, suite(), kittest.Step{Name: "no JSON", Path: "/contacts/", Body: `[`, Status: 400, Want: want{"message": `"Bad Request"`}})
}

func TestFind(t *testing.T) {
	t.Parallel()
	s := suite()
	s.Clock, s.Options.IndexLag = kittest.NewClock(), 2*time.Second
	duplicate := "/contacts/search/duplicate?locationId=" + at("acme")
	kittest.Run(t, s,
		kittest.Step{Path: "/contacts/", Body: contact("acme", `"firstName":"Ada","lastName":"Lovelace","email":"Ada@x.example","phone":"+442079460101","address1":"1 St"`), Status: 201, Save: want{"id": "contact.id"}},
		kittest.Step{Name: "not indexed", Path: duplicate + "&email=ada%40x.example", Want: want{"contact": "null"}},
		kittest.Step{Name: "e-mail", Advance: 2 * time.Second, Path: duplicate + "&email=ada%40x.example", Want: want{"contact.id": `"{{id}}"`, "contact.lastNameRaw": `"Lovelace"`}},
		kittest.Step{Name: "number", Path: duplicate + "&number=%2B442079460101", Want: want{"contact.id": `"{{id}}"`}},
		kittest.Step{Name: "phone", Path: duplicate + "&phone=%2B442079460101", Status: 422},
		kittest.Step{Name: "nobody", Path: duplicate + "&email=b%40x.example", Want: want{"contact": "null"}},
		kittest.Step{Name: "no location", Path: "/contacts/search/duplicate?email=ada%40x.example", Status: 422},
		kittest.Step{Name: "search", Path: "/contacts/search", Body: contact("acme", `"pageLimit":20,"page":1,"query":"Ada Love"`),
			Want: want{"total": "1", "contacts.0.firstName": `"ada"`, "contacts.0.address": `"1 St"`, "contacts.0.address1": "-"}},
		kittest.Step{Name: "filter", Path: "/contacts/search", Body: contact("acme", `"pageLimit":20,"filters":[{"field":"email","operator":"eq","value":"ada@x.example"}]`), Want: want{"total": "1"}},
		kittest.Step{Name: "filter by phone", Path: "/contacts/search", Body: contact("acme", `"pageLimit":20,"filters":[{"field":"phone","operator":"eq","value":"+442079460101"}]`),
			Want: want{"total": "0", "contacts": "[]"}},
		kittest.Step{Name: "no page limit", Path: "/contacts/search", Body: contact("acme", `"query":"Ada"`), Status: 422},
	)
}

func TestLimits(t *testing.T) {
	t.Parallel()
	s := suite()
	s.Prepare = func(crm *kit.CRM) {
		if err := crm.SetLimits(kit.Override{Name: "burst", Requests: 1}, kit.Override{Name: "daily", Requests: 2}); err != nil {
			t.Error(err)
		}
	}
	path := "/locations/" + at("acme")
	kittest.Run(t, s,
		kittest.Step{Path: path},
		kittest.Step{Path: path, Status: 429, Want: want{"message": `"Too Many Requests"`}, WantHeader: want{"X-RateLimit-Remaining": "0", "Retry-After": "-", "X-RateLimit-Daily-Reset": "-"}},
		kittest.Step{Path: path, Advance: 10 * time.Second},
		kittest.Step{Path: path, Status: 429, Advance: 10 * time.Second, WantHeader: want{"X-RateLimit-Daily-Remaining": "0", "X-RateLimit-Daily-Reset": "43180000"}},
	)
}
