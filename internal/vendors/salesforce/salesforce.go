// Package salesforce is the connector to Salesforce's Contact object.
package salesforce

import (
	"strings"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/shape"
)

// The settings that the connector looks at itself.
const externalIDField = "external_id_field"

// host is a login or My Domain host of Salesforce, sandboxes included.
const host = `^https://([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+salesforce\.(com|mil)$`

// Spec is what Ferry knows about Salesforce. The allowance is that of an
// Enterprise org without licences, from
// https://developer.salesforce.com/docs/platform/salesforce-app-limits-cheatsheet/guide/salesforce-app-limits-platform-api.html
func Spec() *connector.Spec {
	return &connector.Spec{
		ID: "salesforce", Name: "Salesforce",
		Docs:    "https://developer.salesforce.com/docs/platform/api-rest/guide/resources-sobject-basic-info-post.html",
		BaseURL: "{instance_url}/services/data/v{api_version}",
		Settings: []connector.Setting{
			{
				Key: "instance_url", Label: "Instance URL", Host: true, Format: host, Clean: shape.Origin,
				Example: "https://acme.my.salesforce.com", Help: "The org's My Domain host; each answer of the token endpoint renews it.",
			},
			{
				Key: "login_url", Label: "Login URL", Host: true, Format: host, Clean: shape.Origin, Default: "https://login.salesforce.com",
				Help: "https://test.salesforce.com for sandboxes; client credentials need the My Domain host.",
			},
			{Key: "api_version", Label: "API version", Default: "67.0", Format: `^[1-9][0-9]{1,2}\.0$`},
			{
				Key: externalIDField, Label: "External id field", Example: "Integration_Id__c", Format: `^[A-Za-z][A-Za-z0-9_]*__c$`,
				Help: "A unique external-id text field of Contact. Ferry keeps its key there, which makes a repeated create harmless.",
			},
			{
				Key: "allow_duplicates", Label: "Allow duplicates", Default: "false", Format: `^(true|false)$`,
				Help: "true saves in spite of a duplicate rule that only alerts.",
			},
		},
		Schemes: []connector.Scheme{connector.BearerOAuth(connector.OAuth{
			TokenURL: "{login_url}/services/oauth2/token", ClientAuth: "form", AppOnly: true,
			Takes: map[string]string{"instance_url": "instance_url"},
		})},
		// https://developer.salesforce.com/docs/platform/api-rest/guide/headers-duplicaterules.html
		Headers: map[string]string{"Sforce-Duplicate-Rule-Header": "allowSave={allow_duplicates}"},
		Fields: connector.Fields{
			Accepts: []contact.Field{
				contact.FirstName, contact.LastName, contact.Name, contact.Title, contact.Description, contact.EmailAddresses,
				contact.PhoneNumbers, contact.Addresses, contact.Account, contact.Owner, contact.Tags, contact.CustomFields,
			},
			Requires: []contact.Field{contact.FirstName, contact.LastName, contact.EmailAddresses},
			Returns: []contact.Field{
				contact.ID, contact.FirstName, contact.LastName, contact.Name, contact.Title, contact.Description,
				contact.EmailAddresses, contact.PhoneNumbers, contact.Addresses, contact.Account, contact.Owner,
				contact.CustomFields, contact.CreatedAt, contact.UpdatedAt, contact.LastActivityAt,
			},
			Notes: map[contact.Field]string{
				contact.CreatedAt:      "CreatedDate can be set only in orgs that allow audit fields; use remote_data there",
				contact.URLs:           "Salesforce's Contact has no standard field for web addresses; use a custom field",
				contact.EmailAddresses: "one address",
				contact.PhoneNumbers:   "one each of phone or work, mobile, home, other, fax and assistant",
				contact.Addresses:      "a mailing address, and another one",
				contact.Account:        "the id of an Account",
				contact.Owner:          "the id of a User",
				contact.Tags:           "become topics, which the org must have turned on for contacts",
				contact.CustomFields:   "API names; lists are joined by semicolons",
			},
		},
		Create: connector.Operation{OK: []int{201, 200}, Request: encode, Decode: decodeCreated},
		Follow: follow,
		Read:   &connector.Operation{Request: encodeRead, Decode: decode}, ReadBack: true,
		// SOQL reads the database; SOSL's index lags.
		Find:   []connector.Finder{{By: contact.EmailAddresses, Request: encodeFind, Decode: decodeFound}},
		Update: &connector.Operation{OK: []int{204}, Request: encodeUpdate, Decode: decodeUpdated},
		Batch:  &connector.Batch{Max: 200, Request: encodeBatch, Decode: decodeBatch, PerRecord: true, Coalesce: true},
		Probe:  connector.Probe{Request: encodeProbe, Identity: decodeProbe},
		Errors: connector.Errors{
			Parse: parse, Codes: codes(),
			Statuses: map[int]fault.Kind{300: fault.Invalid}, // an external id that is not unique
			Fields: map[string]contact.Field{
				"FirstName": contact.FirstName, "LastName": contact.LastName, "Name": contact.Name, "Title": contact.Title,
				"Description": contact.Description, "Email": contact.EmailAddresses, "Phone": contact.PhoneNumbers,
				"MobilePhone": contact.PhoneNumbers, "HomePhone": contact.PhoneNumbers, "OtherPhone": contact.PhoneNumbers,
				"Fax": contact.PhoneNumbers, "AssistantPhone": contact.PhoneNumbers, "MailingStreet": contact.Addresses,
				"MailingCity": contact.Addresses, "MailingState": contact.Addresses, "MailingStateCode": contact.Addresses,
				"MailingPostalCode": contact.Addresses, "MailingCountry": contact.Addresses, "MailingCountryCode": contact.Addresses,
				"OtherStreet": contact.Addresses, "OtherCity": contact.Addresses, "OtherState": contact.Addresses,
				"OtherPostalCode": contact.Addresses, "OtherCountry": contact.Addresses, "AccountId": contact.Account, "OwnerId": contact.Owner,
			},
		},
		Limits: connector.Limits{
			Windows: []connector.Window{{Requests: 20, Per: time.Second}}, Concurrency: 5,
			Quotas:      []connector.Quota{{Requests: 100_000, Period: connector.Rolling24}},
			DefaultWait: 15 * time.Minute,
			Usage:       []connector.UsageHeader{{Combined: "Sforce-Limit-Info", Period: connector.Rolling24}},
		},
		Duplicates: connector.Duplicates{
			Detection: connector.DetectLookup, Note: "an org's own duplicate rules refuse as well; they name the existing record",
		},
		Idempotency: connector.Idempotency{Kind: connector.ExternalKey, Applies: hasExternalID},
		Adoption:    connector.Adoption{Compare: []contact.Field{contact.FirstName, contact.LastName, contact.EmailAddresses}},
	}
}

func hasExternalID(c *connector.Call) bool { return c.Settings[externalIDField] != "" }

// encodeProbe lists the resources of the API, the identity among them:
// https://developer.salesforce.com/docs/platform/api-rest/guide/resources-discoveryresource.html
func encodeProbe(*connector.Call) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: "/"}, nil
}

// decodeProbe reads the org from ".../id/<org>/<user>".
func decodeProbe(r connector.Reply) (connector.Identity, error) {
	resources, err := connector.DecodeJSON[struct {
		Identity string `json:"identity"`
	}](r)
	_, ids, _ := strings.Cut(resources.Identity, "/id/")
	org, _, _ := strings.Cut(ids, "/")
	return connector.Identity{ID: org}, err
}
