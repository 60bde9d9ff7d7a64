package contact

import (
	"maps"
	"slices"
	"testing"
)

// A spelling listed under two countries would be decided by the order of a map.
func TestSpellingsAreUnambiguous(t *testing.T) {
	t.Parallel()
	owner := map[string]string{}
	claim := func(name, code string) {
		key := countryKey(name)
		if other, taken := owner[key]; taken && other != code {
			t.Errorf("%q is claimed by %s and %s", name, other, code)
		}
		owner[key] = code
	}
	a := countries()
	for _, code := range slices.Sorted(maps.Keys(a.name)) {
		if a.name[code] == "" || len(a.alpha3[code]) != 3 || a.alpha3[code] == "ZZZ" {
			t.Errorf("%s has the name %q and the code %q", code, a.name[code], a.alpha3[code])
		}
		claim(code, code)
		claim(a.alpha3[code], code)
		claim(a.name[code], code)
	}
	for code, names := range variants() {
		if a.name[code] == "" {
			t.Errorf("there is no country %s", code)
		}
		for _, name := range names {
			claim(name, code)
			if a.byKey[countryKey(name)] != code {
				t.Errorf("%q means %s, want %s", name, a.byKey[countryKey(name)], code)
			}
		}
	}
	if len(a.name) != 250 {
		t.Errorf("%d countries, want the 249 of ISO 3166-1 and Kosovo", len(a.name))
	}
}
