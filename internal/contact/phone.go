package contact

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
)

// maxExtension is the longest run of digits that is taken for an extension.
const maxExtension = 10

// SplitExtension parts "+44 20 7946 0018 ext. 12" into the number and "12".
// A number without an extension comes back as it is.
func SplitExtension(number string) (base, extension string) {
	head := strings.TrimRight(number, "0123456789")
	extension = number[len(head):]
	if extension == "" || len(extension) > maxExtension {
		return number, ""
	}
	head = strings.TrimRight(head, " .:=\u00A0")
	for _, mark := range []string{"extension", "extn", "ext", "x", "#"} {
		at := len(head) - len(mark)
		if at < 0 || !strings.EqualFold(head[at:], mark) {
			continue
		}
		base = strings.TrimRightFunc(head[:at], func(r rune) bool { return isBlank(r) || r == ',' || r == ';' })
		if len(phoneDigits(base)) >= minDigits && !endsInLetter(base) {
			return base, extension
		}
	}
	return number, ""
}

func endsInLetter(s string) bool {
	last, _ := utf8.DecodeLastRuneInString(s)
	return unicode.IsLetter(last)
}

func phoneDigits(s string) string {
	digits := make([]byte, 0, maxPhone)
	for i := range len(s) {
		switch c := s[i]; {
		case isDigit(c):
			digits = append(digits, c)
		case c >= 0x80:
			return phonenumbers.NormalizeDigitsOnly(s) // knows the digits of other scripts
		}
	}
	return string(digits)
}

// phoneKey is what two spellings of one number have in common: its digits
// without an international prefix. A vanity number is its own key.
func phoneKey(number string) string {
	if strings.ContainsFunc(number, unicode.IsLetter) {
		return strings.ToLower(squeeze(number))
	}
	return strings.TrimPrefix(phoneDigits(number), "00")
}

func isInternational(number string) bool {
	return strings.HasPrefix(number, "+") || strings.HasPrefix(phoneDigits(number), "00")
}

// E164 writes a number as "+442079460018". country, any name or code, is where
// a national number belongs; without it, only international numbers can be
// written so. An extension is left out. ok is false for a number whose length
// cannot be right; whether it has been assigned is not looked at.
func E164(number, country string) (e164 string, ok bool) {
	n := parsePhone(number, country)
	if n == nil {
		return "", false
	}
	return phonenumbers.Format(n, phonenumbers.E164), true
}

// PhoneRegion returns the ISO 3166-1 alpha-2 code of the country of a number,
// which is national to country unless it is international. Where a calling
// code is shared and the number is not assigned to any of its countries, the
// given country or else the main one answers.
func PhoneRegion(number, country string) (alpha2 string, ok bool) {
	n := parsePhone(number, country)
	if n == nil {
		return "", false
	}
	code := int(n.GetCountryCode())
	region := phonenumbers.GetRegionCodeForNumber(n)
	if region == "" || region == "ZZ" {
		region, _ = CountryAlpha2(country)
		if region == "" || phonenumbers.GetCountryCodeForRegion(region) != code {
			region = phonenumbers.GetRegionCodeForCountryCode(code)
		}
	}
	return CountryAlpha2(region) // no country: "001" of satellites and free-phone numbers
}

// parsePhone returns nil for what cannot be a complete number.
func parsePhone(number, country string) *phonenumbers.PhoneNumber {
	number, _ = SplitExtension(trimTel(phoneText.trim(number)))
	if len(number) > 4*maxPhone {
		return nil
	}
	region, _ := CountryAlpha2(country)
	if n := parsePossible(number, region); n != nil {
		return n
	}
	if digits := phoneDigits(number); strings.HasPrefix(digits, "00") {
		return parsePossible("+"+digits[2:], "")
	}
	return nil
}

func parsePossible(number, region string) *phonenumbers.PhoneNumber {
	n, err := phonenumbers.Parse(number, region)
	if err != nil || phonenumbers.IsPossibleNumberWithReason(n) != phonenumbers.IS_POSSIBLE {
		return nil
	}
	return n
}
