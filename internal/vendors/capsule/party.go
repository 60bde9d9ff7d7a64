package capsule

import (
	"cmp"
	"errors"
	"net/url"
	"slices"
	"strings"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

// party is a person as written and read:
// https://developer.capsulecrm.com/v2/models/party
type party struct {
	ID           int64     `json:"id,omitempty"` // read-only, as are the last three
	Type         string    `json:"type,omitempty"`
	FirstName    string    `json:"firstName,omitempty"`
	LastName     string    `json:"lastName,omitempty"`
	JobTitle     string    `json:"jobTitle,omitempty"`
	About        string    `json:"about,omitempty"`
	Organisation *ref      `json:"organisation,omitempty"`
	Owner        *ref      `json:"owner,omitempty"`
	Emails       []email   `json:"emailAddresses,omitempty"`
	Phones       []phone   `json:"phoneNumbers,omitempty"`
	Addresses    []address `json:"addresses,omitempty"`
	Websites     []website `json:"websites,omitempty"`
	Tags         []ref     `json:"tags,omitempty"`
	Fields       []field   `json:"fields,omitempty"`
	CreatedAt    string    `json:"createdAt,omitempty"`
	UpdatedAt    string    `json:"updatedAt,omitempty"`
	ContactedAt  string    `json:"lastContactedAt,omitempty"`
}

// ref is an organisation, a user or a tag, by id or by name.
type ref struct {
	ID   int64  `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

type email struct {
	ID      int64  `json:"id,omitempty"`
	Type    string `json:"type,omitempty"`
	Address string `json:"address"`
}

type phone struct {
	ID     int64  `json:"id,omitempty"`
	Type   string `json:"type,omitempty"`
	Number string `json:"number"`
}

type address struct {
	ID      int64  `json:"id,omitempty"`
	Type    string `json:"type,omitempty"`
	Street  string `json:"street,omitempty"`
	City    string `json:"city,omitempty"`
	State   string `json:"state,omitempty"`
	Zip     string `json:"zip,omitempty"`
	Country string `json:"country,omitempty"`
}

type website struct {
	Service string `json:"service"`
	Address string `json:"address"`
	URL     string `json:"url,omitempty"` // read-only
}

type field struct {
	Definition ref `json:"definition"`
	Value      any `json:"value"`
}

type envelope struct {
	Party party `json:"party"`
}

func encode(c *connector.Call) (connector.Request, error) {
	return write(c, "POST", "/parties", "person", c.Input.Contact)
}

// encodeUpdate sends of each list only what the party does not have: an update
// adds to lists, and what it names again is there twice.
func encodeUpdate(c *connector.Call) (connector.Request, error) {
	in, old := c.Input.Contact, c.Existing
	in.EmailAddresses = shape.NewEmails(in.EmailAddresses, old.EmailAddresses)
	in.PhoneNumbers = shape.NewPhones(in.PhoneNumbers, old.PhoneNumbers)
	in.Addresses = shape.NewAddresses(in.Addresses, old.Addresses)
	in.URLs = shape.NewURLs(in.URLs, old.URLs)
	in.Tags = shape.NewTags(in.Tags, old.Tags)
	return write(c, "PUT", recordPath(c), "", in)
}

func recordPath(c *connector.Call) string { return "/parties/" + shape.Segment(c.RemoteID) }

// whole asks for what the answers leave out otherwise.
func whole() url.Values { return url.Values{"embed": {"tags,fields"}} }

func write(c *connector.Call, method, path, kind string, in contact.Contact) (connector.Request, error) {
	shape.Named(in, c.Warn)
	organisation, err1 := link(in.Account, contact.Account)
	owner, err2 := link(ownerByID(c), contact.Owner)
	tags, err3 := tags(in.Tags)
	return connector.Request{Method: method, Path: path, Query: whole(), Body: envelope{party{
		Type: kind, FirstName: in.FirstName, LastName: in.LastName, JobTitle: in.Title, About: in.Description,
		Organisation: organisation, Owner: owner, Tags: tags, Fields: fields(c),
		Emails: shape.Each(in.EmailAddresses, func(e contact.Email) email {
			return email{Type: kindOf(e.Type, emailTypes()), Address: e.Email}
		}),
		Phones: shape.Each(in.PhoneNumbers, func(p contact.Phone) phone {
			return phone{Type: phoneType(p.Type), Number: shape.PhoneText(p)}
		}),
		Addresses: addresses(c, in.Addresses), Websites: shape.Each(in.URLs, site),
	}}}, errors.Join(err1, err2, err3)
}

func ownerByID(c *connector.Call) *contact.Reference {
	if id := shape.RefID(c.Input.Owner, contact.Owner, c.Warn); id != "" {
		return &contact.Reference{ID: id}
	}
	return nil
}

func link(r *contact.Reference, f contact.Field) (*ref, error) {
	if r == nil {
		return nil, nil
	}
	if r.ID == "" {
		return &ref{Name: r.Name}, nil
	}
	id, err := shape.Integer(r.ID, f)
	return &ref{ID: id}, err
}

func tags(list []contact.Tag) ([]ref, error) {
	var refs []ref
	for _, t := range list {
		tag, err := link(&contact.Reference{ID: t.ID, Name: t.Name}, contact.Tags)
		if err != nil {
			return nil, err
		}
		refs = append(refs, *tag)
	}
	return refs, nil
}

func fields(c *connector.Call) []field {
	var list []field
	for _, name := range shape.Keys(c.Input.CustomFields) {
		path := string(contact.CustomFields) + "/" + name
		d, id := named(c, name)
		switch {
		case id == 0:
			c.Warn(path, shape.Unresolved, "the account has no custom field of that name")
		case slices.ContainsFunc(list, func(f field) bool { return f.Definition.ID == id }):
			c.Warn(path, shape.Conflict, "the field is set by another name")
		default:
			list = append(list, field{Definition: ref{ID: id}, Value: d.Value(c.Input.CustomFields[name])})
		}
	}
	return list
}

// addresses are those of the input that are on the list.
func addresses(c *connector.Call, list []contact.Address) []address {
	var out []address
	for i, a := range c.Input.Addresses {
		if !slices.Contains(list, a) {
			continue
		}
		name := spelling(c, a.Country)
		if name == "" && a.Country != "" {
			c.Warn(shape.At(contact.Addresses, i)+"/country", shape.Unusable, "the country is not on Capsule's list")
		}
		out = append(out, address{
			Type: kindOf(a.Type, addressTypes()), Street: shape.Streets(a, "\n"), City: a.City, State: a.State, Zip: a.PostalCode, Country: name,
		})
	}
	return out
}

// site is a web address, or a handle in a network.
func site(u contact.URL) website {
	if strings.Contains(u.URL, "/") {
		u.URL = shape.Absolute(u.URL)
	}
	return website{Service: cmp.Or(services()[shape.Network(u)], "URL"), Address: u.URL}
}

func encodeRead(c *connector.Call) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: recordPath(c), Query: whole()}, nil
}

func decode(c *connector.Call, r connector.Reply) (contact.Contact, error) {
	answer, err := connector.DecodeJSON[envelope](r)
	return answer.Party.contact(c), err
}

func (p party) contact(c *connector.Call) contact.Contact {
	return contact.Contact{
		ID: shape.IntegerText(p.ID), FirstName: p.FirstName, LastName: p.LastName, Name: contact.JoinName(p.FirstName, p.LastName),
		Title: p.JobTitle, Description: p.About, Account: p.Organisation.reference(), Owner: p.Owner.reference(),
		EmailAddresses: shape.Each(p.Emails, email.unified),
		PhoneNumbers:   shape.PhoneList(shape.Each(p.Phones, phone.unified)...),
		Addresses:      shape.AddressList(shape.Each(p.Addresses, address.unified)...),
		URLs:           shape.URLList(shape.Each(p.Websites, website.unified)...),
		Tags: shape.Each(p.Tags, func(t ref) contact.Tag {
			return contact.Tag{ID: shape.IntegerText(t.ID), Name: t.Name}
		}),
		CustomFields: p.custom(c),
		CreatedAt:    connector.TimeOf(p.CreatedAt), UpdatedAt: connector.TimeOf(p.UpdatedAt), LastActivityAt: connector.TimeOf(p.ContactedAt),
	}
}

func (r *ref) reference() *contact.Reference {
	if r == nil {
		return nil
	}
	return shape.Ref(shape.IntegerText(r.ID), r.Name)
}

func (e email) unified() contact.Email {
	return contact.Email{ID: shape.IntegerText(e.ID), Email: e.Address, Type: strings.ToLower(e.Type)}
}

func (p phone) unified() contact.Phone {
	return contact.Phone{ID: shape.IntegerText(p.ID), Number: p.Number, Type: strings.ToLower(p.Type)}
}

func (a address) unified() contact.Address {
	street1, street2, _ := strings.Cut(a.Street, "\n")
	return contact.Address{
		ID: shape.IntegerText(a.ID), Street1: street1, Street2: street2, City: a.City, State: a.State, PostalCode: a.Zip,
		Country: a.Country, Type: strings.ToLower(a.Type),
	}
}

// unified takes the whole link: the address of a network may be a mere handle.
func (w website) unified() contact.URL {
	kind := strings.ToLower(strings.ReplaceAll(w.Service, "_", ""))
	if w.Service == "URL" {
		kind = ""
	}
	return contact.URL{URL: cmp.Or(w.URL, w.Address), Type: kind}
}

// custom are the values of the fields that were sent. One that is false is not
// stored, and so not answered.
func (p party) custom(c *connector.Call) map[string]any {
	got := map[string]any{}
	for name, sent := range c.Input.CustomFields {
		d, id := named(c, name)
		if d.Kind == shape.KindBoolean && d.Value(sent) == false {
			got[name] = false
		}
		for _, f := range p.Fields {
			if id != 0 && f.Definition.ID == id {
				got[name] = f.Value
			}
		}
	}
	return shape.Pick(got, c.Input.CustomFields)
}
