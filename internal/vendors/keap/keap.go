// Package keap is the connector to Keap, formerly Infusionsoft, version 2 of
// its REST API.
package keap

import (
	"cmp"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/shape"
)

// optInReason is a setting: why contacts may be sent marketing e-mail.
const optInReason = "opt_in_reason"

// Spec is what Ferry knows about Keap. Limits are those of keys, which are
// lower than those of OAuth clients:
// https://developer.infusionsoft.com/api-token-quota-and-usage-measurements/
func Spec() *connector.Spec {
	return &connector.Spec{
		ID: "keap", Name: "Keap",
		Docs:    "https://developer.infusionsoft.com/docs/restv2/",
		BaseURL: "{instance_url}/crm/rest/v2",
		Settings: []connector.Setting{
			{
				Key: "instance_url", Label: "API address", Host: true, Format: `^https://api\.(infusionsoft|keap)\.com$`, Clean: shape.Origin,
				Default: "https://api.infusionsoft.com", Example: "https://api.keap.com", Help: "Keap serves its API at both addresses.",
			},
			{
				Key: optInReason, Label: "Opt-in reason", Format: `^[^\x00-\x1f]{1,255}$`, Example: "Asked for our newsletter",
				Help: "Goes with the e-mail addresses of new contacts. Without one Keap restricts marketing e-mail to them.",
			},
		},
		Schemes: []connector.Scheme{
			{
				ID: connector.APIKey, Headers: map[string]string{"Authorization": "Bearer {api_key}"},
				Note: "a Personal Access Token, which sees what its user sees, or a Service Account Key",
			},
			connector.BearerOAuth(connector.OAuth{
				TokenURL: "https://api.infusionsoft.com/token", ClientAuth: "basic", Rotates: true, Lifetime: 24 * time.Hour,
			}),
		},
		Fields: connector.Fields{
			Accepts: []contact.Field{
				contact.FirstName, contact.LastName, contact.Name, contact.Title, contact.Description, contact.EmailAddresses,
				contact.PhoneNumbers, contact.Addresses, contact.URLs, contact.Account, contact.Owner, contact.Tags, contact.CustomFields,
			},
			Returns: []contact.Field{
				contact.ID, contact.FirstName, contact.LastName, contact.Name, contact.Title, contact.EmailAddresses,
				contact.PhoneNumbers, contact.Addresses, contact.URLs, contact.Account, contact.Owner, contact.Tags,
				contact.CustomFields, contact.CreatedAt, contact.UpdatedAt,
			},
			Notes: map[contact.Field]string{
				contact.CreatedAt:      "Keap sets create_time itself",
				contact.LastActivityAt: "Keap's contacts do not tell it",
				contact.Description:    "becomes a note, in the name of the owner, else of the key's user, else of the first user; an update leaves it out",
				contact.FirstName:      "up to 40 characters",
				contact.LastName:       "up to 40 characters",
				contact.EmailAddresses: "three, in their order; a contact needs an e-mail address, a phone number or a postal address",
				contact.PhoneNumbers:   "five, two of type fax and one of type assistant; what goes beyond fax and assistant takes one of the five",
				contact.Addresses:      "one each of type billing, shipping and other; countries of ISO 3166-1, and no state without a country",
				contact.URLs:           "one website, and one profile each at Facebook, LinkedIn, Twitter, Instagram, Snapchat, YouTube and Pinterest",
				contact.Account:        "the id of a company, or the name of an existing one",
				contact.Owner:          "the id of a user",
				contact.Tags:           "ids or names, made where there are none; an update leaves them as they are",
				contact.CustomFields:   "ids, names or labels of fields; reading a contact gives all values, under ids",
			},
		},
		Prepare: []connector.Discovery{
			{Name: model, Keys: needsModel, Request: ask("/contacts/model"), Decode: learnModel, Optional: true},
			{Name: companies, Keys: namedCompany, Request: askCompany, Decode: learnCompany, Optional: true},
			{Name: tags, Keys: namedTags, Request: askTag, Decode: learnTag, Optional: true, Life: time.Minute},
			{Name: newTags, Keys: missing(tags), Request: makeTag, Decode: learnMade, Optional: true},
			// Somebody else may have made it meanwhile.
			{Name: lateTags, Keys: missing(tags, newTags), Request: askTag, Decode: learnTag, Optional: true, Life: time.Minute},
			{Name: caller, Keys: needsAuthor, Request: ask("/oauth/connect/userinfo"), Decode: learnCaller, Optional: true, Life: time.Hour},
			{Name: author, Keys: needsAuthor, Request: ask("/users"), Decode: learnAuthor, Optional: true, Life: time.Hour},
		},
		Create: connector.Operation{Request: encode, Decode: decode},
		Follow: follow,
		Read:   &connector.Operation{Request: encodeRead, Decode: decodeWhole},
		Find: []connector.Finder{
			{By: contact.EmailAddresses, Request: encodeFindEmail, Decode: found(shape.SameEmail), Lag: lag},
			{By: contact.PhoneNumbers, Applies: hasTenDigits, Request: encodeFindPhone, Decode: found(shape.SamePhone), Lag: lag},
			{By: contact.Name, Request: encodeFindName, Decode: found(sameName), Lag: lag},
		},
		Update: &connector.Operation{Request: encodeUpdate, Decode: decode}, ReadFirst: true,
		Probe: connector.Probe{Request: encodeProbe, Identity: decodeProbe},
		Errors: connector.Errors{
			Parse: parse,
			Codes: map[string]fault.Kind{
				"policies.ratelimit.QuotaViolation": fault.RateLimited, "policies.ratelimit.SpikeArrestViolation": fault.RateLimited,
			},
			Fields: map[string]contact.Field{
				"given_name": contact.FirstName, "family_name": contact.LastName, "job_title": contact.Title,
				"email_addresses": contact.EmailAddresses, "mail": contact.EmailAddresses, "phone_numbers": contact.PhoneNumbers,
				"phone": contact.PhoneNumbers, "fax_numbers": contact.PhoneNumbers, "assistant_phone": contact.PhoneNumbers,
				"addresses": contact.Addresses, "country_code": contact.Addresses, "region": contact.Addresses, "region_code": contact.Addresses,
				"website": contact.URLs, "social_accounts": contact.URLs, "company": contact.Account, "owner_id": contact.Owner,
				"user": contact.Owner, "tag": contact.Tags, "custom_fields": contact.CustomFields,
			},
		},
		Limits: connector.Limits{
			Windows:     []connector.Window{{Requests: 4, Per: time.Second}, {Requests: 240, Per: time.Minute}},
			Quotas:      []connector.Quota{{Requests: 30_000, Period: connector.Day}},
			Concurrency: 4, DefaultWait: time.Second,
			Usage: []connector.UsageHeader{
				{Remaining: "x-keap-product-throttle-available", Limit: "x-keap-product-throttle-limit"},
				{
					Remaining: quotaLeft, Limit: "x-keap-product-quota-limit", Reset: quotaReset, ResetForm: connector.EpochMillis,
					Period: connector.Day,
				},
			},
		},
		Duplicates: connector.Duplicates{
			Detection: connector.DetectLookup, Note: "Keap takes any; looked up by e-mail, else by a phone number of ten digits, else by name",
		},
		Adoption: connector.Adoption{Compare: []contact.Field{contact.FirstName, contact.LastName, contact.EmailAddresses}},
	}
}

// lag is how long searches are taken to miss fresh records; the vendor does
// not tell.
const lag = 5 * time.Second

func encodeProbe(*connector.Call) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: "/oauth/connect/userinfo"}, nil
}

// decodeProbe reads the tenant, which every answer names in a header.
func decodeProbe(r connector.Reply) (connector.Identity, error) {
	who, err := connector.DecodeJSON[struct {
		Tenant string `json:"tenant_id"`
	}](r)
	return connector.Identity{ID: cmp.Or(r.Header.Get("x-keap-tenant-id"), who.Tenant)}, err
}
