package connector

import (
	"bytes"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"crmferry/internal/contact"
)

const masked = "***"

// redact blanks out credentials that a CRM echoes.
func (s *Session) redact(body []byte) []byte {
	for _, secret := range s.scheme.secrets(s.acc.Credential, s.call.Settings) {
		if len(secret) >= 8 && bytes.Contains(body, []byte(secret)) {
			body = bytes.ReplaceAll(body, []byte(secret), []byte(masked))
		}
	}
	return body
}

// mask blanks out credentials and the contact's own values in a vendor's
// message, which goes into errors and logs.
func (s *Session) mask(text string) string {
	text = string(s.redact([]byte(text)))
	for _, value := range values(s.call.Input.Contact) {
		text = maskWord(text, value)
	}
	return text
}

// values lists what a contact says about the person, the longest first: a name
// may be part of an address.
func values(c contact.Contact) []string {
	list := []string{c.Name, c.FirstName, c.LastName, c.Title, c.Description}
	for _, e := range c.EmailAddresses {
		list = append(list, e.Email)
	}
	for _, p := range c.PhoneNumbers {
		list = append(list, p.Number)
	}
	for _, a := range c.Addresses {
		list = append(list, a.Street1, a.Street2, a.City, a.State, a.PostalCode, a.Country)
	}
	for _, u := range c.URLs {
		list = append(list, u.URL)
	}
	for _, t := range c.Tags {
		list = append(list, t.Name)
	}
	for _, v := range c.CustomFields {
		if text, ok := v.(string); ok {
			list = append(list, text)
		}
	}
	slices.SortFunc(list, func(a, b string) int { return len(b) - len(a) })
	return list
}

// maskWord blanks out value where it stands as a word of its own, ASCII
// letters compared without case: vendors lower-case e-mails.
func maskWord(text, value string) string {
	if len(value) < 2 {
		return text
	}
	value = asciiLower(value)
	var out strings.Builder
	for {
		at := strings.Index(asciiLower(text), value)
		if at < 0 {
			break
		}
		end := at + len(value)
		before, _ := utf8.DecodeLastRuneInString(text[:at])
		after, _ := utf8.DecodeRuneInString(text[end:])
		out.WriteString(text[:at])
		if inWord(before) || inWord(after) {
			out.WriteString(text[at:end])
		} else {
			out.WriteString(masked)
		}
		text = text[end:]
	}
	out.WriteString(text)
	return out.String()
}

func inWord(r rune) bool { return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r)) }

// asciiLower keeps the length of the text, unlike strings.ToLower.
func asciiLower(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}
