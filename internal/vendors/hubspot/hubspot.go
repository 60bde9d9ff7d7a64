// Package hubspot is the connector to HubSpot.
//
// The versions 2026-09, 2026-03 and v3 have the same bodies, under other paths:
// https://developers.hubspot.com/docs/api-reference/latest/crm/objects/contacts/guide
package hubspot

import (
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/shape"
)

// Spec is what Ferry knows about HubSpot. Limits are those of the smallest
// plan, from
// https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines
func Spec() *connector.Spec {
	return &connector.Spec{
		ID: "hubspot", Name: "HubSpot",
		Docs:    "https://developers.hubspot.com/docs/api-reference/latest/crm/objects/contacts/guide",
		BaseURL: "https://api.hubapi.com",
		Settings: []connector.Setting{{
			Key: "api_version", Label: "API version", Default: "2026-09", Example: "2026-03",
			Format: `^(20[0-9]{2}-(03|09)|v3)$`, Help: "2026-09 enforces the portal's own rules about required properties.",
		}},
		Schemes: []connector.Scheme{
			connector.Bearer(connector.AccessToken),
			connector.BearerOAuth(connector.OAuth{
				TokenURL: "https://api.hubapi.com/oauth/2026-09/token", ClientAuth: "form", Lifetime: 30 * time.Minute,
			}),
		},
		RemoteDataAt: "properties", RemoteDataTop: []string{"associations"},
		Fields: connector.Fields{
			Accepts: []contact.Field{
				contact.FirstName, contact.LastName, contact.Name, contact.Title, contact.Description, contact.EmailAddresses,
				contact.PhoneNumbers, contact.Addresses, contact.URLs, contact.Account, contact.Owner, contact.CustomFields,
			},
			Requires: []contact.Field{contact.FirstName, contact.EmailAddresses},
			Returns: []contact.Field{
				contact.ID, contact.FirstName, contact.LastName, contact.Name, contact.Title, contact.EmailAddresses,
				contact.PhoneNumbers, contact.Addresses, contact.URLs, contact.Account, contact.Owner, contact.CustomFields,
				contact.CreatedAt, contact.UpdatedAt, contact.LastActivityAt,
			},
			Notes: map[contact.Field]string{
				contact.CreatedAt:      "HubSpot sets createdate itself and refuses it in a request",
				contact.Tags:           "HubSpot's contacts have no tags; use a custom property",
				contact.Description:    "becomes a note of the contact",
				contact.EmailAddresses: "the first is the primary one, the others become secondary ones; types are not held",
				contact.PhoneNumbers:   "one each of phone, mobile and fax; home and assistant numbers go to phone if it is free",
				contact.Account:        "the id of a company; a name goes to the text property company",
				contact.Owner:          "the id of an owner, which is not the user's id",
				contact.CustomFields:   "internal names of properties; values are sent as text, lists joined by semicolons",
			},
		},
		Create: connector.Operation{OK: []int{201}, Request: encode, Decode: decodeCreated},
		Follow: follow,
		Read:   &connector.Operation{Request: encodeRead, Decode: decode},
		Find: []connector.Finder{{
			// Reads the primary store, by primary and secondary addresses.
			By: contact.EmailAddresses, Absent: []int{404}, Lag: 2 * time.Second,
			Request: encodeFind, Decode: decodeFound,
		}},
		Update: &connector.Operation{Request: encodeUpdate, Decode: decode},
		Batch: &connector.Batch{
			Max: 100, OK: []int{201, 207},
			Request: encodeBatch, Decode: decodeBatch, PerRecord: true, Coalesce: true,
		},
		Probe: connector.Probe{Request: encodeProbe, Identity: decodeProbe},
		Errors: connector.Errors{
			Parse: parse,
			Codes: map[string]fault.Kind{
				"VALIDATION_ERROR": fault.Invalid, "CONFLICT": fault.Duplicate, "RATE_LIMIT": fault.RateLimited,
				"EXPIRED_AUTHENTICATION": fault.Unauthorized, "INVALID_AUTHENTICATION": fault.Unauthorized,
				"MISSING_SCOPES": fault.Forbidden, "OBJECT_NOT_FOUND": fault.NotFound,
			},
			Statuses: map[int]fault.Kind{477: fault.Unavailable}, // the portal is being moved
			Fields: map[string]contact.Field{
				"firstname": contact.FirstName, "lastname": contact.LastName, "jobtitle": contact.Title,
				"email": contact.EmailAddresses, "phone": contact.PhoneNumbers, "mobilephone": contact.PhoneNumbers,
				"fax": contact.PhoneNumbers, "address": contact.Addresses, "city": contact.Addresses, "state": contact.Addresses,
				"zip": contact.Addresses, "country": contact.Addresses, "website": contact.URLs, "hs_linkedin_url": contact.URLs,
				"company": contact.Account, "hubspot_owner_id": contact.Owner, "hs_note_body": contact.Description,
			},
		},
		Limits: connector.Limits{
			Windows: []connector.Window{{Requests: 90, Per: 10 * time.Second}}, Concurrency: 5,
			Quotas: []connector.Quota{{Requests: 250_000, Period: connector.Day}},
			Wait: []connector.WaitHeader{
				{Name: "Retry-After"}, {Name: "X-HubSpot-RateLimit-Interval-Milliseconds", Form: connector.Millis},
			},
			DefaultWait: 10 * time.Second,
			Usage: []connector.UsageHeader{
				{Remaining: "X-HubSpot-RateLimit-Remaining", Limit: "X-HubSpot-RateLimit-Max"},
				{Remaining: "X-HubSpot-RateLimit-Daily-Remaining", Limit: "X-HubSpot-RateLimit-Daily", Period: connector.Day},
			},
		},
		Duplicates:  connector.Duplicates{Detection: connector.DetectNative, Note: "an e-mail address belongs to one contact"},
		Idempotency: connector.Idempotency{Kind: connector.UniqueField, By: contact.EmailAddresses},
		Adoption:    connector.Adoption{Compare: []contact.Field{contact.FirstName, contact.LastName, contact.EmailAddresses}},
	}
}

// https://developers.hubspot.com/docs/api-reference/legacy/account/account-information
func encodeProbe(*connector.Call) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: "/account-info/v3/details"}, nil
}

func decodeProbe(r connector.Reply) (connector.Identity, error) {
	portal, err := connector.DecodeJSON[struct {
		PortalID int64 `json:"portalId"`
	}](r)
	return connector.Identity{ID: shape.IntegerText(portal.PortalID)}, err
}
