package close

import (
	"cmp"
	"strings"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

// person is a contact as written and read. The schema is closed: any key but
// these and custom ones is refused.
type person struct {
	ID          string  `json:"id,omitempty"` // read-only, as are the last two
	LeadID      string  `json:"lead_id,omitempty"`
	Name        string  `json:"name,omitempty"`
	Title       string  `json:"title,omitempty"`
	Emails      []email `json:"emails,omitempty"`
	Phones      []phone `json:"phones,omitempty"`
	URLs        []link  `json:"urls,omitempty"`
	DateCreated string  `json:"date_created,omitempty"`
	DateUpdated string  `json:"date_updated,omitempty"`
	DisplayName string  `json:"display_name,omitempty"`
}

type record = shape.Open[person]

type email struct {
	Email string `json:"email"`
	Type  string `json:"type"`
}

type phone struct {
	Phone string `json:"phone"`
	Type  string `json:"type"`
}

type link struct {
	URL  string `json:"url"`
	Type string `json:"type"`
}

func encode(c *connector.Call) (connector.Request, error) {
	in := c.Input
	shape.Extensions(in.PhoneNumbers, c.Warn)
	return connector.Request{Method: "POST", Path: "/contact/", Body: shape.Beside(person{
		LeadID: leadID(c), Name: shape.FullName(in.Contact, c.Warn), Title: in.Title, DateCreated: created(c),
		Emails: shape.Each(in.EmailAddresses, newEmail), Phones: shape.Each(in.PhoneNumbers, newPhone(c)), URLs: shape.Each(in.URLs, newLink),
	}, withKey(c, custom(c)), c.Warn)}, nil
}

// encodeUpdate sends a list only where something is new to it: what is sent
// replaces all of it.
func encodeUpdate(c *connector.Call) (connector.Request, error) {
	in, old := c.Input, c.Existing
	shape.CreateOnly(in.Contact, c.Warn, contact.CreatedAt)
	shape.Extensions(in.PhoneNumbers, c.Warn)
	return connector.Request{Method: "PUT", Path: recordPath(c), Body: shape.Beside(person{
		Name: newName(c), Title: in.Title,
		Emails: shape.Extended(shape.Each(old.EmailAddresses, oldEmail), shape.Each(shape.NewEmails(in.EmailAddresses, old.EmailAddresses), newEmail)),
		Phones: shape.Extended(shape.Each(old.PhoneNumbers, oldPhone), shape.Each(shape.NewPhones(in.PhoneNumbers, old.PhoneNumbers), newPhone(c))),
		URLs:   shape.Extended(shape.Each(old.URLs, oldLink), shape.Each(shape.NewURLs(in.URLs, old.URLs), newLink)),
	}, custom(c), c.Warn)}, nil
}

func recordPath(c *connector.Call) string { return "/contact/" + shape.Segment(c.RemoteID) + "/" }

func leadID(c *connector.Call) string {
	if a := c.Input.Account; a != nil {
		return a.ID
	}
	return ""
}

func hasLead(c *connector.Call) bool { return leadID(c) != "" }

func created(c *connector.Call) string {
	if at := c.Input.CreatedAt; at != nil {
		return at.UTC().Format("2006-01-02T15:04:05-07:00")
	}
	return ""
}

// newName does not let a first name alone replace a full name that begins
// with it; a contact stays with its lead.
func newName(c *connector.Call) string {
	in, old := c.Input, c.Existing
	if hasLead(c) && in.Account.ID != shape.RefID(old.Account, contact.Account, nil) {
		c.Warn(string(contact.Account), shape.NotUpdated, "the contact stays with its lead")
	}
	if in.LastName == "" && contact.SameText(in.FirstName, old.FirstName) {
		return ""
	}
	return shape.FullName(in.Contact, c.Warn)
}

func newEmail(e contact.Email) email {
	kind := map[string]string{"": "office", "work": "office", "home": "home", "personal": "home"}[e.Type]
	return email{Email: e.Email, Type: cmp.Or(kind, "other")}
}

// newPhone writes numbers in E.164 where it can be told: the others are taken
// for numbers of the organization's country.
func newPhone(c *connector.Call) func(contact.Phone) phone {
	home := shape.FirstAddress(c.Input.Addresses, nil).Country
	return func(p contact.Phone) phone {
		number, ok := contact.E164(p.Number, home)
		if !ok {
			number = p.Number
		}
		return phone{Phone: number, Type: phoneType(p.Type)}
	}
}

func phoneType(text string) string {
	if strings.EqualFold(text, "direct") {
		return "direct"
	}
	kind := shape.PhoneType(text)
	return cmp.Or(map[string]string{"phone": "office", "work": "office", "mobile": "mobile", "home": "home", "fax": "fax"}[kind], "other")
}

func newLink(u contact.URL) link { return link{URL: shape.Absolute(u.URL), Type: "url"} }

// ours and theirs turn the one type that has two names.
func ours(kind string) string   { return strings.Replace(kind, "office", "work", 1) }
func theirs(kind string) string { return strings.Replace(kind, "work", "office", 1) }

func oldEmail(e contact.Email) email { return email{Email: e.Email, Type: theirs(e.Type)} }
func oldPhone(p contact.Phone) phone { return phone{Phone: shape.PhoneText(p), Type: theirs(p.Type)} }
func oldLink(u contact.URL) link     { return link{URL: u.URL, Type: u.Type} }

// follow gives the lead that Close made for the contact the name of the
// account.
func follow(c *connector.Call, made contact.Contact) []connector.Step {
	name := shape.RefName(c.Input.Account)
	if name == "" || hasLead(c) || made.Account == nil {
		return nil
	}
	return []connector.Step{{
		ID: "lead", Path: string(contact.Account), Idempotent: true,
		Request: connector.Request{
			Method: "PUT", Path: "/lead/" + shape.Segment(made.Account.ID) + "/", Body: map[string]string{"name": name},
		},
		Done: func(out *contact.Contact) { out.Account = shape.Ref(made.Account.ID, name) },
	}}
}

func encodeRead(c *connector.Call) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: recordPath(c)}, nil
}

func decode(c *connector.Call, r connector.Reply) (contact.Contact, error) {
	rec, err := connector.DecodeJSON[record](r)
	out := contactOf(c, rec)
	if out.Account == nil && c.RemoteID == "" {
		out.Account = shape.Ref(leadID(c), "") // the vendor's own example of an answer lacks it
	}
	return out, err
}

func contactOf(c *connector.Call, rec record) contact.Contact {
	p := rec.Known
	first, last, full := shape.NameParts("", "", cmp.Or(p.Name, p.DisplayName))
	return contact.Contact{
		ID: p.ID, FirstName: first, LastName: last, Name: full, Title: p.Title, Account: shape.Ref(p.LeadID, ""),
		EmailAddresses: shape.Each(p.Emails, func(e email) contact.Email { return contact.Email{Email: e.Email, Type: ours(e.Type)} }),
		PhoneNumbers: shape.PhoneList(shape.Each(p.Phones, func(p phone) contact.Phone {
			return contact.Phone{Number: p.Phone, Type: ours(p.Type)}
		})...),
		URLs:         shape.URLList(shape.Each(p.URLs, func(l link) contact.URL { return contact.URL{URL: l.URL, Type: l.Type} })...),
		CustomFields: customOf(c, rec.More),
		CreatedAt:    connector.TimeOf(p.DateCreated), UpdatedAt: connector.TimeOf(p.DateUpdated),
	}
}
