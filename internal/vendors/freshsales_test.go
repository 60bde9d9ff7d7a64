package vendors_test

import (
	"testing"

	"crmferry/internal/vendors/freshsales"
)

// TestFreshsalesAlias: the bundle alias is pasted in many forms.
func TestFreshsalesAlias(t *testing.T) {
	t.Parallel()
	clean := freshsales.Spec().Settings[0].Clean
	for alias, want := range map[string]string{
		"acme.myfreshworks.com/crm/sales":           "acme.myfreshworks.com/crm/sales/api",
		"https://Acme.myfreshworks.com/crm/sales/":  "acme.myfreshworks.com/crm/sales/api",
		"acme.myfreshworks.com":                     "acme.myfreshworks.com/crm/sales/api",
		"https://acme.freshworks.com/crm/sales/api": "acme.freshworks.com/crm/sales/api",
		" acme.freshsales.io ":                      "acme.freshsales.io/api",
		"http://acme.freshsales.io/api":             "acme.freshsales.io/api",
		"acme.myfreshworks.com/crm/sales/api":       "acme.myfreshworks.com/crm/sales/api",
	} {
		if got := clean(alias); got != want {
			t.Errorf("%q becomes %q, want %q", alias, got, want)
		}
	}
}
