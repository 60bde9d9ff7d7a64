package zendesksell

import (
	"errors"
	"net/url"
	"strings"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

// person is a contact as it is written and read; the last six are read-only:
// https://developer.zendesk.com/api-reference/sales-crm/resources/contacts/
type person struct {
	IsOrganization *bool          `json:"is_organization,omitempty"`
	FirstName      string         `json:"first_name,omitempty"`
	LastName       string         `json:"last_name,omitempty"`
	ContactID      int64          `json:"contact_id,omitempty"` // the company
	OwnerID        int64          `json:"owner_id,omitempty"`
	Title          string         `json:"title,omitempty"`
	Description    string         `json:"description,omitempty"`
	Email          string         `json:"email,omitempty"`
	Phone          string         `json:"phone,omitempty"`
	Mobile         string         `json:"mobile,omitempty"`
	Fax            string         `json:"fax,omitempty"`
	Website        string         `json:"website,omitempty"`
	LinkedIn       string         `json:"linkedin,omitempty"`
	Twitter        string         `json:"twitter,omitempty"`
	Facebook       string         `json:"facebook,omitempty"`
	Skype          string         `json:"skype,omitempty"`
	Address        *address       `json:"address,omitempty"`
	Tags           []string       `json:"tags,omitempty"`
	CustomFields   map[string]any `json:"custom_fields,omitempty"`
	ID             int64          `json:"id,omitempty"`
	Name           string         `json:"name,omitempty"`
	Billing        *address       `json:"billing_address,omitempty"`
	Shipping       *address       `json:"shipping_address,omitempty"`
	CreatedAt      string         `json:"created_at,omitempty"`
	UpdatedAt      string         `json:"updated_at,omitempty"`
}

type address struct {
	Line1      string `json:"line1,omitempty"`
	City       string `json:"city,omitempty"`
	PostalCode string `json:"postal_code,omitempty"`
	State      string `json:"state,omitempty"`
	Country    string `json:"country,omitempty"`
}

type envelope struct {
	Data person `json:"data"`
}

func encode(c *connector.Call) (connector.Request, error) {
	no := false
	p, err := write(c, c.Input.Contact)
	p.IsOrganization = &no
	if field := c.Settings[keyField]; field != "" {
		p.CustomFields = shape.With(p.CustomFields, field, c.Key)
		return connector.Request{Method: "POST", Path: "/contacts/upsert", Query: byKey(c), Body: envelope{p}}, err
	}
	return connector.Request{Method: "POST", Path: "/contacts", Body: envelope{p}}, err
}

// encodeUpdate sends all tags: an update replaces them.
func encodeUpdate(c *connector.Call) (connector.Request, error) {
	in, old := c.Input.Contact, c.Existing
	if len(in.Tags) > 0 {
		in.Tags = shape.Extended(old.Tags, shape.NewTags(in.Tags, old.Tags))
	}
	p, err := write(c, in)
	_, p.Billing, p.Shipping = places(in.Addresses, nil)
	return connector.Request{Method: "PUT", Path: recordPath(c.RemoteID), Body: envelope{p}}, err
}

func recordPath(id string) string { return "/contacts/" + shape.Segment(id) }

func byKey(c *connector.Call) url.Values {
	return url.Values{"custom_fields[" + c.Settings[keyField] + "]": {c.Key}}
}

func write(c *connector.Call, in contact.Contact) (person, error) {
	shape.Named(in, c.Warn)
	first, last := names(in)
	company, err1 := shape.Integer(shape.RefID(in.Account, contact.Account, c.Warn), contact.Account)
	owner, err2 := shape.Integer(shape.RefID(in.Owner, contact.Owner, c.Warn), contact.Owner)
	phones := shape.Phones(in.PhoneNumbers, c.Warn,
		shape.Slot{Name: "phone", Types: []string{"phone", "work", "home", "other", "assistant"}},
		shape.Slot{Name: "mobile", Types: []string{"mobile"}}, shape.Slot{Name: "fax", Types: []string{"fax"}})
	urls := shape.NetworkURLs(in.URLs, c.Warn,
		shape.Slot{Name: "linkedin", Types: []string{"linkedin"}}, shape.Slot{Name: "twitter", Types: []string{"twitter"}},
		shape.Slot{Name: "facebook", Types: []string{"facebook"}}, shape.Slot{Name: "skype", Types: []string{"skype"}},
		shape.Slot{Name: "website", Types: []string{"", shape.Any}})
	main, _, _ := places(in.Addresses, c.Warn)
	return person{
		FirstName: first, LastName: last, ContactID: company, OwnerID: owner, Title: in.Title, Description: in.Description,
		Email: shape.Emails(in.EmailAddresses, 1, c.Warn)[0], Phone: phones["phone"], Mobile: phones["mobile"], Fax: phones["fax"],
		Website: urls["website"], LinkedIn: urls["linkedin"], Twitter: urls["twitter"], Facebook: urls["facebook"], Skype: urls["skype"],
		Address: main, Tags: shape.TagNames(in.Tags), CustomFields: shape.Without(in.CustomFields, c.Settings[keyField], c.Warn),
	}, errors.Join(err1, err2)
}

// names makes a last name of a name of one word: Sell demands one.
func names(in contact.Contact) (first, last string) {
	if in.LastName == "" {
		return "", in.FirstName
	}
	return in.FirstName, in.LastName
}

// places is where addresses go: the first one is the main one, whatever its
// type; further ones may be billing or shipping.
func places(list []contact.Address, warn shape.Warn) (main, billing, shipping *address) {
	if len(list) == 0 {
		return nil, nil, nil
	}
	others := shape.Addresses(append([]contact.Address{{}}, list[1:]...), warn,
		shape.Slot{Name: "main", Types: []string{""}}, shape.Slot{Name: "billing", Types: []string{"billing"}},
		shape.Slot{Name: "shipping", Types: []string{"shipping"}})
	return written(list[0]), written(others["billing"]), written(others["shipping"])
}

func written(a contact.Address) *address {
	out := address{Line1: shape.Streets(a, ", "), City: a.City, PostalCode: a.PostalCode, State: a.State, Country: a.Country}
	if out == (address{}) {
		return nil
	}
	return &out
}

// follow writes billing and shipping addresses apart: not every account takes
// them, and a refusal must not cost the contact.
func follow(c *connector.Call, created contact.Contact) []connector.Step {
	_, billing, shipping := places(c.Input.Addresses, nil)
	var steps []connector.Step
	for _, s := range []struct {
		kind string
		data person
		at   *address
	}{{"billing", person{Billing: billing}, billing}, {"shipping", person{Shipping: shipping}, shipping}} {
		if s.at == nil {
			continue
		}
		place := s.at.unified(s.kind)
		steps = append(steps, connector.Step{
			ID: s.kind + "_address", Path: string(contact.Addresses), Idempotent: true,
			Request: connector.Request{Method: "PUT", Path: recordPath(created.ID), Body: envelope{s.data}},
			Done:    func(out *contact.Contact) { out.Addresses = append(out.Addresses, place...) },
		})
	}
	return steps
}

func encodeRead(c *connector.Call) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: recordPath(c.RemoteID)}, nil
}

func search(query url.Values) (connector.Request, error) {
	query.Set("is_organization", "false")
	query.Set("per_page", "100")
	query.Set("sort_by", "created_at:desc")
	return connector.Request{Method: "GET", Path: "/contacts", Query: query}, nil
}

func encodeFindKey(c *connector.Call) (connector.Request, error) { return search(byKey(c)) }

func encodeFindEmail(c *connector.Call) (connector.Request, error) {
	return search(url.Values{"email": {shape.FirstEmail(c.Input.EmailAddresses)}})
}

func encodeFindName(c *connector.Call) (connector.Request, error) {
	first, last := names(c.Input.Contact)
	query := url.Values{"last_name": {last}}
	if first != "" {
		query.Set("first_name", first)
	}
	return search(query)
}

func anyone(_, _ contact.Contact) bool { return true }

// found keeps those of the answer that are the same as what was sent.
func found(same func(sent, found contact.Contact) bool) func(*connector.Call, connector.Reply) ([]contact.Contact, error) {
	return func(c *connector.Call, r connector.Reply) ([]contact.Contact, error) {
		answer, err := connector.DecodeJSON[struct {
			Items []envelope `json:"items"`
		}](r)
		all := shape.Each(answer.Items, func(e envelope) contact.Contact { return e.Data.contact(c) })
		return shape.Matching(same, c.Input.Contact, all), err
	}
}

func decode(c *connector.Call, r connector.Reply) (contact.Contact, error) {
	answer, err := connector.DecodeJSON[envelope](r)
	return answer.Data.contact(c), err
}

func (p person) contact(c *connector.Call) contact.Contact {
	first, last, name := shape.NameParts(p.FirstName, p.LastName, p.Name)
	places := append(p.Address.unified(""), p.Billing.unified("billing")...)
	return contact.Contact{
		ID: shape.IntegerText(p.ID), FirstName: first, LastName: last, Name: name, Title: p.Title, Description: p.Description,
		EmailAddresses: shape.EmailList(p.Email),
		PhoneNumbers: shape.PhoneList(contact.Phone{Number: p.Phone, Type: "phone"}, contact.Phone{Number: p.Mobile, Type: "mobile"},
			contact.Phone{Number: p.Fax, Type: "fax"}),
		Addresses: append(places, p.Shipping.unified("shipping")...),
		URLs: shape.URLList(contact.URL{URL: p.Website, Type: "website"}, contact.URL{URL: p.LinkedIn, Type: "linkedin"},
			contact.URL{URL: p.Twitter, Type: "twitter"}, contact.URL{URL: p.Facebook, Type: "facebook"}, contact.URL{URL: p.Skype, Type: "skype"}),
		Account: shape.Ref(shape.IntegerText(p.ContactID), ""), Owner: shape.Ref(shape.IntegerText(p.OwnerID), ""),
		Tags: shape.TagList(p.Tags), CustomFields: shape.Pick(p.CustomFields, c.Input.CustomFields),
		CreatedAt: connector.TimeOf(p.CreatedAt), UpdatedAt: connector.TimeOf(p.UpdatedAt),
	}
}

func (a *address) unified(kind string) []contact.Address {
	if a == nil {
		return nil
	}
	return shape.AddressList(contact.Address{
		Street1: a.Line1, City: a.City, State: a.State, PostalCode: a.PostalCode, Country: a.Country, Type: kind,
	})
}

// pointed gives the members that a JSON Pointer names, from the outermost in.
func pointed(pointer string) []string {
	return strings.Split(strings.TrimPrefix(pointer, "/data/"), "/")
}
