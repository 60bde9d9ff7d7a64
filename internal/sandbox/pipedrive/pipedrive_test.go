package pipedrive_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/sandbox/kit"
	"crmferry/internal/sandbox/kit/kittest"
	"crmferry/internal/sandbox/pipedrive"
)

const persons = "/api/v2/persons"

type want = map[string]string

func suite() kittest.Suite {
	return kittest.Suite{Spec: pipedrive.Spec(), Clock: kittest.NewClock(),
		Authorize: func(r *http.Request, token string) { r.Header.Set("x-api-token", token) }}
}

func run(t *testing.T, steps ...kittest.Step) *kit.CRM {
	t.Helper()
	s := suite()
	s.Options.Unlimited = true
	return kittest.Run(t, s, steps...)
}

// discover saves the keys of the custom fields.
func discover() kittest.Step {
	return kittest.Step{Name: "fields", Path: "/api/v2/personFields?limit=500",
		Want: want{"data.6.field_code": `"label_ids"`, "data.6.options.0.id": "5", "data.7.is_custom_field": "true", "additional_data.next_cursor": "null"},
		Save: want{"text": "data.7.field_code", "number": "data.8.field_code", "enum": "data.9.field_code", "set": "data.10.field_code",
			"date": "data.11.field_code", "money": "data.12.field_code", "time": "data.13.field_code", "place": "data.14.field_code"}}
}

func TestAuthentication(t *testing.T) {
	t.Parallel()
	run(t,
		kittest.Step{Name: "none", Token: "-", Path: persons, Status: 401,
			Want: want{"": `{"error":"unauthorized access","errorCode":401,"error_info":"Please check developers.pipedrive.com","success":false}`}},
		kittest.Step{Name: "in the query", Token: "-", Path: persons + "?api_token=sbx_pipedrive_acme", Status: 401},
		kittest.Step{Name: "expired", Account: "expired", Path: persons, Status: 401},
		kittest.Step{Name: "no right", Account: "noscope", Path: persons, Body: `{"name":"A"}`, Status: 403, Want: want{"error": "~permissions"}},
		kittest.Step{Name: "unpaid", Account: "unpaid", Path: persons, Status: 402},
		kittest.Step{Name: "probe", Path: "/api/v1/users/me", Want: want{"success": "true", "data.company_domain": `"acme"`}},
		kittest.Step{Name: "users", Path: "/api/v1/users", Want: want{"data.1.name": `"Alan"`}},
		kittest.Step{Name: "version 1", Path: "/api/v1/persons", Body: `{"name":"A"}`, Status: 410},
		kittest.Step{Name: "no such path", Path: "/v2/persons", Status: 404, Want: want{"success": "false"}},
		kittest.Step{Name: "wrong method", Method: "PUT", Path: persons + "/1", Status: 405},
		kittest.Step{Name: "form", Path: persons, Body: `name=A`, Header: want{"Content-Type": "application/x-www-form-urlencoded"}, Status: 400},
	)
	bearer := kittest.Suite{Spec: pipedrive.Spec()}
	kittest.Run(t, bearer,
		kittest.Step{Name: "oauth", Path: persons, Body: `{"name":"A"}`, Status: 200, WantHeader: want{"x-ratelimit-limit": "80", "x-daily-requests-left": "-"}},
		kittest.Step{Name: "scope", Account: "noscope", Path: persons, Body: `{"name":"A"}`, Status: 403, Want: want{"error": `"Scope and URL mismatch"`, "errorCode": "403"}},
	)
}

func TestPersons(t *testing.T) {
	t.Parallel()
	crm := run(t, discover(),
		kittest.Step{Name: "create", Path: persons, Status: 201,
			Body: `{"name":"Rutger van Hasselt","owner_id":456,"org_id":789,"add_time":"2026-01-02T04:04:05+01:00","emails":[{"value":"R@x.example"},{"value":"r@y.example","label":"home"}],
				"phones":[{"value":"+1","primary":true,"label":"mobile"}],"label_ids":[5],"visible_to":3,"custom_fields":{"{{text}}":"k1","{{number}}":7.5,"{{enum}}":11,"{{set}}":[21,22],
				"{{date}}":"2026-01-02","{{money}}":{"value":5,"currency":"EUR"},"{{time}}":{"value":"09:00:00"},"{{place}}":{"value":"x"}}}`,
			Want: want{"success": "true", "data.first_name": `"Rutger"`, "data.last_name": `"van Hasselt"`, "data.add_time": `"2026-01-02T03:04:05Z"`, "data.update_time": `"2026-11-24T12:00:00Z"`,
				"data.emails": `[{"label":"work","primary":true,"value":"R@x.example"},{"label":"home","primary":false,"value":"r@y.example"}]`,
				"data.org_id": "789", "data.picture_id": "null", "data.custom_fields.{{number}}": "-", "data.job_title": "-", "data.notes": "-"},
			Save: want{"id": "data.id"}},
		kittest.Step{Name: "duplicate", Path: persons, Body: `{"name":"Ada","emails":[{"value":"r@x.example"}]}`, Status: 201,
			Want: want{"data.last_name": "null", "data.org_id": "null", "data.add_time": `"2026-11-24T12:00:00Z"`, "data.phones": "[]"}},
		kittest.Step{Name: "update", Method: "PATCH", Path: persons + "/{{id}}", Body: `{"name":"Ada Lovelace","org_id":null,"custom_fields":{"{{text}}":null}}`, Advance: time.Minute,
			Want: want{"data.last_name": `"Lovelace"`, "data.org_id": "null", "data.update_time": `"2026-11-24T12:01:00Z"`, "data.label_ids": "[5]"}},
		kittest.Step{Name: "read", Path: persons + "/{{id}}?include_labels=true", Want: want{"data.labels.0.label": `"Hot"`, "data.custom_fields": `~:7.5`}},
		kittest.Step{Name: "read none", Path: persons + "/1", Status: 404},
		kittest.Step{Name: "note", Path: "/api/v1/notes", Body: `{"content":"x","person_id":{{id}}}`, Status: 201, Want: want{"data.content": `"x"`}},
		kittest.Step{Name: "note on none", Path: "/api/v1/notes", Body: `{"content":"x","person_id":1}`, Status: 400},
		kittest.Step{Name: "contact sync", Account: "sync", Path: persons, Status: 201, Body: `{"name":"A","job_title":"Analyst","postal_address":{"value":"1 St"}}`,
			Want: want{"data.job_title": `"Analyst"`, "data.im": "[]", "data.birthday": "null", "data.postal_address.locality": "null", "data.postal_address.value": `"1 St"`}},
		kittest.Step{Name: "legacy labels", Account: "legacy", Path: "/api/v2/personFields", Want: want{"data.6.field_code": `"label"`, "data.6.options.0.id": `"5"`}},
		kittest.Step{Name: "page of fields", Path: "/api/v2/personFields?limit=2", Want: want{"data.2": "-"}, Save: want{"cursor": "additional_data.next_cursor"}},
		kittest.Step{Name: "next page", Path: "/api/v2/personFields?limit=2&cursor={{cursor}}", Want: want{"data.0.field_code": `"phones"`}},
	)
	if diff := cmp.Diff(kit.Counts{Records: 2, Creates: 2, Requests: 10, FollowUps: map[string]int{"update": 1, "note": 1}}, crm.Counts("acme")); diff != "" {
		t.Error(diff)
	}
	_, settings := crm.Connect("Sync_1", "")
	if diff := cmp.Diff(want{"company_domain": "sync-1", "contact_sync_enabled": "false"}, settings); diff != "" {
		t.Error(diff)
	}
}

func TestValidation(t *testing.T) {
	t.Parallel()
	custom := func(field, value string) string {
		return `{"name":"A","custom_fields":{"{{` + field + `}}":` + value + `}}`
	}
	const schema = `"ERR_SCHEMA_VALIDATION_FAILED"`
	for name, test := range map[string]struct {
		body   string
		status int
		want   want
	}{
		"no name":         {`{"emails":[]}`, 400, want{"error": `"Name must be given."`, "code": "-", "data": "null"}},
		"owner as text":   {`{"name":"A","owner_id":"456"}`, 400, want{"code": schema, "error": "~owner_id"}},
		"unknown owner":   {`{"name":"A","owner_id":404}`, 400, want{"error": `"User not found"`}},
		"version 1 name":  {`{"name":"A","email":[{"value":"a@x.example"}]}`, 400, want{"code": schema, "error": "~email"}},
		"invalid e-mail":  {`{"name":"A","emails":[{"value":"a@"}]}`, 400, want{"code": schema}},
		"no value":        {`{"name":"A","phones":[{"label":"work"}]}`, 400, want{"error": "~phones.0.value"}},
		"two primaries":   {`{"name":"A","phones":[{"value":"1","primary":true},{"value":"2","primary":true}]}`, 400, want{"error": "~primary"}},
		"fraction":        {`{"name":"A","add_time":"2026-01-02T03:04:05.678Z"}`, 400, want{"error": "~add_time"}},
		"label name":      {`{"name":"A","label_ids":["Hot"]}`, 400, want{"error": "~label_ids"}},
		"job title":       {`{"name":"A","job_title":"x"}`, 403, want{"error": "~contact sync", "success": "false"}},
		"unknown custom":  {`{"name":"A","custom_fields":{"` + strings.Repeat("a", 40) + `":"x"}}`, 400, want{"code": schema, "error": "~" + strings.Repeat("a", 40)}},
		"custom at top":   {`{"name":"A","{{text}}":"x"}`, 400, want{"code": schema}},
		"nested twice":    {`{"name":"A","custom_fields":{"custom_fields":{}}}`, 500, want{"code": `"ERR_UNKNOWN"`}},
		"number as text":  {custom("number", `"7"`), 400, want{"error": "~double"}},
		"option as text":  {custom("enum", `"Gold"`), 400, want{"error": "~enum"}},
		"empty set":       {custom("set", `[]`), 400, want{"error": "~set"}},
		"money as number": {custom("money", `5`), 400, want{"error": "~monetary"}},
		"text as number":  {custom("text", `5`), 400, want{"error": "~varchar"}},
		"no JSON":         {`{`, 400, want{"code": schema}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if n := run(t, discover(), kittest.Step{Path: persons, Body: test.body, Status: test.status, Want: test.want}).Count(""); n != 0 {
				t.Errorf("%d persons stored", n)
			}
		})
	}
	run(t, kittest.Step{Account: "nonadmin", Path: persons, Body: `{"name":"A","add_time":"2026-01-02T03:04:05Z"}`, Status: 403})
}

func TestSearch(t *testing.T) {
	t.Parallel()
	s := suite()
	s.Options = kit.Options{IndexLag: time.Minute, Unlimited: true}
	s.Prepare = func(crm *kit.CRM) {
		crm.Seed("acme", kit.Person{FirstName: "Ada", LastName: "Lovelace", Email: "ada@x.example", Phone: "+1"}, s.Clock.Now().Add(-time.Hour))
	}
	found := func(query, n string) kittest.Step {
		at := "data"
		if strings.HasPrefix(query, "/search") {
			at = "data.items"
		}
		if n == "0" {
			return kittest.Step{Name: query, Path: persons + query, Want: want{at: "[]"}}
		}
		last := map[string]string{"1": "0", "2": "1"}[n]
		return kittest.Step{Name: query, Path: persons + query, Want: want{at + "." + last: "~{", at + "." + n: "-"}}
	}
	fresh := found("?sort_by=add_time&sort_direction=desc&limit=100&updated_since=2026-11-24T12:00:00Z", "1")
	fresh.Want["data.0.id"] = "{{id}}"
	later := found("/search?term=ADA%40x.example&fields=email&exact_match=true&limit=5", "2")
	later.Advance = time.Minute
	later.Want["data.items.1.item.emails"], later.Want["data.items.1.item.add_time"], later.Want["data.items.0.item.organization"] = `["ada@x.example"]`, "-", "null"
	kittest.Run(t, s, discover(),
		kittest.Step{Path: persons, Body: `{"name":"Ada Byron","emails":[{"value":"ada@x.example"}],"custom_fields":{"{{text}}":"k1"}}`, Status: 201, Save: want{"id": "data.id"}},
		found("/search?term=ada%40x.example&fields=email&exact_match=true", "1"), fresh, later,
		found("/search?term=k1&fields=custom_fields&exact_match=true", "1"), found("/search?term=%2B1&fields=phone", "1"),
		found("/search?term=nobody", "0"), found("/search?term=ada&fields=name&exact_match=true", "0"), found("/search?term=ada&fields=name,email", "2"),
		found("?updated_since=2026-11-24T12:00:01Z", "0"),
		kittest.Step{Path: persons + "?updated_since=2026-11-24T12:00:00.5Z", Status: 400},
		kittest.Step{Path: persons + "?limit=501", Status: 400}, kittest.Step{Path: persons + "/search?term=a", Status: 400},
	)
}

func TestLimits(t *testing.T) {
	t.Parallel()
	limited := func(o ...kit.Override) kittest.Suite {
		s := suite()
		s.Prepare = func(crm *kit.CRM) {
			if err := crm.SetLimits(o...); err != nil {
				t.Error(err)
			}
		}
		return s
	}
	me, search := kittest.Step{Path: "/api/v1/users/me"}, kittest.Step{Path: persons + "/search?term=nobody"}
	refused, unsearched, later, blocked := me, search, me, me
	refused.Status, refused.Want, refused.WantHeader = 429, want{"": `{"error":"Rate limit exceeded","errorCode":429,"success":false}`}, want{"x-ratelimit-reset": "2", "Retry-After": "-"}
	unsearched.Status, later.Advance = 429, 2*time.Second
	kittest.Run(t, limited(kit.Override{Name: "burst", Requests: 1}, kit.Override{Name: "search", Requests: 1}), me, refused, search, unsearched, later)
	refused.WantHeader = want{"x-daily-ratelimit-token-remaining": "0", "x-daily-requests-left": "0"}
	kittest.Run(t, limited(kit.Override{Name: "daily", Requests: 2}), me, refused)
	blocked.Status, blocked.Want, refused.WantHeader = 403, want{"": "~rate limited"}, nil
	kittest.Run(t, limited(kit.Override{Name: "burst", Requests: 1}, kit.Override{Name: "hammering", Requests: 3}), me, refused, blocked)
}
