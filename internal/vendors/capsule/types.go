package capsule

import (
	"strings"

	"crmferry/internal/shape"
)

// The types of entries, by ours; any other is none of Capsule's and left out:
// https://developer.capsulecrm.com/v2/models/party

func emailTypes() map[string]string {
	return map[string]string{"work": "Work", "home": "Home", "personal": "Home"}
}

func addressTypes() map[string]string {
	return map[string]string{
		"home": "Home", "postal": "Postal", "mailing": "Postal", "work": "Office", "office": "Office", "business": "Office",
		"billing": "Billing", "shipping": "Shipping",
	}
}

func kindOf(text string, types map[string]string) string {
	return types[strings.ToLower(strings.TrimSpace(text))]
}

func phoneType(text string) string {
	if strings.EqualFold(strings.TrimSpace(text), "direct") {
		return "Direct"
	}
	return map[string]string{"phone": "Work", "work": "Work", "home": "Home", "mobile": "Mobile", "fax": "Fax"}[shape.PhoneType(text)]
}

// services are the kinds of websites, by network; all others are URL.
func services() map[string]string {
	return map[string]string{
		"twitter": "TWITTER", "linkedin": "LINKED_IN", "facebook": "FACEBOOK", "xing": "XING", "googleplus": "GOOGLE_PLUS",
		"flickr": "FLICKR", "github": "GITHUB", "youtube": "YOUTUBE", "instagram": "INSTAGRAM", "pinterest": "PINTEREST",
		"tiktok": "TIKTOK", "threads": "THREADS", "bluesky": "BLUESKY", "snapchat": "SNAPCHAT",
	}
}
