package attio

import (
	"strings"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

const attributes = "attributes"

// attribute is one of the object people:
// https://docs.attio.com/rest-api/endpoint-reference/attributes/list-attributes
type attribute struct {
	Slug     string `json:"api_slug"`
	Type     string `json:"type"`
	Multi    bool   `json:"is_multiselect"`
	Archived bool   `json:"is_archived"`
}

// needsAttributes asks only for contacts whose values depend on what the
// workspace has.
func needsAttributes(c *connector.Call) []string {
	if c.Input.Owner == nil && len(c.Input.Tags)+len(c.Input.CustomFields) == 0 {
		return nil
	}
	return []string{""}
}

func askAttributes(*connector.Call, string) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: "/objects/people/attributes"}, nil
}

func learnAttributes(_ *connector.Call, _ string, r connector.Reply) (any, error) {
	answer, err := connector.DecodeJSON[struct {
		Data []attribute `json:"data"`
	}](r)
	bySlug := map[string]attribute{}
	for _, a := range answer.Data {
		if !a.Archived {
			bySlug[a.Slug] = a
		}
	}
	return bySlug, err
}

func find(c *connector.Call, slug string) attribute {
	return connector.Prepared[map[string]attribute](c, attributes, "")[slug]
}

// owner needs an attribute of that name, which workspaces may add.
func owner(c *connector.Call) []actor {
	switch o := c.Input.Owner; {
	case o == nil:
		return nil
	case find(c, "owner").Type != "actor-reference":
		c.Warn(string(contact.Owner), shape.Unresolved, "the workspace has no attribute owner for workspace members")
		return nil
	case o.ID == "" && strings.Contains(o.Name, "@"):
		return []actor{member(o.Name)}
	default:
		return shape.Each(ids(shape.RefID(o, contact.Owner, c.Warn)), member)
	}
}

func ids(id string) []string {
	if id == "" {
		return nil
	}
	return []string{id}
}

// tags need a select attribute of that name, which workspaces may add.
func tags(c *connector.Call) []string {
	a, list := find(c, "tags"), c.Input.Tags
	if a.Type != "select" {
		for i := range list {
			c.Warn(shape.At(contact.Tags, i), shape.Unresolved, "the workspace has no select attribute tags")
		}
		return nil
	}
	if !a.Multi && len(list) > 1 {
		for i := range list[1:] {
			c.Warn(shape.At(contact.Tags, i+1), shape.NoRoom, "the workspace's attribute tags takes one option")
		}
		list = list[:1]
	}
	return shape.TagNames(list)
}

// custom writes values in the form of their attributes. Those of attributes
// that we do not know go as they are: the CRM tells what is wrong.
func custom(c *connector.Call) map[string]any {
	values := map[string]any{}
	for slug, value := range c.Input.CustomFields {
		a := find(c, slug)
		list, isList := value.([]any)
		switch {
		case a.Multi && !isList:
			values[slug] = []any{a.value(value)}
		case isList:
			values[slug] = shape.Each(list, a.value)
		default:
			values[slug] = a.value(value)
		}
	}
	return values
}

// value writes one value by its attribute's type:
// https://docs.attio.com/docs/attribute-types/attribute-types
func (a attribute) value(v any) any {
	if _, isObject := v.(map[string]any); isObject {
		return v
	}
	switch a.Type {
	case "number", "rating", "currency":
		return shape.Number(v)
	case "checkbox":
		return shape.Boolean(v)
	case "text", "select", "status", "date", "timestamp":
		return shape.Text(v)
	case "actor-reference":
		return member(shape.Text(v))
	default:
		return v
	}
}
