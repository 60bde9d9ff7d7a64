package shape

import (
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"crmferry/internal/contact"
)

// Dialable writes a number in E.164 with the ISO 3166-1 alpha-2 code of its
// country, for CRMs that check the two against Google's library. country, a
// name or code, is where a national number belongs. ok is false for numbers
// that are not assigned.
func Dialable(number, country string) (e164, alpha2 string, ok bool) {
	e164, known := contact.E164(number, country)
	if !known {
		return "", "", false
	}
	n, err := phonenumbers.Parse(e164, "")
	if err != nil || !phonenumbers.IsValidNumber(n) {
		return "", "", false
	}
	alpha2, ok = contact.PhoneRegion(e164, "")
	return e164, alpha2, ok
}

// DialParts parts a number into its calling code and the digits after it, "44"
// and "2079460018". country, a name or code, is where a national number
// belongs. ok is false for what cannot be a complete number.
func DialParts(number, country string) (code, digits string, ok bool) {
	e164, known := contact.E164(number, country)
	if !known {
		return "", "", false
	}
	n, err := phonenumbers.Parse(e164, "")
	if err != nil {
		return "", "", false
	}
	code = strconv.Itoa(int(n.GetCountryCode()))
	return code, strings.TrimPrefix(e164, "+"+code), true
}

// LocalDigits are the digits of a number without its calling code, for
// searches that match them; all digits where the code is not known.
func LocalDigits(number, country string) string {
	if _, digits, ok := DialParts(number, country); ok {
		return digits
	}
	return phonenumbers.NormalizeDigitsOnly(number)
}
