package copper_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/sandbox/copper"
	"crmferry/internal/sandbox/kit"
	"crmferry/internal/sandbox/kit/kittest"
)

type want = map[string]string

const people = "/developer_api/v1/people"

func authorize(r *http.Request, token string) {
	r.Header.Set("X-PW-AccessToken", token)
	r.Header.Set("X-PW-Application", "developer_api")
	r.Header.Set("X-PW-UserEmail", "grace@sandbox.example")
}

func run(t *testing.T, steps ...kittest.Step) *kit.CRM {
	t.Helper()
	return kittest.Run(t, kittest.Suite{Spec: copper.Spec(), Authorize: authorize}, steps...)
}

func create(name, body string, status int, wants want) kittest.Step {
	return kittest.Step{Name: name, Path: people, Body: body, Status: status, Want: wants}
}

func TestAuthentication(t *testing.T) {
	t.Parallel()
	const me = "/developer_api/v1/users/me"
	noRight := create("no right", `{"name":"Ada"}`, 403, want{"message": `"Feature not enabled"`})
	noRight.Account = "noscope"
	run(t,
		kittest.Step{Name: "none", Token: "-", Path: me, Status: 401, Want: want{"success": "false", "status": "401"}},
		kittest.Step{Name: "expired", Account: "expired", Path: me, Status: 401, Want: want{"": `"Unauthorized"`}},
		kittest.Step{Name: "other application", Path: me, Header: want{"X-PW-Application": "ferry"}, Status: 401},
		kittest.Step{Name: "other user", Path: me, Header: want{"X-PW-UserEmail": "alan@sandbox.example"}, Status: 401},
		kittest.Step{Name: "bearer besides", Path: me, Header: want{"Authorization": "Bearer sbx_copper_acme"}, Status: 401},
		noRight,
		kittest.Step{Name: "probe", Path: me, Want: want{"email": `"grace@sandbox.example"`}},
		kittest.Step{Name: "account", Path: "/developer_api/v1/account", Want: want{"name": `"acme"`}},
		kittest.Step{Name: "slash", Path: people + "/", Body: `{}`, Status: 404, Want: want{"error": `"not_found"`}},
		kittest.Step{Name: "wrong method", Method: "PATCH", Path: people + "/1", Status: 405},
		kittest.Step{Name: "media type", Path: people, Body: "x", Header: want{"Content-Type": "text/plain"}, Status: 415},
	)
	kittest.Run(t, kittest.Suite{Spec: copper.Spec()},
		kittest.Step{Name: "bearer", Path: me},
		kittest.Step{Name: "bearer with a header of the other scheme", Path: me, Header: want{"X-PW-Application": "developer_api"}, Status: 401},
	)
}

func TestPeople(t *testing.T) {
	t.Parallel()
	whole := create("create", `{"name":"Dr. Ada King Lovelace","title":"Analyst","emails":[{"email":"Ada@x.example","category":"work"},{"email":"ada@home.example","category":"personal"}],
		"phone_numbers":[{"number":"415-555-0100 x123","category":"mobile"}],"address":{"street":"1 St","country":"GB"},"company_id":9607580,"assignee_id":137658,
		"tags":["vip"],"websites":[{"url":"https://x.example","category":"work"}],"socials":[{"url":"https://x.example/ada","category":"linkedin"}],
		"custom_fields":[{"custom_field_definition_id":100764,"value":"Gold"},{"custom_field_definition_id":705303,"value":2082340},{"custom_field_definition_id":705304,"value":[2082350]},
		{"custom_field_definition_id":705305,"value":2},{"custom_field_definition_id":705307,"value":"08/01/2025"},{"custom_field_definition_id":705309,"value":95}]}`, 200, want{
		"prefix": `"Dr."`, "first_name": `"Ada"`, "middle_name": `"King"`, "last_name": `"Lovelace"`, "suffix": "null", "company_name": `"Company 9607580"`,
		"emails.0.email": `"Ada@x.example"`, "phone_numbers.0.number": `"415-555-0100 x123"`, "address.city": "null", "contact_type_id": "451490",
		"custom_fields.0.value": `"Gold"`, "custom_fields.1.value": "null", "custom_fields.3.value": "[2082350]", "custom_fields.4.value": "2.0",
		"custom_fields.6.value": "1754006400", "custom_fields.10.value": "[]", "date_created": "1795521600", "date_last_contacted": "null",
	})
	whole.Save = want{"id": "id"}
	sparse := create("sparse", `{"name":"Ada"}`, 200, want{"interaction_count": "-", "address.city": `""`, "last_name": "null"})
	sparse.Account = "sparse"
	put := func(name, body string, status int, wants want) kittest.Step {
		return kittest.Step{Name: name, Method: "PUT", Path: people + "/{{id}}", Body: body, Status: status, Want: wants}
	}
	crm := run(t, whole, sparse,
		create("second e-mail taken", `{"name":"A","emails":[{"email":"new@x.example","category":"work"},{"email":"ADA@home.example","category":"work"}]}`, 422,
			want{"success": "false", "status": "422", "message": `"Invalid input: Validation errors: Email: is already in use by another person"`}),
		create("same name", `{"name":"Ada Lovelace"}`, 200, want{"emails": "[]", "address": "null"}),
		put("update", `{"title":"Boss","custom_fields":[{"custom_field_definition_id":705306,"value":true}]}`, 200,
			want{"title": `"Boss"`, "custom_fields.0.value": `"Gold"`, "custom_fields.5.value": "true", "emails.1.category": `"personal"`}),
		put("its own e-mail", `{"emails":[{"email":"ada@x.example","category":"work"}]}`, 200, want{"emails.1": "-"}),
		put("company", `{"company_id":1}`, 422, want{"message": "~Unrecognized attributes specified: company_id"}),
		kittest.Step{Name: "read", Path: people + "/{{id}}", Want: want{"id": "{{id}}"}},
		kittest.Step{Name: "read none", Path: people + "/1", Status: 404, Want: want{"error": `"not_found"`}},
	)
	want := kit.Counts{Records: 2, Creates: 2, Requests: 8, FollowUps: map[string]int{"update": 2}}
	if diff := cmp.Diff(want, crm.Counts("acme")); diff != "" {
		t.Error(diff)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	custom := func(id, value string) string {
		return `{"name":"A","custom_fields":[{"custom_field_definition_id":` + id + `,"value":` + value + `}]}`
	}
	for name, test := range map[string]struct{ body, message string }{
		"no name":           {`{"title":"x"}`, "Name: can't be blank"},
		"blank name":        {`{"name":" "}`, "Name: can't be blank"},
		"unknown keys":      {`{"name":"A","url":"x","first_name":"A"}`, "Base: Unrecognized attributes specified: first_name, url"},
		"null":              {`{"name":"A","title":null}`, "Title: Invalid value null"},
		"null inside":       {`{"name":"A","address":{"city":null}}`, `Address: Invalid value {\"city\":null}`},
		"empty list":        {`{"name":"A","phone_numbers":[]}`, "Phone Numbers: Invalid value []"},
		"phone under phone": {`{"name":"A","phone_numbers":[{"phone":"1","category":"work"}]}`, `Phone Numbers: Invalid value null\nBase: Unrecognized attributes specified: phone`},
		"fax":               {`{"name":"A","phone_numbers":[{"number":"1","category":"fax"}]}`, `Phone Numbers: Invalid value \"fax\"`},
		"home e-mail":       {`{"name":"A","emails":[{"email":"a@x.example","category":"home"}]}`, `Emails: Invalid value \"home\"`},
		"invalid e-mail":    {`{"name":"A","emails":[{"email":"a@","category":"work"}]}`, "Emails: is not a valid email address"},
		"company as text":   {`{"name":"A","company_id":"7"}`, `Company Id: Invalid value \"7\"`},
		"unknown company":   {`{"name":"A","company_id":404}`, "Company Id: Invalid value 404"},
		"company zero":      {`{"name":"A","company_id":0}`, "Company Id: Invalid value 0"},
		"unknown type":      {`{"name":"A","contact_type_id":1}`, "Contact Type Id: Invalid value 1"},
		"tag object":        {`{"name":"A","tags":[{"name":"x"}]}`, `Tags: Invalid value {\"name\":\"x\"}`},
		"field of others":   {custom("705312", `"x"`), `Custom Fields: Invalid value \"x\"`},
		"connect field":     {custom("705311", `[1]`), "Custom Fields: Invalid value [1]"},
		"option by name":    {custom("705303", `"Fruits A"`), `Custom Fields: Invalid value \"Fruits A\"`},
		"date in ISO":       {custom("705307", `"2025-08-01"`), `Custom Fields: Invalid value \"2025-08-01\"`},
		"number as text":    {custom("705305", `"2"`), `Custom Fields: Invalid value \"2\"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			step := create(name, test.body, 422, want{"message": `"Invalid input: Validation errors: ` + test.message + `"`})
			if n := run(t, step).Count(""); n != 0 {
				t.Errorf("%d people stored", n)
			}
		})
	}
	run(t, create("not JSON", "{", 400, want{"": `"Bad Request"`}))
}

func TestBulk(t *testing.T) {
	t.Parallel()
	bulk := func(name, people string, status int, wants want) kittest.Step {
		return kittest.Step{Name: name, Path: "/developer_api/v1/people/bulk_create", Body: `{"people":[` + people + `]}`, Status: status, Want: wants}
	}
	const ada = `{"name":"Ada","emails":[{"email":"ada@x.example","category":"work"}]}`
	eleven := `{"name":"A"}`
	for range 10 {
		eleven += `,{"name":"A"}`
	}
	fourth := bulk("fourth within a second", `{"name":"A"}`, 429, want{"": `""`})
	later := bulk("later", `{"name":"A"}`, 200, nil)
	later.Advance = time.Second
	crm := run(t, create("there", ada, 200, nil),
		bulk("partly", `{"name":"Bob"},`+ada+`,{"name":""},{"name":"Eve"}`, 200, want{"0.name": `"Bob"`, "1.success": "false", "1.message.email.0.error": "~already in use",
			"2.message.name.0.error": "~blank", "3.id": "~", "4": "-"}),
		bulk("too many", eleven, 422, want{"error": `"Request size too large, limit is 10"`}),
		bulk("nobody", ``, 400, nil), fourth, later,
	)
	run(t, bulk("one e-mail twice", ada+`,`+ada, 422, want{"message": "~in use"}),
		kittest.Step{Name: "a bare list", Path: "/developer_api/v1/people/bulk_create", Body: `[{"name":"A"}]`, Status: 400})
	if n := crm.Count("acme"); n != 4 {
		t.Errorf("%d people, want 4", n)
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	suite := kittest.Suite{Spec: copper.Spec(), Authorize: authorize, Options: kit.Options{IndexLag: time.Minute}, Clock: kittest.NewClock()}
	suite.Prepare = func(crm *kit.CRM) {
		for i, name := range []string{"Ada", "Bob"} {
			at := suite.Clock.Now().Add(time.Duration(i-2) * time.Hour)
			crm.Seed("acme", kit.Person{FirstName: name, LastName: "Lovelace", Email: name + "@x.example", Phone: "+44 20"}, at)
			crm.Seed("team", kit.Person{FirstName: name, LastName: "Lovelace", Email: name + "@x.example"}, at)
		}
	}
	fetch := kittest.Step{Name: "by e-mail", Path: people + "/fetch_by_email", Body: `{"email":"ada@X.example"}`, Want: want{"first_name": `"Ada"`}}
	none := kittest.Step{Name: "nobody", Path: fetch.Path, Body: `{"email":"eve@x.example"}`, Status: 404, Want: want{"message": `"Resource not found"`}}
	hidden := fetch
	hidden.Name, hidden.Account, hidden.Status, hidden.Want = "hidden", "team", 404, nil
	hiddenTwin := create("taken by somebody hidden", `{"name":"A","emails":[{"email":"ada@x.example","category":"work"}]}`, 422, nil)
	hiddenTwin.Account = "team"
	late := none
	late.Name, late.Status, late.Want, late.Advance = "late", 200, want{"name": `"Eve Lovelace"`}, time.Minute
	find := func(name, body, first string) kittest.Step {
		wants := want{"0.first_name": `"` + first + `"`}
		if first == "" {
			wants = want{"": "[]"}
		}
		return kittest.Step{Name: name, Path: people + "/search", Body: body, Want: wants}
	}
	kittest.Run(t, suite, fetch, none, hidden, hiddenTwin,
		create("fresh", `{"name":"Eve Lovelace","emails":[{"email":"eve@x.example","category":"work"}]}`, 200, nil), none,
		find("e-mails", `{"emails":["bob@x.example"],"page_size":5,"page_number":1,"sort_by":"date_created","sort_direction":"desc"}`, "Bob"),
		find("phone, newest first", `{"phone_number":"+44 20","sort_by":"date_created","sort_direction":"desc"}`, "Bob"),
		find("name", `{"name":"ada lovelace","maximum_created_date":1795521600}`, "Ada"),
		find("younger", `{"age":5400}`, "Bob"), find("younger still", `{"minimum_created_date":1795521600}`, ""), find("page", `{"page_size":1,"page_number":2}`, "Bob"),
		kittest.Step{Name: "page beyond all", Path: people + "/search", Body: `{"page_number":9223372036854775807}`, Status: 422},
		kittest.Step{Name: "unknown criterion", Path: people + "/search", Body: `{"email":"x"}`, Status: 422},
		late,
	)
}

func TestDiscovery(t *testing.T) {
	t.Parallel()
	run(t,
		kittest.Step{Path: "/developer_api/v1/custom_field_definitions", Want: want{"0.available_on": `["company"]`, "3.options.0.id": "2082340", "8.currency": `"EUR"`}},
		kittest.Step{Path: "/developer_api/v1/contact_types", Want: want{"2.id": "451492"}},
		kittest.Step{Path: "/developer_api/v1/users/search", Body: `{}`, Want: want{"1.id": "137659"}},
	)
}

func TestLimits(t *testing.T) {
	t.Parallel()
	suite := kittest.Suite{Spec: copper.Spec(), Authorize: authorize, Prepare: func(crm *kit.CRM) {
		if err := crm.SetLimits(kit.Override{Name: "minute", Requests: 1}); err != nil {
			t.Error(err)
		}
	}}
	get := kittest.Step{Path: "/developer_api/v1/users/me"}
	refused, later := get, get
	refused.Status, refused.WantHeader = 429, want{"Retry-After": "-"}
	later.Advance = time.Minute
	kittest.Run(t, suite, get, refused, later)
}
