package kit_test

import (
	"testing"

	"crmferry/internal/sandbox/kit"
)

func TestCountries(t *testing.T) {
	t.Parallel()
	britain := kit.Country{Alpha2: "GB", Alpha3: "GBR", Name: "United Kingdom"}
	for code, want := range map[string]kit.Country{
		"GB": britain, "GBR": britain, "UK": {}, "gb": {}, "XX": {}, "United Kingdom": {}, "": {}, "AN": {}, "826": {},
	} {
		got, ok := kit.CountryOf(code)
		if ok != (want.Name != "") || (ok && got != want) {
			t.Errorf("%q: %+v, %v", code, got, ok)
		}
	}
	seen := map[string]bool{}
	for _, c := range kit.Countries() {
		if len(c.Alpha2) != 2 || len(c.Alpha3) != 3 || c.Name == "" || seen[c.Name] {
			t.Errorf("%+v", c)
		}
		seen[c.Name] = true
	}
	if len(seen) < 240 || !seen["United States"] {
		t.Errorf("%d countries", len(seen))
	}
}
