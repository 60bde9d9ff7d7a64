package pipedrive

import (
	"net/url"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

// The vendor does not tell how far the two are behind; the search is taken to
// be the slower by far.
const (
	listLag   = 2 * time.Second
	searchLag = time.Minute
)

// listRecent lists what was written since the job was accepted:
// https://developers.pipedrive.com/docs/api/v1/Persons#getPersons
func listRecent(c *connector.Call) (connector.Request, error) {
	since := c.At.Add(-time.Minute)
	return connector.Request{Method: "GET", Path: "/v2/persons", Query: url.Values{
		"sort_by": {"update_time"}, "sort_direction": {"desc"}, "limit": {"500"}, "updated_since": {seconds(&since)},
	}}, nil
}

// recentBy keeps the matches among the persons that were written lately. A
// time of creation that we sent proves nothing; the last change does.
func recentBy(same func(*connector.Call, person) bool) func(*connector.Call, connector.Reply) ([]contact.Contact, error) {
	return func(c *connector.Call, r connector.Reply) ([]contact.Contact, error) {
		people, err := open[[]person](r)
		if err != nil {
			return nil, err
		}
		var matches []contact.Contact
		for _, p := range people {
			if same(c, p) {
				match := p.contact(c)
				match.CreatedAt = shape.MadeAt(c.Input.CreatedAt, match.CreatedAt, match.UpdatedAt)
				matches = append(matches, match)
			}
		}
		if len(matches) == 0 && hasMore(r) {
			return nil, connector.ErrCrowded // more were written since than the list shows
		}
		return matches, nil
	}
}

func hasMore(r connector.Reply) bool {
	answer, err := connector.DecodeJSON[struct {
		More struct {
			NextCursor string `json:"next_cursor"`
		} `json:"additional_data"`
	}](r)
	return err == nil && answer.More.NextCursor != ""
}

func ownKey(c *connector.Call, p person) bool {
	return shape.Text(p.Custom[c.Settings[externalIDField]]) == c.Key
}

func sameEmail(c *connector.Call, p person) bool {
	return shape.SameEmail(c.Input.Contact, p.contact(c))
}

func sameName(c *connector.Call, p person) bool { return shape.SameName(c.Input.Contact, p.contact(c)) }

// search asks the index:
// https://developers.pipedrive.com/docs/api/v1/Persons#searchPersons
func search(field, term string) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: "/v2/persons/search", Query: url.Values{
		"term": {term}, "fields": {field}, "exact_match": {"true"}, "limit": {"100"},
	}}, nil
}

func searchEmail(c *connector.Call) (connector.Request, error) {
	return search("email", shape.FirstEmail(c.Input.EmailAddresses))
}

func searchPhone(c *connector.Call) (connector.Request, error) {
	return search("phone", shape.PhoneText(c.Input.PhoneNumbers[0]))
}

func searchName(c *connector.Call) (connector.Request, error) { return search("name", c.Input.Name) }

// hit is a person as the search shows it: e-mails and phones are texts, and
// there is no time of creation.
type hit struct {
	ID     int64    `json:"id"`
	Name   string   `json:"name"`
	Emails []string `json:"emails"`
	Phones []string `json:"phones"`
}

func (h hit) contact() contact.Contact {
	first, last, name := shape.NameParts("", "", h.Name)
	return contact.Contact{
		ID: shape.IntegerText(h.ID), FirstName: first, LastName: last, Name: name, EmailAddresses: shape.EmailList(h.Emails...),
		PhoneNumbers: shape.PhoneList(shape.Each(h.Phones, func(number string) contact.Phone { return contact.Phone{Number: number} })...),
	}
}

func foundBy(same func(sent, found contact.Contact) bool) func(*connector.Call, connector.Reply) ([]contact.Contact, error) {
	return func(c *connector.Call, r connector.Reply) ([]contact.Contact, error) {
		answer, err := open[struct {
			Items []struct {
				Item hit `json:"item"`
			} `json:"items"`
		}](r)
		var found []contact.Contact
		for _, i := range answer.Items {
			found = append(found, i.Item.contact())
		}
		return shape.Matching(same, c.Input.Contact, found), err
	}
}
