package capsule

import (
	"net/url"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

type condition struct {
	Field    string `json:"field"`
	Operator string `json:"operator"`
	Value    string `json:"value"`
}

// search lists the people with a value, in a filter, which is a read in spite
// of its method: https://developer.capsulecrm.com/v2/operations/Filter
func search(field, value string) (connector.Request, error) {
	conditions := []condition{{"type", "is", "person"}, {field, "is", value}}
	return connector.Request{
		Method: "POST", Path: "/parties/filters/results", Query: url.Values{"perPage": {"50"}},
		Body: map[string]any{"filter": map[string]any{"conditions": conditions}},
	}, nil
}

func encodeFindEmail(c *connector.Call) (connector.Request, error) {
	return search("email", shape.FirstEmail(c.Input.EmailAddresses))
}

func encodeFindPhone(c *connector.Call) (connector.Request, error) {
	return search("phone", shape.PhoneText(c.Input.PhoneNumbers[0]))
}

func encodeFindName(c *connector.Call) (connector.Request, error) {
	return search("name", c.Input.Name)
}

// found keeps those of the answer that are the same as what was sent.
func found(same func(sent, found contact.Contact) bool) func(*connector.Call, connector.Reply) ([]contact.Contact, error) {
	return func(c *connector.Call, r connector.Reply) ([]contact.Contact, error) {
		answer, err := connector.DecodeJSON[struct {
			Parties []party `json:"parties"`
		}](r)
		all := shape.Each(answer.Parties, func(p party) contact.Contact { return p.contact(c) })
		return shape.Matching(same, c.Input.Contact, all), err
	}
}
