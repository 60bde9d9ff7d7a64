package keap

import (
	"maps"
	"slices"
	"strings"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

type profile struct {
	Type string `json:"type"`
	Name string `json:"name"`
}

// network is a social network: Keap's name for it, what stands before a handle
// in its addresses, and the beginning of the address of a profile.
type network struct {
	kind  string
	marks []string
	base  string
}

func networks() map[string]network {
	return map[string]network{
		"facebook":  {"FACEBOOK", []string{"facebook.com/"}, "https://www.facebook.com/"},
		"linkedin":  {"LINKED_IN", []string{"linkedin.com/in/"}, "https://www.linkedin.com/in/"},
		"twitter":   {"TWITTER", []string{"twitter.com/", "x.com/"}, "https://twitter.com/"},
		"instagram": {"INSTAGRAM", []string{"instagram.com/"}, "https://www.instagram.com/"},
		"snapchat":  {"SNAPCHAT", []string{"snapchat.com/add/"}, "https://www.snapchat.com/add/"},
		"youtube":   {"YOUTUBE", []string{"youtube.com/"}, "https://www.youtube.com/"},
		"pinterest": {"PINTEREST", []string{"pinterest.com/"}, "https://www.pinterest.com/"},
	}
}

const website = "website"

// seatURLs gives the website and the profiles. An update replaces the former,
// and the profile in a network of which it has a new one.
func seatURLs(c *connector.Call) (site string, profiles []profile) {
	sent, held := c.Input.URLs, c.Existing.URLs
	seats := []shape.Slot{{Name: website, Types: []string{"", shape.Any}}}
	for _, name := range slices.Sorted(maps.Keys(networks())) {
		seats = append(seats, shape.Slot{Name: networks()[name].kind, Types: []string{name}})
	}
	seated := seat(c, contact.URLs, sent, shape.NewURLs(sent, held), shape.Network, seats)
	site = seated[website].URL
	delete(seated, website)
	return site, whole(held, seated, "", slotOfURL, profileIn)
}

func slotOfURL(u contact.URL) string { return networks()[shape.Network(u)].kind }

// profileIn names a profile by its handle, or by its address where that holds more.
func profileIn(seat string, u contact.URL) profile {
	for _, mark := range networks()[shape.Network(u)].marks {
		_, rest, found := strings.Cut(u.URL, mark)
		if rest = strings.Trim(rest, "/"); found && rest != "" && !strings.ContainsAny(rest, "/?#") {
			return profile{Type: seat, Name: rest}
		}
	}
	return profile{Type: seat, Name: u.URL}
}

func (p profile) unified() contact.URL {
	for name, n := range networks() {
		if n.kind != p.Type {
			continue
		}
		if p.Name == "" || strings.Contains(p.Name, "/") {
			return contact.URL{URL: p.Name, Type: name}
		}
		return contact.URL{URL: n.base + p.Name, Type: name}
	}
	return contact.URL{URL: p.Name, Type: strings.ToLower(p.Type)}
}
