package attio

import (
	"cmp"
	"encoding/json"
	"slices"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

// record is a person as Attio gives it. Only id and values are always there.
type record struct {
	ID struct {
		RecordID string `json:"record_id"`
	} `json:"id"`
	CreatedAt string `json:"created_at"`
	Values    values `json:"values"`
}

// values holds, by attribute, the list of what it holds now and held before.
type values map[string]json.RawMessage

// value is what the types of attributes hold:
// https://docs.attio.com/docs/attribute-types/attribute-types
type value struct {
	Until         *string `json:"active_until"`
	FirstName     string  `json:"first_name"`
	LastName      string  `json:"last_name"`
	FullName      string  `json:"full_name"`
	Email         string  `json:"email_address"`
	OriginalEmail string  `json:"original_email_address"`
	Phone         string  `json:"phone_number"`
	Normalized    string  `json:"normalized_phone_number"` // its other name in the vendor's documents
	OriginalPhone string  `json:"original_phone_number"`
	Line1         string  `json:"line_1"`
	Line2         string  `json:"line_2"`
	Locality      string  `json:"locality"`
	Region        string  `json:"region"`
	Postcode      string  `json:"postcode"`
	Country       string  `json:"country_code"`
	Record        string  `json:"target_record_id"`
	Actor         string  `json:"referenced_actor_id"`
	At            string  `json:"interacted_at"`
	Amount        any     `json:"currency_value"`
	Value         any     `json:"value"`
	Option        titled  `json:"option"`
	Status        titled  `json:"status"`
}

type titled struct {
	ID struct {
		OptionID string `json:"option_id"`
	} `json:"id"`
	Title string `json:"title"`
}

// all are the present values of an attribute; one that we cannot read is none.
func (v values) all(slug string) []value {
	var list []value
	if (connector.Reply{Body: v[slug]}).JSON(&list) != nil {
		return nil
	}
	return slices.DeleteFunc(list, func(one value) bool { return one.Until != nil })
}

func (v values) one(slug string) value {
	if list := v.all(slug); len(list) > 0 {
		return list[0]
	}
	return value{}
}

func (v values) text(slug string) string { return shape.Text(v.one(slug).Value) }

// plain is a value as it would be written.
func (v value) plain() any {
	if text := cmp.Or(v.Option.Title, v.Status.Title, v.Record, v.Actor); text != "" {
		return text
	}
	if v.Amount != nil {
		return v.Amount
	}
	return v.Value
}

// custom are the values of the attributes that were sent as custom fields.
func (v values) custom(sent map[string]any) map[string]any {
	got := map[string]any{}
	for slug, written := range sent {
		list := shape.Each(v.all(slug), func(one value) any { return one.plain() })
		if _, isList := written.([]any); isList || len(list) > 1 {
			got[slug] = list
		} else if len(list) == 1 {
			got[slug] = list[0]
		}
	}
	return shape.Pick(got, sent)
}

func (v value) email() contact.Email {
	return contact.Email{Email: cmp.Or(v.Email, v.OriginalEmail)}
}

func (v value) phone() contact.Phone {
	return contact.Phone{Number: cmp.Or(v.Phone, v.Normalized, v.OriginalPhone)}
}

// tags are the options of the attribute tags; one of another type has none.
func (v values) tags() []contact.Tag {
	return slices.DeleteFunc(shape.Each(v.all("tags"), value.tag), func(t contact.Tag) bool { return t.Name == "" })
}

func (v value) tag() contact.Tag { return contact.Tag{ID: v.Option.ID.OptionID, Name: v.Option.Title} }

func (v value) address() contact.Address {
	return contact.Address{
		Street1: v.Line1, Street2: v.Line2, City: v.Locality, State: v.Region, PostalCode: v.Postcode, Country: v.Country,
	}
}

func decode(c *connector.Call, r connector.Reply) (contact.Contact, error) {
	answer, err := connector.DecodeJSON[struct {
		Data record `json:"data"`
	}](r)
	return answer.Data.contact(c), err
}

// found keeps those of the answer that are the same as what was sent.
func found(same func(sent, found contact.Contact) bool) func(*connector.Call, connector.Reply) ([]contact.Contact, error) {
	return func(c *connector.Call, r connector.Reply) ([]contact.Contact, error) {
		answer, err := connector.DecodeJSON[struct {
			Data []record `json:"data"`
		}](r)
		all := shape.Each(answer.Data, func(rec record) contact.Contact { return rec.contact(c) })
		return shape.Matching(same, c.Input.Contact, all), err
	}
}

func (r record) contact(c *connector.Call) contact.Contact {
	v := r.Values
	first, last, full := shape.NameParts(v.one("name").FirstName, v.one("name").LastName, v.one("name").FullName)
	return contact.Contact{
		ID: r.ID.RecordID, FirstName: first, LastName: last, Name: full,
		Title: v.text("job_title"), Description: v.text("description"),
		EmailAddresses: shape.Each(v.all("email_addresses"), value.email),
		PhoneNumbers:   shape.PhoneList(shape.Each(v.all("phone_numbers"), value.phone)...),
		Addresses:      shape.AddressList(shape.Each(v.all("primary_location"), value.address)...),
		URLs: shape.URLList(
			contact.URL{URL: v.text("linkedin"), Type: "linkedin"}, contact.URL{URL: v.text("twitter"), Type: "twitter"},
			contact.URL{URL: v.text("facebook"), Type: "facebook"}, contact.URL{URL: v.text("instagram"), Type: "instagram"},
			contact.URL{URL: v.text("angellist"), Type: "angellist"}),
		Account: shape.Ref(v.one("company").Record, ""), Owner: shape.Ref(v.one("owner").Actor, ""),
		Tags: v.tags(), CustomFields: v.custom(c.Input.CustomFields),
		CreatedAt:      connector.TimeOf(cmp.Or(r.CreatedAt, v.text("created_at"))),
		LastActivityAt: connector.TimeOf(v.one("last_interaction").At),
	}
}
