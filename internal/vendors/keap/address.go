package keap

import (
	"cmp"
	"slices"
	"strings"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

type place struct {
	Seat        string `json:"field,omitempty"`
	Line1       string `json:"line1,omitempty"`
	Line2       string `json:"line2,omitempty"`
	Locality    string `json:"locality,omitempty"`
	Region      string `json:"region,omitempty"` // a name, for what has no code
	RegionCode  string `json:"region_code,omitempty"`
	PostalCode  string `json:"postal_code,omitempty"`
	CountryCode string `json:"country_code,omitempty"`
	Country     string `json:"country,omitempty"` // read-only
}

func seatAddresses(c *connector.Call) map[string]contact.Address {
	sent, held := c.Input.Addresses, c.Existing.Addresses
	seats := []shape.Slot{
		{Name: "BILLING", Types: []string{"billing", "primary", "home", "", shape.Any}},
		{Name: "SHIPPING", Types: []string{"shipping", "mailing", "delivery", "postal", "dispatch", shape.Any}},
		{Name: "OTHER", Types: []string{"other", "work", "office", "business", shape.Any}},
	}
	kind := func(a contact.Address) string { return strings.ToLower(strings.TrimSpace(a.Type)) }
	return seat(c, contact.Addresses, sent, shape.NewAddresses(sent, held), kind, free(seats, held, slotOfAddress))
}

func slotOfAddress(a contact.Address) string { return a.ID }

// placeIn writes an address into its seat.
func placeIn(c *connector.Call) func(seat string, a contact.Address) place {
	return func(seat string, a contact.Address) place {
		at, warn := slices.Index(c.Input.Addresses, a), shape.Warn(c.Warn)
		if at < 0 {
			warn = nil // it is the record's own
		}
		path := shape.At(contact.Addresses, at)
		line, city := room(seat)
		country := countryOf(a, path, warn)
		region, code := regionOf(a, country, path, warn)
		return place{
			Seat: seat, Line1: shape.Clip(a.Street1, line, path+"/street_1", warn), Line2: shape.Clip(a.Street2, line, path+"/street_2", warn),
			Locality: shape.Clip(a.City, city, path+"/city", warn), Region: region, RegionCode: code,
			PostalCode: a.PostalCode, CountryCode: country,
		}
	}
}

// room is how many characters a line and a city may have.
func room(seat string) (line, city int) {
	if seat == "BILLING" {
		return 75, 50
	}
	return 100, 100
}

// countryOf is the ISO 3166-1 alpha-3 code, which alone Keap takes.
func countryOf(a contact.Address, path string, warn shape.Warn) string {
	code, known := contact.CountryAlpha3(a.Country)
	if !known && a.Country != "" && warn != nil {
		warn(path+"/country", shape.Unusable, "Keap takes countries of ISO 3166-1 only")
	}
	return code
}

// regionOf is a state by its ISO 3166-2 code where it has one in its country,
// else by its name. Without a country Keap would refuse the contact for it.
func regionOf(a contact.Address, country, path string, warn shape.Warn) (name, code string) {
	if country == "" {
		if a.State != "" && warn != nil {
			warn(path+"/state", shape.Unusable, "Keap takes no state without a country")
		}
		return "", ""
	}
	code, known := shape.Subdivision(a.State, a.Country)
	if known && strings.HasPrefix(code, shape.CountryCode(a.Country)+"-") {
		return "", code
	}
	return a.State, ""
}

func (p place) unified() contact.Address {
	return contact.Address{
		ID: p.Seat, Street1: p.Line1, Street2: p.Line2, City: p.Locality, State: cmp.Or(p.Region, p.RegionCode), PostalCode: p.PostalCode,
		Country: cmp.Or(p.CountryCode, p.Country), Type: strings.ToLower(p.Seat),
	}
}
