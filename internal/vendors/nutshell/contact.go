package nutshell

import (
	"encoding/json"
	"strings"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

type document struct {
	Contacts []person `json:"contacts"`
}

type person struct {
	ID          string             `json:"id,omitempty"`
	Name        string             `json:"name,omitempty"`
	FirstName   string             `json:"firstName,omitempty"` // these two are written by a patch alone
	LastName    string             `json:"lastName,omitempty"`
	JobTitle    string             `json:"jobTitle,omitempty"` // and this one
	Description string             `json:"description,omitempty"`
	Emails      []labelled[string] `json:"emails,omitempty"`
	Phones      []labelled[phone]  `json:"phones,omitempty"`
	URLs        []labelled[string] `json:"urls,omitempty"`
	Addresses   []address          `json:"addresses,omitempty"`
	Custom      map[string]any     `json:"customFields,omitempty"`
	Links       links              `json:"links,omitzero"`
	CreatedTime json.Number        `json:"createdTime,omitempty"` // read-only
}

// labelled is one entry of a list.
type labelled[T any] struct {
	Primary bool   `json:"isPrimary"`
	Label   string `json:"name,omitempty"`
	Value   T      `json:"value"`
}

// phone is a number in parts, or a text where its country is not known.
type phone struct {
	parts
	Text string
}

type parts struct {
	CountryCode string `json:"countryCode,omitempty"`
	Number      string `json:"number,omitempty"`
	Extension   string `json:"extension,omitempty"`
	E164        string `json:"E164,omitempty"` // read-only, as is the last one
	Formatted   string `json:"numberFormatted,omitempty"`
}

// MarshalJSON writes the text, if there is one, else the parts.
func (p phone) MarshalJSON() ([]byte, error) {
	if p.Text != "" {
		return json.Marshal(p.Text)
	}
	return json.Marshal(p.parts)
}

// UnmarshalJSON reads either form.
func (p *phone) UnmarshalJSON(data []byte) error {
	if json.Unmarshal(data, &p.Text) == nil {
		return nil
	}
	return json.Unmarshal(data, &p.parts)
}

// address has its parts twice: answers hold them inside value, the published
// schema has them beside it.
type address struct {
	Primary bool   `json:"isPrimary"`
	Label   string `json:"name,omitempty"`
	Value   place  `json:"value"`
	place
}

type place struct {
	Line1      string `json:"address_1,omitempty"`
	Line2      string `json:"address_2,omitempty"`
	Line3      string `json:"address_3,omitempty"`
	City       string `json:"city,omitempty"`
	State      string `json:"state,omitempty"`
	PostalCode string `json:"postalCode,omitempty"`
	Country    string `json:"country,omitempty"`
}

type links struct {
	Accounts []string `json:"accounts,omitempty"`
	Owner    string   `json:"owner,omitempty"`
	Tags     []string `json:"tags,omitempty"`
}

// reference is an id with its type, which may be missing: "15-accounts".
func reference(id, kind string) string {
	if id == "" || strings.Contains(id, "-") {
		return id
	}
	return id + "-" + kind
}

func encode(c *connector.Call) (connector.Request, error) {
	in := c.Input
	return connector.Request{Method: "POST", Path: "/contacts", Body: document{[]person{{
		Name: shape.FullName(in.Contact, c.Warn), Description: in.Description, Emails: encodeEmails(in.EmailAddresses),
		Phones: encodePhones(in.PhoneNumbers, in.Addresses), URLs: encodeURLs(in.URLs), Addresses: encodeAddresses(in.Addresses, c.Warn),
		Custom: custom(c),
		Links: links{
			Accounts: list(reference(shape.RefID(in.Account, contact.Account, c.Warn), "accounts")),
			Owner:    reference(shape.RefID(in.Owner, contact.Owner, c.Warn), "users"), Tags: tagIDs(c),
		},
	}}}}, nil
}

// custom is the caller's fields and our key.
func custom(c *connector.Call) map[string]any {
	fields := shape.Texts(shape.Without(c.Input.CustomFields, c.Settings[externalIDField], c.Warn))
	if hasExternalID(c) {
		fields[c.Settings[externalIDField]] = c.Key
	}
	return fields
}

func list(id string) []string {
	if id == "" {
		return nil
	}
	return []string{id}
}

func encodeEmails(emails []contact.Email) []labelled[string] {
	return entries(emails, func(e contact.Email) (string, string) { return e.Type, e.Email })
}

func encodeURLs(urls []contact.URL) []labelled[string] {
	return entries(urls, func(u contact.URL) (string, string) { return u.Type, u.URL })
}

// encodePhones takes national numbers for those of the first address.
func encodePhones(phones []contact.Phone, near []contact.Address) []labelled[phone] {
	country := ""
	if len(near) > 0 {
		country = near[0].Country
	}
	return entries(phones, func(p contact.Phone) (string, phone) {
		code, digits, ok := shape.DialParts(p.Number, country)
		if !ok {
			return p.Type, phone{Text: shape.PhoneText(p)}
		}
		return p.Type, phone{parts: parts{CountryCode: code, Number: digits, Extension: p.Extension}}
	})
}

// entries labels a list; the first entry is the primary one.
func entries[T, U any](list []T, turn func(T) (label string, value U)) []labelled[U] {
	var out []labelled[U]
	for i, entry := range list {
		label, value := turn(entry)
		out = append(out, labelled[U]{Primary: i == 0, Label: label, Value: value})
	}
	return out
}

func encodeAddresses(list []contact.Address, warn shape.Warn) []address {
	var out []address
	for i, a := range shape.KnownCountries(list, warn) {
		p := place{Line1: a.Street1, Line2: a.Street2, City: a.City, State: a.State, PostalCode: a.PostalCode, Country: a.Country}
		out = append(out, address{Primary: i == 0, Label: a.Type, Value: p, place: p})
	}
	return out
}

func encodeRead(c *connector.Call) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: recordPath(c.RemoteID)}, nil
}

func recordPath(id string) string { return "/contacts/" + shape.Segment(id) }

// decode reads an envelope of one. A success status may hold a refusal.
func decode(c *connector.Call, r connector.Reply) (contact.Contact, error) {
	people, err := open(r)
	if len(people) == 0 {
		return contact.Contact{}, err
	}
	return people[0].contact(c), err
}

func (p person) contact(c *connector.Call) contact.Contact {
	first, last, name := shape.NameParts(p.FirstName, p.LastName, p.Name)
	return contact.Contact{
		ID: p.ID, FirstName: first, LastName: last, Name: name, Title: p.JobTitle, Description: p.Description,
		EmailAddresses: shape.Each(shape.Foremost(p.Emails, labelled[string].primary), func(e labelled[string]) contact.Email {
			return contact.Email{Email: e.Value, Type: unlabelled(e.Label, "email")}
		}),
		PhoneNumbers: shape.PhoneList(shape.Each(shape.Foremost(p.Phones, labelled[phone].primary), phoneOf)...),
		Addresses:    shape.AddressList(shape.Each(p.Addresses, address.address)...),
		URLs: shape.URLList(shape.Each(p.URLs, func(u labelled[string]) contact.URL {
			return contact.URL{URL: u.Value, Type: unlabelled(u.Label, "url")}
		})...),
		Account: firstOf(p.Links.Accounts), Owner: shape.Ref(p.Links.Owner, ""), Tags: tagList(c, p.Links.Tags),
		CreatedAt: p.created(),
	}
}

func (e labelled[T]) primary() bool { return e.Primary }

// unlabelled drops the label that Nutshell gives to what came without one.
func unlabelled(label, standard string) string {
	if label == standard {
		return ""
	}
	return label
}

func phoneOf(e labelled[phone]) contact.Phone {
	number := e.Value.Text
	for _, form := range []string{e.Value.E164, e.Value.Formatted, e.Value.Number} {
		if number == "" {
			number = form
		}
	}
	return contact.Phone{Number: number, Extension: e.Value.Extension, Type: unlabelled(e.Label, "phone")}
}

func (a address) address() contact.Address {
	p := a.Value
	if p == (place{}) {
		p = a.place
	}
	return contact.Address{
		Street1: p.Line1, Street2: shape.Join(", ", p.Line2, p.Line3), City: p.City, State: p.State,
		PostalCode: p.PostalCode, Country: p.Country, Type: unlabelled(a.Label, "address"),
	}
}

func firstOf(ids []string) *contact.Reference {
	if len(ids) == 0 {
		return nil
	}
	return shape.Ref(ids[0], "")
}

// created is missing from most answers.
func (p person) created() *time.Time {
	seconds, err := p.CreatedTime.Int64()
	if err != nil || seconds <= 0 {
		return nil
	}
	at := time.Unix(seconds, 0).UTC()
	return &at
}
