// Package affinity is the connector to Affinity, where a contact is a person.
// It speaks version 1 of the API: the create of version 2 is still a beta.
package affinity

import (
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/shape"
)

// Spec is what Ferry knows about Affinity. Limits are from
// https://api-docs.affinity.co/#rate-limits
func Spec() *connector.Spec {
	return &connector.Spec{
		ID: "affinity", Name: "Affinity",
		Docs:    "https://api-docs.affinity.co/#create-a-new-person",
		BaseURL: "https://api.affinity.co",
		Schemes: []connector.Scheme{connector.Bearer(connector.APIKey)},
		Fields: connector.Fields{
			Accepts: []contact.Field{
				contact.FirstName, contact.LastName, contact.Name, contact.Title, contact.Description, contact.EmailAddresses,
				contact.PhoneNumbers, contact.Addresses, contact.URLs, contact.Account, contact.CustomFields,
			},
			Requires: []contact.Field{contact.FirstName, contact.LastName, contact.EmailAddresses},
			Returns: []contact.Field{
				contact.ID, contact.FirstName, contact.LastName, contact.Name, contact.EmailAddresses, contact.Account,
				contact.LastActivityAt,
			},
			Notes: map[contact.Field]string{
				contact.CreatedAt:      "Affinity neither takes nor tells a time of creation",
				contact.Owner:          "in Affinity, owners belong to the entries of lists",
				contact.Tags:           "Affinity's persons have no tags; use a dropdown field",
				contact.Title:          "a value of the field Job Titles, set by a call of its own",
				contact.PhoneNumbers:   "values of the field Phone Number, a call each; types are not held",
				contact.Addresses:      "one, in the field Location; the postal code goes to the street",
				contact.URLs:           "LinkedIn and website, where the account has fields for them",
				contact.Description:    "becomes a note",
				contact.EmailAddresses: "types are not held",
				contact.Account:        "the id of an organization",
				contact.CustomFields:   "ids or names of fields, a call for each value",
			},
		},
		Prepare: []connector.Discovery{{
			Name: fields, Keys: needsFields, Request: askFields, Decode: learnFields, Optional: true, Life: time.Hour,
		}},
		Create: connector.Operation{Request: encode, Decode: decode},
		Follow: follow,
		Read:   &connector.Operation{Request: encodeRead, Decode: decode},
		Find: []connector.Finder{{
			By: contact.EmailAddresses, Request: encodeFind, Decode: decodeFound, Lag: 5 * time.Second,
		}},
		Update: &connector.Operation{Request: encodeUpdate, Decode: decode},
		Probe:  connector.Probe{Request: encodeProbe, Identity: decodeProbe},
		Errors: connector.Errors{
			Parse: parse,
			Codes: map[string]fault.Kind{
				"validation": fault.Invalid, "bad-request": fault.Invalid, "conflict": fault.Duplicate,
				"authentication": fault.Unauthorized, "authorization": fault.Forbidden, "not-found": fault.NotFound,
				"rate-limit": fault.RateLimited,
			},
			Fields: map[string]contact.Field{
				"first_name": contact.FirstName, "firstName": contact.FirstName, "last_name": contact.LastName, "lastName": contact.LastName,
				"emails": contact.EmailAddresses, "emailAddresses": contact.EmailAddresses, "organization_id": contact.Account,
			},
		},
		Limits: connector.Limits{
			Windows: []connector.Window{{Requests: 600, Per: time.Minute}}, Concurrency: 4,
			Quotas:      []connector.Quota{{Requests: 100_000, Period: connector.Month}},
			Wait:        []connector.WaitHeader{{Name: "X-Ratelimit-Limit-User-Reset", Form: connector.Seconds}},
			DefaultWait: time.Minute,
			Usage: []connector.UsageHeader{
				{
					Remaining: "X-Ratelimit-Limit-User-Remaining", Limit: "X-Ratelimit-Limit-User",
					Reset: "X-Ratelimit-Limit-User-Reset", ResetForm: connector.Seconds,
				},
				{
					Remaining: "X-Ratelimit-Limit-Org-Remaining", Limit: "X-Ratelimit-Limit-Org",
					Reset: "X-Ratelimit-Limit-Org-Reset", ResetForm: connector.Seconds, Period: connector.Month,
				},
			},
		},
		Duplicates:  connector.Duplicates{Detection: connector.DetectNative, Note: "an e-mail address belongs to one person"},
		Idempotency: connector.Idempotency{Kind: connector.UniqueField, By: contact.EmailAddresses},
		Adoption:    connector.Adoption{Compare: []contact.Field{contact.FirstName, contact.LastName, contact.EmailAddresses}},
	}
}

// encodeProbe is not counted against the monthly quota.
func encodeProbe(*connector.Call) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: "/v2/auth/whoami"}, nil
}

func decodeProbe(r connector.Reply) (connector.Identity, error) {
	who, err := connector.DecodeJSON[struct {
		Tenant struct {
			ID   int64  `json:"id"`
			Name string `json:"name"`
		} `json:"tenant"`
	}](r)
	return connector.Identity{ID: shape.IntegerText(who.Tenant.ID), Name: who.Tenant.Name}, err
}
