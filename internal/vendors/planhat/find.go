package planhat

import (
	"net/url"
	"strconv"
	"strings"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/shape"
)

const perPage = 2000

// ownID is the external id that the caller gives the end user; "" for none.
func ownID(c *connector.Call) string { return shape.Text(c.Input.RemoteData["externalId"]) }

// keyed: our key is the external id, and there is an e-mail to search by.
func keyed(c *connector.Call) bool { return ownID(c) == "" && c.Has(contact.EmailAddresses) }

// encodeFind searches by e-mail. That the path extid-<external id> works for
// end users is not documented, so that its 404 would prove nothing.
func encodeFind(c *connector.Call) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: collection, Query: url.Values{
		"email": {shape.FirstEmail(c.Input.EmailAddresses)}, "limit": {strconv.Itoa(perPage)}, "sort": {"-createDate"},
		"select": {strings.Join(shape.Members[enduser](), ",")},
	}}, nil
}

func decodeOwn(c *connector.Call, r connector.Reply) ([]contact.Contact, error) {
	return found(c, r, func(e enduser) bool { return e.ExternalID == c.Key })
}

// decodePerson keeps the end users of the company with that e-mail. One with
// another external id is another one.
func decodePerson(c *connector.Call, r connector.Reply) ([]contact.Contact, error) {
	home, own := resolved(c, company(c)), ownID(c)
	return found(c, r, func(e enduser) bool {
		return shape.SameEmail(c.Input.Contact, e.contact(c)) && (home == "" || e.CompanyID == home) &&
			(own == "" || e.ExternalID == "" || e.ExternalID == own)
	})
}

// found keeps those of the answer that are meant: the search finds what is
// similar, and a filter that is ignored gives a page of anybody. A full page
// does not prove that there are no others.
func found(c *connector.Call, r connector.Reply, meant func(enduser) bool) ([]contact.Contact, error) {
	list, err := connector.DecodeJSON[[]enduser](r)
	if err != nil {
		return nil, &connector.VendorError{Message: "the search gave no list", Kind: fault.Unavailable}
	}
	var matches []contact.Contact
	for _, e := range list {
		if match := e.contact(c); meant(e) {
			match.CreatedAt = shape.MadeAt(c.Input.CreatedAt, match.CreatedAt, match.UpdatedAt)
			matches = append(matches, match)
		}
	}
	if len(matches) == 0 && len(list) >= perPage {
		return nil, &connector.VendorError{Code: "too_many", Message: "the search gave more end users than one page holds", Kind: fault.BadResponse}
	}
	return matches, nil
}
