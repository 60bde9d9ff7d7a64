// Package highlevel is the connector to HighLevel, where a contact lives in a
// location.
package highlevel

import (
	"strings"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/shape"
)

const locationID = "location_id"

// Spec is what Ferry knows about HighLevel. Limits are below those of
// https://marketplace.gohighlevel.com/docs/oauth/Overview
func Spec() *connector.Spec {
	return &connector.Spec{
		ID: "highlevel", Name: "HighLevel",
		Docs:    "https://marketplace.gohighlevel.com/docs/ghl/contacts/create-contact",
		BaseURL: "https://services.leadconnectorhq.com",
		Headers: map[string]string{"Version": "2021-07-28"},
		Settings: []connector.Setting{{
			Key: locationID, Label: "Location id", Required: true, Example: "ve9EPM428h8vShlRW1KT", Format: `^[A-Za-z0-9]{16,24}$`,
			Help: "The sub-account that contacts go to, unless a request names another by workspace[id].",
		}},
		Workspace: locationID,
		Schemes: []connector.Scheme{
			{
				ID: connector.AccessToken, Headers: map[string]string{"Authorization": "Bearer {access_token}"},
				Note: "a private integration token of the sub-account; agency tokens are refused",
			},
			connector.BearerOAuth(connector.OAuth{
				TokenURL: "https://services.leadconnectorhq.com/oauth/token", ClientAuth: "form", Rotates: true, Lifetime: 24 * time.Hour,
				Params: map[string]string{"user_type": "Location"},
			}),
		},
		Fields: connector.Fields{
			Accepts: []contact.Field{
				contact.FirstName, contact.LastName, contact.Name, contact.Description, contact.EmailAddresses, contact.PhoneNumbers,
				contact.Addresses, contact.URLs, contact.Account, contact.Owner, contact.Tags, contact.CustomFields,
			},
			Requires: []contact.Field{contact.EmailAddresses},
			Returns: []contact.Field{
				contact.ID, contact.FirstName, contact.LastName, contact.Name, contact.EmailAddresses, contact.PhoneNumbers, contact.Addresses,
				contact.URLs, contact.Account, contact.Owner, contact.Tags, contact.CustomFields, contact.CreatedAt, contact.UpdatedAt,
				contact.LastActivityAt,
			},
			Notes: map[contact.Field]string{
				contact.CreatedAt:      "HighLevel sets dateAdded itself",
				contact.Title:          "HighLevel has no job title; use a custom field",
				contact.Description:    "becomes a note of the contact",
				contact.EmailAddresses: "one; further ones can be read but not written",
				contact.PhoneNumbers:   "one, without a type",
				contact.Addresses:      "one; the country as a code of ISO 3166-1",
				contact.Account:        "the id of a business, linked by a call of its own; a name goes to companyName",
				contact.Owner:          "the id of a user",
				contact.Tags:           "names; a new one makes a tag",
				contact.URLs:           "one website",
				contact.CustomFields:   "keys (without contact.), names or ids of custom fields",
			},
		},
		Prepare: []connector.Discovery{{
			Name: definitions, Keys: needsDefinitions, Request: askDefinitions, Decode: learnDefinitions, Optional: true,
		}},
		Create: connector.Operation{Request: encode, Decode: decode},
		Follow: follow,
		Read:   &connector.Operation{Request: encodeRead, Decode: decode},
		Find: []connector.Finder{
			{By: contact.EmailAddresses, Request: encodeFindEmail, Decode: found(shape.SameEmail), Lag: indexLag},
			{By: contact.PhoneNumbers, Request: encodeFindPhone, Decode: found(shape.SamePhone), Lag: indexLag},
		},
		Update: &connector.Operation{Request: encodeUpdate, Decode: decode}, ReadFirst: true,
		Probe: connector.Probe{Request: encodeProbe, OK: []int{200, 404}, Identity: decodeProbe},
		Errors: connector.Errors{
			Parse: parse,
			Fields: map[string]contact.Field{
				"firstName": contact.FirstName, "lastName": contact.LastName, "name": contact.Name, "email": contact.EmailAddresses,
				"phone": contact.PhoneNumbers, "address1": contact.Addresses, "city": contact.Addresses, "state": contact.Addresses,
				"postalCode": contact.Addresses, "country": contact.Addresses, "website": contact.URLs, "assignedTo": contact.Owner,
				"tags": contact.Tags, "customFields": contact.CustomFields, "businessId": contact.Account, "companyName": contact.Account,
				"body": contact.Description,
			},
		},
		Limits: connector.Limits{
			Windows: []connector.Window{{Requests: 80, Per: 10 * time.Second}}, Concurrency: 5,
			Quotas: []connector.Quota{{Requests: 200_000, Period: connector.Day}},
			Wait: []connector.WaitHeader{
				{Name: "X-RateLimit-Daily-Reset", Form: connector.Millis}, {Name: "X-RateLimit-Interval-Milliseconds", Form: connector.Millis},
			},
			DefaultWait: time.Second,
			Usage: []connector.UsageHeader{
				{Remaining: "X-RateLimit-Remaining", Limit: "X-RateLimit-Max"},
				{
					Remaining: "X-RateLimit-Daily-Remaining", Limit: "X-RateLimit-Limit-Daily", Reset: "X-RateLimit-Daily-Reset",
					ResetForm: connector.Millis, Period: connector.Day,
				},
			},
		},
		Duplicates: connector.Duplicates{
			Detection: connector.DetectNative,
			Note:      "the location's own setting decides; by default HighLevel refuses a second record with the same e-mail or phone",
		},
		Adoption: connector.Adoption{Compare: []contact.Field{contact.FirstName, contact.LastName, contact.EmailAddresses}},
	}
}

// indexLag is how long the searches may miss a fresh contact; the vendor does not tell.
const indexLag = 5 * time.Second

// encodeProbe looks for a contact that nobody has: no other call is certain to
// be within the scopes of contacts.
func encodeProbe(c *connector.Call) (connector.Request, error) {
	return duplicateRequest(c, "email", "nobody@invalid.example")
}

// decodeProbe tells no identity: whose the location is, is a matter of the setting.
func decodeProbe(connector.Reply) (connector.Identity, error) { return connector.Identity{}, nil }

// parse reads refusals. A missing scope is answered 401, which no new token
// cures; a 422 is reported to have stored the contact all the same:
// https://github.com/GoHighLevel/highlevel-api-docs/issues/64
func parse(r connector.Reply) connector.VendorError {
	ve := connector.LenientError(r)
	answer, err := connector.DecodeJSON[struct {
		Message any    `json:"message"` // a text or a list of them
		Error   string `json:"error"`
		Meta    struct {
			ContactID     string `json:"contactId"`
			MatchingField string `json:"matchingField"`
		} `json:"meta"`
	}](r)
	if err != nil {
		return ve
	}
	ve.Code, ve.Message = answer.Error, strings.Join(shape.TextList(answer.Message), "; ")
	text := strings.ToLower(ve.Message)
	switch {
	case r.Status == 401 && (strings.Contains(text, "scope") || strings.Contains(text, "authclass")):
		ve.Kind = fault.Forbidden
	case strings.Contains(text, "duplicated contacts"):
		ve.Kind, ve.RemoteID, ve.Fields = fault.Duplicate, answer.Meta.ContactID, []string{answer.Meta.MatchingField}
	case r.Status == 422:
		ve.MaybeApplied = true
		ve.Fields = shape.Words(ve.Message)
	}
	return ve
}
