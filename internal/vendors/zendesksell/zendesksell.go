// Package zendesksell is the connector to Zendesk Sell, which the vendor
// retires on 31 August 2027.
package zendesksell

import (
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/shape"
)

const keyField = "external_id_field"

// Spec is what Ferry knows about Zendesk Sell. Limits are those of
// https://developer.zendesk.com/api-reference/sales-crm/rate-limits/
func Spec() *connector.Spec {
	return &connector.Spec{
		ID: "zendesk-sell", Name: "Zendesk Sell",
		Docs:    "https://developer.zendesk.com/api-reference/sales-crm/resources/contacts/",
		BaseURL: "https://api.getbase.com/v2",
		Settings: []connector.Setting{{
			Key: keyField, Label: "External id field", Example: "Source Key", Format: `^[^\x00-\x1f\[\]]{1,100}$`,
			Help: "A filterable custom text field of contacts, by its name. Ferry keeps its key there, which makes a repeated create harmless.",
		}},
		Schemes: []connector.Scheme{
			connector.Bearer(connector.AccessToken),
			connector.BearerOAuth(connector.OAuth{
				TokenURL: "https://api.getbase.com/oauth2/token", ClientAuth: "basic", Lifetime: time.Hour,
			}),
		},
		RemoteDataAt: "data",
		Fields: connector.Fields{
			Accepts: []contact.Field{
				contact.FirstName, contact.LastName, contact.Name, contact.Title, contact.Description, contact.EmailAddresses,
				contact.PhoneNumbers, contact.Addresses, contact.URLs, contact.Account, contact.Owner, contact.Tags, contact.CustomFields,
			},
			Requires: []contact.Field{contact.Name},
			Returns: []contact.Field{
				contact.ID, contact.FirstName, contact.LastName, contact.Name, contact.Title, contact.Description, contact.EmailAddresses,
				contact.PhoneNumbers, contact.Addresses, contact.URLs, contact.Account, contact.Owner, contact.Tags, contact.CustomFields,
				contact.CreatedAt, contact.UpdatedAt,
			},
			Notes: map[contact.Field]string{
				contact.CreatedAt:      "Zendesk Sell sets created_at itself",
				contact.Name:           "Zendesk Sell needs a last name; a name of one word becomes it",
				contact.EmailAddresses: "one, without a type",
				contact.PhoneNumbers:   "one each of phone, mobile and fax; others go to phone if it is free",
				contact.Addresses:      "the first one, and further ones of type billing or shipping",
				contact.Account:        "the id of a contact that is an organization",
				contact.Owner:          "the id of a user; without it the owner of the token",
				contact.Tags:           "names; a new one makes a tag",
				contact.URLs:           "one website, and one each of LinkedIn, Twitter, Facebook and Skype",
				contact.CustomFields:   "the names of custom fields as Sell shows them",
			},
		},
		Create: connector.Operation{Request: encode, Decode: decode},
		Follow: follow,
		Read:   &connector.Operation{Request: encodeRead, Decode: decode},
		Find: []connector.Finder{
			{Marker: true, Applies: hasKeyField, Request: encodeFindKey, Decode: found(anyone), Lag: indexLag},
			{By: contact.EmailAddresses, Request: encodeFindEmail, Decode: found(shape.SameEmail), Lag: indexLag},
			{By: contact.Name, Request: encodeFindName, Decode: found(shape.SameName), Lag: indexLag},
		},
		Update: &connector.Operation{Request: encodeUpdate, Decode: decode}, ReadFirst: true,
		Probe: connector.Probe{Request: encodeProbe, OK: []int{200, 403}, Identity: decodeProbe},
		Errors: connector.Errors{
			Parse: parse,
			Codes: map[string]fault.Kind{
				"unauthorized": fault.Unauthorized, "insufficient_scope": fault.Forbidden, "already_exists": fault.Duplicate,
				"rate_limit_exceeded": fault.RateLimited, "not_found": fault.NotFound,
			},
			Fields: map[string]contact.Field{
				"first_name": contact.FirstName, "last_name": contact.LastName, "name": contact.Name, "title": contact.Title,
				"description": contact.Description, "email": contact.EmailAddresses, "phone": contact.PhoneNumbers,
				"mobile": contact.PhoneNumbers, "fax": contact.PhoneNumbers, "address": contact.Addresses,
				"billing_address": contact.Addresses, "shipping_address": contact.Addresses, "website": contact.URLs,
				"linkedin": contact.URLs, "twitter": contact.URLs, "facebook": contact.URLs, "skype": contact.URLs,
				"contact_id": contact.Account, "owner_id": contact.Owner, "tags": contact.Tags, "custom_fields": contact.CustomFields,
			},
		},
		Limits: connector.Limits{
			Windows: []connector.Window{{Requests: 8, Per: time.Second}, {Requests: 36_000, Per: time.Hour}}, Concurrency: 4,
			DefaultWait: time.Second,
		},
		Duplicates: connector.Duplicates{
			Detection: connector.DetectLookup, Note: "Zendesk Sell takes any; we look by e-mail, else by name",
		},
		Idempotency: connector.Idempotency{Kind: connector.ExternalKey, Applies: hasKeyField},
		Adoption:    connector.Adoption{Compare: []contact.Field{contact.LastName, contact.EmailAddresses}},
	}
}

// indexLag is how long the list may miss a fresh contact: the vendor's own test
// waits a second.
const indexLag = 5 * time.Second

func hasKeyField(c *connector.Call) bool { return c.Settings[keyField] != "" }

// encodeProbe needs the scope profile; without it a good token is answered 403.
func encodeProbe(*connector.Call) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: "/users/self"}, nil
}

// decodeProbe tells no identity: the answer is about the user, not the account.
func decodeProbe(connector.Reply) (connector.Identity, error) { return connector.Identity{}, nil }

// parse reads refusals; a field is a JSON Pointer such as /data/last_name:
// https://developer.zendesk.com/api-reference/sales-crm/errors/
func parse(r connector.Reply) connector.VendorError {
	ve := connector.LenientError(r)
	answer, err := connector.DecodeJSON[struct {
		Errors []struct {
			Error struct {
				Code    string `json:"code"`
				Message string `json:"message"`
				Details string `json:"details"`
				Field   string `json:"field"`
			} `json:"error"`
		} `json:"errors"`
	}](r)
	if err != nil || len(answer.Errors) == 0 {
		return ve
	}
	first := answer.Errors[0].Error
	ve.Code, ve.Message = first.Code, shape.Join(": ", first.Message, first.Details)
	for _, e := range answer.Errors {
		ve.Fields = append(ve.Fields, pointed(e.Error.Field)...)
	}
	return ve
}
