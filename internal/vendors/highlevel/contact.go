package highlevel

import (
	"cmp"
	"net/url"
	"regexp"
	"strings"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

// person is a contact as it is written; unknown members are refused:
// https://marketplace.gohighlevel.com/docs/ghl/contacts/create-contact
type person struct {
	LocationID   string   `json:"locationId,omitempty"` // of a create alone
	FirstName    string   `json:"firstName,omitempty"`
	LastName     string   `json:"lastName,omitempty"`
	Email        string   `json:"email,omitempty"`
	Phone        string   `json:"phone,omitempty"`
	Address1     string   `json:"address1,omitempty"`
	City         string   `json:"city,omitempty"`
	State        string   `json:"state,omitempty"`
	PostalCode   string   `json:"postalCode,omitempty"`
	Country      string   `json:"country,omitempty"`
	Website      string   `json:"website,omitempty"`
	CompanyName  string   `json:"companyName,omitempty"`
	AssignedTo   string   `json:"assignedTo,omitempty"`
	Tags         []string `json:"tags,omitempty"`
	CustomFields []custom `json:"customFields,omitempty"`
}

type custom struct {
	ID    string `json:"id"`
	Value any    `json:"field_value"`
}

// record is a contact as it is read. Reads give names in lower case, and as
// they were written under the names that end in Raw.
type record struct {
	ID           string         `json:"id"`
	FirstName    string         `json:"firstName"`
	LastName     string         `json:"lastName"`
	FirstNameRaw string         `json:"firstNameRaw"`
	LastNameRaw  string         `json:"lastNameRaw"`
	Email        string         `json:"email"`
	MoreEmails   []anotherEmail `json:"additionalEmails"`
	Phone        string         `json:"phone"`
	MorePhones   []anotherPhone `json:"additionalPhones"`
	Address      string         `json:"address"` // of searches
	Address1     string         `json:"address1"`
	City         string         `json:"city"`
	State        string         `json:"state"`
	PostalCode   string         `json:"postalCode"`
	Country      string         `json:"country"`
	Website      string         `json:"website"`
	BusinessID   string         `json:"businessId"`
	CompanyName  string         `json:"companyName"`
	AssignedTo   string         `json:"assignedTo"`
	Tags         []string       `json:"tags"`
	CustomFields []struct {
		ID    string `json:"id"`
		Value any    `json:"value"`
	} `json:"customFields"`
	DateAdded    string `json:"dateAdded"`
	DateUpdated  string `json:"dateUpdated"`
	LastActivity string `json:"lastActivity"`
}

type anotherEmail struct {
	Email string `json:"email"`
}

type anotherPhone struct {
	Phone string `json:"phone"`
	Label string `json:"phoneLabel"`
}

type envelope struct {
	Contact record `json:"contact"`
}

func encode(c *connector.Call) (connector.Request, error) {
	p := write(c, c.Input.Contact)
	p.LocationID = c.Settings[locationID]
	return connector.Request{Method: "POST", Path: "/contacts/", Body: p}, nil
}

// encodeUpdate sends all tags: an update replaces them.
func encodeUpdate(c *connector.Call) (connector.Request, error) {
	in, old := c.Input.Contact, c.Existing
	shape.CreateOnly(in, c.Warn, contact.Description)
	if len(in.Tags) > 0 {
		in.Tags = shape.Extended(old.Tags, shape.NewTags(in.Tags, old.Tags))
	}
	if in.Account != nil && in.Account.ID != "" {
		shape.CreateOnly(in, c.Warn, contact.Account)
	}
	return connector.Request{Method: "PUT", Path: recordPath(c.RemoteID), Body: write(c, in)}, nil
}

func recordPath(id string) string { return "/contacts/" + shape.Segment(id) }

func write(c *connector.Call, in contact.Contact) person {
	shape.Named(in, c.Warn)
	a := shape.FirstAddress(shape.KnownCountries(in.Addresses, c.Warn), c.Warn)
	return person{
		FirstName: in.FirstName, LastName: in.LastName, Email: shape.Emails(in.EmailAddresses, 1, c.Warn)[0], Phone: phone(c, in),
		Address1: shape.Streets(a, ", "), City: a.City, State: a.State, PostalCode: a.PostalCode, Country: a.Country,
		Website: website(in.URLs, c.Warn), CompanyName: company(in.Account),
		AssignedTo: shape.RefID(in.Owner, contact.Owner, c.Warn), Tags: shape.TagNames(in.Tags), CustomFields: customs(c),
	}
}

// phone is the first number, in E.164 where it can be told.
func phone(c *connector.Call, in contact.Contact) string {
	list := shape.Head(in.PhoneNumbers, 1, contact.PhoneNumbers, c.Warn)
	if len(list) == 0 {
		return ""
	}
	shape.Extensions(list, c.Warn)
	country := ""
	if len(in.Addresses) > 0 {
		country = in.Addresses[0].Country
	}
	e164, _ := contact.E164(list[0].Number, country)
	return cmp.Or(e164, list[0].Number)
}

func website(list []contact.URL, warn shape.Warn) string {
	urls := shape.Head(list, 1, contact.URLs, warn)
	if len(urls) == 0 {
		return ""
	}
	return shape.Absolute(urls[0].URL)
}

// company is the name of a company that no id links.
func company(r *contact.Reference) string {
	if r == nil || r.ID != "" {
		return ""
	}
	return r.Name
}

const definitions = "definitions"

func needsDefinitions(c *connector.Call) []string {
	if len(c.Input.CustomFields) == 0 {
		return nil
	}
	return []string{""}
}

func askDefinitions(c *connector.Call, _ string) (connector.Request, error) {
	return connector.Request{
		Method: "GET", Path: "/locations/" + shape.Segment(c.Settings[locationID]) + "/customFields", Query: url.Values{"model": {"contact"}},
	}, nil
}

// definition is a custom field, known by its id, its key or its name.
type definition struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Key  string `json:"fieldKey"`
	Type string `json:"dataType"`
}

// https://marketplace.gohighlevel.com/docs/ghl/locations/get-custom-fields
func learnDefinitions(_ *connector.Call, _ string, r connector.Reply) (any, error) {
	answer, err := connector.DecodeJSON[struct {
		CustomFields []definition `json:"customFields"`
	}](r)
	return answer.CustomFields, err
}

// named finds a custom field; without the definitions an id has to do.
func named(c *connector.Call, name string) definition {
	all := connector.Prepared[[]definition](c, definitions, "")
	for _, d := range all {
		if d.ID == name || strings.TrimPrefix(d.Key, "contact.") == strings.TrimPrefix(name, "contact.") || contact.SameText(d.Name, name) {
			return d
		}
	}
	if len(all) == 0 && regexp.MustCompile(`^[A-Za-z0-9]{20}$`).MatchString(name) {
		return definition{ID: name}
	}
	return definition{}
}

// value writes a custom value by its field's type.
func (d definition) value(v any) any {
	switch strings.ToUpper(d.Type) {
	case "NUMERICAL", "MONETORY":
		return shape.Number(v)
	case "CHECKBOX", "MULTIPLE_OPTIONS":
		return shape.Definition{Kind: shape.KindChoices}.Value(v)
	case "TEXT", "LARGE_TEXT", "SINGLE_OPTIONS", "RADIO", "PHONE", "EMAIL", "DATE":
		return shape.Text(v)
	default:
		return v
	}
}

func customs(c *connector.Call) []custom {
	var list []custom
	for _, name := range shape.Keys(c.Input.CustomFields) {
		d := named(c, name)
		if d.ID == "" {
			c.Warn(string(contact.CustomFields)+"/"+name, shape.Unresolved, "the location has no custom field of that name")
			continue
		}
		list = append(list, custom{ID: d.ID, Value: d.value(c.Input.CustomFields[name])})
	}
	return list
}

// follow links the business and writes the description as a note:
// https://marketplace.gohighlevel.com/docs/ghl/contacts/create-note
func follow(c *connector.Call, created contact.Contact) []connector.Step {
	var steps []connector.Step
	if business := shape.RefID(c.Input.Account, contact.Account, nil); business != "" {
		steps = append(steps, connector.Step{
			ID: "business", Path: string(contact.Account), Idempotent: true,
			Request: connector.Request{Method: "POST", Path: "/contacts/bulk/business", Body: map[string]any{
				"locationId": c.Settings[locationID], "ids": []string{created.ID}, "businessId": business,
			}},
			Done: func(out *contact.Contact) { out.Account = &contact.Reference{ID: business} },
		})
	}
	if text := c.Input.Description; text != "" {
		steps = append(steps, connector.Step{
			ID: "note", Path: string(contact.Description),
			Request: connector.Request{Method: "POST", Path: recordPath(created.ID) + "/notes", Body: map[string]string{"body": text}},
			Done:    func(out *contact.Contact) { out.Description = text },
		})
	}
	return steps
}

func encodeRead(c *connector.Call) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: recordPath(c.RemoteID)}, nil
}

func duplicateRequest(c *connector.Call, filter, value string) (connector.Request, error) {
	return connector.Request{
		Method: "GET", Path: "/contacts/search/duplicate", Query: url.Values{"locationId": {c.Settings[locationID]}, filter: {value}},
	}, nil
}

func encodeFindEmail(c *connector.Call) (connector.Request, error) {
	return duplicateRequest(c, "email", shape.FirstEmail(c.Input.EmailAddresses))
}

func encodeFindPhone(c *connector.Call) (connector.Request, error) {
	return duplicateRequest(c, "number", c.Input.PhoneNumbers[0].Number)
}

// found takes the one record of the answer, if it is the same as what was sent.
func found(same func(sent, found contact.Contact) bool) func(*connector.Call, connector.Reply) ([]contact.Contact, error) {
	return func(c *connector.Call, r connector.Reply) ([]contact.Contact, error) {
		one, err := decode(c, r)
		if err != nil || one.ID == "" {
			return nil, err
		}
		return shape.Matching(same, c.Input.Contact, []contact.Contact{one}), nil
	}
}

func decode(c *connector.Call, r connector.Reply) (contact.Contact, error) {
	answer, err := connector.DecodeJSON[envelope](r)
	return answer.Contact.contact(c), err
}

func (p record) contact(c *connector.Call) contact.Contact {
	first, last := cmp.Or(p.FirstNameRaw, p.FirstName), cmp.Or(p.LastNameRaw, p.LastName)
	emails := append([]string{p.Email}, shape.Each(p.MoreEmails, func(e anotherEmail) string { return e.Email })...)
	phones := append([]contact.Phone{{Number: p.Phone}}, shape.Each(p.MorePhones, func(m anotherPhone) contact.Phone {
		return contact.Phone{Number: m.Phone, Type: strings.ToLower(m.Label)}
	})...)
	return contact.Contact{
		ID: p.ID, FirstName: first, LastName: last, Name: contact.JoinName(first, last),
		EmailAddresses: shape.EmailList(emails...), PhoneNumbers: shape.PhoneList(phones...),
		Addresses: shape.AddressList(contact.Address{
			Street1: cmp.Or(p.Address1, p.Address), City: p.City, State: p.State, PostalCode: p.PostalCode, Country: p.Country,
		}),
		URLs:    shape.URLList(contact.URL{URL: p.Website, Type: "website"}),
		Account: shape.Ref(p.BusinessID, p.CompanyName), Owner: shape.Ref(p.AssignedTo, ""), Tags: shape.TagList(p.Tags),
		CustomFields: p.customs(c), CreatedAt: connector.TimeOf(p.DateAdded), UpdatedAt: connector.TimeOf(p.DateUpdated),
		LastActivityAt: connector.TimeOf(p.LastActivity),
	}
}

// customs are the values that were sent, under the names by which they were.
func (p record) customs(c *connector.Call) map[string]any {
	got := map[string]any{}
	for name := range c.Input.CustomFields {
		d := named(c, name)
		for _, f := range p.CustomFields {
			if d.ID != "" && f.ID == d.ID {
				got[name] = f.Value
			}
		}
	}
	return shape.Pick(got, c.Input.CustomFields)
}
