package shape

import (
	"slices"
	"strings"

	"crmferry/internal/contact"
)

// Addresses gives the address for each slot that one fits; types are lower
// case, "" for none.
func Addresses(list []contact.Address, warn Warn, slots ...Slot) map[string]contact.Address {
	kind := func(a contact.Address) string { return strings.ToLower(strings.TrimSpace(a.Type)) }
	return filled(list, contact.Addresses, kind, warn, slots)
}

// FirstAddress is the first address; the others are reported.
func FirstAddress(list []contact.Address, warn Warn) contact.Address {
	return Addresses(list, warn, Slot{Name: "first", Types: []string{Any}})["first"]
}

// Streets joins the lines of a street.
func Streets(a contact.Address, separator string) string {
	return Join(separator, a.Street1, a.Street2)
}

// OneLine is a whole address: "12 St James's Square, London, SW1Y 4JH, United Kingdom".
func OneLine(a contact.Address) string {
	return Join(", ", a.Street1, a.Street2, a.City, a.State, a.PostalCode, a.Country)
}

// Join joins those of the parts that are not empty.
func Join(separator string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(parts), func(p string) bool { return p == "" }), separator)
}

// CountryName is the English name of a country given by name or code; what is
// no known country stays as it is.
func CountryName(text string) string {
	if name, ok := contact.CountryName(text); ok {
		return name
	}
	return text
}

// AddressList is the addresses as they come from a CRM; those that hold
// nothing but a type are left out.
func AddressList(addresses ...contact.Address) []contact.Address {
	var list []contact.Address
	for _, a := range addresses {
		if OneLine(a) != "" {
			list = append(list, a)
		}
	}
	return list
}

// KnownCountries writes countries as ISO 3166-1 alpha-2 codes, for CRMs that
// refuse all else; one that is not known is left out and reported.
func KnownCountries(list []contact.Address, warn Warn) []contact.Address {
	out := slices.Clone(list)
	for i, a := range list {
		code, known := contact.CountryAlpha2(a.Country)
		if !known && a.Country != "" {
			warn.report(At(contact.Addresses, i)+"/country", Unusable, "the CRM takes countries of ISO 3166-1 only")
		}
		out[i].Country = code
	}
	return out
}
