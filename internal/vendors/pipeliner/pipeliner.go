// Package pipeliner is the connector to Pipeliner, in version 100 of its REST
// API.
package pipeliner

import (
	"net/url"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

// The settings that the connector looks at itself.
const (
	defaultOwner    = "default_owner_id"
	externalIDField = "external_id_field"
)

// Spec is what Ferry knows about Pipeliner, which publishes no limits.
func Spec() *connector.Spec {
	return &connector.Spec{
		ID: "pipeliner", Name: "Pipeliner",
		Docs:    "https://developers.pipelinersales.com/api-docs/tutorials-and-articles/create-contact",
		BaseURL: "{instance_url}/api/v100/rest/spaces/{space_id}/entities",
		Settings: []connector.Setting{
			{
				Key: "instance_url", Label: "Service URL", Host: true, Required: true, Clean: shape.Origin,
				Format: `^https://([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+pipelinersales\.com$`, Example: "https://eu-central.api.pipelinersales.com",
				Help: "As shown with the API key of the application.",
			},
			{
				Key: "space_id", Label: "Space id", Required: true, Format: `^[A-Za-z0-9][A-Za-z0-9_-]*$`, Example: "us_Acme",
				Help: "As shown with the API key; upper and lower case matter.",
			},
			{
				Key: defaultOwner, Label: "Default owner", Format: `^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`,
				Example: "00000000-0000-0000-0000-000000008e97", Help: "The user who owns contacts that come without an owner.",
			},
			{
				Key: externalIDField, Label: "External id field", Example: "cf_ferry_key", Format: `^[A-Za-z][A-Za-z0-9_]*$`,
				Help: "The API name of a unique text field of contacts. Ferry keeps its key there, by which it knows its own work.",
			},
		},
		Schemes: []connector.Scheme{{
			ID: connector.Basic, BasicPair: [2]string{"{username}", "{password}"}, Note: "the pair of an application's API key",
		}},
		Fields: connector.Fields{
			Accepts:  contact.Writable(),
			Requires: []contact.Field{contact.FirstName, contact.Owner},
			Defaults: map[contact.Field]string{contact.Owner: defaultOwner},
			Returns: []contact.Field{
				contact.ID, contact.FirstName, contact.LastName, contact.Name, contact.Title, contact.Description,
				contact.EmailAddresses, contact.PhoneNumbers, contact.Addresses, contact.URLs, contact.Account, contact.Owner,
				contact.Tags, contact.CustomFields, contact.CreatedAt, contact.UpdatedAt, contact.ETag,
			},
			Notes: map[contact.Field]string{
				contact.Title:          "the position in the account; Pipeliner's own title is the salutation",
				contact.Description:    "goes to comments",
				contact.EmailAddresses: "five; types are not held",
				contact.PhoneNumbers:   "five; types are not held",
				contact.Addresses:      "one, of no type",
				contact.URLs:           "one of each social network that Pipeliner knows; there is no field for other sites",
				contact.Account:        "the id of an account; a name goes to the text field quick_account_name",
				contact.Owner:          "the id of a user, or their e-mail",
				contact.Tags:           "ids or names; a new name makes a tag",
				contact.CustomFields:   "API names or labels of fields; options go by id or name",
				contact.ETag:           "the revision, which changes with each edit",
			},
		},
		Prepare: []connector.Discovery{
			{Name: clients, Keys: needsClient, Request: askClient, Decode: learnClient, Optional: true},
			{Name: tags, Keys: needsTags, Request: askTag, Decode: learnTag, Optional: true},
			{Name: newTags, Keys: needsNewTags, Request: makeTag, Decode: learnNewTag, Optional: true},
			fieldsPage("1", ""), fieldsPage("2", "1"), fieldsPage("3", "2"), fieldsPage("4", "3"), fieldsPage("5", "4"),
		},
		Create: connector.Operation{Request: encode, Decode: decodeCreated},
		Follow: follow,
		Read:   &connector.Operation{Request: encodeRead, Decode: decode},
		Find: []connector.Finder{
			{Marker: true, Applies: keyed, Request: encodeFindKey, Decode: decodeKeyed, Lag: storeLag},
			{By: contact.EmailAddresses, Request: encodeFindEmail, Decode: decodeFound(shape.SameEmail), Lag: storeLag},
			{By: contact.PhoneNumbers, Request: encodeFindPhone, Decode: decodeFound(samePhoneAndName), Lag: storeLag},
			{By: contact.Name, Request: encodeFindName, Decode: decodeFound(shape.SameName), Lag: storeLag},
		},
		Update: &connector.Operation{Request: encodeUpdate, Decode: decode},
		Batch:  &connector.Batch{Max: 100, Request: encodeBatch, Decode: decodeBatch, PerRecord: true},
		Probe:  connector.Probe{Request: encodeProbe, Identity: decodeProbe},
		Errors: connector.Errors{
			Parse: parse,
			Fields: map[string]contact.Field{
				"first_name": contact.FirstName, "last_name": contact.LastName, "account_position": contact.Title, "position": contact.Title,
				"comments": contact.Description, "email1": contact.EmailAddresses, "email2": contact.EmailAddresses,
				"email3": contact.EmailAddresses, "email4": contact.EmailAddresses, "email5": contact.EmailAddresses,
				"phone1": contact.PhoneNumbers, "phone2": contact.PhoneNumbers, "phone3": contact.PhoneNumbers,
				"phone4": contact.PhoneNumbers, "phone5": contact.PhoneNumbers, "address": contact.Addresses, "city": contact.Addresses,
				"state_province": contact.Addresses, "zip_code": contact.Addresses, "country": contact.Addresses,
				"social_media": contact.URLs, "account_relations": contact.Account, "account_id": contact.Account,
				"quick_account_name": contact.Account, "owner_id": contact.Owner, "tags": contact.Tags, "tag_id": contact.Tags,
				"created": contact.CreatedAt,
			},
		},
		Limits: connector.Limits{
			Windows: []connector.Window{{Requests: 2, Per: time.Second}}, Concurrency: 2, DefaultWait: 5 * time.Second,
		},
		Duplicates: connector.Duplicates{
			Detection: connector.DetectLookup, Note: "by e-mail, else by phone and name, else by name; fields that an admin marked as unique refuse as well",
		},
		Adoption: connector.Adoption{Compare: []contact.Field{contact.FirstName, contact.LastName, contact.EmailAddresses}},
	}
}

// storeLag is how long a list may miss a fresh contact; the vendor does not tell.
const storeLag = 4 * time.Second

func keyed(c *connector.Call) bool { return c.Settings[externalIDField] != "" }

// encodeProbe needs the right to see contacts; Pipeliner does not tell whose
// the key is.
func encodeProbe(*connector.Call) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: "/Contacts", Query: url.Values{"first": {"1"}, "load-only": {"id"}}}, nil
}

func decodeProbe(r connector.Reply) (connector.Identity, error) {
	_, err := unwrap[[]any](r)
	return connector.Identity{}, err
}
