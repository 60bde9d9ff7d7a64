// Package freshsales is the connector to Freshsales, in its present form and
// in that of the older product at freshsales.io.
package freshsales

import (
	"regexp"
	"strings"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/shape"
)

// Spec is what Ferry knows about Freshsales. Limits fit the smallest plan's
// 1,000 calls an hour: https://crmsupport.freshworks.com/support/solutions/articles/50000005599
func Spec() *connector.Spec {
	return &connector.Spec{
		ID: "freshsales", Name: "Freshsales",
		Docs:    "https://developers.freshworks.com/crm/api/#create_contact",
		BaseURL: "https://{bundle_alias}",
		Settings: []connector.Setting{{
			Key: "bundle_alias", Label: "Bundle alias", Required: true, Host: true, Example: "acme.myfreshworks.com/crm/sales/api", Clean: base,
			Format: `^[a-z0-9][a-z0-9-]*\.(my)?freshworks\.com/crm/sales/api$|^[a-z0-9][a-z0-9-]*\.freshsales\.io/api$`,
			Help:   "As shown under Profile settings, API settings.",
		}},
		Schemes:      []connector.Scheme{connector.Header(connector.APIKey, "Authorization", "Token token={api_key}")},
		RemoteDataAt: "contact",
		Fields: connector.Fields{
			Accepts: []contact.Field{
				contact.FirstName, contact.LastName, contact.Name, contact.Title, contact.Description, contact.EmailAddresses,
				contact.PhoneNumbers, contact.Addresses, contact.URLs, contact.Account, contact.Owner, contact.Tags, contact.CustomFields,
			},
			Requires: []contact.Field{contact.EmailAddresses},
			Returns: []contact.Field{
				contact.ID, contact.FirstName, contact.LastName, contact.Name, contact.Title, contact.EmailAddresses, contact.PhoneNumbers,
				contact.Addresses, contact.URLs, contact.Account, contact.Owner, contact.Tags, contact.CustomFields,
				contact.CreatedAt, contact.UpdatedAt, contact.LastActivityAt,
			},
			Notes: map[contact.Field]string{
				contact.CreatedAt:      "Freshsales sets created_at itself",
				contact.Description:    "becomes a note of the contact",
				contact.EmailAddresses: "one, without a type",
				contact.PhoneNumbers:   "one mobile and one other number, which becomes the work number; no fax",
				contact.Addresses:      "one, without a type",
				contact.Account:        "the id of a sales account, which becomes the primary one",
				contact.Owner:          "the id of a user; answers to a create may leave it out",
				contact.Tags:           "names; a new one makes a tag",
				contact.URLs:           "one each of LinkedIn, Twitter and Facebook; there is no website",
				contact.CustomFields:   "names that start with cf_, or labels",
			},
		},
		Prepare: []connector.Discovery{{
			Name: definitions, Keys: needsDefinitions, Request: askDefinitions, Decode: learnDefinitions, Optional: true,
		}},
		Create: connector.Operation{Request: encode, Decode: decode},
		Follow: follow,
		Read:   &connector.Operation{Request: encodeRead, Decode: decode},
		Find: []connector.Finder{
			{By: contact.EmailAddresses, Request: encodeFindEmail, Decode: found(shape.SameEmail), Lag: indexLag},
			{By: contact.PhoneNumbers, Applies: hasMobile, Request: encodeFindMobile, Decode: found(shape.SamePhone), Lag: indexLag},
		},
		Update: &connector.Operation{Request: encodeUpdate, Decode: decode}, ReadFirst: true,
		Probe: connector.Probe{Request: encodeProbe, Identity: decodeProbe},
		Errors: connector.Errors{
			Parse: parse,
			Fields: map[string]contact.Field{
				"first_name": contact.FirstName, "last_name": contact.LastName, "job_title": contact.Title, "email": contact.EmailAddresses,
				"emails": contact.EmailAddresses, "work_number": contact.PhoneNumbers, "mobile_number": contact.PhoneNumbers,
				"mobile": contact.PhoneNumbers, "address": contact.Addresses, "city": contact.Addresses, "state": contact.Addresses,
				"zipcode": contact.Addresses, "country": contact.Addresses, "linkedin": contact.URLs, "twitter": contact.URLs,
				"facebook": contact.URLs, "sales_accounts": contact.Account, "owner_id": contact.Owner, "tags": contact.Tags,
				"custom_field": contact.CustomFields,
			},
		},
		Limits: connector.Limits{
			Windows: []connector.Window{{Requests: 15, Per: time.Minute}}, Concurrency: 2, DefaultWait: time.Minute,
		},
		Duplicates: connector.Duplicates{
			Detection: connector.DetectNative, Note: "Freshsales refuses a second e-mail in most accounts; some accept it",
		},
		Adoption: connector.Adoption{Compare: []contact.Field{contact.FirstName, contact.LastName, contact.EmailAddresses}},
	}
}

// indexLag is how long look-ups may miss a fresh contact; the vendor does not tell.
const indexLag = 10 * time.Second

// base is the API's address, without its scheme, in all forms in which a
// bundle alias is written.
func base(alias string) string {
	host, path, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(alias), "https://"), "http://"), "/")
	host, path = strings.ToLower(host), strings.Trim(path, "/")
	switch {
	case path == "" && strings.HasSuffix(host, ".freshsales.io"):
		path = "api"
	case path == "":
		path = "crm/sales/api"
	case !strings.HasSuffix(path, "api"):
		path += "/api"
	}
	return host + "/" + path
}

func encodeProbe(*connector.Call) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: "/selector/owners"}, nil
}

// decodeProbe tells no identity: the bundle alias is the account.
func decodeProbe(r connector.Reply) (connector.Identity, error) {
	_, err := connector.DecodeJSON[struct {
		Users []any `json:"users"`
	}](r)
	return connector.Identity{}, err
}

// parse reads refusals. Their code is a number or a text, their message a text
// or a list, and a duplicate is told by its words alone.
func parse(r connector.Reply) connector.VendorError {
	ve := connector.LenientError(r)
	answer, err := connector.DecodeJSON[struct {
		Errors struct {
			Code    any `json:"code"`
			Message any `json:"message"`
		} `json:"errors"`
	}](r)
	if err != nil || answer.Errors.Message == nil {
		return ve
	}
	ve.Code, ve.Message = shape.Text(answer.Errors.Code), strings.Join(shape.TextList(answer.Errors.Message), "; ")
	ve.Fields = shape.Words(ve.Message)
	taken := regexp.MustCompile(`(?i)already exists|already (been )?taken|not unique|\b3002\b`)
	if (r.Status == 400 || r.Status == 422) && taken.Match(r.Body) {
		ve.Kind = fault.Duplicate
	}
	return ve
}
