package close

import (
	"strings"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

const (
	definitions = "definitions"
	prefix      = "custom." // of a custom field's id, as a key of a contact
)

// needsDefinitions asks only for contacts with custom fields.
func needsDefinitions(c *connector.Call) []string {
	if len(c.Input.CustomFields) == 0 {
		return nil
	}
	return []string{""}
}

func askDefinitions(*connector.Call, string) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: "/custom_field/contact/"}, nil
}

// definition is a custom field of contacts.
type definition struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Type     string `json:"type"`
	Multiple bool   `json:"accepts_multiple_values"`
	Choices  []any  `json:"choices"`
}

func learnDefinitions(_ *connector.Call, _ string, r connector.Reply) (any, error) {
	answer, err := connector.DecodeJSON[struct {
		Data []definition `json:"data"`
	}](r)
	return shape.Each(answer.Data, definition.unified), err
}

func (d definition) unified() shape.Definition {
	kind := map[string]shape.Kind{
		"text": shape.KindText, "number": shape.KindNumber, "date": shape.KindDay, "choices": shape.KindChoice, "user": shape.KindText,
	}[d.Type]
	if d.Multiple {
		kind = shape.KindChoices
	}
	options := shape.Each(d.Choices, func(choice any) shape.Option { return shape.Option{Value: shape.Text(choice)} })
	return shape.Definition{Key: prefix + d.ID, Label: d.Name, Kind: kind, Options: options}
}

// defined is the custom field of that id, with or without its prefix, or of
// that name. An id that we do not know goes as it is.
func defined(c *connector.Call, name string) (shape.Definition, bool) {
	key := name
	if strings.HasPrefix(name, "cf_") {
		key = prefix + name
	}
	d, ok := shape.Defined(key, connector.Prepared[[]shape.Definition](c, definitions, ""))
	if !ok && strings.HasPrefix(key, prefix) {
		return shape.Definition{Key: key}, true
	}
	return d, ok
}

func custom(c *connector.Call) map[string]any {
	values := map[string]any{}
	for _, name := range shape.Keys(c.Input.CustomFields) {
		d, ok := defined(c, name)
		if !ok {
			c.Warn(string(contact.CustomFields)+"/"+name, shape.Unresolved, "there is no custom field of contacts of that name")
			continue
		}
		if _, twice := values[d.Key]; twice || d.Key == ownKey(c) {
			c.Warn(string(contact.CustomFields)+"/"+name, shape.Conflict, "the field is set by another name, or reserved by the account's settings")
			continue
		}
		values[d.Key] = d.Value(c.Input.CustomFields[name])
	}
	return values
}

// customKeys are the keys of the custom fields that an answer should hold.
func customKeys(c *connector.Call) []string {
	var keys []string
	for _, name := range shape.Keys(c.Input.CustomFields) {
		if d, ok := defined(c, name); ok {
			keys = append(keys, d.Key)
		}
	}
	if hasKey(c) {
		keys = append(keys, ownKey(c))
	}
	return keys
}

func customOf(c *connector.Call, more map[string]any) map[string]any {
	got := map[string]any{}
	for name := range c.Input.CustomFields {
		if d, ok := defined(c, name); ok {
			got[name] = more[d.Key]
		}
	}
	return shape.Pick(got, c.Input.CustomFields)
}

// ownKey is the key of the custom field that holds our own key; "" for none.
func ownKey(c *connector.Call) string {
	if id := c.Settings[keySetting]; id != "" {
		return prefix + id
	}
	return ""
}

func hasKey(c *connector.Call) bool { return ownKey(c) != "" }

// withKey adds our own key, where the account has a field for it.
func withKey(c *connector.Call, values map[string]any) map[string]any {
	if hasKey(c) {
		values[ownKey(c)] = c.Key
	}
	return values
}

// isOurs says whether a record carries our own key.
func isOurs(c *connector.Call, rec record) bool {
	return hasKey(c) && rec.More[ownKey(c)] == any(c.Key)
}
