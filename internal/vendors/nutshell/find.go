package nutshell

import (
	"net/url"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

// lag is how long searches are taken to miss fresh records; the vendor does
// not tell.
const lag = 3 * time.Second

// findBy lists the contacts that meet a filter, the newest first:
// https://developers.nutshell.com/docs/filters
func findBy(filter func(c *connector.Call) (name, value string)) func(*connector.Call) (connector.Request, error) {
	return func(c *connector.Call) (connector.Request, error) {
		name, value := filter(c)
		query := url.Values{name: {value}, "sort": {"-createdTime"}, "page[limit]": {"100"}}
		return connector.Request{Method: "GET", Path: "/contacts", Query: query}, nil
	}
}

func byKey(c *connector.Call) (string, string) {
	return "filter[" + c.Settings[externalIDField] + "]", c.Key
}

func byEmail(c *connector.Call) (string, string) {
	return "email", shape.FirstEmail(c.Input.EmailAddresses)
}

func byName(c *connector.Call) (string, string) { return "filter[name]", c.Input.Name }

func byPhone(c *connector.Call) (string, string) {
	return "filter[phone]", shape.LocalDigits(c.Input.PhoneNumbers[0].Number, "")
}

// foundBy keeps the exact matches.
func foundBy(same func(sent, found contact.Contact) bool) func(*connector.Call, connector.Reply) ([]contact.Contact, error) {
	return func(c *connector.Call, r connector.Reply) ([]contact.Contact, error) {
		people, err := open(r)
		all := shape.Each(people, func(p person) contact.Contact { return p.contact(c) })
		return shape.Matching(same, c.Input.Contact, all), err
	}
}
