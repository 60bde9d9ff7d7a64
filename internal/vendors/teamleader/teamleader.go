// Package teamleader is the connector to Teamleader Focus, where every call is
// a POST of an action.
package teamleader

import (
	"strings"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

// Spec is what Ferry knows about Teamleader Focus. Limits are below those of
// https://developer.focus.teamleader.eu/docs/api/rate-limiting
func Spec() *connector.Spec {
	return &connector.Spec{
		ID: "teamleader", Name: "Teamleader",
		Docs:    "https://developer.focus.teamleader.eu/docs/api/contacts-add",
		BaseURL: "https://api.focus.teamleader.eu",
		// Older versions, to which an OAuth client may be pinned, answer differently.
		Headers: map[string]string{"X-Api-Version": "2023-09-26"},
		Schemes: []connector.Scheme{connector.BearerOAuth(connector.OAuth{
			TokenURL: "https://focus.teamleader.eu/oauth2/access_token", ClientAuth: "form", Rotates: true, Lifetime: time.Hour,
		})},
		Fields: connector.Fields{
			Accepts: []contact.Field{
				contact.FirstName, contact.LastName, contact.Name, contact.Title, contact.Description, contact.EmailAddresses,
				contact.PhoneNumbers, contact.Addresses, contact.URLs, contact.Account, contact.Tags, contact.CustomFields,
			},
			Requires: []contact.Field{contact.FirstName, contact.LastName},
			Returns: []contact.Field{
				contact.ID, contact.FirstName, contact.LastName, contact.Name, contact.Title, contact.Description, contact.EmailAddresses,
				contact.PhoneNumbers, contact.Addresses, contact.URLs, contact.Account, contact.Tags, contact.CustomFields,
				contact.CreatedAt, contact.UpdatedAt,
			},
			Notes: map[contact.Field]string{
				contact.CreatedAt:      "Teamleader sets added_at itself",
				contact.Owner:          "Teamleader's contacts have no owner",
				contact.Title:          "the position at the company that account links; without an account it has no place",
				contact.Description:    "goes to remarks, as Markdown",
				contact.EmailAddresses: "one, the primary one",
				contact.PhoneNumbers:   "of type phone, mobile or fax; all other types become phone",
				contact.Addresses:      "one of each kind: the first, then billing, shipping and any other; each needs a known country; states by the names that Teamleader lists",
				contact.Account:        "the id of a company, linked by a call of its own",
				contact.Tags:           "names; a new one makes a tag",
				contact.URLs:           "one website",
				contact.CustomFields:   "labels or ids of custom field definitions",
			},
		},
		Prepare: []connector.Discovery{
			{Name: definitions, Keys: needsDefinitions, Request: askDefinitions, Decode: learnDefinitions, Optional: true},
			{Name: areas, Keys: needsAreas, Request: askAreas, Decode: learnAreas, Optional: true, Life: time.Hour},
		},
		Create: connector.Operation{Request: encode, Decode: decodeID},
		Follow: follow,
		Read:   &connector.Operation{Request: encodeRead, Decode: decode}, ReadBack: true,
		Find: []connector.Finder{
			{By: contact.EmailAddresses, Request: encodeFindEmail, Decode: found(shape.SameEmail), Lag: indexLag},
			{By: contact.PhoneNumbers, Request: encodeFindPhone, Decode: found(shape.SamePhone), Lag: indexLag},
			{By: contact.LastName, Request: encodeFindName, Decode: found(shape.SameName), Lag: indexLag},
		},
		Update: &connector.Operation{Request: encodeUpdate, Decode: decodeUpdated}, ReadFirst: true,
		Probe: connector.Probe{Request: encodeProbe, Identity: decodeProbe},
		Errors: connector.Errors{
			Parse: parse,
			Fields: map[string]contact.Field{
				"first_name": contact.FirstName, "last_name": contact.LastName, "emails": contact.EmailAddresses, "email": contact.EmailAddresses,
				"telephones": contact.PhoneNumbers, "number": contact.PhoneNumbers, "addresses": contact.Addresses, "address": contact.Addresses,
				"country": contact.Addresses, "website": contact.URLs, "remarks": contact.Description, "tags": contact.Tags,
				"custom_fields": contact.CustomFields, "company_id": contact.Account, "position": contact.Title,
			},
		},
		Limits: connector.Limits{
			Windows: []connector.Window{{Requests: 150, Per: time.Minute}}, Concurrency: 4,
			Wait: []connector.WaitHeader{{Name: "X-RateLimit-Reset"}}, DefaultWait: time.Minute,
			Usage: []connector.UsageHeader{{Remaining: "X-RateLimit-Remaining", Limit: "X-RateLimit-Limit", Reset: "X-RateLimit-Reset"}},
		},
		Duplicates: connector.Duplicates{
			Detection: connector.DetectLookup, Note: "Teamleader takes any; we look by e-mail, else by phone, else by name",
		},
		Adoption: connector.Adoption{Compare: []contact.Field{contact.FirstName, contact.LastName, contact.EmailAddresses}},
	}
}

// indexLag is how long the list may miss a fresh contact; the vendor does not tell.
const indexLag = 10 * time.Second

func encodeProbe(*connector.Call) (connector.Request, error) { return action("/users.me", struct{}{}) }

// decodeProbe tells the account of the user, where it is named.
func decodeProbe(r connector.Reply) (connector.Identity, error) {
	me, err := connector.DecodeJSON[struct {
		Data struct {
			Account struct {
				ID string `json:"id"`
			} `json:"account"`
		} `json:"data"`
	}](r)
	return connector.Identity{ID: me.Data.Account.ID}, err
}

// parse reads refusals: one entry for each problem, of which only the title is
// certain. The code is no code, and the field may be the name of a rule:
// https://developer.focus.teamleader.eu/docs/api/errors
func parse(r connector.Reply) connector.VendorError {
	ve := connector.LenientError(r)
	answer, err := connector.DecodeJSON[struct {
		Errors []struct {
			Title string `json:"title"`
			Meta  struct {
				Field string `json:"field"`
			} `json:"meta"`
		} `json:"errors"`
	}](r)
	if err != nil || len(answer.Errors) == 0 {
		return ve
	}
	ve.Code, ve.Message = "", answer.Errors[0].Title
	for _, e := range answer.Errors {
		// Where the field is the name of a rule, the title starts with the path.
		path, _, _ := strings.Cut(e.Title, " ")
		ve.Fields = append(append(ve.Fields, shape.Words(e.Meta.Field)...), shape.Words(path)...)
	}
	return ve
}
