package vendors_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/connector/connectortest"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/transport"
	"crmferry/internal/vendors"
)

func lookup(t *testing.T, crm string) *connector.Spec {
	t.Helper()
	spec, ok := vendors.NewCatalogue().Lookup(crm)
	if !ok {
		t.Fatalf("no connector for %s", crm)
	}
	return spec
}

func oauth(s *connector.Spec) connector.OAuth {
	if scheme, ok := s.Scheme(connector.OAuth2); ok && scheme.OAuth != nil {
		return *scheme.OAuth
	}
	return connector.OAuth{}
}

// TestTrapsOfTokens: a refresh token that is used twice breaks the connection
// at some CRMs; others take offence at many refreshes.
func TestTrapsOfTokens(t *testing.T) {
	t.Parallel()
	for _, crm := range []string{"close", "highlevel", "keap", "teamleader", "pipedrive"} {
		if !oauth(lookup(t, crm)).Rotates {
			t.Errorf("%s: a refresh token works once", crm)
		}
	}
	for crm, gap := range map[string]time.Duration{"outreach": time.Minute, "zoho-crm": time.Minute} {
		if got := oauth(lookup(t, crm)).MinGap; got < gap {
			t.Errorf("%s: refreshes may be %v apart, want %v", crm, got, gap)
		}
	}
	for crm, setting := range map[string]string{"salesforce": "instance_url", "zoho-crm": "api_domain"} {
		if got := oauth(lookup(t, crm)).Takes[setting]; got != setting {
			t.Errorf("%s: the host of a token answer goes to %q", crm, got)
		}
	}
	for crm, auth := range map[string]string{"pipedrive": "basic", "zendesk-sell": "basic", "keap": "basic", "wix": "json"} {
		if got := oauth(lookup(t, crm)).ClientAuth; got != auth {
			t.Errorf("%s: the client authenticates by %q, want %q", crm, got, auth)
		}
	}
	for _, crm := range []string{"attio", "copper"} {
		if got := oauth(lookup(t, crm)).Grant; got != "none" {
			t.Errorf("%s: tokens do not expire, but the grant is %q", crm, got)
		}
	}
}

// TestTrapsOfSearches: a search that misses fresh records proves nothing.
func TestTrapsOfSearches(t *testing.T) {
	t.Parallel()
	for crm, lag := range map[string]time.Duration{"copper": time.Minute, "pipedrive": time.Second, "close": time.Second} {
		for i, f := range lookup(t, crm).Find {
			if f.Lag < lag {
				t.Errorf("%s: finder %d trusts an empty answer after %v, want %v", crm, i, f.Lag, lag)
			}
		}
	}
	for _, crm := range []string{"attio", "salesforce"} {
		for i, f := range lookup(t, crm).Find {
			if f.Lag != 0 {
				t.Errorf("%s: finder %d waits %v, but the CRM reads its database", crm, i, f.Lag)
			}
		}
	}
}

// TestTrapsOfLimits: who shares a budget, and how low the smallest is.
func TestTrapsOfLimits(t *testing.T) {
	t.Parallel()
	if got := lookup(t, "onepagecrm").Limits.Scope; got != connector.PerIP {
		t.Errorf("onepagecrm throttles addresses, not %q", got)
	}
	for _, w := range lookup(t, "freshsales").Limits.Windows {
		if perHour := float64(w.Requests) * time.Hour.Hours() / w.Per.Hours(); perHour > 1000 {
			t.Errorf("freshsales allows 1,000 calls an hour in its smallest plan, not %v", perHour)
		}
	}
	if b := lookup(t, "planhat").Batch; b != nil && b.Coalesce {
		t.Error("planhat's batch changes existing people: single creates must not go that way")
	}
}

// TestTrapZendeskSellUserAgent: without a User-Agent all is 400.
func TestTrapZendeskSellUserAgent(t *testing.T) {
	t.Parallel()
	spec, agent := lookup(t, "zendesk-sell"), "not asked"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		agent = r.Header.Get("User-Agent")
		w.WriteHeader(http.StatusBadRequest)
	}))
	t.Cleanup(server.Close)
	client := transport.New(transport.Options{AllowPrivate: true})
	t.Cleanup(client.CloseIdle)
	here := func(string) *url.URL {
		u, _ := url.Parse(server.URL)
		return u
	}
	s, err := connector.NewClient(client, here, nil).Session(spec, connector.Account{
		Credential: connector.Credential{Scheme: connector.AccessToken, Values: map[string]string{connector.AccessToken: "token"}},
	}, connector.Job{Input: contact.Normalize(contact.Input{Contact: contact.Contact{Name: "Ada Lovelace"}})})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Create(context.Background(), send); fault.KindOf(err) != fault.Invalid || agent == "" || agent == "not asked" {
		t.Errorf("User-Agent %q, %v", agent, err)
	}
}

// TestTrapZohoMixedBatch: records are judged one by one, whatever the status.
func TestTrapZohoMixedBatch(t *testing.T) {
	t.Parallel()
	stage := connectortest.NewStage(t, lookup(t, "zoho-crm"), testdata("zoho-crm"))
	for _, status := range []int{200, 201, 202, 207} {
		out := stage.Play(t, connectortest.Scene{Op: "batch", Replies: map[string]connector.Reply{connector.OpCreate: {
			Status: status, Header: http.Header{}, Body: []byte(`{"data":[` +
				`{"code":"SUCCESS","details":{"id":"5725767000000524157"},"message":"record added","status":"success"},` +
				`{"code":"INVALID_DATA","details":{"api_name":"Email","json_path":"$.data[1].Email"},"message":"invalid data","status":"error"}]}`),
		}}})
		if out.Err != nil || len(out.Batch) != 2 {
			t.Errorf("%d: %d answers, %v", status, len(out.Batch), out.Err)
			continue
		}
		if first := out.Batch[0]; first.Err != nil || first.Contact.ID != "5725767000000524157" {
			t.Errorf("%d: the good record: %q, %v", status, first.Contact.ID, first.Err)
		}
		if f := fault.From(out.Batch[1].Err); f == nil || f.Kind != fault.Invalid {
			t.Errorf("%d: the bad record: %v", status, f)
		}
	}
}

// TestTrapInsightlyTags: tags may be ignored by a create, so they are compared.
func TestTrapInsightlyTags(t *testing.T) {
	t.Parallel()
	stage := connectortest.NewStage(t, lookup(t, "insightly"), testdata("insightly"))
	out := stage.Play(t, connectortest.Scene{Contact: contact.Contact{Tags: []contact.Tag{{Name: "VIP"}}}, Replies: map[string]connector.Reply{
		connector.OpCreate: {Status: 200, Header: http.Header{}, Body: []byte(`{"CONTACT_ID":4711,"FIRST_NAME":"Ada","TAGS":[]}`)},
	}})
	trap{sends: []string{"/Contacts\n", "/Contacts/4711/Tags", "VIP"}}.look(t, transcript(out))
}

// TestTrapsOfHeaders: schemes have words and headers of their own.
func TestTrapsOfHeaders(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ crm, scheme, header, want string }{
		{"copper", connector.APIKey, "X-PW-AccessToken", "{api_key}"},
		{"copper", connector.APIKey, "X-PW-Application", "developer_api"},
		{"copper", connector.APIKey, "X-PW-UserEmail", "{user_email}"},
		{"freshsales", connector.APIKey, "Authorization", "Token token={api_key}"},
		{"monday-crm", connector.APIKey, "Authorization", "{api_key}"},
		{"pipedrive", connector.APIKey, "x-api-token", "{api_key}"},
		{"wix", connector.APIKey, "Authorization", "{api_key}"},
		{"wix", connector.APIKey, "wix-site-id", "{site_id}"},
		{"zoho-crm", connector.OAuth2, "Authorization", "Zoho-oauthtoken {access_token}"},
	} {
		scheme, _ := lookup(t, tt.crm).Scheme(tt.scheme)
		if got := scheme.Headers[tt.header]; got != tt.want {
			t.Errorf("%s, scheme %s: %s is %q, want %q", tt.crm, tt.scheme, tt.header, got, tt.want)
		}
	}
	for _, crm := range []string{"close", "insightly"} {
		if scheme, _ := lookup(t, crm).Scheme(connector.APIKey); scheme.BasicPair != [2]string{"{api_key}", ""} {
			t.Errorf("%s: the key is the user name, without a password: %v", crm, scheme.BasicPair)
		}
	}
}

// TestTrapsOfReading: answers that are easily read wrongly.
func TestTrapsOfReading(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, time.November, 23, 9, 30, 17, 0, time.UTC)
	created := func(c contact.Contact) bool { return c.CreatedAt != nil && c.CreatedAt.Equal(at) }
	for _, tt := range []struct {
		crm, name, op, body string
		right               func(contact.Contact) bool
	}{
		{"attio", "values are a history", connector.OpCreate, `{"data":{"id":{"record_id":"r1"},"values":{"job_title":[` +
			`{"active_until":"2026-01-01T00:00:00Z","value":"Old"},{"active_until":null,"value":"New"}]}}}`,
			func(c contact.Contact) bool { return c.Title == "New" }},
		{"copper", "times are seconds", connector.OpCreate, `{"id":1,"name":"Ada","date_created":1795426217}`, created},
		{"insightly", "times carry no zone", connector.OpCreate, `{"CONTACT_ID":1,"FIRST_NAME":"Ada","DATE_CREATED_UTC":"2026-11-23 09:30:17"}`, created},
		{"keap", "offsets carry no colon", connector.OpCreate, `{"id":"1","given_name":"Ada","create_time":"2026-11-23T09:30:17.000+0000"}`, created},
		{"onepagecrm", "an empty company is none", connector.OpCreate, `{"status":0,"data":{"contact":{"id":"c1","last_name":"L","company_id":"","company_name":""}}}`,
			func(c contact.Contact) bool { return c.ID == "c1" && c.Account == nil }},
		{"pipeliner", "relations are addresses", connector.OpCreate, `{"success":true,"data":{"id":"c1","last_name":"L","created":"2026-11-23 09:30:17.000000+00:00",` +
			`"primary_account":"https://us-east.api.pipelinersales.com/api/v100/rest/spaces/s/entities/Accounts/a1"}}`,
			func(c contact.Contact) bool { return c.Account != nil && c.Account.ID == "a1" && created(c) }},
		{"salesforce", "offsets carry no colon", connector.OpRead, `{"Id":"003","CreatedDate":"2026-11-23T09:30:17.000+0000"}`, created},
		{"zoho-crm", "ids are too long for floats, and times have the user's offset", connector.OpRead,
			`{"data":[{"id":"5725767000000524157","Created_Time":"2026-11-23T01:30:17-08:00"}]}`,
			func(c contact.Contact) bool { return c.ID == "5725767000000524157" && created(c) }},
	} {
		stage := connectortest.NewStage(t, lookup(t, tt.crm), testdata(tt.crm))
		out := stage.Play(t, connectortest.Scene{Replies: map[string]connector.Reply{
			tt.op: {Status: lookupOK(t, tt.crm, tt.op), Header: http.Header{}, Body: []byte(tt.body)},
		}})
		if out.Err != nil || !tt.right(out.Contact) {
			t.Errorf("%s, %s: %+v, %v", tt.crm, tt.name, out.Contact, out.Err)
		}
	}
}

// lookupOK is a status with which an operation succeeds.
func lookupOK(t *testing.T, crm, op string) int {
	t.Helper()
	spec := lookup(t, crm)
	o := &spec.Create
	if op == connector.OpRead {
		o = spec.Read
	}
	if len(o.OK) > 0 {
		return o.OK[0]
	}
	return http.StatusOK
}
