package insightly

import (
	"net/url"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

// search lists the contacts in which a field has a value, in no order.
func search(field, value string) connector.Request {
	return connector.Request{
		Method: "GET", Path: "/Contacts/Search", Query: url.Values{"field_name": {field}, "field_value": {value}, "top": {"500"}},
	}
}

func encodeFindKey(c *connector.Call) (connector.Request, error) {
	return search(c.Settings[externalIDField], c.Key), nil
}

func encodeFindEmail(c *connector.Call) (connector.Request, error) {
	return search("EMAIL_ADDRESS", shape.FirstEmail(c.Input.EmailAddresses)), nil
}

// encodeFindPhone asks for the first number, as it is stored, in the field
// that it goes to.
func encodeFindPhone(c *connector.Call) (connector.Request, error) {
	first := shape.PhoneText(c.Input.PhoneNumbers[0])
	for _, slot := range phoneSlots() {
		if shape.Phones(c.Input.PhoneNumbers, nil, phoneSlots()...)[slot.Name] == first {
			return search(slot.Name, first), nil
		}
	}
	return search("PHONE", first), nil
}

func encodeFindName(c *connector.Call) (connector.Request, error) {
	if c.Input.LastName == "" {
		return search("FIRST_NAME", c.Input.FirstName), nil
	}
	return search("LAST_NAME", c.Input.LastName), nil
}

// encodeFindFresh asks for what changed since the job began; clocks may differ.
func encodeFindFresh(c *connector.Call) (connector.Request, error) {
	req, err := encodeFindName(c)
	req.Query.Set("updated_after_utc", c.At.Add(-10*time.Minute).UTC().Format(time.RFC3339))
	return req, err
}

// found keeps those of the answer that are the same as what was sent.
func found(same func(sent, found contact.Contact) bool) func(*connector.Call, connector.Reply) ([]contact.Contact, error) {
	return func(c *connector.Call, r connector.Reply) ([]contact.Contact, error) {
		list, err := connector.DecodeJSON[[]record](r)
		all := shape.Each(list, func(rec record) contact.Contact { return rec.contact(c) })
		return shape.Matching(same, c.Input.Contact, all), err
	}
}

// foundKey keeps the records that hold our key.
func foundKey(c *connector.Call, r connector.Reply) ([]contact.Contact, error) {
	list, err := connector.DecodeJSON[[]record](r)
	var ours []contact.Contact
	for _, rec := range list {
		for _, p := range rec.Custom {
			if p.Name == c.Settings[externalIDField] && p.Value == c.Key {
				ours = append(ours, rec.contact(c))
			}
		}
	}
	return ours, err
}
