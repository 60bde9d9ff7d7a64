package parse

// pipedrive has the same columns with the object's name in front and without.
var pipedrive = Program{ID: "pipedrive", Name: "Pipedrive", Columns: columns(`
	Person - Name: name
	Person - First name: first_name
	Person - Last name: last_name
	Person - Email: email_addresses
	Person - Email - Work: email_addresses/work
	Person - Email - Home: email_addresses/home
	Person - Email - Other: email_addresses/other
	Person - Phone: phone_numbers
	Person - Phone - Work: phone_numbers/work
	Person - Phone - Home: phone_numbers/home
	Person - Phone - Mobile: phone_numbers/mobile
	Person - Phone - Other: phone_numbers/other
	Person - Organization: account
	Person - Organization ID:
	Person - Job title: title
	Person - Title: title
	Person - Label: tags
	Person - Labels: tags
	Person - Notes: description
	Person - Website: urls
	Person - LinkedIn Page: urls/linkedin
	Person - Postal address: addresses/formatted
	Person - Full/combined address of Postal address: addresses/formatted
	Person - Street/road name of Postal address: addresses/street_1
	Person - House number of Postal address: addresses/street_1
	Person - Apartment/suite no of Postal address: addresses/street_2
	Person - District/sublocality of Postal address: addresses/street_2
	Person - City/town/village/locality of Postal address: addresses/city
	Person - State/county of Postal address: addresses/state
	Person - Region of Postal address: addresses/state
	Person - ZIP/Postal code of Postal address: addresses/postal_code
	Person - Country of Postal address: addresses/country
	Person - Instant messenger: +
	Person - Birthday: +
	Person - Marketing status: +
	Person - Double opt-in: +
	Person - ID:
	Person - Owner:
	Person - Visible to:
	Person - Person created:
	Person - Update time:
	Person - Profile picture:
	Person - Open deals:
	Person - Closed deals:
	Person - Won deals:
	Person - Lost deals:
	Person - People count:
	Person - Total activities:
	Person - Done activities:
	Person - Activities to do:
	Person - Next activity date:
	Person - Last activity date:
	Person - Last email received:
	Person - Last email sent:
	Person - Email messages count:
	Email - Work: email_addresses/work
	Email - Home: email_addresses/home
	Email - Other: email_addresses/other
	Phone - Work: phone_numbers/work
	Phone - Home: phone_numbers/home
	Phone - Mobile: phone_numbers/mobile
	Phone - Other: phone_numbers/other
`)}
