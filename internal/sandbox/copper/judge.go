package copper

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"crmferry/internal/sandbox/kit"
)

func schema() kit.Schema {
	rows := func(key string, kind kit.Type, categories ...string) kit.Field {
		return kit.Field{Type: kit.List, Of: kit.Schema{
			key: {Type: kind, Required: true}, "category": {Required: true, OneOf: categories},
		}}
	}
	number := kit.Field{Type: kit.Integer}
	return kit.Schema{
		"name": {Required: true}, "title": {}, "details": {}, "company_id": number, "assignee_id": number, "contact_type_id": number,
		"emails":        rows("email", kit.Email, "work", "personal", "other"),
		"phone_numbers": rows("number", kit.String, "mobile", "work", "home", "other"),
		"websites":      rows("url", kit.String, "work", "personal", "other"),
		"socials": rows("url", kit.String, "linkedin", "twitter", "facebook", "youtube", "google+", "quora", "foursquare",
			"klout", "gravatar", "other"),
		"address":       {Type: kit.Map, Of: kit.Schema{"street": {}, "city": {}, "state": {}, "postal_code": {}, "country": {}}},
		"tags":          {Type: kit.List},
		"custom_fields": {Type: kit.List, Of: kit.Schema{"custom_field_definition_id": {Type: kit.Integer, Required: true}, "value": {Type: kit.Any}}},
	}
}

// judge lists what is wrong with a person as sent, new or to be written over
// self.
func judge(c *kit.Call, body map[string]any, self *kit.Record) []fault {
	var faults []fault
	var unknown []string
	for _, issue := range schema().Check(body, self != nil) {
		path := strings.Split(issue.Path, ".")
		switch {
		case issue.Problem == kit.Unknown:
			unknown = append(unknown, path[len(path)-1])
		case issue.Problem == kit.Absent && issue.Path == "name":
			faults = append(faults, fault{"name", "can't be blank"})
		case issue.Problem == kit.BadEmail:
			faults = append(faults, fault{"emails", "is not a valid email address"})
		default:
			faults = append(faults, fault{path[0], "Invalid value " + text(issue.Value)})
		}
	}
	if name := kit.Text(body, "name"); name != "" && strings.TrimSpace(name) == "" {
		faults = append(faults, fault{"name", "can't be blank"})
	}
	if _, sent := body["company_id"]; sent && self != nil {
		unknown = append(unknown, "company_id")
	}
	if len(unknown) > 0 {
		faults = append(faults, fault{"base", "Unrecognized attributes specified: " + strings.Join(unknown, ", ")})
	}
	for _, name := range slices.Sorted(maps.Keys(body)) {
		named := func(f fault) bool { return f.field == name }
		if isEmpty(body[name]) && !slices.ContainsFunc(faults, named) {
			faults = append(faults, fault{name, "Invalid value " + text(body[name])})
		}
	}
	if len(faults) > 0 {
		return faults
	}
	return append(judgeReferences(body), taken(c, body, self)...)
}

func text(value any) string {
	encoded, err := json.Marshal(value)
	if err != nil {
		return ""
	}
	return string(encoded)
}

// isEmpty finds what should have been left out.
func isEmpty(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case []any:
		return len(v) == 0 || slices.ContainsFunc(v, isEmpty)
	case map[string]any:
		return len(v) == 0 || slices.ContainsFunc(slices.Collect(maps.Values(v)), isEmpty)
	}
	return false
}

func judgeReferences(body map[string]any) []fault {
	var faults []fault
	for _, name := range []string{"company_id", "assignee_id", "contact_type_id"} {
		id := kit.ID(body[name])
		known := kit.Digits(id) && kit.Int(id) > 0 && !kit.Missing(id)
		if name == "contact_type_id" {
			known = slices.Contains(contactTypes(), kit.Int(id))
		}
		if id != "" && !known {
			faults = append(faults, fault{name, "Invalid value " + id})
		}
	}
	tags, _ := body["tags"].([]any)
	for _, tag := range tags {
		if name, ok := tag.(string); !ok || strings.TrimSpace(name) == "" {
			faults = append(faults, fault{"tags", "Invalid value " + text(tag)})
		}
	}
	for _, field := range kit.Objects(body, "custom_fields") {
		if _, ok := customValue(field); !ok {
			faults = append(faults, fault{"custom_fields", "Invalid value " + text(field["value"])})
		}
	}
	return faults
}

// taken tells which e-mails belong to people other than self.
func taken(c *kit.Call, body map[string]any, self *kit.Record) []fault {
	for _, row := range kit.Objects(body, "emails") {
		for _, other := range c.Account.ByEmail(kit.Text(row, "email")) {
			if other != self {
				return []fault{{"email", "is already in use by another person"}}
			}
		}
	}
	return nil
}

func definitionOf(id int64) definition {
	for _, d := range definitions() {
		if d.id == id {
			return d
		}
	}
	return definition{}
}

// customValue is the value of a custom field as it is read back.
func customValue(field map[string]any) (any, bool) {
	d, value := definitionOf(kit.Int(kit.ID(field["custom_field_definition_id"]))), field["value"]
	written, isText := value.(string)
	number, isNumber := value.(json.Number)
	isOption := func(option any) bool {
		id, ok := option.(json.Number)
		return ok && slices.Contains(d.options, kit.Int(id.String()))
	}
	switch d.kind {
	case "String", "Text", "URL":
		return value, isText
	case "Percentage":
		return value, isNumber
	case "Float", "Currency":
		if isNumber && !strings.ContainsAny(number.String(), ".eE") {
			value = json.Number(number.String() + ".0")
		}
		return value, isNumber
	case "Checkbox":
		_, ok := value.(bool)
		return value, ok
	case "Dropdown":
		return value, isOption(value)
	case "MultiSelect":
		options, ok := value.([]any)
		return value, ok && !slices.ContainsFunc(options, func(o any) bool { return !isOption(o) })
	case "Date":
		day, err := time.Parse("01/02/2006", written)
		return day.Unix(), isText && err == nil
	}
	return nil, false
}
