package onepagecrm

import (
	"net/url"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

// lag is how long searches are taken to miss fresh contacts; the vendor does
// not tell.
const lag = 2 * time.Second

// search lists contacts, the newest first. Without team only those of the
// acting user are seen.
func search(query url.Values) (connector.Request, error) {
	for key, value := range map[string]string{"team": "true", "per_page": "100", "sort_by": "created_at", "order": "desc"} {
		query.Set(key, value)
	}
	return connector.Request{Method: "GET", Path: "/contacts", Query: query}, nil
}

func findByKey(c *connector.Call) (connector.Request, error) {
	return search(url.Values{"custom_field_id": {c.Settings[externalIDField]}, "custom_field_value": {c.Key}})
}

func findByEmail(c *connector.Call) (connector.Request, error) {
	return search(url.Values{"email": {shape.FirstEmail(c.Input.EmailAddresses)}})
}

func findByPhone(c *connector.Call) (connector.Request, error) {
	return search(url.Values{"phone": {shape.PhoneText(c.Input.PhoneNumbers[0])}})
}

func findByName(c *connector.Call) (connector.Request, error) {
	return search(url.Values{"search": {c.Input.Name}})
}

func people(r connector.Reply) ([]person, error) {
	answer, err := connector.DecodeJSON[struct {
		Data struct {
			Contacts []struct {
				Contact person `json:"contact"`
			} `json:"contacts"`
		} `json:"data"`
	}](r)
	var list []person
	for _, row := range answer.Data.Contacts {
		list = append(list, row.Contact)
	}
	return list, err
}

// foundBy keeps the exact matches.
func foundBy(same func(sent, found contact.Contact) bool) func(*connector.Call, connector.Reply) ([]contact.Contact, error) {
	return func(c *connector.Call, r connector.Reply) ([]contact.Contact, error) {
		list, err := people(r)
		all := shape.Each(list, func(p person) contact.Contact { return p.contact(c) })
		return shape.Matching(same, c.Input.Contact, all), err
	}
}

// decodeMarked keeps what bears our key.
func decodeMarked(c *connector.Call, r connector.Reply) ([]contact.Contact, error) {
	list, err := people(r)
	var matches []contact.Contact
	for _, p := range list {
		for _, v := range p.Custom {
			if v.Field.ID == c.Settings[externalIDField] && shape.Text(v.Value) == c.Key {
				matches = append(matches, p.contact(c))
			}
		}
	}
	return matches, err
}
