package wix

import (
	"fmt"
	"regexp"
	"strings"

	"crmferry/internal/sandbox/kit"
)

const maxItems = 50

func infoSchema() kit.Schema {
	tags := func(more ...string) kit.Field { return kit.Field{OneOf: append(more, "HOME", "WORK", "UNTAGGED")} }
	list := func(of kit.Schema) kit.Field {
		return kit.Field{Type: kit.Map, Of: kit.Schema{"items": {Type: kit.List, Of: of}}}
	}
	return kit.Schema{
		"name":   {Type: kit.Map, Of: kit.Schema{"first": {Max: 1000}, "last": {Max: 1000}}},
		"emails": list(kit.Schema{"tag": tags("MAIN"), "email": {Type: kit.Email, Max: 320, Required: true}, "primary": {Type: kit.Bool}}),
		"phones": list(kit.Schema{"tag": tags("MAIN", "MOBILE", "FAX"), "countryCode": {}, "phone": {Max: 50, Required: true}, "primary": {Type: kit.Bool}}),
		"addresses": list(kit.Schema{"tag": tags("BILLING", "SHIPPING"), "address": {Type: kit.Map, Of: kit.Schema{
			"addressLine": {}, "streetAddress": {Type: kit.Map, Of: kit.Schema{"number": {}, "name": {}, "apt": {}}}, "addressLine2": {},
			"city": {}, "subdivision": {Max: 100}, "postalCode": {}, "country": {},
		}}}),
		"company": {Max: 1000}, "jobTitle": {Max: 1000}, "birthdate": {Type: kit.Date}, "locale": {},
		"labelKeys":      {Type: kit.Map, Of: kit.Schema{"items": {Type: kit.List}}},
		"extendedFields": {Type: kit.Map, Of: kit.Schema{"items": {Type: kit.Map}}},
		"picture":        {Type: kit.Map, Of: kit.Schema{"image": {Type: kit.Map, Of: kit.Schema{"url": {}}}}},
	}
}

func violations(issues []kit.Issue) []violation {
	var list []violation
	for _, issue := range issues {
		v := violation{Field: indexed(issue.Path)}
		switch issue.Problem {
		case kit.Unknown:
			v.Description, v.Rule, v.RuleName = "is an unknown field", "OTHER", "UNKNOWN_FIELD"
		case kit.Absent:
			v.Description, v.Rule = "must not be empty", "REQUIRED_FIELD"
			if issue.Value == "" {
				v.Description, v.Rule, v.Data = "has size 0, expected 1 or more", "MIN_LENGTH", map[string]any{"threshold": 1}
			}
		case kit.TooLong:
			v.Description, v.Rule = fmt.Sprintf("has size %d, expected %d or less", len([]rune(issue.Value.(string))), issue.Field.Max), "MAX_LENGTH"
			v.Data = map[string]any{"threshold": issue.Field.Max}
		case kit.NotAllowed:
			v.Description, v.Rule, v.RuleName = "must be one of "+strings.Join(issue.Field.OneOf, ", "), "OTHER", "INVALID_ENUM"
		case kit.BadEmail, kit.BadValue:
			v.Description, v.Rule = "has an invalid format", "FORMAT"
		default:
			v.Description, v.Rule, v.RuleName = "has an unexpected type", "OTHER", "INVALID_TYPE"
		}
		list = append(list, v)
	}
	return list
}

var indexForm = regexp.MustCompile(`\.(\d+)`)

// indexed writes a path as the vendor does: "info.emails.items[0].email".
func indexed(path string) string { return indexForm.ReplaceAllString(path, "[$1]") }

func items(info map[string]any, name string) []map[string]any {
	return kit.Objects(kit.Object(info, name), "items")
}

var subdivisionForm = regexp.MustCompile(`^[A-Z]{2}-[A-Z0-9]{1,3}$`)

// judge holds an info that fits the schema against all other rules.
func judge(c *kit.Call, info map[string]any) *kit.Reply {
	list := format(info)
	for i, key := range labelKeys(info) {
		if labels(c).Get(key) == nil {
			list = append(list, violation{Field: fmt.Sprintf("info.labelKeys.items[%d]", i), Description: "is no label", Rule: "OTHER", RuleName: "LABEL_NOT_FOUND"})
		}
	}
	if len(list) > 0 {
		no := violated(list...)
		return &no
	}
	for _, name := range []string{"emails", "phones"} {
		primaries := 0
		for _, item := range items(info, name) {
			if item["primary"] == true {
				primaries++
			}
		}
		if primaries > 1 {
			no := failure(400, "CANNOT_HAVE_MULTIPLE_PRIMARY_INFO", "Only one of info."+name+" can be primary")
			return &no
		}
	}
	for key, value := range kit.Object(kit.Object(info, "extendedFields"), "items") {
		if !fieldTakes(c, key, value) {
			no := failure(400, "INVALID_EXTENDED_FIELD_VALUE", "Invalid value of the extended field "+key)
			return &no
		}
	}
	return nil
}

// format judges lengths of lists and codes of countries.
func format(info map[string]any) []violation {
	var list []violation
	add := func(description, rule, path string, at ...any) {
		list = append(list, violation{Field: fmt.Sprintf(path, at...), Description: description, Rule: rule})
	}
	for _, name := range []string{"emails", "phones", "addresses"} {
		if n := len(items(info, name)); n > maxItems {
			add(fmt.Sprintf("has size %d, expected %d or less", n, maxItems), "MAX_SIZE", "info.%s.items", name)
		}
	}
	for i, phone := range items(info, "phones") {
		if code := kit.Text(phone, "countryCode"); code != "" && !isCountry(code) {
			add("must be an ISO 3166-1 alpha-2 code", "FORMAT", "info.phones.items[%d].countryCode", i)
		}
	}
	for i, item := range items(info, "addresses") {
		address := kit.Object(item, "address")
		if code := kit.Text(address, "country"); code != "" && !isCountry(code) {
			add("must be an ISO 3166-1 alpha-2 code", "FORMAT", "info.addresses.items[%d].address.country", i)
		}
		if code := kit.Text(address, "subdivision"); code != "" && !subdivisionForm.MatchString(code) {
			add("must be an ISO 3166-2 code", "FORMAT", "info.addresses.items[%d].address.subdivision", i)
		}
		if address["addressLine"] != nil && address["streetAddress"] != nil {
			add("has more than one of addressLine, streetAddress", "OTHER", "info.addresses.items[%d].address", i)
		}
	}
	given, _ := kit.Object(info, "labelKeys")["items"].([]any)
	if len(labelKeys(info)) != len(given) {
		add("must hold strings", "OTHER", "info.labelKeys.items")
	}
	return list
}

func isCountry(code string) bool {
	country, known := kit.CountryOf(code)
	return known && country.Alpha2 == code
}

func labelKeys(info map[string]any) []string {
	return kit.Texts(kit.Object(info, "labelKeys"), "items")
}

// e164 is a number in international form, if it is one of the country.
func e164(number, country string) string {
	code := map[string]string{"GB": "44", "US": "1", "CA": "1", "DE": "49", "FR": "33", "BE": "32", "NL": "31", "IT": "39", "ES": "34", "IN": "91", "AU": "61"}[country]
	digits := kit.OnlyDigits(number)
	if strings.HasPrefix(strings.TrimSpace(number), "+") {
		var fits bool
		if digits, fits = strings.CutPrefix(digits, code); !fits {
			return ""
		}
	}
	digits = strings.TrimPrefix(digits, "0")
	if code == "" || len(digits) < 7 || len(digits) > 12 {
		return ""
	}
	return "+" + code + digits
}
