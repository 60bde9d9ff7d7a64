// Package wix is the connector to the contact list of a Wix site, by version 4
// of the Contacts API: version 5 is a preview.
package wix

import (
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/shape"
)

const guid = `^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`

// Spec is what Ferry knows about Wix. Limits are below those of
// https://dev.wix.com/docs/rest/articles/get-started/rate-limits
func Spec() *connector.Spec {
	return &connector.Spec{
		ID: "wix", Name: "Wix",
		Docs:    "https://dev.wix.com/docs/rest/crm/members-contacts/contacts/contacts/contact-v4/create-contact",
		BaseURL: "https://www.wixapis.com",
		Settings: []connector.Setting{
			{
				Key: "site_id", Label: "Site id", Example: "0ad75f02-3b91-4b3c-8a0d-8f8a4c3f2f11", Format: guid,
				Help: "Needed with an API key, which is good for all sites of its account.",
			},
			{
				Key: "instance_id", Label: "App instance id", Example: "3c1a6f62-9d5b-4f5e-9a3f-1b2c3d4e5f60", Format: guid,
				Help: "Needed with OAuth: the app's instance on the site, which the installation tells.",
			},
		},
		Schemes: []connector.Scheme{
			// https://dev.wix.com/docs/go-headless/develop-your-project/admin-operations/make-rest-api-calls-with-an-api-key
			{
				ID: connector.APIKey, Note: "needs the setting site_id",
				Headers: map[string]string{"Authorization": "{api_key}", "wix-site-id": "{site_id}"},
			},
			// https://dev.wix.com/docs/rest/app-management/oauth-2/create-access-token
			{
				ID: connector.OAuth2, Note: "needs the setting instance_id", Headers: map[string]string{"Authorization": "Bearer {access_token}"},
				OAuth: &connector.OAuth{
					TokenURL: "https://www.wixapis.com/oauth2/token", ClientAuth: "json", Grant: "client_credentials",
					Params: map[string]string{"instance_id": "{instance_id}"}, Lifetime: 4 * time.Hour,
				},
			},
		},
		Fields: connector.Fields{
			Accepts: []contact.Field{
				contact.FirstName, contact.LastName, contact.Name, contact.Title, contact.EmailAddresses, contact.PhoneNumbers,
				contact.Addresses, contact.Account, contact.Tags, contact.CustomFields,
			},
			Requires: []contact.Field{
				contact.FirstName, contact.LastName, contact.Title, contact.EmailAddresses, contact.PhoneNumbers,
			},
			Returns: []contact.Field{
				contact.ID, contact.FirstName, contact.LastName, contact.Name, contact.Title, contact.EmailAddresses,
				contact.PhoneNumbers, contact.Addresses, contact.Account, contact.Tags, contact.CustomFields,
				contact.CreatedAt, contact.UpdatedAt, contact.LastActivityAt, contact.ETag,
			},
			Notes: map[contact.Field]string{
				contact.CreatedAt:      "Wix sets createdDate itself",
				contact.Description:    "Wix's contacts have no such field; use a custom field of text",
				contact.URLs:           "Wix's contacts have no such field; use a custom field for web addresses",
				contact.Owner:          "Wix's contacts have no owner",
				contact.EmailAddresses: "up to 50, the first is the primary one; types are main, home and work",
				contact.PhoneNumbers:   "up to 50, the first is the primary one, without extensions; a national number belongs to the country of the first address",
				contact.Addresses:      "up to 50, of known countries, and of states that have a code of ISO 3166-2; types are home, work, billing and shipping",
				contact.Account:        "the company's name, as text: Wix has no records of companies",
				contact.Tags:           "labels: names, of which missing ones are made, or keys as ids",
				contact.CustomFields:   "keys or names of extended fields, which must exist",
				contact.ETag:           "the revision",
			},
		},
		Prepare: []connector.Discovery{
			{Name: labels, Keys: namedTags, Request: askLabel, Decode: learnLabel, Optional: true},
			{Name: extended, Keys: needsExtended, Request: askExtended, Decode: learnExtended, Optional: true},
		},
		Create: connector.Operation{Request: encode, Decode: decode},
		Read:   &connector.Operation{Request: encodeRead, Decode: decode},
		Find: []connector.Finder{
			{By: contact.EmailAddresses, Request: encodeFindEmail, Decode: decodeFound(shape.SameEmail), Lag: 5 * time.Second},
			{By: contact.PhoneNumbers, Request: encodeFindPhone, Decode: decodeFound(shape.SamePhone), Lag: 5 * time.Second},
		},
		Update: &connector.Operation{Request: encodeUpdate, Decode: decode}, ReadFirst: true,
		Probe: connector.Probe{Request: encodeProbe},
		Errors: connector.Errors{
			Parse: parse,
			Codes: map[string]fault.Kind{
				duplicateExists: fault.Duplicate, "CONTACT_ID_ALREADY_EXISTS": fault.Duplicate,
				"UNAUTHENTICATED": fault.Unauthorized, "PERMISSION_DENIED": fault.Forbidden, "RESOURCE_EXHAUSTED": fault.RateLimited,
				"NOT_FOUND": fault.NotFound, "CONTACT_NOT_FOUND": fault.NotFound,
			},
			Statuses: map[int]fault.Kind{409: fault.Unavailable}, // somebody else changed the contact meanwhile
			Fields: map[string]contact.Field{
				"name": contact.Name, "jobTitle": contact.Title, "emails": contact.EmailAddresses, "phones": contact.PhoneNumbers,
				"addresses": contact.Addresses, "company": contact.Account, "labelKeys": contact.Tags, "extendedFields": contact.CustomFields,
			},
			Stale: []string{invalidExtended},
		},
		Limits: connector.Limits{
			Windows: []connector.Window{{Requests: 150, Per: time.Minute}}, Concurrency: 3, DefaultWait: time.Minute,
		},
		Duplicates:  connector.Duplicates{Detection: connector.DetectNative, Note: "an e-mail address belongs to one contact"},
		Idempotency: connector.Idempotency{Kind: connector.UniqueField, By: contact.EmailAddresses, Applies: refusesDuplicates},
		Adoption:    connector.Adoption{Compare: []contact.Field{contact.FirstName, contact.LastName, contact.EmailAddresses}},
	}
}

// refusesDuplicates is not so where the caller allows them in remote_data.
func refusesDuplicates(c *connector.Call) bool { return c.Input.RemoteData["allowDuplicates"] != true }

// encodeProbe asks for what look-ups need; nothing cheaper is documented.
func encodeProbe(*connector.Call) (connector.Request, error) {
	return query(map[string]any{}, 1), nil
}
