package account_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/account"
	"crmferry/internal/contact"
)

const salesforceAuth = `{"scheme": "oauth2", "access_token": "abc"}`

func TestCreateRefusesSettings(t *testing.T) {
	t.Parallel()
	const (
		required = "is required by Salesforce, such as https://acme.my.salesforce.com"
		foreign  = "is not an address of Salesforce's, such as https://acme.my.salesforce.com"
		instance = `"instance_url": "https://acme.my.salesforce.com"`
	)
	host := func(url string) refusal {
		return refusal{`{"instance_url": "` + url + `"}`, []contact.Problem{problem("/settings/instance_url", "host_not_allowed", foreign)}}
	}
	tests := map[string]refusal{
		"absent":        {`null`, []contact.Problem{problem("/settings/instance_url", "required", required)}},
		"blank":         {`{"instance_url": " "}`, []contact.Problem{problem("/settings/instance_url", "required", required)}},
		"not an object": {`"x"`, []contact.Problem{problem("/settings", "wrong_type", "must be a JSON object")}},
		"misspelt": {`{"instanceurl": "https://acme.my.salesforce.com"}`, []contact.Problem{
			problem("/settings/instanceurl", "unknown_field", "is no setting; did you mean instance_url?"),
		}},
		"unknown": {`{` + instance + `, "colour": 1}`, []contact.Problem{
			problem("/settings/colour", "unknown_field", "is no setting of Salesforce, which has: instance_url, api_version, allow_duplicates, external_id_field"),
		}},
		"a credential": {`{` + instance + `, "refresh_token": "x"}`, []contact.Problem{
			problem("/settings/refresh_token", "unknown_field", "is a credential and belongs in /auth"),
		}},
		"format":     {`{` + instance + `, "api_version": 67}`, []contact.Problem{problem("/settings/api_version", "invalid_format", "does not have the right form, such as 67.0")}},
		"no example": {`{` + instance + `, "allow_duplicates": "truefalse"}`, []contact.Problem{problem("/settings/allow_duplicates", "invalid_format", "does not have the right form")}},
		"wrong type": {`{` + instance + `, "external_id_field": {}}`, []contact.Problem{problem("/settings/external_id_field", "wrong_type", "must be a string")}},
		"control character": {`{` + instance + `, "external_id_field": "a\u0000b"}`, []contact.Problem{
			problem("/settings/external_id_field", "control_character", "holds a control character"),
		}},
		"too long": {`{` + instance + `, "external_id_field": "` + strings.Repeat("a", 2049) + `"}`, []contact.Problem{
			problem("/settings/external_id_field", "too_long", "is longer than 2048 bytes"),
		}},
		"another host":        host("https://evil.example"),
		"host as a prefix":    host("https://acme.my.salesforce.com.evil.example"),
		"host as a user":      host("https://acme.my.salesforce.com@evil.example"),
		"host in the path":    host("https://evil.example/https://acme.my.salesforce.com"),
		"host in a fragment":  host("https://evil.example#.my.salesforce.com"),
		"host without TLS":    host("http://acme.my.salesforce.com"),
		"host with a port":    host("https://acme.my.salesforce.com:8443"),
		"host with a newline": {`{"instance_url": "https://evil.example\nhttps://acme.my.salesforce.com"}`, []contact.Problem{problem("/settings/instance_url", "control_character", "holds a control character")}},
	}
	all := map[string]refusal{}
	for name, test := range tests {
		all[name] = refusal{`{"crm": "salesforce", "auth": ` + salesforceAuth + `, "settings": ` + test.request + `}`, test.want}
	}
	all["none to be had"] = refusal{
		`{"crm": "hubspot", "auth": ` + salesforceAuth + `, "settings": {"pod": "na1"}}`,
		[]contact.Problem{problem("/settings/pod", "unknown_field", "is no setting; HubSpot has none")},
	}
	testRefusals(t, all)
}

func TestCreateTakesSettings(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	a := b.connect(t, func(r *account.CreateRequest) {
		r.CRM, r.Auth = "salesforce", account.Opaque(salesforceAuth)
		r.Settings = account.Opaque(`{"instance_url": " HTTPS://Acme.my.salesforce.com/", "allow_duplicates": true, "api_version": 68.0, "external_id_field": null}`)
	})
	want := map[string]string{"instance_url": "https://acme.my.salesforce.com", "allow_duplicates": "true", "api_version": "68.0"}
	if diff := cmp.Diff(want, a.Settings); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
	opened, err := b.Open(t.Context(), tenant, a.ID)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	if diff := cmp.Diff(want, opened.Settings); diff != "" {
		t.Errorf("opened settings (-want +got):\n%s", diff)
	}
}

// A Spec that lets credentials go to any host, or whose pattern is no pattern,
// is our fault and not the caller's.
func TestCreateWithBadSpec(t *testing.T) {
	t.Parallel()
	for crm, settings := range map[string]string{"unguarded": `{"instance_url": "https://evil.example"}`, "broken": `{"region": "x"}`} {
		_, err := newBench(t).Create(t.Context(), tenant, "", account.CreateRequest{
			CRM: crm, Auth: account.Opaque(`{"scheme": "api_key", "api_key": "abc"}`), Settings: account.Opaque(settings),
		})
		var invalid *contact.Invalid
		if err == nil || errors.As(err, &invalid) {
			t.Errorf("%s: error %v, want one that is not the caller's", crm, err)
		}
	}
}
