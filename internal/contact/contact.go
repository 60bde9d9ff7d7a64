// Package contact is the vendor-neutral contact: its fields, each named once,
// how a caller's JSON becomes one, and the formats in which it is shown.
package contact

import (
	"net/url"
	"time"
)

// Contact is one person as every CRM is spoken to and read back. Empty strings,
// nil pointers and empty lists mean absent.
type Contact struct {
	ID             string         `json:"id,omitempty"`
	FirstName      string         `json:"first_name,omitempty"`
	LastName       string         `json:"last_name,omitempty"`
	Name           string         `json:"name,omitempty"`
	Title          string         `json:"title,omitempty"`
	Description    string         `json:"description,omitempty"`
	EmailAddresses []Email        `json:"email_addresses,omitempty"`
	PhoneNumbers   []Phone        `json:"phone_numbers,omitempty"`
	Addresses      []Address      `json:"addresses,omitempty"`
	URLs           []URL          `json:"urls,omitempty"`
	Account        *Reference     `json:"account,omitempty"`
	Owner          *Reference     `json:"owner,omitempty"`
	Tags           []Tag          `json:"tags,omitempty"`
	CustomFields   map[string]any `json:"custom_fields,omitempty"`
	CreatedAt      *time.Time     `json:"created_at,omitempty"`
	UpdatedAt      *time.Time     `json:"updated_at,omitempty"`
	LastActivityAt *time.Time     `json:"last_activity_at,omitempty"`
	ETag           string         `json:"etag,omitempty"`
}

// Email is one e-mail address. Type is free text such as "work" or "home".
type Email struct {
	ID    string `json:"id,omitempty"`
	Email string `json:"email"`
	Type  string `json:"type,omitempty"`
}

// Phone is one phone number. Type is one of phone, mobile, fax, work, home,
// other, assistant, or free text.
type Phone struct {
	ID        string `json:"id,omitempty"`
	Number    string `json:"number"`
	Extension string `json:"extension,omitempty"`
	Type      string `json:"type,omitempty"`
}

// Address is one postal address. Country is a name or an ISO 3166-1 code, as
// the caller or the CRM wrote it.
type Address struct {
	ID         string `json:"id,omitempty"`
	Street1    string `json:"street_1,omitempty"`
	Street2    string `json:"street_2,omitempty"`
	City       string `json:"city,omitempty"`
	State      string `json:"state,omitempty"`
	PostalCode string `json:"postal_code,omitempty"`
	Country    string `json:"country,omitempty"`
	Type       string `json:"type,omitempty"`
}

// URL is one web address of the person.
type URL struct {
	URL  string `json:"url"`
	Type string `json:"type,omitempty"`
}

// Reference points at another record of the CRM: the company (account) or the
// user (owner) that a contact belongs to.
type Reference struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// Tag is a label, known by the CRM's id, by its name, or by both.
type Tag struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// Input is what a caller asks to be written: the contact and what is to be
// passed on without translation. Numbers inside CustomFields and RemoteData
// are json.Number, so that a long id survives.
type Input struct {
	Contact
	// RemoteData is merged into the body that the CRM receives.
	RemoteData map[string]any `json:"remote_data,omitempty"`
	// RemoteQuery is added to the query string of the create call.
	RemoteQuery url.Values `json:"remote_query,omitempty"`
	// Workspace is the query option workspace[id].
	Workspace string `json:"workspace,omitempty"`
}

// Warning says what of a request was not honoured, and why. Field is a path
// such as "phone_numbers/2".
type Warning struct {
	Field   string `json:"field,omitempty"`
	Code    string `json:"code"`
	Message string `json:"message"`
}
