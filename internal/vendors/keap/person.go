package keap

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

// person is a contact as written and read:
// https://github.com/infusionsoft/keap-sdk/blob/main/sdks/v2/swagger.yml
type person struct {
	ID        id        `json:"id,omitempty"`
	Given     string    `json:"given_name,omitempty"`
	Family    string    `json:"family_name,omitempty"`
	JobTitle  string    `json:"job_title,omitempty"`
	Emails    []email   `json:"email_addresses,omitempty"`
	Phones    []phone   `json:"phone_numbers,omitempty"`
	Faxes     []phone   `json:"fax_numbers,omitempty"`
	Assistant string    `json:"assistant_phone,omitempty"`
	Addresses []place   `json:"addresses,omitempty"`
	Website   string    `json:"website,omitempty"`
	Profiles  []profile `json:"social_accounts,omitempty"`
	Company   *company  `json:"company,omitempty"`
	Owner     id        `json:"owner_id,omitempty"`
	Custom    []content `json:"custom_fields,omitempty"`
	Tags      []id      `json:"tag_ids,omitempty"` // read-only, as are all that follow
	Created   string    `json:"create_time,omitempty"`
	Updated   string    `json:"update_time,omitempty"`
}

// asked are the properties that an answer would leave out otherwise. It always
// has id and names.
const asked = "addresses,assistant_phone,company,create_time,custom_fields,email_addresses,fax_numbers,job_title,owner_id," +
	"phone_numbers,social_accounts,tag_ids,update_time,website"

func withAll() url.Values { return url.Values{"fields": {asked}} }

// id is a text that older answers write as a number.
type id string

// UnmarshalJSON reads either form; null and 0 are none.
func (i *id) UnmarshalJSON(data []byte) error {
	var v any
	dec := json.NewDecoder(strings.NewReader(string(data)))
	dec.UseNumber()
	err := dec.Decode(&v)
	if *i = id(shape.Text(v)); *i == "0" {
		*i = ""
	}
	return err
}

type company struct {
	ID   id     `json:"id"`
	Name string `json:"company_name,omitempty"`
}

type content struct {
	ID    id  `json:"id"`
	Value any `json:"content"`
}

const (
	maxName  = 40
	maxTitle = 255
)

func encode(c *connector.Call) (connector.Request, error) {
	p := write(c)
	p.Emails = shape.Each(p.Emails, because(c.Settings[optInReason]))
	p.Custom = contents(c, c.Input.CustomFields)
	warnOfTags(c)
	warnOfNote(c)
	return connector.Request{Method: "POST", Path: "/contacts", Query: withAll(), Body: p}, nil
}

// encodeUpdate sends lists whole: what they leave out is gone afterwards.
func encodeUpdate(c *connector.Call) (connector.Request, error) {
	shape.CreateOnly(c.Input.Contact, c.Warn, contact.Description, contact.Tags)
	p := write(c)
	p.Custom = contents(c, kept(c))
	return connector.Request{Method: "PATCH", Path: recordPath(c.RemoteID), Query: withAll(), Body: p}, nil
}

// write is what create and update have in common.
func write(c *connector.Call) person {
	in, old := c.Input, c.Existing
	shape.Named(in.Contact, c.Warn)
	phones := seatPhones(c)
	website, profiles := seatURLs(c)
	return person{
		Given: shape.Clip(in.FirstName, maxName, "first_name", c.Warn), Family: shape.Clip(in.LastName, maxName, "last_name", c.Warn),
		JobTitle: shape.Clip(in.Title, maxTitle, "title", c.Warn), Emails: whole(old.EmailAddresses, seatEmails(c), "", slotOfEmail, emailIn),
		Phones: whole(old.PhoneNumbers, phones, "PHONE", slotOfPhone, phoneIn), Faxes: whole(old.PhoneNumbers, phones, "FAX", slotOfPhone, phoneIn),
		Assistant: short(phones[assistant]), Addresses: whole(old.Addresses, seatAddresses(c), "", slotOfAddress, placeIn(c)),
		Website: website, Profiles: profiles, Company: companyOf(c), Owner: id(shape.RefID(in.Owner, contact.Owner, c.Warn)),
	}
}

// contents writes custom fields under their ids. A mere id goes as it is where
// the model could not be read.
func contents(c *connector.Call, custom map[string]any) []content {
	values := shape.CustomValues(custom, definitions(c), isID, c.Warn)
	return shape.Each(shape.Keys(values), func(name string) content { return content{id(name), values[name]} })
}

func isID(name string) bool { return strings.Trim(name, "0123456789") == "" }

// kept is what an update writes to custom fields: the values that the record
// has, under those that were sent. Nothing, when none was.
func kept(c *connector.Call) map[string]any {
	if len(c.Input.CustomFields) == 0 {
		return nil
	}
	all := map[string]any{}
	maps.Copy(all, c.Existing.CustomFields)
	maps.Copy(all, c.Input.CustomFields)
	return all
}

func encodeRead(c *connector.Call) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: recordPath(c.RemoteID), Query: withAll()}, nil
}

func recordPath(id string) string { return "/contacts/" + shape.Segment(id) }

func decode(c *connector.Call, r connector.Reply) (contact.Contact, error) {
	p, err := connector.DecodeJSON[person](r)
	return p.contact(c), err
}

// decodeWhole gives all custom values as well, which an update has to repeat:
// those that were sent under the names that they were sent by.
func decodeWhole(c *connector.Call, r connector.Reply) (contact.Contact, error) {
	p, err := connector.DecodeJSON[person](r)
	out := p.contact(c)
	out.CustomFields = p.allCustom(c)
	return out, err
}

func (p person) contact(c *connector.Call) contact.Contact {
	return contact.Contact{
		ID: string(p.ID), FirstName: p.Given, LastName: p.Family, Name: contact.JoinName(p.Given, p.Family), Title: p.JobTitle,
		EmailAddresses: shape.Each(p.Emails, email.unified), PhoneNumbers: p.phones(),
		Addresses: shape.AddressList(shape.Each(p.Addresses, place.unified)...),
		URLs:      shape.URLList(append([]contact.URL{{URL: p.Website}}, shape.Each(p.Profiles, profile.unified)...)...),
		Account:   p.Company.reference(), Owner: shape.Ref(string(p.Owner), ""), Tags: tagList(c, p.Tags),
		CustomFields: shape.SentValues(p.values(), c.Input.CustomFields, definitions(c)),
		CreatedAt:    connector.TimeOf(p.Created), UpdatedAt: connector.TimeOf(p.Updated),
	}
}

func (co *company) reference() *contact.Reference {
	if co == nil {
		return nil
	}
	return shape.Ref(string(co.ID), co.Name)
}

// values are those of all custom fields that are not empty.
func (p person) values() map[string]any {
	values := map[string]any{}
	for _, f := range p.Custom {
		if f.Value != nil {
			values[string(f.ID)] = f.Value
		}
	}
	return values
}

func (p person) allCustom(c *connector.Call) map[string]any {
	all, sent := p.values(), c.Input.CustomFields
	for _, name := range shape.Keys(sent) {
		d, _ := shape.Defined(name, definitions(c))
		key := cmp.Or(d.Key, name)
		if v, there := all[key]; there && key != name {
			delete(all, key)
			all[name] = v
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all
}

// tagList names those tags that the caller named.
func tagList(c *connector.Call, ids []id) []contact.Tag {
	return shape.Each(ids, func(i id) contact.Tag {
		at := slices.IndexFunc(c.Input.Tags, func(t contact.Tag) bool { return tagID(c, t) == string(i) })
		if at < 0 {
			return contact.Tag{ID: string(i)}
		}
		return contact.Tag{ID: string(i), Name: c.Input.Tags[at].Name}
	})
}
