package wix_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/sandbox/kit"
	"crmferry/internal/sandbox/kit/kittest"
	"crmferry/internal/sandbox/wix"
)

type want = map[string]string

const (
	contacts = "/contacts/v4/contacts"
	queries  = contacts + "/query"
)

// suite authorises with an API key and the site of its account.
func suite() kittest.Suite {
	return kittest.Suite{Spec: wix.Spec(), Clock: kittest.NewClock(), Authorize: func(r *http.Request, token string) {
		r.Header.Set("Authorization", token)
		r.Header.Set("wix-site-id", wix.SiteID(strings.TrimPrefix(token, "sbx_wix_")))
	}}
}

func run(t *testing.T, steps ...kittest.Step) *kit.CRM {
	t.Helper()
	return kittest.Run(t, suite(), steps...)
}

func code(name string) want { return want{"details.applicationError.code": `"` + name + `"`} }

func TestAuthentication(t *testing.T) {
	t.Parallel()
	body := `{"info":{"name":{"first":"A"}}}`
	run(t,
		kittest.Step{Name: "none", Token: "-", Path: "/contacts/v4/labels", Status: 401, Want: code("UNAUTHENTICATED")},
		kittest.Step{Name: "foreign", Token: "sbx_hubspot_acme", Path: "/contacts/v4/labels", Status: 401},
		kittest.Step{Name: "expired", Account: "expired", Path: "/contacts/v4/labels", Status: 401},
		kittest.Step{Name: "no right", Account: "noscope", Path: contacts, Body: body, Status: 403, Want: code("PERMISSION_DENIED")},
		kittest.Step{Name: "no right, said as 401", Account: "noscope401", Path: contacts, Body: body, Status: 401},
		kittest.Step{Name: "other site", Path: "/contacts/v4/labels", Header: want{"wix-site-id": wix.SiteID("other")}, Status: 403},
		kittest.Step{Name: "no site", Path: "/contacts/v4/labels", Header: want{"wix-site-id": ""}, Status: 403},
		kittest.Step{Name: "account id", Path: "/contacts/v4/labels", Header: want{"wix-account-id": "x"}, Status: 403},
		kittest.Step{Name: "key as bearer", Path: "/contacts/v4/labels", Header: want{"Authorization": "Bearer sbx_wix_acme"}, Status: 401},
		kittest.Step{Name: "token as bearer", Path: "/contacts/v4/labels", Header: want{"Authorization": "Bearer sbx_wix_acme", "wix-site-id": ""},
			WantHeader: want{"x-wix-request-id": "~-"}},
		kittest.Step{Name: "no such path", Path: "/contacts/v4/people", Status: 404, Want: code("NOT_FOUND")},
		kittest.Step{Name: "wrong method", Method: "DELETE", Path: contacts, Status: 405},
		kittest.Step{Name: "wrong type", Path: contacts, Body: body, Header: want{"Content-Type": "text/plain"}, Status: 415},
	)
}

func TestTokens(t *testing.T) {
	t.Parallel()
	ask := func(name, grant, secret, instance string, status int, wants want) kittest.Step {
		return kittest.Step{Name: name, Token: "-", Path: "/oauth2/token", Status: status, Want: wants,
			Body: `{"grant_type":"` + grant + `","client_id":"sandbox-client","client_secret":"` + secret + `","instance_id":"` + instance + `"}`}
	}
	form := ask("as a form", "client_credentials", "sbx_wix_acme", wix.InstanceID("acme"), 400, nil)
	form.Body, form.Header = "grant_type=client_credentials&client_id=sandbox-client&client_secret=sbx_wix_acme", want{"Content-Type": "application/x-www-form-urlencoded"}
	run(t,
		ask("minted", "client_credentials", "sbx_wix_acme", wix.InstanceID("acme"), 200, want{"access_token": `"sbx_wix_acme"`, "expires_in": "14400", "refresh_token": "-"}),
		ask("other instance", "client_credentials", "sbx_wix_acme", wix.InstanceID("other"), 400, want{"error": `"invalid_request"`}),
		ask("wrong secret", "client_credentials", "x", wix.InstanceID("acme"), 401, want{"error": `"invalid_client"`}),
		ask("expired", "client_credentials", "sbx_wix_expired", wix.InstanceID("expired"), 401, nil),
		form,
	)
}

func TestCreate(t *testing.T) {
	t.Parallel()
	crm := run(t,
		kittest.Step{Name: "full", Path: contacts, Body: `{"info":{"name":{"first":"Ada","last":"Lovelace"},
			"emails":{"items":[{"email":"home@x.example"},{"tag":"WORK","email":"Ada@x.example","primary":true}]},
			"phones":{"items":[{"tag":"WORK","countryCode":"GB","phone":"020 7946 0001"},{"phone":"12"}]},
			"addresses":{"items":[{"tag":"WORK","address":{"addressLine":"1 St","subdivision":"GB-LND","country":"GB"}}]},
			"jobTitle":"Chief","birthdate":"1815-12-10","labelKeys":{"items":["custom.vip"]},"company":"",
			"extendedFields":{"items":{"custom.lead-origin":"Expo","custom.favourite-number":7}}}}`,
			Want: want{"contact.revision": "1", "contact.createdDate": `"2026-11-24T12:00:00.000Z"`, "contact.primaryInfo": `{"email":"Ada@x.example","phone":"020 7946 0001"}`,
				"contact.info.emails.items.0.tag": `"UNTAGGED"`, "contact.info.emails.items.0.primary": "false", "contact.info.emails.items.1.id": "~-",
				"contact.info.phones.items.0.e164Phone": `"+442079460001"`, "contact.info.phones.items.0.primary": "true", "contact.info.phones.items.1.e164Phone": "-",
				"contact.info.extendedFields.items":       `{"contacts.displayByFirstName":"Ada Lovelace","custom.favourite-number":7,"custom.lead-origin":"Expo","emailSubscriptions.subscriptionStatus":"NOT_SET"}`,
				"contact.primaryPhone.subscriptionStatus": `"NOT_SET"`, "contact.info.company": "-", "contact.info.labelKeys.items": `["custom.vip"]`},
			Save: want{"id": "contact.id"}},
		kittest.Step{Name: "any e-mail again", Path: contacts, Body: `{"info":{"emails":{"items":[{"email":"HOME@x.example"}]}}}`, Status: 409,
			Want: want{"details.applicationError.code": `"DUPLICATE_CONTACT_EXISTS"`, "details.applicationError.data": `{"duplicateContactId":"{{id}}","duplicateEmail":"HOME@x.example"}`}},
		kittest.Step{Name: "phone again", Path: contacts, Body: `{"info":{"phones":{"items":[{"countryCode":"GB","phone":"2079460001"}]}}}`, Status: 409,
			Want: want{"details.applicationError.data.duplicateContactId": `"{{id}}"`, "details.applicationError.data.duplicatePhone": `"2079460001"`}},
		kittest.Step{Name: "phone again beside an e-mail", Path: contacts, Body: `{"info":{"emails":{"items":[{"email":"b@x.example"}]},"phones":{"items":[{"countryCode":"GB","phone":"2079460001"}]}}}`},
		kittest.Step{Name: "allowed", Path: contacts, Body: `{"allowDuplicates":true,"info":{"emails":{"items":[{"email":"b@x.example"}]}}}`},
		kittest.Step{Name: "names are no duplicates", Path: contacts, Body: `{"info":{"name":{"first":"Ada","last":"Lovelace"}}}`, Want: want{"contact.primaryInfo": "-"}},
		kittest.Step{Name: "read", Path: contacts + "/{{id}}", Want: want{"contact.info.jobTitle": `"Chief"`, "responseType": `"REGULAR"`}},
		kittest.Step{Name: "read none", Path: contacts + "/x", Status: 404, Want: code("CONTACT_NOT_FOUND")},
		kittest.Step{Name: "update", Method: "PATCH", Path: contacts + "/{{id}}", Body: `{"revision":1,"info":{"name":{"last":"King"},"emails":{"items":[{"email":"c@x.example"}]}}}`, Advance: time.Minute,
			Want: want{"contact.revision": "2", "contact.info.name": `{"first":"Ada","last":"King"}`, "contact.info.emails.items.1": "-", "contact.updatedDate": `"2026-11-24T12:01:00.000Z"`}},
		kittest.Step{Name: "old revision", Method: "PATCH", Path: contacts + "/{{id}}", Body: `{"revision":1,"info":{"jobTitle":"x"}}`, Status: 409},
		kittest.Step{Name: "no revision", Method: "PATCH", Path: contacts + "/{{id}}", Body: `{"info":{"jobTitle":"x"}}`, Status: 400},
		kittest.Step{Name: "label", Path: contacts + "/{{id}}/labels", Body: `{"labelKeys":["custom.newsletter-2"]}`, Want: want{"contact.info.labelKeys.items": `["custom.vip","custom.newsletter-2"]`}},
		kittest.Step{Name: "no label", Path: contacts + "/{{id}}/labels", Body: `{"labelKeys":["custom.newsletter"]}`, Status: 400},
	)
	counts := kit.Counts{Records: 4, Creates: 4, Requests: 13, FollowUps: map[string]int{"update": 2}}
	if diff := cmp.Diff(counts, crm.Counts("acme")); diff != "" {
		t.Error(diff)
	}
}

func TestOddAccounts(t *testing.T) {
	t.Parallel()
	phone := `{"info":{"phones":{"items":[{"phone":"12345"}]}}}`
	crm := run(t,
		kittest.Step{Account: "ghost", Path: contacts, Body: phone},
		kittest.Step{Account: "ghost", Path: contacts, Body: phone, Status: 409},
		kittest.Step{Account: "mute", Path: contacts, Body: phone},
		kittest.Step{Account: "mute", Path: contacts, Body: phone, Status: 409, Want: want{"details.applicationError.data.duplicateContactId": "null"}},
		kittest.Step{Account: "fulllabels", Path: "/contacts/v4/labels", Body: `{"displayName":"New"}`, Status: 428, Want: code("LABELS_QUOTA_REACHED")},
	)
	if ghost, mute := crm.Count("ghost"), crm.Count("mute"); ghost != 2 || mute != 1 {
		t.Errorf("%d and %d contacts, want 2 and 1", ghost, mute)
	}
}

func TestValidation(t *testing.T) {
	t.Parallel()
	item := func(list, item string) string { return `{"info":{"` + list + `":{"items":[` + item + `]}}}` }
	violation := func(field, rule string) want {
		return want{"details.validationError.fieldViolations.0.field": `"` + field + `"`, "details.validationError.fieldViolations.0.violatedRule": `"` + rule + `"`, "message": "~" + field}
	}
	for name, test := range map[string]struct {
		body  string
		wants want
	}{
		"nothing":            {`{"info":{"jobTitle":"x"}}`, code("INSUFFICIENT_CONTACT_DATA")},
		"bare array":         {`{"info":{"emails":[{"email":"a@x.example"}]}}`, violation("info.emails", "OTHER")},
		"unknown key":        {`{"info":{"name":{"first":"A"},"title":"x"}}`, violation("info.title", "OTHER")},
		"unknown top":        {`{"name":"A"}`, violation("name", "OTHER")},
		"empty e-mail":       {item("emails", `{"email":""}`), violation("info.emails.items[0].email", "MIN_LENGTH")},
		"no e-mail":          {item("emails", `{"tag":"WORK"}`), violation("info.emails.items[0].email", "REQUIRED_FIELD")},
		"e-mail":             {item("emails", `{"email":"a@"}`), violation("info.emails.items[0].email", "FORMAT")},
		"tag":                {item("emails", `{"tag":"work","email":"a@x.example"}`), violation("info.emails.items[0].tag", "OTHER")},
		"two primaries":      {item("emails", `{"email":"a@x.example","primary":true},{"email":"b@x.example","primary":true}`), code("CANNOT_HAVE_MULTIPLE_PRIMARY_INFO")},
		"too many":           {item("emails", strings.Repeat(`{"email":"a@x.example"},`, 50)+`{"email":"a@x.example"}`), violation("info.emails.items", "MAX_SIZE")},
		"phone":              {item("phones", `{"phone":"`+strings.Repeat("1", 51)+`"}`), violation("info.phones.items[0].phone", "MAX_LENGTH")},
		"country of phone":   {item("phones", `{"phone":"1","countryCode":"44"}`), violation("info.phones.items[0].countryCode", "FORMAT")},
		"country name":       {item("addresses", `{"address":{"country":"United Kingdom"}}`), violation("info.addresses.items[0].address.country", "FORMAT")},
		"state name":         {item("addresses", `{"address":{"subdivision":"Greater London"}}`), violation("info.addresses.items[0].address.subdivision", "FORMAT")},
		"two streets":        {item("addresses", `{"address":{"addressLine":"1","streetAddress":{"name":"S"}}}`), violation("info.addresses.items[0].address", "OTHER")},
		"date":               {`{"info":{"birthdate":"10/12/1815"}}`, violation("info.birthdate", "FORMAT")},
		"label by name":      {item("labelKeys", `"VIP"`), violation("info.labelKeys.items[0]", "OTHER")},
		"label of no kind":   {item("labelKeys", `7`), violation("info.labelKeys.items", "OTHER")},
		"field by name":      {`{"info":{"extendedFields":{"items":{"Lead origin":"x"}}}}`, code("INVALID_EXTENDED_FIELD_VALUE")},
		"number as text":     {`{"info":{"extendedFields":{"items":{"custom.favourite-number":"7"}}}}`, code("INVALID_EXTENDED_FIELD_VALUE")},
		"date field":         {`{"info":{"extendedFields":{"items":{"custom.met-on":"soon"}}}}`, code("INVALID_EXTENDED_FIELD_VALUE")},
		"link field":         {`{"info":{"extendedFields":{"items":{"custom.homepage":"x"}}}}`, code("INVALID_EXTENDED_FIELD_VALUE")},
		"the vendor's own":   {`{"info":{"extendedFields":{"items":{"contacts.displayByFirstName":"x"}}}}`, code("INVALID_EXTENDED_FIELD_VALUE")},
		"no JSON":            {`{`, code("INVALID_ARGUMENT")},
		"duplicates as text": {`{"info":{"name":{"first":"A"}},"allowDuplicates":"yes"}`, violation("allowDuplicates", "OTHER")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if n := run(t, kittest.Step{Path: contacts, Body: test.body, Status: 400, Want: test.wants}).Count(""); n != 0 {
				t.Errorf("%d contacts stored", n)
			}
		})
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	run(t,
		kittest.Step{Name: "labels", Path: "/contacts/v4/labels", Want: want{"labels.1.key": `"custom.vip"`, "metadata.total": "3"}},
		kittest.Step{Name: "label", Path: "/contacts/v4/labels", Body: `{"displayName":"Newsletter"}`, Want: want{"newLabel": "false", "label.key": `"custom.newsletter-2"`}},
		kittest.Step{Name: "new label", Path: "/contacts/v4/labels", Body: `{"displayName":"Big Fish"}`, Want: want{"newLabel": "true", "label.key": "~custom.big-fish-"}, Save: want{"label": "label.key"}},
		kittest.Step{Name: "made label", Path: contacts, Body: `{"info":{"name":{"first":"A"},"labelKeys":{"items":["{{label}}"]}}}`},
		kittest.Step{Name: "no name", Path: "/contacts/v4/labels", Body: `{}`, Status: 400},
		kittest.Step{Name: "fields", Path: "/contacts/v4/extended-fields/query", Body: `{"query":{}}`, Want: want{"fields.1.dataType": `"NUMBER"`, "fields.4.fieldType": `"SYSTEM"`}},
		kittest.Step{Name: "field", Path: "/contacts/v4/extended-fields", Body: `{"displayName":"Lead origin","dataType":"TEXT"}`, Want: want{"newField": "false", "field.key": `"custom.lead-origin"`}},
		kittest.Step{Name: "new field", Path: "/contacts/v4/extended-fields", Body: `{"displayName":"Shoe","dataType":"NUMBER"}`, Want: want{"newField": "true"}, Save: want{"shoe": "field.key"}},
		kittest.Step{Name: "made field", Path: contacts, Body: `{"info":{"name":{"first":"A"},"extendedFields":{"items":{"{{shoe}}":42}}}}`},
		kittest.Step{Name: "read field", Path: "/contacts/v4/extended-fields/{{shoe}}", Want: want{"field.displayName": `"Shoe"`}},
		kittest.Step{Name: "read no field", Path: "/contacts/v4/extended-fields/custom.shoe", Status: 404},
	)
}

func TestQuery(t *testing.T) {
	t.Parallel()
	s := suite()
	s.Options = kit.Options{IndexLag: time.Minute}
	s.Prepare = func(crm *kit.CRM) {
		for i, name := range []string{"Ada", "Bob"} {
			crm.Seed("acme", kit.Person{FirstName: name, LastName: "Lovelace", Email: name + "@x.example", Phone: "12" + name}, s.Clock.Now().Add(time.Duration(i-2)*time.Hour))
		}
	}
	q := func(name, query string, status int, wants want) kittest.Step {
		return kittest.Step{Name: name, Path: queries, Body: `{"query":` + query + `}`, Status: status, Want: wants}
	}
	indexed := q("indexed", `{"filter":{"info.name.last":"Eve","createdDate":{"$gte":"2026-11-24T11:59:00Z"}}}`, 200, want{"pagingMetadata.total": "1"})
	indexed.Advance = time.Minute
	first := want{"contacts.0.info.name.first": `"Ada"`, "contacts.1": "-"}
	kittest.Run(t, s,
		q("by e-mail", `{"filter":{"info.emails.email":{"$eq":"Ada@x.example"}},"fieldsets":["FULL"],"paging":{"limit":5,"offset":0}}`, 200, first),
		q("short form", `{"filter":{"primaryInfo.email":"Ada@x.example"}}`, 200, first),
		q("to the letter", `{"filter":{"info.emails.email":"ada@x.example"}}`, 200, want{"contacts": "[]", "pagingMetadata.count": "0"}),
		q("by name", `{"filter":{"info.name.first":{"$startsWith":"A"},"info.name.last":{"$in":["Lovelace"]}}}`, 200, first),
		q("newest first", `{"sort":[{"fieldName":"createdDate","order":"DESC"}],"paging":{"limit":1}}`, 200, want{"contacts.0.info.name.first": `"Bob"`, "pagingMetadata.total": "2"}),
		q("path with items", `{"filter":{"info.emails.items.email":"Ada@x.example"}}`, 400, code("MALFORMED_FILTER")),
		q("operator", `{"filter":{"info.emails.email":{"$contains":"Ada"}}}`, 400, code("MALFORMED_FILTER")),
		q("page too large", `{"paging":{"limit":1001}}`, 400, nil),
		kittest.Step{Name: "search", Path: queries, Body: `{"search":"lovelace ada"}`, Want: first},
		kittest.Step{Path: contacts, Body: `{"info":{"name":{"last":"Eve"}}}`},
		q("not indexed", `{"filter":{"info.name.last":"Eve"}}`, 200, want{"contacts": "[]"}),
		indexed,
	)
}

func TestLimits(t *testing.T) {
	t.Parallel()
	s := suite()
	s.Prepare = func(crm *kit.CRM) {
		if err := crm.SetLimits(kit.Override{Name: "minute", Requests: 1}); err != nil {
			t.Error(err)
		}
	}
	kittest.Run(t, s,
		kittest.Step{Path: "/contacts/v4/labels"},
		kittest.Step{Path: "/contacts/v4/labels", Status: 429, Want: code("RESOURCE_EXHAUSTED"), WantHeader: want{"Retry-After": "-"}},
		kittest.Step{Path: "/contacts/v4/labels", Advance: time.Minute},
	)
}
