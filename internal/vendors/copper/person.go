package copper

import (
	"cmp"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

// person is a person as written and read. One unknown key refuses the whole
// of it, as may a null or an empty list:
// https://developer.copper.com/people/create-a-new-person.html
type person struct {
	ID            json.Number `json:"id,omitempty"` // read-only, as are the parts of the name and the dates
	Name          string      `json:"name,omitempty"`
	FirstName     string      `json:"first_name,omitempty"`
	LastName      string      `json:"last_name,omitempty"`
	Title         string      `json:"title,omitempty"`
	Details       string      `json:"details,omitempty"`
	Emails        []email     `json:"emails,omitempty"`
	Phones        []phone     `json:"phone_numbers,omitempty"`
	Address       address     `json:"address,omitzero"`
	Websites      []link      `json:"websites,omitempty"`
	Socials       []link      `json:"socials,omitempty"`
	CompanyID     json.Number `json:"company_id,omitempty"`
	CompanyName   string      `json:"company_name,omitempty"` // read-only
	AssigneeID    json.Number `json:"assignee_id,omitempty"`
	ContactType   json.Number `json:"contact_type_id,omitempty"`
	Tags          []string    `json:"tags,omitempty"`
	CustomFields  []value     `json:"custom_fields,omitempty"`
	Created       json.Number `json:"date_created,omitempty"` // in seconds of the epoch
	Modified      json.Number `json:"date_modified,omitempty"`
	LastContacted json.Number `json:"date_last_contacted,omitempty"`
}

type email struct {
	Email    string `json:"email"`
	Category string `json:"category"`
}

type phone struct {
	Number   string `json:"number"`
	Category string `json:"category"`
}

type link struct {
	URL      string `json:"url"`
	Category string `json:"category"`
}

type address struct {
	Street     string `json:"street,omitempty"`
	City       string `json:"city,omitempty"`
	State      string `json:"state,omitempty"`
	PostalCode string `json:"postal_code,omitempty"`
	Country    string `json:"country,omitempty"`
}

func encode(c *connector.Call) (connector.Request, error) {
	body, err1 := encodePerson(c, c.Input.Contact)
	company, err2 := shape.Integer(shape.RefID(c.Input.Account, contact.Account, c.Warn), contact.Account)
	body.Name = shape.FullName(c.Input.Contact, c.Warn)
	body.CompanyID, body.ContactType = number(company), json.Number(c.Settings[contactType])
	return connector.Request{Method: "POST", Path: "/people", Body: body}, errors.Join(err1, err2)
}

// encodeUpdate adds to the lists, which an update replaces as a whole.
func encodeUpdate(c *connector.Call) (connector.Request, error) {
	in, old := c.Input.Contact, c.Existing
	shape.CreateOnly(in, c.Warn, contact.Account)
	in.EmailAddresses = shape.Extended(old.EmailAddresses, shape.NewEmails(in.EmailAddresses, old.EmailAddresses))
	in.PhoneNumbers = shape.Extended(old.PhoneNumbers, shape.NewPhones(in.PhoneNumbers, old.PhoneNumbers))
	in.URLs = shape.Extended(old.URLs, shape.NewURLs(in.URLs, old.URLs))
	in.Tags = shape.Extended(old.Tags, shape.NewTags(in.Tags, old.Tags))
	body, err := encodePerson(c, in)
	body.Name = renamed(c)
	return connector.Request{Method: "PUT", Path: recordPath(c), Body: body}, err
}

func recordPath(c *connector.Call) string { return "/people/" + shape.Segment(c.RemoteID) }

// encodePerson writes all but the name and what can be set on create alone.
func encodePerson(c *connector.Call, in contact.Contact) (person, error) {
	owner, err := shape.Integer(shape.RefID(in.Owner, contact.Owner, c.Warn), contact.Owner)
	home := shape.FirstAddress(in.Addresses, c.Warn)
	websites, socials := links(in.URLs)
	return person{
		Title: in.Title, Details: in.Description, AssigneeID: number(owner), Tags: shape.TagNames(in.Tags), CustomFields: custom(c),
		Emails: shape.Each(in.EmailAddresses, func(e contact.Email) email { return email{e.Email, category(e.Type)} }),
		Phones: shape.Each(in.PhoneNumbers, func(p contact.Phone) phone { return phone{phoneText(p), phoneCategory(p.Type)} }),
		Address: address{
			Street: shape.Streets(home, ", "), City: home.City, State: home.State, PostalCode: home.PostalCode,
			Country: shape.CountryCode(home.Country),
		},
		Websites: websites, Socials: socials,
	}, err
}

// renamed is the full name that an update writes: only a full name can be
// written, so that a half that was not sent comes from the record, as does a
// name whose halves stay, for what may stand between them.
func renamed(c *connector.Call) string {
	in, old := c.Input.Contact, c.Existing
	first, last := cmp.Or(in.FirstName, old.FirstName), cmp.Or(in.LastName, old.LastName)
	switch {
	case in.Name == "":
		return ""
	case !contact.SameText(in.Name, contact.JoinName(in.FirstName, in.LastName)):
		return shape.FullName(in, c.Warn)
	case contact.SameText(first, old.FirstName) && contact.SameText(last, old.LastName):
		return old.Name
	default:
		return contact.JoinName(first, last)
	}
}

func number(n int64) json.Number { return json.Number(shape.IntegerText(n)) }

// category is one of the three that e-mails and websites have.
func category(kind string) string {
	if kind == "home" || kind == "private" {
		return "personal"
	}
	return shape.Choice(kind, "other", "work", "personal")
}

func phoneCategory(kind string) string {
	if kind = shape.PhoneType(kind); kind == "phone" {
		return "work"
	}
	return shape.Choice(kind, "other", "mobile", "work", "home")
}

// phoneText is a number as Copper writes its extension.
func phoneText(p contact.Phone) string {
	if p.Extension == "" {
		return p.Number
	}
	return p.Number + " x" + p.Extension
}

// social is the type of a web address that we know only to be a social one.
const social = "social"

// networks are the categories of socials, by network; all others are other.
func networks() map[string]string {
	return map[string]string{
		"linkedin": "linkedin", "twitter": "twitter", "facebook": "facebook", "youtube": "youtube", "googleplus": "google+",
		"quora": "quora", "foursquare": "foursquare", "klout": "klout", "gravatar": "gravatar",
	}
}

func links(list []contact.URL) (websites, socials []link) {
	for _, u := range list {
		if network := shape.Network(u); network != "" || u.Type == social {
			socials = append(socials, link{u.URL, cmp.Or(networks()[network], "other")})
		} else {
			websites = append(websites, link{u.URL, category(u.Type)})
		}
	}
	return websites, socials
}

func encodeRead(c *connector.Call) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: recordPath(c)}, nil
}

func decode(c *connector.Call, r connector.Reply) (contact.Contact, error) {
	p, err := connector.DecodeJSON[person](r)
	return p.contact(c), err
}

func (p person) contact(c *connector.Call) contact.Contact {
	return contact.Contact{
		ID: p.ID.String(), FirstName: p.FirstName, LastName: p.LastName, Name: p.Name, Title: p.Title, Description: p.Details,
		EmailAddresses: shape.Each(p.Emails, func(e email) contact.Email { return contact.Email{Email: e.Email, Type: e.Category} }),
		PhoneNumbers: shape.PhoneList(shape.Each(p.Phones, func(n phone) contact.Phone {
			return contact.Phone{Number: n.Number, Type: n.Category}
		})...),
		Addresses: shape.AddressList(contact.Address{
			Street1: p.Address.Street, City: p.Address.City, State: p.Address.State, PostalCode: p.Address.PostalCode, Country: p.Address.Country,
		}),
		URLs:    shape.URLList(append(shape.Each(p.Websites, link.website), shape.Each(p.Socials, link.social)...)...),
		Account: shape.Ref(p.CompanyID.String(), p.CompanyName), Owner: shape.Ref(p.AssigneeID.String(), ""), Tags: shape.TagList(p.Tags),
		CustomFields: p.custom(c), CreatedAt: instant(p.Created), UpdatedAt: instant(p.Modified), LastActivityAt: instant(p.LastContacted),
	}
}

func (l link) website() contact.URL { return contact.URL{URL: l.URL, Type: l.Category} }

func (l link) social() contact.URL {
	if l.Category == "other" {
		return contact.URL{URL: l.URL, Type: social}
	}
	return contact.URL{URL: l.URL, Type: strings.ReplaceAll(l.Category, "+", "plus")}
}

func instant(seconds json.Number) *time.Time {
	n, err := seconds.Int64()
	if err != nil || n == 0 {
		return nil
	}
	at := time.Unix(n, 0).UTC()
	return &at
}
