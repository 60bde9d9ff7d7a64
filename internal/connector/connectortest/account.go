package connectortest

import (
	"strings"

	"crmferry/internal/connector"
)

// account is the integrated account of a conversation. Missing credentials
// are made up.
func account(spec *connector.Spec, c Conversation) connector.Account {
	auth := c.Auth
	if auth == nil {
		auth = map[string]string{"scheme": spec.Schemes[0].ID}
		for _, p := range spec.Schemes[0].Params() {
			auth[p.Key] = "test-" + strings.ReplaceAll(p.Key, "_", "-")
		}
	}
	values := map[string]string{}
	for key, value := range auth {
		if key != "scheme" {
			values[key] = value
		}
	}
	return connector.Account{
		ID: "account", Revision: "1", Settings: c.Settings,
		Credential: connector.Credential{Scheme: auth["scheme"], Values: values},
	}
}

// origin is the scheme and host of the CRM's API.
func origin(spec *connector.Spec, settings map[string]string) string {
	base := spec.BaseURL
	for _, s := range spec.Settings {
		value := settings[s.Key]
		if value == "" {
			value = s.Default
		}
		base = strings.ReplaceAll(base, "{"+s.Key+"}", value)
	}
	scheme, rest, _ := strings.Cut(base, "://")
	host, _, _ := strings.Cut(rest, "/")
	return scheme + "://" + host
}
