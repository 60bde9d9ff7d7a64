// Package insightly is the connector to Insightly, version 3.1 of its API.
package insightly

import (
	"cmp"
	"strings"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/shape"
)

// externalIDField is a custom field that holds our key.
const externalIDField = "external_id_field"

// Spec is what Ferry knows about Insightly. The allowance is that of the
// smallest current plan with support; each answer tells the plan's own.
func Spec() *connector.Spec {
	return &connector.Spec{
		ID: "insightly", Name: "Insightly",
		Docs:    "https://api.na1.insightly.com/v3.1/",
		BaseURL: "https://api.{pod}.insightly.com/v3.1",
		Settings: []connector.Setting{
			{
				Key: "pod", Label: "Pod", Required: true, Host: true, Format: `^[a-z]{2,4}[0-9]{1,2}$`, Example: "na1", Clean: podOf,
				Help: "The region of the account: a part of the API URL that is shown beside the API key in User Settings.",
			},
			{
				Key: externalIDField, Label: "External id field", Example: "Sync_Key__c", Format: `^[A-Za-z][A-Za-z0-9_]{0,98}__c$`,
				Help: "A text field of contacts, by its API name. Ferry keeps its key there, and knows its own records by it.",
			},
		},
		// The key is the user name; the password is not looked at.
		Schemes: []connector.Scheme{{ID: connector.APIKey, BasicPair: [2]string{"{api_key}", ""}}},
		Fields: connector.Fields{
			Accepts: []contact.Field{
				contact.FirstName, contact.LastName, contact.Name, contact.Title, contact.Description, contact.EmailAddresses,
				contact.PhoneNumbers, contact.Addresses, contact.URLs, contact.Account, contact.Owner, contact.Tags, contact.CustomFields,
			},
			Requires: []contact.Field{contact.FirstName},
			Returns: []contact.Field{
				contact.ID, contact.FirstName, contact.LastName, contact.Name, contact.Title, contact.Description,
				contact.EmailAddresses, contact.PhoneNumbers, contact.Addresses, contact.URLs, contact.Account, contact.Owner,
				contact.Tags, contact.CustomFields, contact.CreatedAt, contact.UpdatedAt, contact.LastActivityAt, contact.ETag,
			},
			Notes: map[contact.Field]string{
				contact.CreatedAt:      "Insightly sets DATE_CREATED_UTC itself",
				contact.Description:    "goes to the background",
				contact.EmailAddresses: "one address",
				contact.PhoneNumbers:   "one each of phone or work, mobile, home, fax, assistant and other",
				contact.Addresses:      "a mailing address, and another one; countries that are not on Insightly's list are left out",
				contact.URLs:           "one profile each at LinkedIn, Facebook and Twitter",
				contact.Account:        "the id of an organisation",
				contact.Owner:          "the id of a user, which is not the id of the user's contact",
				contact.Tags:           "names, made where there are none; an update leaves them as they are",
				contact.CustomFields:   "API names or labels of fields; lists are joined by semicolons, times are written in UTC",
			},
		},
		Prepare: []connector.Discovery{
			{Name: countries, Keys: needsCountries, Request: ask("/Countries"), Decode: learnCountries, Optional: true, Life: 24 * time.Hour},
			{Name: fields, Keys: needsFields, Request: ask("/CustomFields/Contacts"), Decode: learnFields, Optional: true},
		},
		Create: connector.Operation{Request: encode, Decode: decode},
		Follow: follow,
		Read:   &connector.Operation{Request: encodeRead, Decode: decode},
		Find: []connector.Finder{
			{Marker: true, Applies: hasExternalID, Request: encodeFindKey, Decode: foundKey, Lag: lag},
			{By: contact.EmailAddresses, Request: encodeFindEmail, Decode: found(shape.SameEmail), Lag: lag},
			{By: contact.PhoneNumbers, Request: encodeFindPhone, Decode: found(shape.SamePhone), Lag: lag},
			// A name has many bearers, and a search no order: the fresh ones are asked for by themselves.
			{By: contact.Name, Recent: true, Request: encodeFindFresh, Decode: found(shape.SameFirstAndLast), Lag: lag},
			{By: contact.Name, Request: encodeFindName, Decode: found(shape.SameFirstAndLast), Lag: lag},
		},
		Update: &connector.Operation{Request: encodeUpdate, Decode: decode},
		Probe:  connector.Probe{Request: encodeProbe, Identity: decodeProbe},
		Errors: connector.Errors{
			Parse:    parse,
			Statuses: map[int]fault.Kind{402: fault.Forbidden}, // the plan's number of records is reached
			Fields:   blamable(),
		},
		Limits: connector.Limits{
			Windows: []connector.Window{{Requests: 5, Per: time.Second}}, Concurrency: 4,
			Quotas:      []connector.Quota{{Requests: 40_000, Period: connector.Day}},
			DefaultWait: time.Second,
			Usage:       []connector.UsageHeader{{Remaining: remaining, Limit: "X-RateLimit-Limit", Period: connector.Day}},
		},
		Duplicates: connector.Duplicates{
			Detection: connector.DetectLookup, Note: "Insightly takes any; looked up by e-mail, else by the first phone number, else by name",
		},
		Adoption: connector.Adoption{Compare: []contact.Field{contact.FirstName, contact.LastName, contact.EmailAddresses}},
	}
}

// lag is how long searches are taken to miss fresh records; the vendor does
// not tell.
const lag = 5 * time.Second

func hasExternalID(c *connector.Call) bool { return c.Settings[externalIDField] != "" }

// podOf takes a pod, or an address that holds one: "https://api.na1.insightly.com/v3.1".
func podOf(text string) string {
	text = strings.ToLower(strings.TrimSpace(text))
	host, isHost := strings.CutSuffix(strings.TrimPrefix(shape.Origin(text), "https://"), ".insightly.com")
	if !isHost {
		return text
	}
	return host[strings.LastIndexByte(host, '.')+1:]
}

func encodeProbe(*connector.Call) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: "/Instance"}, nil
}

func decodeProbe(r connector.Reply) (connector.Identity, error) {
	instance, err := connector.DecodeJSON[struct {
		ID        int64  `json:"INSTANCE_ID"`
		Subdomain string `json:"INSTANCE_SUBDOMAIN"`
		Name      string `json:"INSTANCE_NAME"`
	}](r)
	return connector.Identity{ID: cmp.Or(shape.IntegerText(instance.ID), instance.Subdomain), Name: instance.Name}, err
}
