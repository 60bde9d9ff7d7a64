package zendesksell

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"crmferry/internal/sandbox/kit"
)

const sourceKey = "Source Key"

// field is a custom field, known by the name that the app shows.
type field struct {
	name, kind string
	choices    []string
}

func fields() []field {
	return []field{
		{"Favourite Number", "number", nil}, {"Lead Origin", "string", nil}, {"Newsletter", "bool", nil}, {"Tier", "list", []string{"Gold", "Silver"}},
		{"Interests", "multi_select_list", []string{"Engines", "Poetry"}}, {"Met On", "date", nil}, {"Home", "address", nil}, {sourceKey, "string", nil},
	}
}

func customFields(c *kit.Call) kit.Reply {
	items := []any{}
	for i, f := range fields() {
		var choices []any
		for j, name := range f.choices {
			choices = append(choices, map[string]any{"id": 10*(i+1) + j, "name": name})
		}
		items = append(items, map[string]any{"data": map[string]any{
			"id": i + 1, "name": f.name, "type": f.kind, "choices": choices, "resource_type": "contact", "for_person": true, "for_organisation": true,
			"created_at": "2025-01-01T00:00:00Z", "updated_at": "2025-01-01T00:00:00Z",
		}, "meta": map[string]any{"type": "custom_field", "version": 1}})
	}
	return collection(c, items, 1)
}

// judgeCustom tells what is wrong with the values of custom fields.
func judgeCustom(values map[string]any) []fault {
	var faults []fault
	for name, value := range values {
		at := "/data/custom_fields/" + name
		i := slices.IndexFunc(fields(), func(f field) bool { return f.name == name })
		if i < 0 {
			faults = append(faults, fault{"unknown", "Unknown attribute.", "There is no custom field of that name.", at})
			continue
		}
		if code := fields()[i].judge(value); code != "" && value != nil {
			faults = append(faults, fault{code, "Invalid value.", "The value is none of a field of type " + fields()[i].kind + ".", at})
		}
	}
	slices.SortFunc(faults, func(a, b fault) int { return strings.Compare(a.field, b.field) })
	return faults
}

func (f field) judge(value any) (code string) {
	text, isText := value.(string)
	list, isList := value.([]any)
	_, isBool := value.(bool)
	object, isObject := value.(map[string]any)
	of := func(right, good bool) string {
		switch {
		case !right:
			return "invalid_type"
		case !good:
			return "incorrect_value"
		}
		return ""
	}
	switch f.kind {
	case "number":
		_, err := strconv.ParseFloat(text, 64)
		return of(isText, err == nil)
	case "bool":
		return of(isBool, true)
	case "list":
		return of(isText, slices.Contains(f.choices, text))
	case "multi_select_list":
		return of(isList, !slices.ContainsFunc(list, func(item any) bool {
			choice, _ := item.(string)
			return !slices.Contains(f.choices, choice)
		}))
	case "date":
		_, err := time.Parse(time.DateOnly, text)
		return of(isText, err == nil)
	case "address":
		return of(isObject, len(addressSchema().Check(object, true)) == 0)
	}
	return of(isText, true)
}

func addressSchema() kit.Schema {
	return kit.Schema{"line1": {}, "city": {}, "postal_code": {}, "state": {}, "country": {}}
}

// organizations are the companies of the account, apart from the people.
func organizations(c *kit.Call) *kit.Table {
	table := c.Account.Table("organizations")
	if len(table.All()) == 0 {
		at := time.Date(2025, time.January, 1, 0, 0, 0, 0, time.UTC)
		table.Put(&kit.Record{ID: "90210", CreatedAt: at, UpdatedAt: at, Data: map[string]any{
			"is_organization": true, "name": "Analytical Engines", "email": "info@engines.example",
		}})
	}
	return table
}

// createOrganization stores a company, which is no contact of the kit's.
func createOrganization(c *kit.Call, data map[string]any) kit.Reply {
	r := &kit.Record{ID: kit.DecimalID(c.Account.Name, c.Account.NextID()), Data: data, CreatedAt: c.Now, UpdatedAt: c.Now}
	organizations(c).Put(r)
	c.FollowUp("organization")
	return kit.JSON(http.StatusOK, show(c, r))
}
