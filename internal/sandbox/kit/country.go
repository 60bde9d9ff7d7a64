package kit

import (
	"slices"
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// Country is a country as vendors write it: its codes of ISO 3166-1 in
// capitals, and its name in English.
type Country struct{ Alpha2, Alpha3, Name string }

// CountryOf finds a country by either of its codes, which must be in capitals.
func CountryOf(code string) (Country, bool) {
	region, err := language.ParseRegion(code)
	if err != nil || !region.IsCountry() || region.Canonicalize() != region {
		return Country{}, false
	}
	c := Country{Alpha2: region.String(), Alpha3: region.ISO3(), Name: display.English.Regions().Name(region)}
	return c, c.Name != "" && c.Alpha3 != "ZZZ" && (code == c.Alpha2 || code == c.Alpha3)
}

// Countries lists all of them by name.
func Countries() []Country {
	var list []Country
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			if c, ok := CountryOf(string([]rune{a, b})); ok {
				list = append(list, c)
			}
		}
	}
	slices.SortFunc(list, func(a, b Country) int { return strings.Compare(a.Name, b.Name) })
	return list
}
