package close

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"

	"crmferry/internal/sandbox/kit"
)

type field struct {
	name, kind string
	multi      bool
	choices    []string
}

// fieldID is the id of a custom field, by its name.
func fieldID(name string) string { return newID("cf", name) }

func fieldsOf(kind string) []field {
	if kind == "lead" {
		return []field{{name: "Owner", kind: "user"}}
	}
	return []field{
		{name: "External Key", kind: "text"}, {name: "Score", kind: "number"},
		{name: "Tier", kind: "choices", choices: []string{"Gold", "Silver"}},
		{name: "Segments", kind: "choices", multi: true, choices: []string{"Investor", "Press"}},
		{name: "Birthday", kind: "date"}, {name: "Manager", kind: "user"},
	}
}

func customFields(c *kit.Call) kit.Reply {
	kind := c.Var("kind")
	if kind != "contact" && kind != "lead" {
		return notFound()
	}
	data := []any{}
	for _, f := range fieldsOf(kind) {
		row := map[string]any{
			"id": fieldID(f.name), "name": f.name, "type": f.kind, "accepts_multiple_values": f.multi, "is_shared": false,
			"description": nil, "editable_with_roles": []any{}, "organization_id": organization(c),
		}
		if f.choices != nil {
			row["choices"] = f.choices
		}
		data = append(data, row)
	}
	return kit.JSON(http.StatusOK, map[string]any{"data": data, "has_more": false})
}

// judge tells what is wrong with a value; empty when nothing is.
func (f field) judge(value any) string {
	list, isList := value.([]any)
	switch {
	case value == nil:
		return ""
	case f.multi && !isList, !f.multi && isList:
		return "Not a valid value for this custom field."
	case !isList:
		list = []any{value}
	}
	for _, item := range list {
		text, isText := item.(string)
		_, isNumber := item.(json.Number)
		_, noDay := time.Parse(time.DateOnly, text)
		switch {
		case f.kind == "number" && !isNumber, f.kind != "number" && !isText:
			return "Not a valid value for this custom field."
		case f.choices != nil && !slices.Contains(f.choices, text):
			return "Not a valid choice."
		case f.kind == "date" && noDay != nil:
			return "Invalid ISO 8601 date."
		case f.kind == "user" && !isID(text, "user"):
			return "Object does not exist."
		}
	}
	return ""
}

func contactSchema() kit.Schema {
	text := kit.Field{Max: 1000}
	rows := func(key string) kit.Field {
		return kit.Field{Type: kit.List, Of: kit.Schema{key: {Required: true}, "type": {}}}
	}
	return kit.Schema{
		"lead_id": {}, "name": text, "title": text, "emails": rows("email"), "phones": rows("phone"), "urls": rows("url"),
		"timezone": {}, "date_created": {}, "created_by": {},
	}
}

func leadSchema() kit.Schema {
	return kit.Schema{
		"name": {Max: 1000}, "description": {}, "url": {}, "status_id": {}, "contacts": {Type: kit.List},
		"addresses": {Type: kit.List, Of: kit.Schema{
			"label": {}, "address_1": {}, "address_2": {}, "city": {}, "state": {}, "zipcode": {}, "country": {},
		}},
	}
}

// check finds the faults of a body of a kind by its schema and custom fields.
func check(kind string, schema kit.Schema, body map[string]any) faults {
	found, rest := faults{}, map[string]any{}
	for name, value := range body {
		id, custom := strings.CutPrefix(name, "custom.")
		if !custom {
			rest[name] = value
			continue
		}
		at := slices.IndexFunc(fieldsOf(kind), func(f field) bool { return fieldID(f.name) == id })
		if at < 0 {
			found.add([]string{name}, "Object does not exist.")
		} else if message := fieldsOf(kind)[at].judge(value); message != "" {
			found.add([]string{name}, message)
		}
	}
	for _, issue := range schema.Check(rest, false) {
		found.add(strings.Split(issue.Path, "."), map[kit.Problem]string{
			kit.Absent: "This field is required.", kit.Unknown: "Unexpected field.", kit.TooLong: "The value must be no longer than 1000 characters.",
			kit.WrongType: "Value has the wrong type.",
		}[issue.Problem])
	}
	return found
}

// judgeContact finds the faults of a contact as sent.
func judgeContact(body map[string]any) faults {
	found := check("contact", contactSchema(), body)
	if len(found) > 0 {
		return found
	}
	if lead := kit.Text(body, "lead_id"); lead != "" && !isID(lead, "lead") {
		found.add([]string{"lead"}, "Object does not exist.")
	}
	if user := kit.Text(body, "created_by"); user != "" && !isID(user, "user") {
		found.add([]string{"created_by"}, "Object does not exist.")
	}
	if made := kit.Text(body, "date_created"); made != "" {
		if _, err := time.Parse(time.RFC3339, made); err != nil {
			found.add([]string{"date_created"}, "Invalid ISO 8601 datetime.")
		}
	}
	tests := []struct {
		list, key, message string
		ok                 func(string) bool
	}{
		{"emails", "email", "Invalid email address.", kit.ValidEmail},
		{"phones", "phone", "Invalid phone number.", func(text string) bool { return normalize(text) != nil }},
		{"urls", "url", "Invalid URL.", isURL},
	}
	for _, test := range tests {
		rows := kit.Objects(body, test.list)
		if len(rows) > 100 {
			found.add([]string{test.list}, "The list must contain no more than 100 items.")
		}
		for i, row := range rows {
			if !test.ok(kit.Text(row, test.key)) {
				found.add([]string{test.list, strconv.Itoa(i), test.key}, test.message)
			}
		}
	}
	return found
}

func isURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// normalize reads a phone; nil when it is none.
func normalize(text string) *phonenumbers.PhoneNumber {
	number, err := phonenumbers.Parse(text, "US")
	if err != nil || !phonenumbers.IsPossibleNumber(number) {
		return nil
	}
	return number
}

// stored is the form in which a contact is kept: all lists there, phones
// normalised, a time zone taken from the first phone.
func stored(body map[string]any, complete bool) map[string]any {
	data := maps.Clone(body)
	if complete {
		for name, empty := range map[string]any{"name": nil, "title": nil, "emails": []any{}, "phones": []any{}, "urls": []any{}, "timezone": nil} {
			if data[name] == nil {
				data[name] = empty
			}
		}
	}
	for _, name := range []string{"emails", "phones", "urls"} {
		if _, there := data[name]; !there {
			continue
		}
		rows := []any{}
		for _, sent := range kit.Objects(body, name) {
			rows = append(rows, row(sent))
		}
		data[name] = rows
	}
	return data
}

// row completes one item of a list.
func row(sent map[string]any) map[string]any {
	shown := maps.Clone(sent)
	if kit.Text(shown, "type") == "" {
		shown["type"] = map[bool]string{true: "url", false: "office"}[shown["url"] != nil]
	}
	if shown["email"] != nil {
		shown["is_unsubscribed"] = false
	}
	if phone := kit.Text(shown, "phone"); phone != "" {
		number := normalize(phone)
		shown["phone"] = phonenumbers.Format(number, phonenumbers.E164)
		shown["phone_formatted"] = phonenumbers.Format(number, phonenumbers.INTERNATIONAL)
		shown["country"] = phonenumbers.GetRegionCodeForNumber(number)
	}
	return shown
}
