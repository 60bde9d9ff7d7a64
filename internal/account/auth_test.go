package account_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/account"
	"crmferry/internal/connector"
	"crmferry/internal/contact"
)

func TestCreateRefusesAuth(t *testing.T) {
	t.Parallel()
	const (
		missing  = "is required by the scheme access_token"
		bare     = "must be the bare token: ASCII without spaces, and no word such as Bearer before it"
		wantTime = "must be an RFC 3339 time or seconds since 1970"
	)
	tests := map[string]struct {
		crm, auth string
		want      []contact.Problem
	}{
		"absent":        {"hubspot", `null`, []contact.Problem{problem("/auth", "required", "is required: an object of scheme and its parameters")}},
		"not an object": {"hubspot", `["abc"]`, []contact.Problem{problem("/auth", "wrong_type", "must be a JSON object")}},
		"empty": {"hubspot", `{}`, []contact.Problem{
			problem("/auth/scheme", "required", "is required; HubSpot takes: access_token, oauth2"),
		}},
		"scheme not offered": {"hubspot", `{"scheme": "basic", "username": "u"}`, []contact.Problem{
			problem("/auth/scheme", "unknown_scheme", "is no scheme of HubSpot, which takes: access_token, oauth2"),
			problem("/auth/username", "unknown_field", "is no parameter here; the parameters are: access_token, client_id, client_secret, refresh_token, expires_at"),
		}},
		"scheme of a wrong type": {"hubspot", `{"scheme": 1}`, []contact.Problem{problem("/auth/scheme", "wrong_type", "must be a string")}},
		"missing":                {"hubspot", `{"scheme": "access_token"}`, []contact.Problem{problem("/auth/access_token", "required", missing)}},
		"null and blank":         {"hubspot", `{"scheme": "access_token", "access_token": " "}`, []contact.Problem{problem("/auth/access_token", "required", missing)}},
		"misspelt": {"hubspot", `{"scheme": "access_token", "acess_token": "abc"}`, []contact.Problem{
			problem("/auth/acess_token", "unknown_field", "is no parameter; did you mean access_token?"),
		}},
		"misspelt scheme": {"hubspot", `{"shceme": "access_token", "access_token": "abc"}`, []contact.Problem{
			problem("/auth/scheme", "required", "is required; HubSpot takes: access_token, oauth2"),
			problem("/auth/shceme", "unknown_field", "is no parameter; did you mean scheme?"),
		}},
		"parameter of another scheme": {"wix", `{"scheme": "api_key", "api_key": "abc", "client_id": "x"}`, []contact.Problem{
			problem("/auth/client_id", "unknown_field", "is a parameter of another scheme; this one takes: api_key"),
		}},
		"a setting": {"salesforce", `{"scheme": "oauth2", "access_token": "abc", "api_version": "67.0"}`, []contact.Problem{
			problem("/auth/api_version", "unknown_field", "is a setting and belongs in /settings"),
		}},
		"a name that may be a secret": {"hubspot", `{"scheme": "access_token", "pat-na1-77": "abc"}`, []contact.Problem{
			problem("/auth", "unknown_field", "has a member whose name is no parameter here; the parameters are: access_token"),
			problem("/auth/access_token", "required", missing),
		}},
		"wrong types": {"hubspot", `{"scheme": "oauth2", "access_token": 1, "client_id": ["x"], "expires_at": true}`, []contact.Problem{
			problem("/auth/access_token", "wrong_type", "must be a string"),
			problem("/auth/client_id", "wrong_type", "must be a string"),
			problem("/auth/expires_at", "invalid_date_time", wantTime),
		}},
		"twice": {"hubspot", `{"scheme": "access_token", "access_token": "abc", "access_token": "def"}`, []contact.Problem{
			problem("/auth/access_token", "duplicate_key", "appears more than once"),
		}},
		"with the word before it": {"hubspot", `{"scheme": "access_token", "access_token": "Bearer abc"}`, []contact.Problem{problem("/auth/access_token", "invalid_format", bare)}},
		"not ASCII":               {"wix", `{"scheme": "api_key", "api_key": "äbc"}`, []contact.Problem{problem("/auth/api_key", "invalid_format", bare)}},
		"header injection": {"hubspot", `{"scheme": "access_token", "access_token": "abc\r\nX-Evil: 1"}`, []contact.Problem{
			problem("/auth/access_token", "control_character", "holds a control character, such as a line end"),
		}},
		"too long": {"hubspot", `{"scheme": "access_token", "access_token": "` + strings.Repeat("a", 8193) + `"}`, []contact.Problem{
			problem("/auth/access_token", "too_long", "is longer than 8192 bytes"),
		}},
		"basic": {"nutshell", `{"scheme": "basic", "username": "a:b", "password": "abc\n"}`, []contact.Problem{
			problem("/auth/username", "invalid_format", "must not hold a colon, which separates it from the password"),
			problem("/auth/password", "control_character", "holds a control character, such as a line end"),
		}},
		"client credentials": {"wix", `{"scheme": "oauth2", "client_id": "x"}`, []contact.Problem{
			problem("/auth/client_secret", "required", "is required by the scheme oauth2"),
		}},
		"expiry": {"hubspot", `{"scheme": "oauth2", "access_token": "abc", "expires_at": "tomorrow"}`, []contact.Problem{problem("/auth/expires_at", "invalid_date_time", wantTime)}},
		"expiry out of range": {"hubspot", `{"scheme": "oauth2", "access_token": "abc", "expires_at": 1e300}`, []contact.Problem{
			problem("/auth/expires_at", "invalid_date_time", wantTime),
		}},
	}
	all := map[string]refusal{}
	for name, test := range tests {
		all[name] = refusal{`{"crm": "` + test.crm + `", "auth": ` + test.auth + `, "settings": ` + settingsFor(test.crm) + `}`, test.want}
	}
	testRefusals(t, all)
}

func settingsFor(crm string) string {
	if crm == "salesforce" {
		return `{"instance_url": "https://acme.my.salesforce.com"}`
	}
	return `{}`
}

func TestCreateTakesAuth(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		crm, auth string
		want      connector.Credential
	}{
		"access token, trimmed": {"hubspot", `{"access_token": " abc\n", "scheme": "access_token", "api_key": null}`,
			credential("access_token", "access_token", "abc")},
		"api key": {"wix", `{"scheme": "api_key", "api_key": "abc"}`, credential("api_key", "api_key", "abc")},
		"basic, spaces kept in the password": {"nutshell", `{"scheme": "basic", "username": " ada@example.com ", "password": " p:ä "}`,
			credential("basic", "username", "ada@example.com", "password", " p:ä ")},
		"oauth2": {"hubspot", `{"scheme": "oauth2", "client_id": "id", "client_secret": "s e", "access_token": "abc", "refresh_token": "def", "expires_at": "2026-01-02T03:04:05+01:00"}`,
			credential("oauth2", "client_id", "id", "client_secret", "s e", "access_token", "abc", "refresh_token", "def", "expires_at", "2026-01-02T02:04:05Z")},
		"expiry in seconds":      {"hubspot", `{"scheme": "oauth2", "access_token": "abc", "expires_at": 1767323045}`, credential("oauth2", "access_token", "abc", "expires_at", "2026-01-02T03:04:05Z")},
		"expiry in milliseconds": {"hubspot", `{"scheme": "oauth2", "access_token": "abc", "expires_at": "1767323045999"}`, credential("oauth2", "access_token", "abc", "expires_at", "2026-01-02T03:04:05Z")},
		"blank expiry":           {"hubspot", `{"scheme": "oauth2", "access_token": "abc", "expires_at": ""}`, credential("oauth2", "access_token", "abc")},
		"client credentials":     {"wix", `{"scheme": "oauth2", "client_id": "id", "client_secret": "s"}`, credential("oauth2", "client_id", "id", "client_secret", "s")},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			a := b.connect(t, func(r *account.CreateRequest) { r.CRM, r.Auth = test.crm, account.Opaque(test.auth) })
			if a.Scheme != test.want.Scheme {
				t.Errorf("scheme %q, want %q", a.Scheme, test.want.Scheme)
			}
			opened, err := b.Open(t.Context(), tenant, a.ID)
			if err != nil {
				t.Fatalf("Open: %v", err)
			}
			if diff := cmp.Diff(test.want.Values, opened.Credential.Values); diff != "" || opened.Credential.Scheme != test.want.Scheme {
				t.Errorf("credential of scheme %q (-want +got):\n%s", opened.Credential.Scheme, diff)
			}
		})
	}
}

func credential(scheme string, pairs ...string) connector.Credential {
	c := connector.Credential{Scheme: scheme, Values: map[string]string{}}
	for i := 0; i < len(pairs); i += 2 {
		c.Values[pairs[i]] = pairs[i+1]
	}
	return c
}
