package parse

var hubspot = Program{ID: "hubspot", Name: "HubSpot", Columns: columns(`
	Record ID:
	Record ID - Contact:
	First Name: first_name
	Last Name: last_name
	Email: email_addresses
	Email Address: email_addresses
	Additional email addresses: email_addresses
	Work email: email_addresses/work
	Phone Number: phone_numbers
	Mobile Phone Number: phone_numbers/mobile
	Fax Number: phone_numbers/fax
	Whatsapp Phone Number: phone_numbers/whatsapp
	Street Address: addresses/street_1
	Street Address 2: addresses/street_2
	City: addresses/city
	State/Region: addresses/state
	State/Region Code:
	Postal Code: addresses/postal_code
	Country/Region: addresses/country
	Country/Region Code:
	Company Name: account
	Associated Company: account
	Primary Company: account
	Job Title: title
	Website URL: urls
	LinkedIn URL: urls/linkedin
	LinkedIn Bio: +
	Twitter Username: +
	Message: description
	Salutation: +
	Date of birth: +
	Gender: +
	Industry: +
	Annual Revenue: +
	Preferred language: +
	Time Zone: +
	Persona: +
	Lifecycle Stage: +
	Lead Status: +
	Original Source: +
	Original Traffic Source: +
	Original Source Drill-Down #: +
	Latest Source: +
	Latest Traffic Source: +
	Marketing contact status: +
	Unsubscribed from all email: +
	Legal basis for processing contact's data: +
	Buying Role: +
	Contact owner:
	HubSpot Owner:
	HubSpot Team:
	Owner Assigned Date:
	Create Date:
	Created Date:
	Close Date:
	Became a Lead Date:
	Became a Customer Date:
	Last Activity Date:
	Last Contacted:
	Last Modified Date:
	First Page Seen:
	Last Page Seen:
	Number of Pageviews:
	Number of Sessions:
	Number of Form Submissions:
	Number of times contacted:
	Number of Associated Deals:
	Recent Conversion:
	Recent Conversion Date:
	First Conversion:
	First Conversion Date:
	Average Pageviews:
	Email Domain:
	HubSpot Score:
	Likelihood to close:
	Contact priority:
	Associated Company IDs:
	Associated Company IDs (Primary):
	Primary Associated Company ID:
	Associated Deal:
	Associated Deal IDs:
	Associated Note IDs:
	Associated Note:
	Created by user ID:
	Updated by user ID:
	IP City:
	IP Country:
	IP State/Region:
`)}
