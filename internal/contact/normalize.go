package contact

import (
	"slices"
	"strings"
)

// Normalize returns in as it is validated, stored and sent: full, first and
// last name fill each other; an extension stands apart from its number;
// entries that repeat an earlier e-mail or phone, or that hold nothing but a
// type, are gone; types are in lower case. The caller's spelling of addresses
// and numbers stays. It is idempotent, and shares with in only what neither
// changes.
func Normalize(in Input) Input {
	out := in
	for _, text := range []*string{&out.FirstName, &out.LastName, &out.Name, &out.Title, &out.Description} {
		*text = strings.TrimSpace(*text)
	}
	out.Contact = out.withNames()
	out.EmailAddresses = distinct(in.EmailAddresses, normalEmail)
	out.PhoneNumbers = distinct(in.PhoneNumbers, normalPhone)
	out.Addresses = distinct(in.Addresses, normalAddress)
	out.URLs = distinct(in.URLs, normalURL)
	out.Tags = distinct(in.Tags, func(t Tag) (Tag, string) { return t, t.ID + "\n" + t.Name })
	out.Account, out.Owner = normalReference(in.Account), normalReference(in.Owner)
	return out
}

// distinct returns the normalised entries with a key that none before them
// has; an entry without a key says nothing and is dropped.
func distinct[T any](entries []T, normal func(T) (entry T, key string)) []T {
	var kept []T
	var seen []string
	for _, entry := range entries {
		entry, key := normal(entry)
		if strings.TrimSpace(key) == "" || slices.Contains(seen, key) {
			continue
		}
		kept, seen = append(kept, entry), append(seen, key)
	}
	return kept
}

func normalType(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

func normalEmail(e Email) (Email, string) {
	e.Email, e.Type = emailText.trim(e.Email), normalType(e.Type)
	return e, EmailKey(e.Email)
}

func normalPhone(p Phone) (Phone, string) {
	p.Number, p.Type = trimTel(phoneText.trim(p.Number)), normalType(p.Type)
	p.Extension = strings.TrimSpace(p.Extension)
	for {
		number, extension := SplitExtension(p.Number)
		if extension == "" || p.Extension != "" && p.Extension != extension {
			break
		}
		p.Number, p.Extension = number, extension
	}
	if p.Number == "" {
		return p, ""
	}
	return p, phoneKey(p.Number) + "x" + p.Extension
}

func normalAddress(a Address) (Address, string) {
	a.Type = normalType(a.Type)
	place := a
	place.ID, place.Type = "", ""
	if place == (Address{}) {
		return a, ""
	}
	parts := []string{a.Type, a.Street1, a.Street2, a.City, a.State, a.PostalCode, a.Country}
	return a, strings.Join(parts, "\n")
}

func normalURL(u URL) (URL, string) {
	u.URL, u.Type = urlText.trim(u.URL), normalType(u.Type)
	return u, u.URL
}

func normalReference(r *Reference) *Reference {
	if r == nil || *r == (Reference{}) {
		return nil
	}
	return r
}
