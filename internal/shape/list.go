package shape

import (
	"strings"

	"crmferry/internal/contact"
)

// Each turns every entry of a list into another form; nil for an empty list.
func Each[T, U any](list []T, turn func(T) U) []U {
	var out []U
	for _, entry := range list {
		out = append(out, turn(entry))
	}
	return out
}

// Extensions reports the extensions of numbers, for CRMs that have no place
// for them.
func Extensions(list []contact.Phone, warn Warn) {
	for i, p := range list {
		if p.Extension != "" {
			warn.report(At(contact.PhoneNumbers, i)+"/extension", NoRoom, "the CRM holds numbers without their extensions")
		}
	}
}

// TagNames are the names of tags; a tag without a name goes by its id.
func TagNames(list []contact.Tag) []string {
	return Each(list, func(t contact.Tag) string {
		if t.Name == "" {
			return t.ID
		}
		return t.Name
	})
}

// TagList is the tags as they come from a CRM that knows them by name alone.
func TagList(names []string) []contact.Tag {
	return Each(names, func(name string) contact.Tag { return contact.Tag{Name: name} })
}

// NewEmails are those of the addresses that a record does not have yet.
func NewEmails(sent, existing []contact.Email) []contact.Email {
	return unknown(sent, existing, func(a, b contact.Email) bool { return contact.SameEmail(a.Email, b.Email) })
}

// NewPhones are those of the numbers that a record does not have yet.
func NewPhones(sent, existing []contact.Phone) []contact.Phone {
	return unknown(sent, existing, func(a, b contact.Phone) bool {
		return contact.SamePhone(PhoneText(a), PhoneText(b)) || PhoneText(a) == PhoneText(b)
	})
}

// NewAddresses are those of the places that a record does not have yet; a
// country may be written in another way.
func NewAddresses(sent, existing []contact.Address) []contact.Address {
	line := func(a contact.Address) string {
		a.Country = CountryName(a.Country)
		return OneLine(a)
	}
	return unknown(sent, existing, func(a, b contact.Address) bool { return contact.SameText(line(a), line(b)) })
}

// NewURLs are those of the web addresses that a record does not have yet.
func NewURLs(sent, existing []contact.URL) []contact.URL {
	bare := func(u contact.URL) string {
		_, rest, absolute := strings.Cut(u.URL, "://")
		if !absolute {
			rest = u.URL
		}
		return strings.TrimSuffix(rest, "/")
	}
	return unknown(sent, existing, func(a, b contact.URL) bool { return strings.EqualFold(bare(a), bare(b)) })
}

// NewTags are those of the tags that a record does not have yet.
func NewTags(sent, existing []contact.Tag) []contact.Tag {
	return unknown(sent, existing, func(a, b contact.Tag) bool {
		return a.ID != "" && a.ID == b.ID || a.Name != "" && contact.SameText(a.Name, b.Name)
	})
}

func unknown[T any](sent, existing []T, same func(a, b T) bool) []T {
	var fresh []T
next:
	for _, s := range sent {
		for _, e := range existing {
			if same(s, e) {
				continue next
			}
		}
		fresh = append(fresh, s)
	}
	return fresh
}

// Extended is the list of a record with fresh entries after it, nil when there
// are none: then the list need not be written.
func Extended[T any](existing, fresh []T) []T {
	if len(fresh) == 0 {
		return nil
	}
	return append(existing[:len(existing):len(existing)], fresh...)
}
