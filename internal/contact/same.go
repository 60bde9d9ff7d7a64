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

// PhoneKey is the form in which phone numbers are looked up: the digits of the
// E.164 form; of a national number whose country nobody told, its own digits
// without a trunk prefix 0. "" is no number.
func PhoneKey(number, country string) string {
	if digits, ok := plainInternational(number); ok {
		return digits
	}
	if e164, ok := E164(number, country); ok {
		return strings.TrimPrefix(e164, "+")
	}
	base, _ := SplitExtension(trimTel(phoneText.trim(number)))
	return strings.TrimLeft(phoneKey(base), "0")
}

// plainInternational gives the digits of a number that is its own E.164 form
// but for the way in which it is parted: most are, and the full reading takes
// fifty times as long. A 0 after the calling code may be a trunk prefix, and
// Argentina and Mexico know other prefixes.
func plainInternational(number string) (digits string, ok bool) {
	rest, ok := strings.CutPrefix(strings.TrimSpace(number), "+")
	if !ok {
		return "", false
	}
	var b [15]byte
	n := 0
	for i := range len(rest) {
		switch c := rest[i]; {
		case isDigit(c) && n < len(b):
			b[n] = c
			n++
		case c != ' ' && c != '-' && c != '.':
			return "", false
		}
	}
	digits = string(b[:n])
	ok = n >= minDigits+3 && digits[callingCode(digits)] != '0' && digits[:2] != "52" && digits[:2] != "54"
	return digits, ok
}

// callingCode is how many of the first digits are the calling code of a country.
func callingCode(digits string) int {
	const two = " 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98 "
	switch {
	case digits[0] == '1' || digits[0] == '7':
		return 1
	case strings.Contains(two, " "+digits[:2]+" "):
		return 2
	default:
		return 3
	}
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
