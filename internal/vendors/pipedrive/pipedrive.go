// Package pipedrive is the connector to Pipedrive, where a contact is a person.
// It speaks version 2 of the API, and version 1 for notes and users, which
// version 2 does not have.
package pipedrive

import (
	"strings"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/shape"
)

// The settings that the connector looks at itself.
const (
	contactSync     = "contact_sync_enabled"
	externalIDField = "external_id_field"
)

// Spec is what Ferry knows about Pipedrive. Limits are below those of the
// smallest plan, from
// https://pipedrive.readme.io/docs/core-api-concepts-rate-limiting
// The daily budget is in tokens, of which a create takes five, and grows with
// plan and seats: the headers tell it.
func Spec() *connector.Spec {
	return &connector.Spec{
		ID: "pipedrive", Name: "Pipedrive",
		Docs:    "https://developers.pipedrive.com/docs/api/v1/Persons#addPerson",
		BaseURL: "https://{company_domain}.pipedrive.com/api",
		Settings: []connector.Setting{
			{
				Key: "company_domain", Label: "Company domain", Host: true, Default: "api", Example: "acme", Clean: companyDomain,
				Format: `^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`, Help: "The first part of the account's address, acme of acme.pipedrive.com.",
			},
			{
				Key: contactSync, Label: "Contact sync", Default: "false", Format: `^(true|false)$`,
				Help: "true where the company has set up contact sync: job titles, addresses and notes of persons exist there alone.",
			},
			{
				Key: externalIDField, Label: "External id field", Example: "d4de1c1518b4531717c676029a45911c340390a6", Format: `^[0-9a-f]{40}$`,
				Help: "The key of a custom text field of persons. Ferry keeps its key there, and knows its own persons by it.",
			},
		},
		Schemes: []connector.Scheme{
			connector.Header(connector.APIKey, "x-api-token", "{api_key}"),
			// An exchanged refresh token is refused.
			connector.BearerOAuth(connector.OAuth{
				TokenURL: "https://oauth.pipedrive.com/oauth/token", ClientAuth: "basic", Rotates: true, Lifetime: time.Hour,
				Takes: map[string]string{"api_domain": "company_domain"},
			}),
		},
		Fields: connector.Fields{
			Accepts: []contact.Field{
				contact.FirstName, contact.LastName, contact.Name, contact.Title, contact.Description, contact.EmailAddresses,
				contact.PhoneNumbers, contact.Addresses, contact.Account, contact.Owner, contact.Tags, contact.CustomFields, contact.CreatedAt,
			},
			Requires: []contact.Field{contact.FirstName},
			Returns: []contact.Field{
				contact.ID, contact.FirstName, contact.LastName, contact.Name, contact.Title, contact.Description,
				contact.EmailAddresses, contact.PhoneNumbers, contact.Addresses, contact.Account, contact.Owner, contact.Tags,
				contact.CustomFields, contact.CreatedAt, contact.UpdatedAt,
			},
			Notes: map[contact.Field]string{
				contact.FirstName:      "Pipedrive parts the full name at its first space",
				contact.LastName:       "Pipedrive parts the full name at its first space",
				contact.Title:          "in companies with contact sync",
				contact.Description:    "in companies with contact sync; elsewhere it becomes a note, which an update does not write",
				contact.EmailAddresses: "types work, home and other",
				contact.PhoneNumbers:   "types work, home, mobile and other",
				contact.Addresses:      "one line, in companies with contact sync",
				contact.URLs:           "Pipedrive's persons have no web addresses; use a custom field",
				contact.Account:        "the id of an organization",
				contact.Owner:          "the id of a user; without one the token's user owns the person",
				contact.Tags:           "ids or names of labels, which the account must have",
				contact.CustomFields:   "keys or names of fields; options by id or name",
				contact.CreatedAt:      "in whole seconds; Pipedrive may allow it to admins only",
			},
		},
		Prepare: []connector.Discovery{{Name: fields, Keys: needsFields, Request: askFields, Decode: learnFields, Optional: true}},
		Create:  connector.Operation{OK: []int{200, 201}, Request: encode, Decode: decode},
		Follow:  follow,
		Read:    &connector.Operation{Request: encodeRead, Decode: decode},
		Find: []connector.Finder{
			// The list reads the database, the search an index that lags.
			{Marker: true, Applies: hasExternalID, Request: listRecent, Decode: recentBy(ownKey), Lag: listLag},
			{Recent: true, By: contact.EmailAddresses, Request: listRecent, Decode: recentBy(sameEmail), Lag: listLag},
			{Recent: true, By: contact.Name, Request: listRecent, Decode: recentBy(sameName), Lag: listLag},
			{By: contact.EmailAddresses, Request: searchEmail, Decode: foundBy(shape.SameEmail), Lag: searchLag},
			{By: contact.PhoneNumbers, Request: searchPhone, Decode: foundBy(shape.SamePhone), Lag: searchLag},
			{By: contact.Name, Request: searchName, Decode: foundBy(shape.SameName), Lag: searchLag},
		},
		Update: &connector.Operation{Request: encodeUpdate, Decode: decode}, ReadFirst: true,
		Probe: connector.Probe{Request: encodeProbe, Identity: decodeProbe},
		Errors: connector.Errors{
			Parse: parse,
			Statuses: map[int]fault.Kind{
				402: fault.Forbidden, // the company's account is not open
				501: fault.Invalid,
			},
			// Names of fields stand in the texts of refusals.
			Fields: map[string]contact.Field{
				"name": contact.Name, "job_title": contact.Title, "notes": contact.Description, "content": contact.Description,
				"emails": contact.EmailAddresses, "email": contact.EmailAddresses, "phones": contact.PhoneNumbers, "phone": contact.PhoneNumbers,
				"postal_address": contact.Addresses, "org_id": contact.Account, "organization": contact.Account, "owner_id": contact.Owner,
				"user": contact.Owner, "label_ids": contact.Tags, "label": contact.Tags, "add_time": contact.CreatedAt,
			},
		},
		Limits: connector.Limits{
			Windows: []connector.Window{
				{Requests: 16, Per: 2 * time.Second}, {Requests: 8, Per: 2 * time.Second, For: connector.OpFind},
			},
			Concurrency: 4, DefaultWait: 2 * time.Second,
			Wait: []connector.WaitHeader{{Name: "X-Ratelimit-Reset", Form: connector.Seconds}},
			Usage: []connector.UsageHeader{
				{
					Remaining: "X-Ratelimit-Remaining", Limit: "X-Ratelimit-Limit",
					Reset: "X-Ratelimit-Reset", ResetForm: connector.Seconds,
				},
				{Remaining: "X-Daily-Ratelimit-Token-Remaining", Limit: "X-Daily-Ratelimit-Token-Limit", Period: connector.Day},
			},
		},
		Duplicates: connector.Duplicates{Detection: connector.DetectLookup, Note: "looked up by e-mail, else by phone, else by full name"},
		Adoption:   connector.Adoption{Compare: []contact.Field{contact.Name, contact.EmailAddresses}},
	}
}

// companyDomain takes a whole address too: "https://acme.pipedrive.com".
func companyDomain(text string) string {
	text = strings.ToLower(strings.TrimSpace(text))
	text = strings.TrimSuffix(strings.TrimPrefix(text, "https://"), "/")
	return strings.TrimSuffix(text, ".pipedrive.com")
}

func synced(c *connector.Call) bool { return c.Settings[contactSync] == "true" }

func hasExternalID(c *connector.Call) bool { return c.Settings[externalIDField] != "" }

// encodeProbe needs the scope base alone.
func encodeProbe(*connector.Call) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: "/v1/users/me"}, nil
}

func decodeProbe(r connector.Reply) (connector.Identity, error) {
	answer, err := connector.DecodeJSON[struct {
		Data struct {
			CompanyID   int64  `json:"company_id"`
			CompanyName string `json:"company_name"`
		} `json:"data"`
	}](r)
	return connector.Identity{ID: shape.IntegerText(answer.Data.CompanyID), Name: answer.Data.CompanyName}, err
}
