package onepagecrm

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

// The lengths that the vendor's schema allows.
const (
	maxName       = 25
	maxCompany    = 55
	maxTitle      = 1000
	maxBackground = 10_240
	maxAddresses  = 2
)

type person struct {
	ID          string    `json:"id,omitempty"`
	FirstName   string    `json:"first_name,omitempty"`
	LastName    string    `json:"last_name,omitempty"`
	JobTitle    string    `json:"job_title,omitempty"` // title is the salutation
	CompanyName string    `json:"company_name,omitempty"`
	CompanyID   string    `json:"company_id,omitempty"` // ignored by a create
	OwnerID     string    `json:"owner_id,omitempty"`
	Background  string    `json:"background,omitempty"`
	Emails      []typed   `json:"emails,omitempty"`
	Phones      []typed   `json:"phones,omitempty"`
	URLs        []typed   `json:"urls,omitempty"`
	Addresses   []address `json:"address_list,omitempty"`
	Tags        []string  `json:"tags,omitempty"`
	Custom      []custom  `json:"custom_fields,omitempty"`
	CreatedAt   string    `json:"created_at,omitempty"` // read-only, as is the last one
	ModifiedAt  string    `json:"modified_at,omitempty"`
}

type typed struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

type address struct {
	Type    string `json:"type,omitempty"`
	Address string `json:"address,omitempty"`
	City    string `json:"city,omitempty"`
	State   string `json:"state,omitempty"`
	ZipCode string `json:"zip_code,omitempty"`
	Country string `json:"country_code,omitempty"`
}

func encode(c *connector.Call) (connector.Request, error) {
	in := c.Input
	p := withLastName(c, encodePerson(c))
	p.Custom = append(p.Custom, ownKey(c)...)
	p.OwnerID = shape.RefID(in.Owner, contact.Owner, c.Warn)
	p.Addresses = encodeAddresses(shape.Head(in.Addresses, maxAddresses, contact.Addresses, c.Warn), c.Warn)
	return connector.Request{Method: "POST", Path: "/contacts", Body: p}, nil
}

// encodePerson is what creates and updates have in common.
func encodePerson(c *connector.Call) person {
	in := c.Input
	shape.Named(in.Contact, c.Warn)
	return person{
		FirstName: shape.Clip(in.FirstName, maxName, string(contact.FirstName), c.Warn),
		LastName:  shape.Clip(in.LastName, maxName, string(contact.LastName), c.Warn),
		JobTitle:  shape.Clip(in.Title, maxTitle, string(contact.Title), c.Warn), CompanyName: companyName(c),
		Background: shape.Clip(in.Description, maxBackground, string(contact.Description), c.Warn),
		Emails:     shape.Each(in.EmailAddresses, encodeEmail), Phones: shape.Each(in.PhoneNumbers, encodePhone),
		URLs: shape.Each(in.URLs, encodeURL), Tags: shape.TagNames(in.Tags), Custom: encodeCustom(c),
	}
}

// withLastName takes an only name for the last one: OnePageCRM demands a last
// name, or a company.
func withLastName(c *connector.Call, p person) person {
	if p.LastName == "" && p.CompanyName == "" && p.FirstName != "" {
		c.Warn(string(contact.FirstName), shape.Conflict, "OnePageCRM demands a last name; the only name was taken for it")
		p.FirstName, p.LastName = "", p.FirstName
	}
	return p
}

// companyName goes with a create where it must: a company of that name is
// taken, or made. One that is given by its id is linked afterwards.
func companyName(c *connector.Call) string {
	in := c.Input
	switch {
	case in.Account == nil || in.Account.ID != "" && in.LastName != "":
		return ""
	case in.Account.ID != "":
		return shape.Clip(cmp.Or(connector.Prepared[string](c, company, in.Account.ID), in.Account.Name), maxCompany, "", nil)
	default:
		return shape.Clip(in.Account.Name, maxCompany, string(contact.Account), c.Warn)
	}
}

func encodeEmail(e contact.Email) typed {
	return typed{shape.Choice(e.Type, "other", "work", "home", "other"), e.Email}
}

func encodePhone(p contact.Phone) typed {
	near := shape.PhoneType(p.Type)
	if near == "phone" {
		near = "work"
	}
	near = shape.Choice(near, "other", "work", "mobile", "home", "fax")
	return typed{shape.Choice(p.Type, near, "work", "mobile", "home", "direct", "fax", "company", "other"), shape.PhoneText(p)}
}

// encodeURL prefers the caller's type to that of the address's network.
func encodeURL(u contact.URL) typed {
	types := []string{"website", "blog", "twitter", "linkedin", "xing", "facebook", "google_plus", "other"}
	network := strings.Replace(shape.Network(u), "googleplus", "google_plus", 1)
	if slices.Contains(types, u.Type) {
		return typed{u.Type, u.URL}
	}
	return typed{shape.Choice(cmp.Or(network, u.Type), "other", types...), u.URL}
}

func encodeAddresses(list []contact.Address, warn shape.Warn) []address {
	return shape.Each(shape.KnownCountries(list, warn), func(a contact.Address) address {
		return address{
			Type: shape.Choice(a.Type, "other", "work", "home", "billing", "delivery", "other"), Address: shape.Streets(a, ", "),
			City: a.City, State: a.State, ZipCode: a.PostalCode, Country: a.Country,
		}
	})
}

// follow links the company.
func follow(c *connector.Call, created contact.Contact) []connector.Step {
	account := c.Input.Account
	if account == nil || account.ID == "" {
		return nil
	}
	return []connector.Step{{
		ID: "company", Path: string(contact.Account), Request: change(created.ID, person{CompanyID: account.ID}), Idempotent: true,
		Done: func(out *contact.Contact) { out.Account = account },
	}}
}

// change writes members alone: without partial, a PUT clears all others.
func change(id string, p person) connector.Request {
	return connector.Request{Method: "PUT", Path: recordPath(id), Query: url.Values{"partial": {"true"}}, Body: p}
}

func recordPath(id string) string { return "/contacts/" + shape.Segment(id) }

// encodeUpdate extends lists: a partial update, too, replaces them as a whole.
func encodeUpdate(c *connector.Call) (connector.Request, error) {
	in, old := c.Input, c.Existing
	shape.CreateOnly(in.Contact, c.Warn, contact.Owner)
	p := encodePerson(c)
	p.CompanyName, p.CompanyID = "", shape.RefID(in.Account, contact.Account, c.Warn)
	p.Emails = shape.Each(shape.Extended(old.EmailAddresses, shape.NewEmails(in.EmailAddresses, old.EmailAddresses)), encodeEmail)
	p.Phones = shape.Each(shape.Extended(old.PhoneNumbers, shape.NewPhones(in.PhoneNumbers, old.PhoneNumbers)), encodePhone)
	p.URLs = shape.Each(shape.Extended(old.URLs, shape.NewURLs(in.URLs, old.URLs)), encodeURL)
	p.Tags = shape.TagNames(shape.Extended(old.Tags, shape.NewTags(in.Tags, old.Tags)))
	p.Addresses = encodeAddresses(shape.Extended(old.Addresses, newAddresses(c)), nil)
	return change(c.RemoteID, p), nil
}

// newAddresses are those that the record has room for.
func newAddresses(c *connector.Call) []contact.Address {
	fresh := shape.NewAddresses(shape.KnownCountries(c.Input.Addresses, c.Warn), c.Existing.Addresses)
	free := max(maxAddresses-len(c.Existing.Addresses), 0)
	if len(fresh) <= free {
		return fresh
	}
	c.Warn(string(contact.Addresses), shape.NoRoom, "OnePageCRM holds two addresses of a contact")
	return fresh[:free]
}

func encodeRead(c *connector.Call) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: recordPath(c.RemoteID)}, nil
}

// decode reads data alone: what rides along beside it is large, and differs
// from the vendor's own schema.
func decode(c *connector.Call, r connector.Reply) (contact.Contact, error) {
	answer, err := connector.DecodeJSON[struct {
		Data struct {
			Contact person `json:"contact"`
		} `json:"data"`
	}](r)
	return answer.Data.Contact.contact(c), err
}

func (p person) contact(c *connector.Call) contact.Contact {
	return contact.Contact{
		ID: p.ID, FirstName: p.FirstName, LastName: p.LastName, Name: contact.JoinName(p.FirstName, p.LastName), Title: p.JobTitle,
		Description: p.Background,
		EmailAddresses: shape.Each(p.Emails, func(e typed) contact.Email {
			return contact.Email{Email: e.Value, Type: e.Type}
		}),
		PhoneNumbers: shape.PhoneList(shape.Each(p.Phones, func(e typed) contact.Phone {
			return contact.Phone{Number: e.Value, Type: e.Type}
		})...),
		Addresses: shape.AddressList(shape.Each(p.Addresses, func(a address) contact.Address {
			return contact.Address{
				Street1: a.Address, City: a.City, State: a.State, PostalCode: a.ZipCode, Country: a.Country, Type: a.Type,
			}
		})...),
		URLs: shape.URLList(shape.Each(p.URLs, func(u typed) contact.URL {
			return contact.URL{URL: u.Value, Type: u.Type}
		})...),
		Account: shape.Ref(p.CompanyID, p.CompanyName), Owner: shape.Ref(p.OwnerID, ""), Tags: shape.TagList(p.Tags),
		CustomFields: customValues(c, p.Custom),
		CreatedAt:    connector.TimeOf(p.CreatedAt), UpdatedAt: connector.TimeOf(p.ModifiedAt),
	}
}
