package shape

import (
	"slices"
	"strings"

	"crmferry/internal/contact"
)

// Slot is one place of a CRM for an entry of a list.
type Slot struct {
	Name string
	// Types lists what the slot takes, the most fitting first; Any is all.
	Types []string
}

// Any is a type that every entry has.
const Any = "*"

// Fill puts entries, given by their types, into slots. Better fits come first,
// then earlier entries, then earlier slots. placed tells the entry of each
// slot that was filled, left the entries that found no place, in order.
func Fill(types []string, slots []Slot) (placed map[string]int, left []int) {
	placed = map[string]int{}
	home := make([]bool, len(types))
	for rank := range longest(slots) {
		for i, kind := range types {
			for _, s := range slots {
				_, full := placed[s.Name]
				if full || home[i] || rank >= len(s.Types) || s.Types[rank] != kind && s.Types[rank] != Any {
					continue
				}
				placed[s.Name], home[i] = i, true
			}
		}
	}
	for i := range types {
		if !home[i] {
			left = append(left, i)
		}
	}
	return placed, left
}

func longest(slots []Slot) int {
	n := 0
	for _, s := range slots {
		n = max(n, len(s.Types))
	}
	return n
}

// filled is Fill with the entries themselves, and a report for each left over.
func filled[T any](list []T, field contact.Field, kind func(T) string, warn Warn, slots []Slot) map[string]T {
	types := make([]string, len(list))
	for i, entry := range list {
		types[i] = kind(entry)
	}
	placed, left := Fill(types, slots)
	for _, i := range left {
		warn.report(At(field, i), NoRoom, notHeldText)
	}
	out := make(map[string]T, len(placed))
	for name, i := range placed {
		out[name] = list[i]
	}
	return out
}

// Phones gives the text of a number for each slot that one fits; types are
// those of PhoneType.
func Phones(list []contact.Phone, warn Warn, slots ...Slot) map[string]string {
	out := map[string]string{}
	kind := func(p contact.Phone) string { return PhoneType(p.Type) }
	for name, p := range filled(list, contact.PhoneNumbers, kind, warn, slots) {
		out[name] = PhoneText(p)
	}
	return out
}

// PhoneType brings the type of a number into one of phone, mobile, fax, work,
// home, assistant or other.
func PhoneType(text string) string {
	text = strings.ToLower(strings.TrimSpace(text))
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
	}
	switch {
	case text == "" || text == "phone" || text == "main" || text == "primary" || text == "default":
		return "phone"
	case has("fax"):
		return "fax"
	case has("mobile", "cell", "iphone"):
		return "mobile"
	case has("assistant"):
		return "assistant"
	case has("home", "private"):
		return "home"
	case has("work", "office", "business", "direct", "company"):
		return "work"
	default:
		return "other"
	}
}

// PhoneText is a number with its extension: "+44 20 7946 0018 ext. 12".
func PhoneText(p contact.Phone) string {
	if p.Extension == "" {
		return p.Number
	}
	return p.Number + " ext. " + p.Extension
}

// PhoneList is the numbers as they come from a CRM, an extension apart from
// its number; empty ones are left out.
func PhoneList(phones ...contact.Phone) []contact.Phone {
	var list []contact.Phone
	for _, p := range phones {
		if p.Number == "" {
			continue
		}
		if p.Extension == "" {
			p.Number, p.Extension = contact.SplitExtension(p.Number)
		}
		list = append(list, p)
	}
	return list
}

// URLs gives the web address for each slot that one fits; types are those of
// URLType.
func URLs(list []contact.URL, warn Warn, slots ...Slot) map[string]string {
	out := map[string]string{}
	for name, u := range filled(list, contact.URLs, URLType, warn, slots) {
		out[name] = u.URL
	}
	return out
}

// URLType is the network that an address belongs to (linkedin, twitter,
// facebook), known by its type or its host, else its type.
func URLType(u contact.URL) string {
	text := strings.ToLower(u.URL)
	_, host, absolute := strings.Cut(text, "://")
	if !absolute {
		host = text
	}
	host, _, _ = strings.Cut(host, "/")
	kind := strings.ToLower(strings.TrimSpace(u.Type))
	under := func(domain string) bool { return host == domain || strings.HasSuffix(host, "."+domain) }
	switch {
	case kind == "linkedin" || under("linkedin.com"):
		return "linkedin"
	case kind == "twitter" || kind == "x" || under("twitter.com") || under("x.com"):
		return "twitter"
	case kind == "facebook" || under("facebook.com"):
		return "facebook"
	default:
		return kind
	}
}

// URLList is the web addresses as they come from a CRM; empty ones are left out.
func URLList(urls ...contact.URL) []contact.URL {
	return slices.DeleteFunc(slices.Clone(urls), func(u contact.URL) bool { return u.URL == "" })
}

// Absolute writes a web address with its scheme; a bare host gets https.
func Absolute(address string) string {
	if address == "" || strings.Contains(address, "://") {
		return address
	}
	return "https://" + address
}
