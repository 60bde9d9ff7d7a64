// Package planhat is the connector to Planhat, where a contact is an end user
// of a company.
//
// Its bulk call is left out: it updates whoever has the e-mail of an item, in
// whatever company, where a create was asked for:
// https://www.planhat.com/developers/api/bulk-upsert
package planhat

import (
	"net/url"
	"strings"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/shape"
)

// The setting that the connector looks at itself.
const defaultCompany = "default_company_id"

// Spec is what Ferry knows about Planhat. Limits are below those of
// https://www.planhat.com/developers/api/authentication-limits
func Spec() *connector.Spec {
	return &connector.Spec{
		ID: "planhat", Name: "Planhat",
		Docs:    "https://www.planhat.com/developers/api/enduser",
		BaseURL: "{instance_url}",
		Settings: []connector.Setting{
			{
				Key: "instance_url", Label: "API address", Host: true, Format: `^https://api(-[a-z0-9]+)?\.(planhat|planhatdemo)\.com$`,
				Clean: shape.Origin, Default: "https://api.planhat.com", Example: "https://api-eu3.planhat.com",
				Help: "Older tenants live on the host of their cluster.",
			},
			{
				Key: defaultCompany, Label: "Default company", Format: `^([0-9a-f]{24}|(extid|srcid)-.+)$`, Example: "5e15901391025d870eec1236",
				Help: "The company of contacts that come without an account: its id, extid- and its external id, or srcid- and its source id.",
			},
		},
		Schemes: []connector.Scheme{connector.Bearer(connector.AccessToken)},
		Fields: connector.Fields{
			Accepts: []contact.Field{
				contact.FirstName, contact.LastName, contact.Name, contact.Title, contact.EmailAddresses, contact.PhoneNumbers,
				contact.Account, contact.Tags, contact.CustomFields, contact.CreatedAt,
			},
			Requires: []contact.Field{contact.EmailAddresses, contact.Account},
			Defaults: map[contact.Field]string{contact.Account: defaultCompany},
			Returns: []contact.Field{
				contact.ID, contact.FirstName, contact.LastName, contact.Name, contact.Title, contact.EmailAddresses,
				contact.PhoneNumbers, contact.Account, contact.Tags, contact.CustomFields, contact.CreatedAt, contact.UpdatedAt,
				contact.LastActivityAt,
			},
			Notes: map[contact.Field]string{
				contact.Description:    "Planhat's end users have no description; use a custom field",
				contact.Addresses:      "Planhat's end users have no address; use custom fields",
				contact.URLs:           "Planhat's end users have no web addresses; use custom fields",
				contact.Owner:          "in Planhat, owners belong to companies",
				contact.EmailAddresses: "the first is the primary one; types are not held",
				contact.PhoneNumbers:   "one number, of no type",
				contact.Account:        "a company's id, extid- and its external id, or srcid- and its source id",
				contact.Tags:           "names",
				contact.CustomFields:   "names as the app shows them",
			},
		},
		Prepare: []connector.Discovery{
			{Name: definitions, Keys: needsDefinitions, Request: askDefinitions, Decode: learnDefinitions, Optional: true, Life: time.Hour},
			{Name: companies, Keys: needsCompany, Request: askCompany, Decode: learnCompany, Optional: true, Life: time.Hour},
		},
		Create: connector.Operation{Request: encode, Decode: decodeWritten},
		Read:   &connector.Operation{Request: encodeRead, Decode: decode},
		Find: []connector.Finder{
			// Every create leaves our key in externalId, if the caller has none of its own.
			{Marker: true, Applies: keyed, Request: encodeFind, Decode: decodeOwn, Lag: storeLag},
			{By: contact.EmailAddresses, Request: encodeFind, Decode: decodePerson, Lag: storeLag},
		},
		Update: &connector.Operation{Request: encodeUpdate, Decode: decodeWritten}, ReadFirst: true,
		Probe: connector.Probe{Request: encodeProbe},
		Errors: connector.Errors{
			Parse: parse,
			Fields: map[string]contact.Field{
				"email": contact.EmailAddresses, "otherEmails": contact.EmailAddresses, "firstName": contact.FirstName,
				"lastName": contact.LastName, "name": contact.Name, "position": contact.Title, "phone": contact.PhoneNumbers,
				"companyId": contact.Account, "tags": contact.Tags, "custom": contact.CustomFields, "createDate": contact.CreatedAt,
			},
		},
		Limits: connector.Limits{
			Windows: []connector.Window{{Requests: 180, Per: time.Minute}}, Concurrency: 5, DefaultWait: time.Minute,
			Usage: []connector.UsageHeader{{Remaining: "X-Rate-Limit-Remaining", Limit: "X-Rate-Limit-Limit"}},
		},
		Duplicates: connector.Duplicates{
			Detection: connector.DetectLookup,
			Note:      "several end users may share an e-mail; we look for it in the company. A new one gets our key as its externalId, unless remote_data has another",
		},
		Adoption: connector.Adoption{Compare: []contact.Field{contact.FirstName, contact.LastName, contact.EmailAddresses}},
	}
}

// storeLag is how long a search may miss a fresh end user; the vendor does not tell.
const storeLag = 4 * time.Second

// encodeProbe needs the right to see end users; Planhat does not tell whose
// the token is.
func encodeProbe(*connector.Call) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: collection, Query: url.Values{"limit": {"1"}, "select": {"_id"}}}, nil
}

// parse reads refusals, which are objects, texts, JSON strings or nothing, and
// have no codes. Keys are named in the text alone, duplicates told by it:
// https://www.planhat.com/developers/api/http-response-codes
func parse(r connector.Reply) connector.VendorError {
	ve := connector.VendorError{Message: connector.LenientError(r).Message}
	if r.Status < 400 || r.Status == 400 {
		ve.Fields = shape.Words(ve.Message)
		if strings.Contains(strings.ToLower(ve.Message), "duplicate") {
			ve.Kind = fault.Duplicate
		}
	}
	return ve
}
