package dynamics365sales

import (
	"regexp"
	"testing"
)

func TestHosts(t *testing.T) {
	t.Parallel()
	for host, ok := range map[string]bool{
		"https://contoso.crm.dynamics.com":          true,
		"https://contoso.api.crm4.dynamics.com":     true,
		"https://contoso-dev.crm11.dynamics.com":    true,
		"https://contoso.crm.dynamics.cn":           true,
		"https://agency.crm9.dynamics.com":          true,
		"https://agency.crm.microsoftdynamics.us":   true,
		"https://agency.crm.appsplatform.us":        true,
		"https://crm.dynamics.com":                  false,
		"https://contoso.evil.crm.dynamics.com":     false,
		"https://contoso.crm.evildynamics.com":      false,
		"https://contoso.crm.dynamics.com.evil.com": false,
		"https://contoso.dynamics.com":              false,
		"http://contoso.crm.dynamics.com":           false,
		"https://contoso.crm.dynamics.com/api/data": false,
	} {
		if got := regexp.MustCompile(instanceHost).MatchString(host); got != ok {
			t.Errorf("%s: %v", host, got)
		}
	}
	for value, ok := range map[string]bool{
		"412a1781-de11-ea11-a816-000d3aba9502": true, "contoso.onmicrosoft.com": true, "organizations": true,
		"common/oauth2": false, "..": false, "a b.com": false, "": false,
	} {
		if got := regexp.MustCompile(tenant).MatchString(value); got != ok {
			t.Errorf("tenant %s: %v", value, got)
		}
	}
}
