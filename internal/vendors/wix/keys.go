package wix

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

// The discoveries. Keys cannot be guessed from names: some have a suffix.
const (
	labels   = "labels"
	extended = "extended fields"
	// ours begins the keys of fields that are not Wix's own.
	ours = "custom."
)

func namedTags(c *connector.Call) []string {
	var names []string
	for _, t := range c.Input.Tags {
		if t.ID == "" {
			names = append(names, t.Name)
		}
	}
	return names
}

// askLabel finds a label by its name, or makes it:
// https://dev.wix.com/docs/rest/crm/members-contacts/contacts/labels/find-or-create-label
func askLabel(_ *connector.Call, name string) (connector.Request, error) {
	return connector.Request{Method: "POST", Path: "/contacts/v4/labels", Body: map[string]string{"displayName": name}}, nil
}

func learnLabel(_ *connector.Call, _ string, r connector.Reply) (any, error) {
	answer, err := connector.DecodeJSON[struct {
		Label struct {
			Key string `json:"key"`
		} `json:"label"`
	}](r)
	return answer.Label.Key, err
}

func keyOf(c *connector.Call, t contact.Tag) string {
	return cmp.Or(t.ID, connector.Prepared[string](c, labels, t.Name))
}

// labelKeys are those of the record and of the tags that it lacks.
func labelKeys(c *connector.Call) []string {
	known := shape.Each(c.Existing.Tags, func(t contact.Tag) string { return t.ID })
	var fresh []string
	for i, t := range c.Input.Tags {
		switch key := keyOf(c, t); {
		case key == "":
			c.Warn(shape.At(contact.Tags, i), shape.Unresolved, "the site has no such label, and could not add it")
		case !slices.Contains(known, key) && !slices.Contains(fresh, key):
			fresh = append(fresh, key)
		}
	}
	return shape.Extended(known, fresh)
}

// tags are labels by their keys, with the names by which they were sent.
func tags(c *connector.Call, keys []string) []contact.Tag {
	return shape.Each(keys, func(key string) contact.Tag {
		for _, t := range c.Input.Tags {
			if keyOf(c, t) == key {
				return contact.Tag{ID: key, Name: t.Name}
			}
		}
		return contact.Tag{ID: key}
	})
}

func needsExtended(c *connector.Call) []string {
	if len(c.Input.CustomFields) == 0 {
		return nil
	}
	return []string{""}
}

// askExtended asks for the fields that are not Wix's own, of which there are
// at most 100:
// https://dev.wix.com/docs/rest/crm/members-contacts/contacts/extended-fields/query-extended-fields
func askExtended(*connector.Call, string) (connector.Request, error) {
	return connector.Request{Method: "POST", Path: "/contacts/v4/extended-fields/query", Body: map[string]any{"query": map[string]any{
		"filter": map[string]any{"fieldType": map[string]string{"$eq": "USER_DEFINED"}}, "paging": map[string]int{"limit": 100, "offset": 0},
	}}}, nil
}

func learnExtended(_ *connector.Call, _ string, r connector.Reply) (any, error) {
	type field struct {
		Key  string `json:"key"`
		Name string `json:"displayName"`
		Type string `json:"dataType"`
	}
	answer, err := connector.DecodeJSON[struct {
		Fields []field `json:"fields"`
	}](r)
	kinds := map[string]shape.Kind{"TEXT": shape.KindText, "NUMBER": shape.KindNumber, "DATE": shape.KindDay, "URL": shape.KindURL}
	return shape.Each(answer.Fields, func(f field) shape.Definition {
		return shape.Definition{Key: f.Key, Label: f.Name, Kind: kinds[f.Type]}
	}), err
}

type extendedValues struct {
	Items map[string]any `json:"items"`
}

func isOurs(key string) bool { return strings.HasPrefix(key, ours) }

func definitions(c *connector.Call) []shape.Definition {
	return connector.Prepared[[]shape.Definition](c, extended, "")
}

// custom are the values that were sent, and with them those of the record.
func custom(c *connector.Call) *extendedValues {
	if len(c.Input.CustomFields) == 0 {
		return nil
	}
	all := maps.Clone(c.Input.CustomFields)
	for name, value := range c.Existing.CustomFields {
		if _, sent := all[name]; !sent {
			all[name] = value
		}
	}
	if values := shape.CustomValues(all, definitions(c), isOurs, c.Warn); len(values) > 0 {
		return &extendedValues{values}
	}
	return nil
}

// contact gives the values that are not Wix's own, under the names by which
// they were sent, else under their keys.
func (e *extendedValues) contact(c *connector.Call) map[string]any {
	if e == nil {
		return nil
	}
	out := shape.SentValues(e.Items, c.Input.CustomFields, definitions(c))
	named := map[string]bool{}
	for name := range out {
		d, _ := shape.Defined(name, definitions(c))
		named[cmp.Or(d.Key, name)] = true
	}
	for key, value := range e.Items {
		if !isOurs(key) || named[key] || value == nil {
			continue
		}
		if out == nil {
			out = map[string]any{}
		}
		out[key] = value
	}
	return out
}
