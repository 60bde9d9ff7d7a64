package onepagecrm

import (
	"maps"
	"net/url"
	"strconv"
	"strings"

	"crmferry/internal/connector"
	"crmferry/internal/shape"
)

// The discoveries: the first page of the custom fields, the others, and the
// name of a company.
const (
	fields     = "custom fields"
	moreFields = "more custom fields"
	company    = "company"
)

const idForm = `^[0-9a-f]{24}$`

// custom is a custom field with its value.
type custom struct {
	Field field `json:"custom_field"`
	Value any   `json:"value"`
}

type field struct {
	ID      string   `json:"id"`
	Name    string   `json:"name,omitempty"`
	Type    string   `json:"type,omitempty"`
	Choices []string `json:"choices,omitempty"`
}

type fieldPage struct {
	fields []shape.Definition
	last   int // the number of the last page
}

func needsFields(c *connector.Call) []string {
	if len(c.Input.CustomFields) == 0 {
		return nil
	}
	return []string{"1"}
}

func otherPages(c *connector.Call) []string {
	var pages []string
	for n := 2; n <= connector.Prepared[fieldPage](c, fields, "1").last; n++ {
		pages = append(pages, strconv.Itoa(n))
	}
	return pages
}

func askFields(_ *connector.Call, page string) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: "/custom_fields", Query: url.Values{"page": {page}, "per_page": {"100"}}}, nil
}

// learnFields leaves out dividers, which take no value.
func learnFields(_ *connector.Call, _ string, r connector.Reply) (any, error) {
	answer, err := connector.DecodeJSON[struct {
		Data struct {
			Fields  []custom `json:"custom_fields"`
			MaxPage int      `json:"max_page"`
		} `json:"data"`
	}](r)
	page := fieldPage{last: answer.Data.MaxPage}
	for _, f := range answer.Data.Fields {
		if f.Field.Type != "section_divider" {
			page.fields = append(page.fields, f.Field.definition())
		}
	}
	return page, err
}

func (f field) definition() shape.Definition {
	kinds := map[string]shape.Kind{
		"date": shape.KindDay, "anniversary": shape.KindDay, "multiple_choice": shape.KindChoices, "select_box": shape.KindChoice,
	}
	d := shape.Definition{Key: f.ID, Label: f.Name, Kind: kinds[f.Type]}
	if d.Kind == "" {
		d.Kind = shape.KindText // the published schema has numbers as text
	}
	d.Options = shape.Each(f.Choices, func(text string) shape.Option { return shape.Option{Value: text, Label: text} })
	return d
}

func defined(c *connector.Call) []shape.Definition {
	all := connector.Prepared[fieldPage](c, fields, "1").fields
	for _, page := range otherPages(c) {
		all = append(all[:len(all):len(all)], connector.Prepared[fieldPage](c, moreFields, page).fields...)
	}
	return all
}

// encodeCustom adds the sent values to those that the record has: the list is
// replaced as a whole.
func encodeCustom(c *connector.Call) []custom {
	if len(c.Input.CustomFields) == 0 {
		return nil
	}
	all, values := defined(c), map[string]any{}
	for name, value := range c.Existing.CustomFields {
		values[shape.DefinedKey(name, all)] = value
	}
	sent := shape.Unreserved(c.Input.CustomFields, all, c.Settings[externalIDField], c.Warn)
	maps.Copy(values, shape.CustomValues(sent, all, func(name string) bool { return len(all) == 0 && isID(name) }, c.Warn))
	return shape.Each(shape.Keys(values), func(id string) custom { return custom{field{ID: id}, values[id]} })
}

func isID(text string) bool { return len(text) == 24 && strings.Trim(text, "0123456789abcdef") == "" }

func ownKey(c *connector.Call) []custom {
	if !hasExternalID(c) {
		return nil
	}
	return []custom{{field{ID: c.Settings[externalIDField]}, c.Key}}
}

// customValues are a record's values, by the names under which they were sent,
// else by their ids.
func customValues(c *connector.Call, list []custom) map[string]any {
	if len(list) == 0 {
		return nil
	}
	names := map[string]string{}
	for name := range c.Input.CustomFields {
		names[shape.DefinedKey(name, defined(c))] = name
	}
	values := map[string]any{}
	for _, v := range list {
		name, sent := names[v.Field.ID]
		if !sent {
			name = v.Field.ID
		}
		values[name] = v.Value
	}
	return values
}

// namelessCompany asks for a company's name where a create needs it.
func namelessCompany(c *connector.Call) []string {
	in := c.Input
	if in.LastName != "" || in.Account == nil || in.Account.ID == "" || c.RemoteID != "" {
		return nil
	}
	return []string{in.Account.ID}
}

func askCompany(_ *connector.Call, id string) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: "/companies/" + shape.Segment(id)}, nil
}

func learnCompany(_ *connector.Call, _ string, r connector.Reply) (any, error) {
	answer, err := connector.DecodeJSON[struct {
		Data struct {
			Company struct {
				Name string `json:"name"`
			} `json:"company"`
		} `json:"data"`
	}](r)
	return answer.Data.Company.Name, err
}
