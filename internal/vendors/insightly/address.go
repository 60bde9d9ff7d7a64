package insightly

import (
	"encoding/json"
	"slices"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

// part is one of an address. Where cleared, an empty one takes away what the
// record has there.
type part struct {
	text    string
	cleared bool
}

// IsZero says that the part is not to be sent.
func (p part) IsZero() bool { return p.text == "" && !p.cleared }

// MarshalJSON writes an empty part as null.
func (p part) MarshalJSON() ([]byte, error) {
	if p.text == "" {
		return []byte("null"), nil
	}
	return json.Marshal(p.text)
}

// UnmarshalJSON reads a text or null.
func (p *part) UnmarshalJSON(data []byte) error { return json.Unmarshal(data, &p.text) }

type place struct{ street, city, state, postcode, country part }

// places gives the two addresses of a contact. Where the whole of them is to
// be replaced, parts that an address lacks are cleared.
func places(c *connector.Call, whole bool) (mail, other place) {
	slots := shape.Addresses(c.Input.Addresses, c.Warn,
		shape.Slot{Name: "mail", Types: []string{"mailing", "primary", "billing", "", "work", shape.Any}},
		shape.Slot{Name: "other", Types: []string{"other", "shipping", "home", "delivery", "private", shape.Any}})
	return placeOf(c, slots["mail"], whole), placeOf(c, slots["other"], whole)
}

func placeOf(c *connector.Call, a contact.Address, whole bool) place {
	if a == (contact.Address{}) {
		return place{}
	}
	of := func(text string) part { return part{text, whole} }
	return place{
		street: of(shape.Streets(a, ", ")), city: of(a.City), state: of(a.State), postcode: of(a.PostalCode), country: of(country(c, a)),
	}
}

const countries = "countries"

func needsCountries(c *connector.Call) []string {
	if slices.ContainsFunc(c.Input.Addresses, func(a contact.Address) bool { return a.Country != "" }) {
		return []string{""}
	}
	return nil
}

// learnCountries gives the names of countries under their ISO codes, and under
// themselves.
func learnCountries(_ *connector.Call, _ string, r connector.Reply) (any, error) {
	list, err := connector.DecodeJSON[[]struct {
		Name string `json:"COUNTRY_NAME"`
	}](r)
	names := map[string]string{}
	for _, entry := range list {
		names[shape.CountryCode(entry.Name)], names[entry.Name] = entry.Name, entry.Name
	}
	return names, err
}

// country is a country as Insightly spells it. Without its list the common
// English name has to do.
func country(c *connector.Call, a contact.Address) string {
	names := connector.Prepared[map[string]string](c, countries, "")
	if len(names) == 0 || a.Country == "" {
		return shape.CountryName(a.Country)
	}
	name := names[a.Country]
	if name == "" {
		name = names[shape.CountryCode(a.Country)]
	}
	if name == "" {
		path := shape.At(contact.Addresses, slices.Index(c.Input.Addresses, a)) + "/country"
		c.Warn(path, shape.Unusable, "the country is not on Insightly's list")
	}
	return name
}
