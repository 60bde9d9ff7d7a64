package shape

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/contact"
)

func TestNetwork(t *testing.T) {
	t.Parallel()
	for u, want := range map[contact.URL]string{
		{URL: "https://www.linkedin.com/in/ada"}:                "linkedin",
		{URL: "LinkedIn.com/in/ada"}:                            "linkedin",
		{URL: "https://x.com/ada"}:                              "twitter",
		{URL: "https://max.com/ada"}:                            "",
		{URL: "https://evil-linkedin.com"}:                      "",
		{URL: "https://linkedin.com.example.org"}:               "",
		{URL: "https://bsky.app/profile/ada"}:                   "bluesky",
		{URL: "https://wellfound.com/u/ada"}:                    "angellist",
		{URL: "@ada", Type: "X"}:                                "twitter",
		{URL: "https://go.example/so", Type: "Stack Over-flow"}: "stackoverflow",
		{URL: "https://ada.example.com", Type: "work"}:          "",
		{URL: "://", Type: "LINKED_IN"}:                         "linkedin",
		{}:                                                      "",
	} {
		if got := Network(u); got != want {
			t.Errorf("%+v is of %q, want %q", u, got, want)
		}
	}
}

func TestNetworkURLs(t *testing.T) {
	t.Parallel()
	var r reports
	list := []contact.URL{{URL: "https://ada.example.com"}, {URL: "https://github.com/ada"}, {URL: "https://github.com/ada2"}}
	got := NetworkURLs(list, r.warn, Slot{Name: "git", Types: []string{"github"}}, Slot{Name: "web", Types: []string{""}})
	if diff := cmp.Diff(map[string]string{"git": "https://github.com/ada", "web": "https://ada.example.com"}, got); diff != "" {
		t.Error(diff)
	}
	r.expect(t, "NetworkURLs", "urls/2 no_room")
}
