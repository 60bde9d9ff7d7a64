package pipedrive

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/url"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

const maxNotes = 10_000

type person struct {
	ID         int64          `json:"id,omitempty"`
	Name       string         `json:"name,omitempty"`
	FirstName  string         `json:"first_name,omitempty"` // these two are read-only
	LastName   string         `json:"last_name,omitempty"`
	OwnerID    int64          `json:"owner_id,omitempty"`
	OrgID      int64          `json:"org_id,omitempty"`
	AddTime    string         `json:"add_time,omitempty"`
	UpdateTime string         `json:"update_time,omitempty"` // read-only
	Emails     []entry        `json:"emails,omitempty"`
	Phones     []entry        `json:"phones,omitempty"`
	LabelIDs   []int64        `json:"label_ids,omitempty"`
	Labels     any            `json:"labels,omitempty"`    // read-only, where they were asked for
	JobTitle   string         `json:"job_title,omitempty"` // these three with contact sync alone
	Notes      string         `json:"notes,omitempty"`
	Address    *place         `json:"postal_address,omitempty"`
	Custom     map[string]any `json:"custom_fields,omitempty"`
}

type entry struct {
	Value   string `json:"value"`
	Primary bool   `json:"primary"`
	Label   string `json:"label,omitempty"`
}

func (e entry) primary() bool { return e.Primary }

// place is an address. Its parts are what the vendor makes of value.
type place struct {
	Value       string `json:"value,omitempty"`
	Country     string `json:"country,omitempty"`
	State       string `json:"admin_area_level_1,omitempty"`
	City        string `json:"locality,omitempty"`
	Route       string `json:"route,omitempty"`
	HouseNumber string `json:"street_number,omitempty"`
	Flat        string `json:"subpremise,omitempty"`
	PostalCode  string `json:"postal_code,omitempty"`
}

func encode(c *connector.Call) (connector.Request, error) {
	p, err := encodePerson(c)
	p.Emails, p.Phones = encodeEmails(c.Input.EmailAddresses), encodePhones(c.Input.PhoneNumbers)
	if hasExternalID(c) {
		p.Custom[c.Settings[externalIDField]] = c.Key
	}
	return connector.Request{Method: "POST", Path: "/v2/persons", Body: p}, err
}

// encodePerson is what creates and updates have in common. Ids are numbers.
func encodePerson(c *connector.Call) (person, error) {
	in := c.Input
	organization, err1 := shape.Integer(shape.RefID(in.Account, contact.Account, c.Warn), contact.Account)
	owner, err2 := shape.Integer(shape.RefID(in.Owner, contact.Owner, c.Warn), contact.Owner)
	labels, err3 := labelIDs(c)
	custom := encodeCustom(c)
	return withSynced(c, person{
		Name: shape.FullName(in.Contact, c.Warn), OwnerID: owner, OrgID: organization, AddTime: seconds(in.CreatedAt),
		LabelIDs: labels, Custom: custom,
	}), errors.Join(err1, err2, err3)
}

// withSynced adds what exists with contact sync alone; elsewhere it would be
// refused with the whole person.
func withSynced(c *connector.Call, p person) person {
	in := c.Input
	if !synced(c) {
		unsynced(c)
		return p
	}
	p.JobTitle, p.Notes = in.Title, shape.Clip(in.Description, maxNotes, string(contact.Description), c.Warn)
	if line := shape.OneLine(shape.FirstAddress(in.Addresses, c.Warn)); line != "" {
		p.Address = &place{Value: line}
	}
	return p
}

func unsynced(c *connector.Call) {
	for _, f := range c.Input.Present() {
		if f == contact.Title || f == contact.Addresses {
			c.Warn(string(f), shape.Unusable, "it exists in companies with contact sync alone, and the account's settings say that there is none")
		}
	}
}

// seconds is a time without fractions, which version 2 refuses.
func seconds(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func encodeEmails(list []contact.Email) []entry {
	return primaryFirst(shape.Each(list, func(e contact.Email) entry {
		return entry{Value: e.Email, Label: shape.Choice(e.Type, "other", "work", "home", "other")}
	}))
}

func encodePhones(list []contact.Phone) []entry {
	return primaryFirst(shape.Each(list, func(p contact.Phone) entry {
		kind := shape.PhoneType(p.Type)
		if kind == "phone" {
			kind = "work"
		}
		return entry{Value: shape.PhoneText(p), Label: shape.Choice(kind, "other", "work", "home", "mobile", "other")}
	}))
}

func primaryFirst(list []entry) []entry {
	if len(list) > 0 {
		list[0].Primary = true
	}
	return list
}

// follow makes the description a note where persons have none:
// https://developers.pipedrive.com/docs/api/v1/Notes#addNote
func follow(c *connector.Call, created contact.Contact) []connector.Step {
	text := c.Input.Description
	if text == "" || synced(c) {
		return nil
	}
	return []connector.Step{{
		ID: "note", Path: string(contact.Description), Read: refused,
		Request: connector.Request{Method: "POST", Path: "/v1/notes", Body: map[string]any{
			"content": shape.HTML(text), "person_id": json.Number(created.ID),
		}},
		Done: func(out *contact.Contact) { out.Description = text },
	}}
}

// encodeUpdate extends lists: they are replaced as a whole.
func encodeUpdate(c *connector.Call) (connector.Request, error) {
	in, old := c.Input, c.Existing
	if !synced(c) {
		shape.CreateOnly(in.Contact, c.Warn, contact.Description)
	}
	p, err := encodePerson(c)
	p.Emails = encodeEmails(shape.Extended(old.EmailAddresses, shape.NewEmails(in.EmailAddresses, old.EmailAddresses)))
	p.Phones = encodePhones(shape.Extended(old.PhoneNumbers, shape.NewPhones(in.PhoneNumbers, old.PhoneNumbers)))
	p.LabelIDs = withLabels(old.Tags, p.LabelIDs)
	return connector.Request{Method: "PATCH", Path: recordPath(c), Body: p}, err
}

func recordPath(c *connector.Call) string { return "/v2/persons/" + shape.Segment(c.RemoteID) }

func encodeRead(c *connector.Call) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: recordPath(c), Query: url.Values{"include_labels": {"true"}}}, nil
}

// decode reads a person; a success status may hold a refusal.
func decode(c *connector.Call, r connector.Reply) (contact.Contact, error) {
	answer, err := open[person](r)
	return answer.contact(c), err
}

func (p person) contact(c *connector.Call) contact.Contact {
	first, last, name := shape.NameParts(p.FirstName, p.LastName, p.Name)
	return contact.Contact{
		ID: shape.IntegerText(p.ID), FirstName: first, LastName: last, Name: name, Title: p.JobTitle, Description: p.Notes,
		EmailAddresses: shape.Each(shape.Foremost(p.Emails, entry.primary), func(e entry) contact.Email {
			return contact.Email{Email: e.Value, Type: e.Label}
		}),
		PhoneNumbers: shape.PhoneList(shape.Each(shape.Foremost(p.Phones, entry.primary), func(e entry) contact.Phone {
			return contact.Phone{Number: e.Value, Type: e.Label}
		})...),
		Addresses: p.Address.list(), Account: shape.Ref(shape.IntegerText(p.OrgID), ""), Owner: shape.Ref(shape.IntegerText(p.OwnerID), ""),
		Tags: labelList(c, p), CustomFields: shape.SentValues(p.Custom, c.Input.CustomFields, learnt(c).custom),
		CreatedAt: connector.TimeOf(p.AddTime), UpdatedAt: connector.TimeOf(p.UpdateTime),
	}
}

func (p *place) list() []contact.Address {
	if p == nil {
		return nil
	}
	a := contact.Address{
		Street1: shape.Join(" ", p.HouseNumber, p.Route), Street2: p.Flat, City: p.City, State: p.State,
		PostalCode: p.PostalCode, Country: p.Country,
	}
	return shape.AddressList(cmp.Or(a, contact.Address{Street1: p.Value}))
}
