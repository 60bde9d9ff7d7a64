package copper

import (
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

// encodeFindEmail fetches the one person with an e-mail, which is surer than
// the search: https://developer.copper.com/people/fetch-a-person-by-email.html
func encodeFindEmail(c *connector.Call) (connector.Request, error) {
	return connector.Request{
		Method: "POST", Path: "/people/fetch_by_email", Body: map[string]string{"email": shape.FirstEmail(c.Input.EmailAddresses)},
	}, nil
}

func decodeFetched(c *connector.Call, r connector.Reply) ([]contact.Contact, error) {
	p, err := decode(c, r)
	return shape.Matching(shape.SameEmail, c.Input.Contact, []contact.Contact{p}), err
}

// encodeFindName looks among the people made since the job was accepted.
func encodeFindName(c *connector.Call) (connector.Request, error) {
	return search(map[string]any{"name": c.Input.Name, "minimum_created_date": c.At.Add(-time.Minute).Unix()}), nil
}

func encodeFindPhone(c *connector.Call) (connector.Request, error) {
	return search(map[string]any{"phone_number": phoneText(c.Input.PhoneNumbers[0])}), nil
}

// search lists the people who meet all criteria, the newest first:
// https://developer.copper.com/people/list-people-search.html
func search(criteria map[string]any) connector.Request {
	criteria["page_size"], criteria["sort_by"], criteria["sort_direction"] = 50, "date_created", "desc"
	return connector.Request{Method: "POST", Path: "/people/search", Body: criteria}
}

// found keeps those of the answer that are the same as what was sent.
func found(same func(sent, found contact.Contact) bool) func(*connector.Call, connector.Reply) ([]contact.Contact, error) {
	return func(c *connector.Call, r connector.Reply) ([]contact.Contact, error) {
		people, err := connector.DecodeJSON[[]person](r)
		all := shape.Each(people, func(p person) contact.Contact { return p.contact(c) })
		return shape.Matching(same, c.Input.Contact, all), err
	}
}
