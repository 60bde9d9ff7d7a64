package contact

import (
	"slices"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
	"golang.org/x/text/unicode/norm"
)

// CountryAlpha2 returns the ISO 3166-1 alpha-2 code of a country given as
// alpha-2 or alpha-3 code or by name: in English with the usual variants, in
// the country's main language, or in one of a few widely spoken ones. Case,
// accents and punctuation do not matter. Kosovo is "XK".
func CountryAlpha2(nameOrCode string) (alpha2 string, ok bool) {
	alpha2, ok = countries().byKey[countryKey(nameOrCode)]
	return alpha2, ok
}

// CountryAlpha3 returns the ISO 3166-1 alpha-3 code of whatever CountryAlpha2
// understands.
func CountryAlpha3(nameOrCode string) (alpha3 string, ok bool) {
	alpha2, ok := CountryAlpha2(nameOrCode)
	return countries().alpha3[alpha2], ok
}

// CountryName returns the common English name of whatever CountryAlpha2
// understands, as "United Kingdom" or "Czechia".
func CountryName(nameOrCode string) (name string, ok bool) {
	alpha2, ok := CountryAlpha2(nameOrCode)
	return countries().name[alpha2], ok
}

// atlas holds, by alpha-2 code, what a country is called, and the codes by
// every folded spelling.
type atlas struct {
	byKey, alpha3, name map[string]string
}

// countries is built at the first use: it takes some milliseconds.
var countries = sync.OnceValue(newAtlas)

func newAtlas() atlas {
	a := atlas{byKey: map[string]string{}, alpha3: map[string]string{}, name: map[string]string{}}
	english := display.English.Regions()
	for region := range regions() {
		code := region.String()
		a.alpha3[code], a.name[code] = region.ISO3(), english.Name(region)
	}
	a.alpha3["XK"] = "XKX" // not in ISO 3166-1; the code that the EU and the World Bank use
	for code, name := range renamed() {
		a.name[code] = name
	}
	// The first to claim a spelling keeps it, so codes come before names and
	// English before other languages.
	for code, alpha3 := range a.alpha3 {
		a.byKey[countryKey(code)], a.byKey[countryKey(alpha3)] = code, code
	}
	for code, name := range a.name {
		a.add(name, code)
	}
	for code, names := range variants() {
		for _, name := range names {
			a.add(name, code)
		}
	}
	a.addForeign()
	return a
}

func (a atlas) add(name, code string) {
	key := countryKey(name)
	if _, taken := a.byKey[key]; !taken && key != "" {
		a.byKey[key] = code
	}
}

// addForeign adds the names of every country in its own main language and in
// those that CRMs are run in most.
func (a atlas) addForeign() {
	widely := []language.Tag{
		language.English, language.German, language.French, language.Spanish, language.Italian,
		language.Portuguese, language.Dutch, language.Polish, language.Swedish,
	}
	for _, tag := range widely {
		names := display.Regions(tag)
		for region := range regions() {
			a.add(names.Name(region), region.String())
		}
	}
	for region := range regions() {
		country, err := language.Compose(region)
		if err != nil {
			continue
		}
		own, confidence := country.Base()
		if names := display.Regions(language.Make(own.String())); names != nil && confidence != language.No {
			a.add(names.Name(region), region.String())
		}
	}
}

// regions yields the countries and territories of ISO 3166-1, and Kosovo, in
// the order of their codes.
func regions() func(yield func(language.Region) bool) {
	// CLDR's own codes, former countries, and reservations for other bodies.
	others := []string{"AC", "AN", "CP", "CQ", "CS", "DG", "EA", "EZ", "FQ", "IC", "NT", "PC", "SU", "TA", "UN", "YU"}
	return func(yield func(language.Region) bool) {
		for first := 'A'; first <= 'Z'; first++ {
			for second := 'A'; second <= 'Z'; second++ {
				code := string(first) + string(second)
				region, err := language.ParseRegion(code)
				if err != nil || !region.IsCountry() || region.Canonicalize().String() != code || slices.Contains(others, code) {
					continue
				}
				if !yield(region) {
					return
				}
			}
		}
	}
}

// countryKey folds a spelling: lower case, without accents, punctuation and a
// leading article.
func countryKey(s string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ReplaceAll(s, "&", " and ")) {
		switch {
		case unicode.Is(unicode.Mn, r) || r == '.' || r == '\'' || r == '’':
		case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mc, r):
			b.WriteRune(unicode.ToLower(r))
		default:
			b.WriteByte(' ')
		}
	}
	return strings.TrimPrefix(squeeze(b.String()), "the ")
}
