// Package dynamics365sales is the connector to Microsoft Dynamics 365 Sales,
// whose contact is a row of the Dataverse table contact.
//
// We choose the GUID of the contact: a create that is repeated is refused.
package dynamics365sales

import (
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/shape"
)

// The hosts of Dataverse in the public and the sovereign clouds:
// https://learn.microsoft.com/power-platform/admin/new-datacenter-regions and
// https://learn.microsoft.com/power-platform/admin/microsoft-dynamics-365-government
const (
	instanceHost = `^https://[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.api)?\.crm[0-9]{0,2}\.(dynamics\.(com|cn)|microsoftdynamics\.us|appsplatform\.us)$`
	loginHost    = `^https://login\.(microsoftonline\.(com|us)|partner\.microsoftonline\.cn)$`
	tenant       = `^([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}|organizations)$`
)

// Spec is what Ferry knows about Dynamics 365 Sales. Limits are below those of
// https://learn.microsoft.com/power-apps/developer/data-platform/api-limits
func Spec() *connector.Spec {
	return &connector.Spec{
		ID: "dynamics-365-sales", Name: "Microsoft Dynamics 365 Sales",
		Docs:    "https://learn.microsoft.com/power-apps/developer/data-platform/webapi/create-entity-web-api",
		BaseURL: "{instance_url}/api/data/v9.2",
		Settings: []connector.Setting{
			{
				Key: "instance_url", Label: "Environment URL", Required: true, Host: true, Format: instanceHost, Clean: shape.Origin,
				Example: "https://contoso.crm.dynamics.com",
			},
			{
				Key: "tenant_id", Label: "Tenant", Required: true, Format: tenant, Example: "contoso.onmicrosoft.com",
				Help: "The directory's id or domain in Microsoft Entra; organizations for users of apps that serve many tenants.",
			},
			{Key: "login_url", Label: "Login URL", Host: true, Format: loginHost, Clean: shape.Origin, Default: "https://login.microsoftonline.com"},
			{
				Key: "suppress_duplicate_detection", Label: "Suppress duplicate detection", Default: "true", Format: `^(true|false)$`,
				Help: "false lets the environment's own duplicate rules refuse contacts.",
			},
		},
		// .default asks for what the app was granted, which suits users and
		// applications alike.
		Schemes: []connector.Scheme{connector.BearerOAuth(connector.OAuth{
			TokenURL: "{login_url}/{tenant_id}/oauth2/v2.0/token", ClientAuth: "form", AppOnly: true,
			Params: map[string]string{"scope": "{instance_url}/.default"}, Lifetime: time.Hour,
		})},
		Headers: map[string]string{
			"OData-Version": "4.0", "OData-MaxVersion": "4.0", suppression: "{suppress_duplicate_detection}", prefer: preferences,
		},
		ContentType: "application/json; charset=utf-8",
		Fields: connector.Fields{
			Accepts: []contact.Field{
				contact.FirstName, contact.LastName, contact.Name, contact.Title, contact.Description, contact.EmailAddresses,
				contact.PhoneNumbers, contact.Addresses, contact.URLs, contact.Account, contact.Owner, contact.CustomFields, contact.CreatedAt,
			},
			Requires: []contact.Field{contact.FirstName, contact.LastName},
			Returns: []contact.Field{
				contact.ID, contact.FirstName, contact.LastName, contact.Name, contact.Title, contact.Description,
				contact.EmailAddresses, contact.PhoneNumbers, contact.Addresses, contact.URLs, contact.Account, contact.Owner,
				contact.CustomFields, contact.CreatedAt, contact.UpdatedAt, contact.ETag,
			},
			Notes: map[contact.Field]string{
				contact.Tags:           "contacts of Dataverse have no tags; use a column of your own",
				contact.EmailAddresses: "three; types are not held",
				contact.PhoneNumbers:   "two each of work and home, one each of mobile, fax, assistant and other",
				contact.Addresses:      "three; the first has a type: billing, shipping, primary or other",
				contact.URLs:           "a website, and an address of type ftp",
				contact.Account:        "the GUID of an account",
				contact.Owner:          "the GUID of a user, or teams(GUID)",
				contact.CustomFields:   "logical names of columns, such as new_tier; of a look-up, its navigation property with @odata.bind",
				contact.CreatedAt:      "needs the privilege prvOverrideCreatedOnCreatedBy; the time of day may be lost",
			},
		},
		Create: connector.Operation{OK: []int{200, 201, 204}, Request: encode, Decode: decode},
		Read:   &connector.Operation{OK: []int{200}, Request: encodeRead, Decode: decode},
		// These read the table; the search of Dataverse is an index.
		Find: []connector.Finder{
			{By: contact.EmailAddresses, Request: encodeFindEmail, Decode: found(shape.SameEmail)},
			{By: contact.PhoneNumbers, Request: encodeFindPhone, Decode: found(shape.SamePhone)},
		},
		Update: &connector.Operation{OK: []int{200, 204}, Request: encodeUpdate, Decode: decode},
		Batch:  &connector.Batch{Max: 100, OK: []int{200}, Request: encodeBatch, Decode: decodeBatch, PerRecord: true, Coalesce: true},
		Probe:  connector.Probe{Request: encodeProbe, Identity: decodeProbe},
		Errors: connector.Errors{
			Parse: parse, Codes: codes(), Statuses: map[int]fault.Kind{501: fault.Invalid},
			Fields: map[string]contact.Field{
				"firstname": contact.FirstName, "lastname": contact.LastName, "fullname": contact.Name, "jobtitle": contact.Title,
				"description": contact.Description, "emailaddress1": contact.EmailAddresses, "emailaddress2": contact.EmailAddresses,
				"emailaddress3": contact.EmailAddresses, "telephone1": contact.PhoneNumbers, "telephone2": contact.PhoneNumbers,
				"telephone3": contact.PhoneNumbers, "mobilephone": contact.PhoneNumbers, "fax": contact.PhoneNumbers,
				"assistantphone": contact.PhoneNumbers, "business2": contact.PhoneNumbers, "home2": contact.PhoneNumbers,
				"address1": contact.Addresses, "address2": contact.Addresses, "address3": contact.Addresses,
				"websiteurl": contact.URLs, "ftpsiteurl": contact.URLs, "parentcustomerid": contact.Account,
				"parentcustomerid_account": contact.Account, "account": contact.Account, "prvAppendToAccount": contact.Account,
				"ownerid": contact.Owner, "systemuser": contact.Owner, "team": contact.Owner, "prvAssignContact": contact.Owner,
				"overriddencreatedon": contact.CreatedAt, "prvOverrideCreatedOnCreatedBy": contact.CreatedAt,
			},
		},
		// The vendor's windows are per user and web server.
		Limits: connector.Limits{
			Windows: []connector.Window{{Requests: 100, Per: 10 * time.Second}}, Concurrency: 8,
			DefaultWait: 30 * time.Second,
			Usage:       []connector.UsageHeader{{Remaining: "x-ms-ratelimit-burst-remaining-xrm-requests"}},
		},
		Duplicates: connector.Duplicates{
			Detection: connector.DetectLookup,
			Note:      "accepted, unless the environment's duplicate rules are turned on in the settings; they do not name the record",
		},
		Idempotency: connector.Idempotency{Kind: connector.ClientID, ID: func(c *connector.Call) string { return c.Key }},
		Adoption:    connector.Adoption{Compare: []contact.Field{contact.FirstName, contact.LastName, contact.EmailAddresses}},
	}
}

// https://learn.microsoft.com/power-apps/developer/data-platform/webapi/reference/whoami
func encodeProbe(*connector.Call) (connector.Request, error) { return get("/WhoAmI", nil), nil }

func decodeProbe(r connector.Reply) (connector.Identity, error) {
	who, err := connector.DecodeJSON[struct {
		OrganizationID string `json:"OrganizationId"`
	}](r)
	return connector.Identity{ID: who.OrganizationID}, err
}
