package keap

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"unicode/utf8"

	"crmferry/internal/sandbox/kit"
)

func schema() kit.Schema {
	emails, phones, faxes, places := slots("EMAIL", 3), slots("PHONE", 5), slots("FAX", 2), []string{"BILLING", "SHIPPING", "OTHER"}
	s := kit.Schema{
		"given_name": {Max: 40}, "family_name": {Max: 40}, "preferred_name": {Max: 100}, "job_title": {Max: 255}, "website": {Max: 100},
		"assistant_phone": {Max: 15}, "leadsource_id": {}, "owner_id": {},
		"email_addresses": listOf(kit.Schema{"email": {Type: kit.Email, Required: true}, "field": {Required: true, OneOf: emails}, "opt_in_reason": {}}),
		"phone_numbers": listOf(kit.Schema{
			"number": {Required: true}, "extension": {}, "type": {}, "field": {Required: true, OneOf: phones},
		}),
		"fax_numbers": listOf(kit.Schema{"number": {Required: true}, "type": {}, "field": {Required: true, OneOf: faxes}}),
		"addresses": listOf(kit.Schema{
			"field": {Required: true, OneOf: places}, "line1": {}, "line2": {}, "locality": {}, "region": {}, "region_code": {},
			"country": {}, "country_code": {}, "postal_code": {}, "zip_code": {}, "zip_four": {},
		}),
		"company": {Type: kit.Map, Of: kit.Schema{"id": {Required: true}, "company_name": {}}},
		"social_accounts": listOf(kit.Schema{"name": {Required: true}, "type": {Required: true, OneOf: []string{
			"FACEBOOK", "LINKED_IN", "TWITTER", "INSTAGRAM", "SNAPCHAT", "YOUTUBE", "PINTEREST",
		}}}),
		"custom_fields": listOf(kit.Schema{"id": {Required: true}, "content": {Type: kit.Any}}),
		"source_type": {OneOf: []string{
			"API", "APPOINTMENT", "FORM_API_HOSTED", "FORM_API_INTERNAL", "IMPORT", "INTERNAL_FORM", "LANDING_PAGE", "MANUAL", "OTHER", "UNKNOWN", "WEBFORM",
		}},
	}
	for _, name := range []string{
		"middle_name", "prefix", "suffix", "spouse_name", "contact_type", "preferred_locale", "time_zone", "assistant_name",
		"birth_date", "anniversary_date", "referral_code",
	} {
		s[name] = kit.Field{}
	}
	return s
}

func listOf(of kit.Schema) kit.Field { return kit.Field{Type: kit.List, Of: of} }

func slots(name string, n int) []string {
	var list []string
	for i := range n {
		list = append(list, name+strconv.Itoa(i+1))
	}
	return list
}

func sentence(issue kit.Issue) string {
	switch issue.Problem {
	case kit.Unknown:
		return fmt.Sprintf("Unrecognized field %q", issue.Path)
	case kit.Absent:
		return issue.Path + " must not be blank"
	case kit.TooLong:
		return fmt.Sprintf("%s: size must be between 0 and %d", issue.Path, issue.Field.Max)
	case kit.BadEmail:
		return issue.Path + " must be a well-formed email address"
	case kit.NotAllowed:
		return fmt.Sprintf("%s must be one of %v", issue.Path, issue.Field.OneOf)
	}
	return issue.Path + " has a value of the wrong type"
}

// judge tells what the vendor would blame first.
func judge(c *kit.Call, body map[string]any, partial bool) *kit.Reply {
	if issues := schema().Check(body, partial); len(issues) > 0 {
		return invalid(sentence(issues[0]))
	}
	if wrong := judgeSlots(body); wrong != "" {
		return invalid(wrong)
	}
	for i, address := range kit.Objects(body, "addresses") {
		if wrong := judgePlace(address); wrong != "" {
			return invalid(fmt.Sprintf("addresses.%d: %s", i, wrong))
		}
	}
	for _, given := range kit.Objects(body, "custom_fields") {
		if wrong := judgeCustom(kit.Text(given, "id"), given["content"]); wrong != "" {
			return invalid(wrong)
		}
	}
	if id := kit.Text(kit.Object(body, "company"), "id"); id != "" && (!kit.Digits(id) || kit.Missing(id)) {
		return notFound("Company")
	}
	if id := kit.Text(body, "owner_id"); id != "" && (!kit.Digits(id) || kit.Missing(id)) {
		return notFound("User")
	}
	if !partial && len(kit.Objects(body, "email_addresses"))+len(kit.Objects(body, "phone_numbers")) == 0 {
		reply := kit.JSON(http.StatusBadRequest, map[string]any{"message": "Contact must contain an e-mail address or phone number"})
		return &reply
	}
	return nil
}

// judgeSlots holds every slot to be used once, and its values to its length.
func judgeSlots(body map[string]any) string {
	lengths := map[string]map[string]int{
		"EMAIL1": {"email": 75}, "EMAIL2": {"email": 100}, "EMAIL3": {"email": 100},
		"PHONE1": {"number": 40}, "PHONE2": {"number": 40}, "PHONE3": {"number": 40}, "PHONE4": {"number": 20}, "PHONE5": {"number": 20},
		"BILLING":  {"line1": 75, "line2": 75, "locality": 50, "postal_code": 15},
		"SHIPPING": {"line1": 100, "line2": 100, "postal_code": 20}, "OTHER": {"line1": 100, "line2": 100, "postal_code": 15},
	}
	for _, name := range []string{"email_addresses", "phone_numbers", "fax_numbers", "addresses"} {
		used := map[string]bool{}
		for i, item := range kit.Objects(body, name) {
			slot := kit.Text(item, "field")
			if used[slot] {
				return fmt.Sprintf("%s.%d.field: %s is used twice", name, i, slot)
			}
			used[slot] = true
			for part, most := range lengths[slot] {
				if utf8.RuneCountInString(kit.Text(item, part)) > most {
					return fmt.Sprintf("%s.%d.%s: size must be between 0 and %d", name, i, part, most)
				}
			}
		}
	}
	return ""
}

var regionForm = regexp.MustCompile(`^([A-Z]{2})-[A-Z0-9]{1,3}$`)

func judgePlace(address map[string]any) string {
	code, region := kit.Text(address, "country_code"), kit.Text(address, "region_code")
	country, known := kit.CountryOf(code)
	form := regionForm.FindStringSubmatch(region)
	switch {
	case code == "" && region+kit.Text(address, "region") != "":
		return "country_code is required when region is provided"
	case code != "" && (!known || len(code) != 3):
		return "country_code must be an ISO 3166-1 alpha-3 code"
	case region != "" && (form == nil || form[1] != country.Alpha2):
		return "region_code must be an ISO 3166-2 code of the country"
	}
	return ""
}

// customField is one of the account's.
type customField struct {
	id, label, kind string
	options         []string
}

func customFields() []customField {
	return []customField{
		{"6", "Engine notes", "TEXT_AREA", nil},
		{"8", "Tier", "DROPDOWN", []string{"Gold", "Silver"}},
		{"10", "Interests", "LIST_BOX", []string{"Maths", "Engines"}},
		{"12", "Score", "WHOLE_NUMBER", nil},
	}
}

func judgeCustom(id string, content any) string {
	for _, f := range customFields() {
		if f.id == id {
			if content == nil || f.takes(content) {
				return ""
			}
			return fmt.Sprintf("custom_fields: the content of %s is not valid for %s", id, f.kind)
		}
	}
	return "custom_fields: no custom field has the id " + strconv.Quote(id)
}

func (f customField) takes(content any) bool {
	switch v := content.(type) {
	case string:
		return f.kind == "TEXT_AREA" && utf8.RuneCountInString(v) <= 65_535 || f.kind == "DROPDOWN" && slices.Contains(f.options, v) ||
			f.kind == "WHOLE_NUMBER" && kit.Digits(v)
	case json.Number:
		return f.kind == "WHOLE_NUMBER"
	case []any:
		return f.kind == "LIST_BOX" && !slices.ContainsFunc(v, func(one any) bool {
			text, ok := one.(string)
			return !ok || !slices.Contains(f.options, text)
		})
	}
	return false
}
