package keap

import (
	"slices"
	"strings"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

// search lists the contacts that meet all criteria, the newest first.
func search(criteria ...string) (connector.Request, error) {
	req := filtered("/contacts", strings.Join(criteria, ";"))
	req.Query.Set("fields", asked)
	req.Query.Set("order_by", "id desc")
	req.Query.Set("page_size", "100")
	return req, nil
}

func encodeFindEmail(c *connector.Call) (connector.Request, error) {
	return search("email==" + shape.FirstEmail(c.Input.EmailAddresses))
}

func hasTenDigits(c *connector.Call) bool { return tenDigits(c.Input.PhoneNumbers[0]) != "" }

// tenDigits is a North American number as searches take it. How Keap looks for
// others, which it writes in its own way, is not documented.
func tenDigits(p contact.Phone) string {
	code, digits, known := shape.DialParts(p.Number, "US")
	if kind := kindOfPhone(p); !known || code != "1" || kind == "fax" || kind == "assistant" {
		return ""
	}
	return digits
}

func encodeFindPhone(c *connector.Call) (connector.Request, error) {
	return search("phone_number=="+tenDigits(c.Input.PhoneNumbers[0]), "phone_fields==PHONE1,PHONE2,PHONE3,PHONE4,PHONE5")
}

func encodeFindName(c *connector.Call) (connector.Request, error) {
	in := clipped(c.Input.Contact)
	return search(slices.DeleteFunc(
		[]string{"given_name==" + in.FirstName, "family_name==" + in.LastName},
		func(criterion string) bool { return strings.HasSuffix(criterion, "==") })...)
}

// clipped is a contact with its names as Keap holds them.
func clipped(c contact.Contact) contact.Contact {
	c.FirstName, c.LastName = shape.Clip(c.FirstName, maxName, "", nil), shape.Clip(c.LastName, maxName, "", nil)
	return c
}

// sameName needs the phone number too, where there is one: it stands in for it.
func sameName(sent, found contact.Contact) bool {
	return shape.SameFirstAndLast(clipped(sent), found) && (len(sent.PhoneNumbers) == 0 || shape.SamePhone(sent, found))
}

// found keeps those of the answer that are the same as what was sent.
func found(same func(sent, found contact.Contact) bool) func(*connector.Call, connector.Reply) ([]contact.Contact, error) {
	return func(c *connector.Call, r connector.Reply) ([]contact.Contact, error) {
		answer, err := connector.DecodeJSON[struct {
			People []person `json:"contacts"`
		}](r)
		all := shape.Each(answer.People, func(p person) contact.Contact { return p.contact(c) })
		return shape.Matching(same, c.Input.Contact, all), err
	}
}
