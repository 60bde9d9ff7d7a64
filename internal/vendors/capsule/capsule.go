// Package capsule is the connector to Capsule, where a contact is a party of
// type person.
package capsule

import (
	"strings"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/shape"
)

// Spec is what Ferry knows about Capsule. Limits are below those of
// https://developer.capsulecrm.com/v2/overview/handling-api-responses
func Spec() *connector.Spec {
	return &connector.Spec{
		ID: "capsule", Name: "Capsule",
		Docs:    "https://developer.capsulecrm.com/v2/operations/Party",
		BaseURL: "https://api.capsulecrm.com/api/v2",
		Schemes: []connector.Scheme{
			connector.Bearer(connector.AccessToken),
			connector.BearerOAuth(connector.OAuth{
				TokenURL: "https://api.capsulecrm.com/oauth/token", ClientAuth: "form", Lifetime: 7 * 24 * time.Hour,
			}),
		},
		RemoteDataAt: "party",
		Fields: connector.Fields{
			Accepts: []contact.Field{
				contact.FirstName, contact.LastName, contact.Name, contact.Title, contact.Description, contact.EmailAddresses,
				contact.PhoneNumbers, contact.Addresses, contact.URLs, contact.Account, contact.Owner, contact.Tags, contact.CustomFields,
			},
			Requires: []contact.Field{contact.FirstName},
			Returns: []contact.Field{
				contact.ID, contact.FirstName, contact.LastName, contact.Name, contact.Title, contact.Description,
				contact.EmailAddresses, contact.PhoneNumbers, contact.Addresses, contact.URLs, contact.Account, contact.Owner,
				contact.Tags, contact.CustomFields, contact.CreatedAt, contact.UpdatedAt, contact.LastActivityAt,
			},
			Notes: map[contact.Field]string{
				contact.CreatedAt:      "Capsule sets createdAt itself",
				contact.Title:          "the job title; Capsule's own title is the salutation",
				contact.Description:    "goes to about",
				contact.EmailAddresses: "of type work or home, or of none",
				contact.PhoneNumbers:   "of type work, home, mobile, fax or direct, or of none",
				contact.Addresses:      "of type home, postal, office, billing or shipping, or of none; countries that are not on Capsule's list are left out",
				contact.Account:        "the id of an organisation, or its name, which makes one where there is none",
				contact.Owner:          "the id of a user; without it the owner of the token",
				contact.Tags:           "ids or names; a new name makes a tag",
				contact.CustomFields:   "names or ids of field definitions",
			},
		},
		Prepare: []connector.Discovery{
			{Name: countries, Keys: needsCountries, Request: askCountries, Decode: learnCountries, Optional: true, Life: 24 * time.Hour},
			definitionsPage("1"), definitionsPage("2"), definitionsPage("3"),
		},
		Create: connector.Operation{Request: encode, Decode: decode},
		Read:   &connector.Operation{Request: encodeRead, Decode: decode},
		Find: []connector.Finder{
			{By: contact.EmailAddresses, Request: encodeFindEmail, Decode: found(shape.SameEmail), Lag: indexLag},
			{By: contact.PhoneNumbers, Request: encodeFindPhone, Decode: found(shape.SamePhone), Lag: indexLag},
			{By: contact.Name, Request: encodeFindName, Decode: found(shape.SameName), Lag: indexLag},
		},
		Update: &connector.Operation{Request: encodeUpdate, Decode: decode}, ReadFirst: true,
		Probe: connector.Probe{Request: encodeProbe, Identity: decodeProbe},
		Errors: connector.Errors{
			Parse: parse, Codes: map[string]fault.Kind{"invalid_token": fault.Unauthorized, "insufficient_scope": fault.Forbidden},
			Fields: map[string]contact.Field{
				"firstName": contact.FirstName, "lastName": contact.LastName, "jobTitle": contact.Title, "about": contact.Description,
				"emailAddress": contact.EmailAddresses, "phoneNumber": contact.PhoneNumbers, "address": contact.Addresses,
				"website": contact.URLs, "organisation": contact.Account, "owner": contact.Owner, "tag": contact.Tags, "field": contact.CustomFields,
			},
		},
		Limits: connector.Limits{
			Windows: []connector.Window{{Requests: 60, Per: time.Minute}}, Concurrency: 4,
			Wait:        []connector.WaitHeader{{Name: "X-RateLimit-Reset", Form: connector.EpochSecond}},
			DefaultWait: time.Minute,
			Usage: []connector.UsageHeader{{
				Remaining: "X-RateLimit-Remaining", Limit: "X-RateLimit-Limit", Reset: "X-RateLimit-Reset", ResetForm: connector.EpochSecond,
			}},
		},
		Duplicates: connector.Duplicates{
			Detection: connector.DetectLookup, Note: "Capsule takes any; we look by e-mail, else by phone, else by name",
		},
		Adoption: connector.Adoption{Compare: []contact.Field{contact.FirstName, contact.LastName, contact.EmailAddresses}},
	}
}

// indexLag is how long the filters may miss a fresh party; the vendor does not tell.
const indexLag = 10 * time.Second

// https://developer.capsulecrm.com/v2/operations/Site
func encodeProbe(*connector.Call) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: "/site"}, nil
}

func decodeProbe(r connector.Reply) (connector.Identity, error) {
	answer, err := connector.DecodeJSON[struct {
		Site struct {
			Subdomain string `json:"subdomain"`
			Name      string `json:"name"`
		} `json:"site"`
	}](r)
	return connector.Identity{ID: answer.Site.Subdomain, Name: answer.Site.Name}, err
}

// parse reads refusals, which have no codes of their own: the place of each
// fault is told by the singular of its list, or party and a key.
func parse(r connector.Reply) connector.VendorError {
	ve := connector.LenientError(r)
	answer, err := connector.DecodeJSON[struct {
		Errors []struct {
			Message  string `json:"message"`
			Resource string `json:"resource"`
			Field    string `json:"field"`
		} `json:"errors"`
	}](r)
	switch {
	case err != nil:
		return ve
	case r.Status == 404 && strings.HasPrefix(ve.Message, "organisation"):
		ve.Kind, ve.Fields = fault.Invalid, []string{"organisation"}
	}
	for _, e := range answer.Errors {
		ve.Message += "; " + e.Resource + " " + e.Field + ": " + e.Message
		if ve.Fields = append(ve.Fields, e.Resource); e.Resource == "party" {
			ve.Fields = append(ve.Fields, e.Field)
		}
	}
	return ve
}
