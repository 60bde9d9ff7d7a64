package parse

import (
	"bytes"
	"encoding/json"
	"strings"

	"crmferry/internal/contact"
)

// document is what a CSV record or a vCard says, in the form in which callers
// send single contacts: it is decoded and checked as one of those.
type document struct {
	contact.Contact
	CreatedAt string            `json:"created_at,omitempty"` // in place of the contact's, not yet read
	ClientRef string            `json:"client_ref,omitempty"`
	Metadata  map[string]string `json:"metadata,omitempty"`

	middle, suffix string
}

// encode appends the document in JSON to b.
func (d *document) encode(b *bytes.Buffer) error {
	encoder := json.NewEncoder(b)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(d)
}

// set puts the text of a scalar place.
func (d *document) set(p place, text string) {
	switch p.field {
	case "first_name":
		d.FirstName = text
	case "last_name":
		d.LastName = text
	case "name":
		d.Name = text
	case middlePlace:
		d.middle = text
	case suffixPlace:
		d.suffix = text
	case "title":
		d.Title = text
	case "description":
		d.Description = text
	case "account/name":
		reference(&d.Account).Name = text
	case "account/id":
		reference(&d.Account).ID = text
	case "owner/name":
		reference(&d.Owner).Name = text
	case "owner/id":
		reference(&d.Owner).ID = text
	case "created_at":
		d.CreatedAt = text
	case clientRef:
		d.ClientRef = text
	}
}

func reference(r **contact.Reference) *contact.Reference {
	if *r == nil {
		*r = &contact.Reference{}
	}
	return *r
}

// setFree puts a custom field or a member of the metadata.
func (d *document) setFree(p place, text string) {
	if p.field == metadata {
		if d.Metadata == nil {
			d.Metadata = map[string]string{}
		}
		d.Metadata[p.part] = text
		return
	}
	if d.CustomFields == nil {
		d.CustomFields = map[string]any{}
	}
	d.CustomFields[p.part] = text
}

// add appends an entry, part giving the text of each of its parts.
func (d *document) add(field string, part func(name string) string) {
	switch field {
	case "email_addresses":
		d.EmailAddresses = append(d.EmailAddresses, contact.Email{Email: part("email"), Type: part("type"), ID: part("id")})
	case "phone_numbers":
		d.PhoneNumbers = append(d.PhoneNumbers, contact.Phone{
			Number: part("number"), Extension: part("extension"), Type: part("type"), ID: part("id")})
	case "addresses":
		d.addAddress(part)
	case "urls":
		d.URLs = append(d.URLs, contact.URL{URL: part("url"), Type: part("type")})
	case tags:
		d.Tags = append(d.Tags, contact.Tag{Name: part("name"), ID: part("id")})
	}
}

func (d *document) addAddress(part func(name string) string) {
	a := contact.Address{
		Street1: part("street_1"), Street2: part("street_2"), City: part("city"), State: part("state"),
		PostalCode: part("postal_code"), Country: part("country"), Type: part("type"), ID: part("id"),
	}
	if (a == contact.Address{Type: a.Type, ID: a.ID}) {
		a.Street1 = part(formatted)
	}
	if (a != contact.Address{Type: a.Type, ID: a.ID}) {
		d.Addresses = append(d.Addresses, a)
	}
}

// length is the number of entries that a list has so far.
func (d *document) length(field string) int {
	switch field {
	case "email_addresses":
		return len(d.EmailAddresses)
	case "phone_numbers":
		return len(d.PhoneNumbers)
	case "addresses":
		return len(d.Addresses)
	case "urls":
		return len(d.URLs)
	default:
		return len(d.Tags)
	}
}

// compose makes the full name of what first and last name leave out.
func (d *document) compose() {
	if d.Name == "" && (d.middle != "" || d.suffix != "") {
		d.Name = strings.Join(strings.Fields(strings.Join([]string{d.FirstName, d.middle, d.LastName, d.suffix}, " ")), " ")
	}
}
