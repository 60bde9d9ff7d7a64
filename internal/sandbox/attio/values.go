package attio

import (
	"encoding/json"
	"regexp"
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"

	"crmferry/internal/sandbox/kit"
)

// one is the stored form of a single value.
func one(value map[string]any) []any { return []any{value} }

// parse reads what a body gives for an attribute as a list of values in the
// form in which they are shown.
func (a attribute) parse(c *kit.Call, given any) ([]any, *refusal) {
	list, isList := given.([]any)
	switch {
	case a.multi && !isList:
		return nil, malformed("Expected array", "data", "values", a.slug)
	case !isList && given == nil:
		return []any{}, nil
	case !isList:
		list = []any{given}
	case !a.multi && len(list) > 1:
		return nil, malformed("Cannot write multiple values to a single-select attribute", "data", "values", a.slug)
	}
	values := []any{}
	for i, item := range list {
		value, no := a.item(c, item)
		if no != nil {
			if no.code == "validation_type" && no.path == nil {
				no.path = []any{"data", "values", a.slug, i}
			}
			return nil, no
		}
		values = append(values, value)
	}
	return values, nil
}

func (a attribute) item(c *kit.Call, item any) (map[string]any, *refusal) {
	switch a.kind {
	case "personal-name":
		return parseName(item)
	case "email-address":
		return parseEmail(item)
	case "phone-number":
		return parsePhone(item)
	case "location":
		return parseLocation(item)
	case "record-reference":
		return parseReference(c, a, item)
	case "actor-reference":
		return parseActor(c, item)
	case "select", "status":
		word := map[string]string{"select": "option", "status": "status"}[a.kind]
		title, _ := unwrapped(item, word).(string)
		option, known := a.option(c.Account.Name, title)
		if !known {
			return nil, bad("value_not_found", "Cannot find "+word+" \""+title+"\" for attribute \""+a.slug+"\".")
		}
		return map[string]any{word: option}, nil
	case "currency":
		amount, ok := unwrapped(item, "currency_value").(json.Number)
		if !ok {
			return nil, malformed("Expected number")
		}
		return map[string]any{"currency_value": amount, "currency_code": "EUR"}, nil
	}
	return a.plain(unwrapped(item, "value"))
}

// unwrapped is the value under the only key of an object, or what is no object.
func unwrapped(item any, name string) any {
	if object, ok := item.(map[string]any); ok && len(object) == 1 {
		return object[name]
	}
	return item
}

// plain reads the types whose values are bare.
func (a attribute) plain(value any) (map[string]any, *refusal) {
	text, isText := value.(string)
	number, isNumber := value.(json.Number)
	_, isBool := value.(bool)
	ok := map[string]bool{
		"text": isText, "number": isNumber, "checkbox": isBool,
		"rating": isNumber && len(number) == 1 && number <= "5",
		"date":   isText && parses(time.DateOnly, text), "timestamp": isText && parses(time.RFC3339, text),
	}[a.kind]
	if !ok {
		return nil, malformed("Invalid value for attribute of type " + a.kind)
	}
	return map[string]any{"value": value}, nil
}

func parses(layout, text string) bool {
	_, err := time.Parse(layout, text)
	return err == nil
}

func personalName(first, last, full string) map[string]any {
	return map[string]any{"first_name": first, "last_name": last, "full_name": full}
}

// parseName reads "Last, First", or an object with all three parts.
func parseName(item any) (map[string]any, *refusal) {
	if text, ok := item.(string); ok {
		last, first, both := strings.Cut(text, ",")
		if !both {
			first, last = text, ""
		}
		first, last = strings.TrimSpace(first), strings.TrimSpace(last)
		return personalName(first, last, kit.Join(" ", first, last)), nil
	}
	object, _ := item.(map[string]any)
	for _, part := range []string{"first_name", "last_name", "full_name"} {
		if _, ok := object[part].(string); !ok {
			return nil, malformed("Required: " + part)
		}
	}
	if len(object) > 3 {
		return nil, malformed("Unrecognized key in object")
	}
	return personalName(kit.Text(object, "first_name"), kit.Text(object, "last_name"), kit.Text(object, "full_name")), nil
}

func emailAddress(original string) map[string]any {
	lower := strings.ToLower(original)
	local, domain, _ := strings.Cut(lower, "@")
	return map[string]any{
		"original_email_address": original, "email_address": lower, "email_domain": domain,
		"email_root_domain": domain, "email_local_specifier": local,
	}
}

func parseEmail(item any) (map[string]any, *refusal) {
	email, _ := unwrapped(item, "email_address").(string)
	if !kit.ValidEmail(email) {
		return nil, malformed("Invalid email address")
	}
	return emailAddress(email), nil
}

// parsePhone takes a text that starts with a plus sign, or an object with
// number and country.
func parsePhone(item any) (map[string]any, *refusal) {
	original, isText := item.(string)
	country := ""
	if object, ok := item.(map[string]any); ok {
		given, there := object["country_code"]
		original, isText = object["original_phone_number"].(string)
		country, _ = given.(string)
		if !there || len(object) != 2 || (given != nil && !isAlpha2(country)) {
			return nil, malformed("Required: original_phone_number, country_code")
		}
	}
	number, err := phonenumbers.Parse(original, country)
	if !isText || err != nil || number.GetExtension() != "" || !phonenumbers.IsPossibleNumber(number) ||
		(country == "" && !strings.HasPrefix(original, "+")) {
		return nil, malformed("Phone number is not valid E.164")
	}
	value := map[string]any{
		"original_phone_number": original, "phone_number": phonenumbers.Format(number, phonenumbers.E164), "country_code": nil,
	}
	if region := phonenumbers.GetRegionCodeForNumber(number); region != "" {
		value["country_code"] = region
	} else if country != "" {
		value["country_code"] = country
	}
	return value, nil
}

func isAlpha2(code string) bool {
	country, ok := kit.CountryOf(code)
	return ok && code == country.Alpha2
}

func locationKeys() []string {
	return []string{"line_1", "line_2", "line_3", "line_4", "locality", "region", "postcode", "country_code", "latitude", "longitude"}
}

func parseLocation(item any) (map[string]any, *refusal) {
	object, _ := item.(map[string]any)
	value := map[string]any{}
	for _, key := range locationKeys() {
		part, there := object[key]
		if _, isText := part.(string); !there || (part != nil && !isText) {
			return nil, malformed("Required: " + key)
		}
		value[key] = part
	}
	if len(object) != len(value) {
		return nil, malformed("Unrecognized key in object")
	}
	if country := value["country_code"]; country != nil && !isAlpha2(kit.Text(value, "country_code")) {
		return nil, malformed("Invalid country_code")
	}
	return value, nil
}

var uuidForm = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

func companyAt(account, domain string) map[string]any {
	return map[string]any{"target_object": "companies", "target_record_id": uuid(account, "company "+strings.ToLower(domain))}
}

// parseReference reads a reference to a record by id, or to a company by its
// domain, which makes one where there is none.
func parseReference(c *kit.Call, a attribute, item any) (map[string]any, *refusal) {
	object, _ := item.(map[string]any)
	target, id := kit.Text(object, "target_object"), kit.Text(object, "target_record_id")
	domains := kit.Objects(object, "domains")
	switch {
	case a.slug == "company" && target != "companies", target == "", len(object) != 2:
		return nil, malformed("Invalid record reference")
	case len(domains) == 1 && kit.Text(domains[0], "domain") != "":
		return companyAt(c.Account.Name, kit.Text(domains[0], "domain")), nil
	case !uuidForm.MatchString(id):
		return nil, malformed("Invalid uuid")
	case kit.Missing(id):
		return nil, bad("value_not_found", "Record with ID \""+id+"\" was not found in object \""+target+"\".")
	}
	return map[string]any{"target_object": target, "target_record_id": id}, nil
}

// parseActor reads a workspace member by id or e-mail.
func parseActor(c *kit.Call, item any) (map[string]any, *refusal) {
	object, _ := item.(map[string]any)
	id := kit.Text(object, "referenced_actor_id")
	if email := kit.Text(object, "workspace_member_email_address"); email != "" && len(object) == 1 {
		for _, name := range memberNames() {
			if strings.EqualFold(email, memberEmail(name)) {
				return map[string]any{"referenced_actor_type": "workspace-member", "referenced_actor_id": memberID(c, name)}, nil
			}
		}
		return nil, bad("value_not_found", "Workspace member with email address \""+email+"\" was not found.")
	}
	switch {
	case kit.Text(object, "referenced_actor_type") != "workspace-member" || !uuidForm.MatchString(id):
		return nil, malformed("Invalid actor reference")
	case kit.Missing(id):
		return nil, bad("value_not_found", "Workspace member with ID \""+id+"\" was not found.")
	}
	return map[string]any{"referenced_actor_type": "workspace-member", "referenced_actor_id": id}, nil
}
