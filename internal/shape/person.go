package shape

import (
	"slices"

	"crmferry/internal/contact"
)

// SameEmail says whether a record that was found has the foremost e-mail of
// the contact that was sent, be it in another place of its list.
func SameEmail(sent, found contact.Contact) bool {
	return slices.ContainsFunc(found.EmailAddresses, func(e contact.Email) bool {
		return contact.SameEmail(e.Email, FirstEmail(sent.EmailAddresses))
	})
}

// SamePhone is SameEmail for phone numbers.
func SamePhone(sent, found contact.Contact) bool {
	return len(sent.PhoneNumbers) > 0 && slices.ContainsFunc(found.PhoneNumbers, func(p contact.Phone) bool {
		return contact.SamePhone(PhoneText(p), PhoneText(sent.PhoneNumbers[0]))
	})
}

// SameName says whether a record that was found has the full name of the
// contact that was sent.
func SameName(sent, found contact.Contact) bool {
	return sent.Name != "" && contact.SameText(sent.Name, found.Name)
}

// Matching keeps those of the records that are the same as what was sent.
func Matching(same func(sent, found contact.Contact) bool, sent contact.Contact, found []contact.Contact) []contact.Contact {
	var matches []contact.Contact
	for _, f := range found {
		if same(sent, f) {
			matches = append(matches, f)
		}
	}
	return matches
}
