package shape

import (
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
