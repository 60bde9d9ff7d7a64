package wix

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

// record is a contact. Empty parts are missing in answers:
// https://dev.wix.com/docs/rest/crm/members-contacts/contacts/contacts/contact-v4/contact-object
type record struct {
	ID           string      `json:"id"`
	Revision     json.Number `json:"revision"`
	CreatedDate  string      `json:"createdDate"`
	UpdatedDate  string      `json:"updatedDate"`
	LastActivity struct {
		Date string `json:"activityDate"`
	} `json:"lastActivity"`
	Info info `json:"info"`
}

type info struct {
	Name      *name           `json:"name,omitempty"`
	Emails    *list[email]    `json:"emails,omitempty"`
	Phones    *list[phone]    `json:"phones,omitempty"`
	Addresses *list[place]    `json:"addresses,omitempty"`
	Company   string          `json:"company,omitempty"`
	JobTitle  string          `json:"jobTitle,omitempty"`
	LabelKeys *list[string]   `json:"labelKeys,omitempty"`
	Extended  *extendedValues `json:"extendedFields,omitempty"`
}

// list is how all lists come and go.
type list[T any] struct {
	Items []T `json:"items"`
}

func listOf[T any](items []T) *list[T] {
	if len(items) == 0 {
		return nil
	}
	return &list[T]{items}
}

func (l *list[T]) all() []T {
	if l == nil {
		return nil
	}
	return l.Items
}

type name struct {
	First string `json:"first,omitempty"`
	Last  string `json:"last,omitempty"`
}

type email struct {
	Tag     string `json:"tag"`
	Email   string `json:"email"`
	Primary bool   `json:"primary,omitempty"`
}

// phone is a number within its country; E164 is read-only.
type phone struct {
	Tag     string `json:"tag"`
	Country string `json:"countryCode,omitempty"`
	Phone   string `json:"phone"`
	E164    string `json:"e164Phone,omitempty"`
	Primary bool   `json:"primary,omitempty"`
}

type place struct {
	Tag     string  `json:"tag"`
	Address address `json:"address"`
}

// address has its first line as text or in parts, not both; we write text.
type address struct {
	Line  string `json:"addressLine,omitempty"`
	Parts struct {
		Number string `json:"number"`
		Name   string `json:"name"`
	} `json:"streetAddress,omitzero"`
	Line2       string `json:"addressLine2,omitempty"`
	City        string `json:"city,omitempty"`
	Subdivision string `json:"subdivision,omitempty"`
	PostalCode  string `json:"postalCode,omitempty"`
	Country     string `json:"country,omitempty"`
}

func encode(c *connector.Call) (connector.Request, error) {
	return connector.Request{Method: "POST", Path: "/contacts/v4/contacts", Body: struct {
		Info            info `json:"info"`
		AllowDuplicates bool `json:"allowDuplicates"`
	}{encodeInfo(c), false}}, nil
}

// encodeUpdate names the revision that it changes. A record that was merged
// into another one has read as that.
func encodeUpdate(c *connector.Call) (connector.Request, error) {
	id := cmp.Or(c.Existing.ID, c.RemoteID)
	return connector.Request{Method: "PATCH", Path: "/contacts/v4/contacts/" + shape.Segment(id), Body: struct {
		Info     info        `json:"info"`
		Revision json.Number `json:"revision"`
	}{encodeInfo(c), json.Number(c.Existing.ETag)}}, nil
}

// encodeInfo writes lists as a whole, with the entries that the record has.
func encodeInfo(c *connector.Call) info {
	in := c.Input
	shape.Named(in.Contact, c.Warn)
	return info{
		Name: names(c), JobTitle: in.Title, Company: company(c), Emails: listOf(emails(c)), Phones: listOf(phones(c)),
		Addresses: listOf(addresses(c)), LabelKeys: listOf(labelKeys(c)), Extended: custom(c),
	}
}

func names(c *connector.Call) *name {
	in, known := c.Input, c.Existing
	if in.FirstName == "" && in.LastName == "" {
		return nil
	}
	return &name{First: cmp.Or(in.FirstName, known.FirstName), Last: cmp.Or(in.LastName, known.LastName)}
}

func company(c *connector.Call) string {
	if a := c.Input.Account; a != nil && a.ID != "" {
		c.Warn(string(contact.Account), shape.NoRoom, "Wix has no records of companies; the name alone is kept")
	}
	return shape.RefName(c.Input.Account)
}

const most = 50 // entries of a list

func emails(c *connector.Call) []email {
	known := c.Existing.EmailAddresses
	all := shape.Extended(known, shape.NewEmails(c.Input.EmailAddresses, known))
	out := shape.Each(shape.Head(all, most, contact.EmailAddresses, c.Warn), func(e contact.Email) email {
		return email{Tag: tagOf(e.Type, "main", "home", "work"), Email: e.Email}
	})
	if len(out) > 0 {
		out[0].Primary = true // and it stays so: subscriptions hang on it
	}
	return out
}

func phones(c *connector.Call) []phone {
	shape.Extensions(c.Input.PhoneNumbers, c.Warn)
	known := c.Existing.PhoneNumbers
	all := shape.Extended(known, shape.NewPhones(c.Input.PhoneNumbers, known))
	out := shape.Each(shape.Head(all, most, contact.PhoneNumbers, c.Warn), func(p contact.Phone) phone { return phoneOf(p, country(c)) })
	if len(out) > 0 {
		out[0].Primary = true
	}
	return out
}

// country is where national numbers belong: that of the first address.
func country(c *connector.Call) string {
	if len(c.Input.Addresses) == 0 {
		return ""
	}
	return c.Input.Addresses[0].Country
}

// phoneOf parts a number as Wix wants it: only so it becomes one that can be
// called and texted.
func phoneOf(p contact.Phone, country string) phone {
	tag := map[string]string{"phone": "MAIN", "other": "UNTAGGED", "assistant": "UNTAGGED"}[shape.PhoneType(p.Type)]
	tag = cmp.Or(tag, strings.ToUpper(shape.PhoneType(p.Type)))
	_, digits, ok := shape.DialParts(p.Number, country)
	region, known := contact.PhoneRegion(p.Number, country)
	if !ok || !known {
		return phone{Tag: tag, Phone: p.Number}
	}
	return phone{Tag: tag, Country: region, Phone: digits}
}

// addresses leaves out what would cost the whole contact: countries and
// states without a code.
func addresses(c *connector.Call) []place {
	known, sent := c.Existing.Addresses, shape.KnownCountries(c.Input.Addresses, c.Warn)
	for i, a := range sent {
		code, ok := shape.Subdivision(a.State, a.Country)
		if a.State != "" && !ok {
			c.Warn(shape.At(contact.Addresses, i)+"/state", shape.Unusable, "Wix takes states by their codes of ISO 3166-2 only")
		}
		sent[i].State = code
	}
	all := shape.Extended(known, shape.NewAddresses(shape.AddressList(sent...), known))
	return shape.Each(shape.Head(all, most, contact.Addresses, c.Warn), func(a contact.Address) place {
		return place{Tag: tagOf(a.Type, "home", "work", "billing", "shipping"), Address: address{
			Line: a.Street1, Line2: a.Street2, City: a.City, Subdivision: a.State, PostalCode: a.PostalCode, Country: a.Country,
		}}
	})
}

func tagOf(kind string, tags ...string) string {
	if !slices.Contains(tags, kind) {
		return "UNTAGGED"
	}
	return strings.ToUpper(kind)
}

// kindOf is a tag as a type; the tag of entries without one is none.
func kindOf(tag string) string {
	if tag == "UNTAGGED" {
		return ""
	}
	return strings.ToLower(tag)
}

func encodeRead(c *connector.Call) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: "/contacts/v4/contacts/" + shape.Segment(c.RemoteID)}, nil
}

func decode(c *connector.Call, r connector.Reply) (contact.Contact, error) {
	answer, err := connector.DecodeJSON[struct {
		Contact record `json:"contact"`
	}](r)
	return answer.Contact.contact(c), err
}

func (r record) contact(c *connector.Call) contact.Contact {
	in := r.Info
	who := cmp.Or(in.Name, &name{})
	return contact.Contact{
		ID: r.ID, FirstName: who.First, LastName: who.Last, Name: contact.JoinName(who.First, who.Last), Title: in.JobTitle,
		EmailAddresses: shape.Each(primaryFirst(in.Emails.all(), func(e email) bool { return e.Primary }), email.contact),
		PhoneNumbers:   shape.PhoneList(shape.Each(primaryFirst(in.Phones.all(), func(p phone) bool { return p.Primary }), phone.contact)...),
		Addresses:      shape.AddressList(shape.Each(in.Addresses.all(), place.contact)...),
		Account:        shape.Ref("", in.Company), Tags: tags(c, in.LabelKeys.all()), CustomFields: in.Extended.contact(c),
		CreatedAt: connector.TimeOf(r.CreatedDate), UpdatedAt: connector.TimeOf(r.UpdatedDate),
		LastActivityAt: connector.TimeOf(r.LastActivity.Date), ETag: r.Revision.String(),
	}
}

func primaryFirst[T any](items []T, primary func(T) bool) []T {
	isFirst := func(item T) int {
		if primary(item) {
			return 0
		}
		return 1
	}
	return slices.SortedStableFunc(slices.Values(items), func(a, b T) int { return isFirst(a) - isFirst(b) })
}

func (e email) contact() contact.Email { return contact.Email{Email: e.Email, Type: kindOf(e.Tag)} }

func (p phone) contact() contact.Phone {
	kind := map[string]string{"MAIN": "phone", "UNTAGGED": "other"}[p.Tag]
	return contact.Phone{Number: cmp.Or(p.E164, p.Phone), Type: cmp.Or(kind, strings.ToLower(p.Tag))}
}

func (p place) contact() contact.Address {
	a := p.Address
	return contact.Address{
		Street1: cmp.Or(a.Line, shape.Join(" ", a.Parts.Number, a.Parts.Name)), Street2: a.Line2, City: a.City, State: a.Subdivision,
		PostalCode: a.PostalCode, Country: a.Country, Type: kindOf(p.Tag),
	}
}
