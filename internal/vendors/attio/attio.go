// Package attio is the connector to Attio, where a contact is a record of the
// object people.
package attio

import (
	"slices"
	"strings"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/shape"
)

// Spec is what Ferry knows about Attio. Limits are below those of
// https://docs.attio.com/rest-api/guides/rate-limiting
func Spec() *connector.Spec {
	return &connector.Spec{
		ID: "attio", Name: "Attio",
		Docs:    "https://docs.attio.com/rest-api/endpoint-reference/people/create-a-person-record",
		BaseURL: "https://api.attio.com/v2",
		Schemes: []connector.Scheme{
			connector.Bearer(connector.APIKey),
			connector.Bearer(connector.AccessToken),
			connector.BearerOAuth(connector.OAuth{TokenURL: "https://app.attio.com/oauth/token", ClientAuth: "form", Grant: "none"}),
		},
		RemoteDataAt: "data.values",
		Fields: connector.Fields{
			Accepts: []contact.Field{
				contact.FirstName, contact.LastName, contact.Name, contact.Title, contact.Description, contact.EmailAddresses,
				contact.PhoneNumbers, contact.Addresses, contact.URLs, contact.Account, contact.Owner, contact.Tags, contact.CustomFields,
			},
			Requires: []contact.Field{contact.FirstName, contact.LastName},
			Returns: []contact.Field{
				contact.ID, contact.FirstName, contact.LastName, contact.Name, contact.Title, contact.Description,
				contact.EmailAddresses, contact.PhoneNumbers, contact.Addresses, contact.URLs, contact.Account, contact.Owner,
				contact.Tags, contact.CustomFields, contact.CreatedAt, contact.LastActivityAt,
			},
			Notes: map[contact.Field]string{
				contact.CreatedAt:      "Attio sets created_at itself and refuses it in a request",
				contact.EmailAddresses: "types are not held",
				contact.PhoneNumbers:   "numbers that can be written in E.164; types and extensions are not held",
				contact.Addresses:      "one, the primary location; its country must be known to ISO 3166",
				contact.URLs:           "one each of LinkedIn, Twitter, Facebook, Instagram and AngelList",
				contact.Account:        "the id of a company record; without it Attio links the company of the e-mail's domain",
				contact.Owner:          "where the workspace has an attribute owner for workspace members: a member's id, or their e-mail",
				contact.Tags:           "where the workspace has a select attribute tags: titles or ids of its options",
				contact.CustomFields:   "slugs of attributes",
			},
		},
		Prepare: []connector.Discovery{{
			Name: attributes, Keys: needsAttributes, Request: askAttributes, Decode: learnAttributes, Optional: true,
		}},
		Create: connector.Operation{Request: encode, Decode: decode},
		Read:   &connector.Operation{Request: encodeRead, Decode: decode},
		// The query is up to date; the other search is not.
		Find: []connector.Finder{
			{By: contact.EmailAddresses, Request: encodeFindEmail, Decode: found(shape.SameEmail)},
			{By: contact.PhoneNumbers, Applies: dialable, Request: encodeFindPhone, Decode: found(shape.SamePhone)},
			{By: contact.Name, Request: encodeFindName, Decode: found(shape.SameName)},
		},
		Update: &connector.Operation{Request: encodeUpdate, Decode: decode},
		Probe:  connector.Probe{Request: encodeProbe, Identity: decodeProbe},
		Errors: connector.Errors{
			Parse: parse,
			// A duplicate has the status of all that is invalid.
			Codes: map[string]fault.Kind{"uniqueness_conflict": fault.Duplicate},
			Fields: map[string]contact.Field{
				"name": contact.Name, "job_title": contact.Title, "description": contact.Description,
				"email_addresses": contact.EmailAddresses, "phone_numbers": contact.PhoneNumbers, "primary_location": contact.Addresses,
				"linkedin": contact.URLs, "twitter": contact.URLs, "facebook": contact.URLs, "instagram": contact.URLs, "angellist": contact.URLs,
				"company": contact.Account, "owner": contact.Owner, "tags": contact.Tags,
			},
			Stale: []string{"value_not_found"},
		},
		Limits: connector.Limits{
			Windows:     []connector.Window{{Requests: 15, Per: time.Second}, {Requests: 50, Per: time.Second, For: connector.OpFind}},
			Concurrency: 5, DefaultWait: time.Second,
		},
		Duplicates:  connector.Duplicates{Detection: connector.DetectNative, Note: "an e-mail address belongs to one person"},
		Idempotency: connector.Idempotency{Kind: connector.UniqueField, By: contact.EmailAddresses},
		Adoption:    connector.Adoption{Compare: []contact.Field{contact.FirstName, contact.LastName, contact.EmailAddresses}},
	}
}

// encodeProbe needs no scope.
func encodeProbe(*connector.Call) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: "/self"}, nil
}

// decodeProbe tells a dead token, which may be answered with success, and one
// that may not write.
func decodeProbe(r connector.Reply) (connector.Identity, error) {
	self, err := connector.DecodeJSON[struct {
		Active bool   `json:"active"`
		Scope  string `json:"scope"`
		ID     string `json:"workspace_id"`
		Name   string `json:"workspace_name"`
	}](r)
	switch {
	case err != nil:
		return connector.Identity{}, err
	case !self.Active:
		return connector.Identity{}, &connector.VendorError{Code: "inactive", Message: "the token is not active any more", Kind: fault.Unauthorized}
	case self.Scope != "" && !slices.Contains(strings.Fields(self.Scope), "record_permission:read-write"):
		return connector.Identity{}, &connector.VendorError{
			Code: "missing_scope", Message: "the token lacks the scope record_permission:read-write", Kind: fault.Forbidden,
		}
	}
	return connector.Identity{ID: self.ID, Name: self.Name}, nil
}
