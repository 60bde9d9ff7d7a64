package contact

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// EmailKey is the form in which e-mail addresses are compared and looked up:
// trimmed and in lower case.
func EmailKey(email string) string {
	return strings.ToLower(emailText.trim(email))
}

// SameEmail reports whether both are the same address. Two empty ones are not:
// nothing is no evidence.
func SameEmail(a, b string) bool {
	key := EmailKey(a)
	return key != "" && key == EmailKey(b)
}

// SameText compares texts without regard to case, white space, and the way in
// which accents are encoded.
func SameText(a, b string) bool {
	return strings.EqualFold(squeeze(norm.NFC.String(a)), squeeze(norm.NFC.String(b)))
}

// squeeze trims a text and makes each run of white space in it one space.
func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }

// minTail is the number of digits from which a national number is long enough
// to be recognised at the end of an international one.
const minTail = 7

// SamePhone reports whether both can be the same line: equal digits, or one
// in national and the other in international form. Extensions must not
// contradict each other.
func SamePhone(a, b string) bool {
	a, extensionA := SplitExtension(trimTel(phoneText.trim(a)))
	b, extensionB := SplitExtension(trimTel(phoneText.trim(b)))
	if extensionA != extensionB && extensionA != "" && extensionB != "" {
		return false
	}
	keyA, keyB := phoneKey(a), phoneKey(b)
	switch {
	case keyA == "" || keyB == "":
		return false
	case keyA == keyB:
		return true
	case isInternational(a) && isInternational(b):
		full, known := E164(a, "")
		other, _ := E164(b, "")
		return known && full == other
	default:
		return sameTail(keyA, keyB) || sameAbroad(a, b) || sameAbroad(b, a)
	}
}

// sameTail reports whether the shorter number, without its trunk prefix 0,
// ends the longer one.
func sameTail(a, b string) bool {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if len(a) > len(b) {
		a, b = b, a
	}
	return len(a) >= minTail && strings.HasSuffix(b, a)
}

// sameAbroad reads the national number in the country of the international
// one, whose trunk prefix need not be 0.
func sameAbroad(international, national string) bool {
	if !isInternational(international) {
		return false
	}
	region, ok := PhoneRegion(international, "")
	if !ok {
		return false
	}
	full, known := E164(international, "")
	other, _ := E164(national, region)
	return known && full == other
}
