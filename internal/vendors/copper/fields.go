package copper

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

const definitions = "definitions"

// connect is the kind of fields that connect records; they are written elsewhere.
const connect shape.Kind = "connect"

// value is the value of one custom field.
type value struct {
	ID    json.Number `json:"custom_field_definition_id"`
	Value any         `json:"value"`
}

// definition is a custom field as
// https://developer.copper.com/custom-fields/general/list-custom-field-definitions.html
// tells it.
type definition struct {
	ID      json.Number `json:"id"`
	Name    string      `json:"name"`
	Type    string      `json:"data_type"`
	On      []string    `json:"available_on"`
	Options []struct {
		ID   json.Number `json:"id"`
		Name string      `json:"name"`
	} `json:"options"`
}

func needsDefinitions(c *connector.Call) []string {
	if len(c.Input.CustomFields) == 0 {
		return nil
	}
	return []string{""}
}

func askDefinitions(*connector.Call, string) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: "/custom_field_definitions"}, nil
}

// learnDefinitions keeps the fields of people.
func learnDefinitions(_ *connector.Call, _ string, r connector.Reply) (any, error) {
	list, err := connector.DecodeJSON[[]definition](r)
	people := slices.DeleteFunc(list, func(d definition) bool { return !slices.Contains(d.On, "person") })
	return shape.Each(people, definition.common), err
}

func (d definition) common() shape.Definition {
	out := shape.Definition{Key: d.ID.String(), Label: d.Name, Kind: kinds()[strings.ToLower(d.Type)]}
	for _, o := range d.Options {
		out.Options = append(out.Options, shape.Option{Value: o.ID.String(), Label: o.Name})
	}
	return out
}

func kinds() map[string]shape.Kind {
	return map[string]shape.Kind{
		"string": shape.KindText, "text": shape.KindText, "url": shape.KindText, "float": shape.KindNumber, "currency": shape.KindNumber,
		"percentage": shape.KindNumber, "checkbox": shape.KindBoolean, "dropdown": shape.KindChoice, "multiselect": shape.KindChoices,
		"date": shape.KindDay, "connect": connect,
	}
}

func defined(c *connector.Call, name string) (shape.Definition, bool) {
	return shape.Defined(name, connector.Prepared[[]shape.Definition](c, definitions, ""))
}

// custom writes the custom fields. One that is given by an id which is not
// defined is left for the CRM to refuse.
func custom(c *connector.Call) []value {
	var list []value
	for _, name := range shape.Keys(c.Input.CustomFields) {
		d, _ := defined(c, name)
		id, err := shape.Integer(cmp.Or(d.Key, name), contact.CustomFields)
		v := value{ID: number(id), Value: form(d, c.Input.CustomFields[name])}
		warn := func(code, message string) { c.Warn(string(contact.CustomFields)+"/"+name, code, message) }
		switch {
		case err != nil || id == 0:
			warn(shape.Unresolved, "Copper's people have no custom field of that name")
		case d.Kind == connect:
			warn(shape.Unusable, "a field that connects records cannot be written with the person")
		case shape.Text(v.Value) == "":
			warn(shape.Unusable, "Copper takes no empty values")
		case slices.ContainsFunc(list, func(other value) bool { return other.ID == v.ID }):
			warn(shape.Conflict, "another custom field goes by the same id")
		default:
			list = append(list, v)
		}
	}
	return list
}

// form is a value as Copper takes it: options by the numbers of their ids,
// dates as 11/23/2026.
func form(d shape.Definition, v any) any {
	v = d.Value(v)
	switch d.Kind {
	case shape.KindChoice:
		return shape.Number(v)
	case shape.KindChoices:
		choices, _ := v.([]string)
		return shape.Each(choices, func(id string) any { return shape.Number(id) })
	case shape.KindDay:
		if day, err := time.Parse(time.DateOnly, shape.Text(v)); err == nil {
			return day.Format("01/02/2006")
		}
	}
	return v
}

// custom are the custom fields that hold something, by id, or by the name
// under which they were sent.
func (p person) custom(c *connector.Call) map[string]any {
	names := map[string]string{}
	for name := range c.Input.CustomFields {
		if d, known := defined(c, name); known {
			names[d.Key] = name
		}
	}
	var out map[string]any
	for _, f := range p.CustomFields {
		if shape.Text(f.Value) == "" {
			continue
		}
		if out == nil {
			out = map[string]any{}
		}
		out[cmp.Or(names[f.ID.String()], f.ID.String())] = f.Value
	}
	return out
}
