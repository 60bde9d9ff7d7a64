package zohocrm

import (
	"net/url"
	"slices"

	"crmferry/internal/connector"
	"crmferry/internal/shape"
)

// settings is the discovery of the module's fields:
// https://www.zoho.com/crm/developer/docs/api/v8/field-meta.html
const settings = "settings"

func needsSettings(c *connector.Call) []string {
	if len(c.Input.CustomFields) == 0 {
		return nil
	}
	return []string{""}
}

func askSettings(*connector.Call, string) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: "/settings/fields", Query: url.Values{"module": {"Contacts"}}}, nil
}

func learnSettings(_ *connector.Call, _ string, r connector.Reply) (any, error) {
	type field struct {
		APIName string `json:"api_name"`
		Label   string `json:"field_label"`
		Type    string `json:"data_type"`
		Options []struct {
			Label string `json:"display_value"`
			Value string `json:"actual_value"`
		} `json:"pick_list_values"`
	}
	answer, err := connector.DecodeJSON[struct {
		Fields []field `json:"fields"`
	}](r)
	return shape.Each(answer.Fields, func(f field) shape.Definition {
		d := shape.Definition{Key: f.APIName, Label: f.Label, Kind: kindOf(f.Type)}
		for _, o := range f.Options {
			d.Options = append(d.Options, shape.Option{Value: o.Value, Label: o.Label})
		}
		return d
	}), err
}

func kindOf(dataType string) shape.Kind {
	switch dataType {
	case "text", "textarea", "email", "phone", "website":
		return shape.KindText
	case "integer", "double", "currency", "percent", "decimal":
		return shape.KindNumber
	case "boolean":
		return shape.KindBoolean
	case "date":
		return shape.KindDay
	case "datetime":
		return shape.KindInstant
	case "picklist":
		return shape.KindChoice
	case "multiselectpicklist":
		return shape.KindChoices
	case "lookup", "ownerlookup", "userlookup":
		return shape.KindRecord
	default:
		return ""
	}
}

func definitions(c *connector.Call) []shape.Definition {
	return connector.Prepared[[]shape.Definition](c, settings, "")
}

// customKeys are the API names of the custom fields that were sent, as far as
// they exist.
func customKeys(c *connector.Call) []string {
	all := definitions(c)
	if len(all) == 0 {
		return shape.Keys(c.Input.CustomFields)
	}
	var keys []string
	for _, name := range shape.Keys(c.Input.CustomFields) {
		if d, ok := shape.Defined(name, all); ok && !slices.Contains(shape.Members[fields](), d.Key) {
			keys = append(keys, d.Key)
		}
	}
	return keys
}
