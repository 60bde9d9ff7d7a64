// Package outreach is the connector to Outreach, where a contact is a prospect.
package outreach

import (
	"net/url"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
)

// The settings that the connector looks at itself, and the only media type
// that the API takes.
const (
	defaultOwner = "default_owner_id"
	mediaType    = "application/vnd.api+json"
)

// Spec is what Ferry knows about Outreach. The pace is below the 10,000 calls
// per hour and user of https://developers.outreach.io/api/making-requests
func Spec() *connector.Spec {
	return &connector.Spec{
		ID: "outreach", Name: "Outreach",
		Docs:    "https://developers.outreach.io/api/reference/tag/Prospect/",
		BaseURL: "https://api.outreach.io/api/v2",
		Settings: []connector.Setting{
			{
				Key: "redirect_uri", Label: "Redirect URI", Example: "https://app.example.com/oauth/callback", Format: `^https?://[^\s/]+(/\S*)?$`,
				Help: "The one with which the app was authorised; it is sent again when the token is refreshed.",
			},
			{
				Key: defaultOwner, Label: "Default owner", Example: "7", Format: `^[1-9][0-9]{0,17}$`,
				Help: "The id of the user who owns prospects that come without an owner.",
			},
		},
		Schemes: []connector.Scheme{connector.BearerOAuth(connector.OAuth{
			TokenURL: "https://api.outreach.io/oauth/token", ClientAuth: "form", Params: map[string]string{"redirect_uri": "{redirect_uri}"},
			Lifetime: 2 * time.Hour, MinGap: time.Minute,
		})},
		Headers: map[string]string{"Accept": mediaType, "Content-Type": mediaType}, ContentType: mediaType,
		RemoteDataAt: "data.attributes", RemoteDataTop: []string{"data.relationships"},
		Fields: connector.Fields{
			Accepts:  contact.Writable(),
			Requires: []contact.Field{contact.FirstName, contact.EmailAddresses},
			Returns: []contact.Field{
				contact.ID, contact.FirstName, contact.LastName, contact.Name, contact.Title, contact.Description,
				contact.EmailAddresses, contact.PhoneNumbers, contact.Addresses, contact.URLs, contact.Account, contact.Owner,
				contact.Tags, contact.CustomFields, contact.CreatedAt, contact.UpdatedAt, contact.LastActivityAt,
			},
			Notes: map[contact.Field]string{
				contact.CreatedAt:      "goes to addedAt; Outreach sets createdAt itself",
				contact.Description:    "goes to personalNote1",
				contact.EmailAddresses: "the first is the primary one; types are not held",
				contact.PhoneNumbers:   "lists for work, mobile, home, voip and other; fax and assistant numbers become other ones",
				contact.Addresses:      "one, without a type",
				contact.URLs:           "one each of LinkedIn, Twitter, Facebook, GitHub, Stack Overflow, Quora and AngelList, and three others",
				contact.Account:        "the id of an account; a name alone goes to the text attribute company",
				contact.Owner:          "the id of a user; without it the default_owner_id of the settings, else nobody",
				contact.Tags:           "names; new ones are made",
				contact.CustomFields:   "custom1 to custom150; values are sent as text, lists joined by semicolons. Other attributes go to remote_data",
			},
		},
		Create: connector.Operation{OK: []int{201}, Request: encode, Decode: decode},
		Read:   &connector.Operation{Request: encodeRead, Decode: decode},
		Find: []connector.Finder{{
			By: contact.EmailAddresses, Lag: 2 * time.Second, Request: encodeFind, Decode: decodeFound,
		}},
		Update: &connector.Operation{Request: encodeUpdate, Decode: decode}, ReadFirst: true,
		Probe: connector.Probe{Request: encodeProbe},
		Errors: connector.Errors{
			Parse: parse,
			Codes: map[string]fault.Kind{
				"validationDuplicateValueError": fault.Duplicate, "unauthorizedOauthScope": fault.Forbidden,
				"rateLimitExceeded": fault.RateLimited, "scheduledServerMaintenance": fault.Unavailable,
			},
			Fields: map[string]contact.Field{
				"firstName": contact.FirstName, "lastName": contact.LastName, "name": contact.Name, "title": contact.Title,
				"personalNote1": contact.Description, "emails": contact.EmailAddresses, "email": contact.EmailAddresses,
				"email_hash": contact.EmailAddresses, "workPhones": contact.PhoneNumbers, "mobilePhones": contact.PhoneNumbers,
				"homePhones": contact.PhoneNumbers, "voipPhones": contact.PhoneNumbers, "otherPhones": contact.PhoneNumbers,
				"addressStreet": contact.Addresses, "addressStreet2": contact.Addresses, "addressCity": contact.Addresses,
				"addressState": contact.Addresses, "addressZip": contact.Addresses, "addressCountry": contact.Addresses,
				"linkedInUrl": contact.URLs, "twitterUrl": contact.URLs, "facebookUrl": contact.URLs, "githubUrl": contact.URLs,
				"stackOverflowUrl": contact.URLs, "quoraUrl": contact.URLs, "angelListUrl": contact.URLs, "websiteUrl1": contact.URLs,
				"websiteUrl2": contact.URLs, "websiteUrl3": contact.URLs, "account": contact.Account, "company": contact.Account,
				"owner": contact.Owner, "tags": contact.Tags, "addedAt": contact.CreatedAt,
			},
		},
		Limits: connector.Limits{
			Windows: []connector.Window{{Requests: 5, Per: 2 * time.Second}}, Concurrency: 4,
			// Numbers there are instants, in seconds of the epoch; maintenance gives a time without a zone.
			Wait:        []connector.WaitHeader{{Name: "Retry-After"}, {Name: "X-RateLimit-Reset", Form: connector.EpochSecond}},
			DefaultWait: time.Minute, MaxWait: 61 * time.Minute,
			Usage: []connector.UsageHeader{{
				Remaining: "X-RateLimit-Remaining", Limit: "X-RateLimit-Limit", Reset: "X-RateLimit-Reset", ResetForm: connector.EpochSecond,
			}},
		},
		Duplicates: connector.Duplicates{
			Detection: connector.DetectNative, Note: "an e-mail address belongs to one prospect, or to a user",
		},
		Idempotency: connector.Idempotency{Kind: connector.UniqueField, By: contact.EmailAddresses},
		Adoption:    connector.Adoption{Compare: []contact.Field{contact.FirstName, contact.LastName, contact.EmailAddresses}},
	}
}

// encodeProbe needs no scope beyond those of look-ups. Whose the token is can
// be told only with more.
func encodeProbe(*connector.Call) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: "/prospects", Query: url.Values{"page[size]": {"1"}}}, nil
}
