package parse

// google covers the export until 2023 (Given Name, E-mail 1 - Type, Group
// Membership) and the one since (First Name, E-mail 1 - Label, Labels).
var google = Program{ID: "google", Name: "Google Contacts", Columns: columns(`
	First Name: first_name
	Middle Name: name/middle
	Last Name: last_name
	Phonetic First Name: +
	Phonetic Middle Name: +
	Phonetic Last Name: +
	Name Prefix: +
	Name Suffix: name/suffix
	Nickname: +
	File As: +
	Organization Name: account
	Organization Title: title
	Organization Department: +
	Birthday: +
	Notes: description
	Photo:
	Labels: tags
	Name: name
	Given Name: first_name
	Additional Name: name/middle
	Family Name: last_name
	Yomi Name: +
	Given Name Yomi: +
	Additional Name Yomi: +
	Family Name Yomi: +
	Initials: +
	Short Name: +
	Maiden Name: +
	Gender: +
	Location: +
	Billing Information: +
	Directory Server:
	Mileage: +
	Occupation: +
	Hobby: +
	Sensitivity:
	Priority:
	Subject: +
	Language: +
	Group Membership: tags
	E-mail # - Label: email_addresses/#/type
	E-mail # - Type: email_addresses/#/type
	E-mail # - Value: email_addresses/#/email
	Phone # - Label: phone_numbers/#/type
	Phone # - Type: phone_numbers/#/type
	Phone # - Value: phone_numbers/#/number
	Address # - Label: addresses/#/type
	Address # - Type: addresses/#/type
	Address # - Formatted: addresses/#/formatted
	Address # - Street: addresses/#/street_1
	Address # - Extended Address: addresses/#/street_2
	Address # - PO Box: addresses/#/street_2
	Address # - City: addresses/#/city
	Address # - Region: addresses/#/state
	Address # - Postal Code: addresses/#/postal_code
	Address # - Country: addresses/#/country
	Organization # - Type:
	Organization # - Name: account
	Organization # - Yomi Name: +
	Organization # - Title: title
	Organization # - Department: +
	Organization # - Symbol: +
	Organization # - Location: +
	Organization # - Job Description: +
	Website # - Label: urls/#/type
	Website # - Type: urls/#/type
	Website # - Value: urls/#/url
	IM # - Type:
	IM # - Service: +
	IM # - Value: +
	Relation # - Label: +
	Relation # - Type: +
	Relation # - Value: +
	Event # - Label: +
	Event # - Type: +
	Event # - Value: +
	Custom Field # - Label: +
	Custom Field # - Type: +
	Custom Field # - Value: +
	External ID # - Type:
	External ID # - Value:
	Jot # - Type:
	Jot # - Value: +
	Calendar Link # - Type:
	Calendar Link # - Value:
`)}
