package parse

// plain is what people type into the first line of a spreadsheet, and the
// headers that many programs share.
var plain = Program{ID: "plain", Name: "plain headers", Columns: columns(`
	First Name: first_name
	Given Name: first_name
	Forename: first_name
	First: first_name
	Middle Name: name/middle
	Last Name: last_name
	Family Name: last_name
	Surname: last_name
	Last: last_name
	Name: name
	Full Name: name
	Contact Name: name
	Display Name: name
	Contact: name
	Title: title
	Job Title: title
	Job: title
	Position: title
	Role: title
	Email: email_addresses
	Email Address: email_addresses
	Email Addresses: email_addresses
	Emails: email_addresses
	Mail: email_addresses
	Primary Email: email_addresses
	Secondary Email: email_addresses
	Other Email: email_addresses/other
	Work Email: email_addresses/work
	Business Email: email_addresses/work
	Email Work: email_addresses/work
	Home Email: email_addresses/home
	Personal Email: email_addresses/home
	Private Email: email_addresses/home
	Email Home: email_addresses/home
	Email #: email_addresses/#
	E-mail # - Value: email_addresses/#/email
	E-mail # - Label: email_addresses/#/type
	E-mail # - Type: email_addresses/#/type
	Phone: phone_numbers
	Phone Number: phone_numbers
	Phone Numbers: phone_numbers
	Phones: phone_numbers
	Primary Phone: phone_numbers
	Telephone: phone_numbers
	Telephone Number: phone_numbers
	Tel: phone_numbers
	Phone #: phone_numbers/#
	Phone # - Value: phone_numbers/#/number
	Phone # - Label: phone_numbers/#/type
	Phone # - Type: phone_numbers/#/type
	Mobile: phone_numbers/mobile
	Mobile Phone: phone_numbers/mobile
	Mobile Number: phone_numbers/mobile
	Mobile Phone Number: phone_numbers/mobile
	Cell: phone_numbers/mobile
	Cell Phone: phone_numbers/mobile
	Phone Mobile: phone_numbers/mobile
	Work Phone: phone_numbers/work
	Work Phone Number: phone_numbers/work
	Business Phone: phone_numbers/work
	Office Phone: phone_numbers/work
	Direct Phone: phone_numbers/work
	Work Direct Phone: phone_numbers/work
	Phone Work: phone_numbers/work
	Home Phone: phone_numbers/home
	Phone Home: phone_numbers/home
	Other Phone: phone_numbers/other
	Fax: phone_numbers/fax
	Fax Number: phone_numbers/fax
	Work Fax: phone_numbers/fax
	Pager: phone_numbers/pager
	Extension: phone_numbers/extension
	Company: account
	Company Name: account
	Organization: account
	Organization Name: account
	Organisation: account
	Account: account
	Account Name: account
	Employer: account
	Owner: owner
	Street: addresses/street_1
	Street Address: addresses/street_1
	Address: addresses/street_1
	Address 1: addresses/street_1
	Address Line 1: addresses/street_1
	Street 1: addresses/street_1
	Street 2: addresses/street_2
	Address 2: addresses/street_2
	Address Line 2: addresses/street_2
	City: addresses/city
	Town: addresses/city
	State: addresses/state
	State/Region: addresses/state
	State/Province: addresses/state
	Province: addresses/state
	Region: addresses/state
	County: addresses/state
	Zip: addresses/postal_code
	Zip Code: addresses/postal_code
	Postal Code: addresses/postal_code
	Postcode: addresses/postal_code
	Country: addresses/country
	Country/Region: addresses/country
	Home Address: addresses/home/street_1
	Home City: addresses/home/city
	Home State: addresses/home/state
	Home Zip: addresses/home/postal_code
	Home Country: addresses/home/country
	Work Address: addresses/work/street_1
	Work City: addresses/work/city
	Work State: addresses/work/state
	Work Zip: addresses/work/postal_code
	Work Country: addresses/work/country
	Website: urls
	Web Page: urls
	Homepage: urls
	URL: urls
	Website URL: urls
	Website # - Value: urls/#/url
	LinkedIn: urls/linkedin
	LinkedIn URL: urls/linkedin
	Person Linkedin Url: urls/linkedin
	LinkedIn Profile: urls/linkedin
	Twitter: +
	Notes: description
	Note: description
	Comments: description
	Description: description
	Tags: tags
	Tag: tags
	Labels: tags
	Label: tags
	Categories: tags
	Groups: tags
	Client Ref: client_ref
	Salutation: +
	Prefix: +
	Suffix: name/suffix
	Nickname: +
	Birthday: +
	Birthdate: +
	Date of Birth: +
	Gender: +
	Department: +
	Industry: +
	Language: +
	Lead Source: +
	ID:
	Created:
	Created At:
	Created Date:
	Create Date:
	Updated At:
	Last Modified:
	Photo:
	Vorname: first_name
	Nachname: last_name
	Firma: account
	Telefon: phone_numbers
	Telefonnummer: phone_numbers
	Mobiltelefon: phone_numbers/mobile
	Handy: phone_numbers/mobile
	E-Mail-Adresse: email_addresses
	Straße: addresses/street_1
	Strasse: addresses/street_1
	PLZ: addresses/postal_code
	Postleitzahl: addresses/postal_code
	Ort: addresses/city
	Stadt: addresses/city
	Land: addresses/country
	Notizen: description
	Webseite: urls
`)}
