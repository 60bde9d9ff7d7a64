package parse

// salesforce covers reports (First Name) and Data Loader files (FirstName),
// which differ in spaces alone, save for Zip/Postal Code.
var salesforce = Program{ID: "salesforce", Name: "Salesforce", Columns: columns(`
	Id:
	Contact ID:
	Account ID:
	Salutation: +
	First Name: first_name
	Middle Name: name/middle
	Last Name: last_name
	Suffix: name/suffix
	Name: name
	Full Name: name
	Contact Name: name
	Title: title
	Department: +
	Email: email_addresses
	Secondary Email: email_addresses
	Phone: phone_numbers/work
	Business Phone: phone_numbers/work
	Mobile: phone_numbers/mobile
	Mobile Phone: phone_numbers/mobile
	Home Phone: phone_numbers/home
	Other Phone: phone_numbers/other
	Fax: phone_numbers/fax
	Business Fax: phone_numbers/fax
	Asst. Phone: phone_numbers/assistant
	Assistant Phone: phone_numbers/assistant
	Assistant: +
	Assistant Name: +
	Mailing Address: addresses/mailing/formatted
	Mailing Street: addresses/mailing/street_1
	Mailing Address Line 1: addresses/mailing/street_1
	Mailing Address Line 2: addresses/mailing/street_2
	Mailing Address Line 3: addresses/mailing/street_2
	Mailing City: addresses/mailing/city
	Mailing State: addresses/mailing/state
	Mailing State/Province: addresses/mailing/state
	Mailing State/Province (text only): addresses/mailing/state
	Mailing State Code:
	Mailing Postal Code: addresses/mailing/postal_code
	Mailing Zip/Postal Code: addresses/mailing/postal_code
	Mailing Country: addresses/mailing/country
	Mailing Country (text only): addresses/mailing/country
	Mailing Country Code:
	Mailing Latitude:
	Mailing Longitude:
	Mailing Geocode Accuracy:
	Other Address: addresses/other/formatted
	Other Street: addresses/other/street_1
	Other Address Line 1: addresses/other/street_1
	Other Address Line 2: addresses/other/street_2
	Other Address Line 3: addresses/other/street_2
	Other City: addresses/other/city
	Other State: addresses/other/state
	Other State/Province: addresses/other/state
	Other State Code:
	Other Postal Code: addresses/other/postal_code
	Other Zip/Postal Code: addresses/other/postal_code
	Other Country: addresses/other/country
	Other Country Code:
	Other Latitude:
	Other Longitude:
	Other Geocode Accuracy:
	Account Name: account
	Company / Account: account
	Company: account
	Website: urls
	Description: description
	Contact Description: description
	Birthdate: +
	Lead Source: +
	Lead Status: +
	Rating: +
	Industry: +
	Level: +
	Languages: +
	Email Opt Out: +
	Has Opted Out Of Email: +
	Has Opted Out Of Fax: +
	Fax Opt Out: +
	Do Not Call: +
	Owner ID:
	Contact Owner:
	Contact Owner Alias:
	Account Owner:
	Owner Role:
	Reports To:
	Reports To ID:
	Created By:
	Created By ID:
	Created Date:
	Created Alias:
	Last Modified By:
	Last Modified By ID:
	Last Modified Date:
	Last Modified Alias:
	Last Activity:
	Last Activity Date:
	Last CU Request Date:
	Last CU Update Date:
	Last Viewed Date:
	Last Referenced Date:
	Last Stay-in-Touch Request Date:
	Last Stay-in-Touch Save Date:
	Stay-in-Touch Request Date:
	Email Bounced Reason:
	Email Bounced Date:
	Is Email Bounced:
	Is Deleted:
	Is Person Account:
	Master Record ID:
	Individual ID:
	Record Type ID:
	System Modstamp:
	Photo URL:
	Jigsaw:
	Jigsaw Contact ID:
	Clean Status:
	Can Allow Portal Self Reg:
	Contact Record Type:
`)}
