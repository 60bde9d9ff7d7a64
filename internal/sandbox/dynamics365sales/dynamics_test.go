package dynamics365sales_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	dynamics "crmferry/internal/sandbox/dynamics365sales"
	"crmferry/internal/sandbox/kit"
	"crmferry/internal/sandbox/kit/kittest"
)

const (
	root     = "/api/data/v9.2"
	contacts = root + "/contacts"
	own      = "11111111-2222-4333-8444-555555555555"
	account  = "7eb682f1-ca75-e511-80d4-00155d2a68d1"
)

type want = map[string]string

var whole = want{"Prefer": "return=representation"}

func suite() kittest.Suite {
	return kittest.Suite{Spec: dynamics.Spec(), Authorize: func(r *http.Request, token string) {
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("OData-Version", "4.0")
		r.Header.Set("OData-MaxVersion", "4.0")
	}}
}

func TestAuthentication(t *testing.T) {
	t.Parallel()
	kittest.Run(t, suite(),
		kittest.Step{Name: "none", Token: "-", Path: root + "/WhoAmI", Status: 401, Want: want{"": "~401 - Unauthorized"}, WantHeader: want{"WWW-Authenticate": "~Bearer authorization_uri="}},
		kittest.Step{Name: "expired", Account: "expired", Path: root + "/WhoAmI", Status: 401, Want: want{"": `""`}, WantHeader: want{"WWW-Authenticate": "~invalid_token"}},
		kittest.Step{Name: "privilege", Account: "noscope", Path: contacts, Body: `{"lastname":"L"}`, Status: 403, Want: want{"error.code": `"0x80040220"`, "error.message": "~missing prvCreateContact privilege"}},
		kittest.Step{Name: "privilege for an upsert", Account: "noscope", Method: "PATCH", Path: contacts + "(" + own + ")", Body: `{"lastname":"L"}`, Status: 403},
		kittest.Step{Name: "override", Account: "nooverride", Path: contacts, Body: `{"overriddencreatedon":"2024-01-15T00:00:00Z"}`, Status: 403, Want: want{"error.message": "~prvOverrideCreatedOnCreatedBy"}},
		kittest.Step{Name: "probe", Path: root + "/WhoAmI", Want: want{"UserId": "~-"}, WantHeader: want{"OData-Version": "4.0", "x-ms-ratelimit-burst-remaining-xrm-requests": "5999", "x-ms-ratelimit-time-remaining-xrm-requests": "1199.98"}},
		kittest.Step{Name: "no version", Path: root + "/WhoAmI", Header: want{"OData-MaxVersion": ""}, Status: 400, Want: want{"error.message": "~OData-MaxVersion"}},
		kittest.Step{Name: "media type", Path: contacts, Body: "a=b", Header: want{"Content-Type": "text/plain"}, Status: 415},
		kittest.Step{Name: "no such set", Path: root + "/people", Status: 404, Want: want{"error.message": `"Resource not found for the segment 'people'."`}},
		kittest.Step{Name: "wrong method", Method: "PUT", Path: contacts, Status: 405, WantHeader: want{"Allow": "GET, POST"}},
		kittest.Step{Name: "annotated error", Path: root + "/people", Status: 404, Header: want{"Prefer": `return=representation, odata.include-annotations="*"`},
			Want: want{"error": "~ErrorDetails.HttpStatusCode"}},
	)
	auth, settings := dynamics.Spec().Connect("Acme_1", "")
	if auth["scheme"] != "oauth2" || settings["instance_url"] != "https://acme-1.crm.dynamics.com" || len(settings["tenant_id"]) != 36 {
		t.Errorf("%v %v", auth, settings)
	}
}

func TestCreate(t *testing.T) {
	t.Parallel()
	crm := kittest.Run(t, suite(),
		kittest.Step{Name: "without a preference", Path: contacts, Body: `{"firstname":"Ada","lastname":"Lovelace"}`, Status: 204, Want: want{"": `""`},
			WantHeader: want{"OData-EntityId": "~/api/data/v9.2/contacts(", "Content-Type": "-"}},
		kittest.Step{Name: "whole", Path: contacts, Header: whole, Status: 201, WantHeader: want{"OData-EntityId": "-", "Preference-Applied": "return=representation"},
			Body: `{"firstname":"Ada","lastname":"Lovelace","emailaddress1":"ada@x.example","address1_line1":"12 St","address1_city":"London","address1_stateorprovince":"Greater London",
				"address1_postalcode":"SW1Y","address1_country":"United Kingdom","parentcustomerid_account@odata.bind":"/accounts(` + strings.ToUpper(account) + `)",
				"ownerid@odata.bind":"teams(` + account + `)","new_Region@odata.bind":"https://x.example/api/data/v9.2/new_regions(` + account + `)",
				"overriddencreatedon":"2024-01-15T10:00:00Z","new_loyaltytier":100000001,"new_interests":"1,3","telephone1":""}`,
			Want: want{"fullname": `"Ada Lovelace"`, "telephone1": "null", "address1_composite": `"12 St\r\nLondon, Greater London SW1Y\r\nUnited Kingdom"`,
				"_parentcustomerid_value": `"` + account + `"`, "_ownerid_value": `"` + account + `"`, "_new_region_value": `"` + account + `"`,
				"createdon": `"2024-01-15T00:00:00Z"`, "modifiedon": `"2026-11-24T12:00:00Z"`, "address3_addressid": "~-", "address3_composite": "null", "address3_addresstypecode": "1",
				"statecode": "0", "new_loyaltytier": "100000001"},
			Save: want{"id": "contactid"}},
		kittest.Step{Name: "same e-mail", Path: contacts + "?$select=fullname", Header: whole, Body: `{"lastname":"L","emailaddress1":"ADA@x.example"}`, Status: 201,
			Want: want{"fullname": `"L"`, "contactid": "~-", "lastname": "-"}},
		kittest.Step{Name: "rule", Path: contacts, Header: want{"MSCRM.SuppressDuplicateDetection": "false"}, Body: `{"lastname":"L","emailaddress1":"ada@x.example"}`, Status: 500,
			Want: want{"error.code": `"0x80040333"`}},
		kittest.Step{Name: "own id", Path: contacts, Body: `{"contactid":"` + own + `","lastname":"L"}`, Status: 204, WantHeader: want{"OData-EntityId": "~" + own}},
		kittest.Step{Name: "own id again", Path: contacts, Body: `{"contactid":"` + strings.ToUpper(own) + `","lastname":"L"}`, Status: 412, Want: want{"error.code": `"0x80040237"`}},
		kittest.Step{Name: "read", Path: contacts + "({{id}})?$select=fullname,_ownerid_value", Header: want{"Prefer": `odata.include-annotations="*"`, "If-None-Match": "null"},
			Want: want{"": `~"_ownerid_value@Microsoft.Dynamics.CRM.lookuplogicalname":"team"`, "emailaddress1": "-"}},
		kittest.Step{Name: "read none", Path: contacts + "(" + account + ")", Status: 404, Want: want{"error.code": `"0x80040217"`}},
		kittest.Step{Name: "no key", Path: contacts + "(1)", Status: 400, Want: want{"error.code": `"0x80060888"`}},
		kittest.Step{Name: "unknown column", Path: contacts + "({{id}})?$select=email", Status: 400},
		kittest.Step{Name: "plug-in", Account: "plugin", Path: contacts, Body: `{"lastname":"L"}`, Status: 400, Want: want{"error.code": `"0x80040265"`}},
		kittest.Step{Name: "other status", Account: "dup412", Path: contacts, Body: `{"emailaddress1":"a@x.example"}`, Status: 204},
		kittest.Step{Name: "of the rule", Account: "dup412", Path: contacts, Header: want{"MSCRM.SuppressDuplicateDetection": "false"}, Body: `{"emailaddress1":"a@x.example"}`, Status: 412,
			Want: want{"error.code": `"0x80040333"`}},
	)
	if diff := cmp.Diff(kit.Counts{Records: 4, Creates: 4, Requests: 10, FollowUps: map[string]int{}}, crm.Counts("acme")); diff != "" {
		t.Error(diff)
	}
}

func TestPatch(t *testing.T) {
	t.Parallel()
	at, new, old := contacts+"("+own+")", want{"If-None-Match": "*", "Prefer": "return=representation"}, want{"If-Match": "*"}
	alternate := contacts + "(new_extid='o%27%27k')"
	crm := kittest.Run(t, suite(),
		kittest.Step{Name: "update none", Method: "PATCH", Path: at, Header: old, Body: `{"lastname":"L"}`, Status: 404},
		kittest.Step{Name: "create", Method: "PATCH", Path: at, Header: new, Body: `{"lastname":"L"}`, Status: 201, Want: want{"contactid": `"` + own + `"`}},
		kittest.Step{Name: "create again", Method: "PATCH", Path: at, Header: new, Body: `{"lastname":"L"}`, Status: 412, Want: want{"error.code": `"0x80040237"`}},
		kittest.Step{Name: "update", Method: "PATCH", Path: at, Header: old, Body: `{"lastname":"M","jobtitle":"Analyst"}`, Status: 204},
		kittest.Step{Name: "null", Method: "PATCH", Path: at, Header: whole, Body: `{"jobtitle":null}`, Want: want{"jobtitle": "null", "lastname": `"M"`}},
		kittest.Step{Name: "stale", Method: "PATCH", Path: at, Header: want{"If-Match": `W/"1"`}, Body: `{"lastname":"N"}`, Status: 412, Want: want{"error.code": `"0x80060882"`}},
		kittest.Step{Name: "other id", Method: "PATCH", Path: at, Body: `{"contactid":"` + account + `"}`, Status: 400},
		kittest.Step{Name: "created on", Method: "PATCH", Path: at, Body: `{"overriddencreatedon":"2024-01-15T00:00:00Z"}`, Status: 400},
		kittest.Step{Name: "upsert by key", Method: "PATCH", Path: alternate, Header: whole, Body: `{"lastname":"K"}`, Status: 201, Want: want{"new_extid": `"o'k"`}, Save: want{"k": "contactid"}},
		kittest.Step{Name: "again", Method: "PATCH", Path: alternate, Header: whole, Body: `{"firstname":"K"}`, Want: want{"contactid": `"{{k}}"`, "fullname": `"K K"`}},
		kittest.Step{Name: "key in the body", Method: "PATCH", Path: alternate, Body: `{"new_extid":"o'k"}`, Status: 400},
		kittest.Step{Name: "key taken", Path: contacts, Body: `{"new_extid":"o'k"}`, Status: 412},
		kittest.Step{Name: "parent", Method: "PATCH", Path: at, Body: `{"parentcustomerid_contact@odata.bind":"/contacts({{k}})"}`, Status: 204},
		kittest.Step{Name: "no parent", Method: "PATCH", Path: at, Body: `{"parentcustomerid_contact@odata.bind":"/contacts(` + account + `)"}`, Status: 404},
	)
	if diff := cmp.Diff(kit.Counts{Records: 2, Creates: 2, Requests: 14, FollowUps: map[string]int{"update": 4}}, crm.Counts("acme")); diff != "" {
		t.Error(diff)
	}
}

func TestValidation(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		body   string
		status int
		code   string
		want   string
	}{
		"case":               {`{"Firstname":"Ada"}`, 400, "0x0", "~Invalid property 'Firstname' was found"},
		"computed":           {`{"fullname":"Ada"}`, 400, "0x0", "~Invalid property 'fullname'"},
		"id of the parent":   {`{"_parentcustomerid_value":"` + account + `"}`, 400, "0x0", "~Invalid property"},
		"too long":           {`{"jobtitle":"` + strings.Repeat("x", 101) + `"}`, 400, "0x80044331", "~length of the 'jobtitle' attribute of the 'contact' entity exceeded the maximum allowed length of '100'"},
		"e-mail":             {`{"emailaddress1":"ada@"}`, 400, "0x80044331", "~emailaddress1"},
		"address of a site":  {`{"websiteurl":"x"}`, 400, "0x80044331", "~websiteurl"},
		"number as text":     {`{"new_loyaltytier":"100000001"}`, 400, "0x80048d19", "~new_loyaltytier"},
		"no such choice":     {`{"new_loyaltytier":1}`, 400, "0x80044331", "~new_loyaltytier"},
		"choices as a list":  {`{"new_interests":[1,2]}`, 400, "0x80048d19", "~new_interests"},
		"wrong choices":      {`{"new_interests":"1;2"}`, 400, "0x80044331", "~new_interests"},
		"kind of address 2":  {`{"address2_addresstypecode":3}`, 400, "0x80044331", "~address2_addresstypecode"},
		"date":               {`{"new_since":"2026-01-01T00:00:00Z"}`, 400, "0x80048d19", "~new_since"},
		"parent":             {`{"parentcustomerid@odata.bind":"/accounts(` + account + `)"}`, 400, "0x80048d19", "~undeclared property 'parentcustomerid'"},
		"case of a look-up":  {`{"new_region@odata.bind":"/new_regions(` + account + `)"}`, 400, "0x80048d19", "~undeclared property 'new_region'"},
		"owner of no kind":   {`{"ownerid@odata.bind":"/accounts(` + account + `)"}`, 400, "0x80048d19", "~ownerid@odata.bind"},
		"bare id":            {`{"ownerid@odata.bind":"` + account + `"}`, 400, "0x80048d19", "~ownerid@odata.bind"},
		"missing account":    {`{"parentcustomerid_account@odata.bind":"/accounts(7eb682f1-ca75-e511-80d4-00155d2a6404)"}`, 404, "0x80040217", "~account With Id = 7eb682f1-ca75-e511-80d4-00155d2a6404 Does Not Exist"},
		"id that is no GUID": {`{"contactid":"1"}`, 400, "0x80048d19", "~Edm.Guid"},
		"list":               {`[]`, 400, "0x80048d19", "~not a JSON object"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			step := kittest.Step{Path: contacts, Body: test.body, Status: test.status, Want: want{"error.code": `"` + test.code + `"`, "error.message": test.want}}
			if n := kittest.Run(t, suite(), step).Count(""); n != 0 {
				t.Errorf("%d contacts stored", n)
			}
		})
	}
}

func TestQuery(t *testing.T) {
	t.Parallel()
	s := suite()
	s.Clock = kittest.NewClock()
	s.Options.IndexLag = time.Hour // of no effect
	s.Prepare = func(crm *kit.CRM) {
		crm.Seed("acme", kit.Person{FirstName: "Ada", LastName: "O'Hara", Email: "ada@x.example", Phone: "+44 1"}, s.Clock.Now().Add(-time.Hour))
		crm.Seed("acme", kit.Person{FirstName: "Bob", LastName: "Byron"}, s.Clock.Now())
	}
	find := func(filter string) string {
		return contacts + "?$select=firstname&$orderby=createdon%20desc&$top=5&$filter=" + url.QueryEscape(filter)
	}
	refused := want{"error.code": `"0x80060888"`}
	one := func(filter, name string) kittest.Step {
		return kittest.Step{Name: filter, Path: find(filter), Want: want{"value.0.firstname": `"` + name + `"`, "value.1": "-"}}
	}
	kittest.Run(t, s,
		one("emailaddress1 eq 'ADA@x.example'", "Ada"),
		one("lastname eq 'O''Hara'", "Ada"),
		one("mobilephone eq '+44 1' or telephone1 eq '+44 1'", "Ada"),
		one("firstname eq 'Bob' and (lastname eq 'x' or lastname eq 'Byron') and createdon ge 2026-11-24T11:59:00Z", "Bob"),
		one("emailaddress1 eq null", "Bob"), one("emailaddress1 ne null", "Ada"), one("emailaddress1 gt 'a'", "Ada"), one("createdon lt 2026-11-24T12:00:00Z", "Ada"),
		kittest.Step{Name: "order", Path: contacts + "?$orderby=createdon%20desc&$select=firstname&$count=true", Want: want{"value.0.firstname": `"Bob"`, "value.1.firstname": `"Ada"`, "value.0.lastname": "-"}},
		kittest.Step{Name: "top", Path: contacts + "?$top=1&$orderby=lastname%20desc,firstname", Want: want{"value.0.firstname": `"Ada"`, "value.1": "-"}},
		kittest.Step{Name: "none", Path: find("lastname eq 'Z'"), Want: want{"value": "[]"}},
		kittest.Step{Name: "unescaped plus", Path: contacts + "?$filter=mobilephone%20eq%20'+44%201'", Want: want{"value": "[]"}},
		kittest.Step{Name: "unknown column", Path: find("email eq 'a'"), Status: 400, Want: refused},
		kittest.Step{Name: "text without quotes", Path: find("lastname eq Byron"), Status: 400, Want: refused},
		kittest.Step{Name: "time in quotes", Path: find("createdon ge '2026-11-24T11:59:00Z'"), Status: 400, Want: refused},
		kittest.Step{Name: "quote not doubled", Path: find("lastname eq 'O'Hara'"), Status: 400, Want: refused},
		kittest.Step{Name: "operator", Path: find("lastname = 'a'"), Status: 400, Want: refused},
		kittest.Step{Name: "unfinished", Path: find("lastname eq"), Status: 400, Want: refused},
		kittest.Step{Name: "parenthesis", Path: find("(lastname eq 'a'"), Status: 400, Want: refused},
		kittest.Step{Name: "unknown option", Path: contacts + "?top=5", Status: 400, Want: refused},
		kittest.Step{Name: "unknown order", Path: contacts + "?$orderby=email", Status: 400, Want: refused},
		kittest.Step{Name: "direction", Path: contacts + "?$orderby=lastname%20down", Status: 400, Want: refused},
		kittest.Step{Name: "no top", Path: contacts + "?$top=0", Status: 400, Want: refused},
	)
}

func TestCreateMultiple(t *testing.T) {
	t.Parallel()
	target := func(fields string) string { return `{"@odata.type":"Microsoft.Dynamics.CRM.contact",` + fields + `}` }
	path := contacts + "/Microsoft.Dynamics.CRM.CreateMultiple"
	crm := kittest.Run(t, suite(),
		kittest.Step{Name: "all", Path: path, Body: `{"Targets":[` + target(`"contactid":"`+own+`","lastname":"A"`) + `,` + target(`"lastname":"B"`) + `]}`,
			Want: want{"Ids.0": `"` + own + `"`, "Ids.1": "~-"}, Save: want{"b": "Ids.1"}},
		kittest.Step{Name: "order", Path: contacts + "({{b}})", Want: want{"lastname": `"B"`}},
		kittest.Step{Name: "one is bad", Path: path, Body: `{"Targets":[` + target(`"lastname":"C"`) + `,` + target(`"nope":1`) + `]}`, Status: 400, Want: want{"error.code": `"0x0"`}},
		kittest.Step{Name: "no type", Path: path, Body: `{"Targets":[{"lastname":"C"}]}`, Status: 400, Want: want{"error.message": "~@odata.type"}},
		kittest.Step{Name: "same id twice", Path: path, Body: `{"Targets":[` + target(`"contactid":"`+account+`"`) + `,` + target(`"contactid":"`+account+`"`) + `]}`, Status: 412},
		kittest.Step{Name: "nothing", Path: path, Body: `{"Targets":[]}`, Status: 400},
		kittest.Step{Name: "privilege", Account: "noscope", Path: path, Body: `{"Targets":[` + target(`"lastname":"C"`) + `]}`, Status: 403},
	)
	if entries := crm.Ledger("acme"); len(entries) != 2 || entries[0].Op != "batch_create" {
		t.Errorf("%+v", entries)
	}
}

func part(request, header, body string) string {
	return "--batch_x\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n" +
		request + " HTTP/1.1\r\n" + header + "Content-Type: application/json; type=entry\r\n\r\n" + body + "\r\n"
}

func TestBatch(t *testing.T) {
	t.Parallel()
	post := func(body string) string { return part("POST https://contoso.crm.dynamics.com"+contacts, "", body) }
	good, wrong := post(`{"lastname":"A"}`), post(`{"nope":"A"}`)
	clash := part("PATCH "+contacts+"("+own+")", "If-None-Match: *\r\nPrefer: return=representation\r\n", `{"lastname":"O"}`)
	send := func(name string, status int, prefer, body string, wants ...string) kittest.Step {
		return kittest.Step{Name: name, Path: root + "/$batch", Status: status, Body: body, Header: want{"Content-Type": "multipart/mixed; boundary=batch_x", "Prefer": prefer}, Want: want{"": wants[0]}}
	}
	const end, goOn = "--batch_x--\r\n", "odata.continue-on-error"
	crm := kittest.Run(t, suite(),
		send("all", 200, "", good+good+end, `~HTTP/1.1 204 No Content\r\nOData-Version: 4.0\r\nOData-EntityId: https://example.com/api/data/v9.2/contacts(`),
		send("stopped", 400, "", good+wrong+good+end, `~HTTP/1.1 400 Bad Request`),
		send("going on", 200, goOn, wrong+good+end, `~HTTP/1.1 204 No Content`),
		send("own id", 200, goOn, clash+end, `~HTTP/1.1 201 Created`),
		send("own id again", 200, goOn, clash+end, `~HTTP/1.1 409 Conflict`),
		send("read", 200, goOn, part("GET "+contacts+"("+own+")", "", "")+end, `~\"lastname\":\"O\"`),
		send("elsewhere", 200, goOn, part("POST "+root+"/accounts", "", `{}`)+end, `~HTTP/1.1 404 Not Found`),
		send("form in a part", 200, goOn, strings.ReplaceAll(good, "application/json; type=entry", "text/plain")+end, `~HTTP/1.1 400 Bad Request`),
		send("line feeds", 400, goOn, strings.ReplaceAll(good+end, "\r\n", "\n"), `~must end in CRLF`),
		send("last line", 400, goOn, good+"--batch_x--", `~must end in CRLF`),
		send("no request", 400, goOn, end, `~0x80048d19`),
		send("change set", 400, goOn, strings.ReplaceAll(good, "application/http", "multipart/mixed; boundary=c")+end, `~application/http`),
		send("request line", 400, goOn, strings.ReplaceAll(good, " HTTP/1.1", "")+end, `~request line`),
		kittest.Step{Name: "media type", Path: root + "/$batch", Body: `{}`, Status: 415},
	)
	if n := crm.Counts("acme"); n.Creates != 5 || crm.Ledger("acme")[4].ID != own {
		t.Errorf("%+v", n)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	limit := func(name string, n int) kittest.Suite {
		s := suite()
		s.Prepare = func(crm *kit.CRM) {
			if err := crm.SetLimits(kit.Override{Name: name, Requests: n}); err != nil {
				t.Error(err)
			}
		}
		return s
	}
	probe := root + "/WhoAmI"
	kittest.Run(t, limit("requests", 1),
		kittest.Step{Path: probe},
		kittest.Step{Path: probe, Status: 429, Advance: 100 * time.Second, Want: want{"error.code": `"0x80072322"`}, WantHeader: want{"Retry-After": "200"}},
		kittest.Step{Path: probe, Advance: 200 * time.Second},
	)
	kittest.Run(t, limit("time", 50),
		kittest.Step{Path: probe},
		kittest.Step{Path: contacts + "/Microsoft.Dynamics.CRM.CreateMultiple", Body: `{"Targets":[{"@odata.type":"Microsoft.Dynamics.CRM.contact"},{"@odata.type":"Microsoft.Dynamics.CRM.contact"}]}`,
			Status: 429, Want: want{"error.code": `"0x80072321"`}},
		kittest.Step{Path: probe},
	)
}
