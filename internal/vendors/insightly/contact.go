package insightly

import (
	"errors"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

// record is a contact as written and read:
// https://api.na1.insightly.com/v3.1/swagger/docs/v3.1
type record struct {
	ID            int64  `json:"CONTACT_ID,omitempty"`
	FirstName     string `json:"FIRST_NAME,omitempty"`
	LastName      string `json:"LAST_NAME,omitempty"`
	Title         string `json:"TITLE,omitempty"` // of the job; the other one is the SALUTATION
	Background    string `json:"BACKGROUND,omitempty"`
	Email         string `json:"EMAIL_ADDRESS,omitempty"`
	Phone         string `json:"PHONE,omitempty"`
	Mobile        string `json:"PHONE_MOBILE,omitempty"`
	Home          string `json:"PHONE_HOME,omitempty"`
	Fax           string `json:"PHONE_FAX,omitempty"`
	Assistant     string `json:"PHONE_ASSISTANT,omitempty"`
	OtherPhone    string `json:"PHONE_OTHER,omitempty"`
	MailStreet    part   `json:"ADDRESS_MAIL_STREET,omitzero"`
	MailCity      part   `json:"ADDRESS_MAIL_CITY,omitzero"`
	MailState     part   `json:"ADDRESS_MAIL_STATE,omitzero"`
	MailPostcode  part   `json:"ADDRESS_MAIL_POSTCODE,omitzero"`
	MailCountry   part   `json:"ADDRESS_MAIL_COUNTRY,omitzero"`
	OtherStreet   part   `json:"ADDRESS_OTHER_STREET,omitzero"`
	OtherCity     part   `json:"ADDRESS_OTHER_CITY,omitzero"`
	OtherState    part   `json:"ADDRESS_OTHER_STATE,omitzero"`
	OtherPostcode part   `json:"ADDRESS_OTHER_POSTCODE,omitzero"`
	OtherCountry  part   `json:"ADDRESS_OTHER_COUNTRY,omitzero"`
	Organisation  int64  `json:"ORGANISATION_ID,omitempty"`
	Owner         int64  `json:"OWNER_USER_ID,omitempty"`
	LinkedIn      string `json:"SOCIAL_LINKEDIN,omitempty"`
	Facebook      string `json:"SOCIAL_FACEBOOK,omitempty"`
	Twitter       string `json:"SOCIAL_TWITTER,omitempty"`
	Custom        []pair `json:"CUSTOMFIELDS,omitempty"`
	Tags          []tag  `json:"TAGS,omitempty"`
	Created       string `json:"DATE_CREATED_UTC,omitempty"` // read-only, as are the last two
	Updated       string `json:"DATE_UPDATED_UTC,omitempty"`
	LastActivity  string `json:"LAST_ACTIVITY_DATE_UTC,omitempty"`
}

type pair struct {
	Name  string `json:"FIELD_NAME"`
	Value any    `json:"FIELD_VALUE"`
}

type tag struct {
	Name string `json:"TAG_NAME"`
}

const (
	maxName       = 255
	maxBackground = 4000
)

func encode(c *connector.Call) (connector.Request, error) {
	rec, err := encodeRecord(c, false)
	rec.Tags = shape.Each(shape.TagNames(c.Input.Tags), func(name string) tag { return tag{name} })
	rec.Custom = append(rec.Custom, marker(c)...)
	return connector.Request{Method: "POST", Path: "/Contacts", Body: rec}, err
}

// encodeUpdate leaves out what is to stay. A new address takes the place of
// the whole old one.
func encodeUpdate(c *connector.Call) (connector.Request, error) {
	shape.CreateOnly(c.Input.Contact, c.Warn, contact.Tags)
	rec, err := encodeRecord(c, true)
	id, err2 := shape.Integer(c.RemoteID, contact.ID)
	rec.ID = id
	return connector.Request{Method: "PUT", Path: "/Contacts", Body: rec}, errors.Join(err, err2)
}

func encodeRecord(c *connector.Call, whole bool) (record, error) {
	in := c.Input
	shape.Named(in.Contact, c.Warn)
	organisation, err1 := shape.Integer(shape.RefID(in.Account, contact.Account, c.Warn), contact.Account)
	owner, err2 := shape.Integer(shape.RefID(in.Owner, contact.Owner, c.Warn), contact.Owner)
	phone := shape.Phones(in.PhoneNumbers, c.Warn, phoneSlots()...)
	profile := shape.NetworkURLs(in.URLs, c.Warn, profileSlots()...)
	mail, other := places(c, whole)
	return record{
		FirstName: shape.Clip(in.FirstName, maxName, "first_name", c.Warn), LastName: shape.Clip(in.LastName, maxName, "last_name", c.Warn),
		Title:      shape.Clip(in.Title, maxName, "title", c.Warn),
		Background: shape.Clip(in.Description, maxBackground, "description", c.Warn), Email: shape.Emails(in.EmailAddresses, 1, c.Warn)[0],
		Phone: phone["PHONE"], Mobile: phone["PHONE_MOBILE"], Home: phone["PHONE_HOME"], Fax: phone["PHONE_FAX"],
		Assistant: phone["PHONE_ASSISTANT"], OtherPhone: phone["PHONE_OTHER"],
		MailStreet: mail.street, MailCity: mail.city, MailState: mail.state, MailPostcode: mail.postcode, MailCountry: mail.country,
		OtherStreet: other.street, OtherCity: other.city, OtherState: other.state, OtherPostcode: other.postcode, OtherCountry: other.country,
		Organisation: organisation, Owner: owner,
		LinkedIn: profile["linkedin"], Facebook: profile["facebook"], Twitter: profile["twitter"],
		Custom: custom(c),
	}, errors.Join(err1, err2)
}

// phoneSlots are named as the fields, which searches ask for as well.
func phoneSlots() []shape.Slot {
	return []shape.Slot{
		{Name: "PHONE", Types: []string{"phone", "work"}}, {Name: "PHONE_MOBILE", Types: []string{"mobile"}},
		{Name: "PHONE_HOME", Types: []string{"home"}}, {Name: "PHONE_FAX", Types: []string{"fax"}},
		{Name: "PHONE_ASSISTANT", Types: []string{"assistant"}}, {Name: "PHONE_OTHER", Types: []string{"other", shape.Any}},
	}
}

func profileSlots() []shape.Slot {
	return shape.Each([]string{"linkedin", "facebook", "twitter"}, func(network string) shape.Slot {
		return shape.Slot{Name: network, Types: []string{network}}
	})
}

func encodeRead(c *connector.Call) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: recordPath(c.RemoteID)}, nil
}

func recordPath(id string) string { return "/Contacts/" + shape.Segment(id) }

func decode(c *connector.Call, r connector.Reply) (contact.Contact, error) {
	rec, err := connector.DecodeJSON[record](r)
	out := rec.contact(c)
	out.ETag = r.Header.Get("ETag")
	return out, err
}

func (r record) contact(c *connector.Call) contact.Contact {
	return contact.Contact{
		ID: shape.IntegerText(r.ID), FirstName: r.FirstName, LastName: r.LastName, Name: contact.JoinName(r.FirstName, r.LastName),
		Title: r.Title, Description: r.Background, EmailAddresses: shape.EmailList(r.Email),
		PhoneNumbers: shape.PhoneList(
			contact.Phone{Number: r.Phone, Type: "phone"}, contact.Phone{Number: r.Mobile, Type: "mobile"},
			contact.Phone{Number: r.Home, Type: "home"}, contact.Phone{Number: r.Fax, Type: "fax"},
			contact.Phone{Number: r.Assistant, Type: "assistant"}, contact.Phone{Number: r.OtherPhone, Type: "other"}),
		Addresses: shape.AddressList(
			contact.Address{
				Street1: r.MailStreet.text, City: r.MailCity.text, State: r.MailState.text, PostalCode: r.MailPostcode.text,
				Country: r.MailCountry.text, Type: "mailing",
			},
			contact.Address{
				Street1: r.OtherStreet.text, City: r.OtherCity.text, State: r.OtherState.text, PostalCode: r.OtherPostcode.text,
				Country: r.OtherCountry.text, Type: "other",
			}),
		URLs: shape.URLList(
			contact.URL{URL: r.LinkedIn, Type: "linkedin"}, contact.URL{URL: r.Facebook, Type: "facebook"},
			contact.URL{URL: r.Twitter, Type: "twitter"}),
		Account: shape.Ref(shape.IntegerText(r.Organisation), ""), Owner: shape.Ref(shape.IntegerText(r.Owner), ""),
		Tags:         shape.Each(r.Tags, func(t tag) contact.Tag { return contact.Tag{Name: t.Name} }),
		CustomFields: r.custom(c),
		CreatedAt:    connector.TimeOf(r.Created), UpdatedAt: connector.TimeOf(r.Updated), LastActivityAt: connector.TimeOf(r.LastActivity),
	}
}

// follow puts on the contact those tags that its create passed over.
func follow(c *connector.Call, created contact.Contact) []connector.Step {
	var steps []connector.Step
	for i, name := range shape.TagNames(c.Input.Tags) {
		added := contact.Tag{Name: name}
		if len(shape.NewTags([]contact.Tag{added}, created.Tags)) == 0 {
			continue
		}
		steps = append(steps, connector.Step{
			ID: shape.At(contact.Tags, i), Path: shape.At(contact.Tags, i), Idempotent: true,
			Request: connector.Request{Method: "POST", Path: recordPath(created.ID) + "/Tags", Body: tag{name}},
			Done: func(out *contact.Contact) {
				out.Tags = append(out.Tags, shape.NewTags([]contact.Tag{added}, out.Tags)...)
			},
		})
	}
	return steps
}
