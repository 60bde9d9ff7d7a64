// Package nutshell is the connector to Nutshell. It speaks the REST API; the
// older JSON-RPC API has other bodies.
package nutshell

import (
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

// externalIDField is a custom field that holds our key.
const externalIDField = "external_id_field"

// Spec is what Ferry knows about Nutshell. The vendor publishes no limits.
func Spec() *connector.Spec {
	return &connector.Spec{
		ID: "nutshell", Name: "Nutshell",
		Docs:    "https://developers.nutshell.com/reference/376a09558c05d3d4d273459f15a57326",
		BaseURL: "https://app.nutshell.com/rest",
		Settings: []connector.Setting{{
			Key: externalIDField, Label: "External id field", Example: "Source Key", Format: `^[^\[\]/~]{1,100}$`,
			Help: "A text field of contacts, by the name that Nutshell shows. Ferry keeps its key there, and knows its own records by it.",
		}},
		// The user name is the e-mail of a user, the password an API key.
		Schemes:      []connector.Scheme{{ID: connector.Basic, BasicPair: [2]string{"{username}", "{password}"}}},
		RemoteDataAt: "contacts",
		Fields: connector.Fields{
			Accepts: []contact.Field{
				contact.FirstName, contact.LastName, contact.Name, contact.Title, contact.Description, contact.EmailAddresses,
				contact.PhoneNumbers, contact.Addresses, contact.URLs, contact.Account, contact.Owner, contact.Tags, contact.CustomFields,
			},
			Requires: []contact.Field{contact.Name},
			Returns: []contact.Field{
				contact.ID, contact.FirstName, contact.LastName, contact.Name, contact.Title, contact.Description,
				contact.EmailAddresses, contact.PhoneNumbers, contact.Addresses, contact.URLs, contact.Account, contact.Owner,
				contact.Tags, contact.CreatedAt,
			},
			Notes: map[contact.Field]string{
				contact.CreatedAt:      "Nutshell sets createdTime itself",
				contact.FirstName:      "Nutshell parts the full name; a wrong parting is put right by a call of its own",
				contact.LastName:       "Nutshell parts the full name; a wrong parting is put right by a call of its own",
				contact.Title:          "set by a call of its own",
				contact.Addresses:      "countries of ISO 3166-1",
				contact.Account:        "the id of an account; an update leaves it as it is",
				contact.Owner:          "the id of a user; without one the acting user owns the contact; an update leaves it as it is",
				contact.Tags:           "names of contact tags, made where there are none; an update leaves them as they are",
				contact.CustomFields:   "the names that Nutshell shows; values are sent as text; answers do not hold them",
				contact.EmailAddresses: "types become labels",
				contact.PhoneNumbers:   "types become labels",
			},
		},
		Prepare: []connector.Discovery{
			{Name: tags, Keys: namedTags, Request: askTag, Decode: learnTag, Optional: true, Life: time.Minute},
			{Name: newTags, Keys: missingTags, Request: makeTag, Decode: learnTag, Optional: true},
		},
		Create: connector.Operation{Request: encode, Decode: decode},
		Follow: follow,
		Read:   &connector.Operation{Request: encodeRead, Decode: decode},
		Find: []connector.Finder{
			{Marker: true, Applies: hasExternalID, Request: findBy(byKey), Decode: foundBy(shape.SameName), Lag: lag},
			{By: contact.EmailAddresses, Request: findBy(byEmail), Decode: foundBy(shape.SameEmail), Lag: lag},
			{By: contact.PhoneNumbers, Request: findBy(byPhone), Decode: foundBy(shape.SamePhone), Lag: lag},
			{By: contact.Name, Request: findBy(byName), Decode: foundBy(shape.SameName), Lag: lag},
		},
		Update: &connector.Operation{Request: encodeUpdate, Decode: decodeUpdated}, ReadFirst: true,
		Probe: connector.Probe{Request: encodeProbe, Identity: decodeProbe},
		Errors: connector.Errors{
			Parse: parse,
			Fields: map[string]contact.Field{
				"name": contact.Name, "firstName": contact.FirstName, "lastName": contact.LastName, "jobTitle": contact.Title,
				"description": contact.Description, "emails": contact.EmailAddresses, "phones": contact.PhoneNumbers,
				"addresses": contact.Addresses, "urls": contact.URLs, "accounts": contact.Account, "owner": contact.Owner,
				"tags": contact.Tags, "customFields": contact.CustomFields,
			},
		},
		Limits: connector.Limits{
			Windows: []connector.Window{{Requests: 3, Per: time.Second}}, Concurrency: 2, DefaultWait: 5 * time.Second,
		},
		Duplicates: connector.Duplicates{Detection: connector.DetectLookup, Note: "looked up by e-mail, else by phone, else by full name"},
		Adoption:   connector.Adoption{Compare: []contact.Field{contact.Name, contact.EmailAddresses}},
	}
}

func hasExternalID(c *connector.Call) bool { return c.Settings[externalIDField] != "" }

func encodeProbe(*connector.Call) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: "/users"}, nil
}

func decodeProbe(r connector.Reply) (connector.Identity, error) {
	answer, err := connector.DecodeJSON[struct {
		Meta struct {
			InstanceID any `json:"instanceId"`
		} `json:"meta"`
	}](r)
	return connector.Identity{ID: shape.Text(answer.Meta.InstanceID)}, err
}
