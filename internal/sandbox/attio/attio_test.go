package attio_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/sandbox/attio"
	"crmferry/internal/sandbox/kit"
	"crmferry/internal/sandbox/kit/kittest"
)

type want = map[string]string

const records = "/v2/objects/people/records"

func run(t *testing.T, steps ...kittest.Step) *kit.CRM {
	t.Helper()
	return kittest.Run(t, kittest.Suite{Spec: attio.Spec()}, steps...)
}

// step writes attribute values.
func step(name, values string, status int, wants want) kittest.Step {
	return kittest.Step{Name: name, Path: records, Body: `{"data":{"values":` + values + `}}`, Status: status, Want: wants}
}

func TestAuthentication(t *testing.T) {
	t.Parallel()
	unauthorized := want{"status_code": "401", "type": `"auth_error"`, "code": `"unauthorized"`}
	noRight := step("no right", `{"name":"Lovelace, Ada"}`, 403, want{"type": `"auth_error"`})
	noRight.Account = "noscope"
	run(t,
		kittest.Step{Name: "none", Token: "-", Path: "/v2/self", Status: 401, Want: unauthorized},
		kittest.Step{Name: "foreign", Token: "sbx_hubspot_acme", Path: "/v2/self", Status: 401, Want: unauthorized},
		kittest.Step{Name: "expired", Account: "expired", Path: records + "/x", Status: 401, Want: unauthorized},
		kittest.Step{Name: "expired at the probe", Account: "expired", Path: "/v2/self", Want: want{"active": "false", "workspace_id": "-"}},
		noRight,
		kittest.Step{Name: "scopes", Account: "noscope", Path: "/v2/self", Want: want{"scope": `"record_permission:read object_configuration:read"`}},
		kittest.Step{Name: "probe", Path: "/v2/self", Want: want{"active": "true", "workspace_name": `"acme"`, "exp": "null"}},
		kittest.Step{Name: "no such path", Path: "/v2/people", Status: 404, Want: want{"code": `"not_found"`}},
		kittest.Step{Name: "wrong method", Method: "DELETE", Path: records, Status: 405},
	)
	basic := kittest.Suite{Spec: attio.Spec(), Authorize: func(r *http.Request, token string) { r.SetBasicAuth(token, "") }}
	kittest.Run(t, basic, kittest.Step{Name: "basic", Path: "/v2/self"})
}

const ada = `{
	"name":[{"first_name":"Ada","last_name":"Lovelace","full_name":"Ada Lovelace"}],
	"email_addresses":["Ada@Engine.example",{"email_address":"ada@home.example"}],
	"phone_numbers":["+442079460018",{"original_phone_number":"020 7946 0019","country_code":"GB"}],
	"job_title":"Analyst","loyalty_tier":"Gold","segments":["Investor","Press"],"lead_stage":{"status":"Won"},
	"score":7,"rating":4,"newsletter":true,"birthday":"1815-12-10","last_meeting":"2026-01-02T03:04:05Z","annual_spend":{"currency_value":99},
	"primary_location":{"line_1":"12 St James's Square","line_2":null,"line_3":null,"line_4":null,"locality":"London","region":null,
		"postcode":"SW1Y 4JH","country_code":"GB","latitude":null,"longitude":null}}`

func TestCreate(t *testing.T) {
	t.Parallel()
	create := step("create", ada, 200, want{
		"data.values.name.0.full_name": `"Ada Lovelace"`, "data.values.name.0.attribute_type": `"personal-name"`, "data.values.name.0.active_until": "null",
		"data.values.email_addresses.0.email_address": `"ada@engine.example"`, "data.values.email_addresses.0.original_email_address": `"Ada@Engine.example"`,
		"data.values.phone_numbers.1.phone_number": `"+442079460019"`, "data.values.phone_numbers.0.country_code": `"GB"`,
		"data.values.company.0.target_object": `"companies"`, "data.values.loyalty_tier.0.option.title": `"Gold"`,
		"data.values.segments.1.option.title": `"Press"`, "data.values.lead_stage.0.status.title": `"Won"`, "data.values.description": "[]",
		"data.values.annual_spend.0.currency_value": "99", "data.values.primary_location.0.line_2": "null",
		"data.created_at": `"2026-11-24T12:00:00.000000000Z"`, "data.web_url": "~https://app.attio.com/acme/person/",
	})
	create.Save = want{"id": "data.id.record_id", "option": "data.values.loyalty_tier.0.option.id.option_id"}
	update := step("update", `{"phone_numbers":["+442079460020"],"loyalty_tier":"{{option}}"}`, 200, want{"data.values.phone_numbers.2.phone_number": `"+442079460020"`})
	update.Method, update.Path = "PATCH", records+"/{{id}}"
	replace := update
	replace.Name, replace.Method, replace.Want = "replace", "PUT", want{"data.values.phone_numbers.1": "-", "data.values.job_title.0.value": `"Analyst"`}
	sparse := step("sparse", `{"name":"Ada","phone_numbers":["+442079460018"]}`, 200, want{"data.created_at": "-", "data.web_url": "-",
		"data.values.phone_numbers.0.phone_number": "-", "data.values.phone_numbers.0.normalized_phone_number": `"+442079460018"`,
		"data.values.name.0.first_name": `"Ada"`, "data.values.created_at.0.value": "~2026"})
	sparse.Account = "sparse"
	full := step("full", `{"name":"Byron, Ada","owner":{"workspace_member_email_address":"grace@sandbox.example"},"tags":["VIP"]}`, 200,
		want{"data.values.owner.0.referenced_actor_type": `"workspace-member"`, "data.values.tags.0.option.title": `"VIP"`, "data.values.name.0.full_name": `"Ada Byron"`})
	full.Account = "full"
	crm := run(t, create,
		step("second e-mail taken", `{"email_addresses":["ADA@home.example"]}`, 400, want{"code": `"uniqueness_conflict"`, "message": `~The value \"{\"email_address\":\"ada@home.example\"}\" provided`}),
		step("same phone and name", `{"name":"Lovelace, Ada","phone_numbers":["+442079460018"]}`, 200, nil),
		kittest.Step{Name: "read", Path: records + "/{{id}}", Want: want{"data.values.record_id.0.value": `"{{id}}"`}},
		kittest.Step{Name: "read none", Path: records + "/" + kit.UUID("x", 1), Status: 404},
		update, replace, sparse, full)
	want := kit.Counts{Records: 2, Creates: 2, Requests: 7, FollowUps: map[string]int{"update": 2}}
	if diff := cmp.Diff(want, crm.Counts("acme")); diff != "" {
		t.Error(diff)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	nine := `{"line_1":"x","line_2":null,"line_3":null,"line_4":null,"locality":null,"region":null,"postcode":null,"country_code":%s,"latitude":null`
	for name, test := range map[string]struct{ values, code string }{
		"unknown attribute":     {`{"loyalty":"Gold"}`, "value_not_found"},
		"attribute of others":   {`{"owner":{"workspace_member_email_address":"grace@sandbox.example"}}`, "value_not_found"},
		"unknown option":        {`{"loyalty_tier":"Bronze"}`, "value_not_found"},
		"read only":             {`{"created_at":"2026-01-02T03:04:05Z"}`, "immutable_value"},
		"system":                {`{"last_interaction":null}`, "system_edit_unauthorized"},
		"e-mail not in a list":  {`{"email_addresses":"a@x.example"}`, "validation_type"},
		"invalid e-mail":        {`{"email_addresses":["a@"]}`, "validation_type"},
		"two titles":            {`{"job_title":["a","b"]}`, "validation_type"},
		"name without a part":   {`{"name":{"first_name":"Ada","last_name":"Lovelace"}}`, "validation_type"},
		"name with a null":      {`{"name":{"first_name":"Ada","last_name":null,"full_name":"Ada"}}`, "validation_type"},
		"national phone":        {`{"phone_numbers":["020 7946 0018"]}`, "validation_type"},
		"phone without country": {`{"phone_numbers":[{"original_phone_number":"+442079460018"}]}`, "validation_type"},
		"phone under its name":  {`{"phone_numbers":[{"phone_number":"+442079460018","country_code":null}]}`, "validation_type"},
		"impossible phone":      {`{"phone_numbers":["+44123"]}`, "validation_type"},
		"location of nine keys": {`{"primary_location":` + nine + `}}`, "validation_type"},
		"country by name":       {`{"primary_location":` + nine[:len(nine)-len(`%s,"latitude":null`)] + `"France","latitude":null,"longitude":null}}`, "validation_type"},
		"unknown company":       {`{"company":[{"target_object":"companies","target_record_id":"99a03ff3-0435-47da-95cc-76b2caeb4404"}]}`, "value_not_found"},
		"company id no uuid":    {`{"company":[{"target_object":"companies","target_record_id":"7"}]}`, "validation_type"},
		"number as text":        {`{"score":"7"}`, "validation_type"},
		"no values":             {`null`, "validation_type"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if n := run(t, step(name, test.values, 400, want{"code": `"` + test.code + `"`})).Count(""); n != 0 {
				t.Errorf("%d persons stored", n)
			}
		})
	}
	required := step("required", `{"name":"Lovelace, Ada"}`, 400, want{"code": `"missing_value"`})
	required.Account = "strict"
	run(t, required, kittest.Step{Name: "no JSON", Path: records, Body: "{", Status: 400, Want: want{"validation_errors.0.path": `["data","values"]`}})
}

func TestAssert(t *testing.T) {
	t.Parallel()
	assert := func(name, values, query string, status int, wants want) kittest.Step {
		s := step(name, values, status, wants)
		s.Method, s.Path = "PUT", records+query
		return s
	}
	const by = "?matching_attribute=email_addresses"
	run(t,
		assert("new", `{"email_addresses":["a@x.example"],"phone_numbers":["+442079460018"]}`, by, 200, nil),
		assert("again", `{"email_addresses":["A@x.example","b@x.example"],"phone_numbers":["+442079460019"],"job_title":"Boss"}`, by, 200,
			want{"data.values.email_addresses.1.email_address": `~@x.example"`, "data.values.phone_numbers.0.phone_number": `"+442079460019"`, "data.values.phone_numbers.1": "-"}),
		step("other", `{"email_addresses":["c@x.example"]}`, 200, nil),
		assert("both", `{"email_addresses":["b@x.example","c@x.example"]}`, by, 400, want{"code": `"multiple_match_results"`}),
		assert("by name", `{"name":"Ada"}`, "?matching_attribute=name", 400, nil),
		assert("by nothing", `{"name":"Ada"}`, "", 400, nil),
	)
}

func TestQuery(t *testing.T) {
	t.Parallel()
	suite := kittest.Suite{Spec: attio.Spec(), Options: kit.Options{IndexLag: time.Hour}, Clock: kittest.NewClock()}
	suite.Prepare = func(crm *kit.CRM) {
		for i, name := range []string{"Ada", "Bob"} {
			crm.Seed("acme", kit.Person{FirstName: name, LastName: "Lovelace", Email: name + "@x.example", Phone: "+442079460018"},
				suite.Clock.Now().Add(time.Duration(i)*time.Minute))
		}
	}
	find := func(name, body string, first string) kittest.Step {
		wants := want{"data.0.values.name.0.first_name": `"` + first + `"`}
		if first == "" {
			wants = want{"data": "[]"}
		}
		return kittest.Step{Name: name, Path: records + "/query", Body: body, Want: wants}
	}
	wrong := func(body string) kittest.Step {
		return kittest.Step{Name: body, Path: records + "/query", Body: body, Status: 400, Want: want{"code": `"filter_error"`}}
	}
	kittest.Run(t, suite,
		find("long form", `{"filter":{"email_addresses":{"email_address":{"$eq":"bob@x.example"}}},"limit":5,"offset":0}`, "Bob"),
		find("short form", `{"filter":{"email_addresses":{"$eq":"bob@x.example"}}}`, "Bob"),
		find("shortest form", `{"filter":{"email_addresses":"ada@x.example"}}`, "Ada"),
		find("as typed", `{"filter":{"email_addresses":"Ada@x.example"}}`, ""),
		find("phone, newest first", `{"filter":{"phone_numbers":{"$eq":"+442079460018"}},"sorts":[{"attribute":"created_at","direction":"desc"}]}`, "Bob"),
		find("name", `{"filter":{"name":{"full_name":{"$eq":"Ada Lovelace"}},"created_at":{"$gte":"2026-11-24T12:00:00Z"}}}`, "Ada"),
		find("since", `{"filter":{"created_at":{"$gt":"2026-11-24T12:00:00Z"}}}`, "Bob"),
		find("second page", `{"limit":1,"offset":1}`, "Bob"),
		find("nobody", `{"filter":{"name":{"first_name":{"$starts_with":"C"}}}}`, ""),
		wrong(`{"filter":{"mail":"x"}}`), wrong(`{"filter":{"email_addresses":{"$is":"x"}}}`), wrong(`{"filter":{"name":{"surname":"x"}}}`),
		wrong(`{"sorts":[{"attribute":"created_at","direction":"down"}]}`),
	)
}

func TestDiscovery(t *testing.T) {
	t.Parallel()
	run(t,
		kittest.Step{Path: "/v2/objects/people/attributes", Want: want{"data.2.api_slug": `"email_addresses"`, "data.2.is_unique": "true", "data.20.api_slug": `"loyalty_tier"`}},
		kittest.Step{Path: "/v2/objects/people/attributes/loyalty_tier/options", Want: want{"data.1.title": `"Silver"`, "data.0.id.option_id": "~-"}},
		kittest.Step{Path: "/v2/objects/people/attributes/lead_stage/statuses", Want: want{"data.0.id.status_id": "~-"}},
		kittest.Step{Path: "/v2/objects/people/attributes/score/options", Status: 404},
		kittest.Step{Path: "/v2/workspace_members", Want: want{"data.0.email_address": `"grace@sandbox.example"`}},
	)
}

func TestLimits(t *testing.T) {
	t.Parallel()
	suite := kittest.Suite{Spec: attio.Spec(), Prepare: func(crm *kit.CRM) {
		if err := crm.SetLimits(kit.Override{Name: "writes", Requests: 1}, kit.Override{Name: "reads", Requests: 1}); err != nil {
			t.Error(err)
		}
	}}
	create := step("create", `{"name":"Ada"}`, 200, nil)
	refused := step("refused", `{"name":"Ada"}`, 429, want{"code": `"rate_limit_exceeded"`})
	refused.WantHeader = want{"Retry-After": "Tue, 24 Nov 2026 12:00:01 GMT", "Date": "Tue, 24 Nov 2026 12:00:00 GMT"}
	query := kittest.Step{Path: records + "/query", Body: `{}`}
	again := query
	again.Status = 429
	later := create
	later.Advance = time.Second
	kittest.Run(t, suite, create, refused, query, again, later)
}
