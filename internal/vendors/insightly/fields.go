package insightly

import (
	"maps"
	"strings"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

const fields = "fields"

// field is a custom field as the account defines it:
// https://api.na1.insightly.com/v3.1/#!/CustomFields
type field struct {
	Name     string   `json:"FIELD_NAME"`
	Label    string   `json:"FIELD_LABEL"`
	For      string   `json:"FIELD_FOR"`
	Type     string   `json:"FIELD_TYPE"`
	Editable *bool    `json:"EDITABLE"`
	Options  []option `json:"CUSTOM_FIELD_OPTIONS"`
}

type option struct {
	Value string `json:"OPTION_VALUE"`
}

// ask reads a list that belongs to the account.
func ask(path string) func(*connector.Call, string) (connector.Request, error) {
	return func(*connector.Call, string) (connector.Request, error) {
		return connector.Request{Method: "GET", Path: path}, nil
	}
}

func needsFields(c *connector.Call) []string {
	if len(c.Input.CustomFields) == 0 {
		return nil
	}
	return []string{""}
}

// learnFields keeps those of contacts: the list may hold those of all objects.
func learnFields(_ *connector.Call, _ string, r connector.Reply) (any, error) {
	all, err := connector.DecodeJSON[[]field](r)
	var list []field
	for _, f := range all {
		if strings.EqualFold(f.For, "CONTACT") {
			list = append(list, f)
		}
	}
	return list, err
}

func learned(c *connector.Call) []field { return connector.Prepared[[]field](c, fields, "") }

func definitions(c *connector.Call) []shape.Definition {
	return shape.Each(learned(c), func(f field) shape.Definition {
		options := shape.Each(f.Options, func(o option) shape.Option { return shape.Option{Value: o.Value} })
		return shape.Definition{Key: f.Name, Label: f.Label, Kind: kinds()[f.Type], Options: options}
	})
}

func kinds() map[string]shape.Kind {
	return map[string]shape.Kind{
		"TEXT": shape.KindText, "MULTILINETEXT": shape.KindText, "DROPDOWN": shape.KindChoice, "MULTISELECT": shape.KindChoices,
		"BIT": shape.KindBoolean, "NUMERIC": shape.KindNumber, "PERCENT": shape.KindNumber,
	}
}

// custom writes the caller's fields under their API names.
func custom(c *connector.Call) []pair {
	values := shape.CustomValues(writable(c), definitions(c), isAPIName, c.Warn)
	types := map[string]string{}
	for _, f := range learned(c) {
		types[f.Name] = f.Type
	}
	return shape.Each(shape.Keys(values), func(name string) pair { return pair{name, wire(types[name], values[name])} })
}

// isAPIName tells a name that can only be meant as such; older accounts have
// numbered ones. What has another form is a label that the account lacks.
func isAPIName(name string) bool {
	return strings.HasSuffix(name, "__c") || strings.HasPrefix(name, "CONTACT_FIELD_")
}

// writable leaves out the key's own field and those that Insightly fills.
func writable(c *connector.Call) map[string]any {
	sent := maps.Clone(shape.Without(c.Input.CustomFields, c.Settings[externalIDField], c.Warn))
	for _, name := range shape.Keys(sent) {
		d, _ := shape.Defined(name, definitions(c))
		for _, f := range learned(c) {
			if f.Name == d.Key && (f.Type == "AUTONUMBER" || f.Editable != nil && !*f.Editable) {
				delete(sent, name)
				c.Warn(string(contact.CustomFields)+"/"+name, shape.Unusable, "Insightly fills this field itself")
			}
		}
	}
	return sent
}

// wire writes lists as one text, and times in UTC without a zone.
func wire(kind string, v any) any {
	switch {
	case kind == "DATE" || kind == "DATETIME":
		if at, ok := connector.ParseTime(shape.Text(v)); ok {
			return at.Format(time.DateTime)
		}
		return v
	case kind == "MULTISELECT":
		if list, ok := v.([]string); ok {
			return strings.Join(list, ";")
		}
	}
	if list, ok := v.([]any); ok {
		return shape.Text(list)
	}
	return v
}

// marker is our key, in the field that the account keeps for it.
func marker(c *connector.Call) []pair {
	if !hasExternalID(c) {
		return nil
	}
	return []pair{{c.Settings[externalIDField], c.Key}}
}

// custom are the values of the fields that were sent; unset ones are not answered.
func (r record) custom(c *connector.Call) map[string]any {
	values := map[string]any{}
	for _, p := range r.Custom {
		values[p.Name] = p.Value
	}
	return shape.SentValues(values, c.Input.CustomFields, definitions(c))
}
