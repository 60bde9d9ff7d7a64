// Package onepagecrm is the connector to OnePageCRM, by version 3 of its API.
package onepagecrm

import (
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/shape"
)

// externalIDField is a custom field of the type external_id that holds our key.
const externalIDField = "external_id_field"

// Spec is what Ferry knows about OnePageCRM. Limits are below those of
// https://developer.onepagecrm.com/blog/api-rate-limit
func Spec() *connector.Spec {
	return &connector.Spec{
		ID: "onepagecrm", Name: "OnePageCRM",
		Docs:    "https://developer.onepagecrm.com/api/",
		BaseURL: "https://app.onepagecrm.com/api/v3",
		Settings: []connector.Setting{{
			Key: externalIDField, Label: "External id field", Example: "5aad9b039007ba28c9ebad56", Format: idForm,
			Help: "The id of a custom field of the type external_id. Ferry keeps its key there, and knows its own contacts by it.",
		}},
		// The user name is a user's id, the password that user's API key.
		Schemes: []connector.Scheme{{ID: connector.Basic, BasicPair: [2]string{"{username}", "{password}"}}},
		Fields: connector.Fields{
			Accepts: []contact.Field{
				contact.FirstName, contact.LastName, contact.Name, contact.Title, contact.Description, contact.EmailAddresses,
				contact.PhoneNumbers, contact.Addresses, contact.URLs, contact.Account, contact.Owner, contact.Tags, contact.CustomFields,
			},
			Returns: []contact.Field{
				contact.ID, contact.FirstName, contact.LastName, contact.Name, contact.Title, contact.Description,
				contact.EmailAddresses, contact.PhoneNumbers, contact.Addresses, contact.URLs, contact.Account, contact.Owner,
				contact.Tags, contact.CustomFields, contact.CreatedAt, contact.UpdatedAt,
			},
			Notes: map[contact.Field]string{
				contact.CreatedAt:      "OnePageCRM sets created_at itself",
				contact.FirstName:      "25 characters",
				contact.LastName:       "25 characters; OnePageCRM demands a last name or an account, so that an only name becomes the last one",
				contact.EmailAddresses: "types work, home and other",
				contact.PhoneNumbers:   "types work, mobile, home, direct, fax, company and other",
				contact.Addresses:      "two; countries of ISO 3166-1",
				contact.URLs:           "types website, blog, twitter, linkedin, xing, facebook, google_plus and other",
				contact.Account:        "the id of a company, linked by a call of its own; a name alone finds the company of that name, or makes it",
				contact.Owner:          "the id of a user; an update leaves it as it is",
				contact.Tags:           "names",
				contact.CustomFields:   "ids or names of custom fields; of multiple_choice, a list or a text parted by semicolons",
			},
		},
		Prepare: []connector.Discovery{
			{Name: fields, Keys: needsFields, Request: askFields, Decode: learnFields, Optional: true},
			{Name: moreFields, Keys: otherPages, Request: askFields, Decode: learnFields, Optional: true},
			{Name: company, Keys: namelessCompany, Request: askCompany, Decode: learnCompany, Optional: true},
		},
		Create: connector.Operation{Request: encode, Decode: decode},
		Follow: follow,
		Read:   &connector.Operation{Request: encodeRead, Decode: decode},
		Find: []connector.Finder{
			{Marker: true, Applies: hasExternalID, Request: findByKey, Decode: decodeMarked, Lag: lag},
			{By: contact.EmailAddresses, Request: findByEmail, Decode: foundBy(shape.SameEmail), Lag: lag},
			{By: contact.PhoneNumbers, Request: findByPhone, Decode: foundBy(shape.SamePhone), Lag: lag},
			{By: contact.Name, Request: findByName, Decode: foundBy(shape.SameName), Lag: lag},
		},
		Update: &connector.Operation{Request: encodeUpdate, Decode: decode}, ReadFirst: true,
		Probe: connector.Probe{Request: encodeProbe},
		Errors: connector.Errors{
			Parse: parse,
			Statuses: map[int]fault.Kind{
				402: fault.Forbidden, // the subscription has lapsed
				409: fault.Invalid,   // about the state of the contact, not about another one
			},
			// The vendor's words for the keys, without underscores.
			Fields: map[string]contact.Field{
				"firstname": contact.FirstName, "lastname": contact.LastName, "jobtitle": contact.Title, "background": contact.Description,
				"emails": contact.EmailAddresses, "email": contact.EmailAddresses, "phones": contact.PhoneNumbers, "phone": contact.PhoneNumbers,
				"addresslist": contact.Addresses, "address": contact.Addresses, "urls": contact.URLs, "url": contact.URLs,
				"company": contact.Account, "companyname": contact.Account, "companyid": contact.Account, "ownerid": contact.Owner,
				"owner": contact.Owner, "tags": contact.Tags, "customfields": contact.CustomFields,
			},
		},
		Limits: connector.Limits{
			Windows: []connector.Window{{Requests: 4, Per: time.Second}}, Concurrency: 2, Scope: connector.PerIP,
			DefaultWait: 2 * time.Second,
		},
		Duplicates: connector.Duplicates{Detection: connector.DetectLookup, Note: "looked up by e-mail, else by phone, else by full name"},
		Adoption:   connector.Adoption{Compare: []contact.Field{contact.LastName, contact.EmailAddresses}},
	}
}

func hasExternalID(c *connector.Call) bool { return c.Settings[externalIDField] != "" }

func encodeProbe(*connector.Call) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: "/statuses"}, nil
}
