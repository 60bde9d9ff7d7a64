// Package salesflare is the connector to Salesflare.
package salesflare

import (
	"net/url"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

// Spec is what Ferry knows about Salesflare. The vendor publishes no limits:
// https://api.salesflare.com/docs
func Spec() *connector.Spec {
	return &connector.Spec{
		ID: "salesflare", Name: "Salesflare",
		Docs:    "https://api.salesflare.com/docs#operation/postContacts",
		BaseURL: "https://api.salesflare.com",
		Schemes: []connector.Scheme{connector.Bearer(connector.APIKey)},
		Fields: connector.Fields{
			Accepts: []contact.Field{
				contact.FirstName, contact.LastName, contact.Name, contact.Title, contact.EmailAddresses, contact.PhoneNumbers,
				contact.Addresses, contact.URLs, contact.Account, contact.Owner, contact.Tags, contact.CustomFields,
			},
			Requires: []contact.Field{contact.FirstName, contact.LastName, contact.EmailAddresses},
			Returns: []contact.Field{
				contact.ID, contact.FirstName, contact.LastName, contact.Name, contact.Title, contact.EmailAddresses, contact.PhoneNumbers,
				contact.Addresses, contact.URLs, contact.Account, contact.Owner, contact.Tags, contact.CustomFields,
				contact.CreatedAt, contact.UpdatedAt, contact.LastActivityAt,
			},
			Notes: map[contact.Field]string{
				contact.CreatedAt:      "Salesflare sets creation_date itself",
				contact.Description:    "Salesflare's contacts have no notes; they belong to accounts",
				contact.Title:          "the role of the position",
				contact.EmailAddresses: "one, without a type",
				contact.PhoneNumbers:   "one each of phone, mobile, home and fax; the others keep their types in a list",
				contact.Account:        "the id of an account; a name goes to the organisation of the position",
				contact.Owner:          "the id of a user; without it the owner of the key",
				contact.Tags:           "names or ids; a new name makes a tag",
				contact.URLs:           "become social profiles",
				contact.CustomFields:   "the api_field names of custom fields",
			},
		},
		Create: connector.Operation{Request: encode, Decode: decodeID},
		Read:   &connector.Operation{Request: encodeRead, Decode: decode}, ReadBack: true,
		Find: []connector.Finder{
			finder(contact.EmailAddresses, "email", func(c *connector.Call) string { return shape.FirstEmail(c.Input.EmailAddresses) }, shape.SameEmail),
			finder(contact.PhoneNumbers, "phone_number", func(c *connector.Call) string { return c.Input.PhoneNumbers[0].Number }, shape.SamePhone),
			finder(contact.Name, "name", func(c *connector.Call) string { return c.Input.Name }, shape.SameName),
		},
		Update: &connector.Operation{Request: encodeUpdate, Decode: decodeID}, ReadFirst: true,
		Probe: connector.Probe{Request: encodeProbe, Identity: decodeProbe},
		Errors: connector.Errors{
			Parse: parse,
			Fields: map[string]contact.Field{
				"firstname": contact.FirstName, "lastname": contact.LastName, "name": contact.Name, "position": contact.Title,
				"positions": contact.Title, "email": contact.EmailAddresses, "phone_number": contact.PhoneNumbers,
				"mobile_phone_number": contact.PhoneNumbers, "home_phone_number": contact.PhoneNumbers, "fax_number": contact.PhoneNumbers,
				"phone_numbers": contact.PhoneNumbers, "addresses": contact.Addresses, "social_profiles": contact.URLs,
				"account": contact.Account, "owner": contact.Owner, "tags": contact.Tags, "custom": contact.CustomFields,
			},
		},
		Limits: connector.Limits{
			Windows: []connector.Window{{Requests: 60, Per: time.Minute}}, Concurrency: 2, DefaultWait: 5 * time.Second,
		},
		Duplicates: connector.Duplicates{
			Detection: connector.DetectLookup, Note: "Salesflare takes any; we look by e-mail, else by phone, else by name",
		},
		Adoption: connector.Adoption{Compare: []contact.Field{contact.FirstName, contact.LastName, contact.EmailAddresses}},
	}
}

// indexLag is how long the list may miss a fresh contact; the vendor does not tell.
const indexLag = 10 * time.Second

// finder filters the list, which matches parts, by one member.
func finder(by contact.Field, filter string, value func(*connector.Call) string, same func(sent, found contact.Contact) bool) connector.Finder {
	return connector.Finder{
		By: by, Lag: indexLag,
		Request: func(c *connector.Call) (connector.Request, error) {
			return connector.Request{Method: "GET", Path: "/contacts", Query: url.Values{filter: {value(c)}, "limit": {"100"}}}, nil
		},
		Decode: func(c *connector.Call, r connector.Reply) ([]contact.Contact, error) {
			list, err := connector.DecodeJSON[[]record](r)
			all := shape.Each(list, func(p record) contact.Contact { return p.contact(c) })
			return shape.Matching(same, c.Input.Contact, all), err
		},
	}
}

func encodeProbe(*connector.Call) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: "/me"}, nil
}

func decodeProbe(r connector.Reply) (connector.Identity, error) {
	me, err := connector.DecodeJSON[struct {
		Team int64 `json:"team"`
	}](r)
	if err != nil { // the shape of team is not documented: the key works all the same
		return connector.Identity{}, nil
	}
	return connector.Identity{ID: shape.IntegerText(me.Team)}, nil
}

// parse reads the envelope of all refusals; there are no codes but the status.
func parse(r connector.Reply) connector.VendorError {
	ve := connector.LenientError(r)
	answer, err := connector.DecodeJSON[struct {
		Error      string `json:"error"`
		Message    string `json:"message"`
		Validation struct {
			Errors []struct {
				Path  string `json:"path"`
				Label string `json:"label"`
			} `json:"errors"`
		} `json:"validation"`
	}](r)
	if err != nil || answer.Error == "" {
		return ve
	}
	ve.Code, ve.Message = answer.Error, answer.Message
	for _, e := range answer.Validation.Errors {
		words := shape.Words(e.Path)
		ve.Fields = append(ve.Fields, words...)
	}
	return ve
}
