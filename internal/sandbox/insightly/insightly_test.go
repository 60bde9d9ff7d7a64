package insightly_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/sandbox/insightly"
	"crmferry/internal/sandbox/kit"
	"crmferry/internal/sandbox/kit/kittest"
)

const contacts = "/v3.1/Contacts"

type want = map[string]string

func suite() kittest.Suite {
	return kittest.Suite{Spec: insightly.Spec(), Authorize: func(r *http.Request, key string) { r.SetBasicAuth(key, "") }}
}

func TestAuthentication(t *testing.T) {
	t.Parallel()
	denied := want{"": `{"Message":"Authorization has been denied for this request."}`}
	ada := `{"FIRST_NAME":"Ada"}`
	kittest.Run(t, suite(),
		kittest.Step{Name: "none", Token: "-", Path: contacts, Status: 401, Want: denied},
		kittest.Step{Name: "foreign", Token: "sbx_keap_acme", Path: contacts, Status: 401, Want: denied},
		kittest.Step{Name: "disabled", Account: "expired", Path: contacts, Status: 401, Want: denied},
		kittest.Step{Name: "no right", Account: "noscope", Path: contacts, Body: ada, Status: 403, Want: want{"": `"API User does not have access to Contacts."`}},
		kittest.Step{Name: "not in the plan", Account: "noplan", Path: contacts, Body: ada, Status: 404, Want: want{"": "~does not have access"}},
		kittest.Step{Name: "plan is full", Account: "full", Path: contacts, Body: ada, Status: 402, Want: want{"": `""`}},
		kittest.Step{Name: "probe", Path: "/v3.1/Users/Me", Want: want{"FIRST_NAME": `"Grace"`}, WantHeader: want{"X-RateLimit-Limit": "40000", "X-RateLimit-Remaining": "39999"}},
		kittest.Step{Name: "instance", Path: "/v3.1/Instance", Want: want{"INSTANCE_NAME": `"acme"`}},
		kittest.Step{Name: "case of the path", Path: "/v3.1/contacts", Status: 404},
		kittest.Step{Name: "wrong method", Method: "DELETE", Path: contacts, Status: 405, WantHeader: want{"Allow": "GET, POST, PUT"}},
		kittest.Step{Name: "no JSON", Path: contacts, Body: "x", Header: want{"Content-Type": "text/xml"}, Status: 415},
	)
	bare := suite()
	bare.Authorize = func(r *http.Request, key string) {
		r.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(key)))
	}
	kittest.Run(t, bare, kittest.Step{Name: "the key alone", Path: "/v3.1/Users", Want: want{"1.FIRST_NAME": `"Joan"`}})
	bare.Authorize = nil
	kittest.Run(t, bare, kittest.Step{Name: "bearer", Path: "/v3.1/Users", Status: 401})
}

func TestContacts(t *testing.T) {
	t.Parallel()
	full := `{"FIRST_NAME":"Ada","LAST_NAME":"Lovelace","TITLE":"Analyst","EMAIL_ADDRESS":"ada@x.example","PHONE_MOBILE":"+44 1",
		"ADDRESS_MAIL_COUNTRY":"United Kingdom","ORGANISATION_ID":789012,"OWNER_USER_ID":2240727,"TAGS":[{"TAG_NAME":"VIP"}],
		"CUSTOMFIELDS":[{"FIELD_NAME":"Interests__c","FIELD_VALUE":"Music;Travel"},{"FIELD_NAME":"Vip__c","FIELD_VALUE":true}]}`
	crm := kittest.Run(t, suite(),
		kittest.Step{Name: "create", Path: contacts, Body: full, Save: want{"id": "CONTACT_ID"}, WantHeader: want{"ETag": `~"`}, Want: want{
			"DATE_CREATED_UTC": `"2026-11-24 12:00:00"`, "PHONE": "null", "TAGS": "[]", "LINKS": "[]", "ORGANISATION_ID": "789012", "VISIBLE_TO": `"EVERYONE"`,
			"CUSTOMFIELDS.0": `{"CUSTOM_FIELD_ID":"Interests__c","FIELD_NAME":"Interests__c","FIELD_VALUE":"Music;Travel"}`, "CUSTOMFIELDS.2": "-", "EMAIL_OPTED_OUT": "false"}},
		kittest.Step{Name: "tag", Path: contacts + "/{{id}}/Tags", Body: `{"TAG_NAME":"VIP"}`, Status: 201},
		kittest.Step{Name: "tag again", Path: contacts + "/{{id}}/Tags", Body: `{"TAG_NAME":"vip"}`, Status: 201},
		kittest.Step{Name: "two tags", Path: contacts + "/{{id}}/Tags", Body: `[{"TAG_NAME":"a"}]`, Status: 400},
		kittest.Step{Name: "tag on none", Path: contacts + "/1/Tags", Body: `{"TAG_NAME":"VIP"}`, Status: 404},
		kittest.Step{Name: "tags", Path: contacts + "/{{id}}/Tags", Want: want{"": `[{"TAG_NAME":"VIP"}]`}},
		kittest.Step{Name: "link", Path: contacts + "/{{id}}/Links", Body: `{"LINK_OBJECT_NAME":"Organisation","LINK_OBJECT_ID":5,"ROLE":"Adviser"}`, Status: 201},
		kittest.Step{Name: "read", Path: contacts + "/{{id}}", Want: want{"TAGS.0.TAG_NAME": `"VIP"`, "LINKS.0.LINK_OBJECT_ID": "5"}},
		kittest.Step{Name: "read none", Path: contacts + "/1", Status: 404, Want: want{"": `"No Contact with ID = 1"`}},
		kittest.Step{Name: "update", Method: "PUT", Path: contacts, Body: `{"CONTACT_ID":{{id}},"TITLE":null,"CUSTOMFIELDS":[{"FIELD_NAME":"Vip__c","FIELD_VALUE":null}]}`,
			Advance: time.Minute, Want: want{"TITLE": "null", "LAST_NAME": `"Lovelace"`, "CUSTOMFIELDS.1": "-", "DATE_UPDATED_UTC": `"2026-11-24 12:01:00"`}},
		kittest.Step{Name: "update none", Method: "PUT", Path: contacts, Body: `{"CONTACT_ID":1}`, Status: 404},
		kittest.Step{Name: "same e-mail", Path: contacts, Body: `{"FIRST_NAME":"A","EMAIL_ADDRESS":"ada@x.example"}`, Want: want{"LAST_NAME": "null"}},
	)
	counts := kit.Counts{Records: 2, Creates: 2, Requests: 12, FollowUps: map[string]int{"tag": 2, "link": 1, "update": 1}}
	if diff := cmp.Diff(counts, crm.Counts("acme")); diff != "" {
		t.Error(diff)
	}
	kittest.Run(t, suite(), kittest.Step{Account: "tags", Path: contacts, Body: full, Want: want{"TAGS.0.TAG_NAME": `"VIP"`}})
}

func TestValidation(t *testing.T) {
	t.Parallel()
	custom := func(name, value string) string {
		return `{"FIRST_NAME":"A","CUSTOMFIELDS":[{"FIELD_NAME":"` + name + `","FIELD_VALUE":` + value + `}]}`
	}
	for name, test := range map[string]struct{ body, path, want string }{
		"no first name":        {`{"LAST_NAME":"L"}`, "", `"FIRST_NAME is required."`},
		"too long":             {`{"FIRST_NAME":"A","TITLE":"` + strings.Repeat("x", 256) + `"}`, "", "~TITLE must be at most 255"},
		"e-mail":               {`{"FIRST_NAME":"A","EMAIL_ADDRESS":"a@"}`, "", "~EMAIL_ADDRESS"},
		"lower case":           {`{"FIRST_NAME":"A","title":"x"}`, "", "~title is not a field"},
		"read only":            {`{"FIRST_NAME":"A","DATE_CREATED_UTC":"2026-01-01 00:00:00"}`, "", "~cannot be set"},
		"id as text":           {`{"FIRST_NAME":"A","ORGANISATION_ID":"789"}`, "", "~ORGANISATION_ID has an invalid value"},
		"unknown organisation": {`{"FIRST_NAME":"A","ORGANISATION_ID":1404}`, "", `"No Organisation with ID = 1404"`},
		"owner beyond 32 bits": {`{"FIRST_NAME":"A","OWNER_USER_ID":2147483648}`, "", "~No User with ID"},
		"country code":         {`{"FIRST_NAME":"A","ADDRESS_MAIL_COUNTRY":"GB"}`, "", "~ADDRESS_MAIL_COUNTRY is not a valid country"},
		"tags as texts":        {`{"FIRST_NAME":"A","TAGS":["VIP"]}`, "", "~TAGS.0"},
		"unknown custom field": {custom("Shoe__c", `"9"`), "Message", "~Shoe__c is not a custom field"},
		"option":               {custom("Tier__c", `"Lead"`), "Message", "~not a valid DROPDOWN"},
		"options":              {custom("Interests__c", `"Music,Travel"`), "Message", "~MULTISELECT"},
		"number as text":       {custom("Score__c", `"9"`), "Message", "~NUMERIC"},
		"date":                 {custom("Since__c", `"2026-01-01T00:00:00Z"`), "Message", "~DATE"},
		"counted":              {custom("Serial__c", `"9"`), "Message", "~read only"},
		"not JSON":             {`{`, "", `""`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if n := kittest.Run(t, suite(), kittest.Step{Path: contacts, Body: test.body, Status: 400, Want: want{test.path: test.want}}).Count(""); n != 0 {
				t.Errorf("%d contacts stored", n)
			}
		})
	}
	kittest.Run(t, suite(), kittest.Step{Path: contacts, Body: custom("Since__c", `"2026-01-01 00:00:00"`)})
}

func TestSearch(t *testing.T) {
	t.Parallel()
	s := suite()
	s.Clock, s.Options.IndexLag = kittest.NewClock(), 2*time.Second
	s.Prepare = func(crm *kit.CRM) {
		crm.Seed("acme", kit.Person{FirstName: "Ada", LastName: "Lovelace", Email: "ada@x.example"}, s.Clock.Now().Add(-time.Hour))
	}
	kittest.Run(t, s,
		kittest.Step{Path: contacts, Body: `{"FIRST_NAME":"Ada","LAST_NAME":"Byron","EMAIL_ADDRESS":"Ada@x.example","CUSTOMFIELDS":[{"FIELD_NAME":"Sync_Key__c","FIELD_VALUE":"k1"}]}`},
		kittest.Step{Name: "not indexed", Path: contacts + "/Search?field_name=EMAIL_ADDRESS&field_value=ada%40x.example&brief=true&top=10",
			Want: want{"0.LAST_NAME": `"Lovelace"`, "0.TAGS": "-", "1": "-"}},
		kittest.Step{Name: "indexed", Advance: 2 * time.Second, Path: contacts + "/Search?field_name=EMAIL_ADDRESS&field_value=ada%40x.example&count_total=true",
			Want: want{"1.LAST_NAME": `"Byron"`, "1.TAGS": "[]"}, WantHeader: want{"X-Total-Count": "2"}},
		kittest.Step{Name: "since", Path: contacts + "/Search?field_name=FIRST_NAME&field_value=Ada&updated_after_utc=2026-11-24T11:59:59Z", Want: want{"0.LAST_NAME": `"Byron"`, "1": "-"}},
		kittest.Step{Name: "body's date", Path: contacts + "/Search?field_name=FIRST_NAME&field_value=Ada&updated_after_utc=2026-11-24+11:59:59", Status: 400},
		kittest.Step{Name: "by key", Path: contacts + "/Search?field_name=Sync_Key__c&field_value=k1", Want: want{"0.LAST_NAME": `"Byron"`}},
		kittest.Step{Name: "none", Path: contacts + "/Search?field_name=PHONE&field_value=1", Want: want{"": "[]"}},
		kittest.Step{Name: "no such field", Path: contacts + "/Search?field_name=EMAIL&field_value=1", Status: 400},
		kittest.Step{Name: "too many", Path: contacts + "?top=501", Status: 400},
		kittest.Step{Name: "list", Path: contacts + "?top=1&skip=1", Want: want{"0.LAST_NAME": `"Byron"`, "1": "-"}},
	)
}

func TestDiscovery(t *testing.T) {
	t.Parallel()
	kittest.Run(t, suite(),
		kittest.Step{Path: "/v3.1/CustomFields/Contacts", Want: want{"0.FIELD_NAME": `"Hobby__c"`, "0.FIELD_FOR": `"CONTACT"`, "7.CUSTOM_FIELD_OPTIONS.1.OPTION_VALUE": "-",
			"6.CUSTOM_FIELD_OPTIONS.1.OPTION_VALUE": `"Silver"`, "3.EDITABLE": "false", "8": "-"}},
		kittest.Step{Name: "fields of all objects", Path: "/v3.1/CustomFields/Contact", Want: want{"0.FIELD_FOR": `"ORGANISATION"`, "1.FIELD_FOR": `"CONTACT"`}},
		kittest.Step{Path: "/v3.1/CustomFields/Organisations", Want: want{"1": "-"}},
		kittest.Step{Path: "/v3.1/Countries", Want: want{"": `~{"COUNTRY_NAME":"United States"}`}},
		kittest.Step{Path: "/v3.1/Tags?record_type=contacts", Want: want{"": `[{"TAG_NAME":"Newsletter"},{"TAG_NAME":"VIP"}]`}},
		kittest.Step{Path: "/v3.1/Tags", Status: 400},
	)
}

func TestLimits(t *testing.T) {
	t.Parallel()
	s := suite()
	s.Prepare = func(crm *kit.CRM) {
		if err := crm.SetLimits(kit.Override{Name: "second", Requests: 1}, kit.Override{Name: "day", Requests: 2}); err != nil {
			t.Error(err)
		}
	}
	get := kittest.Step{Path: "/v3.1/Users/Me"}
	limited := kittest.Step{Path: "/v3.1/Users/Me", Status: 429, WantHeader: want{"Retry-After": "-", "X-RateLimit-Remaining": "1"}}
	later, gone := get, limited
	later.Advance, gone.Advance = time.Second, time.Second
	gone.WantHeader = want{"X-RateLimit-Remaining": "0"}
	tomorrow := get
	tomorrow.Advance = 12 * time.Hour
	kittest.Run(t, s, get, limited, later, gone, tomorrow)
}
