package parse

// outlook covers the desktop program and outlook.com, whose Title is the form
// of address.
var outlook = Program{ID: "outlook", Name: "Microsoft Outlook", Columns: columns(`
	Title: +
	First Name: first_name
	Middle Name: name/middle
	Last Name: last_name
	Suffix: name/suffix
	Nickname: +
	Given Yomi: +
	Surname Yomi: +
	Company: account
	Company Yomi: +
	Department: +
	Job Title: title
	Business Street: addresses/work/street_1
	Business Street 2: addresses/work/street_2
	Business Street 3: addresses/work/street_2
	Business Address PO Box: addresses/work/street_2
	Business City: addresses/work/city
	Business State: addresses/work/state
	Business Postal Code: addresses/work/postal_code
	Business Country: addresses/work/country
	Business Country/Region: addresses/work/country
	Home Street: addresses/home/street_1
	Home Street 2: addresses/home/street_2
	Home Street 3: addresses/home/street_2
	Home Address PO Box: addresses/home/street_2
	Home City: addresses/home/city
	Home State: addresses/home/state
	Home Postal Code: addresses/home/postal_code
	Home Country: addresses/home/country
	Home Country/Region: addresses/home/country
	Home Address: addresses/home/formatted
	Business Address: addresses/work/formatted
	Other Address: addresses/other/formatted
	Other Street: addresses/other/street_1
	Other Street 2: addresses/other/street_2
	Other Street 3: addresses/other/street_2
	Other Address PO Box: addresses/other/street_2
	Other City: addresses/other/city
	Other State: addresses/other/state
	Other Postal Code: addresses/other/postal_code
	Other Country: addresses/other/country
	Other Country/Region: addresses/other/country
	Assistant's Phone: phone_numbers/assistant
	Business Fax: phone_numbers/fax
	Business Phone: phone_numbers/work
	Business Phone 2: phone_numbers/work
	Callback: phone_numbers/callback
	Car Phone: phone_numbers/car
	Company Main Phone: phone_numbers/work
	Home Fax: phone_numbers/fax
	Home Phone: phone_numbers/home
	Home Phone 2: phone_numbers/home
	ISDN: phone_numbers/isdn
	Mobile Phone: phone_numbers/mobile
	Other Fax: phone_numbers/fax
	Other Phone: phone_numbers/other
	Pager: phone_numbers/pager
	Primary Phone: phone_numbers
	Radio Phone: phone_numbers/radio
	TTY/TDD Phone: phone_numbers/tty
	Telex: +
	Account: +
	Anniversary: +
	Assistant's Name: +
	Billing Information: +
	Birthday: +
	Categories: tags
	Children: +
	Directory Server:
	E-mail Address: email_addresses
	E-mail Type:
	E-mail Display Name:
	E-mail # Address: email_addresses/#
	E-mail # Type:
	E-mail # Display Name:
	IMAddress: +
	Gender: +
	Government ID Number: +
	Hobby: +
	Initials: +
	Internet Free Busy:
	Keywords: tags
	Language: +
	Location: +
	Manager's Name: +
	Mileage: +
	Notes: description
	Office Location: +
	Organizational ID Number: +
	Personal Web Page: urls/home
	Priority:
	Private:
	Profession: +
	Referred By: +
	Schools: +
	Sensitivity:
	Spouse: +
	User #: +
	Web Page: urls
`)}
