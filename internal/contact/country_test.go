package contact_test

import (
	"testing"

	"crmferry/internal/contact"
)

func TestCountries(t *testing.T) {
	t.Parallel()
	for given, want := range map[string][3]string{
		"GB": {"GB", "GBR", "United Kingdom"}, "gbr": {"GB", "GBR", "United Kingdom"}, " uk ": {"GB", "GBR", "United Kingdom"},
		"England": {"GB", "GBR", "United Kingdom"}, "Great  Britain": {"GB", "GBR", "United Kingdom"},
		"USA": {"US", "USA", "United States"}, "U.S.A.": {"US", "USA", "United States"}, "u.s.": {"US", "USA", "United States"},
		"The United States of America": {"US", "USA", "United States"}, "Estados Unidos": {"US", "USA", "United States"},
		"Deutschland": {"DE", "DEU", "Germany"}, "Allemagne": {"DE", "DEU", "Germany"}, "GERMANY": {"DE", "DEU", "Germany"},
		"Österreich": {"AT", "AUT", "Austria"}, "Osterreich": {"AT", "AUT", "Austria"},
		"Suisse": {"CH", "CHE", "Switzerland"}, "Schweiz": {"CH", "CHE", "Switzerland"},
		"日本": {"JP", "JPN", "Japan"}, "Россия": {"RU", "RUS", "Russia"}, "भारत": {"IN", "IND", "India"},
		"Côte d'Ivoire": {"CI", "CIV", "Côte d’Ivoire"}, "Ivory Coast": {"CI", "CIV", "Côte d’Ivoire"},
		"Trinidad and Tobago": {"TT", "TTO", "Trinidad & Tobago"},
		"Czech Republic":      {"CZ", "CZE", "Czechia"}, "Holland": {"NL", "NLD", "Netherlands"},
		"Korea, Republic of": {"KR", "KOR", "South Korea"}, "North Korea": {"KP", "PRK", "North Korea"},
		"Niger": {"NE", "NER", "Niger"}, "Nigeria": {"NG", "NGA", "Nigeria"},
		"Dominica": {"DM", "DMA", "Dominica"}, "Dominican Republic": {"DO", "DOM", "Dominican Republic"},
		"Guinea": {"GN", "GIN", "Guinea"}, "Congo": {"CG", "COG", "Republic of the Congo"},
		"Swaziland": {"SZ", "SWZ", "Eswatini"}, "Türkiye": {"TR", "TUR", "Turkey"}, "Kosovo": {"XK", "XKX", "Kosovo"},
		"Saint Lucia": {"LC", "LCA", "St. Lucia"}, "Hong Kong": {"HK", "HKG", "Hong Kong"},
		"": {}, "Atlantis": {}, "ZZ": {}, "EU": {}, "United Nations": {}, "SU": {}, "ZZZ": {}, "The": {}, "-": {},
	} {
		alpha2, ok2 := contact.CountryAlpha2(given)
		alpha3, ok3 := contact.CountryAlpha3(given)
		name, okName := contact.CountryName(given)
		if got := [3]string{alpha2, alpha3, name}; got != want {
			t.Errorf("%q: got %q, want %q", given, got, want)
		}
		if known := want[0] != ""; ok2 != known || ok3 != known || okName != known {
			t.Errorf("%q: ok is %v, %v, %v; want %v", given, ok2, ok3, okName, known)
		}
	}
}
