package salesforce_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/sandbox/kit"
	"crmferry/internal/sandbox/kit/kittest"
	"crmferry/internal/sandbox/salesforce"
)

const (
	data     = "/services/data/v67.0"
	contacts = data + "/sobjects/Contact"
)

type want = map[string]string

func run(t *testing.T, steps ...kittest.Step) *kit.CRM {
	t.Helper()
	return kittest.Run(t, kittest.Suite{Spec: salesforce.Spec()}, steps...)
}

func soql(q string) string { return data + "/query?q=" + url.QueryEscape(q) }

func TestAuthentication(t *testing.T) {
	t.Parallel()
	session := want{"0.errorCode": `"INVALID_SESSION_ID"`, "0.message": `"Session expired or invalid"`}
	run(t,
		kittest.Step{Name: "none", Token: "-", Path: contacts + "/x", Status: 401, Want: session},
		kittest.Step{Name: "foreign", Token: "sbx_hubspot_acme", Path: contacts + "/x", Status: 401, Want: session},
		kittest.Step{Name: "expired", Account: "expired", Path: contacts + "/x", Status: 401, Want: session},
		kittest.Step{Name: "no scope", Account: "noscope", Path: contacts, Body: `{"LastName":"A"}`, Status: 403,
			Want: want{"0.errorCode": `"INSUFFICIENT_ACCESS_OR_READONLY"`}},
		kittest.Step{Name: "versions need none", Token: "-", Path: "/services/data/", Want: want{"0.version": `"67.0"`, "1.version": `"68.0"`}},
		kittest.Step{Name: "probe", Path: "/services/oauth2/userinfo", Want: want{"organization_id": `~00D`, "user_id": "~005"}},
		kittest.Step{Name: "other probe", Path: data + "/", Want: want{"sobjects": `"/services/data/v67.0/sobjects"`}},
		kittest.Step{Name: "no such version", Path: "/services/data/v99.0/", Status: 404, Want: want{"0.errorCode": `"NOT_FOUND"`}},
		kittest.Step{Name: "no such object", Path: data + "/sobjects/Kontact/x", Status: 404},
		kittest.Step{Name: "wrong method", Method: "PUT", Path: contacts, Status: 405, Want: want{"0.errorCode": `"METHOD_NOT_ALLOWED"`}},
		kittest.Step{Name: "wrong type", Path: contacts, Body: "LastName=A", Header: want{"Content-Type": "text/plain"}, Status: 415},
	)
}

func TestCreate(t *testing.T) {
	t.Parallel()
	crm := run(t,
		kittest.Step{Name: "create", Path: contacts, Status: 201,
			Body: `{"FirstName":"Ada","LastName":"Lovelace","Email":"Ada@example.com","My_Number__c":7,"AccountId":"001D000000IqhSLIAZ"}`,
			Want: want{"success": "true", "errors": "[]", "id": `~"003`}, Save: want{"id": "id"},
			WantHeader: want{"Location": "~" + contacts + "/003", "Sforce-Limit-Info": "api-usage=1/100000"}},
		kittest.Step{Name: "duplicates are fine", Path: contacts, Body: `{"LastName":"Lovelace","Email":"ada@example.com"}`, Status: 201},
		kittest.Step{Name: "read", Path: contacts + "/{{id}}?fields=Id,Name,My_Number__c,CreatedDate,LastActivityDate,OwnerId", Want: want{
			"Id": `"{{id}}"`, "Name": `"Ada Lovelace"`, "My_Number__c": "7.0", "CreatedDate": `"2026-11-24T12:00:00.000+0000"`,
			"LastActivityDate": "null", "OwnerId": `~"005`, "Email": "-", "attributes.type": `"Contact"`}},
		kittest.Step{Name: "read all", Path: contacts + "/{{id}}", Want: want{"Email": `"Ada@example.com"`, "Phone": "null", "AccountId": `"001D000000IqhSLIAZ"`}},
		kittest.Step{Name: "unknown field", Path: contacts + "/{{id}}?fields=Id,Nope", Status: 400, Want: want{"0.errorCode": `"INVALID_FIELD"`}},
		kittest.Step{Name: "update", Method: "PATCH", Path: contacts + "/{{id}}", Body: `{"Title":"Analyst","Email":null}`, Status: 204, Advance: time.Hour},
		kittest.Step{Name: "updated", Path: contacts + "/{{id}}", Want: want{"Title": `"Analyst"`, "Email": "null", "LastModifiedDate": `"2026-11-24T13:00:00.000+0000"`}},
		kittest.Step{Name: "update of none", Method: "PATCH", Path: contacts + "/003000000000000AAA", Body: `{"Title":"x"}`, Status: 404},
		kittest.Step{Name: "topic", Path: data + "/connect/records/{{id}}/topics", Body: `{"topicName":"VIP"}`, Status: 201,
			Want: want{"name": `"VIP"`, "id": `~"0TO`}, Save: want{"topic": "id"}},
		kittest.Step{Name: "topic again", Path: data + "/connect/records/{{id}}/topics", Body: `{"topicId":"{{topic}}"}`, Status: 201},
		kittest.Step{Name: "topic assignment", Path: data + "/sobjects/TopicAssignment", Body: `{"TopicId":"{{topic}}","EntityId":"{{id}}"}`, Status: 201},
		kittest.Step{Name: "topics", Path: data + "/query?q=SELECT+TopicId,Topic.Name+FROM+TopicAssignment+WHERE+EntityId='{{id}}'",
			Want: want{"totalSize": "1", "records.0.Topic.Name": `"VIP"`, "records.0.TopicId": `"{{topic}}"`}},
	)
	if diff := cmp.Diff(map[string]int{"update": 1, "topic": 3}, crm.Counts("acme").FollowUps); diff != "" {
		t.Error(diff)
	}
}

func TestValidation(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		body string
		want want
	}{
		"no last name":     {`{"FirstName":"Ada"}`, want{"0": `{"errorCode":"REQUIRED_FIELD_MISSING","fields":["LastName"],"message":"Required fields are missing: [LastName]"}`}},
		"empty last name":  {`{"LastName":""}`, want{"0.errorCode": `"REQUIRED_FIELD_MISSING"`}},
		"unknown field":    {`{"LastName":"A","X__c":"1"}`, want{"0": `{"errorCode":"INVALID_FIELD","message":"No such column 'X__c' on sobject of type Contact"}`}},
		"not writable":     {`{"LastName":"A","CreatedDate":"2026-01-01T00:00:00Z"}`, want{"0.errorCode": `"INVALID_FIELD_FOR_INSERT_UPDATE"`, "0.fields": `["CreatedDate"]`}},
		"too long":         {`{"LastName":"A","Phone":"` + strings.Repeat("1", 41) + `"}`, want{"0.errorCode": `"STRING_TOO_LONG"`, "0.fields": `["Phone"]`}},
		"invalid e-mail":   {`{"LastName":"A","Email":"ada@"}`, want{"0.errorCode": `"INVALID_EMAIL_ADDRESS"`, "0.fields": `["Email"]`}},
		"number as string": {`{"LastName":"A","My_Number__c":"7"}`, want{"0.errorCode": `"JSON_PARSER_ERROR"`}},
		"bad date":         {`{"LastName":"A","My_Date__c":"24.11.2026"}`, want{"0.errorCode": `"JSON_PARSER_ERROR"`}},
		"no JSON":          {`{"LastName":`, want{"0.errorCode": `"JSON_PARSER_ERROR"`}},
		"malformed id":     {`{"LastName":"A","AccountId":"9001"}`, want{"0.errorCode": `"MALFORMED_ID"`, "0.fields": `["AccountId"]`}},
		"unknown owner":    {`{"LastName":"A","OwnerId":"005000000000404"}`, want{"0.errorCode": `"INVALID_CROSS_REFERENCE_KEY"`, "0.fields": "[]"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if n := run(t, kittest.Step{Path: contacts, Body: test.body, Status: 400, Want: test.want}).Count(""); n != 0 {
				t.Errorf("%d contacts stored", n)
			}
		})
	}
}

func TestDuplicateRule(t *testing.T) {
	t.Parallel()
	body := `{"LastName":"Lovelace","Email":"ada@example.com"}`
	save := want{"Sforce-Duplicate-Rule-Header": "allowSave=true"}
	const result = "0.duplicateResut."
	run(t,
		kittest.Step{Account: "strict-1", Path: contacts, Body: body, Status: 201, Save: want{"id": "id"}},
		kittest.Step{Name: "alert", Account: "strict-1", Path: contacts, Body: body, Status: 400, Want: want{
			"0.errorCode": `"DUPLICATES_DETECTED"`, result + "allowSave": "true", result + "matchResults.0.entityType": `"Contact"`,
			result + "matchResults.0.matchRecords.0.record.Id": `"{{id}}"`, result + "matchResults.0.size": "1"}},
		kittest.Step{Name: "same person by phone", Account: "strict-1", Path: contacts, Body: `{"LastName":"Byron","Phone":"+1 2"}`, Status: 201},
		kittest.Step{Name: "same person by phone", Account: "strict-1", Path: contacts, Body: `{"LastName":"byron","Phone":"+12"}`, Status: 400},
		kittest.Step{Name: "in a collection", Account: "strict-1", Path: data + "/composite/sobjects",
			Body: `{"allOrNone":false,"records":[{"attributes":{"type":"Contact"},"LastName":"L","Email":"ada@example.com"}]}`,
			Want: want{"0.errors.0.statusCode": `"DUPLICATES_DETECTED"`, "0.errors.0.fields": "[]", "0.errors.0.duplicateResut": "-"}},
		kittest.Step{Name: "saved all the same", Account: "strict-1", Path: contacts, Body: body, Header: save, Status: 201},
		kittest.Step{Account: "strictblock", Path: contacts, Body: body, Status: 201},
		kittest.Step{Name: "blocked", Account: "strictblock", Path: contacts, Body: body, Header: save, Status: 400, Want: want{result + "allowSave": "false"}},
	)
}

func TestExternalID(t *testing.T) {
	t.Parallel()
	at := contacts + "/Ext_Id__c/k1"
	crm := run(t,
		kittest.Step{Name: "absent", Path: at, Status: 404, Want: want{"0.errorCode": `"NOT_FOUND"`}},
		kittest.Step{Name: "update only", Method: "PATCH", Path: at + "?updateOnly=true", Body: `{"LastName":"A"}`, Status: 404},
		kittest.Step{Name: "invalid", Method: "PATCH", Path: at, Body: `{"FirstName":"A"}`, Status: 400, Want: want{"0.errorCode": `"REQUIRED_FIELD_MISSING"`}},
		kittest.Step{Name: "key in the body", Method: "PATCH", Path: at, Body: `{"LastName":"A","Ext_Id__c":"k1"}`, Status: 400, Want: want{"0.errorCode": `"INVALID_FIELD"`}},
		kittest.Step{Name: "created", Method: "PATCH", Path: at, Body: `{"LastName":"A"}`, Status: 201, Want: want{"created": "true"}, Save: want{"id": "id"}},
		kittest.Step{Name: "updated", Method: "PATCH", Path: at, Body: `{"FirstName":"Ada"}`, Want: want{"created": "false", "id": `"{{id}}"`}},
		kittest.Step{Name: "read", Path: at + "?fields=FirstName,LastName", Want: want{"FirstName": `"Ada"`, "LastName": `"A"`}},
		kittest.Step{Name: "post with it", Path: contacts, Body: `{"LastName":"A","Ext_Id__c":"k1"}`, Status: 400,
			Want: want{"0.errorCode": `"DUPLICATE_VALUE"`, "0.message": "~with id: {{id}}", "0.fields": "[]"}},
		kittest.Step{Name: "other field", Method: "PATCH", Path: contacts + "/My_Field__c/k1", Body: `{"LastName":"A"}`, Status: 404},
		kittest.Step{Name: "no scope", Account: "noscope", Method: "PATCH", Path: at, Body: `{"LastName":"A"}`, Status: 403},
	)
	if entries := crm.Ledger("acme"); len(entries) != 1 || entries[0].Op != "upsert" {
		t.Errorf("ledger: %+v", entries)
	}
}

func TestCollection(t *testing.T) {
	t.Parallel()
	path := data + "/composite/sobjects"
	run(t,
		kittest.Step{Name: "partly", Path: path,
			Body: `{"allOrNone":false,"records":[{"attributes":{"type":"Contact"},"LastName":"A"},{"attributes":{"type":"Contact"},"FirstName":"B"}]}`,
			Want: want{"0.success": "true", "0.errors": "[]", "1.id": "-", "1.success": "false",
				"1.errors": `[{"fields":["LastName"],"message":"Required fields are missing: [LastName]","statusCode":"REQUIRED_FIELD_MISSING"}]`},
			WantHeader: want{"Sforce-Limit-Info": "api-usage=1/100000"}},
		kittest.Step{Name: "all or none", Path: path,
			Body: `{"allOrNone":true,"records":[{"attributes":{"type":"Contact"},"LastName":"A"},{"attributes":{"type":"Contact"},"FirstName":"B"}]}`,
			Want: want{"0.errors.0.statusCode": `"ALL_OR_NONE_OPERATION_ROLLED_BACK"`, "1.errors.0.statusCode": `"REQUIRED_FIELD_MISSING"`}},
		kittest.Step{Name: "empty", Path: path, Body: `{"records":[]}`, Status: 400, Want: want{"0.errorCode": `"REQUIRED_FIELD_MISSING"`}},
		kittest.Step{Name: "no type", Path: path, Body: `{"records":[{"LastName":"A"}]}`, Status: 400},
		kittest.Step{Name: "too many", Path: path, Status: 400,
			Body: `{"records":[` + strings.Repeat(`{"attributes":{"type":"Contact"},"LastName":"A"},`, 200) + `{}]}`},
		kittest.Step{Name: "count", Path: soql("SELECT Id FROM Contact"), Want: want{"totalSize": "1"}},
		kittest.Step{Name: "upsert", Method: "PATCH", Path: path + "/Contact/Ext_Id__c",
			Body: `{"records":[{"attributes":{"type":"Contact"},"LastName":"A","Ext_Id__c":"k"},{"attributes":{"type":"Contact"},"LastName":"B","Ext_Id__c":"k"},{"attributes":{"type":"Contact"},"LastName":"C"}]}`,
			Want: want{"0.created": "true", "1.created": "false", "1.success": "true", "2.errors.0.statusCode": `"MISSING_ARGUMENT"`}},
	)
}

func TestSOQL(t *testing.T) {
	t.Parallel()
	suite := kittest.Suite{Spec: salesforce.Spec(), Options: kit.Options{IndexLag: time.Hour}, Clock: kittest.NewClock()}
	suite.Prepare = func(crm *kit.CRM) {
		crm.Seed("acme", kit.Person{FirstName: "Ada", LastName: "O'Neil\\", Email: "ada@example.com", Phone: "+1"}, suite.Clock.Now().Add(-time.Hour))
	}
	count := func(n, where string) kittest.Step {
		return kittest.Step{Name: where, Path: soql("SELECT Id, Name FROM Contact WHERE " + where), Want: want{"totalSize": n, "done": "true"}}
	}
	fails := func(code, q string) kittest.Step {
		return kittest.Step{Name: q, Path: soql(q), Status: 400, Want: want{"0.errorCode": `"` + code + `"`}}
	}
	kittest.Run(t, suite,
		kittest.Step{Path: contacts, Body: `{"LastName":"Lovelace","Email":"ada@example.com","My_Number__c":7}`, Status: 201, Save: want{"id": "id"}},
		count("2", "Email='ADA@example.com'"),
		count("1", `LastName='O\'Neil\\' AND FirstName='ada' AND Phone='+1'`),
		count("1", "Email='ada@example.com' AND CreatedDate>=2026-11-24T11:59:58Z"),
		count("2", "CreatedDate >= 2026-11-24T11:00:00.000+0000 AND CreatedDate < 2026-11-24T13:00:00Z"),
		count("1", "My_Number__c >= 6.5 AND My_Number__c < 7.5"),
		count("0", "My_Number__c = 7.25"),
		count("1", "FirstName = null"), count("1", "FirstName != null"),
		count("1", "LastName LIKE 'Love%'"), count("2", "LastName IN ('lovelace', 'O\\'Neil\\\\')"), count("0", "Email='nobody@example.com'"),
		kittest.Step{Name: "order and limit", Path: soql("select Id,CreatedDate from Contact where Email='ada@example.com' order by CreatedDate desc limit 1"),
			Want: want{"totalSize": "1", "records.0.Id": `"{{id}}"`, "records.0.CreatedDate": `"2026-11-24T12:00:00.000+0000"`, "records.0.Name": "-",
				"records.0.attributes.url": `"` + contacts + `/{{id}}"`}},
		fails("MALFORMED_QUERY", "SELECT Id FROM Contact WHERE Email='it's'"),
		fails("MALFORMED_QUERY", "SELECT Id FROM Contact WHERE"),
		fails("MALFORMED_QUERY", "SELECT Id FROM Contact LIMIT x"),
		fails("MALFORMED_QUERY", ""),
		fails("INVALID_FIELD", "SELECT Nope FROM Contact"),
		fails("INVALID_FIELD", "SELECT Id FROM Contact WHERE CreatedDate >= '2026-11-24T11:00:00Z'"),
		fails("INVALID_FIELD", "SELECT Id FROM Contact WHERE Email = ada"),
		fails("INVALID_TYPE", "SELECT Id FROM Kontact"),
	)
}

func TestLimit(t *testing.T) {
	t.Parallel()
	suite := kittest.Suite{Spec: salesforce.Spec(), Prepare: func(crm *kit.CRM) {
		if err := crm.SetLimits(kit.Override{Name: "daily", Requests: 1}); err != nil {
			t.Error(err)
		}
	}}
	kittest.Run(t, suite,
		kittest.Step{Path: data + "/", WantHeader: want{"Sforce-Limit-Info": "api-usage=1/1"}},
		kittest.Step{Path: data + "/", Status: 403, Want: want{"0.errorCode": `"REQUEST_LIMIT_EXCEEDED"`}, WantHeader: want{"Retry-After": "-"}},
		kittest.Step{Path: data + "/", Advance: 24 * time.Hour},
	)
}

func TestDescribeAndConnect(t *testing.T) {
	t.Parallel()
	crm := run(t, kittest.Step{Path: contacts + "/describe", Want: want{"": `~"name":"Ext_Id__c"`, "keyPrefix": `"003"`}})
	_, settings := crm.Connect("acme", "http://127.0.0.1:9000/salesforce")
	if diff := cmp.Diff(map[string]string{"instance_url": "http://127.0.0.1:9000/salesforce"}, settings); diff != "" {
		t.Error(diff)
	}
	if _, settings = crm.Connect("acme", ""); settings["instance_url"] != "https://acme.my.salesforce.com" {
		t.Errorf("settings: %v", settings)
	}
}
