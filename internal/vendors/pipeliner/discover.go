package pipeliner

import (
	"cmp"
	"net/url"
	"strings"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

// The names of the discoveries.
const (
	clients     = "clients"
	tags        = "tags"
	newTags     = "new tags"
	definitions = "fields"
)

// ownerEmail is the e-mail by which the contact names its owner; "" for none.
func ownerEmail(c *connector.Call) string {
	if o := c.Input.Owner; o != nil && o.ID == "" && strings.Contains(o.Name, "@") {
		return o.Name
	} else if o != nil && strings.Contains(o.ID, "@") {
		return o.ID
	}
	return ""
}

func needsClient(c *connector.Call) []string {
	if email := ownerEmail(c); email != "" {
		return []string{email}
	}
	return nil
}

func askClient(_ *connector.Call, email string) (connector.Request, error) {
	return list("/Clients", filters{"email": email}), nil
}

func learnClient(_ *connector.Call, email string, r connector.Reply) (any, error) {
	found, err := unwrap[[]struct {
		ID    string `json:"id"`
		Email string `json:"email"`
	}](r)
	for _, client := range found {
		if contact.SameEmail(client.Email, email) {
			return client.ID, err
		}
	}
	return "", err
}

// needsTags lists the names of tags whose ids the caller does not tell.
func needsTags(c *connector.Call) []string {
	var names []string
	for _, t := range c.Input.Tags {
		if t.ID == "" {
			names = append(names, t.Name)
		}
	}
	return names
}

// search is what came of looking for a tag; one that was refused is not done.
type search struct {
	done bool
	id   string
}

func needsNewTags(c *connector.Call) []string {
	var names []string
	for _, name := range needsTags(c) {
		if s := connector.Prepared[search](c, tags, name); s.done && s.id == "" {
			names = append(names, name)
		}
	}
	return names
}

func askTag(_ *connector.Call, name string) (connector.Request, error) {
	return list("/Tags", filters{"name": name}), nil
}

func learnTag(_ *connector.Call, name string, r connector.Reply) (any, error) {
	found, err := unwrap[[]struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}](r)
	for _, tag := range found {
		if contact.SameText(tag.Name, name) {
			return search{true, tag.ID}, err
		}
	}
	return search{done: true}, err
}

// makeTag makes a tag for contacts, in the first of Pipeliner's colours.
func makeTag(_ *connector.Call, name string) (connector.Request, error) {
	return connector.Request{Method: "POST", Path: "/Tags", Body: map[string]any{"name": name, "color": 1, "supported_entities": 1}}, nil
}

func learnNewTag(_ *connector.Call, _ string, r connector.Reply) (any, error) {
	made, err := unwrap[struct {
		ID string `json:"id"`
	}](r)
	return made.ID, err
}

// tagID is the id of a tag; "" where the space has none, and none could be made.
func tagID(c *connector.Call, t contact.Tag) string {
	return cmp.Or(t.ID, connector.Prepared[search](c, tags, t.Name).id, connector.Prepared[string](c, newTags, t.Name))
}

// page is one page of the space's fields.
type page struct {
	fields []shape.Definition
	next   string // the cursor of the page after it
}

// fieldsPage reads one page of the fields of contacts, if the one before it
// was not the last:
// https://developers.pipelinersales.com/api-docs/core-api-concepts/fields
func fieldsPage(number, before string) connector.Discovery {
	return connector.Discovery{
		Name: definitions, Life: time.Hour, Optional: true,
		Keys: func(c *connector.Call) []string {
			if len(c.Input.CustomFields) == 0 || before != "" && connector.Prepared[page](c, definitions, before).next == "" {
				return nil
			}
			return []string{number}
		},
		Request: func(c *connector.Call, _ string) (connector.Request, error) {
			query := url.Values{"filter[entity_name]": {"Contact"}, "first": {"100"}}
			if before != "" {
				query.Set("after", connector.Prepared[page](c, definitions, before).next)
			}
			return connector.Request{Method: "GET", Path: "/Fields", Query: query}, nil
		},
		Decode: learnFields,
	}
}

func learnFields(_ *connector.Call, _ string, r connector.Reply) (any, error) {
	found, err := unwrapPage[struct {
		APIName string `json:"api_name"`
		Name    string `json:"name"`
		Type    string `json:"type_id"`
		Options []struct {
			ID   any    `json:"option_id"`
			Name string `json:"option_name"`
		} `json:"data_set"`
	}](r)
	p := page{next: found.next()}
	for _, f := range found.Data {
		d := shape.Definition{Key: f.APIName, Label: f.Name, Kind: kinds()[f.Type]}
		for _, o := range f.Options {
			d.Options = append(d.Options, shape.Option{Value: shape.Text(o.ID), Label: o.Name})
		}
		p.fields = append(p.fields, d)
	}
	return p, err
}

// kinds are the types of fields, less those whose values we leave as they are.
func kinds() map[string]shape.Kind {
	return map[string]shape.Kind{
		"checkbox": shape.KindBoolean, "currency": shape.KindNumber, "float": shape.KindNumber, "integer": shape.KindNumber,
		"date": shape.KindDay, "dropdown": shape.KindChoice, "radio": shape.KindChoice, "multiselect_checkbox": shape.KindChoices,
		"email": shape.KindText, "input": shape.KindText, "phone": shape.KindText, "text_area": shape.KindText, "url": shape.KindText,
	}
}

func definitionsOf(c *connector.Call) []shape.Definition {
	var all []shape.Definition
	for _, number := range []string{"1", "2", "3", "4", "5"} {
		all = append(all, connector.Prepared[page](c, definitions, number).fields...)
	}
	return all
}

func custom(c *connector.Call) map[string]any {
	values := shape.CustomValues(c.Input.CustomFields, definitionsOf(c), nil, c.Warn)
	return shape.Without(values, c.Settings[externalIDField], c.Warn)
}
