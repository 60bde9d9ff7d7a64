package affinity

import (
	"net/url"
	"slices"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

type person struct {
	ID              int64    `json:"id,omitempty"`
	FirstName       string   `json:"first_name"`
	LastName        string   `json:"last_name"`
	Emails          []string `json:"emails"`
	OrganizationIDs []int64  `json:"organization_ids,omitempty"`
	Interactions    struct {
		Last string `json:"last_interaction_date"`
	} `json:"interaction_dates,omitzero"` // read-only
}

func encode(c *connector.Call) (connector.Request, error) {
	in := c.Input
	shape.Named(in.Contact, c.Warn)
	plan(c, c.Warn)
	organizations, err := shape.Integers(shape.RefID(in.Account, contact.Account, c.Warn), contact.Account)
	return connector.Request{Method: "POST", Path: "/persons", Body: person{
		FirstName: in.FirstName, LastName: in.LastName, Emails: shape.Emails(in.EmailAddresses, len(in.EmailAddresses), nil),
		OrganizationIDs: organizations,
	}}, err
}

// encodeUpdate writes the names alone: an update replaces e-mails and
// organizations as a whole, and would lose those that the record has.
func encodeUpdate(c *connector.Call) (connector.Request, error) {
	in := c.Input
	shape.CreateOnly(in.Contact, c.Warn, contact.Title, contact.Description, contact.PhoneNumbers, contact.Addresses,
		contact.URLs, contact.Account, contact.CustomFields)
	shape.Emails(in.EmailAddresses, 1, c.Warn)
	return connector.Request{Method: "PUT", Path: personPath(c), Body: struct {
		FirstName string `json:"first_name,omitempty"`
		LastName  string `json:"last_name,omitempty"`
	}{in.FirstName, in.LastName}}, nil
}

func personPath(c *connector.Call) string { return "/persons/" + shape.Segment(c.RemoteID) }

func encodeRead(c *connector.Call) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: personPath(c), Query: url.Values{"with_interaction_dates": {"true"}}}, nil
}

func encodeFind(c *connector.Call) (connector.Request, error) {
	query := url.Values{"term": {shape.FirstEmail(c.Input.EmailAddresses)}, "page_size": {"100"}}
	return connector.Request{Method: "GET", Path: "/persons", Query: query}, nil
}

func decode(_ *connector.Call, r connector.Reply) (contact.Contact, error) {
	p, err := connector.DecodeJSON[person](r)
	return p.contact(), err
}

// decodeFound keeps the exact matches: the term matches parts of e-mails and
// names as well.
func decodeFound(c *connector.Call, r connector.Reply) ([]contact.Contact, error) {
	answer, err := connector.DecodeJSON[struct {
		Persons []person `json:"persons"`
	}](r)
	wanted := shape.FirstEmail(c.Input.EmailAddresses)
	var matches []contact.Contact
	for _, p := range answer.Persons {
		if slices.ContainsFunc(p.Emails, func(email string) bool { return contact.SameEmail(email, wanted) }) {
			matches = append(matches, p.contact())
		}
	}
	return matches, err
}

func (p person) contact() contact.Contact {
	organization := int64(0)
	if len(p.OrganizationIDs) > 0 {
		organization = p.OrganizationIDs[0]
	}
	return contact.Contact{
		ID: shape.IntegerText(p.ID), FirstName: p.FirstName, LastName: p.LastName, Name: contact.JoinName(p.FirstName, p.LastName),
		EmailAddresses: shape.EmailList(p.Emails...), Account: shape.Ref(shape.IntegerText(organization), ""),
		LastActivityAt: connector.TimeOf(p.Interactions.Last),
	}
}
