package vendors_test

import (
	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
)

// trapsOfRequests are habits that a request must know of.
func trapsOfRequests() []trap {
	at := func(a contact.Address) contact.Contact { return contact.Contact{Addresses: []contact.Address{a}} }
	account := contact.Contact{Account: &contact.Reference{ID: "4711"}}
	return []trap{
		{
			crm: "attio", name: "one phone that is not E.164 spoils the record", contact: contact.Contact{PhoneNumbers: []contact.Phone{{Number: "98765"}}},
			lacks: []string{"98765"}, warns: []string{"phone_numbers/0"},
		},
		{
			crm: "attio", name: "a location has all of its ten keys", contact: at(contact.Address{City: "London"}),
			sends: []string{`"line_1":null`, `"line_2":null`, `"line_3":null`, `"line_4":null`, `"locality":"London"`, `"region":null`,
				`"postcode":null`, `"country_code":null`, `"latitude":null`, `"longitude":null`},
		},
		{
			crm: "attio", name: "an unknown country spoils the record", contact: at(contact.Address{City: "London", Country: "Atlantis"}),
			lacks: []string{"Atlantis"}, warns: []string{"addresses/0/country"},
		},
		{
			crm: "capsule", name: "a country that is not on its list spoils the party", contact: at(contact.Address{City: "London", Country: "Atlantis"}),
			lacks: []string{"Atlantis"}, warns: []string{"addresses/0/country"},
		},
		{
			crm: "capsule", name: "title is the salutation, and tags are embedded on demand", contact: contact.Contact{Title: "Analyst"},
			sends: []string{"embed=", `"jobTitle":"Analyst"`}, lacks: []string{`"title"`},
		},
		{
			crm: "close", name: "no lead means a new one, and paths end in a slash", sends: []string{"POST ", "/contact/\n", `"lead_id":"`},
		},
		{crm: "copper", name: "nulls and empty lists are unwelcome", lacks: []string{"null", "[]", `""`}},
		{
			crm: "dynamics-365-sales", name: "there is no answer without Prefer, and links are bound by another name",
			contact: contact.Contact{Account: &contact.Reference{ID: "11111111-2222-3333-4444-555555555555"}},
			sends:   []string{"return=representation", `"parentcustomerid_account@odata.bind":"/accounts(11111111-2222-3333-4444-555555555555)"`},
		},
		{
			crm: "freshsales", name: "custom_field is one, and parts of the address are flat", contact: at(contact.Address{PostalCode: "SW1Y 4JH"}),
			sends: []string{`"zipcode":"SW1Y 4JH"`}, lacks: []string{"custom_fields"},
		},
		{
			crm: "highlevel", name: "the account needs a second call", contact: account,
			sends: []string{"POST ", "/contacts/\n", "Version: 2021-07-28", "POST ", "/contacts/bulk/business", `"businessId":"4711"`},
		},
		{
			crm: "highlevel", name: "countries go by their codes", contact: at(contact.Address{City: "London", Country: "United Kingdom"}),
			sends: []string{`"country":"GB"`},
		},
		{
			crm: "highlevel", name: "an update names no location", op: connector.OpUpdate, contact: contact.Contact{FirstName: "Augusta"},
			sends: []string{"PUT "}, lacks: []string{"locationId"},
		},
		{
			crm: "hubspot", name: "values are strings", contact: contact.Contact{CustomFields: map[string]any{"score": 42, "newsletter": true}},
			sends: []string{`"newsletter":"true"`, `"score":"42"`},
		},
		{
			crm: "hubspot", name: "further e-mails take calls of their own",
			contact: contact.Contact{EmailAddresses: []contact.Email{{Email: "ada@example.com"}, {Email: "b+c@example.com"}}},
			sends:   []string{`"email":"ada@example.com"`, "PUT ", "/secondary-email/", "b%2Bc%40example.com"},
		},
		{crm: "insightly", name: "without the pod all is 404", sends: []string{"POST https://api.", ".insightly.com/v3.1/Contacts"}},
		{
			crm: "keap", name: "without fields the answer holds little, and countries are alpha-3",
			contact: at(contact.Address{City: "London", State: "London", Country: "GB"}), sends: []string{"?fields=", `"GBR"`},
		},
		{
			crm: "keap", name: "a region needs a country", contact: at(contact.Address{City: "London", State: "Middlesex"}),
			lacks: []string{"Middlesex"}, warns: []string{"addresses/0/state"},
		},
		{
			crm: "keap", name: "anything but filter finds everybody", op: connector.OpFind,
			contact: contact.Contact{EmailAddresses: []contact.Email{{Email: "ada@example.com"}}}, sends: []string{"filter=email%3D%3Dada%40example.com"},
		},
		{
			crm: "monday-crm", name: "one bad value refuses the item", contact: contact.Contact{PhoneNumbers: []contact.Phone{{Number: "98765"}}},
			lacks: []string{"98765"}, warns: []string{"phone_numbers/0"},
		},
		{crm: "monday-crm", name: "a create goes by its key", sends: []string{"Idempotency-Key: ", "create_item"}},
		{
			crm: "nutshell", name: "exactly one contact inside an array, and the job title afterwards", contact: contact.Contact{Title: "Analyst"},
			sends: []string{`{"contacts":[{`, "PATCH ", "/contacts/", "application/json-patch+json", `"/contacts/0/`, "Analyst"},
		},
		{
			crm: "nutshell", name: "address parts are sent in two places", contact: at(contact.Address{City: "Zebrahausen"}),
			sends: []string{"Zebrahausen", "Zebrahausen"},
		},
		{
			crm: "onepagecrm", name: "company_id is ignored on create, and only a partial update keeps the rest", contact: account,
			sends: []string{"POST ", "PUT ", "partial=true", `"company_id":"4711"`},
		},
		{
			crm: "onepagecrm", name: "names hold 25 characters", contact: contact.Contact{FirstName: "Abcdefghijklmnopqrstuvwxyzab", LastName: "Lovelace"},
			sends: []string{`"first_name":"Abcdefghijklmnopqrstuvwxy"`}, warns: []string{"first_name"},
		},
		{
			crm: "onepagecrm", name: "an update is partial", op: connector.OpUpdate, contact: contact.Contact{FirstName: "Augusta", LastName: "King"},
			sends: []string{"partial=true"},
		},
		{
			crm: "outreach", name: "the media type is JSON:API's, and ids are integers", contact: account,
			sends: []string{"Content-Type: application/vnd.api+json", `"id":4711`},
		},
		{
			crm: "outreach", name: "an id that is no integer is refused here", contact: contact.Contact{Account: &contact.Reference{ID: "acme"}},
			kind: fault.Invalid, fields: []string{"account"}, lacks: []string{"POST "},
		},
		{
			crm: "pipedrive", name: "fields of contact sync are refused where it is off", settings: map[string]string{"contact_sync_enabled": "false"},
			contact: contact.Contact{Title: "Analyst"}, lacks: []string{"job_title"}, warns: []string{"title"},
		},
		{
			crm: "pipedrive", name: "links are integers, and names are those of version 2", lacks: []string{`"email":[`, `"phone":[`},
			contact: contact.Contact{Account: account.Account, EmailAddresses: []contact.Email{{Email: "ada@example.com"}}},
			sends:   []string{`"org_id":4711`, `"emails":[{`},
		},
		{
			crm: "pipeliner", name: "title is not the job title", contact: contact.Contact{Title: "Analyst"},
			sends: []string{`"owner_id":"`}, lacks: []string{`"title"`},
		},
		{
			crm: "planhat", name: "a company is demanded, and name stands alone or not at all",
			contact: contact.Contact{FirstName: "Ada", LastName: "Lovelace"}, sends: []string{`"companyId":"`}, lacks: []string{`"name"`},
		},
		{
			crm: "salesflare", name: "links are numbers, and only an id comes back", contact: account,
			sends: []string{"POST ", `"account":4711`, "GET ", "/contacts/"},
		},
		{
			crm: "salesforce", name: "rules that alert refuse only with the header", sends: []string{"Sforce-Duplicate-Rule-Header: allowSave=false"},
		},
		{
			crm: "teamleader", name: "account and job title exist only through the later link",
			contact: contact.Contact{Account: &contact.Reference{ID: "2659dc4d-444b-4ced-b51c-b87591f604d7"}, Title: "Analyst"},
			sends:   []string{"/contacts.add", "/contacts.linkToCompany", `"company_id":"2659dc4d-444b-4ced-b51c-b87591f604d7"`, "Analyst"},
		},
		{
			crm: "teamleader", name: "an address without a country cannot be sent", contact: at(contact.Address{Street1: "Zebragasse 1"}),
			lacks: []string{"Zebragasse"}, warns: []string{"addresses/0"},
		},
		{
			crm: "wix", name: "labels must exist first", contact: contact.Contact{Tags: []contact.Tag{{Name: "VIP"}}},
			sends: []string{"/contacts/v4/labels", "/contacts/v4/contacts", `"labelKeys":{"items":[`},
		},
		{
			crm: "wix", name: "lists sit in items, and countries go by their codes", contact: at(contact.Address{City: "London", Country: "United Kingdom"}),
			sends: []string{`"emails":{"items":[`}, lacks: []string{"United Kingdom"},
		},
		{
			crm: "zendesk-sell", name: "people and companies share a collection, and the company is contact_id", contact: account,
			sends: []string{`"contact_id":4711`}, lacks: []string{"parent_organization_id"},
		},
		{crm: "zendesk-sell", name: "a contact is a person", sends: []string{`"is_organization":false`}},
		{crm: "zendesk-sell", name: "companies are not found", op: connector.OpFind, sends: []string{"is_organization=false"}},
		{
			crm: "zoho-crm", name: "the header has a word of its own, and ids are texts",
			contact: contact.Contact{Account: &contact.Reference{ID: "5725767000000524157"}},
			sends:   []string{"Authorization: Zoho-oauthtoken ", `{"data":[{`, `"5725767000000524157"`},
		},
	}
}
