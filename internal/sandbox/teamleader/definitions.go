package teamleader

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"crmferry/internal/sandbox/kit"
)

// definition is a custom field of contacts.
type definition struct {
	id, label, kind string
	required        bool
	options         []string
}

func definitions(account string) []definition {
	list := []definition{
		{label: "Lead origin", kind: "single_line", required: strings.HasPrefix(account, "required")},
		{label: "Favourite number", kind: "integer"}, {label: "Tier", kind: "single_select", options: []string{"Gold", "Silver"}},
		{label: "Interests", kind: "multi_select", options: []string{"Engines", "Poetry"}}, {label: "Partner", kind: "boolean"},
		{label: "Met on", kind: "date"}, {label: "Referred by", kind: "company"},
	}
	for i := range list {
		list[i].id = kit.UUID(slug+" fields "+account, uint64(i))
	}
	return list
}

// listDefinitions shows options as texts in versions before the newest.
func listDefinitions(c *kit.Call) kit.Reply {
	if _, no := body(c, kit.Schema{"filter": {Type: kit.Map}, "page": pageField(), "sort": {Type: kit.List}}, false); no != nil {
		return *no
	}
	list := []any{}
	for _, d := range definitions(c.Account.Name) {
		configuration := map[string]any{}
		var options []any
		for i, text := range d.options {
			if version(c) < newest {
				options = append(options, text)
				continue
			}
			options = append(options, map[string]any{"id": kit.UUID(d.id, uint64(i)), "value": text})
		}
		if options != nil {
			configuration["options"] = options
		}
		list = append(list, map[string]any{
			"id": d.id, "context": "contact", "type": d.kind, "label": d.label, "group": nil, "required": d.required, "configuration": configuration,
		})
	}
	in, _ := c.Object()
	if context := kit.Text(kit.Object(in, "filter"), "context"); context != "" && context != "contact" {
		list = []any{}
	}
	return kit.JSON(http.StatusOK, map[string]any{"data": list})
}

// fits tells whether a value is one of the field's.
func (d definition) fits(value any) bool {
	text, isText := value.(string)
	switch d.kind {
	case "integer":
		n, ok := value.(json.Number)
		return ok && !strings.ContainsAny(n.String(), ".eE")
	case "boolean":
		_, ok := value.(bool)
		return ok
	case "date":
		_, err := time.Parse(time.DateOnly, text)
		return err == nil
	case "single_select":
		return slices.Contains(d.options, text)
	case "multi_select":
		list, ok := value.([]any)
		return ok && !slices.ContainsFunc(list, func(item any) bool {
			option, _ := item.(string)
			return !slices.Contains(d.options, option)
		})
	case "company":
		object, _ := value.(map[string]any)
		return kit.Text(object, "type") == "company" && isCompany(kit.Text(object, "id"))
	}
	return isText
}

func isCompany(id string) bool { return uuidForm.MatchString(id) && !kit.Missing(id) }

// judgeCustom holds custom fields against their definitions.
func judgeCustom(c *kit.Call, object map[string]any, partial bool) []problem {
	all := definitions(c.Account.Name)
	given := map[string]bool{}
	var problems []problem
	for _, field := range kit.Objects(object, "custom_fields") {
		id, value := kit.Text(field, "id"), field["value"]
		i := slices.IndexFunc(all, func(d definition) bool { return d.id == id })
		switch {
		case !uuidForm.MatchString(id):
			problems = append(problems, problem{"id invalid uuid", "id"})
		case i < 0:
			problems = append(problems, problem{title: "Custom field definition not found"})
		case value != nil && !all[i].fits(value):
			problems = append(problems, problem{"custom_fields value is not valid for a field of type " + all[i].kind, "custom_fields"})
		}
		given[id] = value != nil
	}
	for _, d := range all {
		if d.required && !given[d.id] && !partial {
			problems = append(problems, problem{"custom_fields: " + d.label + " is required", "custom_fields"})
		}
	}
	return problems
}

func showCustom(data map[string]any) []any {
	list := []any{}
	for _, field := range kit.Objects(data, "custom_fields") {
		list = append(list, map[string]any{
			"definition": map[string]any{"type": "customFieldDefinition", "id": field["id"]}, "value": field["value"],
		})
	}
	return list
}
