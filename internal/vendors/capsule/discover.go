package capsule

import (
	"cmp"
	"net/url"
	"strconv"
	"strings"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

const (
	countries   = "countries"
	definitions = "definitions"
	perPage     = 100
)

// country is one whose name Capsule takes; codes and other spellings it refuses:
// https://developer.capsulecrm.com/v2/models/address
type country struct {
	Name   string `json:"name"`
	Alpha2 string `json:"alpha2Code"`
}

func needsCountries(c *connector.Call) []string {
	for _, a := range c.Input.Addresses {
		if a.Country != "" {
			return []string{""}
		}
	}
	return nil
}

func askCountries(*connector.Call, string) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: "/countries"}, nil
}

func learnCountries(_ *connector.Call, _ string, r connector.Reply) (any, error) {
	answer, err := connector.DecodeJSON[struct {
		Countries []country `json:"countries"`
	}](r)
	return answer.Countries, err
}

// spelling is the name under which Capsule knows a country; "" when it is not
// on its list. Without the list the common English name has to do.
func spelling(c *connector.Call, text string) string {
	list := connector.Prepared[[]country](c, countries, "")
	alpha2, _ := contact.CountryAlpha2(text)
	for _, known := range list {
		if strings.EqualFold(known.Name, text) || alpha2 != "" && known.Alpha2 == alpha2 {
			return known.Name
		}
	}
	if len(list) == 0 {
		return shape.CountryName(alpha2)
	}
	return ""
}

// definition is a custom field; the case of types varies.
type definition struct {
	ID      int64  `json:"id"`
	Type    string `json:"type"`
	Name    string `json:"name"`
	Options []any  `json:"options"`
}

func (d definition) unified() shape.Definition {
	kinds := map[string]shape.Kind{
		"number": shape.KindNumber, "boolean": shape.KindBoolean, "date": shape.KindDay, "list": shape.KindChoice, "link": shape.KindURL,
	}
	return shape.Definition{
		Key: shape.IntegerText(d.ID), Label: d.Name, Kind: cmp.Or(kinds[strings.ToLower(d.Type)], shape.KindText),
		Options: shape.Each(d.Options, func(o any) shape.Option { return shape.Option{Value: shape.Text(o)} }),
	}
}

// definitionsPage reads one page of the account's custom fields, if the one
// before it was full.
func definitionsPage(number string) connector.Discovery {
	return connector.Discovery{
		Name: definitions, Life: time.Hour, Optional: true,
		Keys: func(c *connector.Call) []string {
			n, _ := strconv.Atoi(number)
			before := connector.Prepared[[]shape.Definition](c, definitions, strconv.Itoa(n-1))
			if len(c.Input.CustomFields) == 0 || n > 1 && len(before) < perPage {
				return nil
			}
			return []string{number}
		},
		Request: func(_ *connector.Call, page string) (connector.Request, error) {
			query := url.Values{"perPage": {strconv.Itoa(perPage)}, "page": {page}}
			return connector.Request{Method: "GET", Path: "/parties/fields/definitions", Query: query}, nil
		},
		Decode: func(_ *connector.Call, _ string, r connector.Reply) (any, error) {
			answer, err := connector.DecodeJSON[struct {
				Definitions []definition `json:"definitions"`
			}](r)
			return shape.Each(answer.Definitions, definition.unified), err
		},
	}
}

// named is the definition with that id or name, and its id; 0 when there is
// none. An id is taken as it is where the definitions do not have it.
func named(c *connector.Call, name string) (shape.Definition, int64) {
	var all []shape.Definition
	for _, page := range []string{"1", "2", "3"} {
		all = append(all, connector.Prepared[[]shape.Definition](c, definitions, page)...)
	}
	d, ok := shape.Defined(name, all)
	if !ok {
		d.Key = name
	}
	id, _ := shape.Integer(d.Key, contact.CustomFields)
	return d, id
}
