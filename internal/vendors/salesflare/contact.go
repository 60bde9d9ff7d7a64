package salesflare

import (
	"errors"
	"strings"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

// person is a contact as it is written:
// https://api.salesflare.com/docs#operation/postContacts
type person struct {
	FirstName string         `json:"firstname,omitempty"`
	LastName  string         `json:"lastname,omitempty"`
	Email     string         `json:"email,omitempty"`
	Owner     int64          `json:"owner,omitempty"`
	Account   int64          `json:"account,omitempty"`
	Phone     string         `json:"phone_number,omitempty"`
	Mobile    string         `json:"mobile_phone_number,omitempty"`
	Home      string         `json:"home_phone_number,omitempty"`
	Fax       string         `json:"fax_number,omitempty"`
	Phones    []phone        `json:"phone_numbers,omitempty"`
	Addresses []address      `json:"addresses,omitempty"`
	Position  *position      `json:"position,omitempty"`
	Profiles  []string       `json:"social_profiles,omitempty"`
	Tags      []any          `json:"tags,omitempty"` // names, or objects with ids
	Custom    map[string]any `json:"custom,omitempty"`
}

type phone struct {
	ID     int64  `json:"id,omitempty"`
	Number string `json:"number"`
	Type   string `json:"type,omitempty"`
}

type address struct {
	ID      int64  `json:"id,omitempty"`
	Street  string `json:"street,omitempty"`
	City    string `json:"city,omitempty"`
	State   string `json:"state_region,omitempty"`
	Zip     string `json:"zip,omitempty"`
	Country string `json:"country,omitempty"`
	Type    string `json:"type,omitempty"`
}

type position struct {
	Organisation string `json:"organisation,omitempty"`
	Role         string `json:"role,omitempty"`
}

// named is an owner, an account or a tag as it is read.
type named struct {
	ID   int64  `json:"id"`
	Name string `json:"name,omitempty"`
}

// record is a contact as it is read.
type record struct {
	ID          int64          `json:"id"`
	FirstName   string         `json:"firstname"`
	LastName    string         `json:"lastname"`
	Name        string         `json:"name"`
	Email       string         `json:"email"`
	Owner       *named         `json:"owner"`
	Account     *named         `json:"account"`
	Phone       string         `json:"phone_number"`
	Mobile      string         `json:"mobile_phone_number"`
	Home        string         `json:"home_phone_number"`
	Fax         string         `json:"fax_number"`
	Phones      []phone        `json:"phone_numbers"`
	Addresses   []address      `json:"addresses"`
	Role        string         `json:"role"`
	Positions   []position     `json:"positions"`
	Profiles    []profile      `json:"social_profiles"`
	Tags        []named        `json:"tags"`
	Custom      map[string]any `json:"custom"`
	CreatedAt   string         `json:"creation_date"`
	ModifiedAt  string         `json:"modification_date"`
	LastEmail   string         `json:"last_email_date"`
	LastMeeting string         `json:"last_meeting_date"`
}

type profile struct {
	Type string `json:"type"`
	URL  string `json:"url"`
}

const (
	maxCountry = 50
	maxEmail   = 1000
)

func encode(c *connector.Call) (connector.Request, error) {
	return write(c, "POST", "/contacts", c.Input.Contact)
}

// encodeUpdate leaves lists alone that hold entries already: what a PUT does to
// them is not documented, but for tags, which it adds.
func encodeUpdate(c *connector.Call) (connector.Request, error) {
	in, old := c.Input.Contact, c.Existing
	in.Addresses = shape.IntoEmpty(in.Addresses, old.Addresses, contact.Addresses, c.Warn)
	in.URLs = shape.IntoEmpty(in.URLs, old.URLs, contact.URLs, c.Warn)
	in.Tags = shape.NewTags(in.Tags, old.Tags)
	return write(c, "PUT", recordPath(c), in)
}

func recordPath(c *connector.Call) string { return "/contacts/" + shape.Segment(c.RemoteID) }

func write(c *connector.Call, method, path string, in contact.Contact) (connector.Request, error) {
	shape.Named(in, c.Warn)
	owner, err1 := shape.Integer(shape.RefID(in.Owner, contact.Owner, c.Warn), contact.Owner)
	account, err2 := accountID(in.Account)
	flat, rest := phones(in.PhoneNumbers)
	return connector.Request{Method: method, Path: path, Body: person{
		FirstName: in.FirstName, LastName: in.LastName, Email: shape.Clip(shape.Emails(in.EmailAddresses, 1, c.Warn)[0], maxEmail, "email_addresses/0", c.Warn),
		Owner: owner, Account: account, Phone: flat["phone"], Mobile: flat["mobile"], Home: flat["home"], Fax: flat["fax"], Phones: rest,
		Addresses: addresses(in.Addresses, c.Warn), Position: positionOf(in), Profiles: shape.Each(in.URLs, profileOf), Tags: shape.Each(in.Tags, tagOf),
		Custom: in.CustomFields,
	}}, errors.Join(err1, err2)
}

func accountID(r *contact.Reference) (int64, error) {
	if r == nil {
		return 0, nil
	}
	return shape.Integer(r.ID, contact.Account)
}

// positionOf holds the job title, and the company's name where no id links it.
func positionOf(in contact.Contact) *position {
	p := position{Role: in.Title}
	if in.Account != nil && in.Account.ID == "" {
		p.Organisation = in.Account.Name
	}
	if p == (position{}) {
		return nil
	}
	return &p
}

// phones puts one number of each kind into its place and the others into the list.
func phones(list []contact.Phone) (flat map[string]string, rest []phone) {
	types := shape.Each(list, func(p contact.Phone) string { return shape.PhoneType(p.Type) })
	placed, left := shape.Fill(types, []shape.Slot{
		{Name: "phone", Types: []string{"phone", "work"}}, {Name: "mobile", Types: []string{"mobile"}},
		{Name: "home", Types: []string{"home"}}, {Name: "fax", Types: []string{"fax"}},
	})
	flat = map[string]string{}
	for name, i := range placed {
		flat[name] = shape.PhoneText(list[i])
	}
	return flat, shape.Each(left, func(i int) phone {
		return phone{Number: shape.PhoneText(list[i]), Type: list[i].Type}
	})
}

func addresses(list []contact.Address, warn shape.Warn) []address {
	var out []address
	for i, a := range list {
		out = append(out, address{
			Street: shape.Streets(a, ", "), City: a.City, State: a.State, Zip: a.PostalCode, Type: a.Type,
			Country: shape.Clip(shape.CountryName(a.Country), maxCountry, shape.At(contact.Addresses, i)+"/country", warn),
		})
	}
	return out
}

func profileOf(u contact.URL) string { return shape.Absolute(u.URL) }

func tagOf(t contact.Tag) any {
	if id, err := shape.Integer(t.ID, contact.Tags); err == nil && id != 0 {
		return named{ID: id, Name: t.Name}
	}
	return t.Name
}

func encodeRead(c *connector.Call) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: recordPath(c)}, nil
}

// decodeID reads the answer to a create or an update, which is an id alone; an
// array of one is answered without its brackets.
func decodeID(_ *connector.Call, r connector.Reply) (contact.Contact, error) {
	answer, err := connector.DecodeJSON[named](r)
	return contact.Contact{ID: shape.IntegerText(answer.ID)}, err
}

func decode(c *connector.Call, r connector.Reply) (contact.Contact, error) {
	answer, err := connector.DecodeJSON[record](r)
	return answer.contact(c), err
}

func (p record) contact(c *connector.Call) contact.Contact {
	first, last, name := shape.NameParts(p.FirstName, p.LastName, p.Name)
	activity := connector.TimeOf(p.LastEmail)
	if met := connector.TimeOf(p.LastMeeting); activity == nil || met != nil && met.After(*activity) {
		activity = met
	}
	return contact.Contact{
		ID: shape.IntegerText(p.ID), FirstName: first, LastName: last, Name: name, Title: p.title(),
		EmailAddresses: shape.EmailList(p.Email), PhoneNumbers: p.phones(),
		Addresses: shape.AddressList(shape.Each(p.Addresses, address.unified)...),
		URLs: shape.URLList(shape.Each(p.Profiles, func(p profile) contact.URL {
			return contact.URL{URL: p.URL, Type: strings.ToLower(p.Type)}
		})...),
		Account: p.Account.reference(), Owner: p.Owner.reference(),
		Tags: shape.Each(p.Tags, func(t named) contact.Tag {
			return contact.Tag{ID: shape.IntegerText(t.ID), Name: t.Name}
		}),
		CustomFields: shape.Pick(p.Custom, c.Input.CustomFields),
		CreatedAt:    connector.TimeOf(p.CreatedAt), UpdatedAt: connector.TimeOf(p.ModifiedAt), LastActivityAt: activity,
	}
}

func (p record) title() string {
	if p.Role == "" && len(p.Positions) > 0 {
		return p.Positions[0].Role
	}
	return p.Role
}

// phones are the four of their own, and those of the list that are none of them.
func (p record) phones() []contact.Phone {
	list := []contact.Phone{
		{Number: p.Phone, Type: "phone"}, {Number: p.Mobile, Type: "mobile"}, {Number: p.Home, Type: "home"}, {Number: p.Fax, Type: "fax"},
	}
	for _, other := range p.Phones {
		if other.Number != p.Phone && other.Number != p.Mobile && other.Number != p.Home && other.Number != p.Fax {
			list = append(list, contact.Phone{ID: shape.IntegerText(other.ID), Number: other.Number, Type: strings.ToLower(other.Type)})
		}
	}
	return shape.PhoneList(list...)
}

func (a address) unified() contact.Address {
	return contact.Address{
		ID: shape.IntegerText(a.ID), Street1: a.Street, City: a.City, State: a.State, PostalCode: a.Zip, Country: a.Country,
		Type: strings.ToLower(a.Type),
	}
}

func (n *named) reference() *contact.Reference {
	if n == nil {
		return nil
	}
	return shape.Ref(shape.IntegerText(n.ID), n.Name)
}
