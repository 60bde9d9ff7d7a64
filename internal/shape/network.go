package shape

import (
	"net/url"
	"strings"

	"crmferry/internal/contact"
)

// networks are the social networks and the domains of their pages.
func networks() map[string]string {
	return map[string]string{
		"linkedin.com": "linkedin", "twitter.com": "twitter", "x.com": "twitter", "facebook.com": "facebook", "fb.com": "facebook",
		"instagram.com": "instagram", "youtube.com": "youtube", "youtu.be": "youtube", "github.com": "github", "xing.com": "xing",
		"angel.co": "angellist", "angellist.com": "angellist", "wellfound.com": "angellist", "quora.com": "quora",
		"stackoverflow.com": "stackoverflow", "foursquare.com": "foursquare", "klout.com": "klout", "gravatar.com": "gravatar",
		"plus.google.com": "googleplus", "pinterest.com": "pinterest", "tiktok.com": "tiktok", "threads.net": "threads",
		"threads.com": "threads", "bsky.app": "bluesky", "snapchat.com": "snapchat", "flickr.com": "flickr",
	}
}

// Network is the social network that a web address belongs to, by its host or
// else by its type: one of linkedin, twitter, facebook, instagram, youtube,
// github, xing, angellist, quora, stackoverflow, foursquare, klout, gravatar,
// googleplus, pinterest, tiktok, threads, bluesky, snapchat, flickr; "" for
// any other.
func Network(u contact.URL) string {
	known := networks()
	if parsed, err := url.Parse(Absolute(strings.ToLower(u.URL))); err == nil {
		for host := parsed.Hostname(); host != ""; {
			if name, ok := known[host]; ok {
				return name
			}
			_, host, _ = strings.Cut(host, ".")
		}
	}
	kind := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" _-+.", r) {
			return -1
		}
		return r
	}, strings.ToLower(u.Type))
	if kind == "x" {
		return "twitter"
	}
	for _, name := range known {
		if kind == name {
			return name
		}
	}
	return ""
}

// NetworkURLs gives the web address for each slot that one fits; types are
// those of Network.
func NetworkURLs(list []contact.URL, warn Warn, slots ...Slot) map[string]string {
	out := map[string]string{}
	for name, u := range filled(list, contact.URLs, Network, warn, slots) {
		out[name] = u.URL
	}
	return out
}
