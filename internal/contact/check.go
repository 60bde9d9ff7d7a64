package contact

import (
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// textKind is what a string field is for, which decides what it may hold.
type textKind uint8

const (
	plainText textKind = iota
	nameText
	longText
	idText
	emailText
	phoneText
	urlText
)

const (
	maxPlain  = 4_096
	maxName   = 1_000
	maxLong   = 65_536
	maxPhone  = 64
	maxURL    = 2_048
	maxEmail  = 254 // bytes, RFC 3696 erratum 1690
	maxLocal  = 64  // bytes, RFC 5321 section 4.5.3.1.1
	maxLabel  = 63  // bytes, RFC 1035 section 2.3.4
	minDigits = 3
)

func (k textKind) max() int {
	switch k {
	case nameText:
		return maxName
	case longText:
		return maxLong
	case phoneText:
		return maxPhone
	case urlText:
		return maxURL
	default:
		return maxPlain
	}
}

// trim removes what surrounds a text by accident: white space, and around
// addresses also the invisible marks that copying them from other programs
// brings along.
func (k textKind) trim(s string) string {
	s = strings.TrimSpace(s)
	if k == emailText || k == phoneText || k == urlText {
		return strings.TrimFunc(s, isBlank)
	}
	return s
}

func isBlank(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) }

// fault returns the code and message of what is wrong with a trimmed text,
// and "" if nothing is.
func (k textKind) fault(s string) (code, message string) {
	if tooLong(s, k.max()) {
		return CodeTooLong, fmt.Sprintf("must have at most %d characters", k.max())
	}
	if hasControl(s) {
		return CodeControlCharacter, controlMessage
	}
	switch {
	case k == emailText && !validEmail(s):
		return CodeInvalidEmail, "must be an e-mail address such as ada@example.com"
	case k == phoneText && !validPhone(s):
		return CodeInvalidPhone, "must be a phone number with at least 3 digits"
	case k == urlText && !validURL(s):
		return CodeInvalidURL, "must be an http or https address, or a host such as example.com/x"
	default:
		return "", ""
	}
}

const controlMessage = "must not hold control characters other than tab and line breaks"

func tooLong(s string, max int) bool {
	return len(s) > max && utf8.RuneCountInString(s) > max
}

func hasControl(s string) bool {
	for i := range len(s) {
		// 0xC2 is the lead byte of the C1 controls, and of a few letters.
		if c := s[i]; c < ' ' || c == 0x7F || c == 0xC2 {
			return strings.IndexFunc(s, isControl) >= 0
		}
	}
	return false
}

func isControl(r rune) bool {
	return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t'
}

// invisible reports characters that an address cannot hold and that a reader
// would not notice.
func invisible(r rune) bool {
	return isBlank(r) || unicode.IsControl(r)
}

func validEmail(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	if !ok || local == "" || len(local) > maxLocal || len(s) > maxEmail {
		return false
	}
	if strings.ContainsAny(local, `"(),:;<>[\]`) || strings.ContainsFunc(local, invisible) {
		return false
	}
	return strings.Contains(domain, ".") && validHost(domain)
}

// validHost accepts the dotted labels of a host name, international ones
// included.
func validHost(host string) bool {
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > 4*maxLabel || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		ascii := true
		for _, r := range label {
			if r != '-' && !unicode.In(r, unicode.L, unicode.M, unicode.Nd) {
				return false
			}
			ascii = ascii && r < utf8.RuneSelf
		}
		if ascii && len(label) > maxLabel {
			return false
		}
	}
	return true
}

// validPhone accepts what people write as a phone number: digits, the usual
// punctuation, and letters behind the first digits ("ext. 5", vanity numbers).
func validPhone(s string) bool {
	digits := 0
	for _, r := range trimTel(s) {
		switch {
		case unicode.IsDigit(r):
			digits++
		case unicode.IsLetter(r):
			if digits == 0 {
				return false
			}
		case r != ' ' && r != '\u00A0' && r != '\u202F' && !unicode.Is(unicode.Pd, r) && !strings.ContainsRune("+().,;:=/*#~_'", r):
			return false
		}
	}
	return digits >= minDigits
}

// trimTel removes the scheme of a tel: URI (RFC 3966), which vCards hold.
func trimTel(s string) string {
	const scheme = "tel:"
	for len(s) >= len(scheme) && strings.EqualFold(s[:len(scheme)], scheme) {
		s = phoneText.trim(s[len(scheme):])
	}
	return s
}

func validURL(s string) bool {
	if strings.ContainsFunc(s, invisible) || strings.ContainsAny(s, "<>\"\\`") {
		return false
	}
	scheme, _, absolute := strings.Cut(s, "://")
	if absolute && strings.ContainsAny(scheme, "/?#") {
		absolute = false // of an address inside the path or query of a bare one
	}
	if !absolute {
		u, err := url.Parse("https://" + s)
		return err == nil && u.User == nil && strings.Contains(u.Host, ".") && validWebHost(u)
	}
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && validWebHost(u)
}

// validWebHost accepts IPv6 addresses as well, which url.Parse has checked,
// and underscores, which the web's servers use although they may not.
func validWebHost(u *url.URL) bool {
	return strings.HasPrefix(u.Host, "[") || validHost(strings.ReplaceAll(u.Hostname(), "_", "x"))
}

// parseTime reads an RFC 3339 date-time, or a date as its midnight in UTC. The
// year has to fit RFC 3339 in UTC as well.
func parseTime(s string) (time.Time, bool) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		t, err = time.Parse(time.RFC3339, s)
		// The package takes "T1:00:00Z" and "00,5Z" too (https://go.dev/issue/54580).
		if err != nil || s[len("2006-01-02T15")] != ':' || strings.Contains(s, ",") {
			return time.Time{}, false
		}
	}
	t = t.UTC()
	return t, t.Year() >= 1 && t.Year() <= 9999
}

// wholeNumber reports whether a JSON number is written as a plain integer, so
// that it can be an id. An exponent or a fraction is a number that some
// program has rounded.
func wholeNumber(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' }) < 0
}
