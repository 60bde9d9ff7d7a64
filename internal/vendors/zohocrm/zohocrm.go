// Package zohocrm is the connector to Zoho CRM, where a contact is a record of
// the module Contacts.
package zohocrm

import (
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/shape"
)

// externalIDField is the setting that the connector looks at itself.
const externalIDField = "external_id_field"

// The hosts of all data centres:
// https://www.zoho.com/crm/developer/docs/api/v8/multi-dc.html
const (
	apiHost   = `^https://(www|sandbox|developer)\.zohoapis\.(com|eu|in|com\.au|jp|com\.cn|ca|sa|uk)$`
	loginHost = `^https://accounts\.(zoho\.(com|eu|in|com\.au|jp|com\.cn|sa|uk)|zohocloud\.ca)$`
)

// Spec is what Ferry knows about Zoho CRM. The allowance is that of the
// smallest paid edition, from
// https://www.zoho.com/crm/developer/docs/api/v8/api-limits.html
func Spec() *connector.Spec {
	return &connector.Spec{
		ID: "zoho-crm", Name: "Zoho CRM",
		Docs:    "https://www.zoho.com/crm/developer/docs/api/v8/insert-records.html",
		BaseURL: "{api_domain}/crm/{api_version}",
		Settings: []connector.Setting{
			{
				Key: "api_domain", Label: "API domain", Host: true, Format: apiHost, Clean: shape.Origin, Default: "https://www.zohoapis.com",
				Help: "Of the customer's data centre; each answer of the token endpoint renews it.",
			},
			{
				Key: "login_url", Label: "Accounts server", Host: true, Format: loginHost, Clean: shape.Origin, Default: "https://accounts.zoho.com",
				Help: "Of the same data centre as the API domain: the accounts-server that the authorisation names.",
			},
			{Key: "api_version", Label: "API version", Default: "v8", Format: `^v[2-8]$`},
			{
				Key: externalIDField, Label: "External id field", Example: "Integration_Key", Format: `^[A-Za-z][A-Za-z0-9_]*$`,
				Help: "API name of a text field of Contacts that is marked unique. Ferry keeps its key there, which makes a repeated create harmless.",
			},
		},
		Schemes: []connector.Scheme{{
			ID: connector.OAuth2, Headers: map[string]string{"Authorization": "Zoho-oauthtoken {access_token}"},
			OAuth: &connector.OAuth{
				TokenURL: "{login_url}/oauth/v2/token", ClientAuth: "form", Lifetime: time.Hour,
				Takes:  map[string]string{"api_domain": "api_domain"},
				MinGap: time.Minute, // 10 access tokens in 10 minutes
			},
			Note: "Scopes: ZohoCRM.modules.contacts.ALL and ZohoCRM.coql.READ for look-ups; ZohoCRM.settings.fields.READ lets custom fields go by their labels.",
		}},
		RemoteDataAt: "data", RemoteDataTop: []string{"trigger", "apply_feature_execution", "skip_feature_execution", "lar_id"},
		Fields: connector.Fields{
			Accepts: []contact.Field{
				contact.FirstName, contact.LastName, contact.Name, contact.Title, contact.Description, contact.EmailAddresses,
				contact.PhoneNumbers, contact.Addresses, contact.Account, contact.Owner, contact.Tags, contact.CustomFields,
			},
			Requires: []contact.Field{contact.FirstName, contact.LastName, contact.Account},
			Returns: []contact.Field{
				contact.ID, contact.FirstName, contact.LastName, contact.Name, contact.Title, contact.Description,
				contact.EmailAddresses, contact.PhoneNumbers, contact.Addresses, contact.Account, contact.Owner, contact.Tags,
				contact.CustomFields, contact.CreatedAt, contact.UpdatedAt, contact.LastActivityAt,
			},
			Notes: map[contact.Field]string{
				contact.CreatedAt:      "Zoho sets Created_Time itself",
				contact.URLs:           "Zoho's Contacts have no field for web addresses; use a custom field",
				contact.EmailAddresses: "two; types are not held",
				contact.PhoneNumbers:   "one each of phone or work, mobile, home, other, fax and assistant, of digits and + - ( ) . , alone",
				contact.Addresses:      "a mailing address, and another one",
				contact.Account:        "the id of an Account",
				contact.Owner:          "the id of a user",
				contact.Tags:           "by name, of at most 25 characters; missing ones are made",
				contact.CustomFields:   "API names, or labels; values are written in the field's format",
			},
		},
		Prepare: []connector.Discovery{{
			Name: settings, Keys: needsSettings, Request: askSettings, Decode: learnSettings, Optional: true, Life: time.Hour,
		}},
		Create: connector.Operation{Request: encode, Decode: decodeWritten},
		Read:   &connector.Operation{OK: []int{200}, Request: encodeRead, Decode: decode}, ReadBack: true,
		// COQL reads the database; the index of the search lags.
		Find: []connector.Finder{
			{By: contact.EmailAddresses, Absent: []int{204, 304}, Request: encodeFindEmail, Decode: decodeFound(shape.SameEmail)},
			{By: contact.LastName, Absent: []int{204, 304}, Request: encodeFindName, Decode: decodeFound(shape.SameName), Recent: true},
		},
		Update: &connector.Operation{Request: encodeUpdate, Decode: decodeWritten}, ReadFirst: true,
		Batch: &connector.Batch{
			Max: 100, OK: []int{200, 201, 202, 207, 400}, Request: encodeBatch, Decode: decodeBatch, PerRecord: true, Coalesce: true,
		},
		Probe: connector.Probe{OK: []int{200, 401}, Request: encodeProbe, Identity: decodeProbe},
		Errors: connector.Errors{
			Parse: parse, Codes: codes(),
			Statuses: map[int]fault.Kind{204: fault.NotFound, 304: fault.NotFound}, // of a read
			Fields: map[string]contact.Field{
				"First_Name": contact.FirstName, "Last_Name": contact.LastName, "Full_Name": contact.Name, "Title": contact.Title,
				"Description": contact.Description, "Email": contact.EmailAddresses, "Secondary_Email": contact.EmailAddresses,
				"Phone": contact.PhoneNumbers, "Mobile": contact.PhoneNumbers, "Home_Phone": contact.PhoneNumbers,
				"Other_Phone": contact.PhoneNumbers, "Fax": contact.PhoneNumbers, "Asst_Phone": contact.PhoneNumbers,
				"Mailing_Street": contact.Addresses, "Mailing_City": contact.Addresses, "Mailing_State": contact.Addresses,
				"Mailing_Zip": contact.Addresses, "Mailing_Country": contact.Addresses, "Other_Street": contact.Addresses,
				"Other_City": contact.Addresses, "Other_State": contact.Addresses, "Other_Zip": contact.Addresses,
				"Other_Country": contact.Addresses, "Account_Name": contact.Account, "Owner": contact.Owner, "Tag": contact.Tags,
			},
		},
		Limits: connector.Limits{
			Windows: []connector.Window{{Requests: 10, Per: time.Second}}, Concurrency: 4,
			Quotas:      []connector.Quota{{Requests: 50_000, Period: connector.Rolling24}},
			DefaultWait: 5 * time.Second,
			Usage:       []connector.UsageHeader{{Remaining: creditsLeft, Period: connector.Rolling24}},
		},
		Duplicates: connector.Duplicates{
			Detection: connector.DetectLookup, Note: "refused only where the org marked a field such as the e-mail unique; the refusal names the record",
		},
		Idempotency: connector.Idempotency{Kind: connector.ExternalKey, Applies: hasExternalID},
		Adoption:    connector.Adoption{Compare: []contact.Field{contact.FirstName, contact.LastName, contact.EmailAddresses}},
	}
}

func hasExternalID(c *connector.Call) bool { return c.Settings[externalIDField] != "" }

// https://www.zoho.com/crm/developer/docs/api/v8/get-org-data.html
func encodeProbe(*connector.Call) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: "/org"}, nil
}

// decodeProbe takes the word of a good token without the scope for the org's
// own data, which nothing else here needs.
func decodeProbe(r connector.Reply) (connector.Identity, error) {
	if r.Status == 401 {
		if ve := parse(r); ve.Code != scopeMismatch {
			return connector.Identity{}, &ve
		}
		return connector.Identity{}, nil
	}
	answer, err := connector.DecodeJSON[struct {
		Org []struct {
			ID   string `json:"zgid"`
			Name string `json:"company_name"`
		} `json:"org"`
	}](r)
	if err != nil || len(answer.Org) == 0 {
		return connector.Identity{}, err
	}
	return connector.Identity{ID: answer.Org[0].ID, Name: answer.Org[0].Name}, nil
}
