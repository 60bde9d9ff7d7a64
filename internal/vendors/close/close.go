// Package close is the connector to Close, where every contact belongs to one
// lead, which is the unified account.
package close

import (
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
)

// keySetting names the custom field that holds our own key.
const keySetting = "external_id_field"

// searchLag is how long the index may miss a fresh contact; the vendor has
// reported delays, and tells no bound.
const searchLag = 2 * time.Minute

// Spec is what Ferry knows about Close. Limits are below the example in
// https://developer.close.com/topics/rate-limits/
func Spec() *connector.Spec {
	return &connector.Spec{
		ID: "close", Name: "Close",
		Docs:    "https://developer.close.com/api/resources/contacts/create",
		BaseURL: "https://api.close.com/api/v1",
		Settings: []connector.Setting{{
			Key: keySetting, Label: "External id field", Example: "cf_j0P7kHmgFTZZnYBFtyPSZ3uQw4dpW8xKcW7Krps8atj", Format: `^cf_[A-Za-z0-9]{10,60}$`,
			Help: "The id of a text custom field of contacts. Ferry keeps its key there, by which it knows its own contacts again.",
		}},
		Schemes: []connector.Scheme{
			{ID: connector.APIKey, BasicPair: [2]string{"{api_key}", ""}},
			connector.BearerOAuth(connector.OAuth{
				TokenURL: "https://api.close.com/oauth2/token/", ClientAuth: "form", Lifetime: time.Hour, Rotates: true,
			}),
		},
		Fields: connector.Fields{
			Accepts: []contact.Field{
				contact.FirstName, contact.LastName, contact.Name, contact.Title, contact.EmailAddresses, contact.PhoneNumbers,
				contact.URLs, contact.Account, contact.CustomFields, contact.CreatedAt,
			},
			Requires: []contact.Field{contact.FirstName, contact.Account},
			Returns: []contact.Field{
				contact.ID, contact.FirstName, contact.LastName, contact.Name, contact.Title, contact.EmailAddresses,
				contact.PhoneNumbers, contact.URLs, contact.Account, contact.CustomFields, contact.CreatedAt, contact.UpdatedAt,
			},
			Notes: map[contact.Field]string{
				contact.FirstName:      "goes into the one name that a contact has",
				contact.EmailAddresses: "of type work, home or other",
				contact.PhoneNumbers:   "of type work, mobile, home, fax, direct or other; extensions are not held",
				contact.Account:        "the id of a lead; a name alone names the new lead that Close makes for the contact",
				contact.CustomFields:   "ids or names of custom fields of contacts",
				contact.Addresses:      "in Close, addresses belong to leads",
				contact.Description:    "in Close, descriptions belong to leads",
				contact.Owner:          "Close's contacts have no owner; use a custom field of type user",
				contact.Tags:           "Close's contacts have no tags; use a custom field",
			},
		},
		Prepare: []connector.Discovery{{
			Name: definitions, Keys: needsDefinitions, Request: askDefinitions, Decode: learnDefinitions, Optional: true,
		}},
		Create: connector.Operation{Request: encode, Decode: decode},
		Follow: follow,
		Read:   &connector.Operation{Request: encodeRead, Decode: decode},
		Find: []connector.Finder{
			{By: contact.Account, Recent: true, Applies: hasLead, Request: encodeEvents, Decode: decodeEvents, Lag: 5 * time.Second},
			{Marker: true, Applies: hasKey, Request: encodeFindKey, Decode: decodeFoundKey, Lag: searchLag},
			{By: contact.Account, Applies: hasLead, Request: encodeList, Decode: decodeList, Lag: searchLag},
			{By: contact.EmailAddresses, Request: encodeFindEmail, Decode: decodeFound, Lag: searchLag},
		},
		Update: &connector.Operation{Request: encodeUpdate, Decode: decode}, ReadFirst: true,
		Probe: connector.Probe{Request: encodeProbe, Identity: decodeProbe},
		Errors: connector.Errors{
			Parse: parse,
			Statuses: map[int]fault.Kind{
				402: fault.Forbidden,   // the plan's limit is reached
				503: fault.Unavailable, // the vendor's own client repeats all calls then
			},
			Fields: map[string]contact.Field{
				"lead": contact.Account, "lead_id": contact.Account, "name": contact.Name, "title": contact.Title, "emails": contact.EmailAddresses,
				"phones": contact.PhoneNumbers, "urls": contact.URLs, "date_created": contact.CreatedAt,
			},
		},
		Limits: connector.Limits{
			Windows: []connector.Window{{Requests: 10, Per: time.Second}}, Concurrency: 4, DefaultWait: 2 * time.Second,
			Wait:  []connector.WaitHeader{{Name: "Retry-After"}, {Name: "RateLimit-Reset"}},
			Usage: []connector.UsageHeader{{List: "RateLimit", ResetForm: connector.Seconds}},
		},
		Duplicates: connector.Duplicates{
			Detection: connector.DetectLookup,
			Note:      "one e-mail may stand on many leads; we look within the contact's lead, by e-mail or else by name",
		},
		Adoption: connector.Adoption{Compare: []contact.Field{contact.Name, contact.EmailAddresses}},
	}
}

func encodeProbe(*connector.Call) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: "/me/"}, nil
}

// decodeProbe names the organization where there is but one.
func decodeProbe(r connector.Reply) (connector.Identity, error) {
	me, err := connector.DecodeJSON[struct {
		Organizations []struct {
			ID   string `json:"id"`
			Name string `json:"name"`
		} `json:"organizations"`
	}](r)
	if err != nil || len(me.Organizations) != 1 {
		return connector.Identity{}, err
	}
	return connector.Identity{ID: me.Organizations[0].ID, Name: me.Organizations[0].Name}, nil
}
