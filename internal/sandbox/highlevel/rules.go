package highlevel

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"crmferry/internal/sandbox/kit"
)

// schema are the keys of a create; an update has no location.
func schema() kit.Schema {
	s := kit.Schema{
		"locationId": {Required: true}, "email": {Type: kit.Email}, "tags": {Type: kit.List}, "dnd": {Type: kit.Bool},
		"customFields": {Type: kit.List, Of: kit.Schema{"id": {Required: true}, "key": {}, "field_value": {Type: kit.Any}}},
		"dndSettings":  {Type: kit.Map}, "inboundDndSettings": {Type: kit.Map},
	}
	for _, name := range []string{
		"firstName", "lastName", "name", "gender", "phone", "address1", "city", "state", "postalCode", "country", "website",
		"companyName", "timezone", "source", "dateOfBirth", "assignedTo",
	} {
		s[name] = kit.Field{}
	}
	return s
}

// without is a schema that lacks some keys, with is one that has another.
func without(s kit.Schema, name string) kit.Schema {
	delete(s, name)
	return s
}

func with(s kit.Schema, name string, f kit.Field) kit.Schema {
	s[name] = f
	return s
}

func sentence(issue kit.Issue) string {
	switch issue.Problem {
	case kit.Unknown:
		at := strings.LastIndex(issue.Path, ".") + 1
		return issue.Path[:at] + "property " + issue.Path[at:] + " should not exist"
	case kit.Absent:
		return issue.Path + " should not be empty"
	case kit.BadEmail:
		return issue.Path + " must be an email"
	}
	kinds := map[kit.Type]string{
		kit.List: "an array", kit.Map: "an object", kit.Bool: "a boolean value", kit.Integer: "a number",
	}
	if kind := kinds[issue.Field.Type]; kind != "" {
		return issue.Path + " must be " + kind
	}
	return issue.Path + " must be a string"
}

func check(rules kit.Schema, body map[string]any) []string {
	var wrong []string
	for _, issue := range rules.Check(body, false) {
		wrong = append(wrong, sentence(issue))
	}
	return wrong
}

// judge lists what is wrong with the values of a contact.
func judge(c *kit.Call, rules kit.Schema, body map[string]any) []string {
	wrong := check(rules, body)
	if body["email"] == "" {
		wrong = append(wrong, "email must be an email")
	}
	country := kit.Text(body, "country")
	if _, known := kit.CountryOf(country); country != "" && (!known || len(country) != 2) {
		wrong = append(wrong, "country must be a valid enum value")
	}
	if id := kit.Text(body, "assignedTo"); id != "" && !validID(id) {
		wrong = append(wrong, "assignedTo must be a valid user id")
	}
	tags, _ := body["tags"].([]any)
	if len(kit.Texts(body, "tags")) != len(tags) {
		wrong = append(wrong, "each value in tags must be a string")
	}
	for i, value := range kit.Objects(body, "customFields") {
		if problem := judgeValue(c, value); problem != "" {
			wrong = append(wrong, fmt.Sprintf("customFields.%d.%s", i, problem))
		}
	}
	return wrong
}

// field is one of the location's custom fields.
type field struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Key     string   `json:"fieldKey"`
	Type    string   `json:"dataType"`
	Options []string `json:"picklistOptions,omitempty"`
	Model   string   `json:"model"`
}

func fieldsOf(account string) []field {
	list := []field{
		{Name: "Contract No", Key: "contact.contract_no", Type: "TEXT"},
		{Name: "Interests", Key: "contact.interests", Type: "CHECKBOX", Options: []string{"maths", "engines"}},
		{Name: "Score", Key: "contact.score", Type: "NUMERICAL"},
		{Name: "Tier", Key: "contact.tier", Type: "SINGLE_OPTIONS", Options: []string{"Gold", "Silver"}},
		{Name: "Since", Key: "contact.since", Type: "DATE"},
		{Name: "Files", Key: "contact.files", Type: "FILE_UPLOAD"},
	}
	for i := range list {
		list[i].ID, list[i].Model = newID("field", account, list[i].Key), "contact"
	}
	return list
}

func customFields(c *kit.Call) kit.Reply {
	if c.Var("location") != locationID(c.Account.Name) {
		return foreign()
	}
	list := fieldsOf(c.Account.Name)
	if model := c.Query("model"); model != "" && model != "contact" && model != "all" {
		list = []field{}
	}
	return kit.JSON(http.StatusOK, map[string]any{"customFields": list, "traceId": c.RequestID()})
}

func judgeValue(c *kit.Call, given map[string]any) string {
	fields := fieldsOf(c.Account.Name)
	at := slices.IndexFunc(fields, func(f field) bool { return f.ID == given["id"] })
	if at < 0 {
		return "id must be the id of a custom field"
	}
	if key := kit.Text(given, "key"); key != "" && "contact."+key != fields[at].Key {
		return "key must be the key of the custom field"
	}
	if given["field_value"] != nil && !fields[at].takes(given["field_value"]) {
		return "field_value must be of type " + fields[at].Type
	}
	return ""
}

func (f field) takes(value any) bool {
	switch v := value.(type) {
	case string:
		return f.Type == "TEXT" || f.Type == "DATE" || (f.Type == "SINGLE_OPTIONS" && slices.Contains(f.Options, v))
	case json.Number:
		return f.Type == "NUMERICAL"
	case map[string]any:
		return f.Type == "FILE_UPLOAD"
	case []any:
		return f.Type == "CHECKBOX" && !slices.ContainsFunc(v, func(one any) bool {
			text, ok := one.(string)
			return !ok || !slices.Contains(f.Options, text)
		})
	}
	return false
}

// stored is the form in which a body is kept, laid over what was kept before:
// first and last name from a whole one, custom values by field id.
func stored(body, kept map[string]any) map[string]any {
	data := map[string]any{}
	for name, value := range body {
		if value == "" {
			value = nil
		}
		data[name] = value
	}
	for _, name := range []string{"locationId", "name", "customFields", "createNewIfDuplicateAllowed"} {
		delete(data, name)
	}
	if name := kit.Text(body, "name"); name != "" && kit.Text(body, "firstName")+kit.Text(body, "lastName") == "" {
		first, last, _ := strings.Cut(strings.TrimSpace(name), " ")
		data["firstName"], data["lastName"] = first, last
	}
	if values := kit.Objects(body, "customFields"); len(values) > 0 {
		custom := map[string]any{}
		maps.Copy(custom, kit.Object(kept, "custom"))
		for _, value := range values {
			custom[kit.Text(value, "id")] = value["field_value"]
		}
		data["custom"] = custom
	}
	return data
}

func phoneKey(number string) string { return "phone:" + kit.OnlyDigits(number) }

func identity(data map[string]any) kit.Identity {
	id := kit.Identity{Name: kit.Join(" ", kit.Text(data, "firstName"), kit.Text(data, "lastName"))}
	if email := kit.Text(data, "email"); email != "" {
		id.Emails = []string{email}
	}
	if number := kit.OnlyDigits(kit.Text(data, "phone")); number != "" {
		id.Keys = []string{phoneKey(number)}
	}
	return id
}
