package freshsales

import (
	"errors"
	"net/url"
	"slices"
	"strings"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

// person is a contact as it is written and read; the last seven are read-only:
// https://developers.freshworks.com/crm/api/#contacts
type person struct {
	FirstName   string         `json:"first_name,omitempty"`
	LastName    string         `json:"last_name,omitempty"`
	JobTitle    string         `json:"job_title,omitempty"`
	Email       string         `json:"email,omitempty"`
	WorkNumber  string         `json:"work_number,omitempty"`
	Mobile      string         `json:"mobile_number,omitempty"`
	Address     string         `json:"address,omitempty"`
	City        string         `json:"city,omitempty"`
	State       string         `json:"state,omitempty"`
	Zipcode     string         `json:"zipcode,omitempty"`
	Country     string         `json:"country,omitempty"`
	LinkedIn    string         `json:"linkedin,omitempty"`
	Twitter     string         `json:"twitter,omitempty"`
	Facebook    string         `json:"facebook,omitempty"`
	OwnerID     int64          `json:"owner_id,omitempty"`
	Accounts    []salesAccount `json:"sales_accounts,omitempty"`
	Tags        []string       `json:"tags,omitempty"`
	Custom      map[string]any `json:"custom_field,omitempty"`
	ID          int64          `json:"id,omitempty"`
	DisplayName string         `json:"display_name,omitempty"`
	Emails      []anEmail      `json:"emails,omitempty"`
	CreatedAt   string         `json:"created_at,omitempty"`
	UpdatedAt   string         `json:"updated_at,omitempty"`
	Contacted   string         `json:"last_contacted,omitempty"`
}

type salesAccount struct {
	ID      int64  `json:"id"`
	Primary bool   `json:"is_primary"`
	Name    string `json:"name,omitempty"` // read-only
}

type anEmail struct {
	ID      int64  `json:"id"`
	Value   string `json:"value"`
	Primary bool   `json:"is_primary"`
	Label   string `json:"label"`
}

type envelope struct {
	Contact person `json:"contact"`
}

// whole asks for the sales accounts, which are left out otherwise.
func whole() url.Values { return url.Values{"include": {"sales_accounts"}} }

func encode(c *connector.Call) (connector.Request, error) {
	p, err := write(c, c.Input.Contact)
	return connector.Request{Method: "POST", Path: "/contacts", Query: whole(), Body: envelope{p}}, err
}

// encodeUpdate sends all tags: an update replaces them.
func encodeUpdate(c *connector.Call) (connector.Request, error) {
	in, old := c.Input.Contact, c.Existing
	shape.CreateOnly(in, c.Warn, contact.Description)
	if len(in.Tags) > 0 {
		in.Tags = shape.Extended(old.Tags, shape.NewTags(in.Tags, old.Tags))
	}
	p, err := write(c, in)
	return connector.Request{Method: "PUT", Path: recordPath(c), Query: whole(), Body: envelope{p}}, err
}

func recordPath(c *connector.Call) string { return "/contacts/" + shape.Segment(c.RemoteID) }

func write(c *connector.Call, in contact.Contact) (person, error) {
	shape.Named(in, c.Warn)
	account, err1 := accounts(shape.RefID(in.Account, contact.Account, c.Warn))
	owner, err2 := shape.Integer(shape.RefID(in.Owner, contact.Owner, c.Warn), contact.Owner)
	phones := shape.Phones(in.PhoneNumbers, c.Warn,
		shape.Slot{Name: "mobile", Types: []string{"mobile"}},
		shape.Slot{Name: "work", Types: []string{"work", "phone", "home", "other", "assistant"}})
	urls := shape.NetworkURLs(in.URLs, c.Warn,
		shape.Slot{Name: "linkedin", Types: []string{"linkedin"}}, shape.Slot{Name: "twitter", Types: []string{"twitter"}},
		shape.Slot{Name: "facebook", Types: []string{"facebook"}})
	a := shape.FirstAddress(in.Addresses, c.Warn)
	return person{
		FirstName: in.FirstName, LastName: in.LastName, JobTitle: in.Title, Email: shape.Emails(in.EmailAddresses, 1, c.Warn)[0],
		WorkNumber: phones["work"], Mobile: phones["mobile"],
		Address: shape.Streets(a, ", "), City: a.City, State: a.State, Zipcode: a.PostalCode, Country: shape.CountryName(a.Country),
		LinkedIn: urls["linkedin"], Twitter: urls["twitter"], Facebook: urls["facebook"],
		OwnerID: owner, Accounts: account, Tags: shape.TagNames(in.Tags),
		Custom: shape.CustomValues(in.CustomFields, known(c), isName, c.Warn),
	}, errors.Join(err1, err2)
}

func accounts(id string) ([]salesAccount, error) {
	n, err := shape.Integer(id, contact.Account)
	if n == 0 {
		return nil, err
	}
	return []salesAccount{{ID: n, Primary: true}}, nil
}

const definitions = "definitions"

func needsDefinitions(c *connector.Call) []string {
	if len(c.Input.CustomFields) == 0 {
		return nil
	}
	return []string{""}
}

func askDefinitions(*connector.Call, string) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: "/settings/contacts/fields"}, nil
}

// learnDefinitions reads the custom fields among all.
func learnDefinitions(_ *connector.Call, _ string, r connector.Reply) (any, error) {
	answer, err := connector.DecodeJSON[struct {
		Fields []struct {
			Name  string `json:"name"`
			Label string `json:"label"`
			Type  string `json:"type"`
		} `json:"fields"`
	}](r)
	var all []shape.Definition
	for _, f := range answer.Fields {
		if isName(f.Name) {
			all = append(all, shape.Definition{Key: f.Name, Label: f.Label, Kind: kinds()[f.Type]})
		}
	}
	return all, err
}

func kinds() map[string]shape.Kind {
	return map[string]shape.Kind{
		"number": shape.KindNumber, "checkbox": shape.KindBoolean, "date": shape.KindDay, "text": shape.KindText, "textarea": shape.KindText,
	}
}

func known(c *connector.Call) []shape.Definition {
	return connector.Prepared[[]shape.Definition](c, definitions, "")
}

// isName says whether a name is a custom field's own.
func isName(name string) bool { return strings.HasPrefix(name, "cf_") }

// follow writes the description as a note; no call is known that would tell
// whether a lost one was stored.
func follow(c *connector.Call, created contact.Contact) []connector.Step {
	text := c.Input.Description
	id, err := shape.Integer(created.ID, contact.ID)
	if text == "" || err != nil {
		return nil
	}
	return []connector.Step{{
		ID: "note", Path: string(contact.Description),
		Request: connector.Request{Method: "POST", Path: "/notes", Body: map[string]any{
			"note": map[string]any{"description": text, "targetable_type": "Contact", "targetable_id": id},
		}},
		Done: func(out *contact.Contact) { out.Description = text },
	}}
}

func encodeRead(c *connector.Call) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: recordPath(c), Query: whole()}, nil
}

func lookup(field, value string) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: "/lookup", Query: url.Values{"q": {value}, "f": {field}, "entities": {"contact"}}}, nil
}

func encodeFindEmail(c *connector.Call) (connector.Request, error) {
	return lookup("email", shape.FirstEmail(c.Input.EmailAddresses))
}

func mobile(c *connector.Call) int {
	return slices.IndexFunc(c.Input.PhoneNumbers, func(p contact.Phone) bool { return shape.PhoneType(p.Type) == "mobile" })
}

func hasMobile(c *connector.Call) bool { return mobile(c) >= 0 }

func encodeFindMobile(c *connector.Call) (connector.Request, error) {
	return lookup("mobile_number", shape.PhoneText(c.Input.PhoneNumbers[mobile(c)]))
}

// found keeps those of the answer that are the same as what was sent.
func found(same func(sent, found contact.Contact) bool) func(*connector.Call, connector.Reply) ([]contact.Contact, error) {
	return func(c *connector.Call, r connector.Reply) ([]contact.Contact, error) {
		answer, err := connector.DecodeJSON[struct {
			Contacts struct {
				Contacts []person `json:"contacts"`
			} `json:"contacts"`
		}](r)
		all := shape.Each(answer.Contacts.Contacts, func(p person) contact.Contact { return p.contact(c) })
		return shape.Matching(same, c.Input.Contact, all), err
	}
}

func decode(c *connector.Call, r connector.Reply) (contact.Contact, error) {
	answer, err := connector.DecodeJSON[envelope](r)
	return answer.Contact.contact(c), err
}

func (p person) contact(c *connector.Call) contact.Contact {
	first, last, name := shape.NameParts(p.FirstName, p.LastName, p.DisplayName)
	return contact.Contact{
		ID: shape.IntegerText(p.ID), FirstName: first, LastName: last, Name: name, Title: p.JobTitle, EmailAddresses: p.emails(),
		PhoneNumbers: shape.PhoneList(contact.Phone{Number: p.WorkNumber, Type: "work"}, contact.Phone{Number: p.Mobile, Type: "mobile"}),
		Addresses: shape.AddressList(contact.Address{
			Street1: p.Address, City: p.City, State: p.State, PostalCode: p.Zipcode, Country: p.Country,
		}),
		URLs: shape.URLList(contact.URL{URL: p.LinkedIn, Type: "linkedin"}, contact.URL{URL: p.Twitter, Type: "twitter"},
			contact.URL{URL: p.Facebook, Type: "facebook"}),
		Account: p.account(), Owner: shape.Ref(shape.IntegerText(p.OwnerID), ""), Tags: shape.TagList(p.Tags),
		CustomFields: shape.SentValues(p.Custom, c.Input.CustomFields, known(c)),
		CreatedAt:    connector.TimeOf(p.CreatedAt), UpdatedAt: connector.TimeOf(p.UpdatedAt), LastActivityAt: connector.TimeOf(p.Contacted),
	}
}

// emails are those of the list, the primary one first; the flat one repeats it.
func (p person) emails() []contact.Email {
	if len(p.Emails) == 0 {
		return shape.EmailList(p.Email)
	}
	list := slices.Clone(p.Emails)
	slices.SortStableFunc(list, func(a, b anEmail) int {
		switch {
		case a.Primary == b.Primary:
			return 0
		case a.Primary:
			return -1
		default:
			return 1
		}
	})
	return shape.Each(list, func(e anEmail) contact.Email {
		return contact.Email{ID: shape.IntegerText(e.ID), Email: e.Value, Type: strings.ToLower(e.Label)}
	})
}

func (p person) account() *contact.Reference {
	for _, a := range p.Accounts {
		if a.Primary {
			return shape.Ref(shape.IntegerText(a.ID), a.Name)
		}
	}
	return nil
}
