// Package copper is the connector to Copper, where a contact is a person.
package copper

import (
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

// contactType is the setting that the connector looks at itself.
const contactType = "default_contact_type_id"

// searchLag is how long searches are known to miss a fresh person.
const searchLag = time.Minute

// Spec is what Ferry knows about Copper. Limits are below those of
// https://developer.copper.com/introduction/requests.html
func Spec() *connector.Spec {
	return &connector.Spec{
		ID: "copper", Name: "Copper",
		Docs:    "https://developer.copper.com/people/create-a-new-person.html",
		BaseURL: "https://api.copper.com/developer_api/v1",
		Settings: []connector.Setting{
			{
				Key: "user_email", Label: "User's e-mail", Example: "grace@example.com", Format: `^[^@\s]+@[^@\s]+\.[^@\s]+$`,
				Help: "The e-mail of the API key's owner; every call with a key must name it.",
			},
			{
				Key: contactType, Label: "Default contact type", Example: "451492", Format: `^[1-9][0-9]{0,17}$`,
				Help: "The id of the contact type that new people get.",
			},
		},
		// https://developer.copper.com/introduction/oauth/index.html
		Schemes: []connector.Scheme{
			{
				ID: connector.APIKey, Note: "needs the setting user_email",
				Headers: map[string]string{
					"X-PW-AccessToken": "{api_key}", "X-PW-Application": "developer_api", "X-PW-UserEmail": "{user_email}",
				},
			},
			connector.Bearer(connector.AccessToken),
			connector.BearerOAuth(connector.OAuth{TokenURL: "https://app.copper.com/oauth/token", ClientAuth: "form", Grant: "none"}),
		},
		Headers: map[string]string{"Content-Type": "application/json"}, // even where there is no body
		Fields: connector.Fields{
			Accepts: []contact.Field{
				contact.FirstName, contact.LastName, contact.Name, contact.Title, contact.Description, contact.EmailAddresses,
				contact.PhoneNumbers, contact.Addresses, contact.URLs, contact.Account, contact.Owner, contact.Tags, contact.CustomFields,
			},
			Requires: []contact.Field{contact.Name},
			Returns: []contact.Field{
				contact.ID, contact.FirstName, contact.LastName, contact.Name, contact.Title, contact.Description,
				contact.EmailAddresses, contact.PhoneNumbers, contact.Addresses, contact.URLs, contact.Account, contact.Owner,
				contact.Tags, contact.CustomFields, contact.CreatedAt, contact.UpdatedAt, contact.LastActivityAt,
			},
			Notes: map[contact.Field]string{
				contact.CreatedAt:      "Copper sets date_created itself and refuses it in a request",
				contact.Name:           "Copper parts it into first, middle and last name, prefix and suffix",
				contact.Description:    "goes to details",
				contact.EmailAddresses: "of type work, personal (also for home) or other",
				contact.PhoneNumbers:   "of type mobile, work, home or other (also for fax and assistant)",
				contact.Addresses:      "one, without a type; countries are written as ISO 3166-1 alpha-2 codes",
				contact.URLs:           "pages of social networks become socials, all others websites",
				contact.Account:        "the id of a company; an update leaves it as it is",
				contact.Owner:          "the id of a user",
				contact.Tags:           "names",
				contact.CustomFields:   "ids or names of the fields of people, options by id or name; those that connect records cannot be written",
			},
		},
		Prepare: []connector.Discovery{{
			Name: definitions, Keys: needsDefinitions, Request: askDefinitions, Decode: learnDefinitions, Optional: true,
		}},
		Create: connector.Operation{OK: []int{200, 201}, Request: encode, Decode: decode},
		Read:   &connector.Operation{Request: encodeRead, Decode: decode},
		Find: []connector.Finder{
			{By: contact.EmailAddresses, Absent: []int{404}, Lag: searchLag, Request: encodeFindEmail, Decode: decodeFetched},
			{By: contact.Name, Recent: true, Lag: searchLag, Request: encodeFindName, Decode: found(shape.SameName)},
			{By: contact.PhoneNumbers, Lag: searchLag, Request: encodeFindPhone, Decode: found(shape.SamePhone)},
		},
		Update: &connector.Operation{Request: encodeUpdate, Decode: decode}, ReadFirst: true,
		// Not for single creates: one e-mail in two of them may refuse all.
		Batch: &connector.Batch{Max: 10, OK: []int{200}, Request: encodeBatch, Decode: decodeBatch, PerRecord: true},
		Probe: connector.Probe{Request: encodeProbe, Identity: decodeProbe},
		Errors: connector.Errors{
			Parse: parse,
			Fields: map[string]contact.Field{
				"name": contact.Name, "first_name": contact.FirstName, "last_name": contact.LastName, "title": contact.Title,
				"details": contact.Description, "email": contact.EmailAddresses, "emails": contact.EmailAddresses,
				"phone_numbers": contact.PhoneNumbers, "phone_number": contact.PhoneNumbers, "address": contact.Addresses,
				"websites": contact.URLs, "socials": contact.URLs, "company_id": contact.Account, "company": contact.Account,
				"assignee_id": contact.Owner, "assignee": contact.Owner, "tags": contact.Tags, "custom_fields": contact.CustomFields,
			},
		},
		Limits: connector.Limits{
			// The second is the limit of batches.
			Windows:     []connector.Window{{Requests: 150, Per: time.Minute}, {Requests: 3, Per: time.Second}},
			Concurrency: 2, DefaultWait: 20 * time.Second,
		},
		Duplicates: connector.Duplicates{
			Detection: connector.DetectNative,
			Note:      "an e-mail address belongs to one person, whom the user of the key need not be allowed to see",
		},
		Idempotency: connector.Idempotency{Kind: connector.UniqueField, By: contact.EmailAddresses},
		Adoption:    connector.Adoption{Compare: []contact.Field{contact.Name, contact.EmailAddresses}},
	}
}

// https://developer.copper.com/account-and-users/fetch-account-details.html
func encodeProbe(*connector.Call) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: "/account"}, nil
}

func decodeProbe(r connector.Reply) (connector.Identity, error) {
	account, err := connector.DecodeJSON[struct {
		ID   int64  `json:"id"`
		Name string `json:"name"`
	}](r)
	return connector.Identity{ID: shape.IntegerText(account.ID), Name: account.Name}, err
}
